"""The text of a configuration, read into a frozen `Config` or its problems."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from heliograph.gateway.config.document import (
    Entry,
    MappingNode,
    ScalarNode,
    SequenceNode,
    read_document,
)
from heliograph.gateway.config.fallbacks import read_fallbacks
from heliograph.gateway.config.problems import Problem
from heliograph.gateway.config.providers import read_provider
from heliograph.gateway.config.schema import TOP_KEYS
from heliograph.gateway.config.server import read_server
from heliograph.gateway.config.timeouts import read_timeouts
from heliograph.gateway.config.values import (
    Reading,
    read_table,
    refuse_unknown_keys,
    shown,
)
from heliograph.gateway.types import Config, Endpoint, Provider, Server, Timeouts

_PROVIDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_text(
    text: str,
    *,
    file: str,
    endpoints: Mapping[str, Endpoint],
    environ: Mapping[str, str],
) -> Config | list[Problem]:
    """Read *text*; every mistake in it is reported, under the name *file*."""
    document, found = read_document(text, file)
    if document is None:
        return found
    reading = Reading(file, environ, found)
    refuse_unknown_keys(reading, document, "", known=TOP_KEYS)
    defaults = Timeouts()
    if "timeouts" in document.entries:
        node = document.entries["timeouts"].value
        defaults = read_timeouts(reading, node, "timeouts", defaults=defaults)
    providers = _read_providers(
        reading, document, endpoints=endpoints, defaults=defaults
    )
    fallbacks: Mapping[str, tuple[str, ...]] = {}
    if "fallbacks" in document.entries:
        node = document.entries["fallbacks"].value
        fallbacks = read_fallbacks(reading, node, _listed_models(document))
    server = Server()
    if "server" in document.entries:
        server = read_server(reading, document.entries["server"].value)
    problems = reading.problems()
    if problems:
        return problems
    return Config(
        providers=MappingProxyType(providers),
        fallbacks=MappingProxyType(dict(fallbacks)),
        source=file,
        server=server,
    )


def _read_providers(
    reading: Reading,
    document: MappingNode,
    *,
    endpoints: Mapping[str, Endpoint],
    defaults: Timeouts,
) -> dict[str, Provider]:
    fix = 'write a provider below "providers:", such as "openai:"'
    if "providers" not in document.entries:
        reading.report(document, "providers", "there are no providers", fix=fix)
        return {}
    node = document.entries["providers"].value
    empty = isinstance(node, ScalarNode) and node.kind == "nothing"
    if empty or (isinstance(node, MappingNode) and not node.entries):
        reading.report(node, "providers", "there are no providers", fix=fix)
        return {}
    table = read_table(reading, node, "providers", what="a table of providers")
    providers = {}
    for entry in table.entries.values() if table else ():
        if _has_good_name(reading, entry):
            provider = read_provider(
                reading, entry, endpoints=endpoints, timeouts=defaults
            )
            if provider is not None:
                providers[provider.name] = provider
    return providers


def _has_good_name(reading: Reading, entry: Entry) -> bool:
    """Check that the name can stand in `provider/model`, in headers and metrics."""
    if _PROVIDER_NAME.fullmatch(entry.key.value):
        return True
    reading.report(
        entry.key,
        "providers",
        f"{shown(entry.key.value)} cannot be a provider's name",
        fix="use up to 64 letters, digits, dots, dashes and underscores",
    )
    return False


def _listed_models(document: MappingNode) -> dict[str, Sequence[str] | None]:
    """Return each provider's models as written, None where any will do.

    Also for providers with mistakes: a fallback to one of them is no second mistake.
    """
    entry = document.entries.get("providers")
    if entry is None or not isinstance(entry.value, MappingNode):
        return {}
    return {
        name: _models_written(provider)
        for name, provider in entry.value.entries.items()
    }


def _models_written(provider: Entry) -> tuple[str, ...] | None:
    if not isinstance(provider.value, MappingNode):
        return None
    models = provider.value.entries.get("models")
    if models is None or not isinstance(models.value, SequenceNode):
        return None
    items = models.value.items
    return tuple(i.value for i in items if isinstance(i, ScalarNode)) or None
