"""Two targets of which one always fails: of a thousand requests none fails."""

import socket

import pytest

from faults.pair import PAIR, Pair, assert_answered, pair

COUNT = 1000
AT_ONCE = 10
SILENT_S = 0.2


async def assert_none_fails(both: Pair, *, stream: bool) -> None:
    """Ask a thousand times; all are answered, and the sick one is not hammered."""
    told = await both.ask_often(COUNT, at_once=AT_ONCE, stream=stream)
    assert len(told) == COUNT
    for each in told:
        assert_answered(each)
    attempts = sum(each.targets.count("sick") for each in told)
    # Those under way as the circuit opens, and a probe now and then.
    assert attempts <= COUNT * 0.1


@pytest.mark.parametrize("status", [500, 503])
async def test_none_of_a_thousand_fails_beside_a_target_with_errors(
    status: int, *, stream: bool
) -> None:
    async with pair() as both:
        both.falls_sick({"status": status})
        await assert_none_fails(both, stream=stream)


async def test_none_of_a_thousand_fails_beside_a_target_that_refuses(
    *, stream: bool
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        async with pair(PAIR.replace("{sim}/sick/v1", url)) as both:
            await assert_none_fails(both, stream=stream)


async def test_none_of_a_thousand_fails_beside_a_target_that_is_silent(
    *, stream: bool
) -> None:
    async with pair(bounds={"first_byte_s": SILENT_S}) as both:
        both.falls_sick({"kind": "silent"})
        await assert_none_fails(both, stream=stream)
