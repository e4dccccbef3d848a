"""The filter language as prompts show it, generated from the registry, so that it cannot drift from the language.

1. `language_reference` gives the words of the language, one line each, and whole example programs, as the
   variables that the prompts which write a program declare.
2. `EXAMPLES` are the programs; the English beside each is the compiler's own reading, never written by hand.
3. `metadata_reference` gives the closed sets of words that a strategy's description uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, get_args

from llm.phrasebook.vocabulary.tokens import INTERVALS
from llm.schemas import CategoryName, DifficultyName
from screener import catalogue, compile_filter

EXAMPLES: Final[tuple[tuple[str, str], ...]] = (
    (
        "15m",
        """\
dip = ta.rsi(close, 14) < 30
trend = close > tf("4h").ema(close, 200)
busy = volume >= 1.5 * ta.sma(volume, 20)
match = dip and trend and busy""",
    ),
    (
        "1h",
        """\
breakout = close > highest(high, 20)[1]
calm_before = within(ta.squeeze().on, 10)
match = breakout and calm_before
exit = close < ta.ema(close, 20)""",
    ),
    (
        "5m",
        """\
turned_up = crossover(ta.ema(close, 9), ta.ema(close, 21))
dip_before = within(ta.rsi(close, 14) < 30, 20)
match = turned_up and dip_before""",
    ),
    (
        "1h",
        """\
stronger = pct_change(close, 24) > pct_change(symbol("BTCUSDT").close, 24) + 3
liquid = rank(ticker.quote_volume) <= 50
match = stronger and liquid""",
    ),
    (
        "1d",
        """\
three_down = falling(close, 3)[1]
hammer = cdl.hammer()
near_low = low <= 1.02 * lowest(low, 20)
match = three_down and hammer and near_low""",
    ),
    (
        "1m",
        """\
bought = volume_delta > 0.3 * volume
above_vwap = close > ta.vwap()
session_open = session("09:30-16:00", "America/New_York")
match = bought and above_vwap and session_open""",
    ),
    (
        "1h",
        """\
overbought = ta.stoch(14, 3, 3).k > 80
turned = crossunder(ta.macd(close).macd, ta.macd(close).signal)
match = overbought and turned
stop = highest(high, 10) + 0.5 * ta.atr(14)
target = ta.bbands(close, 20, 2).lower""",
    ),
)
"""Base interval and program of each worked example."""


@cache
def language_reference() -> Mapping[str, object]:
    """Variables `indicators`, `functions`, `patterns`, `trade` (a line for each word: how it is written and
    what it means), `externals` (the slow path's words: only how they are written) and `examples` (whole
    programs under their readings)."""
    lines: dict[str, list[str]] = {"indicator": [], "function": [], "pattern": [], "trade": [], "external": []}
    for row in catalogue():
        outputs = f" gives {', '.join(row.outputs)}" if row.outputs else ""
        line = row.signature if row.group == "external" else f"{row.signature}{outputs}: {row.meaning}"
        lines[row.group].append(line)
    return {
        "indicators": lines["indicator"],
        "functions": lines["function"],
        "patterns": lines["pattern"],
        "trade": lines["trade"],
        "externals": lines["external"],
        "examples": [_example(interval, code) for interval, code in EXAMPLES],
    }


def metadata_reference() -> Mapping[str, object]:
    """Variables `intervals`, `categories` and `difficulties`: the words that a description may use."""
    return {
        "intervals": tuple(INTERVALS),
        "categories": get_args(CategoryName),
        "difficulties": get_args(DifficultyName),
    }


def _example(interval: str, code: str) -> str:
    """The program, indented, under its reading; raises `FilterError` where it no longer compiles."""
    program = compile_filter(code, interval)
    return f"On {interval}: {program.reading}\n\n" + "\n".join(f"    {line}" for line in code.splitlines())
