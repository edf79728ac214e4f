"""What was said, in the ledger."""

import json
from collections.abc import Callable

from heliograph.gateway.ledger import bodies
from heliograph.gateway.ledger.database import Database, Trouble
from heliograph.gateway.ledger.prune import prune
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.show import shown
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import Bodies, Keeping, Said, Secret
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
        prune(database, store, keeping, AT_S + days * 86_400)
        assert one(database, COUNT) == (left,)
        assert one(database, "SELECT COUNT(*) FROM exchanges") == (1,)
