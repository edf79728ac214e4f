"""FastestDet and NanoDet-m as ONNX graphs with random weights, to be timed and no more.

They are built from what is published of their architectures, with batch normalisation
folded into the convolutions, as both are deployed: what a layer costs does not depend
on its weights. FastestDet: https://github.com/dog-qiuqiu/FastestDet (ShuffleNetV2 of
24, 48, 96 and 192 channels, one scale, spatial pyramid pooling). NanoDet-m:
https://github.com/RangiLyu/nanodet, v0.4 (ShuffleNetV2 1.0x, PAN of 96 channels, a
head of two depthwise convolutions a scale). ShuffleNetV2: Ma et al., ECCV 2018,
https://arxiv.org/abs/1807.11164.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
INPUT, OUTPUT = "picture", "found"
REPEATS = (4, 8, 4)
"""Units of the three stages of ShuffleNetV2 at strides 8, 16 and 32."""
CLASSES = 80
"""COCO's, as both are published."""
LEAK = 0.1


class Graph:
    """An ONNX graph that is built layer by layer; names are values, NCHW."""

    def __init__(self, height: int, width: int, *, leaky: bool, seed: int) -> None:
        self._size = (height, width)
        self._leaky = leaky
        self._rng = np.random.default_rng(seed)
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self.parameters = 0

    def conv(
        self,
        x: str,
        channels: tuple[int, int],
        side: int = 1,
        *,
        stride: int = 1,
        depthwise: bool = False,
        active: bool = True,
    ) -> str:
        """Add a convolution from *channels* to channels, and what follows it."""
        inward, outward = channels
        groups = inward if depthwise else 1
        shape = (outward, inward // groups, side, side)
        scale = (2.0 / (shape[1] * side * side)) ** 0.5
        weights = self._rng.normal(0, scale, shape).astype(np.float32)
        bias = self._rng.normal(0, 0.05, outward).astype(np.float32)
        self.parameters += weights.size + bias.size
        pad = side // 2
        y = self.add(
            "Conv",
            [x, self.constant(weights), self.constant(bias)],
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[pad] * 4,
            group=groups,
        )
        return self.activation(y) if active else y

    def activation(self, x: str) -> str:
        """Add ReLU, or the leaky one."""
        return (
            self.add("LeakyRelu", [x], alpha=LEAK)
            if self._leaky
            else self.add("Relu", [x])
        )

    def add(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:  # noqa: ANN401 - what a node takes differs
        """Add a node; return what it gives."""
        name = f"v{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(operator, list(inputs), [name], **attributes)
        )
        return name

    def constant(self, values: NDArray[Any]) -> str:
        """Add a constant; return its name."""
        name = f"c{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(values, name))
        return name

    def halves(self, x: str) -> tuple[str, str]:
        """Split the channels of *x* in two."""
        first, second = f"{x}a", f"{x}b"
        self._nodes.append(helper.make_node("Split", [x], [first, second], axis=1))
        return first, second

    def shuffled(self, x: str, channels: int, height: int, width: int) -> str:
        """Let the channels of two groups take turns."""
        apart = np.array([1, 2, channels // 2, height, width], np.int64)
        whole = np.array([1, channels, height, width], np.int64)
        x = self.add("Reshape", [x, self.constant(apart)])
        x = self.add("Transpose", [x], perm=[0, 2, 1, 3, 4])
        return self.add("Reshape", [x, self.constant(whole)])

    def resized(self, x: str, scale: float, mode: str) -> str:
        """Scale *x* in both directions."""
        scales = np.array([1, 1, scale, scale], np.float32)
        return self.add("Resize", [x, "", self.constant(scales)], mode=mode)

    def model(self, outputs: Sequence[str]) -> onnx.ModelProto:
        """Return the whole; it gives all *outputs*."""
        graph = helper.make_graph(
            self._nodes,
            "peer",
            [
                helper.make_tensor_value_info(
                    INPUT, TensorProto.FLOAT, [1, 3, *self._size]
                )
            ],
            [
                helper.make_tensor_value_info(one, TensorProto.FLOAT, None)
                for one in outputs
            ],
            self._weights,
        )
        opset = [helper.make_opsetid("", OPSET)]
        made = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        return onnx.shape_inference.infer_shapes(made, strict_mode=True)


def fastest_det(height: int, width: int) -> tuple[onnx.ModelProto, int]:
    """Return FastestDet for a picture of that size, and how many parameters it has."""
    graph = Graph(height, width, leaky=False, seed=1)
    near, middle, far = _shufflenet(graph, (24, 48, 96, 192), (height, width))
    pooled = graph.add(
        "AveragePool", [near], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4
    )
    x = graph.add("Concat", [pooled, middle, graph.resized(far, 2, "nearest")], axis=1)
    x = graph.conv(x, (336, 96))
    branches = []
    for depth in (1, 2, 3):
        y = x
        for _ in range(depth):
            y = graph.conv(y, (96, 96), 5, depthwise=True)
        branches.append(y)
    y = graph.conv(graph.add("Concat", branches, axis=1), (288, 96), active=False)
    x = graph.conv(graph.activation(graph.add("Add", [x, y])), (96, 96))
    sure, sides, kinds = (
        graph.conv(
            graph.conv(x, (96, 96), 5, depthwise=True), (96, count), active=False
        )
        for count in (1, 4, CLASSES)
    )
    outputs = [
        graph.add("Sigmoid", [sure]),
        sides,
        graph.add("Softmax", [kinds], axis=1),
    ]
    return graph.model([graph.add("Concat", outputs, axis=1)]), graph.parameters


def nanodet_m(height: int, width: int) -> tuple[onnx.ModelProto, int]:
    """Return NanoDet-m for a picture of that size, and how many parameters it has."""
    graph = Graph(height, width, leaky=True, seed=2)
    channels = (24, 116, 232, 464)
    stages = _shufflenet(graph, channels, (height, width))
    levels = [
        graph.conv(stage, (count, 96), active=False)
        for stage, count in zip(stages, channels[1:], strict=True)
    ]
    for at in (2, 1):
        larger = graph.resized(levels[at], 2, "linear")
        levels[at - 1] = graph.add("Add", [levels[at - 1], larger])
    for at in (0, 1):
        smaller = graph.resized(levels[at], 0.5, "linear")
        levels[at + 1] = graph.add("Add", [levels[at + 1], smaller])
    outputs = []
    # A distance to each of four edges is a distribution over eight.
    told = CLASSES + 4 * 8
    for level in levels:
        x = level
        for _ in range(2):
            x = graph.conv(x, (96, 96), 3, depthwise=True)
            x = graph.conv(x, (96, 96))
        outputs.append(graph.add("Sigmoid", [graph.conv(x, (96, told), active=False)]))
    return graph.model(outputs), graph.parameters


def _shufflenet(
    graph: Graph, channels: tuple[int, int, int, int], size: tuple[int, int]
) -> list[str]:
    """Add ShuffleNetV2; return its stages at strides 8, 16 and 32."""
    x = graph.conv(INPUT, (3, channels[0]), 3, stride=2)
    x = graph.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    height, width = size[0] // 4, size[1] // 4
    stages, inward = [], channels[0]
    for repeats, outward in zip(REPEATS, channels[1:], strict=True):
        height, width, half = height // 2, width // 2, outward // 2
        aside = graph.conv(
            x, (inward, inward), 3, stride=2, depthwise=True, active=False
        )
        # The side way keeps no more channels than make the whole.
        aside = graph.conv(aside, (inward, half))
        y = _unit(graph, x, (inward, half), stride=2)
        x = graph.add("Concat", [aside, y], axis=1)
        x = graph.shuffled(x, outward, height, width)
        for _ in range(repeats - 1):
            kept, y = graph.halves(x)
            y = _unit(graph, y, (half, half), stride=1)
            x = graph.add("Concat", [kept, y], axis=1)
            x = graph.shuffled(x, outward, height, width)
        stages.append(x)
        inward = outward
    return stages


def _unit(graph: Graph, x: str, channels: tuple[int, int], *, stride: int) -> str:
    inward, half = channels
    x = graph.conv(x, (inward, half))
    x = graph.conv(x, (half, half), 3, stride=stride, depthwise=True, active=False)
    return graph.conv(x, (half, half))
