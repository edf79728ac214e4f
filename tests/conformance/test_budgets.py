"""The official SDKs judge what is told when the money is spent: none asks again."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import anthropic
import openai
import pytest
from google.genai import errors

from conformance.fresh_gateway import fresh_gateway
from conformance.programs import Providers
from conformance.raising import Ask, Raised, by_anthropic, by_google, by_openai
from gateway.running import CLAUDE_FIRST, config_of, plain
from heliograph.gateway.ledger.ledger import Ledger
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile

BUDGETS = """
ledger: {path}
budgets: [{{name: purse, usd: 0, per: day}}]
"""
SDKS: dict[str, tuple[Ask, type[Exception]]] = {
    "openai": (by_openai, openai.APIStatusError),
    "anthropic": (by_anthropic, anthropic.PaymentRequiredError),
    "google": (by_google, errors.ClientError),
}


@pytest.fixture
def spent(sim: Providers, tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "ledger.db"
    config = plain(config_of(CLAUDE_FIRST + BUDGETS.format(path=path), sim.url))
    ledger = Ledger(SqliteFile(path), print)
    ledger.start()
    with fresh_gateway(config, ledger=ledger) as url:
        yield url
    ledger.close()


@pytest.mark.parametrize("sdk", SDKS)
def test_money_that_is_spent_is_an_error_that_no_sdk_repeats(
    spent: str, sdk: str, sim: Providers
) -> None:
    ask, kind = SDKS[sdk]
    raised = ask(spent, "sk-none-is-asked-for", "openai/gpt-4o-mini")
    assert isinstance(raised, Raised), raised
    assert (raised.kind, raised.status) == (kind, 402)
    assert "Budget `purse` ($0 per day) leaves no room" in raised.said
    assert "it resets at" in raised.said
    assert sim.seen() == []
    with urlopen(f"{spent}/metrics") as answer:  # noqa: S310 - loopback
        told = answer.read().decode()
    assert 'heliograph_budget_refusals_total{budget="purse",cap="usd/day"} 1.0' in told
