"""Candlestick patterns of one candle, and of one candle and where it stands to the candle before."""

from __future__ import annotations

from typing import Final

from screener.vocabulary.formula import Term
from screener.vocabulary.patterns_measures import Pattern, Sticks, mirrored, one_sided


def _belt_hold(s: Sticks, up: bool) -> Term:
    return s.is_long & s.colour(up) & (s.no_lower if up else s.no_upper)


def _closing_marubozu(s: Sticks, up: bool) -> Term:
    return s.is_long & s.colour(up) & (s.no_upper if up else s.no_lower)


def _marubozu(s: Sticks, up: bool) -> Term:
    return s.is_long & s.is_marubozu & s.colour(up)


def _long_line(s: Sticks, up: bool) -> Term:
    usual = s.short_shadow
    return s.is_long & s.colour(up) & (s.upper < usual) & (s.lower < usual)


def _short_line(s: Sticks, up: bool) -> Term:
    usual = s.short_shadow
    return s.is_short & s.colour(up) & (s.upper < usual) & (s.lower < usual)


def _spinning_top(s: Sticks, up: bool) -> Term:
    return s.is_short & s.colour(up) & (s.upper > s.body) & (s.lower > s.body)


def _high_wave(s: Sticks, up: bool) -> Term:
    twice = s.body * 2.0
    return s.is_short & s.colour(up) & (s.upper > twice) & (s.lower > twice)


def _dragonfly(s: Sticks) -> Term:
    return s.is_doji & s.no_upper & (s.lower > s.tenth)


def _gravestone(s: Sticks) -> Term:
    return s.is_doji & s.no_lower & (s.upper > s.tenth)


def _rickshaw_man(s: Sticks) -> Term:
    middle = s.low + s.range / 2.0
    centred = (s.bottom <= middle + s.near) & (s.top >= middle - s.near)
    return s.is_doji & (s.upper > s.body) & (s.lower > s.body) & centred


def _hammer_shape(s: Sticks) -> Term:
    return s.is_short & (s.lower > s.body) & s.no_upper


def _star_shape(s: Sticks) -> Term:
    return s.is_short & (s.upper > s.body) & s.no_lower


ONE: Final[tuple[Pattern, ...]] = (
    one_sided("doji", "CDLDOJI", "closes about where it opened: indecision",
              lambda s: s.is_doji),
    one_sided("dragonfly_doji", "CDLDRAGONFLYDOJI", "a doji with a lower shadow and no upper one",
              _dragonfly),
    one_sided("gravestone_doji", "CDLGRAVESTONEDOJI", "a doji with an upper shadow and no lower one",
              _gravestone),
    one_sided("long_legged_doji", "CDLLONGLEGGEDDOJI", "a doji with at least one long shadow",
              lambda s: s.is_doji & ((s.lower > s.body) | (s.upper > s.body))),
    one_sided("rickshaw_man", "CDLRICKSHAWMAN", "a doji in the middle of two long shadows",
              _rickshaw_man),
    one_sided("takuri", "CDLTAKURI", "a dragonfly doji with a very long lower shadow, bullish",
              lambda s: s.is_doji & s.no_upper & (s.lower > s.body * 2.0)),
    one_sided("hammer", "CDLHAMMER", "a short body on a long lower shadow, at the previous low, bullish",
              lambda s: _hammer_shape(s) & (s.bottom <= (s.low + s.near)[1])),
    one_sided("hanging_man", "CDLHANGINGMAN", "a hammer's shape at the previous high, bearish",
              lambda s: _hammer_shape(s) & (s.bottom >= (s.high - s.near)[1])),
    one_sided("inverted_hammer", "CDLINVERTEDHAMMER",
              "a short body under a long upper shadow, gapped below the previous body, bullish",
              lambda s: _star_shape(s) & s.body_gap(up=False)),
    one_sided("shooting_star", "CDLSHOOTINGSTAR",
              "a short body under a long upper shadow, gapped above the previous body, bearish",
              lambda s: _star_shape(s) & s.body_gap(up=True)),
    mirrored("belt_hold", "CDLBELTHOLD", "a long body that opens at its extreme: the low if white, the high if black",
             _belt_hold),
    mirrored("closing_marubozu", "CDLCLOSINGMARUBOZU",
             "a long body that closes at its extreme: at the high if white, the low if black", _closing_marubozu),
    mirrored("marubozu", "CDLMARUBOZU", "a long body without shadows, white or black", _marubozu),
    mirrored("long_line", "CDLLONGLINE", "a long body with short shadows, white or black", _long_line),
    mirrored("short_line", "CDLSHORTLINE", "a short body with short shadows, white or black", _short_line),
    mirrored("spinning_top", "CDLSPINNINGTOP", "a short body with longer shadows on both ends, white or black",
             _spinning_top),
    mirrored("high_wave", "CDLHIGHWAVE", "a short body with very long shadows on both ends, white or black",
             _high_wave),
)  # fmt: skip
"""Patterns of one candle."""
