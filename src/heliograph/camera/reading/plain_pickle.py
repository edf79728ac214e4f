"""A pickled dict of arrays, read without unpickling it.

`numpy.save(path, {"x": …})` pickles. Unpickling runs whatever a file says; here a few
opcodes are followed, those that NumPy writes for such a dict, and nothing is called.
"""

import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.reading.npy_header import NUMBER

STEPS_MAX = 20_000
"""A dict of four arrays takes about 200."""

NUMPY_MODULES = frozenset({"numpy", "numpy.core.multiarray", "numpy._core.multiarray"})
NUMPY_NAMES = frozenset({"_reconstruct", "ndarray", "dtype"})


@dataclass(frozen=True)
class _Name:
    """One of `NUMPY_NAMES`, named and never looked up."""

    name: str


@dataclass
class _Built:
    """What a call of a named thing would have made: its arguments, then its state."""

    by: str
    arguments: tuple[Any, ...]
    state: tuple[Any, ...] = field(default=())


def read_columns(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Return the one-dimensional arrays of the dict that *data* pickles, by key.

    Raises `ForeignFileError` for any other pickle. The arrays are copies of parts of
    *data*, so that they are never larger than it.
    """
    try:
        return _columns(_Machine().run(data))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise ForeignFileError(
            f"{name}: is a pickle that is not read, for it is no plain dict of arrays; "
            "save the columns with numpy.savez(path, x=…, y=…, p=…, t=…)"
        ) from error


def _columns(result: object) -> dict[str, NDArray[Any]]:
    """Unpack the array of shape () that holds the dict, and the dict."""
    if isinstance(result, _Built):
        (result,) = result.state[4]
    if not isinstance(result, dict):
        raise TypeError("no dict")
    return {
        str(key): _array(value)
        for key, value in result.items()
        if isinstance(value, _Built)
    }


def _array(built: _Built) -> NDArray[Any]:
    _, shape, kind, _, data = built.state
    (count,) = shape
    code = f"{kind.state[1]}{kind.arguments[0]}"
    if not NUMBER.fullmatch(code) or not isinstance(data, bytes):
        raise ValueError("no column of numbers")
    array = np.frombuffer(data, np.dtype(code))
    if len(array) != count:
        raise ValueError("cut")
    return array


class _Machine:
    """Follows the opcodes; keeps a stack and a memo, like the real one."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> object:
        """Return what is on the stack at the end."""
        steps: Iterator[Any] = pickletools.genops(BytesIO(data))
        for count, (opcode, argument, _) in enumerate(steps):
            if count > STEPS_MAX:
                raise ValueError("too long")
            if opcode.name in PUSHED:
                self.stack.append(argument)
            elif opcode.name in FIXED:
                self.stack.append(FIXED[opcode.name]())
            elif opcode.name in STEPS:
                STEPS[opcode.name](self, argument)
            elif opcode.name not in IGNORED:
                raise ValueError(opcode.name)
        (result,) = self.stack
        return result

    def put(self, at: int) -> None:
        """Remember what is on top."""
        self.memo[at] = self.stack[-1]

    def get(self, at: int) -> None:
        """Push what was remembered."""
        self.stack.append(self.memo[at])

    def name(self, words: str) -> None:
        """Push a name of NumPy's."""
        module, _, name = words.partition(" ")
        if module not in NUMPY_MODULES or name not in NUMPY_NAMES:
            raise ValueError(words)
        self.stack.append(_Name(name))

    def stack_name(self, _: object) -> None:
        """Push the name whose words are on top."""
        name, module = self.stack.pop(), self.stack.pop()
        self.name(f"{module} {name}")

    def call(self, _: object) -> None:
        """Note a call of a name instead of making it."""
        arguments, name = self.stack.pop(), self.stack.pop()
        self.stack.append(_Built(name.name, arguments))

    def build(self, _: object) -> None:
        """Give what was called its state."""
        state = self.stack.pop()
        if not isinstance(state, tuple):
            raise TypeError("no state")
        self.stack[-1].state = state

    def mark(self, _: object) -> None:
        """Remember where a group begins."""
        self.marks.append(len(self.stack))

    def group(self) -> list[Any]:
        """Take the group that began last."""
        at = self.marks.pop()
        taken = self.stack[at:]
        del self.stack[at:]
        return taken

    def pack(self, count: int) -> None:
        """Make a tuple of the *count* things on top."""
        taken = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.stack.append(taken)

    def fill(self, pairs: list[Any]) -> None:
        """Put keys and values into the dict on top."""
        self.stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))

    def append(self, values: list[Any]) -> None:
        """Add to the list on top."""
        self.stack[-1].extend(values)

    def top(self, count: int) -> list[Any]:
        """Take the *count* things on top."""
        taken = self.stack[-count:]
        del self.stack[-count:]
        return taken


IGNORED = frozenset({"PROTO", "FRAME", "STOP"})
PUSHED = frozenset(
    {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE"}
    | {"BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"}
)
FIXED: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": lambda machine, _: machine.put(len(machine.memo)),
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.stack_name,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
    "MARK": _Machine.mark,
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.group())),
    "TUPLE1": lambda machine, _: machine.pack(1),
    "TUPLE2": lambda machine, _: machine.pack(2),
    "TUPLE3": lambda machine, _: machine.pack(3),
    "SETITEM": lambda machine, _: machine.fill(machine.top(2)),
    "SETITEMS": lambda machine, _: machine.fill(machine.group()),
    "APPEND": lambda machine, _: machine.append(machine.top(1)),
    "APPENDS": lambda machine, _: machine.append(machine.group()),
}
