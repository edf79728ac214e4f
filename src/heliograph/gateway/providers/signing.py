"""How a key is put on a request."""

from heliograph.gateway.types import Endpoint, Key


def auth_headers(endpoint: Endpoint, key: Key | None) -> tuple[tuple[str, str], ...]:
    """Return the headers that carry *key*: none without one, or when auth is `none`.

    The secret is revealed here and nowhere else.
    """
    if key is None or endpoint.auth == "none":
        return ()
    if endpoint.auth == "bearer":
        return (("authorization", f"Bearer {key.secret.reveal()}"),)
    kind, _, name = endpoint.auth.partition(":")
    if kind != "header" or not name:
        raise ValueError(f"{endpoint.name}: auth is neither bearer nor header:NAME")
    return ((name, key.secret.reveal()),)
