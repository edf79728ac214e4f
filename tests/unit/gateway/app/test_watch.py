"""When a watched file is read: once it has changed and stands still."""

from heliograph.gateway.app.watch import POLL_S, SETTLE_S, Marks, Watch

OLD: Marks = ((1, 10, 100, 50),)
HALF: Marks = ((1, 10, 200, 20),)
NEW: Marks = ((1, 10, 300, 60),)
OTHER_FILE: Marks = ((1, 11, 100, 50),)
GONE: Marks = (None,)


def reads(*looks: Marks) -> list[bool]:
    watch = Watch(OLD)
    return [watch.look(found) for found in looks]


def test_a_file_that_stays_as_it_is_is_not_read() -> None:
    assert reads(OLD, OLD, OLD) == [False, False, False]


def test_a_change_is_read_once_when_it_stands_still() -> None:
    assert reads(NEW, NEW, NEW, NEW) == [False, True, False, False]


def test_a_file_still_being_written_is_waited_for() -> None:
    assert reads(HALF, NEW, NEW) == [False, False, True]


def test_a_file_that_is_away_for_a_moment_is_not_missed() -> None:
    assert reads(GONE, NEW, NEW) == [False, False, True]


def test_a_file_that_stays_away_is_news_once() -> None:
    assert reads(GONE, GONE, GONE, NEW, NEW) == [False, True, False, False, True]


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


def test_a_change_of_the_second_file_counts_as_one_of_the_first() -> None:
    watch = Watch((*OLD, *OLD))
    looks = [(*OLD, *HALF), (*OLD, *NEW), (*OLD, *NEW), (*OLD, *NEW), (*OLD, *GONE)]
    assert [watch.look(marks) for marks in looks] == [False, False, True, False, False]


def test_what_was_read_because_somebody_asked_is_no_change() -> None:
    watch = Watch(OLD)
    watch.look(NEW)
    watch.read(NEW)
    assert [watch.look(NEW), watch.look(NEW)] == [False, False]
