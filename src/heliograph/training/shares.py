"""A batch reckoned by several threads, each its share of it with a copy of the network.

torch can divide each layer among threads instead; layers as small as these then spend
a third of the time waiting for each other.
"""

import copy
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch

from heliograph.training.batches import Batch
from heliograph.training.loss import Losses, loss
from heliograph.training.network import Network
from heliograph.training.settings import TrainSettings

T = TypeVar("T")
R = TypeVar("R")


class Shares:
    """Copies of *network*, one for each thread, that know what it knows.

    The same batches give the same gradients each time, but with another number of
    threads others: a copy normalises by its share of the batch.
    """

    def __init__(self, network: Network, settings: TrainSettings) -> None:
        self._network, self._settings = network, settings
        self._copies = [copy.deepcopy(network) for _ in range(settings.threads)]
        for one in self._copies:
            pairs = zip(one.parameters(), network.parameters(), strict=True)
            for mine, shared in pairs:
                mine.data = shared.data
        self._pool = ThreadPoolExecutor(
            settings.threads, initializer=torch.set_num_threads, initargs=(1,)
        )

    def begin(self) -> None:
        """Take over what the network's normalisation has seen, to go on from there."""
        for one in self._copies:
            one.train()
            pairs = zip(one.buffers(), self._network.buffers(), strict=True)
            for mine, seen in pairs:
                mine.copy_(seen)

    def gradients(self, batch: Batch) -> tuple[float, float]:
        """Leave the gradients at the network's parameters; return the mean losses."""
        parts = divided(batch, len(self._copies))
        done = self.each(self._one, zip(self._copies, parts, strict=True))
        count = len(done)
        for at, parameter in enumerate(self._network.parameters()):
            # In the parameter's own order in memory: the optimiser asks for no other.
            mean = torch.zeros_like(parameter)
            for _, gradients in done:
                mean.add_(gradients[at], alpha=1 / count)
            parameter.grad = mean
        self._agree()
        peaks = sum(losses[0] for losses, _ in done) / count
        return peaks, sum(losses[1] for losses, _ in done) / count

    def each(self, function: Callable[[T], R], given: Iterable[T]) -> list[R]:
        """Return what *function* makes of each that is *given*, in all threads."""
        return list(self._pool.map(function, given))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _one(
        self, given: tuple[Network, Batch]
    ) -> tuple[tuple[float, float], tuple[torch.Tensor, ...]]:
        network, batch = given
        parts = losses(network, batch, self._settings)
        found = torch.autograd.grad(sum(parts), list(network.parameters()))
        return (float(parts.peaks.detach()), float(parts.boxes.detach())), found

    def _agree(self) -> None:
        """Let what the copies' normalisations have seen be the same in all of them."""
        with torch.no_grad():
            buffers = (self._network, *self._copies)
            for known, *seen in zip(*(one.buffers() for one in buffers), strict=True):
                if known.dtype.is_floating_point:
                    known.copy_(torch.stack(seen).mean(0))
                else:
                    known.copy_(seen[0])
                for one in seen:
                    one.copy_(known)


def divided(batch: Batch, parts: int) -> list[Batch]:
    """Return *batch* in so many parts, of which none copies anything."""
    surfaces = np.split(batch.surfaces, parts)
    asked = {name: np.split(array, parts) for name, array in batch.asked.items()}
    return [
        Batch(surfaces[at], {name: split[at] for name, split in asked.items()})
        for at in range(parts)
    ]


def losses(network: Network, batch: Batch, settings: TrainSettings) -> Losses:
    """Return how wrong *network* is on *batch*, as `loss` tells it."""
    is_bf16 = _is_bf16(settings)
    surfaces = torch.from_numpy(batch.surfaces).to(memory_format=torch.channels_last)
    given = surfaces.to(torch.bfloat16 if is_bf16 else torch.float32) / 255
    asked = {name: torch.from_numpy(array) for name, array in batch.asked.items()}
    with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
        found = network(given)
    return loss(found, asked)


def _is_bf16(settings: TrainSettings) -> bool:
    if settings.precision == "auto":
        return bool(torch.cpu.get_capabilities().get("amx_bf16"))
    return settings.precision == "bf16"
