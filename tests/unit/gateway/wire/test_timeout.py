"""The caller's own deadline."""

import pytest

from heliograph.gateway.types import Failure
from heliograph.gateway.wire.timeout import read_timeout_s


def test_it_is_read_in_milliseconds() -> None:
    assert read_timeout_s(b" 1500 ") == 1.5


@pytest.mark.parametrize("value", [b"", b"0", b"-5", b"1.5", b"soon", b"9" * 400])
def test_what_is_no_time_is_refused_by_the_headers_name(value: bytes) -> None:
    failure = read_timeout_s(value)
    assert isinstance(failure, Failure)
    assert failure.param == "x-heliograph-timeout-ms"
