"""The demo runs the article's config, and not a relative of it."""

from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_demos_config_is_the_articles_byte_for_byte() -> None:
    demos = files("heliograph.demo").joinpath("article.yaml").read_bytes()
    assert demos == (ROOT / "examples" / "gateway" / "article.yaml").read_bytes()
