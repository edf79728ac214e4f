"""What goes wrong with an answer, walked step by step without a socket."""

import gzip
import json
from itertools import islice

import pytest

from heliograph.simulation.providers import anthropic_wire, gemini_wire, openai_wire
from heliograph.simulation.providers.faults import Line, Reply, steps
from heliograph.simulation.providers.rules import Fault
from heliograph.simulation.providers.types import Answer, Ask, End, Step, Wire

ANSWER = Answer("1", 0, "m", pieces=("[simulated]", " a", " b"), output_tokens=3)
ANTHROPIC: Wire = anthropic_wire
GEMINI: Wire = gemini_wire
OPENAI: Wire = openai_wire


def walk(
    fault: Fault | None,
    *,
    wire: Wire = OPENAI,
    stream: bool = False,
    line: Line | None = None,
) -> list[Step]:
    reply = Reply(wire, Ask("m", stream=stream), ANSWER, "req_1", line or Line())
    return list(islice(steps(reply, fault), 40))


def split(step: Step) -> tuple[bytes, bytes]:
    assert isinstance(step, bytes)
    head, _, body = step.partition(b"\r\n\r\n")
    return head, body


def events(row: list[Step]) -> list[bytes]:
    """Return the data of each chunk, without the head, waits and the end."""
    chunks = [step for step in row[1:] if isinstance(step, bytes)]
    return [data.partition(b"\r\n")[2].removesuffix(b"\r\n") for data in chunks]


def test_without_a_fault_a_whole_answer_is_one_write() -> None:
    row = walk(None)
    assert len(row) == 2
    assert row[1] is End.KEEP
    head, body = split(row[0])
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-length: %d" % len(body) in head
    assert json.loads(body)["choices"][0]["message"]["content"] == "[simulated] a b"


def test_without_a_fault_a_stream_is_chunked_to_its_terminal_marker() -> None:
    row = walk(None, stream=True)
    head, _ = split(row[0])
    assert b"content-type: text/event-stream" in head
    assert b"transfer-encoding: chunked" in head
    assert events(row)[-2:] == [b"data: [DONE]\n\n", b""]
    assert row[-2:] == [b"0\r\n\r\n", End.KEEP]


def test_an_old_client_gets_no_chunks_and_a_close() -> None:
    row = walk(None, stream=True, line=Line(keep_alive=False, chunks=False))
    head, _ = split(row[0])
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert row[-2:] == [b"data: [DONE]\n\n", End.CLOSE]


def test_a_client_that_asked_for_it_is_closed_after_its_stream() -> None:
    row = walk(None, stream=True, line=Line(keep_alive=False))
    head, _ = split(row[0])
    assert b"transfer-encoding: chunked" in head
    assert b"connection: close" in head
    assert row[-1] is End.CLOSE


@pytest.mark.parametrize(
    ("kind", "end"),
    [("silent", End.HANG), ("reset", End.RESET), ("close", End.CLOSE)],
)
@pytest.mark.parametrize("stream", [False, True])
def test_nothing_at_all_is_sent(kind: str, end: End, *, stream: bool) -> None:
    fault = Fault(kind=kind, delay_s=2)  # type: ignore[arg-type]  # parametrised
    assert walk(fault, stream=stream) == [2, end]


def test_a_status_carries_its_headers_and_the_dialects_error() -> None:
    row = walk(Fault(status=429, headers={"retry-after": "7"}), wire=ANTHROPIC)
    head, body = split(row[0])
    assert head.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"retry-after: 7" in head
    assert json.loads(body)["error"]["type"] == "rate_limit_error"
    assert row[1] is End.KEEP


def test_a_status_may_bring_its_own_body_and_type() -> None:
    head, body = split(walk(Fault(status=502, body="<html>bad</html>"))[0])
    assert body == b"<html>bad</html>"
    assert b"content-type: text/plain" in head
    fault = Fault(status=502, body="<html/>", headers={"Content-Type": "text/html"})
    head, _ = split(walk(fault)[0])
    assert head.lower().count(b"content-type") == 1
    assert b"content-type: text/html" in head


def test_headers_then_silence_hangs_after_the_head() -> None:
    row = walk(Fault(kind="headers_then_silence"), stream=True)
    head, body = split(row[0])
    assert (body, row[1:]) == (b"", [End.HANG])
    assert b"text/event-stream" in head


def test_headers_then_silence_may_go_on_sending_pings() -> None:
    fault = Fault(kind="headers_then_silence", ping_every_s=3)
    row = walk(fault, stream=True)
    assert row[1:5] == [3, b"8\r\n: ping\n\n\r\n", 3, b"8\r\n: ping\n\n\r\n"]


def test_html_and_empty_and_error_200_say_200() -> None:
    for kind, words in (("html", b"<html>"), ("empty", b""), ("error_200", b'"error"')):
        fault = Fault(kind=kind)  # type: ignore[arg-type]  # one of the three kinds
        head, body = split(walk(fault, stream=True)[0])
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert words in body
        assert b"content-length: %d" % len(body) in head


def test_a_short_body_promises_more_than_it_sends() -> None:
    row = walk(Fault(kind="short_body"))
    head, body = split(row[0])
    promised = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    assert 0 < len(body) < promised
    assert row[1] is End.CLOSE


def test_cut_json_is_broken_but_as_long_as_promised() -> None:
    head, body = split(walk(Fault(kind="cut_json"))[0])
    assert b"content-length: %d" % len(body) in head
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_gzip_can_be_read_after_unpacking() -> None:
    head, body = split(walk(Fault(kind="gzip"))[0])
    assert b"content-encoding: gzip" in head
    assert json.loads(gzip.decompress(body))["object"] == "chat.completion"


def test_json_for_a_stream_and_a_stream_for_json() -> None:
    head, body = split(walk(Fault(kind="json_for_stream"), stream=True)[0])
    assert b"application/json" in head
    assert json.loads(body)["object"] == "chat.completion"
    row = walk(Fault(kind="sse_for_json"))
    assert b"text/event-stream" in split(row[0])[0]
    assert events(row)[-2] == b"data: [DONE]\n\n"


def test_a_wrong_content_type_leaves_the_body_right() -> None:
    head, body = split(walk(Fault(kind="wrong_type"))[0])
    assert b"content-type: text/plain" in head
    assert json.loads(body)["object"] == "chat.completion"
    row = walk(Fault(kind="wrong_type"), stream=True)
    assert b"content-type: text/plain" in split(row[0])[0]
    assert events(row)[-2] == b"data: [DONE]\n\n"


def test_a_huge_body_is_as_long_as_promised_and_made_piece_by_piece() -> None:
    row = walk(Fault(kind="huge", size_bytes=200_000))
    head, start = split(row[0])
    sent = len(start) + sum(len(step) for step in row[1:] if isinstance(step, bytes))
    assert b"content-length: %d" % sent in head
    assert max(len(step) for step in row if isinstance(step, bytes)) <= 65_536
    assert row[-1] is End.CLOSE


@pytest.mark.parametrize(
    ("fault", "tail"),
    [
        (Fault(cut_after_events=2), [b"0\r\n\r\n", End.KEEP]),
        (Fault(cut_after_events=2, cut_mode="end"), [b"0\r\n\r\n", End.KEEP]),
        (Fault(cut_after_events=2, cut_mode="chunked"), [End.CLOSE]),
        (Fault(cut_after_events=2, cut_mode="reset"), [End.RESET]),
        (Fault(stall_after_events=2), [End.HANG]),
    ],
)
def test_a_cut_stream_sends_so_many_events_and_ends_as_told(
    fault: Fault, tail: list[Step]
) -> None:
    whole = events(walk(None, stream=True))
    row = walk(fault, stream=True)
    assert row[-len(tail) :] == tail
    assert events(row[: -len(tail)]) == whole[:2]


def test_a_close_delimited_cut_has_no_chunks() -> None:
    row = walk(Fault(cut_after_events=1, cut_mode="close_delimited"), stream=True)
    head, _ = split(row[0])
    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    assert isinstance(row[1], bytes)
    assert row[1].startswith(b"data: {")
    assert row[2] is End.CLOSE


@pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC, GEMINI])
def test_a_cut_beyond_the_end_still_leaves_out_the_terminal_event(wire: Wire) -> None:
    whole = events(walk(None, stream=True, wire=wire))[:-1]
    row = walk(Fault(cut_after_events=1000), stream=True, wire=wire)
    assert events(row)[:-1] == whole[:-1]


def test_a_malformed_event_replaces_the_nth() -> None:
    whole = events(walk(None, stream=True))
    row = events(walk(Fault(malformed_event=2), stream=True))
    assert row[0] == whole[0]
    assert row[2:] == whole[2:]
    with pytest.raises(json.JSONDecodeError):
        json.loads(row[1].removeprefix(b"data: "))


@pytest.mark.parametrize(
    ("wire", "start"),
    [
        (OPENAI, b'data: {"error":{"message"'),
        (ANTHROPIC, b'event: error\ndata: {"type":"error","error":{"type":"overload'),
        (GEMINI, b'data: {"error":{"code":503'),
    ],
)
def test_an_error_event_ends_the_stream_in_the_dialects_shape(
    wire: Wire, start: bytes
) -> None:
    row = events(walk(Fault(error_event=2), stream=True, wire=wire))
    assert len(row) == 3
    assert row[1].startswith(start)
    assert row[2] == b""


def test_a_missing_terminal_marker_and_a_missing_finish() -> None:
    whole = events(walk(None, stream=True))
    assert events(walk(Fault(missing="terminal"), stream=True)) == [*whole[:-2], b""]
    unfinished = events(walk(Fault(missing="finish"), stream=True))
    assert unfinished == [data for data in whole if b'"stop"' not in data]
    both = events(walk(Fault(missing="both"), stream=True))
    assert len(both) == len(whole) - 2


def test_geminis_terminal_marker_is_its_finish() -> None:
    row = events(walk(Fault(missing="terminal"), stream=True, wire=GEMINI))
    assert row
    assert not any(b"finishReason" in data for data in row)


def test_the_delays_are_before_the_head_the_first_event_and_the_others() -> None:
    fault = Fault(delay_s=1, first_event_delay_s=2, event_delay_s=3)
    row = walk(fault, stream=True)
    waits = [step for step in row if isinstance(step, float | int)]
    count = len(events(walk(None, stream=True))) - 1
    assert waits == [1, 2] + [3] * (count - 1)
    assert row[0] == 1
    assert isinstance(row[1], bytes)
    assert row[2] == 2


def test_pings_fill_the_waits_of_a_stream() -> None:
    fault = Fault(first_event_delay_s=5, ping_every_s=2)
    row = walk(fault, stream=True, wire=ANTHROPIC)
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    framed = b"%x\r\n%s\r\n" % (len(ping), ping)
    assert row[1:6] == [2.0, framed, 2.0, framed, 1.0]
