"""What a caller is told whose budget leaves no room. Pure."""

from datetime import UTC, datetime

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger.caps import CONCURRENT, USD, Cap
from heliograph.gateway.types import Blame, Failure

PAYMENT_REQUIRED = 402
TOO_MANY = 429
UNAVAILABLE = 503
SOON_S = 1.0
UNITS = ("", " tokens", " requests", " requests at once")


def refusal(cap: Cap, need: int, wall_s: float, *, blind: bool) -> Failure:
    """Say which cap leaves no room for *need*, and when it does again.

    Money that is spent is a 402, which no SDK repeats; rates, and money that calls
    under way may yet give back, are a 429. *blind*: the store could not be asked.
    """
    if blind:
        said = (
            f"{named(cap)} cannot be looked up: the gateway's ledger does not answer."
            " Try again soon."
        )
        return told(cap, "budget_unknown", UNAVAILABLE, said, SOON_S)
    if need <= cap.left or cap.measure == CONCURRENT:
        said = f"{named(cap)} is taken by calls under way. Try again soon."
        return told(cap, "budget_held", TOO_MANY, said, SOON_S)
    free_s = cap.window.frees_at_s(cap.span, cap.oldest_s)
    when = f"it resets at {at(free_s)}"
    if cap.rule.window == "rolling":
        when = f"it begins to free at {at(free_s)}"
    said = f"{named(cap)} leaves no room for this request: {when}.{rest(cap, need)}"
    if cap.measure == USD:
        return told(cap, "budget_exceeded", PAYMENT_REQUIRED, said, None)
    return told(
        cap, "budget_rate_limited", TOO_MANY, said, max(SOON_S, free_s - wall_s)
    )


def named(cap: Cap) -> str:
    """Name a cap: the budget, how much, and per what."""
    rule = cap.rule
    much = amount(cap, rule.limit)
    if cap.measure == CONCURRENT:
        return f"Budget `{cap.budget.name}` ({much})"
    how = "" if rule.window == "calendar" else "rolling "
    return f"Budget `{cap.budget.name}` ({much} per {how}{rule.per})"


def amount(cap: Cap, number: int) -> str:
    """Write so much of what *cap* counts."""
    if cap.measure == USD:
        return f"${print_usd(number)}"
    return f"{number}{UNITS[cap.measure]}"


def rest(cap: Cap, need: int) -> str:
    """Say what is left and what was asked, where asking for less would help."""
    left = max(0, cap.left)
    if not left or need <= 1:
        return ""
    return (
        f" {amount(cap, left)} is left, and the request may take {amount(cap, need)}:"
        " a smaller `max_tokens` takes less."
    )


def at(moment_s: int) -> str:
    """Write a moment."""
    return datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def told(
    cap: Cap, kind: str, status: int, said: str, retry_after_s: float | None
) -> Failure:
    """Write the failure: the caller's to mend, unless the budget is of a target."""
    return Failure(
        Blame.TARGET if cap.budget.scope.of_targets else Blame.CALLER,
        kind,
        said,
        status=status,
        type="insufficient_quota" if status == PAYMENT_REQUIRED else "rate_limit_error",
        code=kind,
        retry_after_s=retry_after_s,
    )
