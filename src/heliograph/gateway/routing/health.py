"""What exchanges learn of providers, targets and keys, as data: the one owner of it."""

from collections.abc import Callable

from heliograph.gateway.routing.rest import Rest
from heliograph.gateway.routing.target_health import (
    ProviderHealth,
    Rules,
    TargetHealth,
)
from heliograph.gateway.types import (
    Config,
    Key,
    Provider,
    ProviderStanding,
    Target,
)

TARGETS_MAX = 4096


class Health:
    """Everything known, by target; shared by all exchanges of a process."""

    def __init__(self, config: Config, draw: Callable[[], float]) -> None:
        self.rules = Rules(config.breaker, config.retries, draw)
        self.targets: dict[tuple[str, str, str], TargetHealth] = {}
        self.providers: dict[str, ProviderHealth] = {}
        self.key_rests: dict[tuple[str, str], Rest] = {}

    def of(self, provider: Provider, model: str, key: Key | None) -> TargetHealth:
        """Return what is known of one target."""
        name = (provider.name, model, key.id if key is not None else "")
        found = self.targets.get(name)
        if found is None:
            if len(self.targets) >= TARGETS_MAX:
                self.forget_idle()
            target = Target(provider, model, key)
            found = TargetHealth(
                target, self.provider(provider), self.key_rest(target), self.rules
            )
            found.provider.targets.append(found)
            self.targets[name] = found
        return found

    def provider(self, provider: Provider) -> ProviderHealth:
        """Return what is known of one provider."""
        found = self.providers.get(provider.name)
        if found is None:
            found = ProviderHealth(provider, self.rules)
            self.providers[provider.name] = found
        return found

    def key_rest(self, target: Target) -> Rest:
        """Return the rest that all models share of one key."""
        name = (target.provider.name, target.key.id if target.key is not None else "")
        return self.key_rests.setdefault(name, Rest())

    def standings(self, now_s: float) -> list[ProviderStanding]:
        """Say how every provider that was called stands now, for those who watch."""
        return [
            ProviderStanding(
                provider.name,
                "half_open" if provider.circuit.half_open() else provider.circuit.state,
                provider.in_flight,
                sum(
                    known.rest.until_s > now_s or known.key_rest.until_s > now_s
                    for known in provider.targets
                ),
            )
            for provider in self.providers.values()
        ]

    def forget_idle(self) -> None:
        """Forget targets of which there is nothing to know: callers name models."""
        self.targets = {
            name: known
            for name, known in self.targets.items()
            if known.in_flight or known.circuit.state != "closed" or known.rest.until_s
        }
        if len(self.targets) >= TARGETS_MAX:
            self.targets.clear()
        kept = set(self.targets.values())
        for provider in self.providers.values():
            provider.targets = [known for known in provider.targets if known in kept]

    def successor(self, config: Config) -> "Health":
        """Begin anew with *config*, keeping what is known of unchanged keys.

        A key that was not accepted is tried again. Calls under way end in what was
        known before.
        """
        after = Health(config, self.rules.draw)
        for (name, model, key_id), known in self.targets.items():
            provider = config.providers.get(name)
            if provider is None or provider.endpoint != known.target.provider.endpoint:
                continue
            keys = {key.id: key for key in provider.keys}
            if keys.get(key_id) == known.target.key:
                keep(known, after.of(provider, model, keys.get(key_id)))
        return after


def keep(known: TargetHealth, fresh: TargetHealth) -> None:
    """Carry over what a reload does not change.

    Circuits and the gate stay the same objects: calls under way still end in them.
    """
    fresh.latency = known.latency
    fresh.rest = known.rest
    fresh.refuses_prefill = known.refuses_prefill
    if known.key_rest.kind != "upstream_auth":
        fresh.key_rest.begin(known.key_rest.kind, known.key_rest.until_s)
    rules = fresh.rules.breaker
    fresh.circuit = known.circuit
    fresh.circuit.follow(rules)
    before, after = known.provider, fresh.provider
    after.circuit = before.circuit
    after.circuit.follow(rules)
    after.limited_until_s = before.limited_until_s
    if before.gate is not None and after.gate is not None:
        before.gate.limits = after.gate.limits
        after.gate = before.gate
