"""The life of each track as messages, in the form that Frigate's users know.

`new` when it is confirmed, `update` when it comes to rest, moves on or is captioned,
`end` when it is gone; each with what was known before and what is known now.
https://docs.frigate.video/integrations/mqtt#frigateevents
"""

from collections.abc import Sequence
from typing import Any

from heliograph.camera.types import Caption, Track

Event = dict[str, Any]
"""One message, as it becomes JSON."""


class TrackEvents:
    """What to tell of the tracks of *camera*; *mark* begins their ids.

    Times are wall-clock seconds, boxes `[left, top, right, bottom]` in pixels.
    """

    def __init__(self, camera: str, mark: str) -> None:
        self._camera = camera
        self._mark = mark
        self._told: dict[int, Event] = {}

    def window(
        self, tracks: Sequence[Track], now_us: int, wall_s: float
    ) -> list[Event]:
        """Return what there is to tell of *tracks*, which are all that live."""
        events = []
        alive = set()
        for track in tracks:
            alive.add(track.id)
            before = self._told.get(track.id)
            if before is None:
                if track.state == "confirmed":
                    events.append(self._tell(track, now_us, wall_s, None))
            elif before["stationary"] != (track.state == "stationary"):
                events.append(self._tell(track, now_us, wall_s, before))
        for id_ in [id_ for id_ in self._told if id_ not in alive]:
            before = self._told.pop(id_)
            events.append(_event("end", before, {**before, "end_time": wall_s}))
        return events

    def caption(self, caption: Caption) -> Event | None:
        """Return what *caption* adds to its track; None where that is gone."""
        before = self._told.get(caption.track_id)
        if before is None or not caption.id.startswith(f"{self._mark}-"):
            return None
        after = {**before, "description": caption.text, "rung": caption.rung}
        self._told[caption.track_id] = after
        return _event("update", before, after)

    def _tell(
        self, track: Track, now_us: int, wall_s: float, before: Event | None
    ) -> Event:
        box = track.box
        corners = (box.x, box.y, box.x + box.width, box.y + box.height)
        after = {
            "id": f"{self._mark}-{track.id}",
            "camera": self._camera,
            "label": box.label,
            "score": round(box.score, 3),
            "frame_time": round(wall_s, 3),
            "start_time": round(wall_s - (now_us - track.first_us) / 1e6, 3),
            "end_time": None,
            "box": [round(side, 1) for side in corners],
            "area": round(box.area),
            "velocity_px_s": [
                round(track.velocity_x_px_s, 1),
                round(track.velocity_y_px_s, 1),
            ],
            "stationary": track.state == "stationary",
            "description": None if before is None else before["description"],
            "rung": None if before is None else before["rung"],
        }
        self._told[track.id] = after
        return _event("new" if before is None else "update", before, after)


def _event(kind: str, before: Event | None, after: Event) -> Event:
    return {"type": kind, "before": before, "after": after}
