"""`heliograph ledger …` and `heliograph costs`."""

import argparse
from pathlib import Path

from heliograph.cli.adding import Commands, add
from heliograph.cli.arguments import add_config, days

BEGIN = "1970-01-01"
"""Before anything was recorded."""


def add_ledger(commands: Commands) -> None:
    """`heliograph ledger path`, `audit`, `show`, `prune` and `export`."""
    told = "the record of all exchanges: where it is, whether its sums agree, a copy"
    ledger = commands.add_parser("ledger", help=told, description=f"Ask {told}.")
    kinds = ledger.add_subparsers(metavar="WHAT", required=True)
    add_config(add(kinds, "path", "say where the ledger is", run_path))
    audit = add(
        kinds,
        "audit",
        "add everything up again: exchanges, attempts, hours, owners and budgets",
        run_audit,
    )
    audit.epilog = "Exit status: 0 all sums agree, 1 they do not, or cannot be asked."
    add_config(audit)
    show = add(kinds, "show", "write all that there is of one exchange", run_show)
    add_config(show)
    show.add_argument(
        "request_id", metavar="ID", help="the answer's x-request-id, such as hg-…"
    )
    prune = add(
        kinds,
        "prune",
        "take away exchanges that are older, or more, than are to be kept",
        run_prune,
    )
    prune.epilog = "A gateway does so by itself, in its own time."
    add_config(prune)
    prune.add_argument(
        "--keep-days",
        type=days,
        metavar="N",
        help="keep those of the last N days, whatever the config says",
    )
    export = add(kinds, "export", "write every exchange to a file", run_export)
    add_config(export)
    export.add_argument(
        "file", type=Path, metavar="FILE", help="its name ends with .csv or .parquet"
    )
    add_period(export, since=BEGIN, otherwise="the first")
    export.add_argument("--force", action="store_true", help="replace FILE")


def add_costs(commands: Commands) -> None:
    """`heliograph costs`."""
    costs = add(commands, "costs", "say what was spent, by whom, on what", run_costs)
    add_config(costs)
    costs.add_argument(
        "--by",
        default="provider,model",
        metavar="NAMES",
        help="some of day, hour, provider, model, route, key, owner, team, project, "
        "camera, tag, joined by commas (%(default)s)",
    )
    add_period(costs, since="7d", otherwise="7d")
    costs.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="only what is so, such as team=vision or tag=night; may be repeated",
    )
    form = costs.add_mutually_exclusive_group()
    form.add_argument(
        "--csv",
        dest="form",
        action="store_const",
        const="csv",
        help="comma-separated values instead of a table",
    )
    form.add_argument(
        "--json",
        dest="form",
        action="store_const",
        const="json",
        help="JSON, with integers of nano-dollars",
    )


def add_period(command: argparse.ArgumentParser, *, since: str, otherwise: str) -> None:
    """Add the options that say which time is meant, and from when *otherwise*."""
    command.add_argument(
        "--since",
        default=since,
        metavar="TIME",
        help=f"7d, 24h or 90m ago, 2026-11-26 or 2026-11-26T10:00, UTC ({otherwise})",
    )
    command.add_argument("--until", metavar="TIME", help="the same; default: now")


def run_path(arguments: argparse.Namespace) -> int:
    """Say where the ledger is."""
    from heliograph.gateway.ledger import asking

    return asking.answered(lambda: asking.show_path(arguments.config))


def run_audit(arguments: argparse.Namespace) -> int:
    """Add everything up again."""
    from heliograph.gateway.ledger import asking

    return asking.answered(lambda: asking.show_audit(arguments.config))


def run_show(arguments: argparse.Namespace) -> int:
    """Write all that there is of one exchange."""
    from heliograph.gateway.ledger import asking

    return asking.answered(
        lambda: asking.show_exchange(arguments.config, arguments.request_id)
    )


def run_prune(arguments: argparse.Namespace) -> int:
    """Take away what is not to be kept."""
    from heliograph.gateway.ledger import asking

    return asking.answered(
        lambda: asking.prune_all(arguments.config, arguments.keep_days)
    )


def run_export(arguments: argparse.Namespace) -> int:
    """Write exchanges to a file."""
    from heliograph.gateway.ledger import asking

    return asking.answered(
        lambda: asking.export(
            arguments.config,
            arguments.file,
            since=arguments.since,
            until=arguments.until,
            force=arguments.force,
        )
    )


def run_costs(arguments: argparse.Namespace) -> int:
    """Say what was spent."""
    from heliograph.gateway.ledger import asking

    return asking.answered(
        lambda: asking.show_costs(
            arguments.config,
            by=arguments.by,
            since=arguments.since,
            until=arguments.until,
            where=arguments.where,
            form=arguments.form or "table",
        )
    )
