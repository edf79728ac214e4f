"""A picture's tokens are what its vendor's page says; each number stands there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.catalog.picture_tokens import (
    Detail,
    picture_tokens,
    rule_of,
    rules,
)

OPENAI = "https://developers.openai.com/api/docs/guides/images-vision"


@pytest.mark.parametrize(
    ("name", "size", "detail", "tokens"),
    [
        # 1024 -> 768 x 768: 4 tiles x 170 + 85
        ("openai/gpt-4o", (1024, 1024), "high", 765),
        # 2048 x 4096 -> 768 x 1536: 6 tiles x 170 + 85
        ("openai/gpt-4o-2024-08-06", (2048, 4096), "high", 1105),
        ("openai/gpt-4o", (4096, 8192), "low", 85),
        ("openai/gpt-4o-mini", (1024, 1024), "high", 2833 + 4 * 5667),
        ("openai/gpt-5", (1024, 1024), "high", 70 + 4 * 140),
        ("openai/o3", (1024, 1024), "high", 75 + 4 * 150),
        # 32 x 32 patches x 1.62, rounded up
        ("openai/gpt-4.1-mini", (1024, 1024), "auto", 1659),
        # 57 x 75 = 4275 patches -> 33 x 44 = 1452, x 1.62
        ("openai/gpt-4.1-mini", (1800, 2400), "auto", 2353),
        # 126 x 95 = 11,970 patches as they are, x 1.2
        ("openai/gpt-6-sol", (4032, 3024), "auto", 14_364),
        # within 2,500 patches: 57 x 43 = 2,451, x 1.2
        ("openai/gpt-6-sol", (4032, 3024), "high", 2942),
        # within 10,000 patches: 115 x 86 = 9,890, x 1.2
        ("openai/gpt-5.5", (4032, 3024), "auto", 11_868),
        # 36 x 36
        ("anthropic/claude-sonnet-4-5", (1000, 1000), "auto", 1296),
        # 39 x 39
        ("anthropic/claude-haiku-4-5-20251001", (1092, 1092), "auto", 1521),
        # 1456 x 819: 52 x 30
        ("anthropic/claude-sonnet-4-6", (1920, 1080), "auto", 1560),
        # as it is: 69 x 39
        ("anthropic/claude-opus-4-7", (1920, 1080), "auto", 2691),
        # 2576 x 1449: 92 x 52
        ("anthropic/claude-opus-5-5", (3840, 2160), "auto", 4784),
        # one crop; unit 540 / 1.5 = 360: 3 x 2 crops
        ("google/gemini-2.5-flash", (384, 384), "auto", 258),
        ("google/gemini-2.5-flash", (960, 540), "auto", 6 * 258),
        ("google/models/gemini-3-flash-preview", (960, 540), "auto", 1120),
    ],
)
def test_a_picture_is_as_many_tokens_as_its_vendor_says(
    name: str, size: tuple[int, int], detail: Detail, tokens: int
) -> None:
    vendor, _, model = name.partition("/")
    assert picture_tokens(vendor, model, size, detail)[0] == tokens


def test_a_small_picture_may_be_made_larger_for_tiles() -> None:
    # 1 tile as it is; 768 x 1536 if it is made larger: 6 tiles
    assert picture_tokens("openai", "gpt-4o", (100, 200)) == (255, 1105)


@pytest.mark.parametrize(
    ("name", "worst"),
    [
        ("openai/gpt-4o", 85 + 8 * 170),
        ("openai/gpt-4.1-mini", 2489),
        ("openai/gpt-6-sol", 78_644),
        ("anthropic/claude-sonnet-4-5", 1568),
        ("anthropic/claude-sonnet-5", 4784),
        ("google/gemini-3-pro-preview", 1120),
        ("nobody/knows", 78_644),
    ],
)
def test_a_picture_of_unknown_size_is_the_worst_that_can_be(
    name: str, worst: int
) -> None:
    vendor, _, model = name.partition("/")
    likely, most = picture_tokens(vendor, model, None)
    assert most == worst
    assert 0 < likely <= most


@given(
    st.sampled_from([(r.vendor, (*r.models, "some-new-model")[0]) for r in rules()]),
    st.tuples(st.integers(1, 8192), st.integers(1, 8192)),
    st.sampled_from(["low", "high", "auto"]),
)
def test_no_picture_is_more_than_one_whose_size_is_not_known(
    model: tuple[str, str], size: tuple[int, int], detail: Detail
) -> None:
    likely, worst = picture_tokens(*model, size, detail)
    assert 0 < likely <= worst
    if model[0] != "google":  # a strip of Gemini's may be many crops
        assert worst <= picture_tokens(*model, None, detail)[1]


def test_each_rule_says_where_it_was_read_and_one_fits_whatever_comes() -> None:
    assert {rule.vendor for rule in rules() if not rule.models} == {
        "openai", "anthropic", "google",
    }  # fmt: skip
    newest = rule_of("openai", "gpt-9")
    assert newest is not None
    assert newest.source == OPENAI
    assert rule_of("groq", "llama") is None
