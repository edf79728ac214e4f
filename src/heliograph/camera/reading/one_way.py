"""What only ever comes: datagrams, a sensor. There is no going back in it."""


class OneWay:
    """The places of a stream called *name* of which `passed` bytes were read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.passed = 0

    def seekable(self) -> bool:
        """Say no: there is no going back."""
        return False

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self.passed

    def seek(self, place: int, /) -> int:
        """Refuse to go to byte *place*."""
        raise OSError(f"there is no going back to byte {place} of {self.name}")
