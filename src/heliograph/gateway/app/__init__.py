"""The composition root: builds every owner of state once, and runs the gateway."""

from heliograph.gateway.app.door import Door, door, listen
from heliograph.gateway.app.serve import check, serve

__all__ = ["Door", "check", "door", "listen", "serve"]
