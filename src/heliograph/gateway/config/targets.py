"""The names a file gives to what can be asked: `provider/model`s and routes."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from heliograph.yaml_reading.document import (
    Entry,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
)
from heliograph.yaml_reading.problems import suggestion
from heliograph.yaml_reading.values import Reading, read_text, shown


class Known(Struct, frozen=True):
    """The names of a file, as written: also of what else is wrong with it.

    `models` maps each provider to the models it lists, or to None where it lists
    none (then any model may be named).
    """

    models: Mapping[str, Sequence[str] | None]
    routes: Sequence[str] = ()

    def owners(self, model: str) -> list[str]:
        """Return the providers that list *model*."""
        return [name for name, listed in self.models.items() if model in (listed or ())]


def known_names(document: MappingNode) -> Known:
    """Collect the names of *document*.

    Also of providers and routes with mistakes: to name one is no second mistake.
    """
    return Known(
        {entry.key.value: _models_of(entry) for entry in _table(document, "providers")},
        [entry.key.value for entry in _table(document, "routes")],
    )


def read_target(
    reading: Reading, node: Node, key: str, known: Known, *, or_route: bool = False
) -> str | None:
    """Read one `provider/model`, or the name of a route, that the file knows."""
    what = "a provider/model or a route" if or_route else "a provider/model"
    text = read_text(reading, node, key, what=what)
    if text is None or (or_route and text in known.routes):
        return text
    provider, slash, model = text.partition("/")
    if not slash or not provider or not model:
        routes = known.routes if or_route else ()
        _report_form(reading, node, key, text=text, known=known, routes=routes)
        return None
    if provider not in known.models:
        names = ", ".join(known.models) or "none"
        fix = f"its providers are: {names}"
        reading.report(
            node,
            key,
            f"provider {shown(provider)} is not in this file",
            fix=suggestion(provider, known.models, otherwise=fix),
        )
        return None
    return _listed(reading, node, key, text=text, listed=known.models[provider])


def _report_form(
    reading: Reading,
    node: Node,
    key: str,
    *,
    text: str,
    known: Known,
    routes: Sequence[str],
) -> None:
    if text in known.routes:
        message = f"{shown(text)} is a route, which leads to targets only"
        fix = "write the provider/model that is meant"
    else:
        owners = known.owners(text)
        message = f"{shown(text)} is not of the form provider/model"
        otherwise = suggestion(text, routes, otherwise="write provider/model")
        fix = f'write "{owners[0]}/{text}"' if owners else otherwise
    reading.report(node, key, message, fix=fix)


def _listed(
    reading: Reading, node: Node, key: str, *, text: str, listed: Sequence[str] | None
) -> str | None:
    """Return *text* if its model is among *listed*; None lists every model."""
    provider, _, model = text.partition("/")
    if listed is None or model in listed:
        return text
    fix = f"add it to providers.{provider}.models"
    reading.report(
        node,
        key,
        f"model {shown(model)} is not listed by {provider}",
        fix=suggestion(model, listed, otherwise=fix),
    )
    return None


def _table(document: MappingNode, key: str) -> list[Entry]:
    entry = document.entries.get(key)
    if entry is None or not isinstance(entry.value, MappingNode):
        return []
    return list(entry.value.entries.values())


def _models_of(provider: Entry) -> tuple[str, ...] | None:
    if not isinstance(provider.value, MappingNode):
        return None
    models = provider.value.entries.get("models")
    if models is None or not isinstance(models.value, SequenceNode):
        return None
    names = [_name_of(item) for item in models.value.items]
    return tuple(name for name in names if name is not None) or None


def _name_of(item: Node) -> str | None:
    """Return a model's name: an item is a text, or a table that holds it."""
    if isinstance(item, MappingNode) and "name" in item.entries:
        item = item.entries["name"].value
    return item.value if isinstance(item, ScalarNode) else None
