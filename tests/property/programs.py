"""Random filters of the whole language, as texts.

1. A row of `NUMBERS` or `BOOLEANS` is a piece of the language with slots: `{x}` a number, `{s}` a number series, `{c}`
   a condition, `{w}` a window (a length or a condition), `{n}` a length from 1, `{m}` from 2, `{k}` from 0, `{f}` a
   constant, `{p}` where an indicator stands (`ta.`, `tf("1h").`), `{i}` a higher interval, `{h}` and `{l}` the
   next and the longest, `{o}` another symbol.
2. `texts` fills slots with further rows until its budget is spent, and names some of the parts.
3. Constants are binary fractions and lengths short, so that most arithmetic on the markets here is exact.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from screener import FilterError, Program, compile_filter


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


SYMBOLS = ("S0", "S1", "S2", "S3", "S4")

FIELDS = words(
    "open high low close close volume quote_volume trades buy_volume sell_volume volume_delta hl2 hlc3 ohlc4"
)

LEAVES = [
    *FIELDS,
    *FIELDS,
    "hour",
    "minute",
    "weekday",
    "day",
    "month",
    'hour("America/New_York")',
    *(f"ticker.{name}" for name in ("change_pct", "high", "low", "volume", "quote_volume")),
    *(f"tf({{i}}).{name}" for name in (*FIELDS, "hour", "day")),
    "symbol({o}).close",
    "symbol({o}).tf({i}).high",
    "tf({i}).symbol({o}).volume",
]

NUMBERS = [
    "({s} + {x})",
    "({s} - {x})",
    "({x} - {s})",
    "({s} * {x})",
    "({s} / {x})",
    "({x} / {s})",
    "({s} // {f})",
    "({s} % {f})",
    "{s} ** 2",
    "{s} ** 0.5",
    "(-{s})",
    "({s} if {c} else {x})",
    "{s}[{n}]",
    *(f"{name}({{s}}, {{w}})" for name in ("highest", "lowest", "sum", "avg")),
    "count({c}, {w})",
    "barssince({c})",
    "valuewhen({c}, {s}, {k})",
    *(f"{name}({{s}}, {{n}})" for name in ("change", "pct_change", "percentrank")),
    "pivot_high({s}, {n}, {n})",
    "pivot_low({s}, {n}, {n})",
    "valuewhen(not na(pivot_low({s}, {n}, {n})), {s}, {k})",
    *(f"{name}({{s}})" for name in ("abs", "sqrt", "log", "exp", "round", "sign")),
    "round({s}, {k})",
    "min({s}, {x})",
    "max({s}, {x}, {x})",
    "nz({s}, {x})",
    *(f"{name}({{s}})" for name in ("rank", "market_percentile", "market_mean", "market_zscore")),
    *(f"{name}({{s}}, where={{c}})" for name in ("rank", "market_percentile", "market_mean", "market_zscore")),
    "breadth({c})",
    "breadth({c}, where={c})",
    *(
        f"{{p}}{name}({{s}}, {{m}})"
        for name in words("sma ema wma rma hma dema tema vwma linreg slope rsi trix cmo stdev zscore")
    ),
    "{p}roc({s}, {n})",
    "{p}mom({s}, {n})",
    "{p}kama({s}, {m}, 2, 6)",
    "tf({h}).vwap(anchor={l})",
    "ta.vwap(anchor={i})",
    *(f"{{p}}adx({{m}}).{out}" for out in ("adx", "plus_di", "minus_di")),
    *(f"{{p}}aroon({{m}}).{out}" for out in ("up", "down", "osc")),
    *(f"{{p}}vortex({{m}}).{out}" for out in ("plus", "minus")),
    *(f"{{p}}supertrend({{m}}, 1.5).{out}" for out in ("line", "direction")),
    "{p}psar(0.0625, 0.25)",
    *(f"{{p}}ichimoku(2, 3, 5).{out}" for out in ("conversion", "base", "span_a", "span_b")),
    *(f"{{p}}{name}({{m}})" for name in words("chop cci willr mfi atr natr cmf volume_ratio")),
    *(f"{{p}}stoch({{m}}, {{n}}, {{n}}).{out}" for out in "kd"),
    *(f"{{p}}stochrsi({{s}}, {{m}}, {{m}}, {{n}}, {{n}}).{out}" for out in "kd"),
    *(f"{{p}}macd({{s}}, 2, 4, 3).{out}" for out in ("macd", "signal", "hist")),
    *(f"{{p}}ppo({{s}}, 2, 4, 3).{out}" for out in ("ppo", "signal", "hist")),
    "{p}ao()",
    "{p}uo(2, 3, 5)",
    "{p}tsi({s}, 4, 2)",
    "{p}true_range()",
    *(f"{{p}}bbands({{s}}, {{m}}, 2).{out}" for out in ("upper", "middle", "lower", "width", "percent")),
    *(f"{{p}}keltner({{m}}, 2).{out}" for out in ("upper", "middle", "lower", "width")),
    *(f"{{p}}donchian({{m}}).{out}" for out in ("upper", "middle", "lower", "width")),
    "{p}squeeze({m}, 2, {m}, 1.5).value",
    "{p}obv()",
    "{p}ad()",
    "{p}adosc(2, 4)",
]

TRADES = ["trade.bars", "trade.price", *(f"trade.{name}({{s}})" for name in ("at_entry", "highest", "lowest"))]

COMPARISONS = [
    *(f"{{s}} {sign} {{x}}" for sign in ("<", "<=", ">", ">=", "==", "!=")),
    *(f"{{s}} {sign} {{f}}" for sign in ("<", ">=", "==")),
]

BOOLEANS = [
    *COMPARISONS,
    "({x} < {s} <= high)",
    "({c} and {c})",
    "({c} and {c})",
    "({c} or {c})",
    "(not {c})",
    "({c} if {c} else {c})",
    "({c})[{n}]",
    *(f"{name}({{s}}, {{x}})" for name in ("crossover", "crossunder", "cross")),
    *(f"{name}({{c}}, {{w}})" for name in ("within", "always")),
    *(f"{name}({{s}}, {{n}})" for name in ("rising", "falling")),
    "between({s}, {x}, {x})",
    "na({s})",
    "tf({i}).first",
    'session("09:30-16:00", "America/New_York")',
    'session("22:00-06:00", "UTC")',
    "{p}squeeze({m}, 2, {m}, 1.5).on",
    "{p}squeeze({m}, 2, {m}, 1.5).off",
    "bullish_divergence({s}, (volume + {x}), 12)",
    "bearish_divergence({s}, (volume + {x}), 12, hidden=True)",
    *(
        f"{{q}}{name}(){side}"
        for name, side in (("engulfing", ""), ("engulfing", ".bearish"), ("doji", ""), ("three_white_soldiers", ""))
    ),
]


@dataclass(frozen=True)
class Setting:
    """Where a filter runs: its base interval and the higher ones that its market has."""

    base: str
    higher: tuple[str, ...]


SETTINGS = (Setting("5m", ("15m", "1h")), Setting("1h", ("4h", "1d")), Setting("1d", ("3d", "1w")))

FINE = frozenset({"F002", "F003", "F004", "F005", "F021", "F022", "F024"})
"""Codes that a well-typed text may still get: too large, always or never true, a constant without a value."""

_SLOT = re.compile(r"\{(\w)\}")
_PLAIN = {
    "s": "close", "x": "open", "c": "(close > open)", "w": "(close > open)", "n": "2", "m": "3", "k": "1", "f": "2",
    "p": "ta.", "i": '"15m"', "h": '"15m"', "l": '"1h"', "o": '"S1"', "q": "cdl.",
}  # fmt: skip


def example(row: str) -> str:
    """A filter with the piece of the language that `row` is, its slots filled with the plainest there is."""
    text = _SLOT.sub(lambda found: _PLAIN[found[1]], row)
    return f"match = {text}" if row in BOOLEANS else f"match = {text} > 0.4"


class _Writer:
    """Fills slots by chance. One seed is drawn for all choices: drawn one by one they would mostly be the first."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self.random = random.Random(seed)
        self.setting = setting
        self.budget = 0
        self.trade = False
        self.numbers: list[str] = []
        self.booleans: list[str] = []

    def pick(self, options: Sequence[str]) -> str:
        return self.random.choice(options)

    def one_in(self, n: int) -> bool:
        return self.random.randrange(n) == 0

    def text(self, row: str) -> str:
        return _SLOT.sub(lambda found: self.slot(found[1]), row)

    def slot(self, kind: str) -> str:
        match kind:
            case "s":
                return self.number()
            case "x":
                return self.constant() if self.one_in(4) else self.number()
            case "c":
                return self.boolean()
            case "w":
                return self.boolean() if self.one_in(5) else self.length(1)
            case "n" | "m" | "k":
                return self.length({"n": 1, "m": 2, "k": 0}[kind])
            case "f":
                return self.constant()
            case "i":
                return f'"{self.pick(self.setting.higher)}"'
            case "h" | "l":
                return f'"{self.setting.higher["hl".index(kind)]}"'
            case "o":
                return f'"{self.pick(SYMBOLS[:3])}"'
            case "q":
                return self.text(self.pick(["cdl.", "cdl.", "tf({i}).cdl."]))
        assert kind == "p"
        return self.text(self.pick(["ta.", "ta.", "ta.", "tf({i}).", "tf({i}).ta.", "symbol({o}).tf({i})."]))

    def length(self, low: int) -> str:
        return str(self.random.randint(low, low + 4))

    def constant(self) -> str:
        return self.pick(["0.5", "2", "0", "1", "-1.5", "3", "0.25", "100", "(1 + 1) / 4"])

    def number(self) -> str:
        self.budget -= 1
        if self.numbers and self.one_in(6):
            return self.pick(self.numbers)
        if self.trade and self.one_in(3):
            return self.text(self.pick(TRADES))
        return self.text(self.pick(NUMBERS if self.budget > 0 else LEAVES))

    def boolean(self) -> str:
        self.budget -= 1
        if self.booleans and self.one_in(6):
            return self.pick(self.booleans)
        return self.text(self.pick(BOOLEANS if self.budget > 0 else COMPARISONS))


@st.composite
def texts(draw: st.DrawFn, setting: Setting, budget: int = 9, results: bool = False, trade: bool = False) -> str:
    """The text of a filter. `results` assigns `score`, `exit`, `stop` and `target` too; these may use `trade`."""
    writer = _Writer(setting, draw(st.integers(0, 2**32)))
    lines = []
    for k in range(draw(st.sampled_from([0, 0, 1, 3]))):
        writer.budget = writer.random.randint(1, 4)
        if writer.one_in(2):
            lines.append(f"number_{k} = {writer.number()}")
            writer.numbers.append(f"number_{k}")
        else:
            lines.append(f"condition_{k} = {writer.boolean()}")
            writer.booleans.append(f"condition_{k}")
    writer.budget = draw(st.sampled_from([budget, budget, budget // 2, 2]))
    lines.append(f"match = {writer.boolean()}")
    if results:
        for name in ("score", "exit", "stop", "target"):
            writer.trade = trade and name != "score"
            writer.budget = writer.random.randint(0, 2)
            lines.append(f"{name} = {writer.boolean() if name == 'exit' else writer.number()}")
    return "\n".join(lines)


def compiled(text: str, base: str, fine: frozenset[str] = FINE) -> Program | None:
    """The program, None for a text that is refused with a `fine` code; other refusals fail."""
    try:
        return compile_filter(text, base, SYMBOLS)
    except FilterError as error:
        # Inside tf("1h") the candles are hourly, and an anchor of 15m is none.
        unexpected = [d for d in error.diagnostics if d.code not in fine and not d.message.startswith("a new ")]
        assert not unexpected, f"{text}\n{unexpected}"
        return None


@dataclass(frozen=True, repr=False)
class Filter:
    """A compiled filter that a failing test shows by its text."""

    program: Program

    def __repr__(self) -> str:
        return f"{self.program.base}:\n{self.program.source}\n"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


@st.composite
def filters(draw: st.DrawFn, setting: Setting, budget: int = 9, most_nodes: int = 120) -> Filter:
    """A filter of the setting's base."""
    program = compiled(draw(texts(setting, budget)), setting.base)
    assume(program is not None and len(program.nodes) <= most_nodes)
    assert program is not None
    return Filter(program)
