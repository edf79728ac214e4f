"""What is wrong with a configuration, said so that it can be put right."""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One mistake: where it is, what it is and the fix.

    `line` counts from 1. `key` is a path such as `providers.openai.keys[1].weight`;
    list positions count from 1, as the ids of keys do.
    """

    file: str
    line: int
    key: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}; {self.fix}"


def render_problems(problems: Iterable[Problem]) -> str:
    """Write one line for each of *problems*, and a last line that counts them."""
    lines = [str(problem) for problem in problems]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return "\n".join([*lines, count])


def suggestion(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """Return a `did you mean` for *word*, or *otherwise* when nothing comes close."""
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), folded, n=1)
    return f'did you mean "{folded[close[0]]}"?' if close else otherwise
