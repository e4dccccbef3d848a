"""Candlestick patterns of three candles. In the rules, first, second and last are `[2]`, `[1]` and the newest."""

from __future__ import annotations

from typing import Final

from screener.vocabulary.formula import Term
from screener.vocabulary.patterns_measures import Pattern, Sticks, around, beyond, mirrored, one_sided

_TAKEN_BACK: Final = 0.3
"""Share of the first body that stars and the abandoned baby must take back, TA-Lib's default."""


def _two_crows(s: Sticks) -> Term:
    into_second = (s.open < s.open[1]) & (s.open > s.close[1])
    into_first = (s.close > s.open[2]) & (s.close < s.close[2])
    gapped = s.black & s.body_gap(up=True)
    return (s.is_long & s.white)[2] & gapped[1] & s.black & into_second & into_first


def _upside_gap_two_crows(s: Sticks) -> Term:
    gapped = s.black & (s.body <= s.usual_body) & s.body_gap(up=True)
    covers = (s.open > s.open[1]) & (s.close < s.close[1]) & (s.close > s.close[2])
    return (s.is_long & s.white)[2] & gapped[1] & s.black & covers


def _three_inside(s: Sticks, up: bool) -> Term:
    inside = (s.body <= s.usual_body) & (s.top < s.top[1]) & (s.bottom > s.bottom[1])
    first = (s.is_long & s.colour(not up))[2]
    return first & inside[1] & s.colour(up) & beyond(s.close, s.open[2], up)


def _three_outside(s: Sticks, up: bool) -> Term:
    covers = beyond(s.close, s.open[1], up) & beyond(s.close[1], s.open, up)
    engulfed = s.colour(up) & s.colour(not up)[1] & covers
    return engulfed[1] & beyond(s.close, s.close[1], up)


def _three_stars_in_the_south(s: Sticks) -> Term:
    first = s.is_long & (s.lower > s.body)
    second = (
        (s.body < s.body[1])
        & (s.open > s.close[1])
        & (s.open <= s.high[1])
        & (s.low < s.close[1])
        & (s.low >= s.low[1])
        & (s.lower > s.tenth)
    )
    last = s.is_short & s.is_marubozu & (s.low > s.low[1]) & (s.high < s.high[1])
    return s.black.op("always", 3) & first[2] & second[1] & last


def _advance(s: Sticks) -> Term:
    """Opens above the previous open, in or near its body, and closes higher."""
    return (s.close > s.close[1]) & (s.open > s.open[1]) & (s.open <= (s.close + s.near)[1])


def _three_white_soldiers(s: Sticks) -> Term:
    steps = _advance(s) & (s.body > (s.body - s.far)[1])
    return (s.white & s.no_upper).op("always", 3) & steps & steps[1] & s.is_long


def _advance_block(s: Sticks) -> Term:
    steps = _advance(s)
    shrunk = s.body < (s.body - s.far)[1]
    smaller = s.body < s.body[1]
    wick = s.upper > s.short_shadow
    weak = (
        (shrunk[1] & (s.body < (s.body + s.near)[1]))
        | shrunk
        | (smaller & smaller[1] & (wick | wick[1]))
        | (smaller & (s.upper > s.body))
    )
    first = s.is_long & (s.upper < s.short_shadow)
    return s.white.op("always", 3) & steps & steps[1] & first[2] & weak


def _stalled(s: Sticks) -> Term:
    second = s.no_upper & (s.open > s.open[1]) & (s.open <= (s.close + s.near)[1])
    on_shoulder = s.open >= s.close[1] - s.body - s.near[1]
    longs = s.is_long[2] & s.is_long[1] & s.is_short
    rising = (s.close > s.close[1]) & (s.close > s.close[1])[1]
    return s.white.op("always", 3) & rising & longs & second[1] & on_shoulder


def _identical_three_crows(s: Sticks) -> Term:
    step = (s.close < s.close[1]) & around(s.open, s.close[1], s.equal[1])
    return (s.black & s.no_lower).op("always", 3) & step & step[1]


def _abandoned_baby(s: Sticks, up: bool) -> Term:
    left = s.is_doji & s.candle_gap(not up)
    last = (s.body > s.usual_body) & s.colour(up) & s.candle_gap(up)
    return (s.is_long & s.colour(not up))[2] & left[1] & last & _takes_back(s, up)


def _takes_back(s: Sticks, up: bool) -> Term:
    part = s.body * _TAKEN_BACK
    level = s.close + part if up else s.close - part
    return beyond(s.close, level[2], up)


def _star(s: Sticks, up: bool, middle: Term) -> Term:
    gapped = middle & s.body_gap(not up)
    last = s.is_long & s.colour(up)
    return (s.is_long & s.colour(not up))[2] & gapped[1] & last & _takes_back(s, up)


def _small_star(s: Sticks, up: bool) -> Term:
    return _star(s, up, s.body <= s.usual_body)


def _doji_star(s: Sticks, up: bool) -> Term:
    return _star(s, up, s.is_doji)


def _side_by_side_white(s: Sticks, up: bool) -> Term:
    gap = s.bottom > s.top[2] if up else s.top < s.bottom[2]
    alike = around(s.body, s.body[1], s.near[1]) & around(s.open, s.open[1], s.equal[1])
    return s.body_gap(up)[1] & gap & s.white & s.white[1] & alike


def _stick_sandwich(s: Sticks) -> Term:
    above = s.white & (s.low > s.close[1])
    return s.black & s.black[2] & above[1] & around(s.close, s.close[2], s.equal[2])


def _tasuki_gap(s: Sticks, up: bool) -> Term:
    gapped = s.colour(up) & s.body_gap(up)
    in_body = beyond(s.close[1], s.open, up) & beyond(s.open, s.open[1], up)
    in_gap = beyond(s.open[1], s.close, up) & beyond(s.close, s.top[2] if up else s.bottom[2], up)
    alike = abs(s.body[1] - s.body) < s.near[1]
    return gapped[1] & s.colour(not up) & in_body & in_gap & alike


def _tristar(s: Sticks, up: bool) -> Term:
    # All three are judged by the average before the first.
    limit = s.tenth[2]
    dojis = (s.body <= limit) & (s.body[1] <= limit) & (s.body[2] <= limit)
    turned = s.bottom > s.bottom[1] if up else s.top < s.top[1]
    return dojis & s.body_gap(not up)[1] & turned


def _unique_three_river(s: Sticks) -> Term:
    second = s.black & (s.close > s.close[1]) & (s.open <= s.open[1]) & (s.low < s.low[1])
    last = s.white & s.is_short & (s.open > s.low[1])
    return (s.is_long & s.black)[2] & second[1] & last


def _gap_three_methods(s: Sticks, up: bool) -> Term:
    gapped = s.colour(up) & s.colour(up)[1] & s.body_gap(up)
    opens = (s.open < s.top[1]) & (s.open > s.bottom[1])
    closes = (s.close < s.top[2]) & (s.close > s.bottom[2])
    return gapped[1] & s.colour(not up) & opens & closes


THREE: Final[tuple[Pattern, ...]] = (
    one_sided("two_crows", "CDL2CROWS",
              "a black candle gaps above a long white one, a second falls back into that body, bearish", _two_crows),
    one_sided("upside_gap_two_crows", "CDLUPSIDEGAP2CROWS",
              "a short black body gaps above a long white one and a second black one covers it, bearish",
              _upside_gap_two_crows),
    mirrored("three_inside", "CDL3INSIDE", "a harami, confirmed by a close beyond the first open", _three_inside),
    mirrored("three_outside", "CDL3OUTSIDE", "an engulfing, confirmed by a close further on", _three_outside),
    one_sided("three_stars_in_the_south", "CDL3STARSINSOUTH",
              "three black candles, each smaller and inside the one before, bullish", _three_stars_in_the_south),
    one_sided("three_white_soldiers", "CDL3WHITESOLDIERS",
              "three white candles that open in the previous body and close higher at their highs, bullish",
              _three_white_soldiers),
    one_sided("advance_block", "CDLADVANCEBLOCK", "three rising white candles that lose strength, bearish",
              _advance_block),
    one_sided("stalled", "CDLSTALLEDPATTERN", "two long white candles and a small one on their shoulder, bearish",
              _stalled),
    one_sided("identical_three_crows", "CDLIDENTICAL3CROWS",
              "three black candles, each from the previous close down to its own low, bearish",
              _identical_three_crows),
    mirrored("abandoned_baby", "CDLABANDONEDBABY",
             "a doji left behind gaps on both sides between two long candles; bullish below them", _abandoned_baby),
    one_sided("evening_star", "CDLEVENINGSTAR",
              "a short body above a long white one, then a long black one back into it, bearish",
              lambda s: _small_star(s, up=False)),
    one_sided("evening_doji_star", "CDLEVENINGDOJISTAR",
              "a doji above a long white body, then a long black one back into it, bearish",
              lambda s: _doji_star(s, up=False)),
    one_sided("morning_star", "CDLMORNINGSTAR",
              "a short body below a long black one, then a long white one back into it, bullish",
              lambda s: _small_star(s, up=True)),
    one_sided("morning_doji_star", "CDLMORNINGDOJISTAR",
              "a doji below a long black body, then a long white one back into it, bullish",
              lambda s: _doji_star(s, up=True)),
    mirrored("side_by_side_white", "CDLGAPSIDESIDEWHITE",
             "two white candles side by side beyond a gap, in the way of the gap", _side_by_side_white),
    one_sided("stick_sandwich", "CDLSTICKSANDWICH",
              "two black candles with the same close around a white one above it, bullish", _stick_sandwich),
    mirrored("tasuki_gap", "CDLTASUKIGAP",
             "a candle of the other colour falls back into a gap and leaves it open, in the way of the gap",
             _tasuki_gap),
    mirrored("tristar", "CDLTRISTAR", "three dojis, the middle one gapped away; bullish below the others", _tristar),
    one_sided("unique_three_river", "CDLUNIQUE3RIVER",
              "a long black candle, a black one inside it with a new low, a short white one, bullish",
              _unique_three_river),
    mirrored("gap_three_methods", "CDLXSIDEGAP3METHODS",
             "a candle of the other colour closes the gap between two alike, in their way", _gap_three_methods),
)  # fmt: skip
"""Patterns of three candles."""
