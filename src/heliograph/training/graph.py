"""The network as an ONNX file, built from its table and the numbers that were found."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from heliograph.camera.detection.decoding import STRIDE_PX
from heliograph.camera.detection.model_facts import INPUT, OUTPUTS, ROWS, VERSION
from heliograph.camera.surfaces.model_input import CELLS, InputSpec
from heliograph.labelled.classes import CLASSES
from heliograph.training.architecture import FIT, Conv, layers

OPSET = 17
IR_VERSION = 8

Weights = Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Per layer the kernel (out, in, k, k) and the bias (out,), normalisation folded in."""

FIT_POWER = 0.25
"""How much it weighs how well a box fits: as a factor of its score, to this power."""


def build(weights: Weights, spec: InputSpec) -> onnx.ModelProto:
    """Return the network for surfaces of *spec*: uint8 in, scores and boxes out.

    Without weights for `FIT` scores do not say how well boxes fit.
    """
    nodes = [
        helper.make_node("Cast", [INPUT], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["levels", "per_level"], ["scaled"]),
    ]
    tensors = [
        numpy_helper.from_array(np.array(1 / 255, np.float32), "per_level"),
        numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"),
        numpy_helper.from_array(np.array(STRIDE_PX, np.float32), "stride"),
        numpy_helper.from_array(np.array([1], np.int64), "over_classes"),
        numpy_helper.from_array(np.array(1e-6, np.float32), "hardly"),
    ]
    if FIT.name in weights:
        power = np.array(FIT_POWER, np.float32)
        tensors.append(numpy_helper.from_array(power, "fit.power"))
    for layer in _table(weights, spec):
        kernel, bias = weights[layer.name]
        tensors.append(numpy_helper.from_array(kernel, f"{layer.name}.kernel"))
        tensors.append(numpy_helper.from_array(bias, f"{layer.name}.bias"))
        nodes += _nodes(layer, has_fit=FIT.name in weights)
    graph = helper.make_graph(
        nodes,
        "heliograph-detector",
        [_value(INPUT, TensorProto.UINT8, spec.channels, stride=1)],
        [
            _value("scores", TensorProto.FLOAT, len(CLASSES), stride=STRIDE_PX),
            _value("boxes", TensorProto.FLOAT, 4, stride=STRIDE_PX),
        ],
        tensors,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    tell(
        model,
        heliograph_model=VERSION,
        classes=",".join(CLASSES),
        surface=json.dumps(asdict(spec)),
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def tell(model: onnx.ModelProto, **facts: str) -> None:
    """Write *facts* into the file's own metadata, over those of the same name."""
    known = {one.key: one.value for one in model.metadata_props}
    helper.set_model_props(model, {**known, **facts})


def _table(weights: Weights, spec: InputSpec) -> list[Conv]:
    """Return the layers in order of reckoning, `FIT` where it has weights."""
    table = list(layers(spec.channels))
    if FIT.name in weights:
        at = next(at for at, one in enumerate(table) if one.is_output)
        table.insert(at, FIT)
    return table


def _nodes(layer: Conv, *, has_fit: bool) -> list[onnx.NodeProto]:
    source = "scaled" if layer.source == INPUT else layer.source
    reckoned = layer.name if _ends_plainly(layer) else f"{layer.name}.conv"
    pad = layer.kernel // 2
    nodes = [
        helper.make_node(
            "Conv",
            [source, f"{layer.name}.kernel", f"{layer.name}.bias"],
            [reckoned],
            name=f"{layer.name}.conv",
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            pads=[pad] * 4,
        )
    ]
    if layer.rectified:
        nodes.append(helper.make_node("Relu", [reckoned], [layer.name]))
    if layer.plus is not None:
        larger = f"{layer.name}.larger"
        nodes.append(
            helper.make_node(
                "Resize",
                [reckoned, "", "twice"],
                [larger],
                mode="nearest",
                nearest_mode="floor",
                coordinate_transformation_mode="asymmetric",
            )
        )
        nodes.append(helper.make_node("Add", [larger, layer.plus], [layer.name]))
    if layer.name == "scores":
        nodes += _rivals(reckoned, "scores.peak" if has_fit else layer.name)
        nodes += _fitting("scores.peak", layer.name) if has_fit else []
    elif layer.name == "boxes":
        grown = helper.make_node("Exp", [reckoned], ["boxes.cells"])
        scaled = helper.make_node("Mul", ["boxes.cells", "stride"], [layer.name])
        nodes += [grown, scaled]
    return nodes


def _rivals(logits: str, scores: str) -> list[onnx.NodeProto]:
    """Let each class's score be its own times its share of all classes' scores.

    A cell is the middle of one thing: what may be of another class as well is less
    sure to be of this one, which each class for itself does not know.
    """
    make = helper.make_node
    return [
        make("Sigmoid", [logits], ["scores.alone"]),
        make("ReduceSum", ["scores.alone", "over_classes"], ["scores.sum"]),
        make("Max", ["scores.sum", "hardly"], ["scores.all"]),
        make("Div", ["scores.alone", "scores.all"], ["scores.share"]),
        make("Mul", ["scores.alone", "scores.share"], [scores]),
    ]


def _fitting(peak: str, scores: str) -> list[onnx.NodeProto]:
    """Let the score of a box that hardly fits be less.

    A peak says that something is there, and not how sure its edges are (Tian et al.,
    FCOS, ICCV 2019, multiplies by what it calls center-ness).
    """
    make = helper.make_node
    return [
        make("Sigmoid", [FIT.name], ["fit.share"]),
        make("Pow", ["fit.share", "fit.power"], ["fit.factor"]),
        make("Mul", [peak, "fit.factor"], [scores]),
    ]


def _ends_plainly(layer: Conv) -> bool:
    """Say whether nothing comes after the convolution."""
    return not (layer.rectified or layer.plus is not None or layer.name in OUTPUTS)


def _value(name: str, kind: int, channels: int, *, stride: int) -> Any:  # noqa: ANN401
    rows = ROWS if stride == 1 else f"{ROWS} / {stride}"
    shape: list[str | int | None] = [1, channels, rows, CELLS.width // stride]
    return helper.make_tensor_value_info(name, kind, shape)
