"""What ends a batch, without a socket: a cap on its cost, or a gateway that is away."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal

import pytest

from caption_parts import HandClock, answer_to, job
from heliograph.camera.captioning.client import Reply
from heliograph.camera.captioning.limits import Ask, Limits, dollars
from heliograph.camera.types import CaptionJob

CENT = 0.01


class Gateway:
    """Answers in turn: at a cost, at an unknown one (None), or not at all ("away")."""

    def __init__(self, *costs: float | Literal["away"] | None) -> None:
        self.costs = list(costs)
        self.asked = 0
        self.together = self.most = 0
        self.lock = threading.Lock()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, question: CaptionJob) -> Reply:
        with self.lock:
            cost = self.costs[self.asked % len(self.costs)]
            self.asked += 1
            self.together += 1
            self.most = max(self.most, self.together)
        assert self.gate.wait(10)
        with self.lock:
            self.together -= 1
        caption = answer_to(question)
        if cost == "away":
            return Reply(question, replace(caption, error="HTTP 503: no"), "away")
        return Reply(question, replace(caption, cost_usd=cost), "answered")


def limits(
    cost_max_usd: float | None = None,
    *,
    unknown_cost: Literal["stop", "allow"] = "stop",
    spent_usd: float = 0.0,
    dearest_usd: float | None = None,
    rests_s: Sequence[float] = (0.0, 0.0),
) -> Limits:
    return Limits(
        cost_max_usd=cost_max_usd,
        unknown_cost=unknown_cost,
        stop=threading.Event(),
        clock=HandClock(),
        spent_usd=spent_usd,
        dearest_usd=dearest_usd,
        rests_s=rests_s,
    )


def outcomes(ask: Ask, number: int) -> list[str]:
    return [ask(job(n)).outcome for n in range(1, number + 1)]


def test_no_question_is_put_that_may_pass_the_cap() -> None:
    gateway, held = Gateway(CENT), limits(10 * CENT)
    ask = held.around(gateway)
    assert outcomes(ask, 12) == ["answered"] * 10 + ["away"] * 2
    assert (gateway.asked, held.ended) == (10, "cost")
    assert held.spent_usd == 10 * CENT
    assert held.why == "one more may pass the cap, $0.10 are spent"
    assert "not asked: one more" in (ask(job()).caption.error or "")


def test_the_dearest_answer_so_far_is_what_must_fit() -> None:
    gateway, held = Gateway(CENT, 4 * CENT, CENT), limits(8 * CENT)
    outcomes(held.around(gateway), 5)
    # 1 + 4 are spent: 4 more would be 9.
    assert gateway.asked == 2
    assert held.spent_usd == 5 * CENT


def test_questions_under_way_are_reckoned_with_and_the_first_goes_alone() -> None:
    gateway, held = Gateway(CENT), limits(3.5 * CENT)
    gateway.gate.clear()
    ask = held.around(gateway)
    with ThreadPoolExecutor(8) as pool:
        replies = [pool.submit(ask, job(n)) for n in range(8)]
        gateway.gate.set()
        ended = [reply.result(10).outcome for reply in replies]
    # One, then two beside each other: together they cost 3.
    assert gateway.most <= 2
    assert sorted(ended) == ["answered"] * 3 + ["away"] * 5
    assert held.spent_usd == 3 * CENT


def test_what_an_earlier_run_spent_counts() -> None:
    gateway, held = Gateway(CENT), limits(CENT, spent_usd=CENT, dearest_usd=CENT)
    assert outcomes(held.around(gateway), 1) == ["away"]
    assert gateway.asked == 0
    assert held.ended == "cost"


def test_a_cost_that_is_not_told_ends_a_batch_under_a_cap() -> None:
    gateway, held = Gateway(None), limits(1.0)
    assert outcomes(held.around(gateway), 3) == ["answered", "away", "away"]
    assert (held.ended, held.unknown) == ("cost", 1)
    assert "what gpt-4o costs is not told" in (held.why or "")
    assert "--unknown-cost allow" in (held.why or "")


@pytest.mark.parametrize(("cap", "unknown"), [(1.0, "allow"), (None, "stop")])
def test_an_unknown_cost_may_be_allowed_and_needs_no_leave_without_a_cap(
    cap: float | None, unknown: Literal["stop", "allow"]
) -> None:
    gateway, held = Gateway(None), limits(cap, unknown_cost=unknown)
    assert outcomes(held.around(gateway), 3) == ["answered"] * 3
    assert (held.ended, held.unknown, held.spent_usd) == (None, 3, 0.0)


def test_an_answer_that_does_not_come_counts_as_the_dearest_against_the_cap() -> None:
    gateway, held = Gateway(CENT, "away"), limits(4 * CENT)
    assert outcomes(held.around(gateway), 5)[:4] == ["answered", "away"] * 2
    assert gateway.asked == 4
    assert held.spent_usd == 2 * CENT


def test_a_gateway_that_stays_away_ends_it_after_the_last_rest() -> None:
    gateway, held = Gateway("away"), limits()
    ask = held.around(gateway)
    assert outcomes(ask, 3) == ["away"] * 3
    assert held.ended == "away"
    assert held.why == "the gateway stays away, the last question: HTTP 503: no"
    ask(job())
    assert gateway.asked == 3


def test_one_answer_begins_the_rests_anew() -> None:
    gateway, held = Gateway("away", "away", None), limits()
    outcomes(held.around(gateway), 9)
    assert (gateway.asked, held.ended) == (9, None)


@pytest.mark.parametrize(
    ("usd", "told"),
    [(0.0, "$0.00"), (0.0005, "$0.0005"), (0.1, "$0.10"), (12.3456, "$12.35")],
)
def test_amounts_are_told_as_people_read_them(usd: float, told: str) -> None:
    assert dollars(usd) == told
