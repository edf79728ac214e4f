"""A scrape waits for every other worker, for a bounded time."""

from heliograph.gateway.app.scrapes import PATIENCE_S, Scrapes


def test_a_scrape_is_done_when_all_others_have_told() -> None:
    scrapes = Scrapes()
    count = scrapes.begin(1, 7, {2, 3}, now_s=0.0)
    scrapes.told(count, 2)
    assert scrapes.done(0.1) == []
    scrapes.told(count, 3)
    (done,) = scrapes.done(0.1)
    assert (done.asker, done.number) == (1, 7)
    assert scrapes.done(99.0) == []


def test_one_alone_waits_for_nobody() -> None:
    scrapes = Scrapes()
    scrapes.begin(1, 7, set(), now_s=0.0)
    assert len(scrapes.done(0.0)) == 1


def test_a_worker_that_does_not_tell_is_not_waited_for_for_ever() -> None:
    scrapes = Scrapes()
    assert scrapes.due_s == float("inf")
    scrapes.begin(1, 7, {2}, now_s=5.0)
    assert scrapes.due_s == 5.0 + PATIENCE_S
    assert scrapes.done(5.0 + PATIENCE_S / 2) == []
    assert len(scrapes.done(5.0 + PATIENCE_S)) == 1


def test_a_worker_that_died_is_not_waited_for_and_answered_nothing() -> None:
    scrapes = Scrapes()
    scrapes.begin(1, 7, {2}, now_s=0.0)
    scrapes.begin(2, 8, {1}, now_s=0.0)
    scrapes.gone(2)
    assert [scrape.asker for scrape in scrapes.done(0.0)] == [1]
    assert scrapes.under_way == {}


def test_what_is_told_late_or_unasked_changes_nothing() -> None:
    scrapes = Scrapes()
    count = scrapes.begin(1, 7, {2}, now_s=0.0)
    scrapes.told(0, 2)
    assert scrapes.done(0.0) == []
    scrapes.done(PATIENCE_S)
    scrapes.told(count, 2)
    assert scrapes.under_way == {}
