"""When a watched file is worth reading: pure, its looks come from outside.

A file is written in pieces, and editors move it away before they write it anew. So a
change counts when the file has stood still between two looks.
"""

POLL_S = 1.0
SETTLE_S = 0.3

Mark = tuple[int, int, int, int] | None
"""Device, inode, time and size of a file; None while there is none.

They are those of the file behind every symlink, so that a swapped symlink, which is
how Kubernetes writes a config map, changes them too.
"""


class Watch:
    """Tells a change from a file still being written.

    *taken* is the file as it was read last; `wait_s` is when to look again.
    """

    def __init__(self, taken: Mark) -> None:
        self.taken = self.seen = taken
        self.wait_s = POLL_S

    def look(self, found: Mark) -> bool:
        """Take in one look; tell whether the file is to be read now."""
        stands = found == self.seen
        changed = found != self.taken
        self.seen = found
        self.wait_s = SETTLE_S if changed and not stands else POLL_S
        if changed and stands:
            self.taken = found
            return True
        return False
