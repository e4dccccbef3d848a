"""The documentation says what is there: examples compile, commands and targets exist, links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import COMMANDS, SUMMARIES
from app.commands.docs import MEANINGS, PARTS, filled, generated
from app.settings import Settings
from screener import catalogue, compile_filter

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
SYMBOLS = ("BTCUSDT", "ETHUSDT")
WITH_EXAMPLES = "\n".join((DOCS / page).read_text(encoding="utf-8") for page in ("author.md", "language.md"))
EXAMPLES = re.findall(r"^```python\n(.*?)^```", WITH_EXAMPLES, re.S | re.M)


def code(text: str) -> Iterator[str]:
    """Inline code and fenced lines of a page."""
    for block in re.findall(r"^```(?:sh|text)?\n(.*?)^```", text, re.S | re.M):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", text)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as hosts of Markdown write them."""
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.strip().splitlines()[0][:40])
def test_examples_of_the_language_compile(example: str) -> None:
    assert compile_filter(example, "15m", SYMBOLS).reading


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 11


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_named_exist(page: Path) -> None:
    named = {m for line in code(page.read_text(encoding="utf-8")) for m in re.findall(r"^screener ([a-z-]+)", line)}
    assert named <= set(COMMANDS)


def test_every_command_has_a_summary() -> None:
    assert list(SUMMARIES) == list(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_make_targets_named_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {m for line in code(page.read_text(encoding="utf-8")) for m in re.findall(r"^make ([a-z-]+)", line)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"https?://", target):
            continue
        file, _, anchor = target.partition("#")
        path = page.parent / file if file else page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            missing.append(target)
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_files_named_exist(page: Path) -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    tops = "|".join(sorted({p.partition(".")[0] for p in packages} | {"docs", "tests", "supabase"}))
    named = {m for line in code(page.read_text(encoding="utf-8")) for m in re.findall(rf"^(?:{tops})/[\w./-]*$", line)}
    assert not {name for name in named if not (ROOT / name).exists()}


def test_generated_parts_are_up_to_date() -> None:
    stale = [str(path) for path, text in generated(DOCS).items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run `make docs`"


def test_the_counts_of_the_changelog() -> None:
    groups = [info.group for info in catalogue()]
    counts = f"{groups.count('indicator')} indicators, {groups.count('function')} functions"
    counts += f", {groups.count('pattern')} candlestick patterns"
    assert counts in " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())


def test_every_setting_has_its_meaning() -> None:
    assert set(MEANINGS) == set(Settings.model_fields)


def test_filling_needs_the_markers() -> None:
    assert filled("a\n<!-- generated: x -->\nold\n<!-- end -->\nb", "x", "new\\1") == (
        "a\n<!-- generated: x -->\nnew\\1\n<!-- end -->\nb"
    )
    with pytest.raises(ValueError, match="generated: y"):
        filled("text", "y", "new")
    assert {file for file, _ in PARTS.values()} == {"language.md", "operator.md"}
