"""The desk: takes a whole request in, gives the steps of its answer out.

It owns the rules in force, the journal and the serial numbers, and knows of no
socket and no clock: the times are handed in.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from heliograph.simulation.providers.answer import compose
from heliograph.simulation.providers.faults import (
    NO_FAULT,
    Line,
    Reply,
    refuse,
    spoil,
    steps,
)
from heliograph.simulation.providers.journal import Journal, Seen, last_characters
from heliograph.simulation.providers.routes import (
    MODELS,
    WIRES,
    dialect_hint,
    key_of,
    route,
)
from heliograph.simulation.providers.rules import Facts, Rule, Ruleset
from heliograph.simulation.providers.types import Ask, Refusal, Route, Step, Wire

BODY_BYTES_MAX = 64 * 1024 * 1024


class Request(Struct):
    """One whole request. Header names are lower case."""

    method: str
    target: str
    headers: dict[bytes, bytes]
    body: bytes
    line: Line
    from_loopback: bool = True


class Desk:
    """All the providers of one server. `started_s` is the zero of every time."""

    def __init__(self, rules: Sequence[Rule], prefix: str, started_s: float) -> None:
        self.ruleset = Ruleset(rules)
        self.journal = Journal()
        self._prefix = prefix
        self._started_s = started_s
        self._serial = 0

    def set_rules(self, rules: Sequence[Rule]) -> None:
        """Put *rules* in the place of those in force; their counts begin at 0."""
        self.ruleset = Ruleset(rules)

    def reset(self, clock_s: float) -> None:
        """Begin again: times, counts and journal. The rules stay."""
        self.journal.clear(self.elapsed_s(clock_s))
        self.ruleset.restart()
        self._started_s = clock_s

    def elapsed_s(self, clock_s: float) -> float:
        """Turn the clock's time into seconds since the start or the last reset."""
        return clock_s - self._started_s

    def end(self, seen: Seen, clock_s: float, *, left: bool = False) -> None:
        """Write down that *seen* is over; *left* if the client closed first."""
        outcome = seen.outcome
        if left:
            outcome = "client_closed"
        elif not seen.whole:
            outcome = "fault"
        elif seen.status is not None and seen.status >= 400:  # noqa: PLR2004 - HTTP's own border
            outcome = "refused"
        else:
            outcome = "answered"
        self.journal.end(seen, outcome, self.elapsed_s(clock_s))

    def receive(
        self, request: Request, *, clock_s: float, wall_s: float
    ) -> tuple[Iterable[Step], Seen]:
        """Answer *request*; the journal has it as open from here on."""
        where = route(request.method, request.target, dialect_hint(request.headers))
        key = key_of(request.headers, request.target)
        self._serial += 1
        seen = Seen(
            number=self._serial,
            provider=where.provider,
            dialect=where.dialect,
            call=where.call,
            key=last_characters(key),
            body_bytes=len(request.body),
            started_s=self.elapsed_s(clock_s),
        )
        self.journal.begin(seen)
        visit = _Visit(request, where, key, seen, f"{self._prefix}{self._serial:08x}")
        return self._serve(visit, int(wall_s)), seen

    def _serve(self, visit: "_Visit", created_at: int) -> Iterable[Step]:
        wire, where = visit.wire, visit.where
        if where.call == "unknown":
            return visit.refuse(_unknown(visit.request))
        refusal = wire.refuse_key(visit.key, visit.request.headers)
        if refusal is not None:
            return visit.refuse(refusal)
        if where.call == "models":
            rule = self._pick(visit, Facts(where.provider, "models", visit.key))
            body = wire.models(MODELS[where.dialect])
            return visit.spoil(body, rule)
        ask = wire.read(visit.request.body, where)
        if isinstance(ask, Refusal):
            return visit.refuse(ask)
        return self._chat(visit, ask, created_at)

    def _chat(self, visit: "_Visit", ask: Ask, created_at: int) -> Iterable[Step]:
        where, seen = visit.where, visit.seen
        seen.model, seen.stream = ask.model, ask.stream
        facts = Facts(where.provider, "chat", visit.key, ask.model, ask.stream)
        rule = self._pick(visit, facts)
        fault = rule.fault if rule else None
        answer = compose(
            ask,
            where.dialect,
            serial=visit.serial,
            created_at=created_at,
            fault=fault,
        )
        if isinstance(answer, Refusal):
            return visit.refuse(answer)
        seen.status = _status(rule)
        line = visit.request.line
        return steps(Reply(visit.wire, ask, answer, visit.request_id, line), fault)

    def _pick(self, visit: "_Visit", facts: Facts) -> Rule | None:
        if not self.ruleset.rules:
            return None
        rule = self.ruleset.pick(facts, visit.seen.started_s)
        if rule is not None:
            visit.seen.rule = rule.name
            visit.seen.fault = rule.fault.label
            visit.seen.whole = rule.fault.harmless
        return rule


class _Visit(Struct):
    """One request at the desk."""

    request: Request
    where: Route
    key: str
    seen: Seen
    serial: str

    @property
    def wire(self) -> Wire:
        return WIRES[self.where.dialect]

    @property
    def request_id(self) -> str:
        return f"req_{self.serial}"

    def refuse(self, refusal: Refusal) -> Iterable[Step]:
        self.seen.status = refusal.status
        return refuse(self.wire, refusal, self.request_id, self.request.line)

    def spoil(self, body: bytes, rule: Rule | None) -> Iterable[Step]:
        self.seen.status = _status(rule)
        return spoil(
            self.wire,
            body,
            rule.fault if rule else NO_FAULT,
            request_id=self.request_id,
            line=self.request.line,
        )


def _status(rule: Rule | None) -> int | None:
    """Return the status that goes out, if any does."""
    if rule is None:
        return 200
    if rule.fault.kind in ("silent", "reset", "close"):
        return None
    return rule.fault.status or 200


def _unknown(request: Request) -> Refusal:
    path = request.target.partition("?")[0]
    return Refusal(
        404,
        f"Unknown request URL: {request.method} {path}. Please check the URL for "
        "typos; a Gemini stream needs ?alt=sse.",
        code="unknown_url",
    )
