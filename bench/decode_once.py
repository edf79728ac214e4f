"""Read one recording with one decoder, and print how long it took and what came.

    python bench/decode_once.py DECODER RECORDING

Runs in the peers' environment too, so it imports nothing of ours but for our own
decoder. A first short read warms up what is loaded or compiled at first use.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any

WINDOW_US = 10_000
Found = tuple[int, int]
"""How many events there were, and the time of the last."""


def heliograph_windows(path: str) -> Found:
    """Read windows of 10 ms, as a watch does."""
    return ours(path, WINDOW_US)


def heliograph_whole(path: str) -> Found:
    """Read all events in one array, as most peers do."""
    return ours(path, 1 << 50)


def ours(path: str, delta_t_us: int) -> Found:
    """Read with `camera.open`."""
    camera = import_module("heliograph.camera")
    count, last_us = 0, -1
    with camera.open(path, delta_t_us) as recording:
        for packet in recording:
            count += len(packet)
            last_us = int(packet["t"][-1]) if len(packet) else last_us
    return count, last_us


def eventcv(path: str) -> Found:
    """Load with eventcv."""
    events = import_module("eventcv").load(path).numpy()
    return len(events), int(events[-1, 2])


def evt3(path: str) -> Found:
    """Decode with evt3, which knows no other format and does not look."""
    if "EVT2" in path:
        raise ValueError("not its format")
    events = import_module("evt3").decode_file(path)
    return len(events.timestamp), int(events.timestamp[-1])


def faery(path: str) -> Found:
    """Stream with faery."""
    count, last_us = 0, -1
    for packet in import_module("faery").events_stream_from_file(path):
        count += len(packet)
        last_us = int(packet["t"][-1]) if len(packet) else last_us
    return count, last_us


def expelliarmus(path: str) -> Found:
    """Read with expelliarmus."""
    wizard: Any = import_module("expelliarmus").Wizard
    encoding = "evt2" if "EVT2" in path else "evt3"
    events = wizard(encoding=encoding).read(path)
    return len(events), int(events["t"][-1])


DECODERS: dict[str, Callable[[str], Found]] = {
    "heliograph, 10 ms windows": heliograph_windows,
    "heliograph, whole": heliograph_whole,
    "eventcv": eventcv,
    "evt3": evt3,
    "faery": faery,
    "expelliarmus": expelliarmus,
}


def main() -> None:
    """Read twice and tell of the second time."""
    _, name, path = sys.argv
    decode = DECODERS[name]
    decode(path)
    begin = perf_counter()
    events, last_us = decode(path)
    seconds = perf_counter() - begin
    print(json.dumps({"seconds": seconds, "events": events, "last_us": last_us}))


if __name__ == "__main__":
    main()
