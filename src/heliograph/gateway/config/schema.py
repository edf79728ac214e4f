"""Every key a configuration may hold, by the table it stands in."""

from types import MappingProxyType

TOP_KEYS = ("providers", "fallbacks", "timeouts", "server")
PROVIDER_KEYS = ("keys", "models", "base_url", "dialect", "timeouts", "drop")
KEY_KEYS = ("value", "weight")
FALLBACK_KEYS = ("from", "to")
TIMEOUT_KEYS = ("connect_s", "first_byte_s", "idle_s", "total_s")
SERVER_BOUNDS = MappingProxyType(
    {
        "body_mb_max": (0.001, 4096.0),
        "json_depth_max": (1.0, 256.0),
        "idle_s": (0.1, 86_400.0),
        "unread_s": (0.1, 86_400.0),
        "drain_s": (0.0, 86_400.0),
    }
)
"""The numbers of the `server` table: the least and the most each may be."""
SERVER_KEYS = tuple(SERVER_BOUNDS)

DIALECTS = ("openai", "anthropic")
DIALECT_AUTH = MappingProxyType({"openai": "bearer", "anthropic": "header:x-api-key"})
"""How the key travels where no endpoint row says otherwise."""

TIMEOUT_S_MAX = 86_400.0
WEIGHT_MAX = 1_000_000.0

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
