"""When the simulated providers misbehave, and how: rules as data, and who picks one.

Nothing here reads a clock: the seconds since the start are handed in.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Positive = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1)]
Status = Annotated[int, Meta(ge=200, le=599)]
Names: TypeAlias = frozenset[str]

Kind = Literal[
    "silent",
    "reset",
    "close",
    "headers_then_silence",
    "html",
    "empty",
    "error_200",
    "short_body",
    "cut_json",
    "wrong_type",
    "json_for_stream",
    "sse_for_json",
    "gzip",
    "huge",
]
BODILESS_KINDS = frozenset({"silent", "reset", "close"})
ANSWERLESS_KINDS = BODILESS_KINDS | {
    "headers_then_silence",
    "html",
    "empty",
    "error_200",
    "huge",
}
CutMode = Literal["end", "chunked", "close_delimited", "reset"]

STREAM_ONLY = frozenset(
    {
        "first_event_delay_s",
        "event_delay_s",
        "cut_after_events",
        "stall_after_events",
        "malformed_event",
        "error_event",
        "missing",
    }
)
"""Fields of a fault that say something about events."""

WHOLE_ONLY_KINDS = frozenset({"short_body", "cut_json", "sse_for_json", "gzip"})
STREAM_ONLY_KINDS = frozenset({"json_for_stream"})
CHAT_ONLY = frozenset({"answer", "answer_words", "finish"})
FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
"""Headers the server itself must write, or the next answer is out of step."""
HARMLESS = frozenset(
    {
        "delay_s",
        "headers",
        "first_event_delay_s",
        "event_delay_s",
        "ping_every_s",
        "answer",
        "answer_words",
        "finish",
    }
)
"""Fields of a fault with which the answer still comes whole."""
ENDINGS = ("cut_after_events", "stall_after_events", "error_event")


class When(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests a rule is for. A field left out fits every request.

    `key` fits when equal to the request's key or when the key ends with it.
    `from_s` and `to_s` count from the start or the last reset; with `period_s` the
    window comes round again. Of the requests that fit all this, `every` takes each
    Nth, `probability` some (the same ones for the same `seed`), `first` at most N.
    """

    provider: str | None = None
    model: str | None = None
    key: Annotated[str, Meta(min_length=1)] | None = None
    stream: bool | None = None
    call: Literal["chat", "models"] | None = None
    from_s: Seconds = 0
    to_s: Positive | None = None
    period_s: Positive | None = None
    first: Count | None = None
    every: Count | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int = 0


class ErrorText(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an error says, put into the dialect's shape."""

    type: str | None = None
    code: str | None = None
    message: str | None = None


class Fault(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What goes wrong. Events are counted from 1, every event of the stream counts.

    Before the answer: `delay_s`. Instead of it: `status` (with `headers`, and `body`
    or `error`), or `kind`. In a stream: the fields of `STREAM_ONLY`. In its text:
    `answer`, `answer_words`, `finish`. `ping_every_s` sends the dialect's keep-alive
    during every wait of a stream. A fault about events passes whole answers by.
    """

    delay_s: Seconds = 0
    status: Status | None = None
    headers: dict[str, str] | None = None
    body: str | dict[str, object] | list[object] | None = None
    error: ErrorText | None = None
    kind: Kind | None = None
    size_bytes: Annotated[int, Meta(ge=1, le=4_000_000_000)] | None = None
    first_event_delay_s: Seconds = 0
    event_delay_s: Seconds = 0
    cut_after_events: Annotated[int, Meta(ge=0)] | None = None
    cut_mode: CutMode | None = None
    stall_after_events: Annotated[int, Meta(ge=0)] | None = None
    malformed_event: Count | None = None
    error_event: Count | None = None
    missing: Literal["terminal", "finish", "both"] | None = None
    ping_every_s: Positive | None = None
    answer: str | None = None
    answer_words: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    finish: Literal["stop", "length", "filter"] | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The fields that were set."""
        return tuple(
            name
            for name, default in zip(
                self.__struct_fields__, self.__struct_defaults__, strict=True
            )
            if getattr(self, name) != default
        )

    @property
    def label(self) -> str:
        """One bounded word for the log: the kind, the status, or the field's name."""
        if self.kind is not None:
            return self.kind
        if self.status is not None:
            return f"status_{self.status}"
        for name in (*ENDINGS, "malformed_event", "missing"):
            if getattr(self, name) is not None:
                return name
        return next(iter(self.named), "none")

    @property
    def harmless(self) -> bool:
        """Whether the answer still comes whole."""
        return HARMLESS.issuperset(self.named)

    def fits(self, *, stream: bool, chat: bool) -> bool:
        """Say whether this fault can be done to such a request."""
        named = set(self.named)
        if not chat and (self.kind == "sse_for_json" or CHAT_ONLY & named):
            return False
        if self.kind in STREAM_ONLY_KINDS or STREAM_ONLY & named:
            return stream
        return not (stream and self.kind in WHOLE_ONLY_KINDS)


class Rule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When what goes wrong. The first rule that fits a request is the one."""

    fault: Fault
    when: When = When()
    name: str = ""


class Script(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole script. Connections idle for `keepalive_s` are closed; None: never."""

    rules: tuple[Rule, ...] = ()
    keepalive_s: Positive | None = None


class Facts(Struct, frozen=True):
    """What a rule may look at."""

    provider: str
    call: str
    key: str = ""
    model: str = ""
    stream: bool = False


def contradiction(rule: Rule) -> str | None:
    """Name the first thing in *rule* that cannot be done, with the fix; or None."""
    fault = rule.fault
    named = frozenset(fault.named)
    found = chain(
        _in_window_and_size(rule.when, named),
        _in_headers(fault),
        _in_replacement(fault, named),
        _in_error(fault),
        _in_kind(fault, named),
        _in_stream(fault, named),
    )
    return next(found, None)


def _in_window_and_size(when: When, named: Names) -> Iterator[str]:
    if not named:
        yield "fault: it is empty; say what goes wrong, for example `status: 503`"
    if when.to_s is not None and when.to_s <= when.from_s:
        yield f"when.to_s: {when.to_s} is not after from_s {when.from_s}; make it later"
    if when.period_s is not None and (when.to_s is None or when.to_s > when.period_s):
        yield "when.period_s: it needs a `to_s` that is not beyond it"
    if "size_bytes" in named and "kind" not in named:
        yield "fault.size_bytes: it goes with `kind: huge` only"


def _in_headers(fault: Fault) -> Iterator[str]:
    for name, value in (fault.headers or {}).items():
        if name.lower() in FRAMING:
            yield f"fault.headers: {name} is the server's own; leave it out"
        if not name.isascii() or not name or any(c in name + value for c in "\r\n\0"):
            yield f"fault.headers: {name!r} is no header; use one plain line"
    if fault.headers is not None and fault.kind in BODILESS_KINDS:
        yield f"fault.headers: `kind: {fault.kind}` sends none; drop them"


def _in_replacement(fault: Fault, named: Names) -> Iterator[str]:
    if fault.status is not None and fault.kind is not None:
        yield "fault.kind: `status` already replaces the answer; drop one of the two"
    said = named & (STREAM_ONLY | CHAT_ONLY | {"ping_every_s"})
    if fault.status is not None and said:
        yield f"fault.{min(said)}: a `status` answer has no text; drop one of the two"
    if fault.status is None and fault.body is not None:
        yield "fault.body: it needs a `status` to go with"


def _in_error(fault: Fault) -> Iterator[str]:
    if fault.error is None:
        return
    if fault.body is not None:
        yield "fault.error: `body` already says it; drop one of the two"
    speaks = fault.status is not None or fault.error_event is not None
    if not speaks and fault.kind != "error_200":
        yield "fault.error: it needs a `status`, `error_event` or `kind: error_200`"


def _in_kind(fault: Fault, named: Names) -> Iterator[str]:
    if fault.kind is None:
        return
    if fault.size_bytes is not None and fault.kind != "huge":
        yield "fault.size_bytes: it goes with `kind: huge` only"
    if events := named & STREAM_ONLY:
        yield f"fault.{min(events)}: `kind` replaces the answer; drop one of the two"
    wordy = named & CHAT_ONLY
    if fault.kind in ANSWERLESS_KINDS and wordy:
        yield f"fault.{min(wordy)}: `kind: {fault.kind}` has no text; drop one"
    if fault.kind != "headers_then_silence" and fault.ping_every_s is not None:
        yield f"fault.ping_every_s: `kind: {fault.kind}` sends none; drop it"


def _in_stream(fault: Fault, named: Names) -> Iterator[str]:
    endings = [name for name in ENDINGS if name in named]
    if len(endings) > 1:
        yield f"fault.{endings[1]}: the stream already ends by `{endings[0]}`"
    if endings and fault.missing is not None:
        yield f"fault.missing: `{endings[0]}` already leaves out the end; drop it"
    if fault.cut_mode is not None and fault.cut_after_events is None:
        yield "fault.cut_mode: it needs `cut_after_events`"
    if fault.answer is not None and fault.answer_words is not None:
        yield "fault.answer_words: `answer` already says the text; drop one"


class Ruleset:
    """The rules in force, with what they have counted so far."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self.restart()

    def restart(self) -> None:
        """Forget all counts, and begin each seed again."""
        self._matched = [0] * len(self.rules)
        self._fired = [0] * len(self.rules)
        self._chance = [_coin(rule.when.seed) for rule in self.rules]

    def pick(self, facts: Facts, now_s: float) -> Rule | None:
        """Return the first rule that fits; *now_s* counts from start or reset."""
        for index, rule in enumerate(self.rules):
            if _matches(rule, facts, now_s) and self._falls(index, rule.when):
                return rule
        return None

    def _falls(self, index: int, when: When) -> bool:
        self._matched[index] += 1
        if when.first is not None and self._fired[index] >= when.first:
            return False
        if when.every is not None and self._matched[index] % when.every:
            return False
        chance = when.probability
        if chance is not None and self._chance[index].random() >= chance:
            return False
        self._fired[index] += 1
        return True


def _coin(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - replayable, and nothing secret


def _matches(rule: Rule, facts: Facts, now_s: float) -> bool:
    when = rule.when
    return (
        (when.provider is None or when.provider == facts.provider)
        and (when.model is None or when.model == facts.model)
        and (when.key is None or facts.key.endswith(when.key))
        and (when.stream is None or when.stream == facts.stream)
        and (when.call is None or when.call == facts.call)
        and _in_window(when, now_s)
        and rule.fault.fits(stream=facts.stream, chat=facts.call == "chat")
    )


def _in_window(when: When, now_s: float) -> bool:
    at_s = now_s if when.period_s is None else now_s % when.period_s
    return at_s >= when.from_s and (when.to_s is None or at_s < when.to_s)
