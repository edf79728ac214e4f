"""The command line: what each command is handed, and what is refused at once."""

import subprocess
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path

import pytest

from heliograph import __version__, cli, demo
from heliograph.camera import command, cut
from heliograph.camera.config import Destinations
from heliograph.camera.config.detector import DetectorChoice
from heliograph.camera.types import Size
from heliograph.gateway import app
from heliograph.simulation import providers
from heliograph.simulation.camera import command as simulated_camera

Called = list[tuple[tuple[object, ...], dict[str, object]]]
ADMIN = "heliograph.gateway.admin.application"
HEAVY = {"numpy", "numba", "cv2", "rich", "urllib3", "starlette", "uvicorn", "PIL"}


def recorder(called: Called, status: int = 0) -> Callable[..., int]:
    """Make a command that notes how it was called."""

    def run(*positional: object, **named: object) -> int:
        called.append((positional, named))
        return status

    return run


def test_serve_listens_on_loopback_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: Called = []
    monkeypatch.setattr(app, "serve", recorder(called))
    assert cli.main(["serve"]) == 0
    told = ["-c", "g.yaml", "--host", "::", "--port", "0", "--workers", "4"]
    told.append("--insecure")
    assert cli.main(["serve", *told]) == 0
    assert called == [
        ((None,), {"host": "127.0.0.1", "port": 8080, "workers": 1, "insecure": False}),
        ((Path("g.yaml"),), {"host": "::", "port": 0, "workers": 4, "insecure": True}),
    ]


@pytest.mark.parametrize("number", ["0", "-1", "257", "1.5", "many"])
def test_a_number_of_workers_that_is_none_is_refused(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["serve", f"--workers={number}"])
    assert "give 1 to 256" in capsys.readouterr().err


def test_the_exit_status_is_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    called: Called = []
    monkeypatch.setattr(app, "check", recorder(called, status=1))
    assert cli.main(["check", "g.yaml"]) == 1
    assert called == [((Path("g.yaml"),), {})]


def test_a_cameras_file_is_checked_by_the_camera(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    called: Called = []
    monkeypatch.setattr(command, "check", recorder(called))
    monkeypatch.setattr(app, "check", recorder(called, status=1))
    for name, text, status in (
        ("camera.yaml", "gateway: {url: 'http://gateway:8080'}", 0),
        ("gateway.yaml", "providers: {ollama: }", 1),
        ("mixed.yaml", "providers: {ollama: }\ncamera: dock", 1),
        ("broken.yaml", "camera: [", 1),
        ("missing.yaml", None, 1),
    ):
        if text is not None:
            (tmp_path / name).write_text(text)
        assert cli.main(["check", str(tmp_path / name)]) == status


def test_simulated_providers_get_their_script(monkeypatch: pytest.MonkeyPatch) -> None:
    called: Called = []
    monkeypatch.setattr(providers, "run", recorder(called))
    cli.main(["simulate", "providers"])
    cli.main(["simulate", "providers", "--port", "7", "--script", "s.yaml"])
    assert called == [
        (("127.0.0.1", 9001, None), {}),
        (("127.0.0.1", 7, Path("s.yaml")), {}),
    ]


def test_a_simulated_recording_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    called: Called = []
    monkeypatch.setattr(simulated_camera, "run_simulate_camera", recorder(called))
    cli.main(["simulate", "camera", "--out", "x.raw", "--seconds", "2", "--force"])
    shape = {"seed": 1, "width": 640, "height": 480}
    assert called == [((Path("x.raw"),), {"seconds": 2.0, "force": True, **shape})]


@pytest.mark.parametrize(("text", "speed"), [("max", inf), ("1.0", 1.0), ("2", 2.0)])
def test_watch_hands_on_what_it_was_given(
    monkeypatch: pytest.MonkeyPatch, text: str, speed: float
) -> None:
    called: Called = []
    monkeypatch.setattr(command, "run_watch", recorder(called))
    options = ["--model", "a/b", "--out", "c.jsonl", "-c", "camera.yaml"]
    cli.main(["watch", "x.raw", "--speed", text, *options])
    ((source,), named) = called[0]
    assert source == Path("x.raw")
    assert (named["speed"], named["model"], named["out"]) == (
        speed,
        "a/b",
        Path("c.jsonl"),
    )
    assert named["config"] == Path("camera.yaml")


def test_what_watch_is_not_told_it_hands_on_as_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: Called = []
    monkeypatch.setattr(command, "run_watch", recorder(called))
    cli.main(["watch"])
    names = (
        *("size", "config", "gateway", "model", "out", "speed", "view"),
        "reconstruction",
    )
    never = {"resume": False, "explain": False, "follow": False, "filters": {}}
    given = {"destinations": Destinations(), "detector": DetectorChoice()}
    told = dict.fromkeys(names) | never | given
    assert called == [((None,), told)]


def test_a_recording_s_size_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    called: Called = []
    monkeypatch.setattr(command, "run_watch", recorder(called))
    cli.main(["watch", "x.dat", "--size", "346x260", "--follow"])
    assert called[0][1]["size"] == Size(346, 260)
    assert called[0][1]["follow"] is True


def test_a_cut_is_handed_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    called: Called = []
    monkeypatch.setattr(cut, "run_cut", recorder(called))
    cli.main(["cut", "-", "o.raw"])
    cli.main(["cut", "x.dat", "o.raw", "--from", "0.5", "--to", "2", "--force"])
    both = ((Path("-"), Path("o.raw")), (Path("x.dat"), Path("o.raw")))
    assert tuple(positional for positional, _ in called) == both
    assert [named for _, named in called] == [
        {"from_s": 0.0, "to_s": inf, "size": None, "force": False},
        {"from_s": 0.5, "to_s": 2.0, "size": None, "force": True},
    ]


def test_the_demo_is_handed_its_two_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    called: Called = []
    monkeypatch.setattr(demo, "run", recorder(called))
    cli.main(["demo"])
    cli.main(["demo", "--real", "--recording", "x.raw"])
    assert called == [
        ((), {"real": False, "recording": None}),
        ((), {"real": True, "recording": Path("x.raw")}),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--port", "http"], "'http' is no port: give 0 to 65535"),
        (["serve", "--port", "65536"], "'65536' is no port"),
        (["serve", "--port", "-1"], "is no port"),
        (["watch", "x.raw", "--speed", "fast"], "give max, or a factor such as 1.0"),
        (["watch", "x.raw", "--speed", "0"], "give max"),
        (["watch", "x.raw", "--speed", "nan"], "give max"),
        (["watch", "x.raw", "--speed", "inf"], "give max"),
        (["watch", "x.dat", "--size", "640"], "'640' is no size: give WIDTHxHEIGHT"),
        (["watch", "x.dat", "--size", "0x9"], "'0x9' is no size"),
        (["cut", "x.raw", "o.raw", "--from", "-1"], "'-1' is no number of seconds"),
        (["serv"], "invalid choice"),
        (["serve", "--prot", "1"], "unrecognized arguments"),
        (["check"], "required: FILE"),
        (["simulate"], "required: WHAT"),
        (["simulate", "camera"], "required: --out"),
        ([], "required: COMMAND"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", interrupted)
    assert cli.main(["demo"]) == 130


@pytest.mark.parametrize("name", sorted(cli.CAMERA_PACKAGES))
def test_a_missing_package_of_the_camera_is_told_with_its_cure(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object, **__: object) -> int:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(command, "run_watch", missing)
    assert cli.main(["watch", "x.raw"]) == 1
    said = capsys.readouterr().err
    assert name in said
    assert "pip install 'heliograph[camera]'" in said


def test_any_other_missing_package_is_a_mistake_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: object, **__: object) -> int:
        raise ModuleNotFoundError(name="heliograph.nowhere")

    monkeypatch.setattr(command, "run_watch", missing)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["watch", "x.raw"])


@pytest.mark.parametrize(
    ("loads", "spared"),
    [
        ("heliograph.cli", HEAVY),
        ("heliograph.gateway.app", HEAVY - {"starlette", "uvicorn"} | {ADMIN}),
        ("heliograph.camera.pipeline", {"starlette", "uvicorn", "PIL"}),
    ],
)
def test_a_half_loads_nothing_of_the_other(loads: str, spared: set[str]) -> None:
    program = f"import sys, {loads}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert spared.isdisjoint(done.stdout.split())
