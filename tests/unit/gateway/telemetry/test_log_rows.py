"""Lines are written in rows: none is lost, none is out of order, none without bound."""

import json
from typing import Any, cast

import pytest

from heliograph.gateway.telemetry import log as log_room
from heliograph.gateway.telemetry.log import ROW_MAX, ExchangeLog
from heliograph.gateway.types import Exchange


class Timers:
    """A loop that never calls back."""

    def call_later(self, _wait_s: float, _call: object) -> "Timers":
        return self

    def cancel(self) -> None:
        """Nothing was set."""


def log_into(written: list[bytes]) -> ExchangeLog:
    return ExchangeLog(cast("Any", Timers()), written.append)


@pytest.mark.parametrize("count", [0, 1, ROW_MAX - 1, ROW_MAX, 3 * ROW_MAX + 1])
def test_every_exchange_is_a_line_in_its_order(count: int) -> None:
    written: list[bytes] = []
    log = log_into(written)
    for number in range(count):
        log.record(Exchange(f"hg-{number}"))
    assert not written
    log.flush()
    lines = b"".join(written).splitlines()
    assert [json.loads(line)["request_id"] for line in lines] == [
        f"hg-{number}" for number in range(count)
    ]


def test_what_waits_is_bounded_and_the_rest_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_room, "LINES_MAX", ROW_MAX + 3)
    written: list[bytes] = []
    log = log_into(written)
    for number in range(ROW_MAX + 10):
        log.record(Exchange(f"hg-{number}"))
    log.flush()
    assert len(written[0].splitlines()) == ROW_MAX + 3
    assert log.dropped == 7


def test_the_time_is_utc_to_the_millisecond() -> None:
    written: list[bytes] = []
    log = log_into(written)
    log.record(Exchange("hg-1", started_at=1_700_000_000.25, duration_s=0.0123))
    log.flush()
    line = json.loads(written[0])
    assert line["at"] == "2023-11-14T22:13:20.250+00:00"
    assert line["duration_ms"] == 12.3


def test_lines_that_nobody_takes_are_a_metric() -> None:
    def refuse(_batch: bytes) -> None:
        raise BlockingIOError

    log = ExchangeLog(cast("Any", Timers()), refuse)
    for _ in range(3):
        log.record(Exchange("lost"))
    log.flush()
    (family,) = log.collect()
    assert [sample.value for sample in family.samples] == [3.0]
