"""Machine code for the hot loops, kept on disk between starts.

The one place that knows numba's decorator, so that the rest stays typed.
"""

import ctypes
import mmap
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")

SMAPS = Path("/proc/self/smaps")
MAPPING = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \S+ +/\S*\.so\b.*\n"
    r"Size: +(\d+) kB\n(?:[A-Z].*\n)*?Anonymous: +(\d+) kB",
    re.MULTILINE,
)
"""A library's part that is read or run: its begin, end, length and private pages."""
LARGE_KB = 1_024
DONTNEED = getattr(mmap, "MADV_DONTNEED", 4)

# From glibc's malloc.h: M_ARENA_MAX, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD.
MALLOC_OPTIONS = ((-8, 1), (-1, 1 << 20), (-3, 1 << 20))


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


@compiled
def _first(number: int) -> int:
    return number


def settle() -> None:
    """Give memory back that loading compiled loops took and does not need any more.

    glibc keeps what was freed for whoever asks next, and of the compiler's library
    (LLVM) 70 MB are touched when machine code is loaded from the cache, and never
    after. These pages are clean, so that whoever still needs one gets it from the
    file again. Where the system or the C library has no such call, nothing happens.
    """
    _c("malloc_trim", 0)
    for begin, end in clean_pages():
        _c("madvise", ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), DONTNEED)


def spare() -> None:
    """Have memory given back, now and when it is freed; before threads are started.

    By itself glibc gives each thread a heap of its own, and once it has seen large
    arrays freed it keeps ever larger ones. The compiler takes most of its memory for
    the first loop that is loaded: that is done here, while there is nothing else.
    """
    for option, value in MALLOC_OPTIONS:
        _c("mallopt", option, value)
    settle()
    _first(0)
    settle()


def _c(name: str, *arguments: Any) -> None:  # noqa: ANN401 - whatever C takes
    """Call *name* of the C library, if it has one."""
    if (function := getattr(ctypes.CDLL(None), name, None)) is not None:
        function(*arguments)


def clean_pages() -> tuple[tuple[int, int], ...]:
    """Return where large libraries lie in memory that nobody ever wrote to."""
    if not SMAPS.exists():
        return ()
    found = []
    for mapped in MAPPING.finditer(SMAPS.read_text()):
        begin, end, size_kb, anonymous_kb = mapped.groups()
        if int(size_kb) >= LARGE_KB and int(anonymous_kb) == 0:
            found.append((int(begin, 16), int(end, 16)))
    return tuple(found)
