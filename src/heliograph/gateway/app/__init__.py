"""The composition root: builds every owner of state once, and runs the gateway."""

from heliograph.gateway.app.alone import Alone
from heliograph.gateway.app.door import Door, door, listen
from heliograph.gateway.app.prices import show_prices
from heliograph.gateway.app.reloads import Reloads
from heliograph.gateway.app.serve import check, serve
from heliograph.gateway.app.source import Read

__all__ = [
    "Alone",
    "Door",
    "Read",
    "Reloads",
    "check",
    "door",
    "listen",
    "serve",
    "show_prices",
]
