"""Indicators as formulas over primitive operators, first half: averages, momentum, bands and volume.

Each equals TA-Lib's after warm-up where TA-Lib has it. One rule differs: where a formula divides by zero
(RSI, stochastic, CCI or ADX of a market that has not moved) TA-Lib writes 0, this language says *unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from screener.vocabulary.formula import (
    CandleTerms,
    Term,
    change,
    ema,
    highest,
    lowest,
    mean_deviation,
    percent_change,
    rma,
    sma,
    true_range,
    typical,
    wma,
)
from screener.vocabulary.indicators_more import MORE
from screener.vocabulary.registry import Arg, Indicator
from screener.vocabulary.sources import SOURCES

_X: Final = Arg("x", "series")
_HLC: Final = ("high", "low", "close")


def _length(default: int | None = None) -> Arg:
    return Arg("length", "length", default)


def _rsi(c: CandleTerms, x: Term, n: int) -> Term:
    step = change(x)
    up = rma(step.at_least(0.0), n)
    down = rma((-step).at_least(0.0), n)
    return (up / (up + down)) * 100.0


def _macd(c: CandleTerms, x: Term, fast: int, slow: int, signal: int) -> Mapping[str, Term]:
    line = ema(x, fast) - ema(x, slow)
    smooth = ema(line, signal)
    return {"macd": line, "signal": smooth, "hist": line - smooth}


def _bbands(c: CandleTerms, x: Term, n: int, k: float) -> Mapping[str, Term]:
    middle = sma(x, n)
    reach = x.op("stdev", n) * k
    upper, lower = middle + reach, middle - reach
    return {
        "upper": upper,
        "middle": middle,
        "lower": lower,
        "width": (upper - lower) / middle,
        "percent": (x - lower) / (upper - lower),
    }


def _stoch(c: CandleTerms, k: int, smooth: int, d: int) -> Mapping[str, Term]:
    low = lowest(c.low, k)
    fast = (c.close - low) / (highest(c.high, k) - low) * 100.0
    slow = sma(fast, smooth)
    return {"k": slow, "d": sma(slow, d)}


def _adx(c: CandleTerms, n: int) -> Mapping[str, Term]:
    rise, fall = change(c.high), -change(c.low)
    plus_move = ((rise > fall) & (rise > 0.0)).then(rise, 0.0)
    minus_move = ((fall > rise) & (fall > 0.0)).then(fall, 0.0)
    span = rma(true_range(c), n)
    plus = rma(plus_move, n) / span * 100.0
    minus = rma(minus_move, n) / span * 100.0
    strength = abs(plus - minus) / (plus + minus) * 100.0
    return {"adx": rma(strength, n), "plus_di": plus, "minus_di": minus}


def _obv(c: CandleTerms) -> Term:
    # As TA-Lib, the first candle's volume counts as bought.
    return (change(c.close).op("sign").nz(1.0) * c.volume).op("cumsum")


def _vwap(c: CandleTerms, anchor: str) -> Term:
    start = c.first(anchor)
    graph = c.graph
    paid = graph.add("cumsum_since", ((typical(c) * c.volume).node, start.node))
    traded = graph.add("cumsum_since", (c.volume.node, start.node))
    return Term(graph, paid) / Term(graph, traded)


def _keltner(c: CandleTerms, n: int, k: float) -> Mapping[str, Term]:
    middle = ema(c.close, n)
    reach = ema(true_range(c), n) * k
    upper, lower = middle + reach, middle - reach
    return {"upper": upper, "middle": middle, "lower": lower, "width": (upper - lower) / middle}


def _donchian(c: CandleTerms, n: int) -> Mapping[str, Term]:
    upper, lower = highest(c.high, n), lowest(c.low, n)
    middle = (upper + lower) / 2.0
    return {"upper": upper, "middle": middle, "lower": lower, "width": (upper - lower) / middle}


def _willr(c: CandleTerms, n: int) -> Term:
    high = highest(c.high, n)
    return (high - c.close) / (high - lowest(c.low, n)) * -100.0


def _cci(c: CandleTerms, n: int) -> Term:
    price = typical(c)
    return (price - sma(price, n)) / (mean_deviation(price, n) * 0.015)


def _bands(what: str) -> dict[str, str]:
    return {
        "upper": f"the upper {what}({{p}}){{of}}",
        "middle": f"the middle {what}({{p}}){{of}}",
        "lower": f"the lower {what}({{p}}){{of}}",
        "width": f"the {what} width({{p}}){{of}}",
        "percent": f"the position between {what}s({{p}}){{of}}",
    }


_ROWS: Final[tuple[Indicator, ...]] = (
    Indicator("sma", (_X, _length()), "simple moving average",
              lambda c, x, n: sma(x, n), {"": "the {p}-period SMA{of}"}),
    Indicator("ema", (_X, _length()), "exponential moving average, seeded by the simple one",
              lambda c, x, n: ema(x, n), {"": "the {p}-period EMA{of}"}),
    Indicator("rma", (_X, _length()), "Wilder's moving average",
              lambda c, x, n: rma(x, n), {"": "the {p}-period Wilder average{of}"}),
    Indicator("wma", (_X, _length()), "moving average with linear weights, newest heaviest",
              lambda c, x, n: wma(x, n), {"": "the {p}-period WMA{of}"}),
    Indicator("vwap", (Arg("anchor", "interval", "1d"),),
              "volume-weighted average price since the anchor's candle began",
              _vwap, {"": "the {p}-anchored VWAP{of}"}, candles=("high", "low", "close", "volume")),
    Indicator("adx", (_length(14),), "directional movement: strength of a trend, and its two sides", _adx,
              {"adx": "ADX({p}){of}", "plus_di": "+DI({p}){of}", "minus_di": "-DI({p}){of}"},
              ("adx", "plus_di", "minus_di"), _HLC),
    Indicator("rsi", (_X, _length(14)), "relative strength index, 0 to 100", _rsi, {"": "RSI({p}){of}"}),
    Indicator("stoch",
              (Arg("k", "length", 14), Arg("smooth", "length", 3), Arg("d", "length", 3)),
              "stochastic oscillator, slowed, 0 to 100", _stoch,
              {"k": "stochastic %K({p}){of}", "d": "stochastic %D({p}){of}"}, ("k", "d"), _HLC),
    Indicator("macd",
              (_X, Arg("fast", "length", 12), Arg("slow", "length", 26), Arg("signal", "length", 9)),
              "difference of two exponential averages, its signal line and histogram", _macd,
              {"macd": "MACD({p}){of}", "signal": "the MACD signal({p}){of}",
               "hist": "the MACD histogram({p}){of}"},
              ("macd", "signal", "hist")),
    Indicator("willr", (_length(14),), "Williams %R, -100 to 0",
              _willr, {"": "Williams %R({p}){of}"}, (), _HLC),
    Indicator("cci", (Arg("length", "length", 20, 2),), "commodity channel index",
              _cci, {"": "CCI({p}){of}"}, (), _HLC),
    Indicator("roc", (_X, _length(10)), "rate of change, in percent",
              lambda c, x, n: percent_change(x, n), {"": "the rate of change({p}) in percent{of}"}),
    Indicator("mom", (_X, _length(10)), "difference to n candles ago",
              lambda c, x, n: change(x, n), {"": "momentum({p}){of}"}),
    Indicator("true_range", (), "Wilder's true range of one candle",
              lambda c: true_range(c), {"": "the true range{of}"}, (), _HLC),
    Indicator("atr", (_length(14),), "average true range, in price",
              lambda c, n: rma(true_range(c), n), {"": "ATR({p}){of}"}, (), _HLC),
    Indicator("natr", (_length(14),), "average true range in percent of the close",
              lambda c, n: rma(true_range(c), n) / c.close * 100.0,
              {"": "ATR({p}) in percent of the price{of}"}, (), _HLC),
    Indicator("stdev", (_X, _length(20)), "standard deviation of the population",
              lambda c, x, n: x.op("stdev", n), {"": "the {p}-period standard deviation{of}"}),
    Indicator("zscore", (_X, _length(20)), "distance from the simple average in standard deviations",
              lambda c, x, n: (x - sma(x, n)) / x.op("stdev", n), {"": "the {p}-period z-score{of}"}),
    Indicator("bbands", (_X, _length(20), Arg("mult", "const", 2)),
              "Bollinger bands; width as a share of the middle, percent 0 at the lower, 1 at the upper band",
              _bbands, _bands("Bollinger band"), ("upper", "middle", "lower", "width", "percent")),
    Indicator("keltner", (_length(20), Arg("mult", "const", 2)),
              "exponential average of the close, plus and minus mult averages of the true range", _keltner,
              _bands("Keltner band"), ("upper", "middle", "lower", "width"), _HLC),
    Indicator("donchian", (_length(20),), "highest high and lowest low, this candle included", _donchian,
              _bands("Donchian band"), ("upper", "middle", "lower", "width"), ("high", "low")),
    Indicator("obv", (), "on-balance volume, from the first candle held",
              _obv, {"": "on-balance volume{of}"}, (), ("close", "volume")),
    Indicator("volume_ratio", (_length(20),), "volume over its simple average",
              lambda c, n: c.volume / sma(c.volume, n),
              {"": "volume relative to its {p}-period average{of}"}, (), ("volume",)),
    *MORE,
)  # fmt: skip

INDICATORS: Final[dict[str, Indicator]] = {row.name: replace(row, source=SOURCES[row.name]) for row in _ROWS}
"""Every indicator by name, as written behind `ta.` or `tf(...)`."""
