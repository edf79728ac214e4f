"""When a watched file is read: once it has changed and stands still."""

from heliograph.gateway.app.watch import POLL_S, SETTLE_S, Mark, Watch

OLD: Mark = (1, 10, 100, 50)
HALF: Mark = (1, 10, 200, 20)
NEW: Mark = (1, 10, 300, 60)
OTHER_FILE: Mark = (1, 11, 100, 50)


def reads(*looks: Mark) -> list[bool]:
    watch = Watch(OLD)
    return [watch.look(found) for found in looks]


def test_a_file_that_stays_as_it_is_is_not_read() -> None:
    assert reads(OLD, OLD, OLD) == [False, False, False]


def test_a_change_is_read_once_when_it_stands_still() -> None:
    assert reads(NEW, NEW, NEW, NEW) == [False, True, False, False]


def test_a_file_still_being_written_is_waited_for() -> None:
    assert reads(HALF, NEW, NEW) == [False, False, True]


def test_a_file_that_is_away_for_a_moment_is_not_missed() -> None:
    assert reads(None, NEW, NEW) == [False, False, True]


def test_a_file_that_stays_away_is_news_once() -> None:
    assert reads(None, None, None, NEW, NEW) == [False, True, False, False, True]


def test_a_change_that_was_taken_back_is_no_change() -> None:
    assert reads(NEW, OLD, OLD) == [False, False, False]


def test_another_file_behind_the_same_name_is_a_change() -> None:
    assert reads(OTHER_FILE, OTHER_FILE) == [False, True]


def test_it_looks_more_often_while_a_file_changes() -> None:
    watch = Watch(OLD)
    waits = []
    for found in (OLD, HALF, NEW, NEW, NEW):
        watch.look(found)
        waits.append(watch.wait_s)
    assert waits == [POLL_S, SETTLE_S, SETTLE_S, POLL_S, POLL_S]
