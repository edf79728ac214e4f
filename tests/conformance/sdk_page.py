"""Writes docs/reference/sdk-matrix.md from a run of the matrix: `make matrix`."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance.sdk_matrix import SDKS, SERVED, Found, judged
from conformance.stream_faults import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sdk-matrix.md"
HEAD = """\
# What SDKs make of broken streams

Written by `make matrix`; do not edit.

Official SDKs before streams as a provider's fault, a proxy or the network leaves them:
straight at a simulated provider of the SDK's own dialect, and through the gateway.
`tests/conformance/test_sdk_matrix.py` runs it all and compares this page.

- **ok**: the text is complete and the finish is there.
- **error**: the application is told, by an exception or an error event.
- **waits**: neither within 2 s; in the gateway silence is bounded to 0.4 s here.
- **silent**: no error, but the text is wrong or the finish is missing.
- `-`: there is no such stream in that dialect.
"""
NAMES = {"openai": "OpenAI's", "anthropic": "Anthropic's"}


def page(found: Mapping[str, Found]) -> str:
    """Write the page for what each SDK found, by the SDK's name."""
    titles = {"straight": "Straight, without the gateway"}
    for dialect in SERVED:
        name = NAMES[dialect]
        titles[dialect] = f"Through the gateway, the provider speaks {name} dialect"
    parts = [HEAD, counts(found)]
    parts += [f"## {title}\n\n{grid(found, way)}" for way, title in titles.items()]
    return "\n".join(parts)


def counts(found: Mapping[str, Found]) -> str:
    """Write how many streams each SDK took for whole that were not."""
    rows = []
    for name, (version, verdicts) in found.items():
        cells = [f"{name} ({version})"]
        for kind in ("straight", "alone", "backed"):
            seen = [word for way in verdicts if kind_of(way) == kind
                    for word in verdicts[way].values()]  # fmt: skip
            cells.append(f"{seen.count('silent')} of {len(seen)}" if seen else "-")
        rows.append(cells)
    heads = ["silent", "straight", "through the gateway", "with a fallback as well"]
    return table(heads, rows)


def kind_of(way: str) -> str:
    """Tell the three kinds of ways apart."""
    if way == "straight":
        return way
    return "backed" if "fallback" in way else "alone"


def grid(found: Mapping[str, Found], way: str) -> str:
    """Write the verdicts of one way, a row for each stream."""
    asked = {
        name: each.verdicts[way] for name, each in found.items() if way in each.verdicts
    }
    rows = [
        [row.name, *(shown(words.get(row.name)) for words in asked.values())]
        for row in ROWS
    ]
    kept = [row for row in rows if set(row[1:]) != {"-"}]
    return table(["stream", *asked], kept)


def shown(verdict: str | None) -> str:
    """Make the one that must not be stand out."""
    return "**silent**" if verdict == "silent" else verdict or "-"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def main() -> None:
    """Run every SDK and write the page."""
    found = {sdk.name: asyncio.run(judged(sdk)) for sdk in SDKS}
    PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
