"""What was said, in the ledger."""

import json
from collections.abc import Callable, Sequence

from heliograph.gateway.ledger import bodies
from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.prune import Pruner
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.show import shown
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import Bodies, Exchange, Keeping, Said, Secret
from ledger_parts import AT_S, Told, answered, one

Make = Callable[..., Recorder]
COUNT = "SELECT COUNT(*) FROM bodies"


def said(request: str, *answer: str, most: int = 1000) -> Said:
    found = Said(request.encode(), most)
    for piece in answer:
        found.take(piece.encode())
    return found


def test_of_an_answer_no_more_is_held_than_is_kept() -> None:
    found = said("ask", "12345", "6789", "0123", most=10)
    assert bytes(found.answer) == b"1234567890"
    assert found.cut
    found = said("ask", "12345", "67890", most=10)
    assert not found.cut


def test_what_was_said_is_kept_beside_its_exchange(
    recorder_here: Make, database: Database
) -> None:
    recorder = recorder_here(Told(), posters=[bodies.post])
    recorder.record(answered(1, said=said("hello sk-abcdefghijklmnop", "a", "b")))
    recorder.record(answered(2))
    recorder.turn()
    assert one(database, COUNT) == (1,)
    told = json.loads(shown(database, "hg-1") or "")
    assert (told["request"], told["answer"]) == ("hello ***", "ab")
    assert told["cost_usd"] == "0.000000001"
    assert [each["model"] for each in told["attempts"]] == ["gpt-4o"]
    assert "request" not in json.loads(shown(database, "hg-2") or "")
    assert shown(database, "hg-3") is None


def test_it_is_made_ready_before_the_transaction(recorder_here: Make) -> None:
    seen: list[object] = []

    def look(_: Database, exchanges: Sequence[Exchange], _first: int) -> None:
        for each in exchanges:
            assert each.said is not None
            seen.append((each.said.kept, each.said.request, bytes(each.said.answer)))

    recorder = recorder_here(Told(), posters=[look])
    recorder.record(answered(1, said=said("hello sk-abcdefghijklmnop", "a")))
    recorder.turn()
    assert seen == [(("hello ***", "a"), b"", b"")]


def test_no_more_of_it_is_held_than_there_is_room_for(recorder_here: Make) -> None:
    recorder = recorder_here(Told())
    recorder.bodies.bytes_max = 10
    asked = [answered(n, said=said("1234", "56")) for n in (1, 2)]
    for each in asked:
        recorder.record(each)
    assert [each.said is None for each in asked] == [False, True]
    assert (recorder.bodies.held_bytes, recorder.bodies.lost) == (6, 1)
    recorder.turn()
    assert (recorder.written, recorder.bodies.held_bytes) == (2, 0)
    recorder.record(again := answered(3, said=said("1234", "56")))
    assert again.said is not None


def test_what_is_held_of_it_goes_when_the_store_does(
    recorder_here: Make, database: Database
) -> None:
    def fail(_: Database, _exchanges: Sequence[Exchange], _first: int) -> None:
        while recorder.waiting < 3:
            recorder.record(answered(recorder.waiting, said=said("more")))
        if recorder.written == 0 and recorder.trouble is None:
            raise DatabaseError(Trouble.FULL, "no room")

    recorder = recorder_here(Told(), posters=[fail, bodies.post])
    recorder.record(answered(0, said=said("hello")))
    recorder.turn()
    assert recorder.waiting == 3
    assert all(each.said is None for each in (*recorder.batch, *recorder.held))
    assert (recorder.bodies.held_bytes, recorder.bodies.lost) == (0, 3)
    recorder.turn()
    assert recorder.written == 3
    assert one(database, COUNT) == (0,)


def test_nothing_is_held_of_it_while_the_ledger_is_in_trouble(
    recorder_here: Make,
) -> None:
    recorder = recorder_here(Told())
    recorder.trouble = Trouble.FULL
    asked = answered(1, said=said("hello"))
    recorder.record(asked)
    assert asked.said is None
    assert recorder.waiting == 1


def test_it_goes_before_its_exchange_does(
    recorder_here: Make, database: Database, place: str
) -> None:
    store = store_at(Keeping(Secret(place)))
    assert store is not None
    recorder = recorder_here(Told(), posters=[bodies.post], wall_s=lambda: AT_S)
    recorder.record(answered(1, said=said("hello")))
    recorder.turn()
    for keeping, days, left in (
        (Keeping(bodies=Bodies(keep_days=9)), 8, 1),
        (Keeping(), 6.9, 1),
        (Keeping(), 7.1, 0),
    ):
        pruner = Pruner(store, keeping, lambda: AT_S + days * 86_400)  # noqa: B023 - it is asked at once
        assert not pruner.step(database).more
        assert one(database, COUNT) == (left,)
        assert one(database, "SELECT COUNT(*) FROM exchanges") == (1,)
