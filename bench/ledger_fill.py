"""Exchanges as a busy team has them, written to a ledger as a gateway writes them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.write import Pen
from heliograph.gateway.types import (
    Attempt,
    Blame,
    Endpoint,
    Exchange,
    Failure,
    Key,
    Owner,
    Provider,
    Secret,
    Target,
    Usage,
    VirtualKey,
)

DAY_S = 86_400
BATCH = 2_000
KEYS = 40
FAILED = 0.02
REFUSED = 0.01
TARGETS = [
    Target(
        Provider(name, Endpoint(name, "openai", "https://host.example/v1")),
        model,
        Key(f"{name}#1", Secret("sk-bench")),
    )
    for name, models in (
        ("openai", ("gpt-4o", "gpt-4o-mini", "gpt-5")),
        ("anthropic", ("claude-sonnet-4-6", "claude-haiku-4-5")),
        ("google", ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-3")),
    )
    for model in models
]
ROUTES = ("captions", "answers", "")
PRICES_NANO = (150, 600, 2_500, 3_000)  # of a token
OVERLOADED = Failure(Blame.PROVIDER, "overloaded", "what it says", status=529)
NOT_FOUND = Failure(Blame.CALLER, "model_not_found", "what it says", status=404)


@dataclass
class Asker:
    """Somebody with a key, who mostly asks for one thing; *mixed*, for all things."""

    key: VirtualKey
    first: Target
    second: Target
    route: str
    tags: Sequence[tuple[str, ...]]
    mixed: bool
    targets: Sequence[Target] = field(default_factory=lambda: TARGETS)

    def exchange(self, draw: random.Random, number: int, at_s: float) -> Exchange:
        """Ask once at *at_s*."""
        made = Exchange(f"hg-{number:024x}", started_at=at_s)
        made.virtual_key = self.key
        made.tags = draw.choice(self.tags)
        made.route = draw.choice(ROUTES) if self.mixed else self.route
        made.asked_model = made.route or self.first.name
        made.stream = draw.random() < 0.5
        made.duration_s = draw.uniform(0.2, 9.0)
        chance = draw.random()
        if chance < REFUSED:
            made.outcome, made.status, made.failure = "refused", 404, NOT_FOUND
            return made
        self.answer(made, draw, first_fails=chance < REFUSED + FAILED)
        return made

    def answer(self, made: Exchange, draw: random.Random, *, first_fails: bool) -> None:
        """Have it answered; by another, if the first fails."""
        used = Usage(
            draw.randrange(200, 4000), draw.randrange(20, 900), draw.randrange(200)
        )
        target = draw.choice(self.targets) if self.mixed else self.first
        made.attempts = [Attempt(target, 0.0, made.duration_s, usage=used)]
        if first_fails:
            failed = Attempt(target, 0.0, 0.1, OVERLOADED)
            failed.cost_nano, failed.cost_basis = 0, "free"
            made.attempts = [failed, Attempt(self.second, 0.1, usage=used)]
        paid = made.attempts[-1]
        paid.cost_nano = draw.choice(PRICES_NANO) * (
            used.input_tokens + 4 * used.output_tokens
        )
        paid.cost_basis = "usage"
        made.outcome, made.status, made.usage = "answered", 200, used
        made.first_byte_s, made.finish = made.duration_s / 4, "stop"


def askers(draw: random.Random, *, mixed: bool) -> list[Asker]:
    """Name who asks: forty keys of eight teams."""
    return [
        Asker(
            VirtualKey(
                f"key-{n}",
                f"key {n}",
                Owner(f"team-{n % 8}", f"project-{n % 12}", f"cam-{n % 24}"),
            ),
            draw.choice(TARGETS),
            draw.choice(TARGETS),
            draw.choice(ROUTES),
            [("edge",), ("edge", f"site={n % 6}")],
            mixed,
        )
        for n in range(KEYS)
    ]


def exchanges(
    count: int, days: int, until_s: float, *, mixed: bool
) -> Iterator[Exchange]:
    """Make *count* exchanges, evenly over *days*, in the order of their time."""
    draw = random.Random(4)
    all_askers = askers(draw, mixed=mixed)
    step_s = days * DAY_S / count
    begin_s = until_s - days * DAY_S
    for number in range(count):
        asker = draw.choice(all_askers)
        yield asker.exchange(draw, number, begin_s + number * step_s)


def fill(database: Database, made: Iterator[Exchange]) -> int:
    """Write all exchanges, in batches as after an outage; return how many."""
    pen, written = Pen(database), 0
    for number, batch in enumerate(iter(lambda: [*islice(made, BATCH)], [])):
        at_ms = int(batch[-1].started_at * 1e3)
        pen.write(batch, (), ("bench", number, at_ms))
        written += len(batch)
    return written
