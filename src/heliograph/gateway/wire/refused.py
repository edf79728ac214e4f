"""How a translation stops halfway: raised inside a dialect, returned by it."""

from heliograph.gateway.types import Blame, Failure


class RefusedError(Exception):
    """The request cannot be carried over; never leaves the dialect that raised it."""

    def __init__(
        self, message: str, param: str, *, kind: str = "unsupported_parameter"
    ) -> None:
        super().__init__(message)
        self.param = param
        self.kind = kind

    def failure(self) -> Failure:
        """Return what the caller is told."""
        unsupported = self.kind == "unsupported_parameter"
        return Failure(
            Blame.CALLER,
            self.kind,
            str(self),
            status=400,
            type="invalid_request_error",
            code="unsupported_parameter" if unsupported else None,
            param=self.param,
        )


def bad_value(message: str, param: str) -> RefusedError:
    """Refuse a member that no provider could take."""
    return RefusedError(message, param, kind="bad_request")
