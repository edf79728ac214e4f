"""The numbers of all workers together, those that died included: pure."""

from heliograph.gateway.telemetry.snapshot import Snapshot, lasting, total


class Tally:
    """Keeps what each process told last, by its pid, and what the dead have left.

    So a counter never goes back: what a worker told before it died stays in the sum.
    """

    def __init__(self) -> None:
        self.latest: dict[int, Snapshot] = {}
        self.left: Snapshot = ()

    def note(self, pid: int, numbers: Snapshot) -> None:
        """Take in what a worker tells."""
        self.latest[pid] = numbers

    def retire(self, pid: int) -> None:
        """Keep of a worker that has died what does not die with it."""
        self.left = total((self.left, lasting(self.latest.pop(pid, ()))))

    def sum(self, own: Snapshot) -> Snapshot:
        """Add up everything, and the supervisor's *own* numbers."""
        return total((*self.latest.values(), self.left, own))
