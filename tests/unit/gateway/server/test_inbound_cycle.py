"""The lane's cycle for callers of other dialects, without a socket."""

import json
from typing import Any, cast

import pytest

from exchange_cases import attempt, exchange, failed
from heliograph.gateway.server.inbound_cycle import InboundCycle
from heliograph.gateway.types import Blame, Failure
from inbound_cases import DONE, INBOUNDS, chunk, completion
from unit.gateway.server.test_cycle import Line, lines_of

DIALECTS = pytest.mark.parametrize("dialect", INBOUNDS)
FILLERS = {"anthropic": b'event: ping\ndata: {"type":"ping"}\n\n', "gemini": b""}


def cycle_on(line: Line, dialect: str) -> InboundCycle:
    inbound = INBOUNDS[dialect]
    cycle = InboundCycle(
        cast("Any", line),
        keep_alive=True,
        chunked=False,
        inbound=inbound,
        url=b"/",
        translator=inbound.stream(),
    )
    cycle.more_body = False
    return cycle


def body_of(line: Line) -> bytes:
    return line.written.partition(b"\r\n\r\n")[2]


@DIALECTS
async def test_an_answer_is_rewritten_and_its_id_told(dialect: str) -> None:
    line = Line()
    body = completion({"content": "hi"}, "stop")
    assert cycle_on(line, dialect).answer(exchange(attempt(None)), body) is None
    assert body_of(line) == INBOUNDS[dialect].answer(body)
    assert "x-request-id: hg-1" in lines_of(line.written)
    assert ("request-id: hg-1" in lines_of(line.written)) is (dialect == "anthropic")


@DIALECTS
async def test_an_answer_that_cannot_be_rewritten_is_a_failure_and_nothing_is_sent(
    dialect: str,
) -> None:
    line = Line()
    told = cycle_on(line, dialect).answer(exchange(attempt(None)), b"{}")
    assert isinstance(told, Failure)
    assert line.written == b""


@DIALECTS
async def test_a_refusal_keeps_its_status_and_headers(dialect: str) -> None:
    line = Line()
    failure = failed("rate_limited", Blame.TARGET, status=429, retry_after_s=4.0)
    status = cycle_on(line, dialect).refuse(exchange(attempt(failure)), failure)
    assert status == 429
    assert {"retry-after: 4", "x-should-retry: false"} <= set(lines_of(line.written))
    assert "No provider answered" in json.loads(body_of(line))["error"]["message"]


@DIALECTS
async def test_a_silence_is_filled_with_what_the_sdk_passes_over(dialect: str) -> None:
    line = Line()
    cycle = cycle_on(line, dialect)
    cycle.begin(exchange(attempt(None)))
    cycle.written_at -= 3600
    cycle.comment()
    assert body_of(line) == FILLERS[dialect]


@DIALECTS
async def test_what_becomes_nothing_is_not_written(dialect: str) -> None:
    line = Line()
    cycle = cycle_on(line, dialect)
    cycle.begin(exchange(attempt(None)))
    cycle.chunked = True  # where an empty chunk would be the end
    cycle.write(b": ping\n\n")
    assert body_of(line) == b""


@DIALECTS
async def test_an_end_without_a_finish_is_an_error(dialect: str) -> None:
    ended = {}
    for pieces in ([chunk({}, "stop"), DONE], []):
        line = Line()
        cycle = cycle_on(line, dialect)
        cycle.begin(exchange(attempt(None)))
        for piece in (chunk({"content": "hi"}), *pieces):
            cycle.write(piece)
        cycle.end()
        ended[bool(pieces)] = body_of(line)
    assert b'"error"' in ended[False]
    assert b'"error"' not in ended[True]
