"""Dollars to integers of nano-dollars and back, exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.catalog.money import parse_usd, print_usd, write_usd


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("0", 0),
        ("2.50", 2_500_000_000),
        ("0.000000001", 1),
        ("0.0000000010", 1),
        ("1000000", 10**15),
        ("0.1", 100_000_000),
    ],
)
def test_dollars_are_read_exactly(text: str, nano: int) -> None:
    assert parse_usd(text) == nano


@pytest.mark.parametrize(
    "text", ["", "-1", "1e-6", "1,50", ".5", "5.", "0.0000000001", "NaN", " 1", "٣"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"nano-dollar|no amount"):
        parse_usd(text)


@pytest.mark.parametrize(
    ("nano", "text"),
    [(0, "0"), (1, "0.000000001"), (2_500_000_000, "2.5"), (-1_500, "-0.0000015")],
)
def test_amounts_are_written_with_no_digit_too_many(nano: int, text: str) -> None:
    assert print_usd(nano) == text


@given(st.integers(0, 10**18))
def test_what_is_written_reads_back_as_the_same(nano: int) -> None:
    assert parse_usd(print_usd(nano)) == nano


@pytest.mark.parametrize("text", ["1000000000.000000001", "1000000001", "9" * 5000])
def test_what_is_more_than_any_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is more than 1000000000 dollars"):
        parse_usd(text)
    assert parse_usd("0" * 5000 + "1000000000") == 10**18


@pytest.mark.parametrize(
    ("amount", "times", "text"),
    [
        ("3e-07", 10**6, "0.3"),
        ("-0.0", 1, "0"),
        ("1E+3", 10**6, "1000000000"),
        ("0.30000000000000004e-6", 10**6, "0.3"),
        ("1e-999999", 10**6, "0"),
        ("100", 1, "100"),
    ],
)
def test_what_a_program_wrote_loses_its_floats_noise(
    amount: str, times: int, text: str
) -> None:
    assert write_usd(Decimal(amount), times) == text
    assert print_usd(parse_usd(text)) == text


@pytest.mark.parametrize("amount", ["1000.0000001", "1e400", "1E+999999999999"])
def test_no_program_writes_more_than_any_amount(amount: str) -> None:
    with pytest.raises(ValueError, match="is more than 1000000000 dollars"):
        write_usd(Decimal(amount), 10**6)
