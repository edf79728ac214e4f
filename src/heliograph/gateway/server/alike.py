"""A head like the last one: who keeps a connection mostly says the same again.

The next head of a client differs from its last one in the length of the body and in
nothing else. Compared as bytes it need not be parsed: for a head of five lines that
saves a tenth of what a small exchange costs, for an SDK's twenty lines a fifth.
"""

from heliograph.gateway.ledger.key_ring import Ring
from heliograph.gateway.server.hosts import Hosts
from heliograph.gateway.types import VirtualKey
from heliograph.gateway.wire.inbound import Inbound

HEAD_BYTES_MAX = 4096
LENGTH = b"\r\ncontent-length:"
LENGTH_DIGITS_MAX = 9
Header = tuple[bytes, bytes]


class Alike:
    """A head that was let in without a closer look, cut where the length stands.

    Who sent it was judged by `ring`, and may come in until `until_s`. `hosts` are those
    that its `Host` was found among; others may not know it. The length is not among
    `headers`: it is another each time.
    """

    __slots__ = ("after", "before", "headers", "hosts", "inbound", "ring", "tags",
                 "timeout_ms", "until_s", "url", "virtual_key")  # fmt: skip

    def __init__(
        self,
        before: bytes,
        after: bytes,
        *,
        url: bytes,
        headers: list[Header],
        inbound: Inbound | None,
        timeout_ms: bytes | None,
        hosts: Hosts,
        ring: Ring,
        virtual_key: VirtualKey | None,
        until_s: float,
        tags: tuple[str, ...],
    ) -> None:
        self.before = before
        self.after = after
        self.url = url
        self.headers = [pair for pair in headers if pair[0].lower() != LENGTH[2:-1]]
        self.inbound = inbound
        self.timeout_ms = timeout_ms
        self.hosts = hosts
        self.ring = ring
        self.virtual_key = virtual_key
        self.until_s = until_s
        self.tags = tags

    def body_in(self, data: bytes) -> tuple[int, int] | None:
        """Say where in *data* the body begins and how long it will be.

        None when *data* is no such head with at most all of its body.
        """
        before = self.before
        if not data.startswith(before):
            return None
        digits_at = len(before)
        end = data.find(b"\r", digits_at, digits_at + LENGTH_DIGITS_MAX + 1)
        if end < 0 or not data.startswith(self.after, end):
            return None
        digits = data[digits_at:end]
        if not digits.isdigit():
            return None
        body_at, size = end + len(self.after), int(digits)
        return (body_at, size) if len(data) - body_at <= size else None


def cut(data: bytes) -> tuple[bytes, bytes] | None:
    """Cut the head that *data* begins with around its length; None if it is odd."""
    end = data.find(b"\r\n\r\n", 0, HEAD_BYTES_MAX) + 4
    head = data[:end]
    line_at = head.lower().find(LENGTH)
    if line_at < 0:
        return None
    line_end = head.index(b"\r\n", line_at + 2)
    colon_at = line_at + len(LENGTH)
    digits = head[colon_at:line_end].lstrip(b" \t")
    if not digits.isdigit():
        return None
    return head[: line_end - len(digits)], head[line_end:]
