"""What a caption is called in the gateway's record: `x-heliograph-tags`.

So costs can be asked for by camera, class, zone and direction, and captions be told
apart that look alike. A tag is of few characters there; others become dashes.
"""

import re

from heliograph.camera.captioning.prompt import way_of
from heliograph.camera.types import CaptionJob

TAGS_HEADER = "x-heliograph-tags"
TAG_CHARACTERS_MAX = 64
TAGS_MAX = 16
_OTHER = re.compile(r"[^A-Za-z0-9._:/@+-]+")


def tags_of(job: CaptionJob, camera: str) -> str:
    """Return the header's value for *job* of *camera*."""
    way = way_of(job.track) or "none"
    pairs = [
        ("camera", camera),
        ("class", job.track.box.label),
        *(("zone", zone) for zone in job.zones),
        ("direction", way.replace(" and ", "-")),
    ]
    tags = [f"{name}={_plain(value)}"[:TAG_CHARACTERS_MAX] for name, value in pairs]
    return ",".join(tags[:TAGS_MAX])


def _plain(value: str) -> str:
    return _OTHER.sub("-", value) or "-"
