"""The command line: arguments only, no logic.

Each command loads its half when it is asked for, so that the gateway starts without
the camera's packages and `--help` without either.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from heliograph import __version__

WORKERS_MAX = 256
CAMERA_PACKAGES = frozenset({"numpy", "numba", "cv2", "rich", "urllib3"})
Command = Callable[[argparse.Namespace], int]
# What `add_subparsers` returns has a private name only.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - see above


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    arguments = parser().parse_args(argv)
    command: Command = arguments.command
    try:
        return command(arguments)
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        if error.name not in CAMERA_PACKAGES:
            raise
        print(
            f"error: this command needs the camera's packages ({error.name} is not "
            "installed): pip install 'heliograph[camera]'",
            file=sys.stderr,
        )
        return 1


def parser() -> argparse.ArgumentParser:
    """Describe every command and option."""
    top = argparse.ArgumentParser(
        prog="heliograph",
        description="An LLM gateway that keeps answering through an outage, and an "
        "event-camera captioner that calls it.",
    )
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    add_serve(commands)
    add_check(commands)
    add_watch(commands)
    add_simulate(commands)
    add_demo(commands)
    add_drill(commands)
    return top


def add(
    commands: Commands, name: str, told: str, command: Command
) -> argparse.ArgumentParser:
    """Add one command with its one-line help."""
    described = f"{told[0].upper()}{told[1:]}."
    made = commands.add_parser(name, help=told, description=described)
    made.set_defaults(command=command)
    return made


def add_serve(commands: Commands) -> None:
    """`heliograph serve`."""
    serve = add(commands, "serve", "run the gateway", run_serve)
    serve.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML config; without it providers are taken from the environment",
    )
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (%(default)s)"
    )
    serve.add_argument(
        "--port", type=port, default=8080, help="port (%(default)s); 0 picks one"
    )
    serve.add_argument(
        "--workers",
        type=workers,
        default=1,
        metavar="N",
        help="processes that share the port (%(default)s); what you signal the one "
        "you started is for all, and /metrics is the sum",
    )


def add_check(commands: Commands) -> None:
    """`heliograph check`."""
    check = add(commands, "check", "say what is wrong with a config file", run_check)
    check.add_argument("file", type=Path, metavar="FILE", help="the YAML config")


def add_watch(commands: Commands) -> None:
    """`heliograph watch`."""
    watch = add(commands, "watch", "caption an event recording", run_watch)
    watch.epilog = "HELIOGRAPH_API_KEY in the environment is sent to the gateway."
    watch.add_argument("source", type=Path, metavar="FILE", help="RAW EVT2 or EVT3")
    watch.add_argument(
        "--gateway",
        default="http://127.0.0.1:8080",
        metavar="URL",
        help="the gateway (%(default)s)",
    )
    watch.add_argument(
        "--model", metavar="NAME", help="provider/model; default: the first listed"
    )
    watch.add_argument(
        "--out", type=Path, metavar="FILE", help="write captions as JSON lines"
    )
    watch.add_argument(
        "--speed",
        type=speed,
        default="max",
        metavar="FACTOR",
        help="max (the default), or 1.0 for recording time",
    )


def add_simulate(commands: Commands) -> None:
    """`heliograph simulate providers` and `heliograph simulate camera`."""
    told = "simulated providers, or a simulated recording"
    simulate = commands.add_parser("simulate", help=told, description=f"Run {told}.")
    kinds = simulate.add_subparsers(metavar="WHAT", required=True)
    providers = add(
        kinds,
        "providers",
        "serve providers that speak the real wire formats and misbehave on demand",
        run_simulate_providers,
    )
    providers.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (%(default)s)"
    )
    providers.add_argument(
        "--port", type=port, default=9001, help="port (%(default)s); 0 picks one"
    )
    providers.add_argument("--script", type=Path, metavar="FILE", help="YAML of faults")
    camera = add(kinds, "camera", "write a simulated recording", run_simulate_camera)
    camera.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the RAW file"
    )
    camera.add_argument(
        "--seconds", type=float, default=30.0, help="how long (%(default)s)"
    )
    camera.add_argument(
        "--seed", type=int, default=1, help="same seed, same events (%(default)s)"
    )
    camera.add_argument("--width", type=int, default=640, help="pixels (%(default)s)")
    camera.add_argument("--height", type=int, default=480, help="pixels (%(default)s)")
    camera.add_argument("--force", action="store_true", help="overwrite FILE.raw")


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


def port(text: str) -> int:
    """Read a port number."""
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= 65535:  # noqa: PLR2004 - RFC 9293: 16 bits
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 0 to 65535")
    return number


def workers(text: str) -> int:
    """Read how many processes serve."""
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= WORKERS_MAX:
        said = f"{text!r} is no number of workers: give 1 to {WORKERS_MAX}"
        raise argparse.ArgumentTypeError(said)
    return number


def speed(text: str) -> float | None:
    """Read `max` (None) or a factor of recording time."""
    if text == "max":
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}: give max, or a factor such as 1.0")
    return factor


def run_serve(arguments: argparse.Namespace) -> int:
    """Run the gateway."""
    from heliograph.gateway import app

    return app.serve(
        arguments.config,
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
    )


def run_check(arguments: argparse.Namespace) -> int:
    """Check a config file."""
    from heliograph.gateway import app

    return app.check(arguments.file)


def run_simulate_providers(arguments: argparse.Namespace) -> int:
    """Serve simulated providers."""
    from heliograph.simulation import providers

    return providers.run(arguments.host, arguments.port, arguments.script)


def run_simulate_camera(arguments: argparse.Namespace) -> int:
    """Write a simulated recording."""
    from heliograph.simulation.camera.command import run_simulate_camera

    return run_simulate_camera(
        arguments.out,
        seconds=arguments.seconds,
        seed=arguments.seed,
        width=arguments.width,
        height=arguments.height,
        force=arguments.force,
    )


def run_watch(arguments: argparse.Namespace) -> int:
    """Caption a recording."""
    from heliograph.camera import pipeline

    return pipeline.run_watch(
        arguments.source,
        gateway=arguments.gateway,
        model=arguments.model,
        out=arguments.out,
        speed=arguments.speed,
        api_key=os.environ.get("HELIOGRAPH_API_KEY"),
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
