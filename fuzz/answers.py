"""What must be true of a whole answer and of an error, in any dialect."""

from collections.abc import Callable

import plain_json
from case import Case
from streams import judge_usage

from heliograph.gateway.server.errors import error_answer
from heliograph.gateway.types import (
    Attempt,
    Blame,
    Endpoint,
    Exchange,
    Failure,
    HttpReply,
    Provider,
    Reply,
    Target,
)
from heliograph.gateway.wire.blame import MESSAGE_CHARS_MAX, RETRY_AFTER_S_MAX

STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503, 529, 302,
            204)  # fmt: skip
HEADERS_MAX = 20
TARGET = Target(Provider("p", Endpoint("p", "openai", "http://p")), "m", None)


def judge_reply(decode: Callable[[HttpReply], Reply | Failure], case: Case) -> None:
    """Read a case as an answer with status 200: whole, or the provider's failure."""
    found = decode(reply_of(case, 200))
    if isinstance(found, Failure):
        assert found.blame is Blame.PROVIDER
        judge_told(found)
        return
    assert found.finish
    judge_usage(found.usage)
    answer = plain_json.members(found.body)
    if answer is None:
        return
    assert answer.get("error") is None, "an error was handed on as an answer"
    for choice in plain_json.objects(answer["choices"], at_least=1):
        assert isinstance(choice["message"], dict)
        assert choice["finish_reason"]


def judge_error(decode_error: Callable[[HttpReply], Failure], case: Case) -> None:
    """Read a case as an answer with another status: a failure that can be told."""
    status = STATUSES[case.choice >> 4]
    found = decode_error(reply_of(case, status))
    assert found.status == status
    assert found.kind.replace("_", "").isalnum()
    wait_s = found.retry_after_s
    assert wait_s is None or 0 <= wait_s <= RETRY_AFTER_S_MAX
    assert len(found.message) <= MESSAGE_CHARS_MAX
    judge_told(found)


def judge_told(failure: Failure) -> None:
    """Demand that the caller can be told of *failure*, in headers and JSON."""
    exchange = Exchange("hg-1", attempts=[Attempt(TARGET, 0.0, failure=failure)])
    status, headers, body = error_answer(exchange, failure)
    assert 400 <= status <= 599
    for pair in headers:
        assert not {*"\r\n"} & {*"".join(pair)}
        assert "".join(pair).isascii()
    told = plain_json.members(body)
    assert told is not None
    assert isinstance(told["error"], dict)
    assert set(told["error"]) == {"message", "type", "param", "code"}


def reply_of(case: Case, status: int) -> HttpReply:
    """Read a case's wire as lines of headers, an empty line, and the body.

    Without an empty line it is all body. Names are lower case, as upstream gives them.
    """
    head, found, body = case.wire.partition(b"\n\n")
    if not found:
        return HttpReply(status, {}, case.wire)
    lines = head.decode("latin-1").split("\n")[:HEADERS_MAX]
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return HttpReply(status, headers, body)
