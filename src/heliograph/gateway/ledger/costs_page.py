"""Costs as a terminal, a spreadsheet or a program wants them."""

import csv
import io
import json
from collections.abc import Sequence

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger.costs import Costs, Spent
from heliograph.gateway.ledger.periods import shown_hour
from heliograph.gateway.ledger.table import aligned

NOBODY = "(none)"
SUMS = (
    "exchanges",
    "answered",
    "attempts",
    "failed_attempts",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
SHOWN = ("exchanges", "attempts", "input_tokens", "output_tokens", "cached_tokens")
TITLES = ("exchanges", "attempts", "input", "output", "cached")


def as_table(found: Costs, hours: tuple[int, int]) -> str:
    """Write a table for people, and what it does not hold."""
    title = (*found.by, *TITLES, "USD", "unknown")
    rows = [[name or NOBODY for name in row.by] + numbers(row) for row in found.rows]
    total = ["total", *[""] * (len(found.by) - 1)] if found.by else []
    rows.append(total + numbers(found.total))
    head = f"{shown_hour(hours[0])} to {shown_hour(hours[1])}"
    lines = [head, *aligned([list(title), *rows], left=len(found.by))]
    unknown = found.total.unknown_costs
    if unknown:
        lines.append(
            f"The cost of {unknown} attempts is not known (no price, or no usage "
            "told): it is in no sum here."
        )
    if "tag" in found.by:
        lines.append("An exchange with several tags stands in each of their rows.")
    return "\n".join(lines)


def numbers(row: Spent) -> list[str]:
    """Write the numbers of a row."""
    counts = [f"{getattr(row, name):,}" for name in SHOWN]
    unknown = str(row.unknown_costs) if row.unknown_costs else "-"
    return [*counts, print_usd(row.cost_nano), unknown]


def as_csv(found: Costs) -> str:
    """Write comma-separated values, the sum not among them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*found.by, *SUMS, "cost_usd", "unknown_costs"])
    for row in found.rows or (found.total,):
        counts = [getattr(row, name) for name in SUMS]
        cost = print_usd(row.cost_nano)
        writer.writerow([*map(unarmed, row.by), *counts, cost, row.unknown_costs])
    return out.getvalue()


def unarmed(text: str) -> str:
    """Keep a spreadsheet from taking a caller's words for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def as_json(found: Costs, hours: tuple[int, int]) -> str:
    """Write a JSON document; money stands in it twice, exactly and to read."""
    document = {
        "since": shown_hour(hours[0]),
        "until": shown_hour(hours[1]),
        "by": found.by,
        "rows": [members(found.by, row) for row in found.rows],
        "total": members((), found.total),
    }
    return json.dumps(document, indent=2)


def members(by: Sequence[str], row: Spent) -> dict[str, object]:
    """Write a row as a JSON object."""
    return {
        **dict(zip(by, row.by, strict=True)),
        **{name: getattr(row, name) for name in SUMS},
        "cost_nano": row.cost_nano,
        "cost_usd": print_usd(row.cost_nano),
        "unknown_costs": row.unknown_costs,
    }
