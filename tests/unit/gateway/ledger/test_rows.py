"""What the ledger's tables get of an exchange."""

from exchange_cases import CLAUDE, OPENAI, attempt, exchange, failed
from heliograph.gateway.ledger.database import Row
from heliograph.gateway.ledger.rows import COST_NANO_MAX, TOKENS_MAX, Batch
from heliograph.gateway.ledger.write import (
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
    made.usage, made.cost_nano, made.cost_basis = USED, cost_nano, "usage"
    return made


def batch(*exchanges: Exchange) -> Batch:
    return Batch(exchanges, 7)


def hours(made: Batch) -> dict[Row, dict[str, int]]:
    """Return the numbers that are not 0, by the key's parts that are not empty."""
    return {
        tuple(part for part in row[: len(HOUR_KEYS)] if part != ""): {
            name: int(value or 0)
            for name, value in zip(HOUR_SUMS, row[len(HOUR_KEYS) :], strict=True)
            if value
        }
        for row in made.hour_rows()
    }


def test_an_exchange_is_one_row_and_each_attempt_another() -> None:
    made = batch(
        exchange(
            paid(20, ok=False, provider=CLAUDE),
            paid(22),
            started_at=AT,
            asked_model="captions",
            route="captions",
            virtual_key=LENT,
            tags=("b", "a=1"),
            rescue="prefill",
        )
    )
    assert made.exchanges == [
        (
            *(7, "hg-1", 7_200_500, 1_000_000, 600_000, "answered", 200, 0, "captions"),
            *("openai", "gpt-4o", "captions", "k1", "vision", "street", "north"),
            *("a=1,b", 11, 5, 3, 0, 0, "stop", 42, 0, "", "", "prefill", 0),
        )
    ]
    claude = ("anthropic", "claude-sonnet-4-6", "anthropic#1", 500_000, 750_000)
    gpt = ("openai", "gpt-4o", "openai#1", 500_000, 750_000)
    assert made.attempts == [
        (7, 0, *claude, "provider", "reset", 0, 11, 5, 3, 0, 0, 20, "usage"),
        (7, 1, *gpt, "", "", 0, 11, 5, 3, 0, 0, 22, "usage"),
    ]
    assert made.tags == [("b", 7), ("a=1", 7)]
    assert [entry.exchange_id for entry in made.entries] == [7]
    assert len(made.exchanges[0]) == EXCHANGE_COLUMNS
    assert len(made.attempts[0]) == ATTEMPT_COLUMNS


def test_money_stands_with_who_was_called_and_the_exchange_with_who_answered() -> None:
    made = batch(exchange(paid(20, ok=False, provider=CLAUDE), paid(22), started_at=AT))
    tokens = {"input_tokens": 11, "output_tokens": 5, "cached_tokens": 3}
    assert hours(made) == {
        (2, "anthropic", "claude-sonnet-4-6"): {
            "attempts": 1, "failed_attempts": 1, "cost_nano": 20, **tokens,
        },
        (2, "openai", "gpt-4o"): {
            "exchanges": 1, "answered": 1, "duration_us": 1_000_000, "attempts": 1,
            "cost_nano": 22, **tokens,
        },
    }  # fmt: skip


def test_exchanges_of_an_hour_and_an_asker_are_added_up() -> None:
    one = exchange(paid(1), started_at=AT, virtual_key=LENT)
    made = batch(one, one, exchange(paid(1), started_at=AT + 3600, virtual_key=LENT))
    who = ("openai", "gpt-4o", "k1", "vision", "street", "north")
    found = hours(made)
    assert found[2, *who]["exchanges"] == 2
    assert found[2, *who]["cost_nano"] == 2
    assert found[3, *who]["exchanges"] == 1


def test_who_was_called_last_counts_an_exchange_that_nobody_answered() -> None:
    gone = exchange(paid(0, ok=False), paid(0, ok=False, provider=CLAUDE))
    made = batch(gone, exchange(outcome="refused"))
    found = hours(made)
    assert found[0, "anthropic", "claude-sonnet-4-6"]["exchanges"] == 1
    assert "exchanges" not in found[0, "openai", "gpt-4o"]
    assert found[0,] == {"exchanges": 1, "duration_us": 1_000_000}


def test_a_cost_that_is_not_known_is_counted_and_not_taken_for_nothing() -> None:
    made = batch(exchange(paid(5, ok=False), paid(None)))
    assert made.exchanges[0][23:25] == (5, 1)
    assert [row[15] for row in made.attempts] == [5, None]
    (numbers,) = hours(made).values()
    assert (numbers["cost_nano"], numbers["unknown_costs"]) == (5, 1)


def test_nonsense_from_outside_is_bounded() -> None:
    wild = paid(COST_NANO_MAX + 1, provider=OPENAI, model="m\0" + "x" * 500)
    wild.usage = Usage(input_tokens=1 << 80)
    made = batch(exchange(wild, asked_model="a" * 999, finish="f" * 99))
    row = made.attempts[0]
    assert row[3] == "m" + "x" * 199
    assert row[10] == TOKENS_MAX
    assert row[15] is None
    assert made.exchanges[0][8] == "a" * 200
    assert made.exchanges[0][22] == "f" * 40
