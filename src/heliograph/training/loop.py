"""Epoch after epoch, with a checkpoint after each, so that a run can be resumed."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from heliograph.training.batches import batches, plain
from heliograph.training.epoch import Epoch
from heliograph.training.muon import Muon
from heliograph.training.network import Network
from heliograph.training.samples import Samples
from heliograph.training.settings import TrainSettings
from heliograph.training.shares import Shares, losses

CHECKPOINT = "checkpoint.pt"
VERSION = 3
"""Of what a checkpoint holds: what another one left cannot be gone on from."""

WARM_STEPS = 200
RATE_END = 0.01
AVERAGE_KEEPS = 0.998
KERNELS_FASTER = 10.0
"""How much faster kernels move, whose steps are of another kind."""
GRADIENT_MAX = 10.0


def train(
    samples: Samples,
    held_out: Samples,
    out: Path,
    settings: TrainSettings,
    *,
    told: Callable[[float], None],
    ended: Callable[[Epoch], None],
) -> Network:
    """Train on *samples* and return the averaged network, ready to be asked.

    A checkpoint in *out* is gone on from; one of other settings raises `ValueError`.
    *told* hears the share done, and *ended* of each epoch.
    """
    run = _Run(samples, out, settings)
    try:
        run.resume()
        while run.epoch < settings.epochs:
            begun_s = time.monotonic()
            peaks, boxes = run.one_epoch(told)
            held = measure(run.average, held_out, settings, run.shares)
            run.save()
            ended(Epoch(run.epoch, time.monotonic() - begun_s, peaks, boxes, *held))
    finally:
        run.close()
    return run.average


def measure(
    network: Network, samples: Samples, settings: TrainSettings, shares: Shares
) -> tuple[float, float]:
    """Return the mean losses of *network* on *samples* as they are, by all threads."""
    network.eval()
    count, threads = len(samples), settings.threads
    parts = [range(first, count, threads) for first in range(threads)]

    def summed(part: range) -> tuple[float, float]:
        peaks = boxes = 0.0
        with torch.no_grad():
            for batch in plain(samples, part, settings.batch):
                wrong, size = losses(network, batch, settings), len(batch.surfaces)
                peaks += float(wrong.peaks) * size
                boxes += float(wrong.boxes) * size
        return peaks, boxes

    peaks, boxes = zip(*shares.each(summed, parts), strict=True)
    return sum(peaks) / max(count, 1), sum(boxes) / max(count, 1)


def share_of_rate(step: int, total: int) -> float:
    """Rise for a while, then fall along half a cosine."""
    warm = min(WARM_STEPS, total // 10 + 1)
    if step < warm:
        return (step + 1) / warm
    done = (step - warm) / max(total - warm, 1)
    return RATE_END + (1 - RATE_END) * 0.5 * (1 + math.cos(math.pi * done))


class _Run:
    """A network on its way: what a checkpoint holds."""

    def __init__(self, samples: Samples, out: Path, settings: TrainSettings) -> None:
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(mode=True)
        # All that is asked for is written to before it is read.
        torch.utils.deterministic.fill_uninitialized_memory = False
        torch.manual_seed(settings.seed)
        self.samples, self.settings, self.epoch = samples, settings, 0
        self._path = out / CHECKPOINT
        if not all(self._steps(epoch) for epoch in range(settings.epochs)):
            raise ValueError(
                f"{len(samples)} samples do not fill one batch: it takes "
                f"{settings.batch} whole ones, and {settings.crops} crops"
            )
        network = Network(settings.spec.channels)
        self.network: Network = network.to(memory_format=torch.channels_last)
        self.average: Network = copy.deepcopy(self.network)
        self.shares = Shares(self.network, settings)
        kernels = self.network.kernels()
        moved = {id(kernel) for kernel in kernels}
        others = [one for one in self.network.parameters() if id(one) not in moved]
        rates = {"rate": settings.rate * KERNELS_FASTER, "decay": settings.decay}
        self._kernels = Muon(kernels, **rates, each=self.shares.each)
        self._others = torch.optim.AdamW(
            others, lr=settings.rate, weight_decay=settings.decay, fused=True
        )

    def one_epoch(self, told: Callable[[float], None]) -> tuple[float, float]:
        """Go through the samples once; return the mean losses."""
        sums, steps = [0.0, 0.0], self._steps(self.epoch)
        before = sum(self._steps(epoch) for epoch in range(self.epoch))
        total = sum(self._steps(epoch) for epoch in range(self.settings.epochs))
        self.shares.begin()
        stream = batches(
            self.samples,
            self._size(self.epoch),
            seed=self.settings.seed,
            epoch=self.epoch,
            framing=self.settings.framing_of(self.epoch),
        )
        for step, batch in enumerate(stream, before):
            share = share_of_rate(step, total)
            self._set_rates(share)
            parts = self.shares.gradients(batch)
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_MAX)
            self._kernels.step()
            self._others.step()
            self._follow(step)
            sums = [a + b for a, b in zip(sums, parts, strict=True)]
            told((step + 1) / total)
        self.epoch += 1
        return sums[0] / steps, sums[1] / steps

    def close(self) -> None:
        """End the threads."""
        self.shares.close()

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one."""
        if not self._path.exists():
            return
        kept: dict[str, Any] = torch.load(self._path, weights_only=True)
        if kept.get("version") != VERSION or kept["settings"] != asdict(self.settings):
            raise ValueError(
                f"{self._path} is of a run with other settings, or of another version "
                "of this program: give another folder, or remove it"
            )
        self.network.load_state_dict(kept["network"])
        self.average.load_state_dict(kept["average"])
        self._kernels.load_state_dict(kept["kernels"])
        self._others.load_state_dict(kept["others"])
        self.epoch = kept["epoch"]

    def save(self) -> None:
        """Write the checkpoint; a kill leaves the one before."""
        part = self._path.with_suffix(".part")
        kept = {
            "version": VERSION,
            "settings": asdict(self.settings),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "kernels": self._kernels.state_dict(),
            "others": self._others.state_dict(),
            "epoch": self.epoch,
        }
        torch.save(kept, part)
        part.replace(self._path)

    def _size(self, epoch: int) -> int:
        """Return how many views make a batch."""
        settings = self.settings
        return settings.crops if settings.framing_of(epoch).crop else settings.batch

    def _steps(self, epoch: int) -> int:
        return len(self.samples) // self._size(epoch)

    def _set_rates(self, share: float) -> None:
        for optimiser, faster in ((self._kernels, KERNELS_FASTER), (self._others, 1.0)):
            for group in optimiser.param_groups:
                group["lr"] = self.settings.rate * faster * share

    def _follow(self, step: int) -> None:
        """Let the average follow, closely at first."""
        keeps = min(AVERAGE_KEEPS, (step + 1) / (step + 10))
        with torch.no_grad():
            pairs = zip(
                self.average.state_dict().values(),
                self.network.state_dict().values(),
                strict=True,
            )
            for mean, value in pairs:
                if mean.dtype.is_floating_point:
                    mean.lerp_(value, 1 - keeps)
                else:
                    mean.copy_(value)
