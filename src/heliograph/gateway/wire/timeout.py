"""The caller's own deadline: the header `x-heliograph-timeout-ms`."""

from heliograph.gateway.types import Failure
from heliograph.gateway.wire.chat import refuse

TIMEOUT_HEADER = b"x-heliograph-timeout-ms"
TIMEOUT_MS_MAX = 86_400_000


def read_timeout_s(value: bytes) -> float | Failure:
    """Read the header's *value* in seconds."""
    text = value.strip()
    if not text.isdigit() or not 0 < int(text[:12]) <= TIMEOUT_MS_MAX:
        return refuse(
            "The header `x-heliograph-timeout-ms` must be a whole number of"
            f" milliseconds from 1 to {TIMEOUT_MS_MAX}.",
            param="x-heliograph-timeout-ms",
        )
    return int(text) / 1000
