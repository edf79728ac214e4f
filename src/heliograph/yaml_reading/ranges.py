"""Which numbers a key takes, and how that is said."""

from msgspec import Struct


class Range(Struct, frozen=True):
    """Which numbers a key takes; *above* leaves out `low`, *zero* lets 0 in."""

    low: float
    high: float
    what: str = "a number"
    above: bool = False
    zero: bool = False

    @property
    def whole(self) -> bool:
        """Whether a fraction is refused."""
        return self.what == "a whole number"

    def holds(self, number: float) -> bool:
        """Tell whether *number* is one of them."""
        if number == 0 and self.zero:
            return True
        if self.whole and number % 1:
            return False
        return self.low <= number <= self.high and not (
            self.above and number == self.low
        )

    def __str__(self) -> str:
        zero = "0 or " if self.zero else ""
        low, high = f"{self.low:.10g}", f"{self.high:.10g}"
        span = (
            f"above {low} and up to {high}" if self.above else f"from {low} to {high}"
        )
        return f"{zero}{self.what} {span}"


def counts(low: float, high: float) -> Range:
    """Whole numbers from *low* to *high*."""
    return Range(low, high, "a whole number")


def seconds(high: float, *, zero: bool = False) -> Range:
    """Seconds up to *high*; 0 only with *zero*."""
    return Range(0.0, high, "seconds", above=not zero)
