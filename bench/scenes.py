"""How many times faster than real time one core makes labelled scenes.

    python bench/scenes.py --images DIR --videos DIR --scenes 24

One process, one thread of OpenCV, 320x240; planned, filmed and encoded as RAW EVT3.
The CPU time of the process counts, so that a busy machine changes less. Reading the
pictures, once a process, and compiling are told apart. `make bench-scenes`
"""

import argparse
from io import BytesIO
from pathlib import Path
from time import process_time

import cv2

from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import Size
from heliograph.simulation.scenes.library import Library, load_library
from heliograph.simulation.scenes.settings import SceneSettings
from heliograph.simulation.scenes.write import scene

SIZE = Size(320, 240)
SECONDS = 0.6
WARM = 3
"""After so many scenes every loop was compiled, or loaded."""


def made(
    settings: SceneSettings, library: Library, number: int
) -> tuple[str, list[float]]:
    """Return a scene's camera, and its CPU time, seconds, pictures and events."""
    begin = process_time()
    plan, filmed = scene(settings, library, number)
    with Evt3Writer(BytesIO(), plan.size) as writer:
        writer.append(filmed.events)
    spent = process_time() - begin
    pictures = len(plan.times_us())
    return plan.camera.motion, [spent, plan.seconds, pictures, filmed.events.size]


def main() -> None:
    """Make scenes and print a line for a static camera, one that moves, and both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=24)
    told = parser.parse_args()
    cv2.setNumThreads(1)
    begin = process_time()
    library = load_library(told.images, told.videos, "train")
    print(f"reading pictures and videos: {process_time() - begin:.1f} s")
    settings = SceneSettings(
        told.images, told.videos, told.scenes, seed=3, seconds=SECONDS, size=SIZE
    )
    begin = process_time()
    for number in range(WARM):
        made(settings, library, told.scenes + number)
    print(f"the first {WARM} scenes: {process_time() - begin:.1f} s")
    rows: dict[str, list[list[float]]] = {"static": [], "moving": []}
    for number in range(told.scenes):
        motion, row = made(settings, library, number)
        rows["static" if motion == "static" else "moving"].append(row)
    print("camera  scenes  times real time  pictures/s  Mev/s")
    for name, some in [*rows.items(), ("both", rows["static"] + rows["moving"])]:
        if not some:
            continue
        columns = zip(*some, strict=True)
        spent, lasted, pictures, events = (sum(column) for column in columns)
        print(
            f"{name:<8}{len(some):6}{lasted / spent:17.1f}"
            f"{pictures / lasted:12.0f}{events / lasted / 1e6:7.2f}"
        )


if __name__ == "__main__":
    main()
