"""What a call has cost: integers in, an integer out, rounded once and half up."""

from heliograph.gateway.types import CostBasis, Price, Rates, Usage

MILLION = 1_000_000


def charge(
    price: Price | None, usage: Usage, basis: CostBasis = "usage"
) -> tuple[int | None, CostBasis]:
    """Return what *usage* costs and what that stands on; None where it is not known."""
    if price is not None and usage.service:
        price = price.services.get(usage.service)
    if price is None:
        return None, "unknown_price"
    nano = cost_nano(price, usage)
    return nano, ("unknown_usage" if nano is None else basis)


def cost_nano(price: Price, usage: Usage) -> int | None:
    """Return the nano-dollars for *usage*; None when it contradicts itself."""
    rates = price.rates if not price.tiers else rates_at(price, usage.input_tokens)
    cached, thought = usage.cached_tokens, usage.reasoning_tokens
    read, said = usage.input_tokens - cached, usage.output_tokens - thought
    total = cached * rates.cached + thought * rates.reasoning
    # Most answers have nothing of these: to look costs less than to reckon with 0.
    if usage.cache_write_tokens or usage.cache_write_1h_tokens:
        hour = usage.cache_write_1h_tokens
        written = usage.cache_write_tokens - hour
        if written < 0:
            return None
        read -= written + hour
        total += written * rates.cache_write + hour * rates.cache_write_1h
    if usage.audio_input_tokens or usage.audio_output_tokens:
        heard, spoken = usage.audio_input_tokens, usage.audio_output_tokens
        read, said = read - heard, said - spoken
        total += heard * rates.audio_input + spoken * rates.audio_output
    if usage.picture_input_tokens or usage.picture_output_tokens:
        seen, drawn = usage.picture_input_tokens, usage.picture_output_tokens
        read, said = read - seen, said - drawn
        total += seen * rates.picture_input + drawn * rates.picture_output
    if read < 0 or said < 0:
        return None
    total += read * rates.input + said * rates.output
    return (total + MILLION // 2) // MILLION + price.request_nano


def rates_at(price: Price, input_tokens: int) -> Rates:
    """Return the rates of a call with that much input: a tier is for all its tokens."""
    rates = price.rates
    for above, dearer in price.tiers:
        if input_tokens > above:
            rates = dearer
    return rates


def worst_nano(
    price: Price,
    input_tokens: int,
    output_tokens: int,
    *,
    kept: bool = False,
    any_service: bool = False,
) -> int:
    """Return the most that so many tokens can cost, whatever they are.

    *kept*: a cache may have to keep the prompt for an hour. *any_service*: it is open
    with which service the provider answers.
    """
    prices = [price, *price.services.values()] if any_service else [price]
    return max(
        (
            input_tokens * _dearest_input(rates, kept=kept)
            + output_tokens * _dearest_output(rates)
            + MILLION // 2
        )
        // MILLION
        + one.request_nano
        for one in prices
        for rates in _within(one, input_tokens)
    )


def ceiling_of(price: Price) -> tuple[int, int] | None:
    """Return the dearest rates of input and output, where they are the same always.

    None where it matters how much is asked. With them the worst is a sum.
    """
    if price.tiers:
        return None
    return _dearest_input(price.rates, kept=False), _dearest_output(price.rates)


def _within(price: Price, input_tokens: int) -> list[Rates]:
    """List the rates that a call with at most that much input may meet."""
    tiers = [rates for above, rates in price.tiers if input_tokens > above]
    return [price.rates, *tiers]


def _dearest_input(rates: Rates, *, kept: bool) -> int:
    dearest = max(
        rates.input,
        rates.cached,
        rates.cache_write,
        rates.audio_input,
        rates.picture_input,
    )
    return max(dearest, rates.cache_write_1h) if kept else dearest


def _dearest_output(rates: Rates) -> int:
    return max(rates.output, rates.reasoning, rates.audio_output, rates.picture_output)
