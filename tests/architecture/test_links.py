"""Every link between pages leads somewhere, to the heading if it names one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from architecture.tree import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def anchors_of(page: Path) -> set[str]:
    """Return what headings are called in links, as forges call them."""
    headings = HEADING.findall(page.read_text("utf-8"))
    plain = (NOT_IN_ANCHORS.sub("", heading.lower()).strip() for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def dead_links(page: Path) -> Iterator[str]:
    """Yield the links of *page* that lead nowhere."""
    for link in LINK.findall(page.read_text("utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(dead_links(page)) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here it is\n[a](page.md#here-it-is) [b](none.md) [c](#gone)")
    assert list(dead_links(page)) == ["none.md", "#gone"]
