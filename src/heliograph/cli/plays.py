"""`heliograph demo` and `heliograph drill`."""

import argparse
import sys
from pathlib import Path

from heliograph.cli.adding import Commands, add


def add_demo(commands: Commands) -> None:
    """`heliograph demo`."""
    demo = add(
        commands,
        "demo",
        "caption a recording straight through a provider's outage",
        run_demo,
    )
    demo.add_argument(
        "--real", action="store_true", help="use the real keys in the environment"
    )
    demo.add_argument(
        "--recording", type=Path, metavar="FILE", help="a RAW file instead of ours"
    )


def add_drill(commands: Commands) -> None:
    """`heliograph drill`."""
    drill = add(
        commands,
        "drill",
        "play an outage against your config, in fast time, with simulated providers",
        run_drill,
    )
    drill.epilog = "Exit status: 0 held, 1 an objective was missed, 2 bad script."
    drill.add_argument(
        "script", nargs="?", metavar="SCRIPT", help="YAML file, or a name of --list"
    )
    drill.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="your gateway's config; without it the article's is played",
    )
    drill.add_argument(
        "--report", type=Path, metavar="FILE", help="write a report as one HTML page"
    )
    drill.add_argument(
        "--json", type=Path, metavar="FILE", help="write the numbers as JSON"
    )
    drill.add_argument(
        "--list", action="store_true", help="name the drills that come with Heliograph"
    )


def run_demo(arguments: argparse.Namespace) -> int:
    """Run the demo."""
    from heliograph.demo import run

    return run(real=arguments.real, recording=arguments.recording)


def run_drill(arguments: argparse.Namespace) -> int:
    """Play a drill."""
    from heliograph.drill import command

    if arguments.list:
        return command.show_list()
    if arguments.script is None:
        known = ", ".join(command.names())
        print(f"error: name a script: a YAML file, or {known}", file=sys.stderr)
        return command.BAD
    return command.run(
        arguments.script,
        config_at=arguments.config,
        report=arguments.report,
        numbers=arguments.json,
    )
