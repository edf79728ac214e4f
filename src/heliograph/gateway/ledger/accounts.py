"""Which caps an exchange counts against, and each of its calls. Pure.

An account is found once for everybody who is alike in what budgets tell callers apart
by, and kept: the request path looks it up.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from weakref import ref

from heliograph.gateway.ledger.caps import REQUESTS, TOKENS, USD, Cap
from heliograph.gateway.ledger.purse import EMPTY, NOTHING, Share
from heliograph.gateway.ledger.purses import Purses
from heliograph.gateway.types import Budget, CapRule, Scope, VirtualKey

KEPT_MAX = 4096
USD_KEY = "|usd|"
"""What stands in the keys of all caps of money, and of no other."""


class Met(NamedTuple):
    """The caps that a call takes of; whether money is among them, or tokens are.

    `output_tokens_max` is what their budgets ask for where a caller sets no bound.
    """

    caps: tuple[Cap, ...]
    money: bool
    counts: bool
    output_tokens_max: int | None


def met_by(caps: Iterable[Cap]) -> Met:
    """Say what is counted by *caps*."""
    all_caps = tuple(caps)
    measures = {cap.measure for cap in all_caps}
    bounds = [
        cap.budget.output_tokens_max for cap in all_caps if cap.measure in {USD, TOKENS}
    ]
    return Met(all_caps, USD in measures, bool(bounds), min(bounds, default=None))


class Account:
    """The caps of one exchange; *budgets* are all that it may meet."""

    def __init__(
        self, budgets: Sequence[Budget], caps_of: Callable[[Budget], Sequence[Cap]]
    ) -> None:
        own = [
            cap
            for each in budgets
            if not each.scope.of_targets
            for cap in caps_of(each)
        ]
        self.budgets = budgets
        self.caps_of = caps_of
        self.entry = tuple(cap for cap in own if cap.measure >= REQUESTS)
        """What is taken when the exchange begins."""
        self.spending = met_by(cap for cap in own if cap.measure < REQUESTS)
        """What each of its calls takes of, whoever is called."""
        self.of_targets = tuple(each for each in budgets if each.scope.of_targets)
        self.purse = EMPTY
        """What its next exchanges take out of, where that is worth its while."""
        self.share: Share | None = None if self.spending.caps else NOTHING
        """What is enough for each of them, as far as those before have told."""
        self.thin_turn = -1
        """At which turn its caps had too little for a purse."""
        self.kept: dict[tuple[str, str], Met] = {}
        self.relieved: dict[str, Account] = {}

    def met(self, provider: str, model: str) -> Met:
        """Return what a call to that model takes of."""
        if not self.of_targets:
            return self.spending
        found = self.kept.get((provider, model))
        if found is None:
            if len(self.kept) >= KEPT_MAX:
                self.kept.clear()
            met = [
                each for each in self.of_targets if is_met(each.scope, provider, model)
            ]
            own = [cap for each in met for cap in self.caps_of(each)]
            found = self.kept[provider, model] = met_by((*self.spending.caps, *own))
        return found

    def without_rates(self, budget: Budget) -> "Account":
        """Return the account of an exchange that has fallen to *budget*'s `on_cap`.

        Its money still counts; its rates are those of the model it has fallen from.
        """
        found = self.relieved.get(budget.name)
        if found is None:
            found = Account(self.budgets, self.caps_of)
            found.spending = met_by(
                cap
                for cap in found.spending.caps
                if cap.budget.name != budget.name or cap.measure == USD
            )
            found.entry = tuple(
                cap for cap in found.entry if cap.budget.name != budget.name
            )
            self.relieved[budget.name] = found
        return found


def is_met(scope: Scope, provider: str, model: str) -> bool:
    """Say whether a call to *model* of *provider* counts."""
    return (scope.provider is None or scope.provider == provider) and (
        scope.model is None or scope.model in {model, f"{provider}/{model}"}
    )


def pays(scope: Scope, key: VirtualKey, tags: Sequence[str]) -> bool:
    """Say whether what is asked with *key* counts; the target is looked at later."""
    owner = key.owner
    return (
        (scope.team is None or scope.team == owner.team)
        and (scope.project is None or scope.project == owner.project)
        and (scope.camera is None or scope.camera == owner.camera)
        and (scope.key is None or scope.key in {key.id, key.name})
        and (scope.tag is None or scope.tag in tags)
    )


def own_budget(key: VirtualKey) -> Budget | None:
    """Write the limits that a virtual key carries as a budget of its own."""
    limits = key.limits
    rules = [CapRule("usd", usd.nano, usd.per, "calendar") for usd in limits.usd]
    if limits.tokens_per_minute is not None:
        rules.append(CapRule("tokens", limits.tokens_per_minute))
    if limits.requests_per_minute is not None:
        rules.append(CapRule("requests", limits.requests_per_minute))
    if limits.concurrent_max is not None:
        rules.append(CapRule("concurrent", limits.concurrent_max))
    return Budget(f"key {key.id}", tuple(rules)) if rules else None


NOBODY = VirtualKey("", "")
"""Who asks where no key is asked for."""
Name = str | tuple[str, ...]
"""A key's id, with the tags of a request that a budget names, where there are some."""
Kept = tuple[VirtualKey | None, Account | None]


class Accounts:
    """All accounts and caps of a process."""

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self.caps: dict[str, Cap] = {}
        self.purses = Purses()
        self.kept: dict[Name, Kept] = {}
        self.tags: frozenset[str] = frozenset()
        self.budgets: Sequence[Budget] = ()
        self.follow(budgets)

    def follow(self, budgets: Sequence[Budget]) -> None:
        """Take the budgets of a config; a cap that stays keeps what is held of it."""
        self.budgets = budgets
        self.tags = frozenset(
            each.scope.tag for each in budgets if each.scope.tag is not None
        )
        self.kept.clear()
        for budget in budgets:
            self.renew(budget)

    def of(self, key: VirtualKey | None, tags: tuple[str, ...]) -> Account | None:
        """Find the account of who asks; None when nothing bounds it.

        Callers choose their tags, so only those that a budget names are looked at.
        """
        key_id = "" if key is None else key.id
        name: Name = key_id
        if tags and (named := self.tags.intersection(tags)):
            name = (key_id, *sorted(named))
        kept = self.kept.get(name)
        if kept is not None and kept[0] is key:
            return kept[1]
        if len(self.kept) >= KEPT_MAX:
            self.kept.clear()
        account = self.make(key, tags)
        self.kept[name] = (key, account)
        return account

    def make(self, key: VirtualKey | None, tags: Sequence[str]) -> Account | None:
        """List the budgets that an exchange meets, the key's own last."""
        asker = key or NOBODY
        met = [each for each in self.budgets if pays(each.scope, asker, tags)]
        own = own_budget(asker)
        if own is not None:
            self.renew(own)
            met.append(own)
        return Account(met, self.caps_of) if met else None

    def caps_of(self, budget: Budget) -> list[Cap]:
        """Return the caps of *budget*, which all who count against it share."""
        return [self.cap(budget, rule) for rule in budget.caps]

    def cap(self, budget: Budget, rule: CapRule) -> Cap:
        """Return one cap. Who looks it up may know an older rule than it has."""
        key = key_of(budget, rule)
        found = self.caps.get(key)
        if found is None:
            found = self.caps[key] = Cap(key, rule, budget)
        return found

    def trim(self) -> list[str]:
        """Forget the caps that nobody uses any more; return their keys.

        An exchange under way may have found its caps and taken nothing of them yet:
        then they stay, else there would be two of one.
        """
        self.kept.clear()
        named = {id(each) for each in self.budgets}
        idle = [
            key
            for key, cap in self.caps.items()
            if not cap.is_in_use and id(cap.budget) not in named
        ]
        gone = []
        for key in idle:
            seen = ref(self.caps.pop(key))
            cap = seen()
            if cap is None:
                gone.append(key)
            else:
                self.caps[key] = cap
        return gone

    def renew(self, budget: Budget) -> None:
        """Hold the caps of *budget* to its rules, which are those of now."""
        for rule in budget.caps:
            self.cap(budget, rule).follow(rule, budget)


def key_of(budget: Budget, rule: CapRule) -> str:
    """Name a cap in the store: one whose window changes is another.

    Where all that an exchange costs counts, the name says so: the audit relies on it.
    """
    counts = "calls" if budget.scope.of_targets else "exchanges"
    named = f"{budget.name}|{rule.kind}|{counts}"
    if rule.kind == "concurrent":
        return named
    zone = "" if rule.window == "rolling" else f"|{budget.zone}"
    return f"{named}|{rule.per}|{rule.window}{zone}"
