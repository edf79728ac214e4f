"""What the engine makes of an answer before a dialect reads it."""

import pytest

from heliograph.gateway.engine import unreadable
from heliograph.gateway.types import Blame, HttpReply


@pytest.mark.parametrize(
    ("coding", "kind"),
    [
        (None, None),
        ("identity", None),
        ("Identity", None),
        ("gzip", "content_encoding"),
        ("br", "content_encoding"),
    ],
)
def test_a_packed_answer_is_the_providers_fault(
    coding: str | None, kind: str | None
) -> None:
    headers = {} if coding is None else {"content-encoding": coding}
    failure = unreadable(HttpReply(200, headers, b""))
    assert (failure.kind if failure else None) == kind
    assert failure is None or failure.blame is Blame.PROVIDER
