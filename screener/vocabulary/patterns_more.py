"""Candlestick patterns of four and five candles, and the two that remember: hikkake and its modification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from screener.vocabulary.formula import Term
from screener.vocabulary.patterns_measures import Pattern, Sticks, beyond, mirrored, one_sided

_HELD: Final = 0.5
"""Share of the first body that a mat hold may give back, TA-Lib's default."""


def _three_black_crows(s: Sticks) -> Term:
    crow = s.black & s.no_lower
    step = (s.open < s.open[1]) & (s.open > s.close[1]) & (s.close < s.close[1])
    under = s.close < s.high[1]
    return crow.op("always", 3) & step & step[1] & (under & s.white[1])[2]


def _three_line_strike(s: Sticks, up: bool) -> Term:
    step = (
        s.colour(up)
        & s.colour(up)[1]
        & beyond(s.close, s.close[1], up)
        & (s.open >= (s.bottom - s.near)[1])
        & (s.open <= (s.top + s.near)[1])
    )
    strike = s.colour(not up) & beyond(s.open, s.close[1], up) & beyond(s.open[3], s.close, up)
    return step[1] & step[2] & strike


def _concealing_baby_swallow(s: Sticks) -> Term:
    third = s.body_gap(up=False) & (s.upper > s.tenth) & (s.high > s.close[1])
    engulfs = (s.high > s.high[1]) & (s.low < s.low[1])
    bare = s.is_marubozu
    return s.black.op("always", 4) & bare[3] & bare[2] & third[1] & engulfs


def _breakaway(s: Sticks, up: bool) -> Term:
    first = s.is_long & s.colour(not up)
    second = s.colour(not up) & s.body_gap(not up)
    further = s.higher(not up)
    back = beyond(s.close, s.open[3], up) & beyond(s.close[4], s.close, up)
    return first[4] & second[3] & further[2] & (further & s.colour(not up))[1] & s.colour(up) & back


def _ladder_bottom(s: Sticks) -> Term:
    down = s.black & (s.open < s.open[1]) & (s.close < s.close[1])
    fourth = s.black & (s.upper > s.tenth)
    last = s.white & (s.open > s.open[1]) & (s.close > s.high[1])
    return s.black[4] & down[3] & down[2] & fourth[1] & last


def _mat_hold(s: Sticks) -> Term:
    floor = (s.close - s.body * _HELD)[4]
    held = (s.bottom[2] < s.close[4]) & (s.bottom[1] < s.close[4]) & (s.bottom[2] > floor) & (s.bottom[1] > floor)
    second = s.black & s.is_short & s.body_gap(up=True)
    falling = (s.top[2] < s.open[3]) & (s.top < s.top[1])[1]
    last = s.white & (s.open > s.close[1]) & (s.close > s.high.op("rmax", 3)[1])
    return (s.is_long & s.white)[4] & second[3] & s.is_short[2] & s.is_short[1] & held & falling & last


def _three_methods(s: Sticks, up: bool) -> Term:
    rest = s.is_short & s.colour(not up)
    inside = (s.bottom.op("rmax", 3)[1] < s.high[4]) & (s.top.op("rmin", 3)[1] > s.low[4])
    further = beyond(s.close[1], s.close, up)
    strong = s.is_long & s.colour(up)
    last = strong & beyond(s.open, s.close[1], up) & beyond(s.close, s.close[4], up)
    return strong[4] & rest.op("always", 3)[1] & inside & (further & further[1])[1] & last


def _inside_bar(s: Sticks) -> Term:
    return (s.high < s.high[1]) & (s.low > s.low[1])


def _hikkake_setup(s: Sticks, up: bool) -> Term:
    return _inside_bar(s)[1] & s.higher(not up)


def _modified_setup(s: Sticks, up: bool) -> Term:
    leaning = s.close <= s.low + s.near if up else s.close >= s.high - s.near
    inside = _inside_bar(s)
    return (inside & leaning)[2] & inside[1] & s.higher(not up)


def _with_confirmation(setup: Callable[[Sticks, bool], Term]) -> Callable[[Sticks, bool], Term]:
    """The setup's candle, and the first close beyond the inside candle up to three candles later.

    A newer setup, of either side, replaces the one that waits; so a confirmation has no setup since.
    """

    def rule(s: Sticks, up: bool) -> Term:
        mine, other = setup(s, up), setup(s, not up)
        both = mine | other
        level = s.high if up else s.low
        found = mine
        for age in (1, 2, 3):
            late = mine[age] & ~both.op("within", age) & beyond(s.close, level[age + 1], up)
            if age > 1:
                before = s.close.op("rmax" if up else "rmin", age - 1)[1]
                late = late & ~beyond(before, level[age + 1], up)
            found = found | late
        return found

    return rule


MORE_PATTERNS: Final[tuple[Pattern, ...]] = (
    one_sided("three_black_crows", "CDL3BLACKCROWS",
              "three black candles after a white one, each opens in the previous body and closes at its low, bearish",
              _three_black_crows),
    mirrored("three_line_strike", "CDL3LINESTRIKE",
             "three candles of one colour in a row, then one that takes them all back, in the way of the three",
             _three_line_strike),
    one_sided("concealing_baby_swallow", "CDLCONCEALBABYSWALL",
              "two black marubozu, a black candle gapped below with an upper shadow, one that covers it, bullish",
              _concealing_baby_swallow),
    mirrored("breakaway", "CDLBREAKAWAY",
             "after a gap and two candles further on, one of the other colour closes back inside the gap",
             _breakaway),
    one_sided("ladder_bottom", "CDLLADDERBOTTOM",
              "three falling black candles, one with an upper shadow, then a white one above its high, bullish",
              _ladder_bottom),
    one_sided("mat_hold", "CDLMATHOLD",
              "a long white candle, three small ones that hold above its middle, a new high, bullish", _mat_hold),
    mirrored("rising_falling_three_methods", "CDLRISEFALL3METHODS",
             "three short candles against a long one and inside its range, then another long one further on",
             _three_methods),
    mirrored("hikkake", "CDLHIKKAKE",
             "an inside candle broken to the wrong side; again where a close beyond its other end confirms it within 3",
             _with_confirmation(_hikkake_setup)),
    mirrored("hikkake_modified", "CDLHIKKAKEMOD",
             "a hikkake after two inside candles, the first closing near its end; again where it is confirmed within 3",
             _with_confirmation(_modified_setup)),
)  # fmt: skip
"""Patterns of four and five candles, and those with a memory."""
