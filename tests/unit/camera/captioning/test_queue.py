"""Bounded, counted and never stuck: the queue between the reader and the gateway."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from caption_parts import HandClock, answer_to, job
from heliograph.camera.captioning.queue import CaptionQueue
from heliograph.camera.types import Caption, CaptionJob
from heliograph.clock import SystemClock

WAIT_S = 10.0


class SlowModel:
    """Answers once it is let; tells how many it is busy with."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.busy = threading.Semaphore(0)

    def __call__(self, asked: CaptionJob) -> Caption:
        self.busy.release()
        assert self.let.wait(WAIT_S)
        return answer_to(asked)

    def wait_until_busy(self, workers: int = 1) -> None:
        for _ in range(workers):
            assert self.busy.acquire(timeout=WAIT_S)


def queue_of(
    caption: Callable[[CaptionJob], Caption],
    delivered: list[Caption],
    *,
    workers: int = 1,
    size_max: int = 2,
    patient: bool = False,
    clock: HandClock | SystemClock | None = None,
) -> CaptionQueue[Caption]:
    return CaptionQueue(
        caption,
        delivered.append,
        lambda left, why: replace(answer_to(left), error=why),
        clock=clock or SystemClock(),
        workers=workers,
        size_max=size_max,
        patient=patient,
    )


def ids(captions: list[Caption]) -> list[int]:
    return sorted(caption.track_id for caption in captions)


def test_every_job_is_captioned_and_close_waits_for_the_last_one() -> None:
    delivered: list[Caption] = []
    queue = queue_of(answer_to, delivered, size_max=100)
    for number in range(1, 31):
        queue.put(job(number))
    queue.close(drain_s=WAIT_S)
    assert ids(delivered) == list(range(1, 31))
    assert (queue.counters.overtaken, queue.counters.unfinished) == (0, 0)


def test_a_full_queue_lets_its_oldest_go_and_says_why_at_once() -> None:
    model, delivered = SlowModel(), list[Caption]()
    queue = queue_of(model, delivered)
    queue.put(job(1))
    model.wait_until_busy()
    for number in (2, 3, 4, 5):
        queue.put(job(number))
    assert queue.counters.full == queue.counters.overtaken == 2
    assert [(c.track_id, c.error) for c in delivered] == [
        (2, "a newer picture took its place"),
        (3, "a newer picture took its place"),
    ]
    assert (queue.counters.waiting, queue.counters.in_flight) == (2, 1)
    model.let.set()
    queue.close(drain_s=WAIT_S)
    assert [c.track_id for c in delivered if c.error is None] == [1, 4, 5]


def test_a_job_past_its_deadline_is_not_asked_about_and_is_counted() -> None:
    clock, model, delivered = HandClock(), SlowModel(), list[Caption]()
    queue = queue_of(model, delivered, clock=clock)
    queue.put(job(1))
    model.wait_until_busy()
    queue.put(job(2, deadline_s=clock.now_s + 5))
    queue.put(job(3, deadline_s=clock.now_s + 50))
    clock.now_s += 10
    model.let.set()
    queue.close(drain_s=WAIT_S)
    assert [(c.track_id, c.error) for c in delivered] == [
        (1, None),
        (2, "no worker was free in time"),
        (3, None),
    ]
    assert queue.counters.expired == queue.counters.overtaken == 1


def test_a_patient_queue_holds_the_reader_and_drops_nothing() -> None:
    model, delivered = SlowModel(), list[Caption]()
    queue = queue_of(model, delivered, patient=True)
    read = threading.Event()

    def reader() -> None:
        for number in range(1, 9):
            queue.put(job(number))
        read.set()

    thread = threading.Thread(target=reader)
    thread.start()
    model.wait_until_busy()
    assert not read.wait(0.3)
    model.let.set()
    assert read.wait(WAIT_S)
    thread.join()
    queue.close(drain_s=WAIT_S)
    assert ids(delivered) == list(range(1, 9))
    assert (queue.counters.overtaken, queue.counters.unfinished) == (0, 0)


def test_a_patient_reader_is_let_go_when_it_shall_stop() -> None:
    model, delivered, stop = SlowModel(), list[Caption](), threading.Event()
    queue = queue_of(model, delivered, patient=True)
    queue.put(job(1))
    model.wait_until_busy()
    queue.put(job(2))
    queue.put(job(3))
    stop.set()
    queue.put(job(4), stop=stop)
    model.let.set()
    queue.close(drain_s=WAIT_S, discard=True)
    assert len(delivered) + queue.counters.unfinished == 4


def test_one_slow_answer_does_not_hold_up_the_others() -> None:
    slow, delivered = SlowModel(), list[Caption]()
    others = threading.Semaphore(0)

    def caption(asked: CaptionJob) -> Caption:
        if asked.track.id == 1:
            return slow(asked)
        others.release()
        return answer_to(asked)

    queue = queue_of(caption, delivered, workers=2, size_max=9)
    queue.put(job(1))
    slow.wait_until_busy()
    for number in range(2, 6):
        queue.put(job(number))
    for _ in range(4):
        assert others.acquire(timeout=WAIT_S)
    slow.let.set()
    queue.close(drain_s=WAIT_S)
    assert ids(delivered) == [1, 2, 3, 4, 5]


def test_close_lets_go_of_a_hanging_answer_and_delivers_nothing_after_it() -> None:
    model, delivered = SlowModel(), list[Caption]()
    late = threading.Event()

    def caption(asked: CaptionJob) -> Caption:
        answer = model(asked)
        late.set()
        return answer

    queue = queue_of(caption, delivered)
    queue.put(job(1))
    model.wait_until_busy()
    queue.put(job(2))
    queue.close(drain_s=0.1)
    assert queue.counters.unfinished == 2
    model.let.set()
    assert late.wait(WAIT_S)
    queue.close(drain_s=WAIT_S)
    assert delivered == []
    assert queue.counters.unfinished == 2


def test_discard_drops_what_waits_and_keeps_what_is_asked() -> None:
    model, delivered = SlowModel(), list[Caption]()
    queue = queue_of(model, delivered)
    queue.put(job(1))
    model.wait_until_busy()
    queue.put(job(2))
    model.let.set()
    queue.close(drain_s=WAIT_S, discard=True)
    # The worker may have taken the second one as the first was let go.
    assert len(delivered) + queue.counters.unfinished == 2
    assert 1 in ids(delivered)


def test_a_closed_queue_takes_no_more_jobs() -> None:
    queue = queue_of(answer_to, [])
    queue.close(drain_s=WAIT_S)
    with pytest.raises(RuntimeError, match="closed"):
        queue.put(job(1))


def test_a_fault_in_a_worker_is_told_to_the_reader_instead_of_hanging_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: seen.set())

    def caption(asked: CaptionJob) -> Caption:
        raise LookupError(asked.t_us)

    queue = queue_of(caption, [], patient=True, size_max=1)
    queue.put(job(1))
    assert seen.wait(WAIT_S)
    with pytest.raises(RuntimeError, match="worker died"):
        queue.put(job(2))
    queue.close(drain_s=WAIT_S)
