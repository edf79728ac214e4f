"""What the gateway's record calls a caption."""

from dataclasses import replace

from caption_parts import TRACK, job
from heliograph.camera.captioning.tags import TAGS_HEADER, tags_of
from heliograph.gateway.wire.tags import TAGS_HEADER as READ_HEADER
from heliograph.gateway.wire.tags import read_tags


def test_a_caption_is_called_by_camera_class_zone_and_direction() -> None:
    walker = replace(TRACK, velocity_x_px_s=-90.0, velocity_y_px_s=40.0)
    asked = replace(job(), track=walker, zones=("dock", "yard"))
    assert tags_of(asked, "gate-3") == (
        "camera=gate-3,class=moving-object,zone=dock,zone=yard,direction=left-and-down"
    ).replace("left-and-down", "left-down")
    assert tags_of(job(), "gate-3").endswith("direction=none")


def test_the_gateway_reads_every_tag_that_is_sent() -> None:
    strange = replace(TRACK, box=replace(TRACK.box, label="Füße, =\n and more " * 9))
    zones = tuple(f"zone-{n}" + "x" * 57 for n in range(20))
    asked = replace(job(), track=strange, zones=zones)
    read = read_tags(tags_of(asked, "c" * 64).encode())
    assert isinstance(read, tuple)
    assert len(read) == 16
    assert READ_HEADER.decode() == TAGS_HEADER
