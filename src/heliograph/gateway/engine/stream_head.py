"""How a stream begins: told from all else that may come where one was asked for."""

from collections.abc import Callable

from heliograph.gateway.types import JSON_TYPE, SSE_TYPE, Blame, Failure, HttpReply
from heliograph.gateway.upstream.connection import Connection

OK = 200
PACKED = Failure(
    Blame.PROVIDER,
    "content_encoding",
    "the provider packed its answer although it was asked not to",
    OK,
)


async def no_stream(
    connection: Connection, decode_error: Callable[[HttpReply], Failure]
) -> Failure | None:
    """Tell a stream from all else that may come where one was asked for.

    A JSON or HTML page with status 200 is a failure: SDKs read it as an empty
    answer without an error.
    """
    content_type = connection.headers.get("content-type", "").lower()
    if connection.status == OK and content_type.startswith(SSE_TYPE):
        return PACKED if connection.packed else None
    reply = await connection.rest()
    if isinstance(reply, Failure):
        return reply
    if reply.status != OK:
        return decode_error(reply)
    kind = content_type.partition(";")[0].strip() or "nothing"
    shown = kind if kind in {JSON_TYPE, "text/html", "text/plain"} else "something else"
    said = f"the provider sent {shown} where a stream was asked for"
    return Failure(Blame.PROVIDER, "not_a_stream", said, OK)
