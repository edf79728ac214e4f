"""Drives one exchange: read the request, walk the plan, send, decode, record.

Everything it decides with is a value from a room below; what it knows of the caller
is the `Caller` protocol. Nothing is written to the caller before an answer has
really begun, so that until then another target may take over.
"""

from heliograph.gateway.engine.caller import Caller
from heliograph.gateway.engine.engine import Engine

__all__ = ["Caller", "Engine"]
