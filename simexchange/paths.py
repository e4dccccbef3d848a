"""Where the price goes when a candle is cut in two.

1. `cascade` draws where the volatility goes: a multiplicative cascade, which clusters it and fattens tails.
2. `draw_paths` draws a few candidates: by `_cut` the price at the cut, like a Brownian bridge's but bent into the
   candle's range, and by `_extremes` the children's highs and lows: one child has the candle's high, the other's is
   drawn from the law of a bridge's maximum, cut off at that high: P(max <= m) = 1 - exp(-2 (m - open)(m -
   close) / variance). Lows are the same upside down.
3. The first candidate that suits the candle's average traded price is taken, so that volume can follow it, or else the
   one that suits it best.
   What a symbol shares with the market is the same in all candidates, and so is not weakened by the choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simexchange.candles import CLOSE, HIGH, LOW, OPEN
from simexchange.intervals import DAY
from simexchange.noise import Floats, Ints, Words, normals, uniforms

_CASCADE = 0.42
_COMMON = 0.75
_IDIOSYNCRATIC = float(np.sqrt(1.0 - _COMMON**2))
_HALF_HOUR = 1_800
#: How far the average price may lie from the one a path suggests, as a fraction of the candle's range, before another
#: path is looked for. Were the nearest always taken, cuts would crowd in the middle, and hours lose the volatility of
#: days.
_COMFORT = 0.06
#: The cut is drawn this much wider than the bridge's law, because the range narrows it and the choice favours the
#: middle; measured, a year's volatility is then about the same from minutes, hours and days.
_WIDER = 1.6
_STEEPEST = 8.0

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where symbols take their randomness from.

    keys: [symbols] their own streams; market: [1] the stream all share; loading: [symbols, 1] correlation
    of a symbol's price with the shared stream, 0 to 1.
    """

    keys: Words
    market: Words
    loading: Floats

    def take(self, rows: Ints) -> Sources:
        """The sources of some symbols, by position."""
        return Sources(self.keys[rows], self.market, self.loading[rows])


def _activity() -> Floats:
    """Cumulative share of a day's variance at each minute, [1441]; Europe's and America's hours are the busy
    ones.
    """
    hours = np.arange(1440) / 60.0
    level = 0.75 + 0.5 * np.exp(-(((hours - 14.5) / 3.5) ** 2)) + 0.2 * np.exp(-(((hours - 8.0) / 2.5) ** 2))
    return np.concatenate(([0.0], np.cumsum(level) / level.sum()))


_CUMULATIVE = _activity()


def _elapsed(seconds: Ints) -> Floats:
    """Market activity, in days, from 1970 to these moments (UTC seconds)."""
    days = seconds // DAY
    minutes = (seconds - days * DAY) / 60.0
    whole = np.minimum(minutes.astype(np.int64), 1439)
    return np.asarray(
        days + _CUMULATIVE[whole] + (minutes - whole) * (_CUMULATIVE[whole + 1] - _CUMULATIVE[whole]),
        dtype=np.float64,
    )


def time_share(starts: Ints, left: int, right: int) -> Floats:
    """Expected share of variance in the first `left` of `left + right` seconds, [starts]."""
    first, cut, last = _elapsed(starts), _elapsed(starts + left), _elapsed(starts + left + right)
    return (cut - first) / (last - first)


def shared_noise(sources: Sources, own: Floats, starts: Ints, length: int) -> Floats:
    """Mix own normal numbers [1 + n, symbols, starts] with the market's: first row cascade, others price."""
    common = normals(uniforms(sources.market, starts, length, 2))
    mixed = np.empty_like(own)
    mixed[0] = _COMMON * common[0] + _IDIOSYNCRATIC * own[0]
    mixed[1:] = sources.loading * common[1] + np.sqrt(1.0 - sources.loading**2) * own[1:]
    return mixed


def cascade(share: Floats, noise: Floats) -> Floats:
    """Log-odds of the variance share that falls into the left part."""
    return np.asarray(np.log(share / (1.0 - share)) + _CASCADE * noise, dtype=np.float64)


def logistic(odds: Floats) -> Floats:
    """Share from log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)


def bridge_maximum(start: Floats, end: Floats, variance: Floats, uniform: Floats) -> Floats:
    """The maximum of a Brownian bridge from `start` to `end`, by inverting its distribution."""
    return np.asarray(0.5 * (start + end + np.sqrt((end - start) ** 2 - 2.0 * variance * np.log(uniform))))


def _extremes(
    ends: tuple[Floats, Floats, Floats],
    limit: Floats,
    variances: tuple[Floats, Floats],
    uniform: Floats,
    forced: tuple[Bools, Bools],
) -> tuple[Floats, Floats]:
    """Highs of the two children; `ends` are open, cut and close, `limit` the parent's high, `uniform` [3,
    ...].

    `forced` says which child may not hold the high because it stands still.
    """
    start, cut, end = ends
    first = bridge_maximum(start, cut, variances[0], uniform[0])
    second = bridge_maximum(cut, end, variances[1], uniform[1])
    in_first = ((first > second) & ~forced[0]) | forced[1]
    # Only the other child draws again, below the high it may not reach.
    low = np.where(in_first, cut, start)
    high = np.where(in_first, end, cut)
    variance = np.where(in_first, variances[1], variances[0])
    floor = np.exp(-2.0 * (limit - low) * (limit - high) / variance)
    draw = bridge_maximum(low, high, variance, floor + (1.0 - floor) * uniform[2])
    still = np.where(in_first, forced[1], forced[0])
    top = np.maximum(low, high)
    other = np.where(still, top, np.minimum(np.maximum(np.rint(draw), top), limit))
    return np.where(in_first, limit, other), np.where(in_first, other, limit)


def _cut(
    limits: tuple[Floats, Floats], ends: tuple[Floats, Floats], variances: tuple[Floats, Floats], noise: Floats
) -> Floats:
    """The price at the cut, [candidates, symbols, times], inside `limits` (low and high) and rising with `noise`.

    Folding a bridge's draw back at the limits would turn its sign, and with it what the symbol shares with the market.
    """
    (bottom, top), (start, end), (first, second) = limits, ends, variances
    share = first / (first + second)
    extent = np.maximum(top - bottom, 1.0)
    place = np.minimum(np.maximum((start + (end - start) * share - bottom) / extent, 0.03), 0.97)
    # The logistic curve rises by a quarter at its middle.
    steep = np.minimum(4.0 * _WIDER * np.sqrt(share * second) / extent, _STEEPEST)
    drawn = bottom + extent * logistic(np.log(place / (1.0 - place)) + steep * noise)
    return np.minimum(np.maximum(np.rint(drawn), bottom), top)


def candidates(length: int) -> int:
    """How many paths to choose from for a candle of `length` seconds; an even number.

    Fewer for short ones, which are many and have least to pass on.
    """
    return 4 if length >= _HALF_HOUR else 2


def draw_paths(
    parent: Ints,
    variances: tuple[Floats, Floats],
    noise: Floats,
    uniform: Floats,
    still: tuple[Bools, Bools],
    wanted: tuple[Floats, Floats],
) -> tuple[Ints, Ints]:
    """Open, high, low and close of the two children, each [4, symbols, times].

    `variances` are the children's, `noise` [candidates, ...] the normal numbers of the cut, `uniform`
    [6 * candidates, ...] those of the extremes, `still` says which child may not move, `wanted` is the
    candle's average traded price and the left child's usual share of volume.
    """
    start, top, bottom, end = (parent[field].astype(np.float64) for field in (OPEN, HIGH, LOW, CLOSE))
    cut = _cut((bottom, top), (start, end), variances, noise)
    cut = np.where(still[0], start, np.where(still[1], end, cut))
    draws = uniform.reshape(6, len(noise), *start.shape)
    highs = _extremes((start, cut, end), top, variances, draws[:3], still)
    lows = _extremes((-start, -cut, -end), -bottom, variances, draws[3:], still)
    average, volume = wanted
    left, right = start + highs[0] - lows[0] + cut, cut + highs[1] - lows[1] + end
    miss = np.abs(volume * left + (1.0 - volume) * right - 4.0 * average)
    best = np.maximum(miss, 4.0 * _COMFORT * (top - bottom)).argmin(axis=0)[None]
    middle, high1, high2, low1, low2 = (
        np.take_along_axis(values, best, axis=0)[0] for values in (cut, highs[0], highs[1], -lows[0], -lows[1])
    )
    return (
        np.stack((start, high1, low1, middle)).astype(np.int64),
        np.stack((middle, high2, low2, end)).astype(np.int64),
    )
