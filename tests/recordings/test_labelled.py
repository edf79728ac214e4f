"""Real labels of a real sensor."""

from heliograph.labelled import open_labelled
from recordings.shared_data import labelled_path


def test_pedro_is_read_as_its_authors_wrote_it() -> None:
    windows = list(open_labelled(labelled_path("pedro"), history_us=40_000))
    assert [len(window.boxes) for window in windows] == [1, 1, 1, 2, 4]
    assert {box.label for window in windows for box in window.boxes} == {"person"}
    # Their boxes are whole pixels; the share of 346 x 260 gives them back.
    sides = [round(v, 6) for v in (windows[0].boxes[0].x, windows[0].boxes[0].y)]
    assert sides == [28.0, 85.0]
    assert all(36_000 < w.t_us - int(w.events["t"][0]) < 40_000 for w in windows)
    # Who walks stands out: the box holds more events than as much of the rest.
    window = windows[1]
    box, events = window.boxes[0], window.events
    inside = (abs(events["x"] - box.x - box.width / 2) <= box.width / 2) & (
        abs(events["y"] - box.y - box.height / 2) <= box.height / 2
    )
    share = box.area / (window.size.width * window.size.height)
    assert inside.mean() > 1.5 * share
