"""A camera's file is told from a gateway's without loading the camera's packages."""

from heliograph.camera.config.file import SECTIONS
from heliograph.cli.kinds import CAMERA_KEYS
from heliograph.gateway.config import schema


def test_what_makes_a_file_a_cameras_are_the_sections_it_may_have() -> None:
    assert set(SECTIONS) == CAMERA_KEYS
    assert set(schema.TOP_KEYS).isdisjoint(CAMERA_KEYS)
