"""Write docs/reference from the code; with --check, only say whether it is current."""

import argparse
import asyncio
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from heliograph.cli import parser
from heliograph.gateway.admin.routes import WAYS
from heliograph.gateway.catalog.facts import facts, models_of
from heliograph.gateway.ledger.accounts import Accounts
from heliograph.gateway.ledger.budget_numbers import BudgetNumbers
from heliograph.gateway.ledger.ledger import Ledger
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.telemetry.fleet import FleetCounts
from heliograph.gateway.telemetry.log import ExchangeLog
from heliograph.gateway.telemetry.metrics import Metrics
from heliograph.gateway.telemetry.reloads import ReloadCounts

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
WRITTEN = "Written by `make reference`; do not edit.\n"


def commands(top: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield every command's parser, depth first."""
    yield top
    for action in top._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            for child in action.choices.values():
                yield from commands(child)


def cli_page() -> str:
    """Every command with its arguments, whatever this Python's argparse prints."""
    lines = ["# Commands\n", WRITTEN]
    for command in commands(parser()):
        lines += [f"## {command.prog}\n", f"{command.description}\n"]
        rows = [row_of(action) for action in arguments_of(command)]
        if rows:
            lines += ["| argument | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def arguments_of(command: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return what a user may give, without --help and the list of commands."""
    plain = (argparse._HelpAction, argparse._SubParsersAction)  # noqa: SLF001 - the same
    return [a for a in command._actions if not isinstance(a, plain)]  # noqa: SLF001 - the same


def row_of(action: argparse.Action) -> str:
    """Write one argument as a row of the table."""
    names = ", ".join(action.option_strings)
    value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    shown = " ".join(part for part in (names, str(value)) if part)
    told = (action.help or "").replace("%(default)s", str(action.default))
    return f"| `{shown}` | {told} |"


def metrics_page() -> str:
    """Every metric: name, kind, labels, meaning."""
    meanings = {
        "provider": "as in the config; empty where no target answered",
        "model": "as listed in the config, else `other`",
        "outcome": "`answered`, `failed`, `refused` (caller's fault), `client_gone`",
        "stream": "`true` or `false`",
        "blame": "`none` (it answered), `caller`, `target`, `provider`",
        "kind": "what happened, such as `rate_limited`, `first_byte_timeout`",
        "result": "`ok` or `failed`",
        "basis": "`unknown_price` or `unknown_usage`",
        "budget": "as in the config",
        "cap": "what it counts, per what, such as `usd/day`",
        "end": "`taken` or `given_up`",
        "direction": "`input` (cached included), `output`, `cached`",
    }
    lines = ["# Metrics\n", WRITTEN, "`GET /metrics`, Prometheus text.\n"]
    lines += ["| metric | kind | meaning |", "|---|---|---|"]
    log = ExchangeLog(asyncio.new_event_loop(), bytes)
    counts = (*ReloadCounts().collect(), *FleetCounts().collect())
    ledger = Ledger(SqliteFile(Path("ledger.db")), print).collect()
    budgets = BudgetNumbers(Accounts(()), dict).collect()
    kept = (*ledger, *budgets)
    for family in (*Metrics().collect(), *log.collect(), *kept, *counts):
        suffix = "_total" if family.type == "counter" else ""
        name = f"`{family.name}{suffix}`"
        lines.append(f"| {name} | {family.type} | {family.documentation} |")
    lines += ["", "| label | values |", "|---|---|"]
    lines += [f"| `{label}` | {values} |" for label, values in meanings.items()]
    return "\n".join(lines) + "\n"


def providers_page() -> str:
    """Every provider known by name, and the models whose facts are known."""
    lines = ["# Providers known by name\n", WRITTEN]
    lines += [
        "Any other server of these dialects is a provider with a `base_url`.",
        "",
        "| provider | dialect | key from | left out of requests |",
        "|---|---|---|---|",
    ]
    for name, row in ENDPOINTS.items():
        variables = ", ".join(f"`{variable}`" for variable in row.env) or "none needed"
        dropped = ", ".join(f"`{parameter}`" for parameter in sorted(row.drop)) or "-"
        linked = f"[{name}]({row.docs})"
        lines.append(f"| {linked} | {row.dialect} | {variables} | {dropped} |")
    lines += ["", "*Prefill*: the model goes on from a final assistant turn."]
    lines += ["", "| model | context | output at most | pictures | prefill | as of |"]
    lines += ["|---|--:|--:|---|---|---|"]
    for name in ENDPOINTS:
        for model in models_of(name):
            known = facts(name, model)
            context = f"{known.context_tokens:,}" if known.context_tokens else "?"
            pictures = {True: "yes", False: "no", None: "?"}[known.vision]
            prefill = "yes" if known.prefill else "-"
            lines.append(
                f"| {name}/{model} | {context} | {known.output_tokens_max:,} | "
                f"{pictures} | {prefill} | [{known.date}]({known.source}) |"
            )
    return "\n".join(lines) + "\n"


def admin_page() -> str:
    """Every path of the admin API: what it takes."""
    lines = ["# The admin API\n", WRITTEN]
    lines += [
        "How to come in, and examples: [the guide](../guide/admin.md). A parameter",
        "that is not listed is refused, and so is one that is given twice.",
        "",
    ]
    for way in WAYS:
        shown = way.path.replace(":int", "")
        told = (inspect.getdoc(way.answer) or "").split("\n", 1)[0]
        lines += [f"## {way.method} {shown}\n", told, ""]
        if way.fields:
            lines += ["| parameter | meaning |", "|---|---|"]
            lines += [f"| `{name}` | {one.told} |" for name, one in way.fields.items()]
            lines.append("")
        if way.body is not None:
            names = (
                f"`{one.encode_name}`" + ("" if one.required else " (may be left out)")
                for one in msgspec.structs.fields(way.body)
            )
            lines += [f"Body, JSON: {', '.join(names)}.", ""]
    return "\n".join(lines)


PAGES = {
    "admin-api.md": admin_page,
    "commands.md": cli_page,
    "metrics.md": metrics_page,
    "providers.md": providers_page,
}


def main() -> int:
    """Write the pages, or check them."""
    stale = []
    for name, page in PAGES.items():
        path = FOLDER / name
        text = page()
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path))
    if stale:
        sys.stderr.write(f"{', '.join(stale)} not current: run `make reference`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
