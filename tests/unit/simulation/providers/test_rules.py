"""Which rule is picked for which request, and which rules contradict themselves."""

import pytest

from heliograph.simulation.providers.rules import (
    Facts,
    Fault,
    Rule,
    Ruleset,
    When,
    contradiction,
)

ASK = Facts("anthropic", "chat", "sk-ant-key-one", "claude", stream=True)
DOWN = Fault(status=503)


def picked(when: When, facts: Facts = ASK, *, now_s: float = 0.0) -> bool:
    return Ruleset([Rule(DOWN, when)]).pick(facts, now_s) is not None


@pytest.mark.parametrize(
    "when",
    [
        When(),
        When(provider="anthropic"),
        When(model="claude"),
        When(key="sk-ant-key-one"),
        When(key="-one"),
        When(stream=True),
        When(call="chat"),
        When(provider="anthropic", model="claude", key="one", stream=True),
    ],
)
def test_a_rule_fits_when_all_it_names_is_equal(when: When) -> None:
    assert picked(when)


@pytest.mark.parametrize(
    "when",
    [
        When(provider="openai"),
        When(model="claude-2"),
        When(key="sk-ant"),
        When(stream=False),
        When(call="models"),
        When(provider="anthropic", model="other"),
    ],
)
def test_a_rule_passes_by_when_one_thing_differs(when: When) -> None:
    assert not picked(when)


@pytest.mark.parametrize(
    ("now_s", "inside"), [(9.9, False), (10.0, True), (14.9, True), (15.0, False)]
)
def test_a_window_begins_at_from_s_and_ends_before_to_s(
    now_s: float, *, inside: bool
) -> None:
    assert picked(When(from_s=10, to_s=15), now_s=now_s) is inside


@pytest.mark.parametrize(
    ("now_s", "inside"), [(0, True), (5, False), (20, True), (24, True), (39, False)]
)
def test_a_period_brings_the_window_round_again(now_s: float, *, inside: bool) -> None:
    assert picked(When(to_s=5, period_s=20), now_s=now_s) is inside


def row(when: When, count: int) -> list[bool]:
    ruleset = Ruleset([Rule(DOWN, when)])
    return [ruleset.pick(ASK, 0.0) is not None for _ in range(count)]


def test_first_stops_after_so_many_times() -> None:
    assert row(When(first=2), 4) == [True, True, False, False]


def test_every_takes_each_nth() -> None:
    assert row(When(every=3), 6) == [False, False, True, False, False, True]


def test_first_and_every_together_are_so_many_of_each_nth() -> None:
    assert row(When(every=2, first=1), 6) == [False, True, False, False, False, False]


def test_a_seed_gives_the_same_chances_again_and_another_seed_others() -> None:
    some = row(When(probability=0.5, seed=1), 64)
    assert some == row(When(probability=0.5, seed=1), 64)
    assert some != row(When(probability=0.5, seed=2), 64)
    assert 10 < sum(some) < 54


def test_the_first_rule_that_fits_is_the_one() -> None:
    ruleset = Ruleset(
        [Rule(DOWN, When(first=1), "one"), Rule(DOWN, name="two")],
    )
    names = [rule.name for _ in range(3) if (rule := ruleset.pick(ASK, 0.0))]
    assert names == ["one", "two", "two"]


def test_a_restart_forgets_the_counts() -> None:
    ruleset = Ruleset([Rule(DOWN, When(first=1))])
    assert ruleset.pick(ASK, 0.0)
    assert ruleset.pick(ASK, 0.0) is None
    ruleset.restart()
    assert ruleset.pick(ASK, 0.0)


def test_a_fault_about_events_passes_whole_answers_by() -> None:
    ruleset = Ruleset([Rule(Fault(cut_after_events=3), When(first=1))])
    whole = Facts("anthropic", "chat", stream=False)
    assert ruleset.pick(whole, 0.0) is None
    assert ruleset.pick(ASK, 0.0), "the whole answer must not use up `first`"


def test_a_fault_of_a_whole_body_passes_streams_by() -> None:
    assert Ruleset([Rule(Fault(kind="cut_json"))]).pick(ASK, 0.0) is None


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (Rule(Fault()), "fault"),
        (Rule(DOWN, When(from_s=5, to_s=5)), "when.to_s"),
        (Rule(DOWN, When(period_s=5)), "when.period_s"),
        (Rule(Fault(status=500, kind="html")), "fault.kind"),
        (Rule(Fault(status=500, event_delay_s=1)), "fault.event_delay_s"),
        (Rule(Fault(kind="silent", cut_after_events=1)), "fault.cut_after_events"),
        (Rule(Fault(kind="silent", headers={"a": "b"})), "fault.headers"),
        (Rule(Fault(status=500, headers={"content-length": "1"})), "fault.headers"),
        (Rule(Fault(status=500, headers={"a": "b\r\nc: d"})), "fault.headers"),
        (Rule(Fault(kind="html", answer="hello")), "fault.answer"),
        (Rule(Fault(kind="gzip", ping_every_s=1)), "fault.ping_every_s"),
        (Rule(Fault(body="x")), "fault.body"),
        (Rule(Fault(kind="html", size_bytes=5)), "fault.size_bytes"),
        (Rule(Fault(size_bytes=5)), "fault.size_bytes"),
        (Rule(Fault(cut_mode="reset")), "fault.cut_mode"),
        (Rule(Fault(error_event=1, stall_after_events=1)), "fault.error_event"),
        (Rule(Fault(missing="finish", error_event=1)), "fault.missing"),
        (Rule(Fault(answer="x", answer_words=1)), "fault.answer_words"),
    ],
)
def test_a_contradiction_is_named_by_its_key(rule: Rule, key: str) -> None:
    found = contradiction(rule)
    assert found is not None
    assert found.partition(":")[0] == key


@pytest.mark.parametrize(
    "fault",
    [
        DOWN,
        Fault(delay_s=3),
        Fault(kind="headers_then_silence", ping_every_s=1),
        Fault(cut_after_events=0, cut_mode="reset", delay_s=1),
        Fault(status=429, headers={"retry-after": "3"}, body={"error": {}}),
    ],
)
def test_what_can_be_done_is_no_contradiction(fault: Fault) -> None:
    assert contradiction(Rule(fault)) is None
