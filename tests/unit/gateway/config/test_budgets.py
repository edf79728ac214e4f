"""The `budgets` list: what it holds, and what each mistake is told."""

from collections.abc import Callable

import pytest

from heliograph.gateway.config import Problem
from heliograph.gateway.types import Budget, CapRule, Config, Scope, Secret

Read = Callable[..., Config | list[Problem]]

PROVIDERS = """providers: {openai: {keys: [env.KEY], models: [gpt-4o, small]}}
routes: {cheap: {to: openai/small}}
ledger: /var/lib/ledger.db
"""


def budgets_of(found: Config | list[Problem]) -> tuple[Budget, ...]:
    assert isinstance(found, Config), found
    return found.budgets


def written(*lines: str) -> str:
    return PROVIDERS + "budgets:\n" + "".join(f"  {line}\n" for line in lines)


def test_without_a_list_nothing_is_bounded(read: Read) -> None:
    assert budgets_of(read(PROVIDERS)) == ()


def test_a_budget_is_its_caps_and_whom_it_is_for(read: Read) -> None:
    text = written(
        "- name: street",
        "  for: {team: a, tag: night}",
        "  usd: 12.50",
        "  per: month",
        "  time_zone: Europe/Berlin",
        "  requests_per_minute: 60",
        "  tokens_per_minute: 9000",
        "  concurrent_max: 4",
    )
    caps = (
        CapRule("usd", 12_500_000_000, "month", "calendar"),
        CapRule("tokens", 9000),
        CapRule("requests", 60),
        CapRule("concurrent", 4),
    )
    scope = Scope(team="a", tag="night")
    assert budgets_of(read(text)) == (
        Budget("street", caps, scope=scope, zone="Europe/Berlin"),
    )


def test_what_happens_at_the_cap_and_before_it(read: Read) -> None:
    text = written(
        "- {name: a, usd: 1, per: day, on_cap: refuse}",
        "- {name: b, usd: 1, per: day, on_cap: cheap, soft: 0.5, webhook: env.URL}",
        "- {name: c, usd: '0.000000001', per: day, window: rolling, store_down: allow}",
    )
    first, second, third = budgets_of(read(text))
    assert first.on_cap is None
    assert (second.on_cap, second.soft) == ("cheap", 0.5)
    assert second.webhook == Secret("https://proxy.example/v1/")
    assert third.caps == (CapRule("usd", 1, "day", "rolling"),)
    assert third.store_down == "allow"


@pytest.mark.parametrize("usd", ["3", "3.0", "'3.00'"])
def test_dollars_are_read_exactly(read: Read, usd: str) -> None:
    (budget,) = budgets_of(read(written(f"- {{name: a, usd: {usd}, per: day}}")))
    assert budget.caps[0].limit == 3_000_000_000


@pytest.mark.parametrize(
    ("item", "key", "message", "fix"),
    [
        ("7", "budgets[1]", "expected a table with name", "write a table"),
        ("{usd: 1, per: day}", "budgets[1]", '"name" is missing', 'add "name:"'),
        ("{name: a b, usd: 1, per: day}", "budgets[1].name", '"a b" can', "letters"),
        ("{name: a}", "budgets[1]", "the budget has no cap", "add one of: usd"),
        ("{name: a, usd: 1}", "budgets[1]", '"per" is missing', "per: day"),
        ("{name: a, usd: $1, per: day}", "budgets[1].usd", '"$1" is', "0.25"),
        ("{name: a, usd: -1, per: day}", "budgets[1].usd", '"-1" is', "0.25"),
        ("{name: a, usd: [], per: day}", "budgets[1].usd", "found a list", "0.25"),
        ("{name: a, usd: 1, per: year}", "budgets[1].per", "unknown period", "minute"),
        (
            "{name: a, usd: 1, per: day, window: sliding}",
            "budgets[1].window",
            "unknown window",
            "calendar or rolling",
        ),
        (
            "{name: a, per: day, concurrent_max: 1}",
            "budgets[1].per",
            "there is no usd",
            'add "usd: 20"',
        ),
        (
            "{name: a, concurrent_max: 1.5}",
            "budgets[1].concurrent_max",
            "1.5 cannot be used",
            "a whole number",
        ),
        (
            "{name: a, concurrent_max: 1, zebra: 1}",
            "budgets[1].zebra",
            "unknown key",
            "allowed here: name, for",
        ),
        (
            "{name: a, concurrent_max: 1, for: {owner: x}}",
            "budgets[1].for.owner",
            "unknown key",
            "allowed here: team",
        ),
        (
            "{name: a, concurrent_max: 1, for: team}",
            "budgets[1].for",
            "expected a table",
            "{team: x}",
        ),
        (
            "{name: a, concurrent_max: 1, for: {provider: opnai}}",
            "budgets[1].for.provider",
            '"opnai" is not in this file',
            "openai",
        ),
        (
            "{name: a, concurrent_max: 1, for: {model: openai/gpt-9}}",
            "budgets[1].for.model",
            "not listed by openai",
            "gpt-4o",
        ),
        (
            "{name: a, concurrent_max: 1, on_cap: cheep}",
            "budgets[1].on_cap",
            "not of the form provider/model",
            "cheap",
        ),
        (
            "{name: a, usd: 1, per: day, time_zone: Mars/Olympus}",
            "budgets[1].time_zone",
            "not known on this machine",
            "Europe/Berlin",
        ),
        (
            "{name: a, usd: 1, per: day, webhook: 'https://h.example'}",
            "budgets[1].webhook",
            "there is none",
            "soft: 0.8",
        ),
        (
            "{name: a, usd: 1, per: day, soft: 0.8, webhook: ftp://h.example}",
            "budgets[1].webhook",
            "neither http:// nor https://",
            "https://host.example",
        ),
        (
            "{name: a, usd: 1, per: day, soft: 80}",
            "budgets[1].soft",
            "80 cannot be used",
            "up to 1",
        ),
        (
            "{name: a, usd: 1, per: day, store_down: wait}",
            "budgets[1].store_down",
            "unknown policy",
            "refuse or allow",
        ),
    ],
)
def test_a_mistake_is_told_with_its_fix(
    read: Read, item: str, key: str, message: str, fix: str
) -> None:
    found = read(written(f"- {item}"))
    assert isinstance(found, list), "this was read without complaint"
    (problem,) = found
    assert (problem.line, problem.key) == (5, key)
    assert message in problem.message
    assert fix in problem.fix


def test_two_of_one_name_are_refused(read: Read) -> None:
    item = "- {name: a, concurrent_max: 1}"
    found = read(written(item, item))
    assert isinstance(found, list)
    assert [(p.line, p.key) for p in found] == [(6, "budgets[2].name")]


def test_a_webhook_is_never_shown(read: Read) -> None:
    url = "https://hooks.example/secret-in-the-path?and=one-more"
    (budget,) = budgets_of(
        read(written(f"- {{name: a, usd: 1, per: day, soft: 1, webhook: '{url}'}}"))
    )
    assert "hooks" not in repr(budget)


@pytest.mark.parametrize("where", ["off", "{url: off}"])
def test_budgets_need_a_ledger(read: Read, where: str) -> None:
    text = written("- {name: a, concurrent_max: 1}")
    found = read(text.replace("/var/lib/ledger.db", where))
    assert isinstance(found, list)
    (problem,) = found
    assert (problem.line, problem.key) == (4, "budgets")
    assert "kept in the ledger" in problem.message
