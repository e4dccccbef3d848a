"""Candlestick patterns of two candles."""

from __future__ import annotations

from typing import Final

from screener.vocabulary.formula import Term
from screener.vocabulary.patterns_measures import Pattern, Sticks, around, mirrored, one_sided, two_sided

_PIERCED: Final = 0.5
"""Share of the previous body that dark cloud cover and piercing must take back, TA-Lib's default."""


def _engulfing(s: Sticks, up: bool) -> Term:
    # One end may be equal to the previous body's, not both.
    first, last = (s.open, s.close) if up else (s.close, s.open)
    top, bottom = s.open[1], s.close[1]
    if not up:
        top, bottom = bottom, top
    covers = ((last >= top) & (first < bottom)) | ((last > top) & (first <= bottom))
    return s.colour(up) & s.colour(not up)[1] & covers


def _inside(s: Sticks) -> Term:
    # Both ends may be equal to the previous body's.
    return (s.top <= s.top[1]) & (s.bottom >= s.bottom[1])


def _harami(s: Sticks, up: bool) -> Term:
    return (s.is_long & s.colour(not up))[1] & (s.body <= s.usual_body) & _inside(s)


def _harami_cross(s: Sticks, up: bool) -> Term:
    return (s.is_long & s.colour(not up))[1] & s.is_doji & _inside(s)


def _doji_star(s: Sticks, up: bool) -> Term:
    return (s.is_long & s.colour(not up))[1] & s.is_doji & s.body_gap(not up)


def _counterattack(s: Sticks, up: bool) -> Term:
    met = around(s.close, s.close[1], s.equal[1])
    return s.is_long & s.is_long[1] & s.colour(up) & s.colour(not up)[1] & met


def _separating_lines(s: Sticks, up: bool) -> Term:
    held = s.is_long & s.colour(up) & (s.no_lower if up else s.no_upper)
    return held & s.colour(not up)[1] & around(s.open, s.open[1], s.equal[1])


def _kick(s: Sticks, up: bool) -> Term:
    bare = s.is_long & s.is_marubozu
    return bare & bare[1] & s.colour(up) & s.colour(not up)[1] & s.candle_gap(up)


def _kicking_by_length(s: Sticks) -> tuple[Term, Term]:
    rise, fall = _kick(s, up=True), _kick(s, up=False)
    grown = s.body > s.body[1]
    return (rise & grown) | (fall & ~grown), (fall & grown) | (rise & ~grown)


def _black_then_white(s: Sticks) -> Term:
    """A long black candle, then a white one that opens below its low."""
    return (s.is_long & s.black)[1] & s.white & (s.open < s.low[1])


def _dark_cloud_cover(s: Sticks) -> Term:
    level = (s.close - s.body * _PIERCED)[1]
    deep = (s.close > s.open[1]) & (s.close < level)
    return (s.is_long & s.white)[1] & s.black & (s.open > s.high[1]) & deep


def _piercing(s: Sticks) -> Term:
    level = (s.close + s.body * _PIERCED)[1]
    return _black_then_white(s) & s.is_long & (s.close < s.open[1]) & (s.close > level)


def _in_neck(s: Sticks) -> Term:
    return _black_then_white(s) & (s.close <= (s.close + s.equal)[1]) & (s.close >= s.close[1])


def _on_neck(s: Sticks) -> Term:
    return _black_then_white(s) & around(s.close, s.low[1], s.equal[1])


def _thrusting(s: Sticks) -> Term:
    short_of_half = s.close <= (s.close + s.body * _PIERCED)[1]
    return _black_then_white(s) & (s.close > (s.close + s.equal)[1]) & short_of_half


def _homing_pigeon(s: Sticks) -> Term:
    within = (s.open < s.open[1]) & (s.close > s.close[1])
    return (s.is_long & s.black)[1] & s.black & (s.body <= s.usual_body) & within


TWO: Final[tuple[Pattern, ...]] = (
    mirrored("engulfing", "CDLENGULFING", "a body that covers the previous one of the other colour", _engulfing),
    mirrored("harami", "CDLHARAMI", "a short body inside the long one before it; bullish after a black one", _harami),
    mirrored("harami_cross", "CDLHARAMICROSS", "a doji inside the long body before it; bullish after a black one",
             _harami_cross),
    mirrored("doji_star", "CDLDOJISTAR", "a doji gapped away from a long body; bullish below a black one",
             _doji_star),
    mirrored("counterattack", "CDLCOUNTERATTACK", "two long bodies of opposite colour with the same close",
             _counterattack),
    mirrored("separating_lines", "CDLSEPARATINGLINES",
             "a belt hold that opens where the previous candle of the other colour opened", _separating_lines),
    mirrored("kicking", "CDLKICKING", "two marubozu of opposite colour with a gap between, in the way of the second",
             _kick),
    two_sided("kicking_by_length", "CDLKICKINGBYLENGTH",
              "two marubozu of opposite colour with a gap between, in the way of the longer", _kicking_by_length),
    one_sided("dark_cloud_cover", "CDLDARKCLOUDCOVER",
              "a black candle from above a long white one's high to below the middle of its body, bearish",
              _dark_cloud_cover),
    one_sided("piercing", "CDLPIERCING",
              "a long white candle from below a long black one's low to above the middle of its body, bullish",
              _piercing),
    one_sided("in_neck", "CDLINNECK",
              "a white candle from below a long black one's low to just above its close, bearish", _in_neck),
    one_sided("on_neck", "CDLONNECK",
              "a white candle from below a long black one's low back to that low, bearish", _on_neck),
    one_sided("thrusting", "CDLTHRUSTING",
              "a white candle from below a long black one's low to under the middle of its body, bearish", _thrusting),
    one_sided("homing_pigeon", "CDLHOMINGPIGEON", "a short black body inside a long black one, bullish",
              _homing_pigeon),
    one_sided("matching_low", "CDLMATCHINGLOW", "two black candles with the same close, bullish",
              lambda s: s.black & s.black[1] & around(s.close, s.close[1], s.equal[1])),
)  # fmt: skip
"""Patterns of two candles."""
