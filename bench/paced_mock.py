"""A provider that answers as its prompt asks: so many chunks, so many ms apart.

nginx cannot send an answer piece by piece, so this one does. It runs on the load's
core; what it costs is nobody's CPU per chunk. The prompt holds a `Pace` in writing:
`[chunks=200 pause_ms=4]`. Without chunks the answer comes whole, after the pause.

It counts the chunks it has written: a load that ends leaves streams unfinished, of
which the load generator knows nothing. `GET /chunks` tells the number.

usage: paced_mock.py PORT
"""

import asyncio
import sys
import time
from functools import lru_cache

import uvloop
from workloads import OPENAI_ANSWER, Pace, chunk, pace_in

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"
COUNTING = b"GET /chunks "
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


class Written:
    """The chunks written so far."""

    chunks = 0


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request of one connection at the pace it asks for."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            pace = pace_in(await reader.readexactly(length_of(head)))
            if head.startswith(COUNTING):
                writer.write(whole(b"%d" % Written.chunks))
            elif not pace.chunks:
                await asyncio.sleep(pace.pause_s)
                writer.write(whole(OPENAI_ANSWER.encode()))
            elif not pace.pause_s:
                writer.write(b"".join((HEAD, *frames(pace), END)))
                Written.chunks += pace.chunks
            else:
                await play(pace, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def play(pace: Pace, writer: asyncio.StreamWriter) -> None:
    """Write the stream, each chunk in a packet of its own."""
    loop = asyncio.get_running_loop()
    writer.write(HEAD)
    due_s = loop.time()
    for number, frame in enumerate(frames(pace)):
        due_s += pace.pause_s
        await asyncio.sleep(due_s - loop.time())
        writer.write(stamped(number, pace) if pace.stamped else frame)
        if writer.transport.is_closing():
            return
        Written.chunks += number < pace.chunks
    writer.write(END)


def whole(body: bytes) -> bytes:
    """Write an answer in one piece."""
    return b"%bcontent-length: %d\r\n\r\n%b" % (WHOLE, len(body), body)


@lru_cache
def frames(pace: Pace) -> list[bytes]:
    """Write all chunks of a stream as HTTP's own."""
    pieces = [chunk(number, pace.chunks) for number in range(pace.chunks)]
    return [framed(piece) for piece in (*pieces, b"data: [DONE]\n\n")]


def stamped(number: int, pace: Pace) -> bytes:
    """Write a chunk whose word is the time it was sent at."""
    if number == pace.chunks:
        return framed(b"data: [DONE]\n\n")
    return framed(chunk(number, pace.chunks, f"@{time.monotonic():.6f}@"))


def framed(piece: bytes) -> bytes:
    """Write *piece* as a chunk of HTTP."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def length_of(head: bytes) -> int:
    """Read how long the request's body is."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
