"""What people are shown: columns, and who owns what; pure."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    """Write columns of one width; the first *left* begin, the others end together."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def shown_owner(team: str, project: str, camera: str) -> str:
    """Write an owner in one text, and no two in the same.

    A name may hold a `/` itself, and none holds a `%`.
    """
    parts = (part.replace("/", "%2F") for part in (team, project, camera))
    return "/".join(parts).rstrip("/")
