"""A dollar and two hundred callers at once; `make caps` plays fifty rounds of it."""

from pathlib import Path

import pytest
from caps import one_round


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_cap_holds_whatever_is_asked_at_once(
    tmp_path: Path, workers: int
) -> None:
    found = await one_round(workers, workers=workers, folder=tmp_path)
    assert not found.wrong, found
