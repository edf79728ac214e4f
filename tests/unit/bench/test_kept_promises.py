"""What many rounds came to, in the table that is kept."""

from collections import Counter

from caps import NANO, judged_caps
from caps import Round as Play
from kept import KEPT, Costs, judged_costs
from kills import Round, judged_kills


def test_the_worst_of_all_kills_is_told() -> None:
    well = Round({"a": 1.0, "b": 2.0}, 3.0, 1, [0.1])
    ill = Round({"c": 1.0}, 3.0, 0, [0.25], ["1 answers older than 0.2 s are lost"])
    told = {one.what: (one.measured, one.verdict) for one in judged_kills([well, ill])}
    assert told == {
        "exchanges answered before 2 kills": ("3", ""),
        "of them not on record": ("2", ""),
        "age of the oldest of these at the kill": ("0.250 s", "**missed**"),
        "kills after which anything was wrong": ("1", "**missed**"),
    }
    assert {one.verdict for one in judged_kills([well])} == {"", "met"}


def test_the_worst_of_all_rounds_against_a_cap_is_told() -> None:
    well = Play(Counter({"200": 9}), NANO - 1, NANO, 5)
    ill = Play(Counter({"200": 1, "402": 1}), NANO // 2, NANO + 1, 2, ["this"])
    told = [
        (one.what, one.measured, one.verdict) for one in judged_caps([well, ill], 2)
    ]
    assert told == [
        ("2 processes: exchanges in 2 rounds", "11", ""),
        ("2 processes: most that was spent", "$0.999999999", "met"),
        (
            "2 processes: most that was spent and leased, in 7 looks",
            "$1.000000001",
            "**missed**",
        ),
        ("2 processes: rounds with anything wrong", "1", "**missed**"),
    ]


def test_what_all_that_is_kept_adds_is_judged_round_by_round() -> None:
    costs = {
        "off": Costs([100.0, 200.0, 300.0], [101.0, 201.0, 301.0]),
        "ledger": Costs([101.0, 203.0, 303.0], [130.0, 230.0, 330.0]),
        KEPT: Costs([109.0, 207.0, 309.0], [140.0, 240.0, 340.0]),
    }
    *_, ledger, everything = judged_costs(costs)
    assert (ledger.measured, ledger.verdict) == ("3.0 µs", "")
    assert (everything.measured, everything.verdict) == ("9.0 µs", "**missed**")
