"""An answer, and what goes wrong with it, as a row of steps.

A step is bytes to write, seconds to wait, or how the connection ends. Whoever owns
the socket walks them; nothing here knows of one.
"""

import gzip
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from heliograph.simulation.providers.http1 import (
    LAST_CHUNK,
    SSE_TYPE,
    chunk,
    head,
    lines,
)
from heliograph.simulation.providers.rules import ANSWERLESS_KINDS, ErrorText, Fault
from heliograph.simulation.providers.types import (
    Answer,
    Ask,
    End,
    Event,
    EventRole,
    Refusal,
    Step,
    Wire,
)

HUGE_BYTES = 100_000_000
HUGE_PIECE = b"x" * 65_536
PORTAL = b"<!doctype html><html><body><h1>Sign in to the network</h1></body></html>"
TEXT = "text/plain; charset=utf-8"
GZIPPED = b"content-encoding: gzip\r\n"
NO_FAULT = Fault()
_AT_ONCE: dict[str | None, End] = {
    "silent": End.HANG,
    "reset": End.RESET,
    "close": End.CLOSE,
}
_MISSING: dict[str, frozenset[EventRole]] = {
    "terminal": frozenset({"terminal"}),
    "finish": frozenset({"finish"}),
    "both": frozenset({"finish", "terminal"}),
}


class Line(Struct, frozen=True):
    """What is known of the connection: HTTP/1.0 takes no chunks."""

    keep_alive: bool = True
    chunks: bool = True

    @property
    def end(self) -> End:
        """How a whole answer leaves the connection."""
        return End.KEEP if self.keep_alive else End.CLOSE


class Reply(Struct, frozen=True):
    """An answer on its way out."""

    wire: Wire
    ask: Ask
    answer: Answer
    request_id: str
    line: Line = Line()


def plain(
    status: int, content_type: str, headers: bytes, *, body: bytes, line: Line
) -> tuple[Step, ...]:
    """Answer with one body in one write."""
    close = not line.keep_alive
    start = head(status, content_type, headers, length=len(body), close=close)
    return (start + body, line.end)


def refuse(
    wire: Wire, refusal: Refusal, request_id: str, line: Line, *, extra: bytes = b""
) -> tuple[Step, ...]:
    """Answer with an error in the dialect's shape."""
    body = wire.error(refusal, request_id)
    headers = wire.headers(request_id) + extra
    return plain(refusal.status, wire.JSON_TYPE, headers, body=body, line=line)


def steps(reply: Reply, fault: Fault | None) -> Iterable[Step]:
    """Send *reply* as *fault* has it; as it should be when there is none."""
    wire = reply.wire
    fault = fault or NO_FAULT
    streams = reply.ask.stream != (fault.kind in ("json_for_stream", "sse_for_json"))
    if streams and fault.status is None and fault.kind not in ANSWERLESS_KINDS:
        return _stream(reply, fault)
    body = wire.whole(reply.answer)
    sse = SSE_TYPE if reply.ask.stream else None
    return spoil(
        wire, body, fault, request_id=reply.request_id, line=reply.line, sse=sse
    )


def spoil(
    wire: Wire,
    body: bytes,
    fault: Fault,
    *,
    request_id: str,
    line: Line,
    sse: str | None = None,
) -> Iterable[Step]:
    """Send *body*, a whole answer, as *fault* has it.

    *sse* is set where a stream was asked for: the type its head would have had.
    """
    delay: tuple[Step, ...] = (fault.delay_s,) if fault.delay_s else ()
    if fault.status is not None:
        body = _error_body(wire, fault, request_id)
        text = isinstance(fault.body, str)
        kind, headers = _dress(
            wire, fault, request_id, TEXT if text else wire.JSON_TYPE
        )
        return delay + plain(fault.status, kind, headers, body=body, line=line)
    if fault.kind in _AT_ONCE:
        return (*delay, _AT_ONCE[fault.kind])
    if fault.kind in ("headers_then_silence", "huge"):
        drip = _huge if fault.kind == "huge" else _headers_only
        return drip(wire, fault, request_id, sse)
    body, kind, extra = _damage(wire, body, fault, request_id)
    asked = sse if fault.kind == "empty" else None
    kind, headers = _dress(wire, fault, request_id, asked or kind)
    if fault.kind == "short_body":
        start = head(200, kind, headers, length=len(body), close=False)
        return (*delay, start + body[: len(body) // 2], End.CLOSE)
    return delay + plain(200, kind, headers + extra, body=body, line=line)


def _damage(
    wire: Wire, body: bytes, fault: Fault, request_id: str
) -> tuple[bytes, str, bytes]:
    """Return the body as it is sent, its content type, and further headers."""
    kind = wire.JSON_TYPE
    match fault.kind:
        case "html":
            return PORTAL, "text/html; charset=utf-8", b""
        case "error_200":
            body = wire.error(_said(fault, wire.OVERLOAD_STATUS), request_id)
        case "empty":
            body = b""
        case "cut_json":
            body = body[: len(body) // 2]
        case "wrong_type":
            kind = TEXT
        case "gzip":
            return gzip.compress(body, mtime=0), kind, GZIPPED
    return body, kind, b""


def _dress(wire: Wire, fault: Fault, request_id: str, kind: str) -> tuple[str, bytes]:
    """Return the content type and the headers, with the fault's own among them."""
    extra = dict(fault.headers or {})
    for name in tuple(extra):
        if name.lower() == "content-type":
            kind = extra.pop(name)
    return kind, wire.headers(request_id) + lines(extra)


def _error_body(wire: Wire, fault: Fault, request_id: str) -> bytes:
    if fault.body is None:
        return wire.error(_said(fault, fault.status or 500), request_id)
    if isinstance(fault.body, str):
        return fault.body.encode()
    return msgspec.json.encode(fault.body)


def _said(fault: Fault, status: int) -> Refusal:
    error = fault.error or ErrorText()
    return Refusal(status, error.message or "", error.type, error.code)


def _headers_only(
    wire: Wire, fault: Fault, request_id: str, sse: str | None
) -> Iterator[Step]:
    if fault.delay_s:
        yield fault.delay_s
    kind, headers = _dress(wire, fault, request_id, sse or wire.JSON_TYPE)
    yield head(200, kind, headers, length=None if sse else 1000, close=False)
    yield from _hang(wire, fault if sse else NO_FAULT)


def _huge(wire: Wire, fault: Fault, request_id: str, sse: str | None) -> Iterator[Step]:
    """Send one endless-looking string; in a stream, one event without an end."""
    if fault.delay_s:
        yield fault.delay_s
    size = fault.size_bytes or HUGE_BYTES
    start = b'data: {"id":"' if sse else b'{"id":"'
    kind, headers = _dress(wire, fault, request_id, sse or wire.JSON_TYPE)
    yield head(200, kind, headers, length=size + len(start), close=True) + start
    for _ in range(size // len(HUGE_PIECE)):
        yield HUGE_PIECE
    yield HUGE_PIECE[: size % len(HUGE_PIECE)]
    yield End.CLOSE


def _stream(reply: Reply, fault: Fault) -> Iterator[Step]:
    wire, line = reply.wire, reply.line
    if fault.delay_s:
        yield fault.delay_s
    delimited = fault.cut_mode == "close_delimited" or not line.chunks
    kind = TEXT if fault.kind == "wrong_type" else SSE_TYPE
    kind, headers = _dress(wire, fault, reply.request_id, kind)
    close = delimited or not line.keep_alive
    yield _stream_head(kind, headers, chunked=not delimited, close=close)
    wait_s = fault.first_event_delay_s
    for event in _altered(reply, fault):
        yield from _wait(wait_s, wire, fault, chunked=not delimited)
        yield event if delimited else chunk(event)
        wait_s = fault.event_delay_s
    if fault.stall_after_events is not None:
        yield from _hang(wire, fault, chunked=not delimited)
    elif fault.cut_mode == "reset":
        yield End.RESET
    elif fault.cut_mode == "chunked" or delimited:
        yield End.CLOSE
    else:
        yield LAST_CHUNK
        yield End.CLOSE if close else End.KEEP


def _stream_head(kind: str, headers: bytes, *, chunked: bool, close: bool) -> bytes:
    headers += b"cache-control: no-cache\r\n"
    if chunked and close:  # chunks to the end, and no request after them
        headers += b"connection: close\r\n"
    return head(200, kind, headers, length=None, close=not chunked)


def _altered(reply: Reply, fault: Fault) -> Iterable[bytes]:
    """Return the events that are really sent.

    A place beyond the end means the last place: a fault asked for always happens.
    """
    events: Sequence[Event] = reply.wire.events(reply.answer, reply.ask)
    last = len(events) - 1
    sent = [event.data for event in events]
    if fault.missing is not None:
        gone = _MISSING[fault.missing]
        if not gone.intersection(event.role for event in events):
            gone = _MISSING["finish"]  # Gemini's finish is its terminal marker
        sent = [event.data for event in events if event.role not in gone]
    if fault.malformed_event is not None:
        sent[min(fault.malformed_event - 1, len(sent) - 1)] = reply.wire.malformed()
    for stop in (fault.cut_after_events, fault.stall_after_events):
        if stop is not None:
            return sent[: min(stop, last)]
    if fault.error_event is not None:
        said = _said(fault, reply.wire.OVERLOAD_STATUS)
        before = sent[: min(fault.error_event - 1, last)]
        return [*before, reply.wire.error_event(said)]
    return sent


def _wait(
    seconds: float, wire: Wire, fault: Fault, *, chunked: bool = True
) -> Iterator[Step]:
    every_s = fault.ping_every_s
    while every_s is not None and seconds > every_s:
        yield every_s
        yield chunk(wire.PING) if chunked else wire.PING
        seconds -= every_s
    if seconds:
        yield seconds


def _hang(wire: Wire, fault: Fault, *, chunked: bool = True) -> Iterator[Step]:
    """Say nothing more but, where asked, keep-alives; the client must leave."""
    while fault.ping_every_s is not None:
        yield fault.ping_every_s
        yield chunk(wire.PING) if chunked else wire.PING
    yield End.HANG
