"""The official `openai` package for Node judges the gateway with the article's file."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.programs import Gateway, Json, Providers

FOLDER = Path(__file__).parent / "node"
MODEL = "anthropic/claude-sonnet-4-6"
TEXT = "[simulated] Your last message has 5 words and no picture."
SEEN = "[simulated] I see one mover, medium and tall, at the top left."
WORDS = len(TEXT.split())
RUN_S = 60.0


def judge(gateway: Gateway, **job: str) -> dict[str, Any]:
    """Run the judge once; return what the package saw."""
    package = FOLDER / "node_modules" / "openai" / "package.json"
    assert package.exists(), "the openai package for Node is missing; run: make setup"
    run = subprocess.run(
        [str(Path(sys.executable).parent / "node"), str(FOLDER / "judge.mjs")],
        input=json.dumps({"baseURL": f"{gateway.url}/v1", "model": MODEL, **job}),
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], ["anthropic", "claude-sonnet-4-6", "false", "1"]),
        (
            [{"when": {"provider": "anthropic"}, "fault": {"status": 503}}],
            ["openai", "gpt-4o", "true", "3"],
        ),
    ],
    ids=["by the primary", "by the fallback"],
)
def test_plain_streamed_and_picture_answers_come(
    gateway: Gateway, sim: Providers, picture: str, rules: list[Json], told: list[str]
) -> None:
    sim.misbehave(*rules)
    seen = judge(gateway, picture=picture)
    plain, streamed, described = seen["plain"], seen["streamed"], seen["picture"]
    assert (plain["text"], plain["finish"], plain["model"]) == (TEXT, "stop", told[1])
    assert str(plain["requestId"]).startswith("hg-")
    assert plain["usage"]["completion_tokens"] == WORDS
    texts, models, usages = (streamed[n] for n in ("texts", "models", "usages"))
    assert ("".join(texts), len(texts)) == (TEXT, WORDS)
    assert streamed["finishes"] == ["stop"]
    assert set(models) == {told[1]}
    assert usages == [plain["usage"]]
    assert described["text"] == SEEN
    # A lone failure is asked again once; later exchanges have learnt better.
    later = [*told[:3], "2" if told[3] == "3" else told[3]]
    assert [plain["told"], streamed["told"], described["told"]] == [told, later, later]
    assert seen["tool"] == {
        "finish": "tool_calls",
        "name": "weather",
        "arguments": '{"city":"simulated"}',
    }
    assert seen["models"] == [MODEL, "openai/gpt-4o"]
    assert (seen["unknown"]["class"], seen["unknown"]["code"]) == (
        "NotFoundError",
        "model_not_found",
    )
    answered = [call["provider"] for call in sim.seen() if call["status"] == 200]
    assert answered == [told[0]] * 4


def test_with_all_down_the_package_gives_up_after_our_attempts(
    gateway: Gateway, sim: Providers
) -> None:
    sim.misbehave({"fault": {"status": 503}})
    seen = judge(gateway, only="failures")
    for how in ("plain", "streamed"):
        assert (seen[how]["class"], seen[how]["status"]) == ("InternalServerError", 503)
    asked = [call["provider"] for call in sim.seen()]
    assert asked == ["anthropic"] * 2 + ["openai"] * 2 + ["anthropic", "openai"]


def test_a_stream_that_breaks_is_an_error_and_never_a_quiet_end(
    gateway: Gateway, sim: Providers
) -> None:
    broken = {"cut_after_events": 6, "event_delay_s": 0.05}
    sim.misbehave({"when": {"stream": True}, "fault": broken})
    seen = judge(gateway, only="failures")
    assert seen["plain"].keys() == {"answer"}
    assert seen["streamed"]["class"] == "APIError"
    assert seen["streamed"]["code"]
    asked = [call["provider"] for call in sim.seen()]
    assert asked == ["anthropic", "anthropic", "openai", "openai"]
