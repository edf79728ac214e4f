"""`kill -9` under load three times; `make kills` plays a hundred."""

from kills import play

OLD_S = 1.0  # the bound is 0.2; a machine that does three things at once is given more


async def test_what_was_answered_is_on_record_after_a_kill() -> None:
    played = await play(3, old_s=OLD_S)
    assert [found.wrong for found in played] == [[]] * 3
    assert sum(len(found.answered) for found in played) > 50
    assert played[-1].recorded > played[0].recorded
