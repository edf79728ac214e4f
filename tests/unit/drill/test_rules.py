"""A script's rules as the simulated providers follow them."""

from drill_parts import good
from heliograph.drill.rules import script_rules
from heliograph.simulation.providers.rules import Facts, Ruleset

TEXT = """
traffic: {answer_words: 5}
rules:
  - fault: {delay_s: 2}
phases:
  - {name: before, lasts_s: 10}
  - name: down
    lasts_s: 10
    rules:
      - {when: {provider: primary, to_s: 4}, fault: {status: 503}}
      - {when: {provider: primary, from_s: 4, to_s: 60}, fault: {kind: silent}}
  - {name: after, lasts_s: 10}
"""


def picked(provider: str, at_s: float) -> str:
    rule = Ruleset(script_rules(good(TEXT)[0])).pick(Facts(provider, "chat"), at_s)
    assert rule is not None
    return rule.fault.label


def test_a_phases_rules_hold_while_it_lasts_and_count_from_its_begin() -> None:
    assert [picked("anthropic", at) for at in (9.9, 10, 13.9, 14, 19.9, 20)] == [
        "delay_s",
        "status_503",
        "status_503",
        "silent",
        "silent",
        "delay_s",
    ]
    assert picked("openai", 15) == "delay_s"


def test_every_answer_has_the_drills_words() -> None:
    rules = script_rules(good(TEXT)[0])
    assert [rule.fault.answer_words for rule in rules] == [None, None, 5, 5]
