"""What filming labelled scenes costs: CPU seconds for each second of scene.

    python bench/scene_simulation.py --images DIR --videos DIR --scenes 40

One process, one thread of OpenCV, 320x240; the CPU time of the process, so that a busy
machine changes little. Reading the pictures, done once a process, is told apart.
"""

import argparse
from pathlib import Path
from time import process_time

import cv2

from heliograph.camera.types import Size
from heliograph.simulation.scenes.film import film
from heliograph.simulation.scenes.library import load_library
from heliograph.simulation.scenes.plan import draw_plan
from heliograph.simulation.scenes.settings import SceneSettings


def main() -> None:
    """Film scenes and print a line for each kind of camera and one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=40)
    told = parser.parse_args()
    cv2.setNumThreads(1)
    begin = process_time()
    library = load_library(told.images, told.videos, "train")
    print(f"reading pictures and videos: {process_time() - begin:.1f} s")
    settings = SceneSettings(
        told.images, told.videos, told.scenes, seed=3, size=Size(320, 240)
    )
    # Loops are compiled, or loaded, at their first use.
    film(draw_plan(settings, library, 0))
    film(draw_plan(settings, library, 1))
    rows: dict[str, list[tuple[float, int, float]]] = {}
    for number in range(told.scenes):
        begin = process_time()
        plan = draw_plan(settings, library, number)
        events = film(plan).events.size
        row = (process_time() - begin, events, 1e6 / plan.frame_us)
        rows.setdefault(plan.camera.motion, []).append(row)
    print("camera      scenes  CPU s/s  times real time  pictures/s  Mev/s")
    everything = [row for kind in rows.values() for row in kind]
    for name, some in [*sorted(rows.items()), ("all", everything)]:
        cost, events_s, pictures = (
            sum(row[at] for row in some) / len(some) for at in range(3)
        )
        print(
            f"{name:<12}{len(some):5} {cost:9.3f} {1 / cost:12.1f} "
            f"{pictures:14.0f} {events_s / 1e6:9.2f}"
        )


if __name__ == "__main__":
    main()
