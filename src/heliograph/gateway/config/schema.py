"""Every key a configuration may hold, by the table it stands in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from heliograph.gateway.types import (
    Balance,
    Period,
    Rates,
    RescuePolicy,
    StoreDown,
    UnknownPrice,
    WindowKind,
)
from heliograph.yaml_reading.document import Form
from heliograph.yaml_reading.ranges import Range, counts, seconds

FORM = Form(
    begin='begin with "providers:" and a provider below it',
    guide="docs/guide/configuration.md",
)
TOP_KEYS = (
    "providers",
    "routes",
    "fallbacks",
    "rescue",
    "timeouts",
    "retries",
    "breaker",
    "limits",
    "server",
    "ledger",
    "budgets",
    "prices",
    "prices_file",
    "unknown_price",
)
PROVIDER_KEYS = (
    "keys",
    "models",
    "base_url",
    "dialect",
    "timeouts",
    "limits",
    "drop",
)
KEY_KEYS = ("value", "weight")
MODEL_KEYS = ("name", "timeouts")
ROUTE_KEYS = ("to", "balance", "sticky_header", "rescue", "hedge")
ROUTE_TARGET_KEYS = ("target", "weight")
FALLBACK_KEYS = ("from", "to")
RATE_KEYS = Rates.__struct_fields__
PRICE_KEYS = ("like", "free", *RATE_KEYS, "request", "tiers")
TIER_KEYS = ("above_tokens", *RATE_KEYS)
TIMEOUT_KEYS = ("connect_s", "first_byte_s", "idle_s", "total_s")
SERVER_BOUNDS = MappingProxyType(
    {
        "body_mb_max": (0.001, 4096.0),
        "json_depth_max": (1.0, 256.0),
        "head_s": (0.1, 86_400.0),
        "body_bytes_per_s_min": (1.0, 1e9),
        "idle_s": (0.1, 86_400.0),
        "unread_s": (0.1, 86_400.0),
        "drain_s": (0.0, 86_400.0),
        "connections_max": (1.0, 1_000_000.0),
    }
)
"""The numbers of the `server` table: the least and the most each may be."""
SERVER_KEYS = ("hosts", "cors_origins", "trusted_proxies", "tls", *SERVER_BOUNDS)
TLS_KEYS = ("certificate", "key")
CAP_KEYS = ("usd", "tokens_per_minute", "requests_per_minute", "concurrent_max")
BUDGET_KEYS = (
    "name",
    "for",
    *CAP_KEYS,
    "per",
    "window",
    "time_zone",
    "soft",
    "webhook",
    "on_cap",
    "output_tokens_max",
    "store_down",
)
SCOPE_KEYS = ("team", "project", "camera", "key", "tag", "provider", "model")

DIALECTS = ("openai", "anthropic")
DIALECT_AUTH = MappingProxyType({"openai": "bearer", "anthropic": "header:x-api-key"})
"""How the key travels where no endpoint row says otherwise."""

BALANCES: tuple[Balance, ...] = get_args(Balance)
UNKNOWN_PRICES: tuple[UnknownPrice, ...] = get_args(UnknownPrice)
RESCUE_POLICIES: tuple[RescuePolicy, ...] = get_args(RescuePolicy)

PERIODS: tuple[Period, ...] = get_args(Period)
WINDOWS: tuple[WindowKind, ...] = get_args(WindowKind)
STORE_DOWN: tuple[StoreDown, ...] = get_args(StoreDown)

TIMEOUT_S_MAX = 86_400.0
WEIGHT_MAX = 1_000_000.0


RETRY_RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "same_target_max": counts(0, 3),
        "backoff_s": seconds(60, zero=True),
        "budget": Range(0, 1),
        "floor_per_s": Range(0, 1_000),
    }
)
BREAKER_RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "failures": counts(1, 1_000),
        "error_rate": Range(0, 1, above=True),
        "calls_min": counts(1, 100_000),
        "window_s": seconds(3_600),
        "slow_factor": Range(1, 1_000, above=True, zero=True),
        "probe_s": seconds(3_600),
        "probe_s_max": seconds(86_400),
        "ramp_s": seconds(3_600, zero=True),
    }
)
LIMIT_RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "concurrent_max": counts(1, 1_000_000),
        "queue_max": counts(0, 1_000_000),
        "queue_s": seconds(3_600),
    }
)
"""What bounds the calls to one provider."""
ALL_LIMIT_RANGES: Mapping[str, Range] = MappingProxyType(
    {**LIMIT_RANGES, "body_mb_in_flight": Range(0.001, 1_000_000)}
)
"""What bounds a process."""
BUDGET_RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "tokens_per_minute": counts(0, 1_000_000_000_000),
        "requests_per_minute": counts(0, 1_000_000_000),
        "concurrent_max": counts(0, 1_000_000),
        "output_tokens_max": counts(1, 1_000_000),
        "soft": Range(0, 1, above=True),
    }
)
LEDGER_RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "keep_days": Range(0, 36_500, above=True),
        "keep_sums_days": Range(0, 36_500, above=True),
        "size_mb_max": Range(1, 10_000_000),
    }
)
LEDGER_KEYS = ("url", "bodies", *LEDGER_RANGES)
BODIES_RANGES: Mapping[str, Range] = MappingProxyType(
    {"keep_days": Range(0, 36_500, above=True), "kb_max": Range(1, 100_000)}
)
HEDGE_RANGES: Mapping[str, Range] = MappingProxyType(
    {"share": Range(0, 1, above=True), "after_s": seconds(3_600)}
)

REQUIRED_PARAMETERS = frozenset({"model", "messages", "stream"})
"""What a request is nothing without; these cannot be dropped."""

# https://platform.openai.com/docs/api-reference/chat/create
CHAT_PARAMETERS = REQUIRED_PARAMETERS | frozenset(
    {
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        # Members of a message, where a provider has no counterpart to them.
        "image_url.detail",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages.name",
        "metadata",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    }
)
