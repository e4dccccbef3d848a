"""Filters that do not compile, corrected where the compiler's words leave one correction only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.generation import GenerationFailed, mend_filter
from llm.generation.mending import Change, loop, mended
from llm.generation.mending.words import meant_for
from llm.phrasebook.model import PhrasebookModel
from screener import FilterError, Program, compile_filter
from screener.vocabulary.indicators import INDICATORS
from tests.property.profiles import examples

TABLE = [
    # Signs of other languages
    ("match = close > 1 && open > 2 || !(low > 3)", "match = close > 1 and open > 2 or not (low > 3)"),
    ("match = close > 1 AND NOT open > 2", "match = close > 1 and not open > 2"),
    ("match = close > 1 & open > 2", "match = close > 1 and open > 2"),
    ("match = (close > 1) | ~(open > 2)", "match = (close > 1) or not (open > 2)"),
    ("match = close ≥ 1 and open <> 2", "match = close >= 1 and open != 2"),
    ("match = close => 1 and open =< 2", "match = close >= 1 and open <= 2"),
    ("match := close > 1", "match = close > 1"),
    ("var match = close > 1", "match = close > 1"),
    ("up: bool = close > open\nmatch = up", "up = close > open\nmatch = up"),
    ("//@version=5\nmatch = close > 1", "#@version=5\nmatch = close > 1"),
    ("match = close is above open", "match = close > open"),
    ("match = close is open", "match = close == open"),
    ("match = tf(“4h”).close > 1", 'match = tf("4h").close > 1'),
    ("import numpy as np\nfrom ta import *\nmatch = close > 1", "match = close > 1"),
    # = for ==
    ("match = ta.rsi(close, 14) = 30", "match = ta.rsi(close, 14) == 30"),
    ("match = (close = open)", "match = (close == open)"),
    ("match = close = open", "match = close == open"),
    ("match = (close > open) == True", "match = (close > open)"),
    # Brackets and lines
    ("match = ta.rsi(close, 14 < 30", "match = ta.rsi(close, 14) < 30"),
    ("match = ta.rsi(close, 14)) < 30  # deep", "match = ta.rsi(close, 14) < 30  # deep"),
    ("match = (close > ta.ema(close, 9])", "match = (close > ta.ema(close, 9))"),
    ('match = tf("1h).close > 1', 'match = tf("1h").close > 1'),
    ("match = close > open\n  and volume > 5", "match = close > open and volume > 5"),
    ("match = close > open and\nvolume > 5", "match = close > open and volume > 5"),
    ("  match = close > open", "match = close > open"),
    # Results
    ("ta.rsi(close, 14) < 30", "match = ta.rsi(close, 14) < 30"),
    ("match == close > 1", "match = close > 1"),
    ("return close > 1", "match = close > 1"),
    ("signal = ta.macd(close, signal=5).signal > 1\nexit = not signal",
     "match = ta.macd(close, signal=5).signal > 1\nexit = not match"),
    ("x = y > 1\ny = close\nmatch = x", "y = close\nx = y > 1\nmatch = x"),
    # Names
    ("match = ta.rsii(close, 14) < 30", "match = ta.rsi(close, 14) < 30"),
    ("match = clsoe > 1 and clsoe < 2", "match = close > 1 and close < 2"),
    ("match = Close > 1 and VOLUME > 2", "match = close > 1 and volume > 2"),
    ("match = price > 1 and vol > 2", "match = close > 1 and volume > 2"),
    ("match = rsi(close, 14) < 30", "match = ta.rsi(close, 14) < 30"),
    ("match = ta.crossover(close, open)", "match = crossover(close, open)"),
    ("match = cross_over(close, open)", "match = crossover(close, open)"),
    ("match = math.abs(close) > 1", "match = abs(close) > 1"),
    ("match = ta.bb(close, 20, 2).lowerband > close", "match = ta.bbands(close, 20, 2).lower > close"),
    ("match = ta.macd(close).sginal > 0", "match = ta.macd(close).signal > 0"),
    ("match = engulfing() and cdl.hammer", "match = cdl.engulfing() and cdl.hammer()"),
    ("match = df['close'] > df.open", "match = close > open"),
    ("match = close.shift(1) > close.rolling(20).mean()", "match = close[1] > avg(close, 20)"),
    # Arguments and intervals
    ("match = rsi(14) < 30", "match = ta.rsi(close, 14) < 30"),
    ("match = ta.ema(20, close) > close", "match = ta.ema(close, 20) > close"),
    ("match = ta.atr(close, 14) > 1", "match = ta.atr(14) > 1"),
    ("match = ta.atr(close, length=14) > 1", "match = ta.atr(length=14) > 1"),
    ("match = ta.rsi(close, period=14) < 30", "match = ta.rsi(close, length=14) < 30"),
    ("match = ta.rsi(close, lenght=14) < 30", "match = ta.rsi(close, length=14) < 30"),
    ('match = tf("4H").close > tf("60").close', 'match = tf("4h").close > tf("1h").close'),
    ("match = tf(1d).ema(close, 20) > 1", 'match = tf("1d").ema(close, 20) > 1'),
]  # fmt: skip


@pytest.mark.parametrize(("code", "then"), TABLE)
def test_what_is_certain_is_corrected_and_told(code: str, then: str) -> None:
    with pytest.raises(FilterError):
        compile_filter(code, "15m")
    found = mended(code, "15m")
    assert found.code == then
    assert found.program is not None
    assert found.program.hash == compile_filter(then, "15m").hash
    assert found.changes
    assert _again(code, found.changes) == then


def _again(code: str, changes: tuple[Change, ...]) -> str:
    """The lines of a program with its changes made by whoever reads them."""
    rows: list[str | None] = list(code.split("\n"))
    for change in changes:
        before = change.before.split("\n") if change.before else []
        assert rows[change.line - 1 : change.line - 1 + len(before)] == before
        rows[change.line - 1 : change.line - 1 + len(before)] = [change.after or None, *[None] * (len(before) - 1)]
    return "\n".join(row for row in rows if row is not None)


@pytest.mark.parametrize(
    "code",
    [
        "match = (close > 1 or open > 2 and volume > 3",
        "match = close > 1 and (open > 2 or (close > 3)",
        "match = a = b",
        "match = ta.zlsma(close, 20) > close",
        "match = ta.macd(close) > 0",
        "match = ta.plus_di(14) > 20",
        "match = ta.sma(close, 20, 5) > 1",
        "match = close > 1,5",
        "match = close[-1] > close",
        "match = funding_rate > 0",
        "match = close > 1\nmatch = close > 2",
        "close > 1\nopen > 2",
        "volume = ta.sma(close, 20)\nmatch = close > volume",
        "match = ta.rsi(close, 14.5) < 30",
        "match = close > open > ",
        "",
    ],
)
def test_what_may_mean_two_things_is_left_as_it_is(code: str) -> None:
    found = mended(code, "15m")
    assert (found.code, found.changes, found.program) == (code, (), None)
    with pytest.raises(FilterError) as wrong:
        compile_filter(code, "15m")
    assert found.left is not None
    assert found.left.diagnostics == wrong.value.diagnostics


def test_texts_and_comments_are_left_alone() -> None:
    code = "# a && b, close is above\nmatch = symbol('BTCUSDT').close > 1 && close > 2  # && !x rsii"
    assert mended(code, "15m").code == code.replace("1 && close", "1 and close")


def test_what_is_left_stands_on_its_own_line_of_the_first_program() -> None:
    found = mended("import talib\n\nup = clsoe > 1\ndown = funding_rate > 0\nmatch = up and down", "15m")
    assert found.program is None
    assert [(c.line, c.before, c.after) for c in found.changes] == [
        (1, "import talib", ""),
        (3, "up = clsoe > 1", "up = close > 1"),
    ]
    assert found.left is not None
    assert [(d.code, d.line) for d in found.left.diagnostics] == [("F025", 4)]


def test_a_word_is_taken_for_another_where_no_third_looks_like_it() -> None:
    assert meant_for("rsii", "rsi", INDICATORS)
    assert meant_for("ris", "rsi", INDICATORS)
    assert meant_for("suppertrned", "supertrend", INDICATORS)
    assert not meant_for("smi", "sma", INDICATORS), "another letter makes another short word"
    assert not meant_for("zlsma", "zlma", INDICATORS)
    assert meant_for("volme", "volume", {"volume", "close"})
    assert not meant_for("vwmma", "vwma", {"vwma", "vwmna"})
    assert not meant_for("strength", "length", INDICATORS)


@pytest.mark.parametrize(
    "code",
    [
        "(" * 5_000,
        f"match = {'(' * 60}close{')' * 59} > 1",
        "match = " + "ta.rsi(" * 60,
        "a&&" * 2_700,
        "=".join("a" * 4_000),
        "import x\n" * 900,
        "\n".join(f"x{n} = clsoe > {n}" for n in range(300)),
        "\n".join(f"x{n} = wrong{n} > {n} && 1" for n in range(200)),
        "match = close > 1 " + ")" * 59,
        "match = tf(\0) > \ud800",
        "match = " + "!" * 4_000 + "close",
    ],
    ids=str.__len__,
)
def test_hostile_programs_take_a_bounded_number_of_compilations(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def counted(text: str, *rest: Any) -> Program:
        compiled.append(text)
        return compile_filter(text, *rest)

    monkeypatch.setattr(loop, "compile_filter", counted)
    found = mended(code, "15m")
    assert len(compiled) == len(set(compiled)) <= loop.MOST_COMPILED
    assert found.program is None
    assert found.left is not None


GOOD = 'dip = ta.rsi(close, 14) < 30\nup = close > tf("4h").ema(close, 200)\nmatch = dip and up\n'
PIECES = ["(", ")", "[", "=", "&&", "|", "!", "#", '"', "“", ";", ":=", "\0", "é", "\n", "tf(", "//", ",", "x", "日"]


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 3), st.sampled_from(["", *PIECES])), max_size=4))
@examples(60)
def test_a_broken_program_comes_back_compiling_or_with_what_is_wrong(cuts: list[tuple[int, int, str]]) -> None:
    code = GOOD
    for at, count, new in cuts:
        code = code[:at] + new + code[at + count :]
    found = mended(code, "15m")
    if found.program is None:
        assert found.left is not None
        assert found.left.diagnostics
    else:
        assert found.left is None
        assert compile_filter(found.code, "15m").hash == found.program.hash
        assert bool(found.changes) == (found.code != code)


async def test_the_offline_translator_returns_the_corrected_filter_with_each_line() -> None:
    steps: list[str] = []

    async def told(step: str) -> None:
        steps.append(step)

    code = "```\ndip = rsi(close, 14) < 30\nmatch = dip && close > open\n```"
    made = await mend_filter(
        PhrasebookModel(), code, "it failed", interval="15m", sentence="RSI below 30 and MACD up", progress=told
    )
    assert made.code == "dip = ta.rsi(close, 14) < 30\nmatch = dip and close > open\n"
    assert made.model == "offline translator"
    assert made.changes[0].startswith("Line 1: `dip = rsi(close, 14) < 30` → `dip = ta.rsi(close, 14) < 30` (unknown")
    assert made.changes[1].startswith("Line 2: `match = dip && close > open` → `match = dip and close > open` (")
    assert any("MACD" in words for words in made.not_understood), "it is held against the sentence as a model's"
    assert steps == ["Corrected what is certain: 2 places"]


async def test_half_a_correction_is_told_and_not_returned() -> None:
    with pytest.raises(GenerationFailed, match="SCREENER_MODEL") as failed:
        await mend_filter(
            PhrasebookModel(), "up = clsoe > 1\nmatch = up and funding_rate > 0", "it failed", interval="15m"
        )
    (problem,) = failed.value.problems
    assert "F025 line 2" in problem
    assert "line 2 is: match = up and funding_rate > 0" in problem
    assert "Line 1: `up = clsoe > 1` → `up = close > 1`" in failed.value.reason
