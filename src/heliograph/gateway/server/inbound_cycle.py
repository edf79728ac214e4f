"""One request on the fast lane from a caller who speaks another vendor's dialect.

The engine below knows OpenAI's dialect alone; what goes in and out is rewritten here.
"""

from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.types import Chat, Exchange, Failure
from heliograph.gateway.wire.inbound import Inbound, Translator


class InboundCycle(LaneCycle, kw_only=True, eq=False):
    """A `LaneCycle` whose caller is answered in the dialect it asked in."""

    inbound: Inbound
    url: bytes
    translator: Translator

    def read(self, body: bytes, depth_max: int) -> Chat | Failure:
        """Read the request in the caller's dialect."""
        return self.inbound.read(body, self.url, depth_max)

    def answer(self, exchange: Exchange, body: bytes) -> Failure | None:
        """Send a whole answer, or say why the caller's dialect cannot hold it."""
        told = self.inbound.answer(body)
        if isinstance(told, Failure):
            return told
        return super().answer(exchange, told)

    def write(self, data: bytes) -> None:
        """Send a piece of a stream, if there is a whole event in it."""
        told = self.translator.feed(data)
        if told:
            super().write(told)

    def end(self) -> None:
        """End a stream; one that is not whole ends in an error."""
        told = self.translator.close()
        if told:
            super().write(told)
        super().end()

    def send_error(
        self, exchange: Exchange, status: int, body: bytes, lines: bytes = b""
    ) -> None:
        """Send an error, rewritten from OpenAI's shape."""
        told = self.inbound.error(status, body, exchange.request_id)
        super().send_error(exchange, status, told, lines)

    def head(self, status: int, headers: bytes, exchange: Exchange) -> bytes:
        """Write the status line and headers, the id also where the SDK looks for it."""
        name = self.inbound.REQUEST_ID
        if name:
            headers += b"%b: %b\r\n" % (name, exchange.request_id.encode())
        return super().head(status, headers, exchange)

    def fill(self) -> None:
        """Write what the dialect's SDK passes over, if there is such a thing."""
        if self.inbound.FILLER:
            super().write(self.inbound.FILLER)
