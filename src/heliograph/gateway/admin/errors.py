"""The one shape of this API's errors: what is wrong, and what to do about it."""

from collections.abc import Mapping
from types import MappingProxyType

from heliograph.gateway.ledger.database import DatabaseError, Trouble
from heliograph.gateway.ledger.troubles import FIXES, WORDS

BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
WRONG_METHOD = 405
CONFLICT = 409
TOO_LARGE = 413
WRONG_TYPE = 415
TOO_MANY = 429
BROKEN = 500
UNAVAILABLE = 503
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class AdminError(Exception):
    """What is answered instead; *field* names the parameter at fault, if one is."""

    def __init__(
        self,
        status: int,
        code: str,
        said: str,
        fix: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        super().__init__(said)
        self.status = status
        self.code = code
        self.said = said
        self.fix = fix
        self.field = field
        self.headers = headers

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        """What is answered, as JSON has it."""
        said = {"code": self.code, "message": self.said, "fix": self.fix}
        return {"error": {**said, "field": self.field}}


def bad_value(field: str, said: str, fix: str) -> AdminError:
    """Say that a parameter, or a member of the body, cannot be so."""
    return AdminError(BAD_REQUEST, "bad_value", said, fix, field=field)


def gone() -> AdminError:
    """Say that whoever asked has hung up: for nobody but the code between."""
    said = "Whoever asked hung up before it was answered."
    return AdminError(BAD_REQUEST, "gone", said, "Stay on the line.")


def in_trouble(error: DatabaseError) -> AdminError:
    """Say what keeps the ledger from being used, and what to do."""
    if error.trouble is Trouble.REFUSED:
        said = "The ledger did not take what it was asked."
        return AdminError(BROKEN, "ledger_refused", said, FIXES[error.trouble])
    code = f"ledger_{error.trouble.value}"
    said = f"The ledger cannot be used now: {WORDS[error.trouble]}."
    return AdminError(UNAVAILABLE, code, said, FIXES[error.trouble])
