"""A whole request in, steps and a journal entry out; and the control endpoint."""

import json

import pytest

from heliograph.simulation.providers.control import control
from heliograph.simulation.providers.desk import Desk, Request
from heliograph.simulation.providers.faults import Line
from heliograph.simulation.providers.journal import Seen
from heliograph.simulation.providers.rules import Fault, Rule, When
from heliograph.simulation.providers.types import End, Step

CHAT = json.dumps(
    {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
).encode()
KEY = {b"authorization": b"Bearer sk-secret-abcd"}


def ask(
    target: str = "/v1/chat/completions",
    body: bytes = CHAT,
    *,
    method: str = "POST",
    headers: dict[bytes, bytes] | None = None,
) -> Request:
    return Request(method, target, KEY if headers is None else headers, body, Line())


def desk(*rules: Rule) -> Desk:
    return Desk(rules, "p", 100.0)


def receive(
    made: Desk, request: Request, *, clock_s: float = 100.0
) -> tuple[list[Step], Seen]:
    row, seen = made.receive(request, clock_s=clock_s, wall_s=1_700_000_000.5)
    return list(row), seen


def parsed(row: list[Step]) -> tuple[int, dict[str, str], dict[str, object]]:
    assert isinstance(row[0], bytes)
    head, _, body = row[0].partition(b"\r\n\r\n")
    status, *rest = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    return int(status.split()[1]), headers, json.loads(body)


def test_an_answer_echoes_the_model_and_names_the_request() -> None:
    made = desk()
    row, seen = receive(made, ask())
    status, headers, body = parsed(row)
    assert (status, body["model"], body["created"]) == (200, "gpt-4o", 1_700_000_000)
    assert body["id"] == "chatcmpl-p00000001"
    assert headers["x-request-id"] == "req_p00000001"
    made.end(seen, 101.5)
    assert (seen.outcome, seen.status, seen.after_s) == ("answered", 200, 1.5)


def test_the_journal_keeps_four_characters_of_the_key_and_no_text() -> None:
    made = desk()
    receive(made, ask())
    shown = str(made.journal.entries[0])
    assert "abcd" in shown
    assert "secret" not in shown
    assert "hello" not in shown


@pytest.mark.parametrize(
    ("target", "headers", "status", "where"),
    [
        ("/v1/chat/completions", {}, 401, ("error", "code", "missing_api_key")),
        ("/v1/messages", {}, 401, ("error", "type", "authentication_error")),
        (
            "/v1/messages",
            {b"x-api-key": b"k"},
            400,
            ("error", "message", "anthropic-version: header is required"),
        ),
        (
            "/v1beta/models/g:generateContent",
            {},
            403,
            ("error", "status", "PERMISSION_DENIED"),
        ),
        ("/v1/nothing", KEY, 404, ("error", "code", "unknown_url")),
        (
            "/v1/nothing",
            {b"anthropic-version": b"2023-06-01"},
            404,
            ("error", "type", "not_found_error"),
        ),
        ("/v1beta/nothing", KEY, 404, ("error", "status", "NOT_FOUND")),
    ],
)
def test_a_refusal_has_the_dialects_shape(
    target: str, headers: dict[bytes, bytes], status: int, where: tuple[str, str, str]
) -> None:
    made = desk()
    row, seen = receive(made, ask(target, headers=headers))
    got, _, body = parsed(row)
    inner = body[where[0]]
    assert isinstance(inner, dict)
    assert (got, inner[where[1]]) == (status, where[2])
    made.end(seen, 100.0)
    assert (seen.outcome, seen.status) == ("refused", status)


def test_a_rule_is_picked_by_what_the_request_is() -> None:
    rule = Rule(Fault(status=503), When(provider="groq", key="abcd"), "groq down")
    made = desk(rule)
    row, seen = receive(made, ask("/groq/v1/chat/completions"))
    assert parsed(row)[0] == 503
    made.end(seen, 100.0)
    assert (seen.outcome, seen.fault, seen.rule) == ("fault", "status_503", "groq down")
    row, seen = receive(made, ask("/openai/v1/chat/completions"))
    assert (parsed(row)[0], seen.fault) == (200, None)


def test_an_answer_that_is_only_late_counts_as_answered() -> None:
    made = desk(Rule(Fault(delay_s=2, event_delay_s=1)))
    stream = CHAT[:-1] + b', "stream": true}'
    row, seen = receive(made, ask(body=stream))
    assert row[0] == 2
    made.end(seen, 109.0)
    assert (seen.outcome, seen.fault) == ("answered", "delay_s")


def test_a_window_counts_from_the_start_and_again_from_a_reset() -> None:
    made = desk(Rule(Fault(status=503), When(from_s=10, to_s=20)))
    row = [receive(made, ask(), clock_s=at)[1].status for at in (109, 110, 119, 120)]
    assert row == [200, 503, 503, 200]
    made.reset(200.0)
    assert [receive(made, ask(), clock_s=at)[1].status for at in (209, 210)] == [
        200,
        503,
    ]


def test_a_client_that_left_is_written_down_with_what_was_to_go_wrong() -> None:
    made = desk(Rule(Fault(kind="silent")))
    row, seen = receive(made, ask(), clock_s=101.0)
    assert row == [End.HANG]
    assert (seen.outcome, made.journal.open) == ("open", 1)
    made.end(seen, 101.25, left=True)
    assert (seen.outcome, seen.fault, seen.after_s) == ("client_closed", "silent", 0.25)
    assert (seen.status, made.journal.open) == (None, 0)


def test_the_list_of_models_can_go_wrong_too() -> None:
    request = ask("/v1/models", b"", method="GET")
    assert parsed(receive(desk(), request)[0])[2]["object"] == "list"
    row, seen = receive(desk(Rule(Fault(status=500))), request)
    assert (parsed(row)[0], seen.call) == (500, "models")
    row, seen = receive(desk(Rule(Fault(answer="x"))), request)
    assert (parsed(row)[0], seen.fault) == (200, None)


def test_a_reset_keeps_what_is_under_way_before_its_zero() -> None:
    made = desk(Rule(Fault(kind="silent"), When(first=1)))
    _, hanging = receive(made, ask(), clock_s=101.0)
    _, over = receive(made, ask(), clock_s=102.0)
    made.end(over, 102.0)
    made.reset(110.0)
    assert list(made.journal.entries) == [hanging]
    assert hanging.started_s == -9.0
    made.end(hanging, 111.0, left=True)
    assert (hanging.after_s, made.journal.open) == (10.0, 0)


def call(
    made: Desk,
    what: tuple[str, str],
    body: bytes = b"",
    *,
    from_loopback: bool = True,
) -> tuple[int, object]:
    request = Request(what[0], what[1], {}, body, Line(), from_loopback)
    status, _, value = parsed(list(control(made, request, 105.0)))
    return status, value


def test_control_shows_health_log_and_rules() -> None:
    made = desk(Rule(Fault(status=503)))
    receive(made, ask())
    status, health = call(made, ("GET", "/_control/health"))
    assert status == 200
    assert health == {
        "status": "ok",
        "simulated": True,
        "rules": 1,
        "seen": 1,
        "open": 1,
        "elapsed_s": 5.0,
    }
    _, log = call(made, ("GET", "/_control/log"))
    assert isinstance(log, list)
    assert (log[0]["status"], log[0]["key"], log[0]["body_bytes"]) == (
        503,
        "abcd",
        len(CHAT),
    )
    assert call(made, ("GET", "/_control/rules"))[1] == [{"fault": {"status": 503}}]


def test_control_takes_rules_and_refuses_bad_ones_leaving_the_old_in_force() -> None:
    made = desk()
    put = ("PUT", "/_control/rules")
    assert call(made, put, b'[{"fault": {"status": 500}}]')[0] == 200
    assert receive(made, ask())[1].status == 500
    status, value = call(made, put, b'[{"fault": {"status": 1}}]')
    assert status == 400
    assert "rules[0].fault.status" in str(value)
    assert receive(made, ask())[1].status == 500


def test_control_resets_and_refuses_strangers_and_unknown_paths() -> None:
    made = desk()
    receive(made, ask())[1].outcome = "answered"
    assert call(made, ("POST", "/_control/reset"))[0] == 200
    assert made.journal.count == 0
    assert call(made, ("GET", "/_control/health"), from_loopback=False)[0] == 403
    assert call(made, ("GET", "/_control/what"))[0] == 404
