"""The event loop the gateway runs on."""

import asyncio
import sys
from typing import Any


def loop_factory() -> Any:  # noqa: ANN401 - uvloop's loop where there is one
    """Choose the event loop: uvloop wherever it exists."""
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - there is none on Windows

    return uvloop.new_event_loop
