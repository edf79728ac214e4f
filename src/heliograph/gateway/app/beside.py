"""What is under `/admin`, beside everything else: made when it is first asked for.

Most gateways are never asked, and start without importing it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph.gateway.admin import PREFIX

if TYPE_CHECKING:
    from heliograph.gateway.admin.application import Admin


class Beside:
    """Two applications: *make* makes the admin's, *rest* answers everything else.

    They have nothing in common: no page that may ask for models is let into the admin.
    """

    def __init__(self, make: Callable[[], "Admin"], rest: ASGIApp) -> None:
        self.make = make
        self.rest = rest
        self.made: Admin | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        path = scope.get("path", "")
        ours = path == PREFIX or path.startswith(f"{PREFIX}/")
        await (self.admin if ours else self.rest)(scope, receive, send)

    @property
    def admin(self) -> "Admin":
        """The admin's application."""
        if self.made is None:
            self.made = self.make()
        return self.made

    def close(self) -> None:
        """Let go of what the admin's application owns, if it was made."""
        if self.made is not None:
            self.made.close()
