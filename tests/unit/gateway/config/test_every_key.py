"""The example that shows every key does."""

from pathlib import Path

import pytest

from heliograph.gateway.config import schema
from heliograph.yaml_reading.document import (
    MappingNode,
    Node,
    SequenceNode,
    read_document,
)

FILE = Path(__file__).parents[4] / "examples/gateway/every-key.yaml"


def below(nodes: list[Node], step: str) -> list[Node]:
    """Return what stands one *step* below *nodes*: a key, or `*` for each item."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, SequenceNode) and step == "*":
            found += node.items
        elif isinstance(node, MappingNode):
            found += [
                entry.value
                for name, entry in node.entries.items()
                if step in ("*", name)
            ]
    return found


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("", schema.TOP_KEYS),
        ("providers *", schema.PROVIDER_KEYS),
        ("providers * keys *", schema.KEY_KEYS),
        ("providers * models *", schema.MODEL_KEYS),
        ("routes *", schema.ROUTE_KEYS),
        ("routes * to *", schema.ROUTE_TARGET_KEYS),
        ("routes * hedge", tuple(schema.HEDGE_RANGES)),
        ("fallbacks *", schema.FALLBACK_KEYS),
        ("timeouts", schema.TIMEOUT_KEYS),
        ("retries", tuple(schema.RETRY_RANGES)),
        ("breaker", tuple(schema.BREAKER_RANGES)),
        ("limits", tuple(schema.ALL_LIMIT_RANGES)),
        ("prices *", schema.PRICE_KEYS),
        ("prices * tiers *", schema.TIER_KEYS),
        ("ledger", schema.LEDGER_KEYS),
        ("ledger bodies", tuple(schema.BODIES_RANGES)),
        ("budgets *", schema.BUDGET_KEYS),
        ("budgets * for", schema.SCOPE_KEYS),
        # `tls` wants two files that are there, so it stands there as a comment.
        ("server", tuple(key for key in schema.SERVER_KEYS if key != "tls")),
    ],
)
def test_the_example_holds_every_key(path: str, keys: tuple[str, ...]) -> None:
    document, problems = read_document(FILE.read_text(), FILE.name, schema.FORM)
    assert document is not None
    assert not problems
    nodes: list[Node] = [document]
    for step in path.split():
        nodes = below(nodes, step)
    held = {
        key for node in nodes if isinstance(node, MappingNode) for key in node.entries
    }
    assert held == set(keys)


def test_the_example_shows_the_keys_of_tls_as_a_comment() -> None:
    shown = [line.strip("# ") for line in FILE.read_text().splitlines() if "#" in line]
    for key in schema.TLS_KEYS:
        assert f"{key}: {key}.pem" in shown
