"""The fast lane: hot paths go from the HTTP parser straight to the engine.

It is uvicorn's own HTTP protocol with one more kind of cycle, given to uvicorn by
its documented `http=` option. Signals, drain, TLS, keep-alive, pipelining order and
backpressure stay uvicorn's; every other path goes on to the ASGI application.
"""

import asyncio
from math import inf
from typing import Any, cast

import httptools
from uvicorn.config import Config as UvicornConfig
from uvicorn.server import ServerState

from heliograph.gateway.server.alike import Alike, cut
from heliograph.gateway.server.cycle import CYCLE, LaneCycle
from heliograph.gateway.server.edge import BETWEEN, BODY, HEAD, Edge
from heliograph.gateway.server.heads import (
    HEAD_BYTES_MAX,
    HEADERS_MAX,
    Head,
    flaw,
    has_body,
)
from heliograph.gateway.server.refusals import (
    BAD_HTTP,
    HEAD_TOO_LARGE,
    NO_UPGRADE,
    TOO_MUCH_HELD,
    body_too_large,
)
from heliograph.gateway.server.turns import Turns
from heliograph.gateway.types import Failure
from heliograph.gateway.wire.inbound import Inbound
from heliograph.gateway.wire.inbounds import inbound_of
from heliograph.gateway.wire.tags import TAGS_HEADER, read_tags
from heliograph.gateway.wire.timeout import TIMEOUT_HEADER

EXPECT, HOST, ORIGIN = b"expect", b"host", b"origin"
CODING = b"transfer-encoding"
NOTED_BYTES = frozenset(
    map(len, (EXPECT, HOST, ORIGIN, CODING, TIMEOUT_HEADER, TAGS_HEADER))
)
CHAT_PATH = b"/v1/chat/completions"


class NotLetIn(Exception):  # noqa: N818 - it only ends the parser's work
    """The request was refused; the parser need not go on."""


class Lane(Turns):
    """Uvicorn's protocol with the lane in it."""

    def __init__(
        self,
        edge: Edge,
        config: UvicornConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(edge, config, server_state, app_state, _loop)
        self.host: bytes | None = None
        self.suspect = False  # the head needs a closer look
        self.examined = False
        self.large = False
        self.barren_bytes = 0
        self.alike: Alike | None = None
        self.missing_bytes = 0  # of a body that the parser does not see
        self.inbound: Inbound | None = None
        self.plain = False  # the head that was read last needed no closer look
        self.ring = self.keys.ring  # by which it was judged
        self.until_s = inf  # when what it was judged by ends

    def data_received(self, data: bytes) -> None:
        """Parse what came; the parser itself would keep a head without an end."""
        if self.deaf:
            return
        if self.missing_bytes and self.lane_cycle is not None:
            self.gather(self.lane_cycle, data)
            return
        begins = self.stage == BETWEEN
        if begins and self.alike is not None and self.take_alike(self.alike, data):
            return
        self.large = len(data) > HEAD_BYTES_MAX
        self.plain = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.deaf:
                self.refuse(BAD_HTTP)
        except httptools.HttpParserUpgrade:
            self.deaf = True  # the parser takes what follows for the other protocol
        else:
            if self.stage != BETWEEN:
                self.await_more(len(data))
            if begins and self.plain:
                self.learn(data)

    def learn(self, data: bytes) -> None:
        """Remember the head at the beginning of *data*: the next may be like it."""
        parts = cut(data)
        if parts is None:
            return
        alike = Alike(
            *parts,
            url=self.url,
            headers=self.headers,
            inbound=self.inbound,
            timeout_ms=self.timeout_ms,
            hosts=self.edge.hosts,
            ring=self.ring,
            virtual_key=self.virtual_key,
            until_s=self.until_s,
            tags=self.tags,
        )
        # With another request behind it, what was read is not of this head.
        if alike.body_in(data) is not None:
            self.alike = alike

    def take_alike(self, alike: Alike, data: bytes) -> bool:
        """Take a request whose head is like the last; False if it is not.

        What is not as usual is left to the parser, which stands between two requests.
        """
        found = alike.body_in(data)
        if found is None:
            return False
        body_at, size = found
        before: LaneCycle | None = cast("Any", self.cycle)
        if (
            size > self.edge.body_bytes_max
            or alike.hosts is not self.edge.hosts
            or alike.ring is not self.keys.ring
            or (alike.until_s != inf and self.edge.guard.wall_s() >= alike.until_s)
            or (before is not None and not before.response_complete)
            or not self.bodies.fits(size, 0)
        ):
            return False
        self.stage = BODY
        self.watch = self.origin = None
        self.url, self.headers = alike.url, alike.headers
        self.timeout_ms = alike.timeout_ms
        self.virtual_key, self.tags = alike.virtual_key, alike.tags
        cycle = self.cycle_for(alike.inbound, keep_alive=True, chunked=True)
        self.lane_cycle = cycle
        self.cycle = cast("Any", cycle)
        if len(data) - body_at == size:
            # All at once, as nearly always: that there is room for it was seen above.
            self.body_bytes += size
            cycle.hold_whole(data[body_at:])
            self.stage = BETWEEN
            self.start(cycle)
            return True
        self.missing_bytes = size
        if len(data) > body_at:
            self.gather(cycle, data[body_at:])
        return True

    def gather(self, cycle: LaneCycle, data: bytes) -> None:
        """Gather the body behind a head that the parser has not seen."""
        missing_bytes = self.missing_bytes - len(data)
        behind = b""
        if missing_bytes < 0:
            data, behind = data[:missing_bytes], data[missing_bytes:]
            missing_bytes = 0
        self.missing_bytes = missing_bytes
        self.body_bytes += len(data)
        if not cycle.hold(data):
            self.refuse(TOO_MUCH_HELD)
            return
        if not missing_bytes:
            self.on_message_complete()
        if behind:
            self.data_received(behind)

    def await_more(self, came_bytes: int) -> None:
        """See that what has come so far is worth waiting for the rest."""
        if self.stage == BODY and not self.examined:
            found = self.examine(hot=True)
            if found is not None:
                self.refuse(found)
        elif self.barren_bytes < 0:
            self.barren_bytes = 0  # where in what came it began is not known
        else:
            self.barren_bytes += came_bytes
            if self.barren_bytes > HEAD_BYTES_MAX:
                self.refuse(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Note a new request; whether it is hot is known with its headers."""
        self.stage = HEAD
        self.watch = self.host = self.origin = self.lane_cycle = None
        self.timeout_ms = self.named = self.virtual_key = None
        self.tags = ()
        self.until_s = inf
        self.barren_bytes = -1
        self.url = b""
        self.headers = []
        self.suspect = self.examined = self.expect_100_continue = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header as it came; uvicorn gets to read it if the path is its own.

        What stands behind a chunked body is not looked at: nothing here is told by it.
        """
        if self.stage != HEAD:
            return
        self.headers.append((name, value))
        if len(name) in NOTED_BYTES:
            name = name.lower()
            if name == HOST:
                self.suspect = self.suspect or self.host is not None
                self.host = value
            elif name == EXPECT:
                self.expect_100_continue = value.lower() == b"100-continue"
                self.suspect = True
            elif name == ORIGIN:
                self.origin = value
                self.suspect = True
            elif name == TIMEOUT_HEADER:
                self.timeout_ms = value
            elif name == CODING:
                self.suspect = True
            elif name == TAGS_HEADER:
                self.named = value if self.named is None else self.named + b"," + value

    def on_headers_complete(self) -> None:
        """Take a hot request; hand any other to uvicorn, as if it had been first.

        A hot head that looks like all others is not examined; most do.
        """
        parser = self.parser
        path = self.url.partition(b"?")[0]
        if path[:1] != b"/" and path != b"*":  # the absolute form: RFC 9112, 3.2.2
            self.suspect = True
            path = httptools.parse_url(self.url).path
        hot = False
        inbound: Inbound | None = None
        if parser.get_method() == b"POST":
            inbound = None if path == CHAT_PATH else inbound_of(path)
            hot = inbound is not None or path == CHAT_PATH
        version = parser.get_http_version()
        if (
            self.suspect
            or self.large
            or not hot
            or self.host not in self.edge.hosts.known
            or len(self.headers) > HEADERS_MAX
            or parser.should_upgrade()
            or version != "1.1"
        ):
            found = self.examine(hot=hot)
            if found is not None:
                self.refuse(found)
                raise NotLetIn
        else:
            # A connection's first head is not kept: it may be its only one.
            self.plain = self.served and parser.should_keep_alive()
            self.inbound = inbound
        self.ring = self.keys.ring
        if hot and (self.keys.demanded or self.named is not None):
            found = self.admit()
            if found is not None:
                self.refuse(found)
                raise NotLetIn
        self.stage = BODY
        self.watch = None
        if hot:
            self.take(inbound, http_1_1=version != "1.0")
        else:
            self.hand_over()

    def examine(self, *, hot: bool) -> Failure | None:
        """Say what is wrong with the head, if anything is."""
        self.examined = True
        parser = self.parser
        head = Head(
            parser.get_method(),
            self.url,
            parser.get_http_version(),
            self.headers,
            upgrade=parser.should_upgrade(),
        )
        found = flaw(head, self.edge.hosts, self.edge.server)
        if found is NO_UPGRADE and not hot and not has_body(head):
            return None  # HTTP allows to answer as if nothing had been asked
        if found is None and hot and not self.fits(head):
            return TOO_MUCH_HELD
        return found

    def admit(self) -> Failure | None:
        """Note whose key was sent and how the request is called, or say what is wrong.

        It is judged before the body is read: who may not ask is held no bytes for.
        """
        if self.keys.demanded:
            peer = self.client[0] if self.client else None
            verdict = self.edge.guard.judge(self.headers, self.url, peer)
            key, failure, self.until_s = verdict
            self.virtual_key = key
            if failure is not None:
                return failure
            if key is not None:
                self.tags = key.tags
        if self.named is not None:
            own = read_tags(self.named)
            if isinstance(own, Failure):
                return own
            self.tags = tuple(dict.fromkeys((*self.tags, *own))) if self.tags else own
        return None

    def fits(self, head: Head) -> bool:
        """Say whether the body of *head* may be held, as far as its length is known."""
        own_bytes = self.lane_cycle.body_bytes if self.lane_cycle is not None else 0
        lengths = map(int, head.values(b"content-length"))
        return self.bodies.fits(max(lengths, default=0) - own_bytes, own_bytes)

    def hand_over(self) -> None:
        """Hand a request to uvicorn."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()
        cast("dict[str, Any]", self.scope)[CYCLE] = self.cycle
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False
        self.read_on()

    def on_body(self, body: bytes) -> None:
        """Gather the body of a hot request, up to its bound."""
        self.barren_bytes = -1
        self.body_bytes += len(body)
        cycle = self.lane_cycle
        if cycle is None:
            super().on_body(body)
            return
        if cycle.body_bytes + len(body) > self.edge.body_bytes_max:
            self.refuse(body_too_large(self.edge.server.body_mb_max))
            raise NotLetIn
        if not cycle.hold(body):
            self.refuse(TOO_MUCH_HELD)
            raise NotLetIn
        if cycle.queued and self.queued_bytes > self.edge.body_bytes_max:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """Start a hot request whose body is there, unless it waits in the pipeline."""
        self.stage = BETWEEN
        self.watch = None
        cycle = self.lane_cycle
        if cycle is None:
            super().on_message_complete()
            return
        cycle.more_body = False
        if cycle.whole is not None and not cycle.whole.done():
            cycle.whole.set_result(None)
        elif not cycle.queued:
            self.start(cycle)
