"""Who counts against which cap."""

from heliograph.gateway.ledger.accounts import KEPT_MAX, Account, Accounts
from heliograph.gateway.ledger.caps import overdraw
from heliograph.gateway.types import (
    Budget,
    CapRule,
    KeyLimits,
    Owner,
    Scope,
    UsdLimit,
    VirtualKey,
)

USD = CapRule("usd", 100, "day", "calendar")
TOKENS = CapRule("tokens", 1000)
REQUESTS = CapRule("requests", 10)
CONCURRENT = CapRule("concurrent", 2)


def key(**fields: object) -> VirtualKey:
    return VirtualKey("k1", "one", **fields)  # type: ignore[arg-type]  # of its own fields


def names(account: Account | None) -> set[str]:
    assert account is not None
    caps = (*account.entry, *account.spending.caps)
    return {f"{cap.budget.name}:{cap.rule.kind}" for cap in caps}


def test_a_budget_for_nobody_in_particular_is_for_all() -> None:
    accounts = Accounts([Budget("all", (USD, CONCURRENT))])
    account = accounts.of(None, ())
    assert account is not None
    assert [cap.rule for cap in account.spending.caps] == [USD]
    assert [cap.rule for cap in account.entry] == [CONCURRENT]
    of_key = accounts.of(key(), ())
    assert of_key is not None
    assert of_key.spending == account.spending


def test_all_that_a_scope_names_must_be_so() -> None:
    budgets = [
        Budget("a", (USD,), scope=Scope(team="red")),
        Budget("b", (USD,), scope=Scope(team="red", project="street")),
        Budget("c", (USD,), scope=Scope(camera="gate")),
        Budget("d", (USD,), scope=Scope(key="one")),
        Budget("e", (USD,), scope=Scope(key="k1")),
        Budget("f", (USD,), scope=Scope(tag="night")),
    ]
    accounts = Accounts(budgets)
    assert accounts.of(None, ()) is None
    assert names(accounts.of(None, ("day", "night"))) == {"f:usd"}
    red = key(owner=Owner(team="red"))
    assert names(accounts.of(red, ())) == {"a:usd", "d:usd", "e:usd"}
    street = key(owner=Owner("red", "street", "gate"))
    assert names(accounts.of(street, ("night",))) == {f"{n}:usd" for n in "abcdef"}


def test_a_key_that_changed_has_another_account() -> None:
    accounts = Accounts([Budget("a", (USD,), scope=Scope(team="red"))])
    assert accounts.of(key(owner=Owner(team="red")), ()) is not None
    assert accounts.of(key(owner=Owner(team="blue")), ()) is None


def test_the_limits_of_a_key_are_its_own_budget() -> None:
    limits = KeyLimits((UsdLimit(5, "day"), UsdLimit(50, "month")), 60, 7000, 2)
    account = Accounts([]).of(key(limits=limits), ())
    assert account is not None
    assert [cap.rule for cap in account.spending.caps] == [
        CapRule("usd", 5, "day", "calendar"),
        CapRule("usd", 50, "month", "calendar"),
        CapRule("tokens", 7000),
    ]
    assert [cap.rule.limit for cap in account.entry] == [60, 2]


def test_a_budget_of_a_target_counts_the_calls_to_it() -> None:
    budgets = [
        Budget("all", (USD,)),
        Budget("openai", (TOKENS, CONCURRENT), scope=Scope(provider="openai")),
        Budget("large", (REQUESTS,), scope=Scope(model="openai/gpt-4o")),
    ]
    account = Accounts(budgets).of(None, ())
    assert account is not None
    assert names(account) == {"all:usd"}
    large = [cap.rule for cap in account.met("openai", "gpt-4o").caps]
    assert large == [USD, TOKENS, CONCURRENT, REQUESTS]
    assert account.met("openai", "gpt-4o") is account.met("openai", "gpt-4o")
    small = [cap.rule for cap in account.met("openai", "gpt-4o-mini").caps]
    assert small == [USD, TOKENS, CONCURRENT]
    assert [cap.rule for cap in account.met("anthropic", "claude").caps] == [USD]


def test_an_answer_is_bounded_by_the_budgets_that_its_call_counts_against() -> None:
    budgets = [
        Budget("all", (USD, REQUESTS), output_tokens_max=500),
        Budget("narrow", (REQUESTS,), output_tokens_max=1),  # it counts no tokens
        Budget("dear", (TOKENS,), Scope(provider="openai"), output_tokens_max=3),
    ]
    account = Accounts(budgets).of(None, ())
    assert account is not None
    assert account.met("openai", "gpt-4o").output_tokens_max == 3
    assert account.met("anthropic", "claude").output_tokens_max == 500
    narrow = Accounts(budgets[1:2]).of(None, ())
    assert narrow is not None
    assert narrow.met("openai", "gpt-4o").output_tokens_max is None


def test_who_falls_to_another_model_is_held_to_the_money_alone() -> None:
    fallen_from = Budget("a", (USD, TOKENS, REQUESTS), on_cap="cheap")
    other = Budget("b", (TOKENS, CONCURRENT))
    account = Accounts([fallen_from, other]).of(None, ())
    assert account is not None
    relieved = account.without_rates(fallen_from)
    assert names(relieved) == {"a:usd", "b:tokens", "b:concurrent"}
    assert account.without_rates(fallen_from) is relieved


def test_callers_cannot_fill_the_memory_with_tags() -> None:
    accounts = Accounts([Budget("a", (USD,)), Budget("b", (USD,), Scope(tag="x"))])
    for number in range(100):
        accounts.of(None, (f"tag-{number}", "x"))
    assert len(accounts.kept) == 1
    for number in range(KEPT_MAX + 10):
        accounts.of(VirtualKey(f"k{number}", "n"), ())
    assert len(accounts.kept) <= KEPT_MAX


def test_caps_that_nobody_uses_any_more_are_forgotten() -> None:
    accounts = Accounts([Budget("all", (USD,))])
    for number in range(50):
        limits = KeyLimits((UsdLimit(5, "day"),), 60)
        accounts.of(VirtualKey(f"k{number}", "n", limits=limits), ())
    assert len(accounts.caps) == 101
    under_way = accounts.of(VirtualKey("k7", "n", limits=limits), ())
    accounts.caps[next(key for key in accounts.caps if "k9|" in key)].slice = 3
    gone = accounts.trim()
    assert {key.partition("|")[0] for key in accounts.caps} == {
        "all",
        "key k7",
        "key k9",
    }
    assert len(gone) == 97
    assert under_way is not None
    again = accounts.of(VirtualKey("k7", "n", limits=limits), ())
    assert again is not None
    assert again.spending == under_way.spending
    del under_way, again
    assert len(accounts.trim()) == 2


def test_a_budget_that_a_reload_takes_away_is_forgotten_with_its_caps() -> None:
    accounts = Accounts([Budget("a", (USD,)), Budget("b", (TOKENS,))])
    accounts.follow([Budget("a", (USD,))])
    assert [key.partition("|")[0] for key in accounts.trim()] == ["b"]
    assert [cap.budget.name for cap in accounts.caps.values()] == ["a"]


def test_a_reload_changes_the_limit_and_keeps_what_is_held() -> None:
    accounts = Accounts([Budget("a", (USD,))])
    before = accounts.of(None, ())
    assert before is not None
    cap = before.spending.caps[0]
    cap.slice = cap.free = 40
    overdraw([cap], (30, 0, 0, 0), 0.0)
    accounts.follow([Budget("a", (CapRule("usd", 7, "day", "calendar"),))])
    after = accounts.of(None, ())
    assert after is not None
    assert after.spending.caps[0] is cap
    assert (cap.rule.limit, cap.reserved) == (7, 30)
    accounts.follow([Budget("a", (CapRule("usd", 7, "month", "calendar"),))])
    other = accounts.of(None, ())
    assert other is not None
    assert other.spending.caps[0] is not cap


def test_who_began_before_a_reload_does_not_bring_the_old_limit_back() -> None:
    def budgets(limit: int) -> list[Budget]:
        rule = CapRule("usd", limit, "day", "calendar")
        return [Budget("a", (rule, TOKENS), scope=Scope(provider="openai"))]

    accounts = Accounts(budgets(5))
    before = accounts.of(None, ())
    accounts.follow(budgets(7))
    after = accounts.of(None, ())
    assert before is not None
    assert after is not None
    late = before.met("openai", "gpt-4o").caps
    relieved = before.without_rates(before.budgets[0]).met("openai", "gpt-4o").caps
    assert [cap.rule.limit for cap in late] == [7, 1000]
    assert late == relieved == after.met("openai", "gpt-4o").caps
    assert {cap.budget for cap in late} == set(accounts.budgets)


def test_a_key_whose_limits_change_is_held_to_the_new_ones() -> None:
    accounts = Accounts([])
    for nano in (5, 7):
        limits = KeyLimits((UsdLimit(nano, "day"),))
        account = accounts.of(key(limits=limits), ())
        assert account is not None
        assert [cap.rule.limit for cap in account.spending.caps] == [nano]
    assert len(accounts.caps) == 1
