"""Which picture comes next, which goes, and that none goes uncounted."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caption_parts import job
from heliograph.camera.captioning.spool_plan import Entry, SpoolPlan, rank
from heliograph.camera.config import SettingError, SpoolSettings

FILE = Path("spool.db")


def plan(rows_max: int = 100, bytes_max: int = 10_000, **more: float) -> SpoolPlan:
    return SpoolPlan(
        SpoolSettings(FILE, rows_max=rows_max, bytes_max=bytes_max, **more)
    )


def entry(
    number: int, *, priority: int = 1, size: int = 10, held: bool = False
) -> Entry:
    """Return an entry that came at *number* seconds and is kept for a hundred."""
    return Entry(f"a{number}", number, number + 100.0, priority, size, held=held)


def drained(spool: SpoolPlan) -> list[str]:
    order = []
    while (taken := spool.next()) is not None:
        order.append(taken.id)
        spool.remove(taken.id)
    return order


def test_the_newest_of_the_highest_priority_comes_first() -> None:
    spool = plan()
    for each in (entry(1), entry(2, priority=0), entry(3), entry(4, priority=0)):
        assert spool.add(each) == ()
    assert drained(spool) == ["a3", "a1", "a4", "a2"]


def test_places_rank_above_reasons_and_repeats_below_news() -> None:
    news, repeat = job(), replace(job(), reason="again")
    urgent = replace(repeat, priority=2)
    happened = replace(job(), reason="enter", priority=2)
    assert rank(repeat) < rank(news) < rank(urgent) < rank(happened)


def test_what_somebody_asks_about_is_not_asked_about_twice() -> None:
    spool = plan()
    spool.add(entry(1))
    spool.add(entry(2, held=True))
    assert (spool.rows, spool.waiting) == (2, 1)
    spool.hold("a1")
    assert spool.next() is None
    spool.free("a2")
    assert drained(spool) == ["a2"]


def test_a_picture_that_breaks_the_gateway_does_not_stop_the_others() -> None:
    spool = plan()
    for number in range(1, 4):
        spool.add(entry(number))
    assert spool.free("a3", tried=True) == 1
    assert drained(spool) == ["a2", "a1", "a3"]


def test_a_full_spool_gives_up_the_oldest_of_the_lowest_priority() -> None:
    spool = plan(rows_max=3)
    for each in (entry(1), entry(2, priority=0), entry(3)):
        spool.add(each)
    assert spool.add(entry(4)) == ("a2",)
    assert spool.add(entry(5)) == ("a1",)
    assert spool.lost == {"full": 2}
    assert drained(spool) == ["a5", "a4", "a3"]


def test_bytes_are_bounded_like_rows_and_one_too_large_drives_nothing_out() -> None:
    spool = plan(bytes_max=100)
    for number in range(1, 11):
        spool.add(entry(number))
    assert spool.add(entry(11, size=25)) == ("a1", "a2", "a3")
    assert spool.bytes == 95
    assert spool.add(entry(12, size=101)) == ("a12",)
    assert (spool.rows, spool.lost["full"]) == (8, 4)


def test_another_picture_of_an_entry_takes_up_its_own_room() -> None:
    spool = plan(bytes_max=100)
    for each in (entry(1, size=40), entry(2, size=40, held=True)):
        assert spool.add(each) == ()
    spool.resize("a2", 55)
    spool.resize("a9", 1_000)
    assert spool.bytes == 95
    kept = spool.entry("a2")
    assert kept is not None
    assert (kept.bytes, kept.held) == (55, True)
    assert spool.add(entry(3, size=10)) == ("a1",)
    assert spool.bytes == 65


def test_what_is_under_way_never_gives_way() -> None:
    spool = plan(rows_max=2)
    spool.add(entry(1, held=True))
    spool.add(entry(2, held=True))
    assert spool.add(entry(3, held=True)) == ("a3",)
    assert spool.lost == {"full": 1}


def test_a_picture_past_its_deadline_is_thrown_away_and_counted() -> None:
    spool = plan()
    for each in (entry(1), entry(2), entry(3, held=True)):
        spool.add(each)
    assert spool.expire(100.9) == ()
    assert spool.expire(103.5) == ("a1", "a2")
    assert spool.lost == {"expired": 2}
    spool.free("a3")
    assert spool.expire(103.5) == ("a3",)


def test_the_rate_is_kept() -> None:
    spool = plan(captions_per_s=0.5)
    assert spool.wait_s(10.0) == 0.0
    spool.spend(10.0)
    assert spool.wait_s(10.5) == pytest.approx(1.5)
    assert spool.wait_s(12.0) == 0.0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "hold", "free", "done", "expire"]),
            st.integers(0, 30),
            st.integers(0, 60),
        ),
        max_size=60,
    )
)
def test_whatever_happens_each_picture_is_kept_done_or_counted_as_lost(
    steps: list[tuple[str, int, int]],
) -> None:
    spool = plan(rows_max=5, bytes_max=120)
    accepted, done, now_s = set[str](), 0, 0.0
    for doing, number, size in steps:
        now_s += 5.0
        id_ = f"a{number}"
        known = spool.entry(id_) is not None
        if doing == "add" and not known:
            accepted.add(f"{id_}@{now_s}")
            spool.add(Entry(id_, now_s, now_s + 50, size % 2, size))
        elif doing == "hold":
            spool.hold(id_)
        elif doing == "free":
            spool.free(id_)
        elif doing == "done" and known:
            spool.remove(id_)
            done += 1
        elif doing == "expire":
            spool.expire(now_s)
        assert spool.rows <= 5
        assert 0 <= spool.bytes <= 120
    assert len(accepted) == spool.rows + done + spool.lost.total()


@pytest.mark.parametrize("name", ["rows_max", "bytes_max", "keep_s", "captions_per_s"])
def test_a_spool_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match=f"spool: {name} must be above 0"):
        SpoolSettings(FILE, **{name: 0})
