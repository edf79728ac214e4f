"""The report as one HTML page that needs nothing else: no script, font or network."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

from heliograph import __version__
from heliograph.drill import figures
from heliograph.drill.chart import chart
from heliograph.drill.tally import Judged, PhaseTally, Tally

TEMPLATE = files("heliograph.drill").joinpath("report.html")


def page(told: Tally) -> str:
    """Write the page."""
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(
        name=escape(told.name),
        about=escape(told.about),
        outcome=escape(figures.outcome(told)),
        verdict="held" if told.held else "missed",
        facts="\n".join(fact(*each) for each in facts(told)),
        cards="\n".join(card(judged, told) for judged in told.objectives),
        chart=chart(told),
        phases="\n".join(map(phase_row, told.phases)),
        sick=escape(told.sick),
        version=escape(__version__),
    )


def facts(told: Tally) -> Sequence[tuple[str, str]]:
    """List what was played."""
    return (
        ("Config", f"{told.config}, asked for {told.model}"),
        ("Traffic", f"{figures.traffic(told)}, over {figures.span(told.duration_s)}"),
        ("Not answered", figures.failures(told)),
        ("Tokens", figures.tokens(told)),
        ("Seed", f"{told.seed}: the same seed plays the same drill"),
    )


def fact(name: str, told: str) -> str:
    """Write one fact."""
    return f"<div><dt>{escape(name)}</dt><dd>{escape(told)}</dd></div>"


def card(judged: Judged, told: Tally) -> str:
    """Write one objective."""
    state = "open" if judged.stated is None else ("held" if judged.met else "missed")
    asked = f"asked {figures.stated(judged)}" if judged.stated is not None else ""
    said = " · ".join(part for part in (figures.verdict(judged), asked) if part)
    return (
        f'<li class="{state}"><span>{escape(figures.title(judged, told))}</span>'
        f"<b>{escape(figures.measured(judged))}</b><small>{escape(said)}</small></li>"
    )


def phase_row(phase: PhaseTally) -> str:
    """Write one phase as a row."""
    share = phase.answered / phase.requests if phase.requests else 0.0
    cells = (
        figures.clock(phase.begin_s),
        f"{phase.requests:,}",
        figures.percent(share) if phase.requests else figures.NOTHING,
        figures.latency(phase.p50_ms),
        figures.latency(phase.p99_ms),
        figures.latency(phase.worst_ms),
        figures.more(phase.added_p50_ms),
        figures.more(phase.added_p99_ms),
        f"{phase.attempts_on_sick:,}",
    )
    numbers = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    kind = ' class="sick"' if phase.sick else ""
    whom = escape(figures.by_whom(phase.answered_by))
    name = escape(phase.name)
    return f'<tr{kind}><th scope="row">{name}</th>{numbers}<td>{whom}</td></tr>'
