"""Where the gateway meets the process environment; nothing else reads it."""

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType

from heliograph.gateway.config.place import usual_keeping
from heliograph.gateway.config.url import fault_of_url, moved, url_from_variable
from heliograph.gateway.types import Config, Endpoint, Key, Provider, Secret
from heliograph.yaml_reading.keys import fault_of_secret


def process_environment() -> Mapping[str, str]:
    """Return the environment as it is now; later changes do not show."""
    return MappingProxyType(dict(os.environ))


def from_environment(
    environ: Mapping[str, str],
    endpoints: Mapping[str, Endpoint],
    models_of: Callable[[str], tuple[str, ...]],
) -> Config:
    """Configure every provider whose well-known variable holds a usable key.

    Of an endpoint's variables the first that is set counts. There are no
    fallbacks, and no providers at all when nothing is set. A variable whose value
    no header can carry counts as not set, and a provider whose address cannot be
    used is left out: `unusable_variables` names those.
    """
    providers = {}
    for name, row in endpoints.items():
        value = _first_usable(environ, row)
        endpoint = _endpoint_of(row, environ)
        if value is None or endpoint is None:
            continue
        key = Key(id=f"{name}#1", secret=Secret(value))
        providers[name] = Provider(
            name=name, endpoint=endpoint, keys=(key,), models=models_of(name)
        )
    return Config(
        providers=MappingProxyType(providers),
        source="environment",
        ledger=usual_keeping(environ),
    )


def unusable_variables(
    environ: Mapping[str, str], endpoints: Mapping[str, Endpoint]
) -> tuple[str, ...]:
    """Return a sentence for each well-known variable whose value cannot be used."""
    keys = tuple(
        f"{variable} {fault_of_secret(environ[variable])}; it is not used"
        for endpoint in endpoints.values()
        for variable in endpoint.env
        if environ.get(variable) and fault_of_secret(environ[variable])
    )
    addresses = tuple(
        f"{found[0]}: {fault[0]}; {fault[1]}; {row.name} is not used"
        for row in endpoints.values()
        if (found := url_from_variable(row, environ))
        and (fault := fault_of_url(found[1]))
    )
    return keys + addresses


def _endpoint_of(row: Endpoint, environ: Mapping[str, str]) -> Endpoint | None:
    """Return *row*, at another address when its variable holds one."""
    found = url_from_variable(row, environ)
    if found is None:
        return row
    variable, url = found
    return None if fault_of_url(url) else moved(row, variable, url)


def _first_usable(environ: Mapping[str, str], endpoint: Endpoint) -> str | None:
    for variable in endpoint.env:
        value = environ.get(variable, "")
        if fault_of_secret(value) is None:
            return value
    return None
