"""Indicators as formulas, second half: the wider list."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from screener.vocabulary.formula import (
    CandleTerms,
    Term,
    apply,
    change,
    ema,
    highest,
    lowest,
    percent_change,
    rma,
    sma,
    true_range,
    typical,
    wma,
)
from screener.vocabulary.registry import Arg, Indicator

_X: Final = Arg("x", "series")
_HLC: Final = ("high", "low", "close")
_HLCV: Final = ("high", "low", "close", "volume")


def _length(default: int | None = None) -> Arg:
    return Arg("length", "length", default)


def _hma(c: CandleTerms, x: Term, n: int) -> Term:
    half = max(1, n // 2)
    return wma(wma(x, half) * 2.0 - wma(x, n), max(1, math.isqrt(n)))


def _dema(c: CandleTerms, x: Term, n: int) -> Term:
    once = ema(x, n)
    return once * 2.0 - ema(once, n)


def _tema(c: CandleTerms, x: Term, n: int) -> Term:
    once = ema(x, n)
    twice = ema(once, n)
    return (once - twice) * 3.0 + ema(twice, n)


def _linreg(c: CandleTerms, x: Term, n: int) -> Term:
    # The least-squares line's newest value, from the linear and the simple mean.
    return wma(x, n) * 3.0 - sma(x, n) * 2.0


def _slope(c: CandleTerms, x: Term, n: int) -> Term:
    return (wma(x, n) - sma(x, n)) * (6.0 / (n - 1))


def _vortex(c: CandleTerms, n: int) -> Mapping[str, Term]:
    span = true_range(c).op("rsum", n)
    return {
        "plus": abs(c.high - c.low[1]).op("rsum", n) / span,
        "minus": abs(c.low - c.high[1]).op("rsum", n) / span,
    }


def _chop(c: CandleTerms, n: int) -> Term:
    path = true_range(c).op("rsum", n)
    span = highest(c.high, n) - lowest(c.low, n)
    return (path / span).op("log") * (100.0 / math.log(n))


def _ichimoku(c: CandleTerms, conversion: int, base: int, span: int) -> Mapping[str, Term]:
    def middle(n: int) -> Term:
        return (highest(c.high, n) + lowest(c.low, n)) / 2.0

    fast, slow = middle(conversion), middle(base)
    # Spans are drawn `base` candles ahead, this one included, so the one over this candle is base - 1 old.
    return {
        "conversion": fast,
        "base": slow,
        "span_a": ((fast + slow) / 2.0)[base - 1],
        "span_b": middle(span)[base - 1],
    }


def _stochrsi(c: CandleTerms, x: Term, n: int, k: int, smooth: int, d: int) -> Mapping[str, Term]:
    step = change(x)
    up, down = rma(step.at_least(0.0), n), rma((-step).at_least(0.0), n)
    strength = (up / (up + down)) * 100.0
    low = lowest(strength, k)
    fast = (strength - low) / (highest(strength, k) - low) * 100.0
    slow = sma(fast, smooth)
    return {"k": slow, "d": sma(slow, d)}


def _ppo(c: CandleTerms, x: Term, fast: int, slow: int, signal: int) -> Mapping[str, Term]:
    line = (ema(x, fast) - ema(x, slow)) / ema(x, slow) * 100.0
    smooth = ema(line, signal)
    return {"ppo": line, "signal": smooth, "hist": line - smooth}


def _mfi(c: CandleTerms, n: int) -> Term:
    price = typical(c)
    flow, step = price * c.volume, change(price)
    bought = (step > 0.0).then(flow, 0.0).op("rsum", n)
    sold = (step < 0.0).then(flow, 0.0).op("rsum", n)
    return bought / (bought + sold) * 100.0


def _trix(c: CandleTerms, x: Term, n: int) -> Term:
    return percent_change(ema(ema(ema(x, n), n), n), 1)


def _ao(c: CandleTerms) -> Term:
    middle = (c.high + c.low) / 2.0
    return sma(middle, 5) - sma(middle, 34)


def _uo(c: CandleTerms, fast: int, medium: int, slow: int) -> Term:
    floor = c.low.at_most(c.close[1])
    pressure, span = c.close - floor, true_range(c)

    def part(n: int) -> Term:
        return pressure.op("rsum", n) / span.op("rsum", n)

    return (part(fast) * 4.0 + part(medium) * 2.0 + part(slow)) * (100.0 / 7.0)


def _tsi(c: CandleTerms, x: Term, slow: int, fast: int) -> Term:
    step = change(x)
    return ema(ema(step, slow), fast) / ema(ema(abs(step), slow), fast) * 100.0


def _cmo(c: CandleTerms, x: Term, n: int) -> Term:
    step = change(x)
    up, down = rma(step.at_least(0.0), n), rma((-step).at_least(0.0), n)
    return (up - down) / (up + down) * 100.0


def _flow(c: CandleTerms) -> Term:
    # Where the close lies in the candle, -1 to 1, times volume; a candle without range moves nothing.
    span = c.high - c.low
    share = ((c.close - c.low) - (c.high - c.close)) / span
    return (span > 0.0).then(share, 0.0) * c.volume


def _ad(c: CandleTerms) -> Term:
    return _flow(c).op("cumsum")


def _adosc(c: CandleTerms, fast: int, slow: int) -> Term:
    line = _ad(c)
    return ema(line, fast) - ema(line, slow)


def _squeeze(c: CandleTerms, n: int, mult: float, kc: int, kc_mult: float) -> Mapping[str, Term]:
    middle, reach = sma(c.close, n), c.close.op("stdev", n) * mult
    centre, span = ema(c.close, kc), ema(true_range(c), kc) * kc_mult
    inside = (middle + reach < centre + span) & (middle - reach > centre - span)
    outside = (middle + reach > centre + span) & (middle - reach < centre - span)
    level = ((highest(c.high, kc) + lowest(c.low, kc)) / 2.0 + sma(c.close, kc)) / 2.0
    return {"on": inside, "off": outside, "value": _linreg(c, c.close - level, kc)}


def _aroon(c: CandleTerms, n: int) -> Mapping[str, Term]:
    def freshness(age: Term) -> Term:
        return (n - age) / n * 100.0

    up, down = freshness(c.high.op("argmax", n + 1)), freshness(c.low.op("argmin", n + 1))
    return {"up": up, "down": down, "osc": up - down}


def _supertrend(c: CandleTerms, n: int, k: float) -> Mapping[str, Term]:
    middle, reach = (c.high + c.low) / 2.0, rma(true_range(c), n) * k
    bands = (middle + reach, middle - reach, c.close)
    return {name: apply("supertrend", *bands, params=(name,)) for name in ("line", "direction")}


MORE: Final[tuple[Indicator, ...]] = (
    Indicator("kama", (_X, _length(10), Arg("fast", "length", 2), Arg("slow", "length", 30)),
              "Kaufman's average, fast in a trend and slow without one",
              lambda c, x, n, fast, slow: x.op("kama", n, fast, slow), {"": "KAMA({p}){of}"}),
    Indicator("aroon", (_length(14),), "how fresh the highest high and the lowest low are, 0 to 100", _aroon,
              {"up": "Aroon up({p}){of}", "down": "Aroon down({p}){of}", "osc": "the Aroon oscillator({p}){of}"},
              ("up", "down", "osc"), ("high", "low")),
    Indicator("supertrend", (_length(10), Arg("mult", "const", 3)),
              "trailing line mult average true ranges from the middle, and its direction: 1 up, -1 down",
              _supertrend,
              {"line": "the Supertrend({p}) line{of}", "direction": "the Supertrend({p}) direction{of}"},
              ("line", "direction"), _HLC),
    Indicator("psar", (Arg("step", "const", 0.02, 0.0), Arg("limit", "const", 0.2, 0.0)),
              "Wilder's parabolic stop and reverse",
              lambda c, step, limit: apply("psar", c.high, c.low, params=(float(step), float(limit))),
              {"": "the parabolic SAR({p}){of}"}, (), ("high", "low")),
    Indicator("hma", (_X, _length()), "Hull's moving average", _hma, {"": "the {p}-period HMA{of}"}),
    Indicator("dema", (_X, _length()), "double exponential moving average",
              _dema, {"": "the {p}-period DEMA{of}"}),
    Indicator("tema", (_X, _length()), "triple exponential moving average",
              _tema, {"": "the {p}-period TEMA{of}"}),
    Indicator("vwma", (_X, _length()), "volume-weighted moving average",
              lambda c, x, n: (x * c.volume).op("rsum", n) / c.volume.op("rsum", n),
              {"": "the {p}-period VWMA{of}"}),
    Indicator("linreg", (_X, _length()), "newest value of the least-squares line",
              _linreg, {"": "the {p}-period regression line{of}"}),
    Indicator("slope", (_X, Arg("length", "length", None, 2)), "slope of the least-squares line, per candle",
              _slope, {"": "the {p}-period slope{of}"}),
    Indicator("vortex", (_length(14),), "upward and downward movement over the true range", _vortex,
              {"plus": "the vortex plus line({p}){of}", "minus": "the vortex minus line({p}){of}"},
              ("plus", "minus"), _HLC),
    Indicator("ichimoku",
              (Arg("conversion", "length", 9), Arg("base", "length", 26), Arg("span", "length", 52)),
              "Ichimoku's lines; spans as they stand over this candle", _ichimoku,
              {"conversion": "the Ichimoku conversion line({p}){of}",
               "base": "the Ichimoku base line({p}){of}",
               "span_a": "Ichimoku span A({p}){of}", "span_b": "Ichimoku span B({p}){of}"},
              ("conversion", "base", "span_a", "span_b"), ("high", "low")),
    Indicator("chop", (Arg("length", "length", 14, 2),), "choppiness, 0 to 100, low in a trend",
              _chop, {"": "choppiness({p}){of}"}, (), _HLC),
    Indicator("stochrsi", (_X, _length(14), Arg("k", "length", 14), Arg("smooth", "length", 3),
                           Arg("d", "length", 3)),
              "stochastic oscillator of RSI, 0 to 100", _stochrsi,
              {"k": "stochastic RSI %K({p}){of}", "d": "stochastic RSI %D({p}){of}"}, ("k", "d")),
    Indicator("ppo",
              (_X, Arg("fast", "length", 12), Arg("slow", "length", 26), Arg("signal", "length", 9)),
              "MACD in percent of the slow average", _ppo,
              {"ppo": "PPO({p}){of}", "signal": "the PPO signal({p}){of}",
               "hist": "the PPO histogram({p}){of}"},
              ("ppo", "signal", "hist")),
    Indicator("mfi", (_length(14),), "money flow index, 0 to 100", _mfi, {"": "MFI({p}){of}"}, (), _HLCV),
    Indicator("trix", (_X, _length(18)), "change of a triple exponential average, in percent",
              _trix, {"": "TRIX({p}){of}"}),
    Indicator("ao", (), "awesome oscillator",
              _ao, {"": "the awesome oscillator{of}"}, (), ("high", "low")),
    Indicator("uo", (Arg("fast", "length", 7), Arg("medium", "length", 14), Arg("slow", "length", 28)),
              "ultimate oscillator, 0 to 100", _uo, {"": "the ultimate oscillator({p}){of}"}, (), _HLC),
    Indicator("tsi", (_X, Arg("slow", "length", 25), Arg("fast", "length", 13)),
              "true strength index, -100 to 100", _tsi, {"": "TSI({p}){of}"}),
    Indicator("cmo", (_X, _length(14)), "Chande's momentum oscillator, -100 to 100, smoothed as Wilder",
              _cmo, {"": "CMO({p}){of}"}),
    Indicator("squeeze", (_length(20), Arg("mult", "const", 2), Arg("kc_length", "length", 20),
                          Arg("kc_mult", "const", 1.5)),
              "Bollinger bands inside Keltner's (on), outside (off), and momentum", _squeeze,
              {"on": "the squeeze({p}){of} is on", "off": "the squeeze({p}){of} is off",
               "value": "squeeze momentum({p}){of}"},
              ("on", "off", "value"), _HLC),
    Indicator("ad", (), "accumulation and distribution, from the first candle held",
              _ad, {"": "the accumulation line{of}"}, (), _HLCV),
    Indicator("cmf", (_length(20),), "Chaikin's money flow, -1 to 1",
              lambda c, n: _flow(c).op("rsum", n) / c.volume.op("rsum", n),
              {"": "CMF({p}){of}"}, (), _HLCV),
    Indicator("adosc", (Arg("fast", "length", 3), Arg("slow", "length", 10)), "Chaikin's oscillator",
              _adosc, {"": "the Chaikin oscillator({p}){of}"}, (), _HLCV),
)  # fmt: skip
