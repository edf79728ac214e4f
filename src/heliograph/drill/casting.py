"""Who plays whom: a script's `primary` and `fallback` are providers of the config."""

from collections.abc import Iterator

from msgspec import Struct, structs

from heliograph.drill.rules import nearest
from heliograph.drill.script import Script
from heliograph.gateway.routing.names import named
from heliograph.gateway.types import Chat, Config, Failure
from heliograph.simulation.providers.rules import Rule
from heliograph.yaml_reading.document import MappingNode, Node, SequenceNode
from heliograph.yaml_reading.values import Reading

ROLES = ("primary", "fallback")


class Cast(Struct, frozen=True):
    """The model that is asked for, and the providers that may answer, in order.

    `sick_key` is set when the drill is about one key of the sick provider.
    """

    model: str
    order: tuple[str, ...]
    sick: str = ""
    sick_key: str | None = None

    @property
    def sick_name(self) -> str:
        """What the drill is about, for people."""
        return self.sick_key or self.sick

    def player(self, name: str) -> str | None:
        """Return the provider that plays the role *name*; None when nobody does."""
        place = ROLES.index(name)
        return self.order[place] if place < len(self.order) else None


def cast_script(
    reading: Reading, document: MappingNode, script: Script, config: Config
) -> tuple[Script, Cast] | None:
    """Give every role in *script* to a provider of *config*; report who is missing."""
    model = script.traffic.model or first_model(config)
    traffic = node_at(document, "traffic", "model")
    if model is None:
        said = f"{config.source} lists no model to ask for"
        reading.report(traffic, "traffic.model", said, fix="name one: provider/model")
        return None
    choices = named(Chat({}, model), config)
    if isinstance(choices, Failure):
        fix = f"name one that {config.source} serves"
        reading.report(traffic, "traffic.model", choices.message, fix=fix)
        return None
    order = tuple(
        dict.fromkeys(c.provider.name for c in (*choices.first, *choices.then))
    )
    cast = Cast(model, order)
    casting = Casting(reading, config, cast)
    sick_node = node_at(document, "sick")
    sick = casting.name(sick_node, "sick", script.sick)
    changed = structs.replace(
        script,
        rules=casting.rules(document, "rules", script.rules),
        phases=tuple(
            structs.replace(
                phase, rules=casting.rules(node, f"{key}.rules", phase.rules)
            )
            for (key, node), phase in zip(
                phase_nodes(document), script.phases, strict=True
            )
        ),
    )
    provider, mark, _ = sick.partition("#")
    return changed, structs.replace(
        cast, sick=provider, sick_key=sick if mark else None
    )


class Casting:
    """Gives roles, and reports those that nobody can play."""

    def __init__(self, reading: Reading, config: Config, cast: Cast) -> None:
        self.reading = reading
        self.config = config
        self.cast = cast

    def rules(self, table: Node, key: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """Give the roles in *rules*, which stand under `rules` of *table*."""
        nodes: tuple[Node, ...] = ()
        if isinstance(table, MappingNode) and "rules" in table.entries:
            listed = table.entries["rules"].value
            nodes = listed.items if isinstance(listed, SequenceNode) else ()
        return tuple(
            self.rule(node, f"{key}[{position}]", rule)
            for position, (node, rule) in enumerate(
                zip(nodes, rules, strict=True), start=1
            )
        )

    def rule(self, node: Node, key: str, rule: Rule) -> Rule:
        """Give the roles in one rule."""
        when = rule.when
        told = {
            field: self.name(
                nearest(node, f".when.{field}"), f"{key}.when.{field}", value
            )
            for field in ("provider", "key")
            if (value := getattr(when, field)) is not None
        }
        return structs.replace(rule, when=structs.replace(when, **told))

    def name(self, node: Node, key: str, name: str) -> str:
        """Return the provider, or the key, that *name* stands for."""
        role, mark, number = name.partition("#")
        player: str | None = role
        if role not in self.config.providers:
            player = self.cast.player(role) if role in ROLES else None
        if player is None:
            self.missing(node, key, role)
            return name
        if mark and not any(
            known.id == f"{player}#{number}"
            for known in self.config.providers[player].keys
        ):
            said = f'{player} has no key number "{number}" in {self.config.source}'
            self.reading.report(node, key, said, fix="keys count from 1: primary#1")
        return f"{player}{mark}{number}"

    def missing(self, node: Node, key: str, role: str) -> None:
        """Report a name that is no provider."""
        if role == "fallback":
            said = f"{self.cast.model} has no fallback in {self.config.source}"
            fix = 'add one under "fallbacks:" there'
        else:
            said = f'{self.config.source} has no provider "{role}"'
            known = ", ".join((*ROLES, *self.config.providers))
            fix = f"write one of: {known}"
        self.reading.report(node, key, said, fix=fix)


def first_model(config: Config) -> str | None:
    """Choose what to ask for: what can fail over, else what is listed first."""
    if config.fallbacks:
        return next(iter(config.fallbacks))
    routes = [route.name for route in config.routes.values() if len(route.targets) > 1]
    if routes:
        return routes[0]
    listed = (f"{p.name}/{m}" for p in config.providers.values() for m in p.models)
    return next(listed, None)


def node_at(document: MappingNode, *path: str) -> Node:
    """Return the node at *path*, or the last one on the way."""
    return nearest(document, "".join(f".{name}" for name in path))


def phase_nodes(document: MappingNode) -> Iterator[tuple[str, Node]]:
    """Yield each phase's path and node."""
    listed = document.entries["phases"].value
    items = listed.items if isinstance(listed, SequenceNode) else ()
    for position, item in enumerate(items, start=1):
        yield f"phases[{position}]", item
