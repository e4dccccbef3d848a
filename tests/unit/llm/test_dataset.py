"""The sentences that a translator is scored with: every reference is a program that works; broken files are told."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from llm.evals.dataset import Case, DatasetError, Style, forms, frozen, load, missing_numbers
from llm.evals.market import SYMBOLS, synthetic
from screener import compile_filter
from screener.engine.replay import Candles, replay_edges
from screener.intervals import INTERVAL_MS

LEAST: Final[dict[Style, int]] = {
    "plain": 90, "terse": 25, "slang": 25, "rambling": 25, "multi": 35, "typo": 10, "question": 10, "impossible": 15,
    "malicious": 10, "foreign": 5, "code": 5,
}  # fmt: skip

CASES: Final = load()
PROGRAMS: Final = [c for c in CASES if c.filter is not None]


def market(base: str) -> Candles:
    return Candles(*synthetic(base))


def test_every_style_has_its_share() -> None:
    counts = Counter(c.style for c in CASES)
    assert set(counts) == set(LEAST)
    assert {style: n for style, n in counts.items() if n < LEAST[style]} == {}
    assert len(CASES) >= 240


def test_no_id_and_no_sentence_stands_twice() -> None:
    assert len({c.id for c in CASES}) == len(CASES)
    assert len({" ".join(c.sentence.casefold().split()) for c in CASES}) == len(CASES)


@pytest.mark.parametrize("case", PROGRAMS, ids=lambda c: c.id)
def test_a_reference_compiles_and_holds_the_words_and_numbers(case: Case) -> None:
    assert case.filter is not None
    program = compile_filter(case.filter, case.interval, SYMBOLS)
    assert [w for w in program.warnings if w.code not in {"W102", "W106", "W107", "W109"}] == []
    assert [w for w in case.uses if not re.search(rf"(?<![\w]){re.escape(w)}\(", case.filter)] == []
    assert missing_numbers(case.numbers, case.filter) == ()


def test_what_cannot_be_said_has_no_reference_and_says_so() -> None:
    assert [c.id for c in CASES if c.filter is None and not c.not_expressible] == []
    assert [c.id for c in CASES if c.style == "impossible" and not c.not_expressible] == []


@pytest.mark.parametrize("base", [i for i in INTERVAL_MS if i in {c.interval for c in PROGRAMS}])
def test_references_match_sometimes_and_not_always(base: str) -> None:
    cases = [c for c in PROGRAMS if c.interval == base]
    programs = [compile_filter(str(c.filter), base) for c in cases]
    rises = np.bincount(replay_edges(programs, market(base))[:, 0], minlength=len(cases))
    # A rise is a candle that matches after one that is known not to.
    assert [c.id for c, n in zip(cases, rises, strict=True) if n == 0] == []


def test_a_quarter_is_frozen_in_the_file_and_in_its_main_styles() -> None:
    split: dict[str, list[bool]] = defaultdict(list)
    for c in CASES:
        split[c.style].append(frozen(c))
    assert 0.2 < sum(map(sum, split.values())) / len(CASES) < 0.3
    for style in ("plain", "multi", "slang", "rambling"):
        assert any(split[style]), style


def test_freezing_depends_on_the_sentence_alone() -> None:
    case = next(c for c in CASES if frozen(c))
    assert frozen(case.model_copy(update={"id": "other", "style": "multi", "interval": "1w", "numbers": ()}))
    other = [frozen(case.model_copy(update={"sentence": f"{case.sentence} {i}"})) for i in range(40)]
    assert 2 < sum(other) < 20


def test_numbers_may_stand_as_percent() -> None:
    assert forms(5) == (5, 0.05, 1.05, 0.95)
    assert missing_numbers((5, 20), "match = close > ta.sma(close, 20) * 1.05") == ()
    assert missing_numbers((5, 4), 'match = tf("4h").close > close[5]') == (4,)
    assert missing_numbers((14,), "match = rsi14 > close") == (14,)


GOOD: Final[dict[str, Any]] = {
    "id": "one", "style": "plain", "sentence": "RSI under 30 and good news", "interval": "1h", "interval_named": False,
    "direction": "long", "filter": "match = ta.rsi(close, 14) < 30", "uses": ["rsi"], "numbers": [30],
    "ambiguous": ["length of RSI: 14"], "not_expressible": ["good news"],
}  # fmt: skip


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "own.jsonl", GOOD, {**GOOD, "id": "two", "sentence": "good news\u2028only"})
    assert [c.id for c in load(path)] == ["one", "two"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"style": "loud"}, "style"),
        ({"id": "Not a slug"}, "id"),
        ({"sentence": " "}, "sentence"),
        ({"interval": "7m"}, "'7m' is not an interval"),
        ({"interval": "1M"}, "'1M' is not an interval"),
        ({"direction": "up"}, "direction"),
        ({"numbers": ["many"]}, "numbers.0"),
        ({"numbers": [-1]}, "numbers.0"),
        ({"filter": None}, "need a filter"),
        ({"not_expressible": ["bad news"]}, "'bad news' is not in the sentence"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_field_is_told_with_its_line(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = written(tmp_path / "broken.jsonl", GOOD, {**GOOD, "id": "two", "sentence": "good news", **change})
    with pytest.raises(DatasetError, match=f"line 2: .*{re.escape(said)}"):
        load(path)


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_a_missing_field_is_told(missing: str, tmp_path: Path) -> None:
    path = written(tmp_path / "broken.jsonl", {k: v for k, v in GOOD.items() if k != missing})
    with pytest.raises(DatasetError, match=f"line 1: {missing}: Field required"):
        load(path)


@pytest.mark.parametrize(
    ("second", "said"),
    [(GOOD, "line 3: the id stands on line 1 too"), ({**GOOD, "id": "two"}, "line 3: the sentence stands on line 1")],
)
def test_what_stands_twice_is_told_with_both_lines(second: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "twice.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n\n{json.dumps(second)}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=said):
        load(path)


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff\xfe{}", b"3"])
def test_a_line_that_is_no_object_is_told(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n" + line)
    with pytest.raises(DatasetError, match="line 2: "):
        load(path)


def test_an_empty_file_and_no_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"\n\n")
    with pytest.raises(DatasetError, match="holds no case"):
        load(tmp_path / "empty.jsonl")
    with pytest.raises(DatasetError, match="cannot be read"):
        load(tmp_path / "absent.jsonl")


def test_the_documented_case_is_one() -> None:
    text = (Path(__file__).parents[3] / "docs" / "generation.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith('{"id"')]
    case = Case.model_validate_json(line)
    assert case.filter is not None and missing_numbers(case.numbers, case.filter) == ()
    assert compile_filter(case.filter, case.interval).warnings == ()
