"""The view of a watch, in a real browser."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from browser.chromium import PATIENCE_S, Chromium
from caption_parts import CAPTION as SAID
from heliograph.camera.browser_view import BrowserScreen, Place
from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.screen import Facts
from heliograph.camera.summary import Tally
from heliograph.camera.types import Box, Size, Track
from heliograph.clock import SystemClock

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's own
FACTS = Facts("dock.raw", Size(320, 240), "EVT3", 1.0, 0, "openai/gpt-4o")
TRACK = Track(1, Box(10, 20, 60, 80), "confirmed", 0, 0, hits=9)
HOSTILE = "<img src=x onerror=document.title='owned'>"
CAPTION = replace(SAID, text=HOSTILE, at_s=0.5)


def picture(now_us: int) -> NDArray[np.uint8]:
    return np.full((240, 320), now_us // 10_000 % 256, np.uint8)


@contextmanager
def shown(tally: Tally) -> Iterator[BrowserScreen]:
    counters = QueueCounters(waiting=4, in_flight=0, full=1, expired=2, unfinished=0)
    place = Place(("127.0.0.1", 0), None, str)
    with BrowserScreen(
        FACTS, tally, lambda: counters, place=place, clock=SystemClock()
    ) as screen:
        yield screen


async def test_a_watch_is_seen_with_its_pictures_captions_and_end(
    chromium: Chromium,
) -> None:
    with shown(Tally(captions=7, asked=8, errors=1)) as screen:
        screen.caption(CAPTION)
        page = await chromium.open(screen.url)
        await page.shows("dock.raw · 320\N{MULTIPLICATION SIGN}240 · openai/gpt-4o")
        await page.shows(HOSTILE)
        await page.shows("0.50 s · track 1 · openai/gpt-4o")
        width = "document.getElementById('frames').naturalWidth"
        now_us = 0
        async with asyncio.timeout(PATIENCE_S):
            while not await page.look(width):
                now_us += 10_000
                screen.window(now_us, 100, [TRACK], picture)
                await asyncio.sleep(0.01)
        assert await page.look(width) == 640
        fallen = replace(CAPTION, rung="template", provider=None, model=None)
        screen.caption(replace(fallen, text="a car", error="HTTP 503"))
        await page.shows("0.50 s · track 1 · template · HTTP 503")
        numbers = await page.look("document.getElementById('numbers').innerText")
        told = ["captions", "7", "by", "template", "1", "waiting", "4"]
        assert numbers.split()[-len(told) :] == told
        assert await page.look("document.title") == "dock.raw · Heliograph"
    await page.shows("the watch has ended")
    assert page.told("Runtime.exceptionThrown") == []
    said = [event["params"]["entry"]["text"] for event in page.told("Log.entryAdded")]
    assert [text for text in said if "Content Security Policy" in text] == []
