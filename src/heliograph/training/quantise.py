"""From fp32 to int8: onnxruntime's static quantisation, per channel.

What the layers give on real windows decides their scales. Surfaces are mostly zeros, so
the largest value ever seen is far beyond the rest and would waste nearly all of the 256
levels: a percentile is taken instead, and only windows with something in them count.
The last convolutions stay fp32: they are a hundredth of the work, and a box's edge
should not move in steps.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from heliograph.camera.detection.model_facts import INPUT, OUTPUTS
from heliograph.training.architecture import FIT

PERCENTILE = 99.999

FILLED_MIN = 0.02
"""A window with fewer cells that hold anything is empty."""


class _Windows(CalibrationDataReader):  # type: ignore[misc]  # it ships no types
    """Surfaces one by one, as the calibration asks for them."""

    def __init__(self, surfaces: Iterator[NDArray[np.uint8]]) -> None:
        self._surfaces = surfaces

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        surface = next(self._surfaces, None)
        return None if surface is None else {INPUT: surface[None]}


def quantise(
    fp32: Path, out: Path, surfaces: NDArray[np.uint8], *, windows_max: int = 200
) -> None:
    """Write the int8 twin of *fp32* to *out*, calibrated on *surfaces*, (N, C, H, W).

    Raises `ValueError` where hardly any of them has something in it.
    """
    filled = [one for one in surfaces if (one > 0).mean() > FILLED_MIN][:windows_max]
    if len(filled) < min(8, windows_max):
        raise ValueError(
            f"only {len(filled)} of {len(surfaces)} windows hold enough events to "
            "calibrate on"
        )
    with TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(fp32, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            out,
            _Windows(iter(filled)),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[f"{name}.conv" for name in (*OUTPUTS, FIT.name)],
            op_types_to_quantize=["Conv", "Relu", "Add", "Resize"],
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": PERCENTILE, "ActivationSymmetric": False},
        )
    model = onnx.load(out)
    _take_bytes(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, out)


def _take_bytes(model: onnx.ModelProto) -> None:
    """Let the surface's bytes be the first layer's, without a way through floats.

    They are levels of 1/255 already, which is all that a quantiser could make of them.
    """
    graph = model.graph
    by_output = {name: node for node in graph.node for name in node.output}
    entry = next(
        node
        for node in graph.node
        if node.op_type == "DequantizeLinear"
        and by_output.get(node.input[0]) is not None
        and by_output[node.input[0]].input[0] == "scaled"
    )
    gone = [by_output[entry.input[0]]]
    gone += [node for node in graph.node if set(node.output) & {"scaled", "levels"}]
    for node in gone:
        graph.node.remove(node)
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array(1 / 255, np.float32), "byte.scale"),
            numpy_helper.from_array(np.array(0, np.uint8), "byte.zero"),
        ]
    )
    graph.node.remove(entry)
    taken = helper.make_node(
        "DequantizeLinear", [INPUT, "byte.scale", "byte.zero"], list(entry.output)
    )
    graph.node.insert(0, taken)
    used = {name for node in graph.node for name in node.input}
    for tensor in [one for one in graph.initializer if one.name not in used]:
        graph.initializer.remove(tensor)
