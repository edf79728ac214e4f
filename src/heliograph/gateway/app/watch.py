"""When watched files are worth reading: pure, their looks come from outside.

A file is written in pieces, and editors move it away before they write it anew. So a
change counts when all files have stood still between two looks.
"""

POLL_S = 1.0
SETTLE_S = 0.3

Mark = tuple[int, int, int, int] | None
"""Device, inode, time and size of a file; None while there is none.

They are those of the file behind every symlink, so that a swapped symlink, which is
how Kubernetes writes a config map, changes them too.
"""

Marks = tuple[Mark, ...]
"""The file of the config, and behind it the file of prices that it names."""


class Watch:
    """Tells a change from a file still being written.

    *taken* are the files as they were read last; `wait_s` is when to look again.
    """

    def __init__(self, taken: Marks) -> None:
        self.taken = self.seen = taken
        self.wait_s = POLL_S

    def read(self, marks: Marks) -> None:
        """Note that they were read, when they stood as *marks* say."""
        self.taken = marks

    def look(self, found: Marks) -> bool:
        """Take in one look; tell whether the files are to be read now."""
        stands = found == self.seen
        changed = found != self.taken
        self.seen = found
        self.wait_s = SETTLE_S if changed and not stands else POLL_S
        if changed and stands:
            self.taken = found
            return True
        return False
