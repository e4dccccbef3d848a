"""Split candles into shorter ones that aggregate to them exactly.

1. `split` cuts a candle into k children by repeated `halve`, left part first.
2. `halve` draws where the volatility goes (`_shares`; a multiplicative cascade, which clusters and fattens
   tails), then the price at the cut: a Brownian bridge kept inside the candle's range.
3. `_extremes` gives the high to one child and draws the other's from the law of a bridge's maximum, cut off
   at that
   high: P(max <= m) = 1 - exp(-2 (m - open)(m - close) / variance). Lows are the same upside down.
4. `_flows` divides taker buys and sells apart. A share is moved only where no average price inside both
   children's ranges would add up to the parent's quote volume; the bound is exact in integers, and never
   empty because the children's ranges overlap at the cut.
5. A candle too small to divide so (a quiet coin's few trades) goes whole into one child; the other stands
   still (`_collapse`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simexchange.candles import (
    BUY,
    BUY_QUOTE,
    CLOSE,
    FIELDS,
    HIGH,
    LOW,
    OPEN,
    SELL_QUOTE,
    TRADES,
    Candles,
)
from simexchange.intervals import DAY
from simexchange.noise import Floats, Ints, Words, normals, uniforms

_CASCADE = 0.42
_COMMON = 0.75
_IDIOSYNCRATIC = float(np.sqrt(1.0 - _COMMON**2))
_FLOW = 0.22
_TINY = 1e-12
#: How far from its usual place a child's average price may lie, as a fraction of its range, before volume
#: moves.
_COMFORT = 0.06
#: The most that the odds of a share are multiplied by to that end.
_SHIFT = 8.0

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
    """Mix own normal numbers [2, symbols, starts] with the market's: first row cascade, second row price."""
    common = normals(uniforms(sources.market, starts, length, 2))
    mixed = np.empty_like(own)
    mixed[0] = _COMMON * common[0] + _IDIOSYNCRATIC * own[0]
    mixed[1] = sources.loading * common[1] + np.sqrt(1.0 - sources.loading**2) * own[1]
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


def _towards(
    average: Floats, share: Floats, first: tuple[Floats, Ints], second: tuple[Floats, Ints]
) -> Floats:
    """Move the left child's share of volume so that both children can trade near their middles.

    `average` is the parent's average price; `first` and `second` are each child's usual average price and
    range. Were this left to the averages alone, a small deviation would outgrow the ever smaller ranges,
    and pin them to an edge.
    """
    (centre1, range1), (centre2, range2) = first, second
    offset = average - share * centre1 - (1.0 - share) * centre2
    side = np.where(offset > 0.0, _COMFORT, -_COMFORT)
    edge1, edge2 = centre1 + side * range1, centre2 + side * range2
    outside = (average - share * edge1 - (1.0 - share) * edge2) * side > 0.0
    slope = np.where(edge1 == edge2, 1.0, edge1 - edge2)
    wanted = np.where(outside & (edge1 != edge2), (average - edge2) / slope, share)
    least = share / (share + (1.0 - share) * _SHIFT)
    most = share * _SHIFT / (share * _SHIFT + 1.0 - share)
    return np.minimum(np.maximum(wanted, least), most)


def _flows(parent: Ints, left: Ints, right: Ints, odds: Floats, lean: Floats) -> tuple[Ints, Ints]:
    """Lots and quotes of the left child by taker side, each [2, symbols, times].

    `odds` are log-odds of the left child's share, `lean` how much more the left child rose than the right.
    """
    lots, quotes = parent[BUY:BUY_QUOTE], parent[BUY_QUOTE : SELL_QUOTE + 1]
    low1, low2, high1, high2 = left[LOW], right[LOW], left[HIGH], right[HIGH]
    share = logistic(np.stack((odds + lean, odds - lean)))
    centre1, centre2 = left[OPEN : CLOSE + 1].sum(axis=0) * 0.25, right[OPEN : CLOSE + 1].sum(axis=0) * 0.25
    share = _towards(quotes / np.maximum(lots, 1), share, (centre1, high1 - low1), (centre2, high2 - low2))
    wanted = np.rint(lots * share).astype(np.int64)
    one = np.int64(1)
    lows, highs = low2 - low1, high1 - high2
    above = quotes - low2 * lots
    below = high2 * lots - quotes
    least = np.maximum(
        np.where(lows > 0, -(above // np.maximum(lows, one)), 0),
        np.where(highs > 0, -(below // np.maximum(highs, one)), 0),
    )
    most = np.minimum(
        np.where(lows < 0, above // np.maximum(-lows, one), lots),
        np.where(highs < 0, below // np.maximum(-highs, one), lots),
    )
    first = np.minimum(np.maximum(np.maximum(wanted, least), 0), np.minimum(most, lots))
    second = lots - first
    target1, target2 = first * centre1, second * centre2
    gap = quotes - target1 - target2
    top1, bottom1 = first * high1, first * low1
    top2, bottom2 = second * high2, second * low2
    room = np.where(gap > 0, top1 + top2 - target1 - target2, bottom1 + bottom2 - target1 - target2)
    edge = np.where(gap > 0, top1, bottom1)
    part = np.where(room == 0.0, 0.0, gap / np.where(room == 0.0, 1.0, room))
    quote = np.rint(target1 + part * (edge - target1)).astype(np.int64)
    quote = np.minimum(
        np.maximum(quote, np.maximum(bottom1, quotes - top2)), np.minimum(top1, quotes - bottom2)
    )
    return first, quote


def _collapse(parent: Ints, left: Ints, right: Ints, bad: Bools, whole_left: Bools) -> None:
    """Where `bad`, put the whole candle into one child and let the other stand still (in place)."""
    for child, whole, price in ((left, whole_left, OPEN), (right, ~whole_left, CLOSE)):
        full, still = bad & whole, bad & ~whole
        child[:, full] = parent[:, full]
        child[OPEN : CLOSE + 1, still] = parent[price, still]
        child[BUY:, still] = 0


def halve(parent: Candles, sources: Sources, starts: Ints, left: int, right: int) -> tuple[Candles, Candles]:
    """Split candles [symbols, starts] of `left + right` seconds into their two parts."""
    values = parent.fields
    uniform = uniforms(sources.keys, starts, left + right, 14)
    own = normals(uniform[:6])
    mixed = shared_noise(sources, own[:2], starts, left + right)
    odds = cascade(time_share(starts, left, right), mixed[0])
    share = logistic(odds)
    variance = np.maximum(parent.variance, _TINY)
    variances = (variance * share + _TINY, variance * (1.0 - share) + _TINY)

    trades = values[TRADES]
    volume_odds = odds + 0.3 * own[2]
    volume_share = logistic(volume_odds)
    spread = np.sqrt(trades * volume_share * (1.0 - volume_share))
    trades1 = np.minimum(np.maximum(np.rint(trades * volume_share + spread * own[3]), 0.0), trades).astype(
        np.int64
    )
    moving = values[HIGH] > values[LOW]
    few = moving & (trades < 4)
    trades1 = np.where(few, np.where(uniform[12] < volume_share, trades, 0), trades1)
    still = (moving & (trades1 <= 1), moving & (trades - trades1 <= 1))

    start, top, bottom, end = (values[field].astype(np.float64) for field in (OPEN, HIGH, LOW, CLOSE))
    cut = start + (end - start) * share + np.sqrt(variance * share * (1.0 - share)) * mixed[1]
    cut = np.where(cut > top, 2.0 * top - cut, cut)
    cut = np.where(cut < bottom, 2.0 * bottom - cut, cut)
    cut = np.minimum(np.maximum(np.rint(cut), bottom), top)
    cut = np.where(still[0], start, np.where(still[1], end, cut))
    highs = _extremes((start, cut, end), top, variances, uniform[6:9], still)
    lows = _extremes((-start, -cut, -end), -bottom, variances, uniform[9:12], still)

    one, two = np.empty_like(values), np.empty_like(values)
    one[OPEN], one[HIGH], one[LOW], one[CLOSE] = start, highs[0], -lows[0], cut
    two[OPEN], two[HIGH], two[LOW], two[CLOSE] = cut, highs[1], -lows[1], end
    rise = (cut - start) / np.sqrt(variances[0]) - (end - cut) / np.sqrt(variances[1])
    lean = _FLOW * np.minimum(np.maximum(rise, -3.0), 3.0) + 0.08 * own[4]
    lots, quotes = _flows(values, one, two, volume_odds, lean)
    none, every = trades1 == 0, trades1 == trades
    lots = np.where(none, 0, np.where(every, values[BUY:BUY_QUOTE], lots))
    quotes = np.where(none, 0, np.where(every, values[BUY_QUOTE:TRADES], quotes))
    one[BUY:BUY_QUOTE], one[BUY_QUOTE:TRADES] = lots, quotes
    two[BUY:TRADES] = values[BUY:TRADES] - one[BUY:TRADES]
    volume1, volume2 = lots.sum(axis=0), two[BUY:BUY_QUOTE].sum(axis=0)
    one[TRADES] = np.minimum(np.maximum(trades1, trades - volume2), volume1)
    two[TRADES] = trades - one[TRADES]

    bad = np.zeros_like(moving)
    for child, volume in ((one, volume1), (two, volume2)):
        bad |= (child[TRADES] > 0) != (volume > 0)
        bad |= (child[HIGH] > child[LOW]) & (child[TRADES] < 2)
    if bad.any():
        whole_left = volume_share >= 0.5
        _collapse(values, one, two, bad, whole_left)
        variances = (
            np.where(bad, np.where(whole_left, variance, _TINY), variances[0]),
            np.where(bad, np.where(whole_left, _TINY, variance), variances[1]),
        )
    return Candles(one, variances[0], parent.present), Candles(two, variances[1], parent.present)


def split(parent: Candles, sources: Sources, starts: Ints, unit: int, size: int) -> Candles:
    """Split candles of `size * unit` seconds into `size` children each, shape [symbols, starts * size]."""
    parts = _parts(parent, sources, starts, unit, size)
    symbols, times = parent.variance.shape
    return Candles(
        np.stack([part.fields for part in parts], axis=3).reshape(FIELDS, symbols, times * size),
        np.stack([part.variance for part in parts], axis=2).reshape(symbols, times * size),
        np.stack([part.present for part in parts], axis=2).reshape(symbols, times * size),
    )


def _parts(parent: Candles, sources: Sources, starts: Ints, unit: int, size: int) -> list[Candles]:
    if size == 1:
        return [parent]
    first = size // 2
    left, right = halve(parent, sources, starts, first * unit, (size - first) * unit)
    return [
        *_parts(left, sources, starts, unit, first),
        *_parts(right, sources, starts + first * unit, unit, size - first),
    ]
