"""OpenAI's error shape: four keys, always all four.

Source: the `Error` schema of OpenAI's public API description, where all four are
required.
"""

from msgspec.json import encode

from heliograph.gateway.types import Failure


def error_body(
    message: str,
    *,
    type: str,  # noqa: A002 - the field's own name on the wire
    code: str | None = None,
    param: str | None = None,
) -> bytes:
    """Write an error as the body of an answer."""
    told = {"message": message, "type": type, "param": param, "code": code}
    return encode({"error": told})


def error_event(failure: Failure) -> bytes:
    """Write *failure* as the last event of a stream that broke.

    SDKs raise on an event with an `error` member, and only on that; `[DONE]` must
    not follow.
    """
    body = error_body(
        f"The answer broke off: {failure.message}",
        type="upstream_error",
        code=failure.kind,
    )
    return b"data: " + body + b"\n\n"
