"""The peers of the detector's bench are what was published of them."""

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest
from published_networks import INPUT, fastest_det, nanodet_m

HEIGHT, WIDTH = 192, 320


@pytest.mark.parametrize(
    ("build", "millions", "shapes"),
    [
        (fastest_det, 0.24, [(1, 1 + 4 + 80, 12, 20)]),
        (nanodet_m, 0.95, [(1, 80 + 32, 192 // s, 320 // s) for s in (8, 16, 32)]),
    ],
)
def test_a_peer_is_as_large_as_it_is_published_and_runs(
    build: Callable[[int, int], tuple[onnx.ModelProto, int]],
    millions: float,
    shapes: list[tuple[int, ...]],
) -> None:
    model, parameters = build(HEIGHT, WIDTH)
    onnx.checker.check_model(model, full_check=True)
    assert parameters / 1e6 == pytest.approx(millions, rel=0.02)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    picture = np.random.default_rng(1).random((1, 3, HEIGHT, WIDTH), np.float32)
    found = session.run(None, {INPUT: picture})
    assert [one.shape for one in found] == shapes
    # A layer that gives nothing, or more and more, costs another time than a real one.
    assert all(np.isfinite(one).all() and one.std() > 0 for one in found)
