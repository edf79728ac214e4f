"""The four things a dialect reads, and which of them a case is.

The two lowest bits of the choice say whether the wire is a stream, a whole answer, an
error or a request at the door. The next two are, for a stream, whether usage and two
choices were asked for, and for a request, whether the endpoint has wishes of its own.
The upper four choose an error's status.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from answers import judge_error, judge_reply
from case import Case
from door import judge_request
from streams import Told, judge_stream

from heliograph.gateway.types import Chat, Endpoint, Failure
from heliograph.gateway.wire.chat import read
from heliograph.gateway.wire.dialect import Dialect

MINUTE = b"Sun, 06 Nov 1994 08:49"
STREAM, ANSWER, ERROR, REQUEST = range(4)
WITH_USAGE = 4
TWO_CHOICES = 8
Sent = dict[str, object]


class Subject(NamedTuple):
    """A dialect, an endpoint without wishes and one with, and what must go through.

    *judge_sent* is given what is sent to the plain endpoint, and what was asked;
    *judge_carried* what a stream told, and its wire.
    """

    dialect: Dialect
    plain: Endpoint
    odd: Endpoint
    judge_sent: Callable[[Sent, Sent], None]
    judge_carried: Callable[[Told, bytes], None]


def judge_dialect(subject: Subject, case: Case) -> None:
    """Judge what a dialect makes of a case."""
    dialect = subject.dialect
    kind = case.choice & 3
    if kind == STREAM:
        told = judge_stream(partial(dialect.stream, chat_of(case.choice)), case)
        subject.judge_carried(told, case.wire)
    elif kind == ANSWER:
        judge_reply(partial(dialect.decode, chat=chat_of(case.choice)), case)
    elif kind == ERROR:
        judge_error(dialect.decode_error, case)
    elif case.choice & WITH_USAGE:
        judge_request(dialect, subject.odd, case.wire)
    else:
        judge_request(dialect, subject.plain, case.wire, subject.judge_sent)


def chat_of(choice: int) -> Chat:
    """Read the request that a stream or an answer is for."""
    usage = b',"stream_options":{"include_usage":true}' if choice & WITH_USAGE else b""
    two = b',"n":2' if choice & TWO_CHOICES else b""
    chat = read(b'{"model":"p/m","messages":[{}],"stream":true%b%b}' % (usage, two))
    assert not isinstance(chat, Failure), chat
    return chat


def errors() -> list[Case]:
    """Write answers with another status, as both dialects and proxies write them."""
    wires = (
        b'{"error":{"message":"no","type":"t","code":429,"param":null}}',
        b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        b'{"error":"model_not_found"}', b'{"message":"bare"}', b"<html>", b"", b"[1]",
        b'retry-after: 2\n\n{"error":{"code":"insufficient_quota"}}',
        b"retry-after-ms: 1e999\n\n", b"retry-after: -1\n\n", b"retry-after: nan\n\n",
        b"retry-after: %b:37 GMT\ndate: %b:07 GMT\n\n{}" % (MINUTE, MINUTE),
        b"x-ratelimit-reset-requests: 1m6s\nx-ratelimit-remaining-requests: 0\n\n",
        b'{"error":{"message":"\\u0000\\r\\n' + b"x" * 60 + b'"}}',
        b'{"error":' + b"[" * 90 + b"]" * 90 + b"}", b'{"error":{"code":' + b"9" * 40,
    )  # fmt: skip
    return [
        Case(ERROR | status << 4, 0, wire)
        for place, wire in enumerate(wires)
        for status in (place % 16, 10)
    ]
