"""How many sockets the system lets this process have."""

import sys

KEPT = 32
"""For the log, the listener, the event loop and whatever a library opens."""
ENOUGH = 1_000_000


def connections_possible() -> int:
    """Raise the limit as far as one may; return how many callers fit below it.

    Half of what is there: each caller may need a connection to a provider too.
    """
    if sys.platform == "win32":  # there is no such limit
        return ENOUGH
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    return max(1, (most - KEPT) // 2)
