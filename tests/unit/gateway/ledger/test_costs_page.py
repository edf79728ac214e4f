"""Costs as a terminal, a spreadsheet and a program get them."""

import csv
import io
import json

from heliograph.gateway.ledger.costs import Costs, Spent
from heliograph.gateway.ledger.costs_page import as_csv, as_json, as_table

HOURS = (497_000, 497_024)
ROWS = (
    Spent(("vision", "openai"), 3, 3, 0, 4, 1, 1200, 10, 0, 0, 0, 1_500_000_001, 0),
    Spent(("", "=cmd()"), 1, 0, 0, 1, 1, 100, 0, 0, 0, 0, 0, 1),
)
TOTAL = Spent((), 4, 3, 0, 5, 2, 1300, 10, 0, 0, 0, 1_500_000_001, 1)
TABLE = """
2026-09-12T08:00Z to 2026-09-13T08:00Z
team    provider  exchanges  attempts  input  output  cached          USD  unknown
vision  openai            3         4  1,200      10       0  1.500000001        -
(none)  =cmd()            1         1    100       0       0            0        1
total                     4         5  1,300      10       0  1.500000001        1
The cost of 1 attempts is not known (no price, or no usage told): it is in no sum here.
"""
FOUND = Costs(("team", "provider"), ROWS, TOTAL)


def test_a_table_says_what_is_known_and_how_much_is_not() -> None:
    assert as_table(FOUND, HOURS) == TABLE.strip()


def test_a_table_of_tags_says_that_they_overlap() -> None:
    found = Costs(("tag",), (), Spent(()))
    assert "several tags" in as_table(found, HOURS)


def test_a_sum_of_all_is_one_row() -> None:
    found = Costs((), (), TOTAL)
    assert len(as_table(found, HOURS).splitlines()) == 4
    assert len(as_csv(found).splitlines()) == 2


def test_a_spreadsheet_gets_no_formula() -> None:
    head, first, second = csv.reader(io.StringIO(as_csv(FOUND)))
    assert head[:3] == ["team", "provider", "exchanges"]
    assert head[-2:] == ["cost_usd", "unknown_costs"]
    assert (first[0], first[-2:]) == ("vision", ["1.500000001", "0"])
    assert second[:2] == ["", "'=cmd()"]


def test_a_program_gets_integers() -> None:
    said = json.loads(as_json(FOUND, HOURS))
    assert said["since"] == "2026-09-12T08:00Z"
    assert said["by"] == ["team", "provider"]
    assert said["rows"][0]["cost_nano"] == 1_500_000_001
    assert said["rows"][0]["cost_usd"] == "1.500000001"
    assert said["rows"][1]["provider"] == "=cmd()"
    assert said["total"]["unknown_costs"] == 1
