"""`heliograph eval detector`."""

import argparse
import shlex
import sys
from pathlib import Path

from heliograph.cli.adding import Commands, add, add_size
from heliograph.cli.arguments import share
from heliograph.cli.detection import add_detector, detector_of


def add_eval(commands: Commands) -> None:
    """`heliograph eval` and what it judges."""
    told = "measure how good something is"
    made = commands.add_parser("eval", help=told, description="Measure how good it is.")
    kinds = made.add_subparsers(metavar="WHAT", required=True)
    detector = add(
        kinds,
        "detector",
        "judge a detector on labels, and on nothing",
        run_eval_detector,
    )
    add_detector(detector)
    _add_data(detector)
    detector.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write report.json, report.md and pictures with boxes there",
    )
    detector.add_argument(
        "--background-ms",
        type=float,
        metavar="MS",
        help="the background filter before the detector (20, as a watch; 0: none)",
    )
    detector.add_argument(
        "--resamples",
        type=int,
        default=500,
        metavar="N",
        help="how often recordings are drawn anew for the intervals (%(default)s)",
    )
    detector.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="of what is drawn at random (%(default)s)",
    )


def _add_data(detector: argparse.ArgumentParser) -> None:
    """Add what it is judged on."""
    detector.add_argument(
        "--simulated", type=Path, metavar="DIR", help="scenes of the simulator"
    )
    detector.add_argument(
        "--pedro",
        type=Path,
        metavar="DIR",
        help="PEDRo: a folder with numpy/ and yolo/",
    )
    detector.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="any labels: NAME_bbox.npy, YOLO or COCO, a file or a folder",
    )
    detector.add_argument(
        "--classes",
        choices=("simulator", "gen1", "1mpx", "etram", "pedro", "coco"),
        help="whose classes the labels of --data are, where it does not show",
    )
    add_size(detector)
    detector.add_argument(
        "--judge",
        choices=("all", "gen1", "1mpx"),
        help="which labels of --data and --simulated count: all, or those that are "
        "large enough to count in Prophesee's figures on Gen1 or 1 Mpx (all of --data; "
        "of --simulated as Gen1, or as 1 Mpx on a sensor as wide)",
    )
    detector.add_argument(
        "--visible-min",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="of --simulated only things count of which so much shows, from 0 to 1: "
        "0.65 is what Caltech and CityPersons call reasonable (%(default)s: all that "
        "the labels ask for, from 0.45)",
    )
    detector.add_argument(
        "--noise", type=Path, metavar="FILE", help="a recording of nothing"
    )
    detector.add_argument(
        "--sweep",
        type=Path,
        metavar="FILE",
        help="Prophesee's person sweep: nothing before 0.7 s and after 2.0 s",
    )
    detector.add_argument(
        "--street",
        type=Path,
        metavar="FILE",
        help="a recording to be shown in pictures, without figures",
    )


def run_eval_detector(arguments: argparse.Namespace) -> int:
    """Judge a detector."""
    from heliograph.camera.types import Size
    from heliograph.evaluation import command

    request = command.EvalRequest(
        detector=detector_of(arguments),
        simulated=arguments.simulated,
        pedro=arguments.pedro,
        data=arguments.data,
        classes=arguments.classes,
        size=arguments.size and Size(*arguments.size),
        judging=arguments.judge,
        visible_min=arguments.visible_min,
        noise=arguments.noise,
        sweep=arguments.sweep,
        street=arguments.street,
        out=arguments.out,
        background_ms=arguments.background_ms,
        resamples=arguments.resamples,
        seed=arguments.seed,
    )
    told = shlex.join(["heliograph", *sys.argv[1:]])
    return command.run_eval_detector(request, command=told)
