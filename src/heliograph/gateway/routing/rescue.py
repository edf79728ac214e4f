"""What is done when a stream breaks: held back and repaired unseen, or gone on with."""

from typing import Literal

from heliograph.gateway.types import Blame, Failure, RescuePolicy

HOLD_TOKENS_MAX = 256
HOLD_BYTES_MAX = 256 * 1024
FINAL = frozenset({"total_timeout", "caller_timeout", "gateway_stopped"})
"""After these there is no time, or nobody, left to go on."""

Conduct = Literal["hold", "continue", "off"]


def conduct(policy: RescuePolicy, max_tokens: int | None) -> Conduct:
    """Say what *policy* means for an answer of at most *max_tokens*."""
    if policy != "auto":
        return policy
    short = max_tokens is not None and max_tokens <= HOLD_TOKENS_MAX
    return "hold" if short else "continue"


def may_go_on(chosen: Conduct, failure: Failure) -> bool:
    """Say whether another target may finish a stream that broke after it began."""
    return (
        chosen != "off"
        and failure.blame is not Blame.CALLER
        and failure.kind not in FINAL
    )
