"""No SDK takes a broken stream for a whole one when it comes through the gateway."""

import asyncio
import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.sdk_matrix import SDKS, Found, Sdk, judged
from conformance.sdk_page import PAGE, page
from conformance.stream_faults import ROWS, Row

BY_SDK = pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk.name)
THROUGH = [sdk for sdk in SDKS if len(sdk.ways) > 1]
Find = Callable[[Sdk], Found]


@pytest.fixture(scope="session")
def find(tmp_path_factory: pytest.TempPathFactory) -> Find:
    """Give what an SDK found; it runs once, whichever of xdist's workers asks first."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def found(sdk: Sdk) -> Found:
        file = folder / f"{sdk.name}.json"
        with (folder / f"{sdk.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_text(json.dumps(asyncio.run(judged(sdk))))
        return Found(*json.loads(file.read_text()))

    return found


@BY_SDK
def test_the_sdk_is_installed(sdk: Sdk) -> None:
    program = Path(sdk.command[0])
    assert program.exists(), f"{program} is missing; run: make setup"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("sdk", THROUGH, ids=lambda sdk: sdk.name)
def test_through_the_gateway(sdk: Sdk, row: Row, find: Find) -> None:
    verdicts = find(sdk).verdicts
    for way in sdk.ways[1:]:
        if way.dialect not in row.dialects:
            continue
        verdict = verdicts[way.name][row.name]
        # A short answer is held back, so that its break is repaired unseen.
        repaired = way.kind == "held" or (row.early and way.kind == "continued")
        if row.harmless or repaired:
            assert verdict == "ok", way
        elif row.early:
            assert verdict == "error", way
        else:
            assert verdict in ("ok", "error"), way


@BY_SDK
def test_without_the_gateway_the_check_can_fail(sdk: Sdk, find: Find) -> None:
    straight = find(sdk).verdicts[sdk.ways[0].name]
    silent = {name for name, verdict in straight.items() if verdict == "silent"}
    # Of all of them the AI SDK alone asks every stream for its finish.
    assert bool(silent) is (sdk.name != "AI SDK 7"), silent
    assert straight["as it should be"] == "ok"
    harmless = {row.name for row in ROWS if row.harmless}
    assert silent & harmless <= {"byte order mark"}


def test_the_page_says_what_was_found(find: Find) -> None:
    said = page({sdk.name: find(sdk) for sdk in SDKS})
    assert PAGE.read_text("utf-8") == said, "run: make matrix"
