"""From nothing to a model's file, stage by stage; what a stage left is not made again.

scenes → samples → network → ONNX → how well its boxes fit → int8 → what it finds on
scenes it has never seen.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from heliograph.camera.surfaces.model_input import CELLS
from heliograph.evaluation.average_precision import Figures
from heliograph.labelled import LabelledWindow, open_labelled
from heliograph.simulation.scenes.settings import SceneSettings
from heliograph.simulation.scenes.sprites import Split
from heliograph.simulation.scenes.write import write_scenes
from heliograph.training import fit, graph, judging
from heliograph.training.architecture import FIT, parameters
from heliograph.training.journal import Journal
from heliograph.training.loop import train
from heliograph.training.quantise import quantise
from heliograph.training.samples import FACTS as SAMPLES_FACTS
from heliograph.training.samples import (
    HISTORY_MIN_US,
    HISTORY_US,
    Samples,
    read_samples,
    write_samples,
)
from heliograph.training.settings import Recipe

MODEL, MODEL_FP32, REPORT = "detector.onnx", "detector-fp32.onnx", "training.json"
BYTES_MAX = 1_000_000
"""What the int8 file may weigh."""

CALIBRATED_ON = 400
"""How many samples the quantiser may choose from."""

Told = Callable[[str, float], None]
"""Told the stage, and the share of it that is done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The model, what it weighs, and what it finds on the held-out samples."""

    model: Path
    model_bytes: int
    parameters: int
    fp32: Figures
    int8: Figures
    score_min: dict[str, float]


def run(recipe: Recipe, told: Told) -> Outcome:
    """Make the model that *recipe* describes.

    Raises `ValueError` for a folder of another run, nothing to train on or a model that
    weighs too much, `LabelError` and `RecordingError` for data that cannot be read, and
    `OSError`.
    """
    if (recipe.images is None) != (recipe.videos is None):
        raise ValueError("scenes need both --images and --videos")
    if recipe.images is None and not (recipe.data and recipe.held_out):
        raise ValueError(
            "nothing to train on: give --images and --videos, or --data and --held-out"
        )
    threads, batch = recipe.training.threads, recipe.training.batch
    if batch % threads:
        raise ValueError(f"{threads} threads cannot share a batch of {batch} alike")
    recipe.out.mkdir(parents=True, exist_ok=True)
    samples = _samples(recipe, "train", told)
    held_out = _samples(recipe, "test", told)
    journal = Journal(recipe.out)
    network = train(
        samples,
        held_out,
        recipe.out,
        recipe.training,
        told=lambda share: told("training", share),
        ended=journal.add,
    )
    fp32, int8 = recipe.out / MODEL_FP32, recipe.out / MODEL
    _build(recipe, network.weights(), fp32, samples, told)
    rng = np.random.default_rng([recipe.training.seed, 3])
    chosen = rng.permutation(len(samples))[:CALIBRATED_ON]
    quantise(fp32, int8, samples.surfaces[np.sort(chosen)])
    told("judging", 0.0)
    outcome = _judged(recipe, fp32, int8, held_out)
    told("judging", 1.0)
    _report(recipe, outcome, len(samples), len(held_out))
    if outcome.model_bytes > BYTES_MAX:
        raise ValueError(f"{int8} weighs {outcome.model_bytes:,} bytes: too much")
    return outcome


def _build(
    recipe: Recipe, weights: graph.Weights, fp32: Path, samples: Samples, told: Told
) -> None:
    """Write the network, and after it what it says itself of how well its boxes fit."""
    spec, seed = recipe.training.spec, recipe.training.seed
    onnx.save(graph.build(weights, spec), fp32)
    learnt = fit.learn(
        fp32, samples, seed=seed, told=lambda share: told("fit of boxes", share)
    )
    onnx.save(graph.build({**weights, FIT.name: learnt}, spec), fp32)


def _samples(recipe: Recipe, split: Split, told: Told) -> Samples:
    """Return the samples of a split, made where they are not there yet."""
    folder = recipe.out / "samples" / split
    made_of = json.loads(json.dumps(_made_of(recipe, split)))
    facts = folder / "recipe.json"
    if facts.exists() and (folder / SAMPLES_FACTS).exists():
        if json.loads(facts.read_text()) != made_of:
            raise ValueError(
                f"{folder} holds samples of another recipe: give another --out, or "
                "remove it"
            )
        return read_samples(folder)
    folder.mkdir(parents=True, exist_ok=True)
    facts.write_text(json.dumps(made_of, indent=2) + "\n")
    windows = _windows(recipe, split, told)
    each = max(1.0, recipe.scene_s * 1e6 / recipe.every_us)
    expected = _scenes_of(recipe, split) * each
    write_samples(
        windows,
        folder,
        spec=recipe.training.spec,
        seed=recipe.training.seed,
        told=lambda count: told(f"samples ({split})", min(1.0, count / expected)),
    )
    return read_samples(folder)


def _made_of(recipe: Recipe, split: Split) -> dict[str, Any]:
    return {
        "spec": asdict(recipe.training.spec),
        "cells": asdict(CELLS),
        "scenes": _scenes_of(recipe, split),
        "scene_s": recipe.scene_s,
        "seed": recipe.training.seed,
        "data": [str(path) for path in _data_of(recipe, split)],
        "every_us": recipe.every_us,
    }


def _data_of(recipe: Recipe, split: Split) -> tuple[Path, ...]:
    return recipe.data if split == "train" else recipe.held_out


def _scenes_of(recipe: Recipe, split: Split) -> int:
    return recipe.scenes if split == "train" else recipe.held_out_scenes


def _windows(recipe: Recipe, split: Split, told: Told) -> Iterator[LabelledWindow]:
    """Yield the simulated windows, and after them those of labelled recordings."""
    if recipe.images is not None and recipe.videos is not None:
        scenes = recipe.out / "scenes" / split
        settings = SceneSettings(
            recipe.images,
            recipe.videos,
            _scenes_of(recipe, split),
            split,
            # Other scenes, not only other pictures.
            2 * recipe.training.seed + (split == "test"),
            recipe.scene_s,
        )
        write_scenes(
            scenes,
            settings,
            workers=recipe.workers,
            progress=lambda done, of: told(f"scenes ({split})", done / of),
        )
        for window in _opened(recipe, (scenes,)):
            # A scene begins at 0; before that long nothing is on the surface.
            if window.t_us >= HISTORY_MIN_US:
                yield window
    yield from _opened(recipe, _data_of(recipe, split))


def _opened(recipe: Recipe, paths: Iterable[Path]) -> Iterator[LabelledWindow]:
    for path in paths:
        yield from open_labelled(
            path,
            history_us=HISTORY_US,
            every_us=recipe.every_us,
            classes=recipe.classes,
        )


def _judged(recipe: Recipe, fp32: Path, int8: Path, held_out: Samples) -> Outcome:
    """Measure both forms, and write into them from which score a box counts."""
    seed = recipe.training.seed
    found = judging.judge(int8, held_out)
    score_min = dict(judging.score_min(found))
    for path in (fp32, int8):
        model = onnx.load(path)
        graph.tell(model, score_min=json.dumps(score_min))
        onnx.save(model, path)
    return Outcome(
        model=int8,
        model_bytes=int8.stat().st_size,
        parameters=parameters(recipe.training.spec.channels),
        fp32=judging.figures(judging.judge(fp32, held_out), seed=seed),
        int8=judging.figures(found, seed=seed),
        score_min=score_min,
    )


def _report(recipe: Recipe, outcome: Outcome, samples: int, held_out: int) -> None:
    facts = {
        "samples": samples,
        "held_out_samples": held_out,
        "parameters": outcome.parameters,
        "bytes": outcome.model_bytes,
        "score_min": outcome.score_min,
        "training": asdict(recipe.training),
        "fp32": asdict(outcome.fp32),
        "int8": asdict(outcome.int8),
    }
    (recipe.out / REPORT).write_text(json.dumps(facts, indent=2) + "\n")
