"""Machine code for the hot loops, kept on disk between starts.

The one place that knows numba's decorator, so that the rest stays typed.
"""

import ctypes
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile *function* on its first call and keep the result in numba's cache.

    Where no cache directory can be written (a read-only image without a home),
    each start compiles anew: slower to start, otherwise the same.
    """
    try:
        fast: Callable[P, R] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # numba raises it while decorating when every cache location is refused.
        fast = numba.njit(nogil=True)(function)
    return fast


def settle() -> None:
    """Give memory back that loading compiled loops took and does not need any more.

    glibc keeps what was freed, about 12 MB of it here, for whoever asks next; other C
    libraries have no such call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
