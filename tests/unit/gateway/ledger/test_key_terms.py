"""A key as it is asked for: what is read, and what each mistake is told."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from heliograph.gateway.ledger.key_terms import Asked, Mistake, read_asked
from heliograph.gateway.types import KeyLimits, Owner, UsdLimit, VirtualKey

NOW_S = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp())
DAY_S = 86_400


def read(**asked: object) -> VirtualKey:
    found = read_asked(Asked(**{"name": "night", **asked}), "key-1", NOW_S)  # type: ignore[arg-type] # as they are asked for
    assert isinstance(found, VirtualKey), found
    return found


def mistakes(**asked: object) -> list[Mistake]:
    found = read_asked(Asked(**{"name": "night", **asked}), "key-1", NOW_S)  # type: ignore[arg-type] # the same
    assert isinstance(found, list), found
    return found


def test_a_name_is_enough() -> None:
    assert read() == VirtualKey("key-1", "night", created_at=NOW_S)


def test_everything_that_can_be_asked_for() -> None:
    assert read(
        team="vision",
        project="harbour/night",
        camera="cam-4",
        tag=["edge", "run=7", "edge"],
        expires="30d",
        model=["openai/*", "anthropic/claude-haiku-4-5"],
        route=["captions"],
        ip=["10.0.0.0/8", "192.0.2.7", "2001:DB8::/32"],
        usd=["5/day", "0.50/hour"],
        rpm="60",
        tpm=100_000,
        concurrent="4",
    ) == VirtualKey(
        "key-1",
        "night",
        Owner("vision", "harbour/night", "cam-4"),
        ("edge", "run=7"),
        ("openai/*", "anthropic/claude-haiku-4-5"),
        ("captions",),
        ("10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"),
        KeyLimits(
            (UsdLimit(5 * 10**9, "day"), UsdLimit(5 * 10**8, "hour")), 60, 100_000, 4
        ),
        created_at=NOW_S,
        expires_at=NOW_S + 30 * DAY_S,
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90m", datetime(2026, 11, 26, 13, 30, tzinfo=UTC)),
        ("12h", datetime(2026, 11, 27, 0, tzinfo=UTC)),
        ("2w", datetime(2026, 12, 10, 12, tzinfo=UTC)),
        ("2026-11-26", datetime(2026, 11, 27, tzinfo=UTC)),
        ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
        ("2027-01-31T18:00", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31T18:00+02:00", datetime(2027, 1, 31, 16, tzinfo=UTC)),
        ("2027-01-31T18:00:00Z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_time_a_last_day_or_a_moment(text: str, moment: datetime) -> None:
    assert read(expires=text).expires_at == int(moment.timestamp())


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", '"" cannot be a name: use up to 64 letters'),
        ("name", "two words", '"two words" cannot be a name'),
        ("name", "hg-abc", "looks like a key itself: give it a name of its own"),
        ("name", "hgadmin-abc", "looks like a key itself"),
        ("name", "key-0123", '"key-0123" would be taken for an id'),
        ("team", "", '"" cannot be used: write up to 64 letters'),
        ("project", "a b", '"a b" cannot be used: write up to 64 letters'),
        ("camera", "x" * 65, "cannot be used: write up to 64 letters"),
        ("tag", ["two words"], '"two words" cannot be a tag: write a name'),
        ("tag", [f"t{n}" for n in range(17)], "give at most 16 of them"),
        ("expires", "soon", '"soon" is no end: write 30d (or m, h, w), a day such'),
        ("expires", "30", '"30" is no end'),
        ("expires", "0d", '"0d" has passed already'),
        ("expires", "999999w", '"999999w" is no time'),
        ("expires", "2026-11-25", '"2026-11-25" has passed already'),
        ("expires", "2027-02-30", '"2027-02-30" is no end'),
        ("expires", "9999-12-31", '"9999-12-31" is no end'),
        ("model", ["gpt-4o"], '"gpt-4o" fits no model: write provider/model'),
        ("model", ["openai/a b"], "fits no model"),
        ("model", ["a/*"] * 2 + [f"a/{n}" for n in range(64)], "at most 64 of them"),
        ("route", ["a/b"], '"a/b" cannot be a route\'s name'),
        ("ip", ["10.0.0.5/8"], "inside of its range: 10.0.0.0/8"),
        ("ip", ["here"], '"here" is no range of addresses, such as 10.0.0.0/8'),
        ("usd", ["5"], '"5" is no amount for a period: write dollars, a slash and'),
        ("usd", ["5/year"], "minute, hour, day or month, such as 5/day"),
        ("usd", ["-5/day"], '"-5" is no amount of dollars, such as 2.50'),
        ("usd", ["five/day"], '"five" is no amount of dollars'),
        ("usd", ["0.00/day"], "an amount of 0 would refuse everything"),
        ("usd", ["0.0000000001/day"], "is finer than a nano-dollar"),
        ("usd", ["5/day", "6/day"], "give one amount for each period"),
        ("rpm", "0", '"0" is no whole number from 1'),
        ("rpm", "1.5", '"1.5" is no whole number from 1'),
        ("tpm", "many", '"many" is no whole number from 1'),
        ("concurrent", -1, '"-1" is no whole number from 1'),
        ("concurrent", "9" * 99, "is no whole number from 1"),
    ],
)
def test_a_mistake_names_its_field_and_says_what_to_write(
    field: str, value: object, said: str
) -> None:
    (mistake,) = mistakes(**{field: value})
    assert mistake.field == field
    assert said in mistake.said


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes(name="a b", rpm="x", ip=["y", "z"])
    assert [mistake.field for mistake in found] == ["name", "rpm", "ip", "ip"]


@pytest.mark.parametrize("field", ["team", "tag", "model", "ip", "usd", "expires"])
def test_a_key_in_the_wrong_place_is_not_quoted(field: str) -> None:
    for secret in ("hg-very secret", "hgadmin-very secret", "sk-ant-very secret"):
        value: object = [secret] if field not in {"team", "expires"} else secret
        (mistake,) = mistakes(**{field: value})
        assert "very" not in mistake.said
        assert mistake.said.startswith("what was given ")


def test_what_was_asked_for_can_be_asked_for_again() -> None:
    asked = Asked(name="night", usd=("5/day",))
    assert read_asked(replace(asked, name="day"), "key-2", NOW_S) == VirtualKey(
        "key-2",
        "day",
        limits=KeyLimits((UsdLimit(5 * 10**9, "day"),)),
        created_at=NOW_S,
    )
