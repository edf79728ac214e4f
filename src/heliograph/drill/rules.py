"""Rules of misbehaviour in a drill: the simulated providers' own vocabulary.

Their reader says what is wrong with a rule; here it gets its line.
"""

from msgspec import structs

from heliograph.drill.script import Script
from heliograph.simulation.providers.rules import (
    CHAT_ONLY,
    Fault,
    Rule,
    When,
    contradiction,
)
from heliograph.simulation.providers.script import ScriptError, to_rules
from heliograph.yaml_reading.document import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
)
from heliograph.yaml_reading.values import Reading, read_list

SEE = "docs/guide/simulated-providers.md lists what may stand here"


def read_rules(
    reading: Reading, node: Node, key: str, *, in_phase: bool
) -> tuple[Rule, ...]:
    """Read a list of rules; those with a mistake are reported and left out."""
    items = read_list(reading, node, key, what="a list of rules")
    read = [
        read_rule(reading, item, f"{key}[{position}]", in_phase=in_phase)
        for position, item in enumerate(items or (), start=1)
    ]
    return tuple(rule for rule in read if rule is not None)


def read_rule(reading: Reading, node: Node, key: str, *, in_phase: bool) -> Rule | None:
    """Read one rule."""
    try:
        (rule,) = to_rules([plain(node)])
    except ScriptError as error:
        path, _, said = str(error).removeprefix("rules[0]").partition(": ")
        message, _, fix = said.partition("; ")
        where = key + path
        reading.report(nearest(node, path), where, message, fix=fix or SEE)
        return None
    worded = sorted(CHAT_ONLY.intersection(rule.fault.named))
    if worded:
        said = "the drill itself says what is answered, so as to know what is whole"
        where = f"{key}.fault.{worded[0]}"
        fix = "leave it out; traffic.answer_words says how much"
        reading.report(nearest(node, f".fault.{worded[0]}"), where, said, fix=fix)
        return None
    if in_phase and rule.when.period_s is not None:
        said = "a period counts from the begin of the drill"
        where = f"{key}.when.period_s"
        fix = 'put the rule under the top-level "rules:"'
        reading.report(nearest(node, ".when.period_s"), where, said, fix=fix)
        return None
    return rule


def plain(node: Node) -> object:
    """Turn a node into what its reader takes."""
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    if isinstance(node, MappingNode):
        return {name: plain(entry.value) for name, entry in node.entries.items()}
    return scalar(node)


def scalar(node: ScalarNode) -> object:
    """Turn a single value into what it was meant as."""
    if node.kind == "number":
        lowered = node.value.lower()
        try:
            return int(lowered)
        except ValueError:
            return float(lowered.replace(".inf", "inf").replace(".nan", "nan"))
    if node.kind == "boolean":
        return node.value.lower() == "true"
    return None if node.kind == "nothing" else node.value


def nearest(node: Node, path: str) -> Node:
    """Return the node at *path*, as `.fault.status`, or the last one on the way."""
    for name in path.strip(".").split("."):
        if not isinstance(node, MappingNode) or name not in node.entries:
            break
        entry = node.entries[name]
        node = entry.value
        if isinstance(node, MappingNode) and node.line != entry.key.line:
            node = MappingNode(entry.key.line, entry.key.column, node.entries)
    return node


def script_rules(script: Script) -> tuple[Rule, ...]:
    """Write the rules of the whole drill, as one server follows them.

    A phase's rules fit only while it lasts; every answer has the drill's own words.
    """
    rules: list[Rule] = []
    for begin_s, phase in zip(script.begins_s, script.phases, strict=True):
        end_s = begin_s + phase.lasts_s
        rules += [
            structs.replace(
                rule, when=shifted(rule.when, begin_s, end_s), name=phase.name
            )
            for rule in phase.rules
        ]
    words = script.traffic.answer_words
    ordinary = Rule(Fault(answer_words=words))
    return tuple(worded(rule, words) for rule in (*rules, *script.rules, ordinary))


def shifted(when: When, begin_s: float, end_s: float) -> When:
    """Move a window from the begin of its phase to that of the drill."""
    to_s = end_s if when.to_s is None else min(begin_s + when.to_s, end_s)
    return structs.replace(when, from_s=begin_s + when.from_s, to_s=to_s)


def worded(rule: Rule, words: int) -> Rule:
    """Let a rule's answer have *words* words, if it has any."""
    fault = structs.replace(rule.fault, answer_words=words)
    changed = structs.replace(rule, fault=fault)
    return rule if contradiction(changed) else changed
