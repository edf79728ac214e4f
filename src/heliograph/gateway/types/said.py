"""What caller and provider said, word for word, where the operator wants it kept."""


class Said:
    """The bodies of one exchange: as it was asked, and what was sent in answer to it.

    Of the answer no more is held than *bytes_max*; `cut` says that there was more.
    `kept` are request and answer as the ledger keeps them, once it has looked at them;
    `held_bytes` is how much it reckons with until then.
    """

    __slots__ = ("answer", "bytes_max", "cut", "held_bytes", "kept", "request")

    def __init__(self, request: bytes, bytes_max: int) -> None:
        self.request = request
        self.answer = bytearray()
        self.bytes_max = bytes_max
        self.cut = False
        self.kept: tuple[str, str] | None = None
        self.held_bytes = 0

    def take(self, piece: bytes) -> None:
        """Take in a piece of the answer."""
        room = self.bytes_max - len(self.answer)
        self.cut = self.cut or len(piece) > room
        if room > 0:
            self.answer += piece[:room]
