"""Bodies as they may be kept: without pictures, without keys, and not too long. Pure.

What a picture or a key is, is seen from the text alone, so that one in a place nobody
thought of is found too.
"""

import re

from heliograph.gateway.ledger.key_hash import ADMIN_PREFIX, VIRTUAL_PREFIX

LOOKED_AT_BYTES_MAX = 4_000_000  # nobody else runs while a body is looked through
# A run is begun at its beginning only: what is too short is not looked at again.
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/_\\-])[A-Za-z0-9+/_\\-]{256,}={0,2}")
# In JSON text a line's beginning follows `\n`, whose letter is no part of a word.
_AFTER_ESCAPE = r"(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})"
_PREFIXES = (
    *(VIRTUAL_PREFIX.rstrip("-"), ADMIN_PREFIX.rstrip("-")),
    *("sk", "pk", "rk", "gsk", "xai", "ghp", "glpat", "hf", "r8"),
)
_KEY = re.compile(
    # What no key begins with is passed over at once.
    rf"(?=[Ae{''.join({prefix[0] for prefix in _PREFIXES})}])"
    rf"(?:(?<![A-Za-z0-9])|{_AFTER_ESCAPE})"
    rf"(?:(?:{'|'.join(_PREFIXES)})[-_][A-Za-z0-9_-]{{12,}}"
    r"|AIza[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{12,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})"
)
_BEARER = re.compile(
    rf"(?i)(?:\b|{_AFTER_ESCAPE})(bearer)"
    r"(?:\s|\\+(?:[bfnrt]|u[0-9a-f]{4}))+[A-Za-z0-9._~+/-]{12,}=*"
)


def redacted(body: bytes | bytearray, bytes_max: int, *, cut: bool = False) -> str:
    """Write *body* as text: pictures and audio as their length, keys as stars.

    *cut*: there was more of it than is given here.
    """
    if len(body) > LOOKED_AT_BYTES_MAX:
        body, cut = body[:LOOKED_AT_BYTES_MAX], True
    text = body.decode("utf-8", "replace").replace("\0", "")
    text = _ENCODED.sub(lambda found: f"[{len(found[0])} characters of base64]", text)
    text = _BEARER.sub(r"\1 ***", _KEY.sub("***", text))
    if cut or len(text.encode()) > bytes_max:
        kept = text.encode()[:bytes_max].decode("utf-8", "ignore")
        return f"{kept}[cut here: only {bytes_max} bytes are kept]"
    return text
