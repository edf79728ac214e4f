"""The control endpoint, for tests: rules in, journal out. For loopback only."""

import msgspec

from heliograph.simulation.providers.desk import Desk, Request
from heliograph.simulation.providers.faults import plain
from heliograph.simulation.providers.script import ScriptError, parse_rules
from heliograph.simulation.providers.types import Step

PREFIX = "/_control/"
_JSON = "application/json"


def control(desk: Desk, request: Request, clock_s: float) -> tuple[Step, ...]:
    """Answer a request whose path begins with `/_control/`."""
    status, value = _answer(desk, request, clock_s)
    return plain(status, _JSON, b"", body=msgspec.json.encode(value), line=request.line)


def _answer(desk: Desk, request: Request, clock_s: float) -> tuple[int, object]:
    if not request.from_loopback:
        return 403, {"error": "the control endpoint answers to loopback only"}
    path = request.target.partition("?")[0].removeprefix(PREFIX)
    match request.method, path:
        case "PUT", "rules":
            return _put_rules(desk, request.body)
        case "POST", "reset":
            desk.reset(clock_s)
            return 200, {"status": "reset"}
        case "GET", ("health" | "log" | "rules"):
            return 200, _show(desk, path, clock_s)
        case _:
            known = "GET health, GET log, GET rules, PUT rules, POST reset"
            return 404, {"error": f"no {request.method} {path} here; known: {known}"}


def _show(desk: Desk, what: str, clock_s: float) -> object:
    if what == "log":
        return list(desk.journal.entries)
    if what == "rules":
        return desk.ruleset.rules
    return {
        "status": "ok",
        "simulated": True,
        "rules": len(desk.ruleset.rules),
        "seen": desk.journal.count,
        "open": desk.journal.open,
        "elapsed_s": desk.elapsed_s(clock_s),
    }


def _put_rules(desk: Desk, body: bytes) -> tuple[int, object]:
    try:
        rules = parse_rules(body)
    except ScriptError as error:
        return 400, {"error": str(error)}
    desk.set_rules(rules)
    return 200, {"status": "in force", "rules": len(rules)}
