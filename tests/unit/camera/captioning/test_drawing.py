"""Drafts become jobs: with a network's picture where there is time for one."""

import threading
from collections.abc import Callable
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from caption_parts import TRACK, HandClock
from heliograph.camera.captioning.draft import Draft
from heliograph.camera.captioning.drawing import DRAW_S, WAITING_MAX, Drawing
from heliograph.camera.captioning.prompt import RECKONED, SEEN, Asking
from heliograph.camera.captioning.sight import Grey, see, whole
from heliograph.camera.reconstruction.missed import Missed
from heliograph.camera.types import Box, CaptionJob, Packet
from heliograph.clock import Clock, SystemClock
from waiting import until

PICTURE = np.full((240, 320), 128, np.uint8)
DRAWN = np.full((60, 30), 200, np.uint8)


def draft(number: int) -> Draft:
    job = CaptionJob(replace(TRACK, id=number), number * 1_000, b"", "", inf)
    events = np.full_like(PICTURE, 128)
    sight = see(PICTURE, TRACK.box, whole(PICTURE), events=events)
    return Draft(job, sight, Asking())


class SlowNetwork:
    """Draws once it is let, or gives up where it may not go on; or says what *says*."""

    def __init__(self, says: Grey | Missed = DRAWN) -> None:
        self.says = says
        self.let = threading.Event()
        self.asked: list[tuple[Box, int]] = []

    def draw(
        self,
        packets: tuple[Packet, ...],
        box: Box,
        until_us: int,
        *,
        go_on: Callable[[], bool],
    ) -> Grey | Missed:
        """Wait in steps, as a network goes from grid to grid."""
        del packets
        self.asked.append((box, until_us))
        while not self.let.wait(0.005):
            if not go_on():
                return Missed("late")
        return self.says


class Alerts:
    """Writes down who was accepted, and who was asked about; knows the *known*."""

    def __init__(
        self, asked: list[CaptionJob] | None = None, known: tuple[int, ...] = ()
    ) -> None:
        self.accepted: list[CaptionJob] = []
        self.asked: list[CaptionJob] = [] if asked is None else asked
        self.redrawn: list[int] = []
        self._known = known

    def accept(self, job: CaptionJob) -> CaptionJob | None:
        """Give the job a name, unless it is known."""
        if job.track.id in self._known:
            return None
        self.accepted.append(job)
        return replace(job, id=f"alert-{job.track.id}")

    def put(self, job: CaptionJob, *, redrawn: bool) -> None:
        """Ask about it."""
        assert job.id == f"alert-{job.track.id}"
        self.redrawn += [job.track.id] * redrawn
        self.asked.append(job)


def drawing_of(
    network: SlowNetwork | None,
    jobs: list[CaptionJob] | Alerts,
    *,
    patient: bool = False,
    clock: Clock | None = None,
    stop: threading.Event | None = None,
    told: list[str] | None = None,
) -> Drawing:
    return Drawing(
        network,
        jobs if isinstance(jobs, Alerts) else Alerts(jobs),
        clock=clock or SystemClock(),
        patient=patient,
        stop=stop or threading.Event(),
        warn=None if told is None else told.append,
    )


def ids(jobs: list[CaptionJob]) -> list[int]:
    return sorted(job.track.id for job in jobs)


def test_without_a_network_a_draft_becomes_a_job_at_once() -> None:
    jobs: list[CaptionJob] = []
    with drawing_of(None, jobs) as drawing:
        drawing.put(draft(1))
        assert ids(jobs) == [1]
        drawing.close()
    assert drawing.counters is None
    assert SEEN in jobs[0].prompt


def test_the_job_shows_what_the_network_made_of_its_part_and_says_so() -> None:
    jobs: list[CaptionJob] = []
    network = SlowNetwork()
    network.let.set()
    with drawing_of(network, jobs) as drawing:
        drawing.put(draft(1))
        drawing.close()
    [job] = jobs
    assert job.png == draft(1).finished(DRAWN).png != draft(1).finished().png
    assert RECKONED in job.prompt
    assert SEEN not in job.prompt
    assert network.asked == [(draft(1).sight.part, 1_000)]
    counters = drawing.counters
    assert counters is not None
    assert (counters.drawn, counters.missed) == (1, {})


def test_an_alert_is_accepted_before_its_picture_is_drawn_and_redrawn_after() -> None:
    alerts, network = Alerts(known=(2,)), SlowNetwork()
    with drawing_of(network, alerts) as drawing:
        drawing.put(draft(1))
        drawing.put(draft(2))
        until(lambda: len(network.asked) == 1)
        assert [job.png for job in alerts.accepted] == [draft(1).finished().png]
        assert alerts.asked == []
        network.let.set()
        drawing.close()
    assert [job.png for job in alerts.asked] == [draft(1).finished(DRAWN).png]
    assert (ids(alerts.accepted), alerts.redrawn) == ([1], [1])


def test_what_no_network_made_is_asked_about_as_it_was_accepted() -> None:
    alerts, network = Alerts(), SlowNetwork(Missed("failed", "broken"))
    network.let.set()
    with drawing_of(network, alerts) as drawing:
        drawing.put(draft(1))
        drawing.close()
    assert [job.png for job in alerts.asked] == [draft(1).finished().png]
    assert alerts.redrawn == []


def test_while_one_is_drawn_few_wait_and_the_rest_goes_on_without() -> None:
    jobs: list[CaptionJob] = []
    told: list[str] = []
    network = SlowNetwork()
    with drawing_of(network, jobs, told=told) as drawing:
        drawing.put(draft(1))
        until(lambda: len(network.asked) == 1)
        for number in range(2, WAITING_MAX + 5):
            drawing.put(draft(number))
        assert ids(jobs) == [WAITING_MAX + 2, WAITING_MAX + 3, WAITING_MAX + 4]
        assert all(SEEN in job.prompt for job in jobs)
        network.let.set()
        drawing.close()
    assert ids(jobs) == list(range(1, WAITING_MAX + 5))
    counters = drawing.counters
    assert counters is not None
    assert (counters.drawn, counters.missed) == (WAITING_MAX + 1, {"behind": 3})
    [said] = told
    assert "the ones before it were not done yet" in said


def test_a_picture_takes_no_longer_than_its_time_with_the_wait_before_it() -> None:
    jobs: list[CaptionJob] = []
    clock, network = HandClock(), SlowNetwork()
    with drawing_of(network, jobs, clock=clock) as drawing:
        drawing.put(draft(1))
        drawing.put(draft(2))
        until(lambda: len(network.asked) == 1)
        assert jobs == []
        clock.now_s += DRAW_S
        until(lambda: len(jobs) == 2)
        drawing.close()
    counters = drawing.counters
    assert counters is not None
    assert (counters.drawn, counters.missed) == (0, {"late": 2})


def test_a_reader_that_has_time_waits_for_room_and_every_picture_is_drawn() -> None:
    jobs: list[CaptionJob] = []
    clock, network = HandClock(), SlowNetwork()
    with drawing_of(network, jobs, patient=True, clock=clock) as drawing:
        threading.Timer(0.1, network.let.set).start()
        for number in range(1, 9):
            clock.now_s += DRAW_S
            drawing.put(draft(number))
        drawing.close()
    assert [job.track.id for job in jobs] == list(range(1, 9))
    counters = drawing.counters
    assert counters is not None
    assert (counters.drawn, counters.missed) == (8, {})


def test_a_network_that_fails_costs_no_alert_and_is_told_of_once() -> None:
    jobs: list[CaptionJob] = []
    told: list[str] = []
    network = SlowNetwork(Missed("failed", "indices out of bounds"))
    network.let.set()
    with drawing_of(network, jobs, patient=True, told=told) as drawing:
        for number in range(1, 6):
            drawing.put(draft(number))
        drawing.close()
    assert ids(jobs) == [1, 2, 3, 4, 5]
    assert all(SEEN in job.prompt for job in jobs)
    counters = drawing.counters
    assert counters is not None
    assert counters.missed == {"failed": 5}
    [said] = told
    assert said.startswith("a picture was not reconstructed: indices out of bounds; ")


def test_too_few_events_are_counted_and_not_told() -> None:
    told: list[str] = []
    network = SlowNetwork(Missed("few"))
    network.let.set()
    with drawing_of(network, [], told=told) as drawing:
        drawing.put(draft(1))
        drawing.close()
    assert drawing.counters is not None
    assert drawing.counters.missed == {"few": 1}
    assert told == []


def test_who_stops_has_what_waits_as_jobs_at_once() -> None:
    jobs: list[CaptionJob] = []
    told: list[str] = []
    stop, network = threading.Event(), SlowNetwork()
    with drawing_of(network, jobs, patient=True, stop=stop, told=told) as drawing:
        for number in range(1, WAITING_MAX + 2):
            drawing.put(draft(number))
        stop.set()
        drawing.put(draft(9))
        drawing.close()
    assert ids(jobs) == [1, 2, 3, 9]
    assert told == []


def test_a_fault_of_who_takes_the_jobs_reaches_the_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", noted.append)

    class Broken(Alerts):
        """Asks about nobody."""

        def put(self, job: CaptionJob, *, redrawn: bool) -> None:
            raise OSError(f"no more jobs than {job.track.id}, {redrawn}")

    network = SlowNetwork()
    network.let.set()
    drawing = Drawing(
        network, Broken(), clock=SystemClock(), patient=True, stop=threading.Event()
    )
    with drawing:
        drawing.put(draft(1))
        until(lambda: len(noted) == 1)
        with pytest.raises(RuntimeError, match="what draws pictures died"):
            drawing.put(draft(2))
        with pytest.raises(RuntimeError, match="what draws pictures died"):
            drawing.close()


def test_a_watch_that_ends_by_an_error_submits_nothing_more() -> None:
    jobs: list[CaptionJob] = []
    network = SlowNetwork()

    def watched() -> None:
        with drawing_of(network, jobs, patient=True) as drawing:
            drawing.put(draft(1))
            until(lambda: len(network.asked) == 1)
            drawing.put(draft(2))
            raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        watched()
    assert jobs == []
    assert len(network.asked) == 1
