"""What happens: a request, the calls made for it, and what came of them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from msgspec import Raw, Struct, field, structs

from heliograph.gateway.types.budgets import Charge, ChargedTo
from heliograph.gateway.types.price import CostBasis
from heliograph.gateway.types.said import Said
from heliograph.gateway.types.settings import Key, Provider
from heliograph.gateway.types.virtual_keys import VirtualKey

JSON_TYPE = "application/json"

SSE_TYPE = "text/event-stream"


class Blame(StrEnum):
    """Who must act before the same call can succeed."""

    CALLER = "caller"  # the request itself is at fault: nobody else will take it
    TARGET = "target"  # this key or model: another key may do
    PROVIDER = "provider"  # the whole provider: another provider may do


class ModelFacts(Struct, frozen=True):
    """What is known of a model; `source` and `date` say from where and when."""

    output_tokens_max: int = 4096
    context_tokens: int | None = None
    vision: bool | None = None
    prefill: bool = False
    source: str = ""
    date: str = ""


class Target(Struct, frozen=True):
    """What one attempt is sent to."""

    provider: Provider
    model: str
    key: Key | None
    name: str = ""
    """`provider/model`, the name used in config, headers and metrics."""

    def __post_init__(self) -> None:
        """Write the name, which is asked for with every answer."""
        structs.force_setattr(self, "name", f"{self.provider.name}/{self.model}")


class ProviderStanding(Struct, frozen=True):
    """How a provider stands: its circuit, calls under way, targets that rest."""

    provider: str
    circuit: Literal["closed", "open", "half_open", "ramp"]
    in_flight: int
    resting: int


class Usage(Struct, frozen=True):
    """Tokens as OpenAI counts them: the first two are sums, the others parts of them.

    Cached ones, those written to a cache (for an hour, if so told), heard and seen are
    input; thought, spoken and drawn are output. `service` is the one that the provider
    says it has answered with, where that changes the price.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_1h_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    picture_input_tokens: int = 0
    picture_output_tokens: int = 0
    service: str = ""


class Failure(Struct, frozen=True):
    """Why an attempt, or a request, did not succeed.

    `kind` is a bounded snake_case word for metrics and logs (`rate_limited`,
    `first_byte_timeout`, `truncated` ...). `status` is the upstream's status where
    there was one, else 0. `type`, `code`, `param` and `message` are what a caller
    is told, in OpenAI's error shape, when the blame is the caller's.
    """

    blame: Blame
    kind: str
    message: str
    status: int = 0
    type: str | None = None
    code: str | None = None
    param: str | None = None
    retry_after_s: float | None = None


class HttpRequest(Struct, frozen=True):
    """What a dialect wants sent; `path` is appended to the endpoint's base URL."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: tuple[bytes | Raw, ...]


class HttpReply(Struct, frozen=True):
    """A whole upstream answer. Header names are lower case.

    *packed*: it carries a content coding, although it was asked to have none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    packed: bool = False


class Reply(Struct, frozen=True):
    """A complete answer in the caller's dialect."""

    body: bytes
    usage: Usage | None
    finish: str


class Chat(Struct, frozen=True):
    """A chat request at the door: its envelope read, its messages left as bytes.

    `fields` are the request's top-level members, byte for byte, without those the
    gateway itself consumes (`fallbacks`).
    """

    fields: Mapping[str, Raw]
    model: str
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    fallbacks: tuple[str, ...] = ()


class Attempt(Struct):
    """One call to one target, as it went. Times count from its exchange's start.

    `cost_nano` is in nano-dollars, and None while it is not known; `cost_basis` says
    what it stands on once the call has ended.
    """

    target: Target
    started_s: float
    ended_s: float | None = None
    failure: Failure | None = None
    usage: Usage | None = None
    cost_nano: int | None = None
    cost_basis: CostBasis | None = None


Outcome = Literal["answered", "failed", "refused", "client_gone"]

Rescue = Literal["held", "prefill", "restart"]
"""How a stream that broke was finished by another attempt: unseen, because it was still
held back; by letting the next model go on from the text so far; by asking anew and
passing over what was already sent.
"""


class Exchange(Struct):
    """The one record of one request; metrics, log line and headers are read from it.

    `outcome`: *answered* in full; *refused* by reason of the caller; *failed* after
    the attempts listed; *client_gone* before the end. `asked` names the targets that
    the model asked for stands for, `route` the one it went by. `virtual_key` says who
    asked, and whose that is; `tags` are the key's and the request's own. `charges` are
    what it was charged of the caps it counts against; or `charged_to` says of which it
    was charged all that its one call came to. `on_cap` is the budget that made it fall
    to another model. `said` is what was said, where that is kept.
    """

    request_id: str
    asked_model: str = ""
    stream: bool = False
    started_at: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)
    outcome: Outcome = "failed"
    status: int = 0
    failure: Failure | None = None
    usage: Usage | None = None
    finish: str | None = None
    duration_s: float = 0.0
    first_byte_s: float | None = None
    rescue: Rescue | None = None
    hedged: bool = False
    route: str = ""
    asked: frozenset[str] = frozenset()
    virtual_key: VirtualKey | None = None
    tags: tuple[str, ...] = ()
    charges: list[Charge] | None = None
    charged_to: ChargedTo = ()
    on_cap: str | None = None
    said: Said | None = None

    @property
    def answered_by(self) -> Target | None:
        """The target that answered, if one did; a hedge's loser may stand behind it."""
        attempts = self.attempts
        if attempts and attempts[-1].failure is None:
            return attempts[-1].target
        for attempt in reversed(attempts):
            if attempt.failure is None:
                return attempt.target
        return None

    @property
    def cost_nano(self) -> int | None:
        """Nano-dollars of all attempts, also those that failed; None if one is unknown.

        Only a provider's answer costs anything: without an attempt it is 0.
        """
        attempts = self.attempts
        if len(attempts) == 1:
            return attempts[0].cost_nano
        total = 0
        for attempt in attempts:
            cost = attempt.cost_nano
            if cost is None:
                return None
            total += cost
        return total
