"""Who looks on, without a socket: newest frames, all captions, and nobody held up."""

import asyncio
import json

import pytest

from heliograph.camera.browser_view.feed import BEHIND_MAX, CAPTIONS_KEPT, Feed

BEGIN = b"--frame\r\n"


def part(jpeg: bytes) -> bytes:
    head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
    return head + jpeg + b"\r\n--frame\r\n"


async def test_each_part_is_a_whole_jpeg_and_who_is_slow_gets_the_newest() -> None:
    feed = Feed()
    frames = feed.frames()
    assert await anext(frames) == BEGIN
    feed.show(b"one")
    assert await anext(frames) == part(b"one")
    feed.show(b"two")
    feed.show(b"three")
    assert await anext(frames) == part(b"three")


async def test_a_frame_comes_to_all_who_wait_for_it_and_watchers_are_counted() -> None:
    feed = Feed()
    readers = [feed.frames() for _ in range(3)]
    for reader in readers:
        await anext(reader)
    assert feed.watchers == 3
    waiting = [asyncio.ensure_future(anext(reader)) for reader in readers]
    await asyncio.sleep(0)
    feed.show(b"frame")
    assert await asyncio.gather(*waiting) == [part(b"frame")] * 3
    await readers[0].aclose()
    assert feed.watchers == 2


async def test_who_comes_later_is_told_the_captions_of_before() -> None:
    feed = Feed()
    for number in range(CAPTIONS_KEPT + 5):
        feed.tell_caption({"text": f"caption {number}"})
    feed.tell_standing({"at_s": 1.0})
    told = await anext(feed.tellings())
    events = told.decode().strip().split("\n\n")
    assert events[0] == "retry: 1000"
    assert len(events) == 1 + CAPTIONS_KEPT
    kind, data = events[1].split("\n")
    assert kind == "event: caption"
    assert json.loads(data.removeprefix("data: ")) == {"text": "caption 5"}


async def test_a_line_break_in_a_caption_is_no_event_of_its_own() -> None:
    feed = Feed()
    feed.tell_caption({"text": "a\n\nevent: standing\ndata: {}\r\n\r\n"})
    told = await anext(feed.tellings())
    assert told.count(b"\n\n") == 2
    assert told.count(b"\nevent: ") == 1


async def test_who_does_not_read_is_told_no_more_and_the_others_are() -> None:
    feed = Feed()
    slow, quick = feed.tellings(), feed.tellings()
    await anext(slow)
    await anext(quick)
    for number in range(BEHIND_MAX + 10):
        feed.tell_standing({"at_s": number})
        assert f'"at_s": {number}' in (await anext(quick)).decode()
    assert feed.is_followed
    assert sum([1 async for _ in slow]) <= 1, "the stream ends"
    await quick.aclose()
    assert not feed.is_followed


@pytest.mark.parametrize("waits_for", ["frames", "tellings"])
async def test_when_the_watch_ends_everybody_is_let_go(waits_for: str) -> None:
    feed = Feed()
    reader = feed.frames() if waits_for == "frames" else feed.tellings()
    await anext(reader)
    waiting = asyncio.ensure_future(anext(reader, None))
    await asyncio.sleep(0)
    feed.close()
    assert await waiting is None
