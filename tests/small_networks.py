"""Networks of a few nodes, as files: they fire where enough of a place is bright."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from heliograph.camera.surfaces.model_input import CELLS, InputSpec

CLASSES = ("person", "vehicle", "two-wheeler")
NEVER = 2.0
"""A share of brightness that no place reaches."""
SPEC = InputSpec(kind="exponential", taus_us=(25_000,))
STRIDE = 8
ROWS = 192
"""Of the input, where they are fixed."""


def write_network(
    path: Path,
    *,
    bright: Mapping[str, float],
    half: tuple[int, int],
    classes: tuple[str, ...] = CLASSES,
    spec: InputSpec = SPEC,
    type_in: int = TensorProto.UINT8,
    rows: int | None = ROWS,
    rows_more: int = 0,
    gain: float = 60.0,
    metadata: Mapping[str, str | None] | None = None,
) -> Path:
    """Write a network of *classes* to *path*; its boxes are twice *half* cells large.

    A class fires in the middle of a place of that size of which its share in *bright*
    is lit; its score goes from 0 to 1 there as steeply as *gain*. The input has *rows*,
    or, where that is None, as many as it is given. What *metadata* hold goes before
    what the file says of itself, None takes it away.
    """
    planes = (1, spec.channels, rows or "rows", CELLS.width)
    down = rows // STRIDE + rows_more if rows else "rows / 8"
    tensors = _tensors(spec, half, [bright.get(name, NEVER) for name in classes], gain)
    graph = helper.make_graph(
        _nodes(half, rows_more),
        "small",
        [helper.make_tensor_value_info("surface", type_in, planes)],
        [
            _output("scores", len(classes), down),
            _output("boxes", 4, down),
        ],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    usual: dict[str, str | None] = {
        "heliograph_model": "1",
        "classes": ",".join(classes),
        "surface": json.dumps(asdict(spec)),
        "score_min": json.dumps(dict.fromkeys(classes, 0.5)),
    }
    told = {**usual, **(metadata or {})}
    helper.set_model_props(
        model, {name: value for name, value in told.items() if value is not None}
    )
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())
    return path


def _tensors(
    spec: InputSpec, half: tuple[int, int], bright: Sequence[float], gain: float
) -> dict[str, NDArray[np.float32]]:
    high, wide = half[0] * 2 + 1, half[1] * 2 + 1
    lit = spec.channels * STRIDE * STRIDE * 255.0
    return {
        "cell": np.full((1, spec.channels, STRIDE, STRIDE), 1 / lit, np.float32),
        "place": np.full((1, 1, high, wide), 1 / (high * wide), np.float32),
        "gain": np.full((len(bright), 1, 1, 1), gain, np.float32),
        "dark": np.array([-gain * share for share in bright], np.float32),
        "nothing": np.zeros((4, 1, 1, 1), np.float32),
        "sides": np.array([half[1] * STRIDE, half[0] * STRIDE] * 2, np.float32),
    }


def _nodes(half: tuple[int, int], rows_more: int) -> list[onnx.NodeProto]:
    pads = [half[0], half[1], half[0] + rows_more, half[1]]
    return [
        helper.make_node("Cast", ["surface"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["levels", "cell"], ["cells"], strides=[STRIDE] * 2),
        helper.make_node("Conv", ["cells", "place"], ["places"], pads=pads),
        helper.make_node("Conv", ["places", "gain", "dark"], ["sure"]),
        helper.make_node("Sigmoid", ["sure"], ["scores"]),
        helper.make_node("Conv", ["places", "nothing", "sides"], ["boxes"]),
    ]


def _output(name: str, planes: int, down: int | str) -> Any:  # noqa: ANN401 - onnx has no types
    return helper.make_tensor_value_info(
        name, TensorProto.FLOAT, (1, planes, down, CELLS.width // STRIDE)
    )
