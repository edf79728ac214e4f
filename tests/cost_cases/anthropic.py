"""What calls to Anthropic cost."""

from cost_cases.case import Case, claude

CASES = [
    Case(
        "prompt and answer of Claude",
        "anthropic/claude-haiku-4-5",
        claude(1000, 100),
        "1,000 x $1 + 100 x $5",
        1_500_000,
    ),
    Case(
        "Claude by its date",
        "anthropic/claude-haiku-4-5-20251001",
        claude(12, 8),
        "12 x $1 + 8 x $5",
        52_000,
    ),
    Case(
        "read from the cache, beside the input",
        "anthropic/claude-sonnet-4-5",
        claude(50, 200, cache_read_input_tokens=18_000),
        "50 x $3 + 18,000 x $0.30 + 200 x $15",
        8_550_000,
    ),
    Case(
        "written to the cache for five minutes",
        "anthropic/claude-sonnet-4-5",
        claude(21, 393, cache_creation_input_tokens=188_086),
        "21 x $3 + 188,086 x $3.75 + 393 x $15",
        711_280_500,
    ),
    Case(
        "read, written for five minutes, and for an hour",
        "anthropic/claude-sonnet-4-5",
        claude(
            2048,
            503,
            cache_read_input_tokens=1800,
            cache_creation_input_tokens=248,
            cache_creation={
                "ephemeral_5m_input_tokens": 148,
                "ephemeral_1h_input_tokens": 100,
            },
        ),
        "2,048 x $3 + 1,800 x $0.30 + 148 x $3.75 + 100 x $6 + 503 x $15",
        15_384_000,
    ),
    Case(
        "what the cache gave counts for the tier",
        "anthropic/claude-sonnet-4-5",
        claude(50_000, 1000, cache_read_input_tokens=160_000),
        "50,000 x $6 + 160,000 x $0.60 + 1,000 x $22.50",
        418_500_000,
    ),
    Case(
        "what Claude thought is output",
        "anthropic/claude-sonnet-4-6",
        claude(500, 2000, output_tokens_details={"thinking_tokens": 1500}),
        "500 x $3 + 2,000 x $15",
        31_500_000,
    ),
    Case(
        "a tier that begins at 100,000",
        "anthropic/claude-haiku-5-5",
        claude(100_001, 100),
        "100,001 x $0.50 + 100 x $2.50",
        50_250_500,
    ),
    Case(
        "a tier that was given up",
        "anthropic/claude-sonnet-4-6",
        claude(250_000, 100),
        "250,000 x $3 + 100 x $15",
        751_500_000,
    ),
    Case(
        "the same while there was one",
        "anthropic/claude-sonnet-4-6",
        claude(250_000, 100),
        "250,000 x $6 + 100 x $22.50",
        1_502_250_000,
        at="2026-03-01T12:00:00",
    ),
    Case(
        "at half the price, by the batch",
        "anthropic/claude-haiku-4-5",
        claude(1000, 100, service_tier="batch"),
        "1,000 x $0.50 + 100 x $2.50",
        750_000,
    ),
]
