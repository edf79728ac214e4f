"""Writes docs/reference/sdk-matrix.md from a run of the matrix: `make matrix`."""

import asyncio
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

from conformance.sdk_matrix import SDKS, Found, Verdicts, judged
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
TITLES = {
    "straight": "Straight, without the gateway",
    "alone openai": "Through the gateway, the provider speaks OpenAI's dialect",
    "alone anthropic": "Through the gateway, the provider speaks Anthropic's dialect",
}
COUNTED = {
    "straight": "straight",
    "alone": "through the gateway",
    "held": "with a fallback, short answer",
    "continued": "with a fallback, long answer",
}


def page(found: Mapping[str, Found]) -> str:
    """Write the page for what each SDK found, by the SDK's name."""
    grids = [f"## {title}\n\n{grid(found, way)}" for way, title in TITLES.items()]
    return "\n".join([HEAD, counts(found), repaired(found), *grids])


def counts(found: Mapping[str, Found]) -> str:
    """Write how many streams each SDK took for whole that were not."""
    rows = []
    for name, (version, verdicts) in found.items():
        cells = [f"{name} ({version})"]
        for kind in COUNTED:
            seen = words_by(verdicts, kind)
            cells.append(f"{seen.count('silent')} of {len(seen)}" if seen else "-")
        rows.append(cells)
    return table(["silent", *COUNTED.values()], rows)


def repaired(found: Mapping[str, Found]) -> str:
    """Write how many streams came whole before a fallback, however they broke."""
    rows = []
    for name, (_, verdicts) in found.items():
        cells = [name]
        for kind in ("held", "continued"):
            seen = words_by(verdicts, kind)
            cells.append(f"{seen.count('ok')} of {len(seen)}" if seen else "-")
        rows.append(cells)
    return table(["ok", COUNTED["held"], COUNTED["continued"]], rows)


def words_by(verdicts: Verdicts, kind: str) -> list[str]:
    """List the verdicts of the ways of one *kind*."""
    ways = [words for way, words in verdicts.items() if way.startswith(kind)]
    return list(chain.from_iterable(words.values() for words in ways))


def grid(found: Mapping[str, Found], way: str) -> str:
    """Write the verdicts of one way, a row for each stream."""
    asked = {name: words_of(each, way) for name, each in found.items()}
    asked = {name: words for name, words in asked.items() if words}
    rows = [
        [row.name, *(shown(words.get(row.name)) for words in asked.values())]
        for row in ROWS
    ]
    kept = [row for row in rows if set(row[1:]) != {"-"}]
    return table(["stream", *asked], kept)


def words_of(found: Found, way: str) -> dict[str, str]:
    """Find the verdicts of the way whose name begins so."""
    words = [words for name, words in found.verdicts.items() if name.startswith(way)]
    return words[0] if words else {}


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
