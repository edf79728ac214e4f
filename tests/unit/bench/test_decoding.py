"""The benchmark of decoders: its files are right, and who is wrong is told."""

from pathlib import Path

import numpy as np
from decoding import table, write_files

from event_words import SMALL_EVT3
from heliograph import camera


def test_both_files_hold_the_recording_over_and_over(tmp_path: Path) -> None:
    source = tmp_path / "in.raw"
    source.write_bytes(SMALL_EVT3)
    files, (count, last_us) = write_files(source, tmp_path, events=100)
    assert count == 23 * 4
    found = {}
    for kind, path in files.items():
        with camera.open(path) as recording:
            assert recording.format == kind
            found[kind] = np.concatenate(list(recording))
    assert np.array_equal(found["EVT2"], found["EVT3"])
    assert len(found["EVT3"]) == count
    assert found["EVT3"]["t"][-1] == last_us


def test_a_wrong_answer_is_told_beside_its_speed() -> None:
    right = {"seconds": 0.5, "events": 1e6, "last_us": 99.0}
    rounds = {
        ("ours", "EVT3"): [right, right | {"seconds": 0.25}],
        ("ours", "EVT2"): [right],
        ("theirs", "EVT3"): [right | {"events": 7.0}],
        ("theirs", "EVT2"): [{"seconds": float("inf"), "events": -1, "last_us": -1}],
        ("others", "EVT3"): [right | {"last_us": 1_099.0}],
        ("others", "EVT2"): [right],
    }
    lines = table(["ours", "theirs", "others"], rounds, (1_000_000, 99))
    assert lines[2:] == [
        "| ours | 4 | 2 |  |",
        "| theirs | 2 | - | EVT3: wrong, 7 events; EVT2: cannot |",
        "| others | 2 | 2 | EVT3: wrong, the last is +1,000 µs off |",
    ]
