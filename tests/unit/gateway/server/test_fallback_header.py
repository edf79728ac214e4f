"""Whether the answer is a fallback's: the header's truth."""

import pytest

from exchange_cases import CLAUDE, OPENAI, attempt, exchange, failed
from heliograph.gateway.server.cycle import answered_by
from heliograph.gateway.types import Attempt

ASKED = frozenset({attempt(None, OPENAI).target.name})
SICK = attempt(failed("server_error"), OPENAI)
WELL = attempt(None, OPENAI)
OTHER = attempt(None, CLAUDE)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([WELL], b"false"),
        ([SICK, WELL], b"false"),
        ([SICK, OTHER], b"true"),
        ([OTHER], b"true"),  # who was asked for was passed over without an attempt
    ],
)
def test_a_fallback_is_whoever_was_not_asked_for(
    attempts: list[Attempt], expected: bytes
) -> None:
    record = exchange(*attempts, asked=ASKED)
    assert b"x-heliograph-fallback: %b\r\n" % expected in answered_by(record)
