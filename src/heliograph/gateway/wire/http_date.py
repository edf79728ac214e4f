"""The one date format HTTP servers write: `Sun, 06 Nov 1994 08:49:37 GMT`.

RFC 9110, 5.6.7. The obsolete spellings are not read: nobody needs them here.
"""

import re
from calendar import timegm

_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_DATE = re.compile(
    r"\w{3}, ([0-3]\d) (\w{3}) ([1-9]\d{3}) ([0-2]\d):([0-5]\d):([0-6]\d) GMT", re.ASCII
)


def unix_s(text: str) -> int | None:
    """Return the seconds since 1970 that *text* names, or None when it is no date."""
    found = _DATE.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second = found.groups()
    month = _MONTHS.index(found[2]) + 1
    return timegm((int(year), month, int(day), int(hour), int(minute), int(second)))
