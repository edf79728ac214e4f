from pathlib import Path

from heliograph import camera
from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.labelled.history import History
from labelled_files import SIZE, ticks

SECONDS = 40
"""Over two wraps of EVT3's clock."""


def test_no_more_is_held_than_the_history_however_long_the_recording(
    tmp_path: Path,
) -> None:
    path = tmp_path / "long.raw"
    with Evt3Writer(path, SIZE) as writer:
        writer.append(ticks(0, SECONDS * 1_000_000, 1_000))
        writer.advance(SECONDS * 1_000_000)
    with camera.open(path) as recording:
        history = History(recording, 50_000)
        # Near each other, then seconds apart: what lies between is passed over.
        times = [
            *range(100_000, 2_000_000, 7_000),
            *range(2_000_000, 39_000_000, 3_000_000),
        ]
        for t_us in times:
            events = history.until(t_us)
            assert len(events) == 50
            assert events["t"].max() == t_us // 1_000 * 1_000
            assert sum(len(packet) for _, packet in history._held) <= 70
        last_us, rest = history.whole()
    assert last_us == SECONDS * 1_000_000 - 1_000
    assert len(rest) == 50
