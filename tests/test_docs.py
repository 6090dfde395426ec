"""What the pages say of codes, settings, files and one another is so."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from privacy.api.northbound.codes import TEXTS
from tests.serving import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md"])
NORTHBOUND = (DOCS / "northbound.md").read_text("utf-8")
CODE = r"10[12][0-9]{4}"
ROW = re.compile(rf"^\| (?:[0-9]{{3}} \| )?({CODE}|0) \| ([^|]+) \|", re.MULTILINE)
# Texts that go on with a detail, or are said of several codes in one line.
ABRIDGED = {"1010002"}


def told() -> set[str]:
    """Return every code that docs/northbound.md names, ranges spelled out."""
    found = {"0", *re.findall(CODE, NORTHBOUND)}
    for first, last in re.findall(rf"({CODE}) - ({CODE})", NORTHBOUND):
        found |= {str(code) for code in range(int(first), int(last) + 1)}
    return found


def rows() -> Iterator[tuple[str, str]]:
    for code, text in ROW.findall(NORTHBOUND):
        if code not in ABRIDGED:
            yield code, text.strip()


def test_every_result_code_is_explained() -> None:
    assert set(TEXTS) - told() == set()


def test_the_texts_of_codes_are_those_that_are_sent() -> None:
    sent = {code: {text} for code, (_, text) in TEXTS.items()}
    sent["1010010"].add("Invalid digest.")
    assert [(code, text) for code, text in rows() if text not in sent[code]] == []


def test_every_setting_is_in_operations() -> None:
    page = (DOCS / "operations.md").read_text("utf-8")
    settings = set(re.findall(r'"(MASKLINE_[A-Z0-9_]+)"', (ROOT / "config/tunables.py").read_text("utf-8")))
    assert {name for name in settings if name not in page and "_" + name.split("_", 2)[2] not in page} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_pages_that_are_named_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    linked = {page.parent / target for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)}
    named = {ROOT / name for name in re.findall(r"`((?:[a-z_]+/)+[a-z_0-9]+\.(?:py|sql|csv|json|md|txt))`", text)}
    named |= {ROOT / name for name in re.findall(r"\bdocs/[a-z/]+\.(?:md|json|jsonl|csv)\b", text)}
    assert {str(path) for path in linked | named if not path.exists()} == set()
