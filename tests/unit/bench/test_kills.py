"""What `make kills` takes for wrong."""

from pathlib import Path

import pytest
from kills import OLD_S, Round, judge

from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile


@pytest.mark.parametrize(
    ("ages_s", "wrong"),
    [
        ([], ["no answer was old enough to be judged"]),
        ([OLD_S / 2], ["no answer was old enough to be judged"]),
        ([OLD_S / 2, OLD_S * 2], [f"1 answers older than {OLD_S} s are lost"]),
    ],
)
def test_a_round_is_wrong_that_lost_an_old_answer_or_had_none(
    tmp_path: Path, ages_s: list[float], wrong: list[str]
) -> None:
    ledger = tmp_path / "ledger.db"
    SqliteFile(ledger).open().close()
    answered = {f"hg-{age_s}": 100.0 - age_s for age_s in ages_s}
    found = Round(answered=answered, killed_at=100.0)
    judge(ledger, found, OLD_S)
    assert found.wrong == wrong
