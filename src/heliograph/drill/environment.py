"""The environment of a drill: what a config asks for and nobody has set is made up.

A drill sends no key, so that CI needs none.
"""

import re
from collections.abc import Iterator, Mapping

from heliograph.gateway.config import process_environment

REFERENCE = re.compile(rb"\benv\.([A-Za-z_][A-Za-z0-9_]*)")


MADE_UP = "https://made-up.invalid/{}"
"""Good as a key and as an address; neither is ever used."""


class WithStandIns(Mapping[str, str]):
    """The process's environment, and a made-up value for each variable it lacks.

    *data* is the config that names them.
    """

    def __init__(self, data: bytes) -> None:
        named = {name.decode() for name in REFERENCE.findall(data)}
        made_up = {name: MADE_UP.format(name.lower()) for name in named}
        filled = {name: text for name, text in process_environment().items() if text}
        self.values_by_name = {**made_up, **filled}

    def __getitem__(self, name: str) -> str:
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)
