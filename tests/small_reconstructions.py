"""Networks of a few nodes that make pictures of events, as files.

The picture is the state: half of what it was, and all that came in with the grid.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Sides = Sequence[int | str]
FREE: Sides = ("H", "W")
KEPT = 0.5
"""The share of a state that is left after a grid."""

CONSTANTS: dict[str, NDArray[Any]] = {
    "planes": np.array([1], np.int64),
    "kept": np.array(KEPT, np.float32),
    "none": np.array(-1.0, np.float32),
    "row": np.zeros(1, np.float32),
    "far": np.array(9, np.int64),
    "corner": np.array([0, 0], np.int64),
    "end": np.array([8, 8], np.int64),
    "axes": np.array([2, 3], np.int64),
}


def write_reconstruction(
    path: Path,
    *,
    bins: int = 5,
    states: Sequence[str] = ("state1", "state2"),
    events: str = "events",
    image: str = "image",
    after: str = "_out",
    sides: Sides = FREE,
    state_sides: Sides = FREE,
    type_in: int = TensorProto.FLOAT,
    gives: Literal["state", "nothing finite", "a smaller picture"] = "state",
    busy_max: float | None = None,
) -> Path:
    """Write a network to *path*, of another contract where a name or side is another.

    It fails on a grid whose values come to more than *busy_max*.
    """
    nodes = [
        helper.make_node("Cast", [events], ["grid"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["grid", "planes"], ["came"], keepdims=1),
    ]
    for state in states:
        nodes += [
            helper.make_node("Mul", [state, "kept"], [f"{state}_left"]),
            helper.make_node("Add", [f"{state}_left", "came"], [f"{state}{after}"]),
        ]
    shown = f"{states[0]}{after}" if states else "came"
    nodes += _picture(shown, image, gives) if busy_max is None else _fails(shown, image)
    graph = helper.make_graph(
        nodes,
        "small",
        [
            _tensor(events, bins, sides, type_in),
            *(_tensor(state, 1, state_sides) for state in states),
        ],
        [
            _tensor(image, 1, FREE),
            *(_tensor(f"{state}{after}", 1, FREE) for state in states),
        ],
        [numpy_helper.from_array(value, name) for name, value in CONSTANTS.items()]
        + [numpy_helper.from_array(np.array(busy_max or 0.0, np.float32), "busy_max")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    path.write_bytes(model.SerializeToString())
    return path


def _picture(shown: str, image: str, gives: str) -> list[onnx.NodeProto]:
    if gives == "a smaller picture":
        parts = [shown, "corner", "end", "axes"]
        return [helper.make_node("Slice", parts, [image])]
    if gives == "nothing finite":
        return [
            helper.make_node("Abs", [shown], ["size"]),
            helper.make_node("Sub", ["none", "size"], ["below"]),
            helper.make_node("Sqrt", ["below"], [image]),
        ]
    return [helper.make_node("Identity", [shown], [image])]


def _fails(shown: str, image: str) -> list[onnx.NodeProto]:
    """Look up a row that is not there where the grid is busy."""
    return [
        helper.make_node("Abs", ["grid"], ["sizes"]),
        helper.make_node("ReduceSum", ["sizes"], ["busy"], keepdims=0),
        helper.make_node("Greater", ["busy", "busy_max"], ["too_busy"]),
        helper.make_node("Cast", ["too_busy"], ["number"], to=TensorProto.INT64),
        helper.make_node("Mul", ["number", "far"], ["at"]),
        helper.make_node("Gather", ["row", "at"], ["nothing"]),
        helper.make_node("Add", [shown, "nothing"], [image]),
    ]


def _tensor(
    name: str, planes: int, sides: Sides, type_in: int = TensorProto.FLOAT
) -> Any:  # noqa: ANN401 - onnx has no types
    return helper.make_tensor_value_info(name, type_in, (1, planes, *sides))
