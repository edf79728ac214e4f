"""`heliograph train`: the detector's recipe."""

import argparse
from pathlib import Path

from heliograph.cli.adding import Commands, add
from heliograph.cli.arguments import count, rate, seed

SURFACES = ("leaky", "exponential", "histogram")
DATA_SETS = ("gen1", "1mpx", "etram", "pedro", "coco", "simulator")


def add_train(commands: Commands) -> None:
    """`heliograph train`."""
    train = add(
        commands, "train", "train the camera's detector and make it int8", run_train
    )
    train.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="where scenes, samples, checkpoint and model go; called again, a run goes "
        "on where it stopped",
    )
    _add_data(train)
    _add_training(train)


def _add_data(train: argparse.ArgumentParser) -> None:
    train.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="masked pictures (PennFudanPed, coco128) to simulate scenes from",
    )
    train.add_argument(
        "--videos", type=Path, metavar="DIR", help="static videos, for backgrounds"
    )
    train.add_argument(
        "--scenes", type=count, default=10_000, help="how many (%(default)s)"
    )
    train.add_argument(
        "--held-out-scenes",
        type=count,
        default=300,
        help="scenes of other pictures, to judge by (%(default)s)",
    )
    train.add_argument(
        "--data",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="labelled recordings to train on as well: Prophesee's _bbox.npy, PEDRo, "
        "COCO's JSON; may be given again",
    )
    train.add_argument(
        "--held-out",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="labelled recordings to judge by, of the same kinds; may be given again",
    )
    train.add_argument(
        "--classes",
        choices=DATA_SETS,
        help="whose classes the recordings have, where their files do not tell",
    )
    train.add_argument(
        "--workers",
        type=count,
        default=2,
        help="processes that simulate (%(default)s)",
    )


def _add_training(train: argparse.ArgumentParser) -> None:
    train.add_argument(
        "--surface",
        choices=SURFACES,
        default="leaky",
        help="what the network is shown (%(default)s)",
    )
    train.add_argument("--epochs", type=count, default=42, help="passes (%(default)s)")
    train.add_argument(
        "--batch",
        type=count,
        default=16,
        help="windows a step, or four times as many crops (%(default)s)",
    )
    train.add_argument(
        "--rate", type=rate, default=2e-3, help="highest learning rate (%(default)s)"
    )
    train.add_argument(
        "--seed", type=seed, default=1, help="same seed, same model (%(default)s)"
    )
    train.add_argument(
        "--threads", type=count, default=2, help="cores to train on (%(default)s)"
    )
    train.add_argument(
        "--precision",
        choices=("auto", "bf16", "fp32"),
        default="auto",
        help="auto is bf16 where the CPU multiplies it in hardware (%(default)s)",
    )


def run_train(arguments: argparse.Namespace) -> int:
    """Train a detector."""
    from heliograph.camera.surfaces.model_input import InputSpec
    from heliograph.labelled.classes import CLASS_MAPS
    from heliograph.training.command import run_train
    from heliograph.training.settings import Recipe, TrainSettings

    recipe = Recipe(
        out=arguments.out,
        images=arguments.images,
        videos=arguments.videos,
        scenes=arguments.scenes,
        held_out_scenes=arguments.held_out_scenes,
        data=tuple(arguments.data),
        held_out=tuple(arguments.held_out),
        classes=CLASS_MAPS.get(arguments.classes),
        workers=arguments.workers,
        training=TrainSettings(
            spec=InputSpec(kind=arguments.surface),
            epochs=arguments.epochs,
            batch=arguments.batch,
            rate=arguments.rate,
            seed=arguments.seed,
            threads=arguments.threads,
            precision=arguments.precision,
        ),
    )
    return run_train(recipe)
