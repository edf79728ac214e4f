"""`heliograph drill`: read, play, tell; the exit status is the verdict."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import msgspec

from heliograph.drill.casting import Cast
from heliograph.drill.environment import WithStandIns
from heliograph.drill.page import page
from heliograph.drill.play import play
from heliograph.drill.reading import read_script
from heliograph.drill.script import Script
from heliograph.drill.tally import Tally, tally
from heliograph.drill.terminal import Ink, Progress, render
from heliograph.gateway.app.composition import settle_memory
from heliograph.gateway.config import Problem, read_bytes, read_data, render_problems
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config

HELD, MISSED, BAD = 0, 1, 2
SHIPPED = files("heliograph.drill").joinpath("scripts")
ARTICLE = files("heliograph.drill").joinpath("article.yaml")
ARTICLE_NAME = "the article's config"


def names() -> list[str]:
    """List the drills that come with Heliograph."""
    return sorted(
        script.name.removesuffix(".yaml")
        for script in SHIPPED.iterdir()
        if script.name.endswith(".yaml")
    )


def show_list() -> int:
    """Print the drills that come with Heliograph, and what each is about."""
    config = article()
    width = max(map(len, names()))
    for name in names():
        with script_at(name) as path:
            read = read_script(path, config)
        about = read[0].about if isinstance(read, tuple) else ""
        print(f"{name:<{width}}  {about}")  # noqa: T201 - its purpose
    return HELD


def run(
    script: str, config_at: Path | None, report: Path | None, numbers: Path | None
) -> int:
    """Play *script*, a file or a name; return 0 held, 1 missed, 2 cannot be played."""
    config = article() if config_at is None else read_config(config_at)
    if isinstance(config, list):
        return refuse(config)
    for out in (report, numbers):
        if out is not None and not out.parent.is_dir():
            return say_bad(f"{out}: there is no folder {out.parent}; make it first")
    with script_at(script) as path:
        read = read_script(path, config)
    if isinstance(read, list):
        return refuse(read)
    told, took_s = perform(*read, config)
    sys.stdout.write(render(told, took_s, Ink(sys.stdout)))
    try:
        write(told, report, numbers)
    except OSError as error:
        return say_bad(f"{error.filename}: cannot be written: {error.strerror}")
    return HELD if told.held else MISSED


def perform(script: Script, cast: Cast, config: Config) -> tuple[Tally, float]:
    """Play and count; return the numbers and how long it took."""
    progress = Progress(script)
    settle_memory()
    rows = play(script, cast, config, progress)
    took_s = progress.end()
    return tally(rows, script, cast, config.source), took_s


def write(told: Tally, report: Path | None, numbers: Path | None) -> None:
    """Write the files that were asked for, and say so."""
    if report is not None:
        report.write_text(page(told), encoding="utf-8")
        sys.stdout.write(f"{'report':<10} {report}\n")
    if numbers is not None:
        encoded = msgspec.json.format(msgspec.json.encode(told))
        numbers.write_bytes(encoded + b"\n")
        sys.stdout.write(f"{'numbers':<10} {numbers}\n")


@contextmanager
def script_at(name: str) -> Iterator[Path]:
    """Find a script: one of ours by its name, else a file."""
    if name in names():
        with as_file(SHIPPED.joinpath(f"{name}.yaml")) as path:
            yield path
    else:
        yield Path(name)


def article() -> Config:
    """Read the config of the field report: Anthropic first, OpenAI behind it."""
    read = parse(ARTICLE.read_bytes(), ARTICLE_NAME)
    if isinstance(read, list):
        raise TypeError(render_problems(read))
    return read


def read_config(path: Path) -> Config | list[Problem]:
    """Read the user's config; variables that are not set are made up."""
    data = read_bytes(path)
    if isinstance(data, Problem):
        return [data]
    return parse(data, str(path))


def parse(data: bytes, file: str) -> Config | list[Problem]:
    """Read a config's bytes."""
    environ = WithStandIns(data)
    return read_data(data, file=file, endpoints=ENDPOINTS, environ=environ)


def refuse(problems: list[Problem]) -> int:
    """Say what is wrong with a file."""
    return say_bad(render_problems(problems))


def say_bad(text: str) -> int:
    """Say on stderr why there is nothing to play."""
    sys.stderr.write(f"{text}\n")
    return BAD
