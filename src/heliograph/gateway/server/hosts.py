"""Which names the gateway answers to.

A web page can make its own name point at this machine (DNS rebinding) and then read
our answers as if they were its own. Such a request carries the page's name in `Host`,
so a name is let in only when the operator listed it. An address cannot be rebound,
nor can `localhost`: these are always let in.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address

KNOWN_MAX = 1024
ANY = "*"
_HOST = re.compile(
    rb"(?P<name>[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{0,5})?"
)


class Hosts:
    """An allow-list; `known` holds header values found good, to be looked up first."""

    def __init__(self, listed: Iterable[str]) -> None:
        names = [plain(name) for name in listed]
        self.any = ANY in names
        self.names = frozenset(name for name in names if not name.startswith("*."))
        self.endings = tuple(name[1:] for name in names if name.startswith("*."))
        self.known: set[bytes] = set()

    def admits(self, authority: bytes) -> bool:
        """Say whether *authority* (`name`, or `name:port`) may be asked for here."""
        if authority in self.known:
            return True
        name = name_in(authority)
        if name is None or not self._lets_in(name):
            return False
        if len(self.known) < KNOWN_MAX:
            self.known.add(authority)
        return True

    def _lets_in(self, name: str) -> bool:
        if self.any or name in self.names or is_local(name):
            return True
        return bool(self.endings) and name.endswith(self.endings)


def name_in(authority: bytes) -> str | None:
    """Return the name of *authority* in lower case; None if it is not well-formed."""
    found = _HOST.fullmatch(authority)
    return None if found is None else plain(found["name"].decode("ascii"))


def plain(name: str) -> str:
    """Fold what means the same: case, and the root's dot."""
    return name.lower().removesuffix(".")


def is_local(name: str) -> bool:
    """Say whether *name* is an address, or means this machine wherever it is asked."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
