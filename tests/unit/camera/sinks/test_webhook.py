"""How posts are signed, and how long the next try waits."""

import hashlib
import hmac

import pytest

from heliograph.camera.sinks.webhook import rest_s, sign

SECRET = "whsec-not-anybodys"


def test_a_signature_is_over_time_and_body() -> None:
    told = hmac.new(SECRET.encode(), b'1795750001.{"a":1}', hashlib.sha256)
    signed = sign(SECRET, b'{"a":1}', 1_795_750_001)
    assert signed == f"sha256={told.hexdigest()}"
    assert signed != sign(SECRET, b'{"a":1}', 1_795_750_002)
    assert signed != sign(SECRET, b'{"a":2}', 1_795_750_001)
    assert signed != sign("another", b'{"a":1}', 1_795_750_001)


@pytest.mark.parametrize(
    ("tries", "told", "waits"),
    [
        (1, None, 1.0),
        (3, None, 4.0),
        (50, None, 60.0),
        (1, "7", 7.0),
        (4, "1", 8.0),
        (1, "86400", 60.0),
        (1, "inf", 1.0),
        (1, "Fri, 27 Nov 2026 03:00:00 GMT", 1.0),
    ],
)
def test_rests_double_obey_the_receiver_and_are_bounded(
    tries: int, told: str | None, waits: float
) -> None:
    assert rest_s(tries, told) == waits
