"""The way to one target: what every call to it has in common, found once."""

from collections.abc import Callable, Iterable
from ssl import SSLContext

from heliograph.gateway.catalog.facts import facts
from heliograph.gateway.providers.signing import auth_headers
from heliograph.gateway.types import Chat, Failure, HttpRequest, Target
from heliograph.gateway.upstream.call import Call, head_of, origin_of
from heliograph.gateway.wire.dialects import DIALECTS


class Way:
    """What the config and the catalog say of calls to one target."""

    __slots__ = (
        "dialect",
        "endpoint",
        "facts",
        "heads",
        "model",
        "origin",
        "target",
        "timeouts",
        "tls",
    )

    def __init__(self, target: Target, tls: Callable[[], SSLContext]) -> None:
        provider = target.provider
        self.target = target
        self.model = target.model
        self.endpoint = provider.endpoint
        self.dialect = DIALECTS[self.endpoint.dialect]
        self.facts = facts(provider.name, self.model)
        self.timeouts = provider.timeouts_of(self.model)
        self.origin, _ = origin_of(self.endpoint.base_url)
        self.tls = tls() if self.origin.tls else None
        self.heads: dict[str, bytes] = {}

    def encode(self, chat: Chat) -> HttpRequest | Failure:
        """Write *chat* in the target's dialect."""
        return self.dialect.encode(chat, self.model, self.endpoint, self.facts)

    def call(
        self, request: HttpRequest, deadline_at: float, patience_s: float | None = None
    ) -> Call:
        """Make the bytes of one call; its head is the same each time, and kept.

        *patience_s* tightens the bound on the first byte.
        """
        head = self.heads.get(request.path)
        if head is None:
            head = self.heads[request.path] = head_of(
                self.target.provider, request, self.auth
            )
        body, timeouts = request.body, self.timeouts
        return Call(
            self.origin, head, body, timeouts, deadline_at, self.tls, patience_s
        )

    @property
    def auth(self) -> Iterable[tuple[str, str]]:
        """The headers that carry the target's key."""
        return auth_headers(self.endpoint, self.target.key)
