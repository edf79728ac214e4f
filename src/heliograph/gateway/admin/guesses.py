"""Slows down whoever tries keys: so many wrong ones a minute from one address. Pure."""

from ipaddress import IPv6Address, ip_address, ip_network

WRONG_MAX = 10
WINDOW_S = 60.0
ADDRESSES_MAX = 4096


class Guesses:
    """Counts wrong keys by address; each process counts for itself."""

    def __init__(self) -> None:
        self.wrong: dict[str, tuple[float, int]] = {}

    def wait_s(self, address: str, now_s: float) -> float:
        """Say for how long no key is judged that comes from *address*."""
        since_s, count = self.wrong.get(place_of(address), (now_s, 0))
        left_s = since_s + WINDOW_S - now_s
        return left_s if count >= WRONG_MAX and left_s > 0 else 0.0

    def note_wrong(self, address: str, now_s: float) -> None:
        """Count a wrong key."""
        place = place_of(address)
        since_s, count = self.wrong.pop(place, (now_s, 0))
        if now_s - since_s >= WINDOW_S:
            since_s, count = now_s, 0
        if len(self.wrong) >= ADDRESSES_MAX:
            del self.wrong[next(iter(self.wrong))]
        self.wrong[place] = (since_s, count + 1)


def place_of(address: str) -> str:
    """Name where *address* is: who has one of IPv6 has 2^64 of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found)
