"""What the ledger's tables get of an exchange."""

from exchange_cases import CLAUDE, OPENAI, attempt, exchange, failed
from heliograph.gateway.ledger.rows import (
    ASKERS_MAX,
    COST_NANO_MAX,
    TOKENS_MAX,
    Askers,
    Batch,
)
from heliograph.gateway.ledger.write import (
    ASKER_COLUMNS,
    ATTEMPT_COLUMNS,
    EXCHANGE_COLUMNS,
    HOUR_KEYS,
    HOUR_SUMS,
)
from heliograph.gateway.types import Attempt, Exchange, Owner, Usage, VirtualKey

AT = 7200.5
USED = Usage(input_tokens=11, output_tokens=5, cached_tokens=3)
LENT = VirtualKey("k1", "street", Owner("vision", "street", "north"))


def paid(cost_nano: int | None, *, ok: bool = True, **members: object) -> Attempt:
    made = attempt(None if ok else failed("reset"), **members)  # type: ignore[arg-type] # the members are `attempt`'s
    made.usage, made.cost_nano = USED, cost_nano
    made.cost_basis = "usage" if cost_nano is not None else "unknown_price"
    return made


def batch(*exchanges: Exchange) -> Batch:
    return Batch(exchanges, 7, Askers())


def hours(made: Batch) -> dict[tuple[int, str], dict[str, int]]:
    """Return the numbers that are not 0, by hour and provider."""
    return {
        (int(row[0] or 0), str(row[1])): {
            name: int(value or 0)
            for name, value in zip(HOUR_SUMS, row[len(HOUR_KEYS) :], strict=True)
            if value
        }
        for row in made.hour_rows()
    }


def test_an_exchange_is_one_row_and_each_attempt_another() -> None:
    askers = Askers()
    rescued = exchange(
        paid(20, ok=False, provider=CLAUDE),
        paid(22),
        started_at=AT,
        asked_model="captions",
        route="captions",
        virtual_key=LENT,
        tags=("b", "a=1"),
        rescue="prefill",
    )
    made = Batch([rescued], 7, askers)
    ((who, asker),) = askers.new.items()
    assert asker == (who, "captions", "k1", "vision", "street", "north", "a=1,b")
    assert 0 <= who < 1 << 63
    assert made.exchanges == [
        (
            *(7, "hg-1", 7_200_500, 1_000_000, 600_000, "answered", 200, False),
            *("captions", "openai", "gpt-4o", who, 11, 5, 3, 0, 0, 42, 0, "stop"),
            *("", "", "prefill", False, "", ""),
        )
    ]
    claude = ("anthropic", "claude-sonnet-4-6", 500_000, 750_000)
    gpt = ("openai", "gpt-4o", 500_000, 750_000)
    assert made.attempts == [
        (
            *(7, 0, *claude, "provider", "reset", 0),
            *(11, 5, 3, 0, 0, 20, "anthropic#1", "usage"),
        ),
        (7, 1, *gpt, "", "", 0, 11, 5, 3, 0, 0, 22, "openai#1", "usage"),
    ]
    assert len(asker) == ASKER_COLUMNS
    assert len(made.exchanges[0]) == EXCHANGE_COLUMNS
    assert len(made.attempts[0]) == ATTEMPT_COLUMNS


def test_an_attempt_that_answered_alone_stands_in_the_exchange() -> None:
    made = batch(exchange(paid(22), started_at=AT, usage=USED))
    assert made.attempts == []
    assert made.exchanges[0][12:20] == (11, 5, 3, 0, 0, 22, 0, "stop")
    assert made.exchanges[0][-2:] == ("openai#1", "usage")
    assert hours(made)[2, "openai"] == {
        "exchanges": 1, "answered": 1, "duration_us": 1_000_000, "attempts": 1,
        "cost_nano": 22, "input_tokens": 11, "output_tokens": 5, "cached_tokens": 3,
    }  # fmt: skip


def test_money_stands_with_who_was_called_and_the_exchange_with_who_answered() -> None:
    made = batch(exchange(paid(20, ok=False, provider=CLAUDE), paid(22), started_at=AT))
    tokens = {"input_tokens": 11, "output_tokens": 5, "cached_tokens": 3}
    assert hours(made) == {
        (2, "anthropic"): {
            "attempts": 1, "failed_attempts": 1, "cost_nano": 20, **tokens,
        },
        (2, "openai"): {
            "exchanges": 1, "answered": 1, "duration_us": 1_000_000, "attempts": 1,
            "cost_nano": 22, **tokens,
        },
    }  # fmt: skip


def test_exchanges_of_an_hour_and_an_asker_are_added_up() -> None:
    one = exchange(paid(1), started_at=AT, virtual_key=LENT)
    two = exchange(paid(2, ok=False), started_at=AT, virtual_key=LENT)
    made = batch(one, two, one, exchange(paid(1), started_at=AT + 3600))
    first = made.hour_rows()[0]
    assert first[4:9] == (3, 2, 3_000_000, 3, 1)
    assert first[-2:] == (4, 0)
    assert [row[0] for row in made.hour_rows()] == [2, 3]


def test_who_was_called_last_counts_an_exchange_that_nobody_answered() -> None:
    gone = exchange(paid(0, ok=False), paid(0, ok=False, provider=CLAUDE))
    made = batch(gone, exchange(outcome="refused"))
    found = hours(made)
    assert found[0, "anthropic"]["exchanges"] == 1
    assert "exchanges" not in found[0, "openai"]
    assert found[0, ""] == {"exchanges": 1, "duration_us": 1_000_000}


def test_a_cost_that_is_not_known_is_counted_and_not_taken_for_nothing() -> None:
    made = batch(
        exchange(paid(5, ok=False), paid(None)), exchange(paid(None), usage=USED)
    )
    assert [row[17:19] for row in made.exchanges] == [(5, 1), (0, 1)]
    assert [row[14] for row in made.attempts] == [5, None]
    (numbers,) = hours(made).values()
    assert (numbers["cost_nano"], numbers["unknown_costs"]) == (5, 2)


def test_nonsense_from_outside_is_bounded() -> None:
    wild = paid(COST_NANO_MAX + 1, provider=OPENAI, model="m\0" + "x" * 500)
    wild.usage = Usage(input_tokens=1 << 80, output_tokens=-1)
    odd = exchange(
        wild, asked_model="a" * 999, finish="f\0" * 99, usage=wild.usage, route="r\0"
    )
    made = batch(odd)
    row = made.exchanges[0]
    assert row[8] == "a" * 200
    assert row[10] == "m" + "x" * 199
    assert row[12:14] == (TOKENS_MAX, 0)
    assert row[17:19] == (0, 1)
    assert row[19] == "f" * 40
    assert made.askers.new.popitem()[1][1] == "r"


def test_an_asker_is_new_until_it_is_written() -> None:
    askers = Askers()
    asked = exchange(virtual_key=LENT, tags=("a",))
    number = askers.number(asked)
    assert [*askers.new] == [number]
    askers.note_written()
    assert askers.number(asked) == number
    assert askers.number(exchange(virtual_key=LENT, tags=("b",))) != number
    assert len(askers.new) == 1
    askers.forget()
    assert askers.number(asked) == number
    assert [*askers.new] == [number]


def test_a_key_that_was_given_to_another_owner_is_another_asker() -> None:
    askers = Askers()
    lent_on = VirtualKey("k1", "street", Owner("another"))
    numbers = {askers.number(exchange(virtual_key=key)) for key in (LENT, lent_on)}
    assert len(numbers) == 2


def test_askers_without_end_are_not_kept() -> None:
    askers = Askers()
    for number in range(ASKERS_MAX + 1):
        askers.number(exchange(tags=(str(number),)))
    askers.note_written()
    assert len(askers.found) == 0
