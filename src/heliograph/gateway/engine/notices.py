"""Tells a budget's operator that its soft limit is reached: one small POST.

It goes out beside the exchanges and is repeated a few times; who does not take it has
the metric.
"""

import asyncio
from collections.abc import Callable, Mapping
from ssl import SSLContext
from urllib.parse import urlsplit

from msgspec import json

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger.caps import USD, Cap
from heliograph.gateway.ledger.refusal import at
from heliograph.gateway.types import JSON_TYPE, Failure, Timeouts
from heliograph.gateway.upstream.call import Call, head_to, origin_of
from heliograph.gateway.upstream.pool import Pool

TRIES = 4
BACKOFF_S = 1.0
BOUNDS = Timeouts(connect_s=5.0, first_byte_s=10.0, idle_s=10.0, total_s=20.0)
SUCCESS = range(200, 300)


class Notices:
    """Posts under way, and how many were taken or given up."""

    def __init__(
        self, pool: Pool, tls: Callable[[], SSLContext], *, backoff_s: float = BACKOFF_S
    ) -> None:
        self.pool = pool
        self.tls = tls
        self.backoff_s = backoff_s
        self.under_way: set[asyncio.Task[None]] = set()
        self.ends = {"taken": 0, "given_up": 0}

    def tell(self, cap: Cap) -> None:
        """Tell of *cap*, if somebody wants to hear of it."""
        if cap.budget.webhook is not None:
            url = cap.budget.webhook.reveal()
            post = self.pool.loop.create_task(self.post(url, notice(cap)))
            self.under_way.add(post)
            post.add_done_callback(self.under_way.discard)

    async def post(self, url: str, body: bytes) -> None:
        """Post *body* until it is taken, or often enough."""
        origin, _ = origin_of(url)
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = head_to(origin, path, (("content-type", JSON_TYPE),))
        for attempt in range(TRIES):
            deadline_at = self.pool.loop.time() + BOUNDS.total_s
            tls = self.tls() if origin.tls else None
            call = Call(origin, head, (body,), BOUNDS, deadline_at, tls)
            reply = await self.pool.fetch(call)
            if not isinstance(reply, Failure) and reply.status in SUCCESS:
                self.ends["taken"] += 1
                return
            if attempt < TRIES - 1:
                await asyncio.sleep(self.backoff_s * 2.0**attempt)
        self.ends["given_up"] += 1

    def counts(self) -> Mapping[str, int]:
        """Return how many posts were taken, and how many given up."""
        return self.ends

    def close(self) -> None:
        """Break off what is still under way."""
        for post in self.under_way:
            post.cancel()


def notice(cap: Cap) -> bytes:
    """Write what is posted: which cap, how much of it is spent, since when."""
    spent, limit = cap.spent + cap.unposted, cap.rule.limit
    money = cap.measure == USD
    return json.encode(
        {
            "event": "budget_soft_limit",
            "budget": cap.budget.name,
            "cap": cap.label,
            "spent": print_usd(spent) if money else str(spent),
            "limit": print_usd(limit) if money else str(limit),
            "unit": "usd" if money else cap.rule.kind,
            "window_began": at(cap.window.began_s(cap.span)),
            "resets_at": at(cap.window.frees_at_s(cap.span, cap.oldest_s)),
        }
    )
