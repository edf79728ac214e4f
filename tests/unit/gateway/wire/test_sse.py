"""The framing: the HTML standard's rules, wherever the network cuts."""

import pytest

from heliograph.gateway.wire.sse import Event, SseDecoder, is_keep_alive

MESSY = (
    b"\xef\xbb\xbf: hello\n\n"
    b"data: one\n\n"
    b"event: ping\r\ndata: {}\r\n\r\n"
    b"data:two\rdata: more\r\r"
    b"id: 7\nretry: 3000\ndata:  three\n\n"
    b"data\ndata:\n\n"
    b"event: lost\n\n"
    b": pause\n\n"
    b"data: z\xc3\xbcrich \xf0\x9f\x98\x80\n\n"
    b"colour: red\ndata: four\n\n"
)
MESSY_EVENTS = [
    (b"", b"one"),
    (b"ping", b"{}"),
    (b"", b"two\nmore"),
    (b"", b" three"),
    (b"", b"\n"),
    (b"", "zürich 😀".encode()),
    (b"", b"four"),
]


def decode(*pieces: bytes, size_max: int = 1000) -> list[Event]:
    decoder = SseDecoder(size_max)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.close()


def test_every_spelling_of_the_standard_is_read() -> None:
    assert decode(MESSY) == MESSY_EVENTS


@pytest.mark.parametrize("text", [MESSY, b"data: a\n\ndata: b\n\n", MESSY[3:]])
def test_a_cut_at_any_byte_changes_nothing(text: bytes) -> None:
    whole = decode(text)
    for cut in range(len(text) + 1):
        assert decode(text[:cut], text[cut:]) == whole, cut
    assert decode(*(bytes([byte]) for byte in text)) == whole


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b"data: a\n\ndata: b\n\n", [(b"", b"a"), (b"", b"b")]),
        (b"data: a\ndata: b\n\n", [(b"", b"a\nb")]),
        (b"data: a\n\n\n\n", [(b"", b"a")]),
        (b"data: a\n\n: c\n\n", [(b"", b"a")]),
        (b"data: \n\ndata: b\n\n", [(b"", b"b")]),
        (b"event: x\ndata: a\n\nevent: y\ndata: b\n\n", [(b"x", b"a"), (b"y", b"b")]),
        (b"event: x\ndata: a\n\ndata: b\n\n", [(b"x", b"a"), (b"", b"b")]),
        (b"event: x\nid: 1\n\ndata: b\n\n", [(b"", b"b")]),
        (b"event: x\ndata: \n\n", []),
        (b"event: x\nid: 1\ndata: b\n\n", [(b"x", b"b")]),
        (b"data: a\n\nevent: x\ndata: data: b\n\n", [(b"", b"a"), (b"x", b"data: b")]),
    ],
)
def test_reads_of_whole_events_obey_the_same_rules(
    text: bytes, events: list[Event]
) -> None:
    assert decode(text) == events
    assert decode(*(bytes([byte]) for byte in text)) == events


def test_an_event_without_its_empty_line_is_read_at_the_end() -> None:
    assert decode(b"data: a\n\ndata: [DONE]") == [(b"", b"a"), (b"", b"[DONE]")]


def test_a_byte_order_mark_is_white_space_only_at_the_start() -> None:
    assert decode(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n") == [(b"", b"a")]
    assert decode(b"\xef", b"\xbb") == []


@pytest.mark.parametrize(
    "endless",
    [b"data: " + b"x" * 200, b"data: xx\n" * 50, b"data: " + b"x" * 99],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_an_endless_event_overflows_and_ends_the_reading(
    endless: bytes, step: int
) -> None:
    decoder = SseDecoder(event_bytes_max=90)
    text = b"data: before\n\n" + endless + b"\n\ndata: after\n\n"
    events: list[Event] = []
    for start in range(0, len(text), step):
        events += decoder.feed(text[start : start + step])
    assert decoder.overflow
    assert events + decoder.close() == [(b"", b"before")]


def test_a_line_that_never_ends_overflows() -> None:
    decoder = SseDecoder(event_bytes_max=90)
    assert [decoder.feed(b"x" * 10) for _ in range(20)] == [[]] * 20
    assert decoder.overflow


def test_many_small_events_never_overflow() -> None:
    decoder = SseDecoder(event_bytes_max=20)
    text = b"data: small\n\n: note\n\n" * 100
    assert decoder.feed(text) == [(b"", b"small")] * 100
    assert not decoder.overflow


@pytest.mark.parametrize(
    ("text", "overflow"),
    [
        (b"data: 4567890\n\n", False),
        (b"data: 45678901\n\n", True),
        (b": 34567890123\n\n", False),
        (b": 345678901234\n\n", True),
        (b"data: a\ndata:  bcde\n\n", False),
        (b"data: a\ndata:  bcdef\n\n", True),
    ],
)
def test_what_is_too_large_does_not_depend_on_the_cuts(
    text: bytes,
    overflow: bool,  # noqa: FBT001 - pytest passes by name
) -> None:
    for size in (1, 2, 5, len(text)):
        decoder = SseDecoder(event_bytes_max=13)
        for start in range(0, len(text), size):
            decoder.feed(text[start : start + size])
        assert decoder.overflow is overflow, size
        assert decoder.feed(b"data: late\n\n") == [(b"", b"late")][overflow:]


def test_an_event_of_many_lines_is_not_counted_anew_with_each_read() -> None:
    decoder = SseDecoder()
    lines_count = 200_000
    for _ in range(lines_count):
        assert decoder.feed(b"data\n") == []
    assert decoder.feed(b"\n") == [(b"", b"\n" * (lines_count - 1))]


@pytest.mark.parametrize(
    "data",
    [
        b": ping\n\n",
        b":\n\n: OPENROUTER PROCESSING\n\n",
        b'event: ping\ndata: {"type": "ping"}\n\n',
        b'event:ping\r\ndata:{"type":"ping"}\r\n\r\n',
        b"data: \n\n",
        b"\n",
    ],
)
def test_comments_and_pings_are_no_progress(data: bytes) -> None:
    assert is_keep_alive(data)


@pytest.mark.parametrize(
    "data",
    [
        b'data: {"type":"thinking_delta","thinking":"ping"}\n\n',
        b'event: message_delta\ndata: {"type": "message_delta"}\n\n',
        b': ping\n\ndata: {"choices":[]}\n\n',
        b"data: [DONE]\n\n",
    ],
)
def test_anything_else_is_progress(data: bytes) -> None:
    assert not is_keep_alive(data)
