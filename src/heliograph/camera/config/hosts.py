"""Names of machines, as far as they can be judged without asking for them."""


def is_host(host: str | None) -> bool:
    """Say whether *host* can be looked up, or is a number.

    For a label that is empty or too long the resolver raises no `OSError` but
    `UnicodeError`, and in a thread of somebody else's.
    """
    if not host or not host.isprintable():
        return False
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True
