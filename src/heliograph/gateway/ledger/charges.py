"""What an exchange was charged of the caps it counts against. Pure."""

from collections.abc import Sequence

from heliograph.gateway.types import Charge, Exchange


def charges_of(exchange: Exchange) -> Sequence[Charge]:
    """List what *exchange* was charged: by its holds, or by its purse for one call."""
    charged_to = exchange.charged_to
    if not charged_to:
        return exchange.charges or ()
    attempt = exchange.attempts[0]
    usage = attempt.usage
    tokens = 0 if usage is None else usage.input_tokens + usage.output_tokens
    spent = (attempt.cost_nano or 0, tokens, 1)  # in the order of measures
    return [
        (cap, bucket_s, spent[measure])
        for cap, bucket_s, measure in charged_to
        if spent[measure]
    ]
