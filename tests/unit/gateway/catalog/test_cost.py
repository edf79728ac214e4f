"""Price and usage to a cost: exact, rounded once, and None rather than a guess."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from heliograph.gateway.catalog.cost import charge, cost_nano, worst_nano
from heliograph.gateway.catalog.price_sheet import price_from
from heliograph.gateway.types import Price, Rate, Rates, Usage

GPT_4O = price_from({"input": "2.5", "output": "10", "cached": "1.25"})
TIERED = price_from({"input": ["3", 200_000, "6"], "output": ["15", 200_000, "22.5"]})


@pytest.mark.parametrize(
    ("price", "usage", "nano"),
    [
        # 1000 x $2.50/M + 100 x $10/M
        (GPT_4O, Usage(1000, 100), 3_500_000),
        # 600 x 2.5 + 400 x 1.25 + 100 x 10
        (GPT_4O, Usage(1000, 100, cached_tokens=400), 3_000_000),
        # thought is output: it is not paid for twice
        (GPT_4O, Usage(1000, 100, reasoning_tokens=60), 3_500_000),
        (GPT_4O, Usage(), 0),
        # on the edge the lower rates hold, above it the others, for all tokens
        (TIERED, Usage(200_000, 10), 600_150_000),
        (TIERED, Usage(200_001, 10), 1_200_231_000),
    ],
)
def test_the_cost_is_what_the_tokens_come_to(
    price: Price, usage: Usage, nano: int
) -> None:
    assert cost_nano(price, usage) == nano


def test_half_a_nano_dollar_is_rounded_up_and_less_is_not() -> None:
    price = price_from({"input": "0.0005", "output": "0.000499999"})
    assert cost_nano(price, Usage(1, 0)) == 1
    assert cost_nano(price, Usage(0, 1)) == 0


def test_a_request_may_have_a_price_of_its_own() -> None:
    price = price_from({"input": "1", "output": "1", "request": "0.005"})
    assert cost_nano(price, Usage(10, 0)) == 5_010_000


@pytest.mark.parametrize(
    "usage",
    [
        Usage(10, 0, cached_tokens=11),
        Usage(0, 10, reasoning_tokens=11),
        Usage(10, 0, cache_write_tokens=1, cache_write_1h_tokens=2),
        Usage(10, 5, audio_output_tokens=6),
    ],
)
def test_a_count_that_contradicts_itself_has_no_cost(usage: Usage) -> None:
    assert cost_nano(GPT_4O, usage) is None


def test_a_service_has_its_own_price_or_none() -> None:
    batch = price_from({"input": "1.25", "output": "5"})
    price = price_from({"input": "2.5", "output": "10"}, services={"batch": batch})
    usage = Usage(1000, 100)
    assert charge(price, usage) == (3_500_000, "usage")
    assert charge(price, replace(usage, service="batch")) == (1_750_000, "usage")
    assert charge(price, replace(usage, service="new")) == (None, "unknown_price")


def test_a_cost_says_what_it_stands_on() -> None:
    assert charge(GPT_4O, Usage(1, 1), "estimate") == (12_500, "estimate")
    assert charge(None, Usage(1, 1)) == (None, "unknown_price")
    assert charge(GPT_4O, Usage(1, 1, cached_tokens=9)) == (None, "unknown_usage")


def test_what_a_row_does_not_say_costs_what_the_wider_kind_does() -> None:
    usage = Usage(60, 30, 10, 20, 10, 5, 10, 10, 10, 10)
    plain = price_from({"input": "1", "output": "2"})
    assert cost_nano(plain, usage) == 60_000 + 60_000


def test_every_kind_of_token_has_its_rate() -> None:
    price = price_from(
        {
            "input": "1",
            "output": "2",
            "cached": "4",
            "cache_write": "8",
            "cache_write_1h": "16",
            "reasoning": "32",
            "audio_input": "64",
            "audio_output": "128",
            "picture_input": "256",
            "picture_output": "512",
        }
    )
    usage = Usage(100, 100, 10, 20, 10, 5, 20, 30, 40, 50)
    # read 100-10-20-20-40 = 10, said 100-10-30-50 = 10
    read = 10 * 1 + 10 * 4 + 15 * 8 + 5 * 16 + 20 * 64 + 40 * 256
    said = 10 * 2 + 10 * 32 + 30 * 128 + 50 * 512
    assert cost_nano(price, usage) == 1000 * (read + said)


@given(
    st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**12),
    st.integers(0, 10**12),
)  # fmt: skip
def test_no_cost_is_off_by_more_than_half_a_nano_dollar(
    read: int, said: int, first: int, second: int
) -> None:
    dollars = [f"{rate // 10**9}.{rate % 10**9:09d}" for rate in (first, second)]
    price = price_from({"input": dollars[0], "output": dollars[1]})
    exact = Fraction(read * first + said * second, 10**6)
    nano = cost_nano(price, Usage(read, said))
    assert nano is not None
    assert abs(nano - exact) <= Fraction(1, 2)


def test_the_worst_takes_the_dearest_rate_of_each_direction() -> None:
    price = price_from(
        {"input": "1", "output": "2", "cache_write": "1.25", "cache_write_1h": "2",
         "audio_output": "12"}
    )  # fmt: skip
    assert worst_nano(price, 1000, 100) == 1_250_000 + 1_200_000
    assert worst_nano(price, 1000, 100, kept=True) == 2_000_000 + 1_200_000
    priority = price_from({"input": "7", "output": "7"})
    either = price_from({"input": "1", "output": "2"}, services={"priority": priority})
    assert worst_nano(either, 1000, 100) == 1_200_000
    assert worst_nano(either, 1000, 100, any_service=True) == 7_700_000


RATES = st.sampled_from(["0", "0.3", "1", "1.25", "5"])


@given(
    st.fixed_dictionaries(dict.fromkeys(Rates.__struct_fields__, RATES)),
    st.lists(st.integers(0, 100_000), min_size=6, max_size=6),
    st.lists(st.integers(0, 100_000), min_size=4, max_size=4),
    st.integers(0, 10_000),
)
def test_no_call_costs_more_than_the_worst_that_was_reserved(
    rates: dict[str, str], read: list[int], said: list[int], unused: int
) -> None:
    dearer: dict[str, Rate] = {
        name: [rate, 200_000, "6"] for name, rate in rates.items()
    }
    price = price_from({**dearer, "request": "0.001"})
    usage = Usage(
        sum(read),
        sum(said),
        read[0],
        read[1] + read[2],
        said[0],
        read[2],
        read[3],
        said[1],
        read[4],
        said[2],
    )
    nano = cost_nano(price, usage)
    assert nano is not None
    most = worst_nano(price, sum(read) + unused, sum(said) + unused, kept=True)
    assert nano <= most
