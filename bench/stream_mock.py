"""A provider that streams: 200 chunks, each in a packet of its own, 4 ms apart.

nginx cannot send an answer piece by piece, so this one does. It runs on the load's
core; what it costs is nobody's CPU per chunk.

usage: stream_mock.py PORT
"""

import asyncio
import sys

import uvloop
from workloads import CHUNK_PAUSE_S, CHUNKS, chunk

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
PIECES = [*map(chunk, range(CHUNKS)), b"data: [DONE]\n\n"]
FRAMES = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in PIECES]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request of one connection with the stream."""
    loop = asyncio.get_running_loop()
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(length_of(head))
            writer.write(HEAD)
            due_s = loop.time()
            for frame in FRAMES:
                due_s += CHUNK_PAUSE_S
                await asyncio.sleep(due_s - loop.time())
                writer.write(frame)
            writer.write(b"0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def length_of(head: bytes) -> int:
    """Read how long the request's body is."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
