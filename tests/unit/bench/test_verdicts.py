from dataclasses import replace

import pytest
from cpu_per_request import Memory, Row
from latency import Added, Waits
from load import Measured
from report import cpu_lines, latency_lines, markdown
from verdicts import at_most, judge, judged_lines
from workloads import WORKLOADS

BY_NAME = {work.name: work for work in WORKLOADS}


def row(name: str, **cpu_us: float) -> Row:
    round_ = Measured(0.0, 100, 50.0, 900, 2000)
    return Row(
        BY_NAME[name],
        {server: [replace(round_, cpu_us=us)] * 3 for server, us in cpu_us.items()},
        {server: Memory(38.0, 46.0, 0.3) for server in cpu_us},
    )


@pytest.mark.parametrize(
    ("gateway_us", "measured", "verdict"),
    [(25.0, "2.5 × nginx", "met"), (34.0, "3.4 × nginx", "**missed**")],  # noqa: RUF001 - the sign as printed
)
def test_what_misses_its_target_is_written_as_missed(
    gateway_us: float, measured: str, verdict: str
) -> None:
    first = judged_lines(
        judge([row("chat", nginx=10.0, gateway=gateway_us)], [], None)
    )[1]
    assert first == ("small chat: CPU", "≤ 2.5 × nginx", measured, verdict)  # noqa: RUF001 - the sign as printed


def test_a_value_that_is_rounded_to_the_bound_still_misses_it() -> None:
    assert not at_most("RSS idle", 45.0, 45.2, "{:.0f} MB").met


def test_a_chunk_is_judged_without_what_the_stream_itself_costs() -> None:
    rows = [
        row("stream", nginx=5.0, gateway=10.0),
        row("first", nginx=50.0, gateway=806.0),
    ]
    [chunk] = [one for one in judge(rows, [], None) if "a chunk above" in one.what]
    assert (chunk.measured, chunk.met) == ("6.0 µs", True)


def test_latency_is_what_the_gateway_adds_to_the_mock_alone() -> None:
    waits = {"mock": Waits(40.0, 90.0), "gateway": Waits(180.0, 1200.0)}
    added = [Added("one", "small chat, 1 caller", waits)]
    p50, p99 = judge([], added, None)
    assert (p50.measured, p50.met) == ("140 µs", True)
    assert (p99.measured, p99.met) == ("1,110 µs", False)
    assert latency_lines(added)[2][-2:] == ("+140", "+1,110")


def test_a_peer_stands_in_the_table_as_a_multiple_of_ours() -> None:
    lines = cpu_lines([row("chat", nginx=10.0, gateway=30.0, litellm=6000.0)])
    assert lines[3][1] == "litellm"
    assert lines[3][-2:] == ("600.0 ×", "200.0 ×")  # noqa: RUF001 - the sign as printed
    assert markdown(lines).count("\n") == 5
