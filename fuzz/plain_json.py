"""JSON as a caller of ours reads it, by a parser that is not the gateway's own."""

import json
from collections.abc import Sequence


def refuse_constant(name: str) -> object:
    """Refuse what Python reads and JSON has no word for."""
    raise AssertionError(f"{name} is no JSON")


def read(text: bytes) -> object:
    """Read *text*, which must be JSON in UTF-8; numbers stay texts.

    How deep a caller's parser reads is its own affair: what nests too deep for this
    one is not judged, and reads as nothing.
    """
    try:
        return json.loads(
            text.decode(),
            parse_constant=refuse_constant,
            parse_int=str,
            parse_float=str,
        )
    except RecursionError:
        return None
    except ValueError as error:
        raise AssertionError(f"no JSON ({error}): {text[:200]!r}") from error


def members(text: bytes) -> dict[str, object] | None:
    """Read *text*, which must be a JSON object; None when it nests too deep."""
    found = read(text)
    assert found is None or isinstance(found, dict), text[:200]
    return found


def objects(value: object, *, at_least: int = 0) -> Sequence[dict[str, object]]:
    """Read *value* as a list of objects."""
    assert isinstance(value, list), value
    assert len(value) >= at_least, value
    assert all(isinstance(each, dict) for each in value), value
    return value


def lenient(text: bytes) -> dict[str, object]:
    """Read *text* if it is an object, else as an empty one: a provider's event."""
    try:
        found = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def inner(outer: dict[str, object], name: str) -> dict[str, object]:
    """Return a member that is an object; an empty one if it is not."""
    found = outer.get(name)
    return found if isinstance(found, dict) else {}
