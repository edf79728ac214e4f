"""A drill's YAML to a `Script`, or every mistake in it with line, key and fix."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from heliograph.drill.casting import Cast, cast_script
from heliograph.drill.rules import read_rules
from heliograph.drill.script import Objectives, Phase, Script, Traffic
from heliograph.gateway.types import Config
from heliograph.simulation.providers.rules import Rule
from heliograph.yaml_reading.document import (
    Entry,
    Form,
    MappingNode,
    Node,
    ScalarNode,
    describe,
    read_document,
)
from heliograph.yaml_reading.problems import Problem
from heliograph.yaml_reading.text_file import read_bytes, text_of
from heliograph.yaml_reading.values import (
    Reading,
    read_list,
    read_number,
    read_table,
    read_text,
    refuse_unknown_keys,
)

KEYS = ("name", "about", "seed", "sick", "traffic", "rules", "phases", "objectives")
TRAFFIC_KEYS = Traffic.__struct_fields__
PHASE_KEYS = Phase.__struct_fields__
OBJECTIVE_KEYS = Objectives.__struct_fields__
DURATION_S_MAX = 86_400.0
REQUESTS_MAX = 200_000
PHASES_MIN = 2
GUIDE = "docs/guide/drills.md"
SEE = f"{GUIDE} shows the form"
FORM = Form(begin=f'begin with "phases:" and a phase below it; {SEE}', guide=GUIDE)
Amounts = Mapping[str, tuple[float, float, str]]
TRAFFIC_AMOUNTS: Amounts = {
    "requests_per_s": (0.01, 1000, "requests a second from 0.01 to 1000"),
    "stream_share": (0, 1, "a share from 0 to 1"),
    "max_tokens": (2, 100_000, "a whole number from 2 to 100000"),
    "answer_words": (1, 10_000, "a whole number from 1 to 10000"),
}
OBJECTIVE_AMOUNTS: Amounts = {
    "availability": (0, 1, "a share from 0 to 1, such as 0.999"),
    "added_p99_ms": (0, 1e9, "milliseconds from 0"),
    "attempts_on_sick": (0, 1e9, "a whole number from 0"),
    "recovery_s": (0, DURATION_S_MAX, "seconds from 0"),
    "silent_truncations": (0, 1e9, "a whole number, best 0"),
    "onset_s": (0, DURATION_S_MAX, "seconds from 0"),
}
WHOLE = frozenset(
    {"seed", "max_tokens", "answer_words", "attempts_on_sick", "silent_truncations"}
)


def read_script(path: Path, config: Config) -> tuple[Script, Cast] | list[Problem]:
    """Read the script at *path*, and give its roles to the providers of *config*."""
    data = read_bytes(path)
    if isinstance(data, Problem):
        return [data]
    text = text_of(data, str(path))
    if isinstance(text, Problem):
        return [text]
    return script_of(text, str(path), config)


def script_of(
    text: str, file: str, config: Config
) -> tuple[Script, Cast] | list[Problem]:
    """Read *text*; *file* is the name that problems carry."""
    document, found = read_document(text, file, FORM)
    if document is None:
        return found
    reading = Reading(file, {}, found, FORM)
    refuse_unknown_keys(reading, document, "", known=KEYS)
    script = read_keys(reading, document, file)
    if not reading.problems():
        bound(reading, document, script)
    if problems := reading.problems():
        return problems
    cast = cast_script(reading, document, script, config)
    return reading.problems() or cast or []


def read_keys(reading: Reading, document: MappingNode, file: str) -> Script:
    """Read every key that is there."""
    return Script(
        name=words(reading, document, "name", Path(file).stem) or "",
        about=words(reading, document, "about", "") or "",
        sick=words(reading, document, "sick", "primary") or "",
        seed=seed_of(reading, document),
        traffic=read_traffic(reading, document.entries.get("traffic")),
        rules=rules_of(reading, document, "rules"),
        phases=read_phases(reading, document),
        objectives=read_objectives(reading, document.entries.get("objectives")),
        source=file,
    )


def words(
    reading: Reading, table: MappingNode, name: str, otherwise: str | None
) -> str | None:
    """Read a text, if it is there."""
    entry = table.entries.get(name)
    if entry is None:
        return otherwise
    return read_text(reading, entry.value, name, what="a text")


def seed_of(reading: Reading, document: MappingNode) -> int:
    """Read the seed."""
    bounds = {"seed": (0, 2**31, "a whole number from 0")}
    return int(amounts(reading, document, "", bounds).get("seed", 1))


def read_traffic(reading: Reading, entry: Entry | None) -> Traffic:
    """Read who asks what; what is left out has its default."""
    table = table_of(reading, entry, "traffic", TRAFFIC_KEYS)
    if table is None:
        return Traffic()
    read = amounts(reading, table, "traffic.", TRAFFIC_AMOUNTS)
    picture = truth(reading, table, "traffic", "picture")
    model = below(reading, table, "traffic", "model")
    return structs.replace(Traffic(), picture=picture, model=model, **read)


def read_objectives(reading: Reading, entry: Entry | None) -> Objectives:
    """Read what must hold."""
    table = table_of(reading, entry, "objectives", OBJECTIVE_KEYS)
    if table is None:
        return Objectives()
    read = amounts(reading, table, "objectives.", OBJECTIVE_AMOUNTS)
    return structs.replace(Objectives(), **read)


def read_phases(reading: Reading, document: MappingNode) -> tuple[Phase, ...]:
    """Read the phases: at least one well, and one that is not."""
    entry = document.entries.get("phases")
    fix = f'add "phases:" with items that have a name and lasts_s; {SEE}'
    if entry is None:
        reading.report(document, "phases", "there are no phases", fix=fix)
        return ()
    items = read_list(reading, entry.value, "phases", what="a list of phases")
    read = [
        read_phase(reading, item, f"phases[{position}]")
        for position, item in enumerate(items or (), start=1)
    ]
    phases = tuple(phase for phase in read if phase is not None)
    if items and len(phases) == len(items):
        judge_phases(reading, entry.value, phases)
    return phases


def judge_phases(reading: Reading, node: Node, phases: tuple[Phase, ...]) -> None:
    """Refuse phases from which nothing could be learnt."""
    names = [phase.name for phase in phases]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        said = f'two phases have the name "{twice}"'
        reading.report(node, "phases", said, fix="give each its own")
    if len(phases) < PHASES_MIN or phases[0].sick:
        said = "the first phase must be a healthy one: the others are compared with it"
        fix = "begin with a phase without rules, such as {name: before, lasts_s: 60}"
        reading.report(node, "phases", said, fix=fix)
    if not any(phase.sick for phase in phases):
        fix = 'give a phase "rules:", such as [{fault: {status: 503}}]'
        reading.report(node, "phases", "nothing goes wrong in any phase", fix=fix)


def read_phase(reading: Reading, node: Node, key: str) -> Phase | None:
    """Read one phase."""
    table = read_table(reading, node, key, what="a table with name and lasts_s")
    if table is None:
        return None
    refuse_unknown_keys(reading, table, key, known=PHASE_KEYS)
    for name in ("name", "lasts_s"):
        if name not in table.entries:
            fix = f'add "{name}:"'
            reading.report(table, key, f'"{name}" is missing', fix=fix)
    bounds = {"lasts_s": (1, DURATION_S_MAX, f"seconds from 1 to {DURATION_S_MAX:g}")}
    lasts_s = amounts(reading, table, f"{key}.", bounds).get("lasts_s")
    called = below(reading, table, key, "name")
    rules = rules_of(reading, table, f"{key}.rules")
    if called is None or lasts_s is None:
        return None
    for rule in rules:
        if rule.when.from_s >= lasts_s:
            said = f"a rule begins at {rule.when.from_s:g} s, after the phase"
            fix = f"times count from the phase's begin: stay below {lasts_s:g}"
            reading.report(table, f"{key}.rules", said, fix=fix)
    return Phase(called, lasts_s, rules)


def rules_of(reading: Reading, table: MappingNode, key: str) -> tuple[Rule, ...]:
    """Read the rules of *table*, if it has any."""
    entry = table.entries.get("rules")
    if entry is None:
        return ()
    return read_rules(reading, entry.value, key, in_phase=key != "rules")


def bound(reading: Reading, document: MappingNode, script: Script) -> None:
    """Refuse what would play for hours, or not at all."""
    phases = document.entries["phases"].value
    if script.duration_s > DURATION_S_MAX:
        said = f"the phases last {script.duration_s:g} s together"
        fix = f"shorten them to {DURATION_S_MAX:g} s"
        reading.report(phases, "phases", said, fix=fix)
    if script.objectives.recovery_s is not None and script.phases[-1].sick:
        said = "recovery is measured in a healthy phase, and the last one is sick"
        fix = "end with a phase without rules, or leave objectives.recovery_s out"
        reading.report(phases, "phases", said, fix=fix)
    if not 1 <= script.requests <= REQUESTS_MAX:
        said = f"{script.requests} requests would be sent"
        fix = f"change traffic.requests_per_s or lasts_s: from 1 to {REQUESTS_MAX}"
        reading.report(phases, "phases", said, fix=fix)


def table_of(
    reading: Reading, entry: Entry | None, key: str, known: tuple[str, ...]
) -> MappingNode | None:
    """Read a table of known keys, if it is there."""
    if entry is None:
        return None
    table = read_table(reading, entry.value, key, what=f"a table of {key}")
    if table is not None:
        refuse_unknown_keys(reading, table, key, known=known)
    return table


def amounts(
    reading: Reading, table: MappingNode, prefix: str, bounds: Amounts
) -> dict[str, float]:
    """Read those numbers that are there, each within its bounds."""
    read = {}
    for name, (least, most, told) in bounds.items():
        entry = table.entries.get(name)
        if entry is None:
            continue
        value = read_number(reading, entry.value, prefix + name)
        if value is None:
            continue
        integral = name in WHOLE
        if not least <= value <= most or (integral and value % 1):
            said = f"{value:g} cannot be"
            reading.report(entry.value, prefix + name, said, fix=f"write {told}")
        else:
            read[name] = int(value) if integral else value
    return read


def below(reading: Reading, table: MappingNode, key: str, name: str) -> str | None:
    """Read a text of *table*, None when it is not there."""
    entry = table.entries.get(name)
    if entry is None:
        return None
    return read_text(reading, entry.value, f"{key}.{name}", what="a text")


def truth(reading: Reading, table: MappingNode, key: str, name: str) -> bool:
    """Read a true or false; left out is false."""
    entry = table.entries.get(name)
    if entry is None:
        return False
    node = entry.value
    if isinstance(node, ScalarNode) and node.kind == "boolean":
        return node.value.lower() == "true"
    said = f"expected true or false, found {describe(node)}"
    reading.report(node, f"{key}.{name}", said, fix="write true or false")
    return False
