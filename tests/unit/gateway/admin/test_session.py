"""To whom the cookie of a session goes."""

import pytest
from starlette.requests import Request

from heliograph.gateway.admin.session import bounds


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_cookie_goes_over_tls_alone_where_there_is_tls(
    scheme: str, secure: object
) -> None:
    scope = {"type": "http", "scheme": scheme, "headers": []}
    found = bounds(Request(scope))
    assert found["secure"] is secure
    assert (found["httponly"], found["samesite"]) == (True, "strict")
    assert found["path"] == "/admin"
