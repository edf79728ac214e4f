"""All purses of a process: made where there is plenty, emptied where some is lacking.

Whoever finds that a cap lacks has them emptied first, and so does whoever looks at
caps: of what is seen then, purses have no more than calls under way hold.
"""

from heliograph.gateway.ledger.caps import Cap
from heliograph.gateway.ledger.purse import PART, SHARES, SHARES_LEAST, Purse, Share


class Purses:
    """The purses that are open, and those in which some exchanges have ended."""

    def __init__(self) -> None:
        self.open: set[Purse] = set()
        self.unsettled: list[Purse] = []

    def make(
        self, entry: tuple[Cap, ...], spending: tuple[Cap, ...], share: Share
    ) -> Purse | None:
        """Make a purse, to be filled; None where there is not plenty for one."""
        amount, shares = share.amount, SHARES
        for cap in (*entry, *spending):
            each = amount[cap.measure] * PART
            if each and each * shares > cap.free:
                shares = cap.free // each
        if shares < SHARES_LEAST:
            return None
        purse = Purse(entry, spending, share, shares)
        self.open.add(purse)
        return purse

    def close(self, purse: Purse) -> None:
        """Let nobody take anything out of *purse* any more."""
        if purse in self.open:
            self.open.remove(purse)
            purse.close()

    def settle(self) -> None:
        """Settle what has ended, with its caps."""
        for purse in self.unsettled:
            purse.settle()
        self.unsettled.clear()

    def empty(self) -> bool:
        """Give all back that is not held; say whether there may have been anything."""
        found = bool(self.open or self.unsettled)
        self.settle()
        for purse in self.open:
            purse.close()
        self.open.clear()
        return found
