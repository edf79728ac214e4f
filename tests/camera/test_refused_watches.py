"""What a watch refuses before it asks or writes anything."""

from pathlib import Path

import pytest

from heliograph.camera.config import SettingError, SpoolSettings, WatchSettings
from heliograph.camera.pipeline import watch
from moving_bar import write_moving_bar

NOBODY = "http://127.0.0.1:9"


def test_what_no_spool_knows_cannot_be_resumed(tmp_path: Path) -> None:
    bar, out = write_moving_bar(tmp_path / "bar.raw", seconds=0.1), tmp_path / "out"
    with pytest.raises(SettingError, match="name the one of the last watch with --sp"):
        watch(bar, gateway=NOBODY, model="m", out=out, resume=True)
    assert not out.exists()


def test_captions_are_not_written_into_the_spool(tmp_path: Path) -> None:
    bar, file = write_moving_bar(tmp_path / "bar.raw", seconds=0.1), tmp_path / "one"
    settings = WatchSettings(spool=SpoolSettings(file))
    with pytest.raises(SettingError, match="is the spool; name another file"):
        watch(bar, gateway=NOBODY, model="m", out=file, settings=settings)
    assert not file.exists()
