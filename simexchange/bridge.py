"""Split candles into shorter ones that aggregate to them exactly.

1. `split` cuts a candle into k children by repeated `halve`, left part first.
2. `halve` draws where volatility, price and extremes go (`paths`), and where the trades go.
3. `_flows` divides taker buys and sells apart. A share is moved (`_towards`) so that children trade near
   their middles, then where no average price inside both children's ranges would add up to the parent's
   quote volume; that bound is exact in integers, and never empty because the children's ranges overlap at
   the cut.
4. A candle too small to divide so (a quiet coin's few trades), or one of whose parts no trades could add up to
   (`candles.tradable`), goes whole into one child; the other stands still (`_collapse`). So trades that add up exactly
   can be found for every second (`tape`), since they can for every day.
"""

from __future__ import annotations

import numpy as np

from simexchange.candles import (
    BUY,
    BUY_QUOTE,
    CLOSE,
    FIELDS,
    HIGH,
    LOW,
    OPEN,
    SELL,
    SELL_QUOTE,
    TRADES,
    Candles,
    marks,
    tradable,
)
from simexchange.noise import Floats, Ints, normals, uniforms
from simexchange.paths import (
    Bools,
    Sources,
    candidates,
    cascade,
    draw_paths,
    logistic,
    shared_noise,
    time_share,
)

_FLOW = 0.22
_TINY = 1e-12
#: How far from its usual place a child's average price may lie, as a fraction of its range, before volume
#: moves.
_COMFORT = 0.15
#: The most that the odds of a share are multiplied by to that end.
_SHIFT = 5.0
#: Trades of a child that may move; with fewer, trades that add up to it can seldom be found.
_FEWEST = 8


def _towards(average: Floats, share: Floats, first: tuple[Floats, Ints], second: tuple[Floats, Ints]) -> Floats:
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
    lows, highs = low2 - low1, high1 - high2
    above = quotes - low2 * lots
    below = high2 * lots - quotes
    # Trades at the open, high, low and close keep the average off the edges; where that leaves nothing, the edges do.
    (up1, down1), (up2, down2) = _margins(left), _margins(right)
    least, most = _bounds(lots, lows, highs, above, below)
    least_in, most_in = _bounds(lots, lows, highs, above - up1 - up2, below - down1 - down2)
    fits = np.maximum(least_in, 0) <= np.minimum(most_in, lots)
    least, most = np.where(fits, least_in, least), np.where(fits, most_in, most)
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
    floor, ceiling = np.maximum(bottom1, quotes - top2), np.minimum(top1, quotes - bottom2)
    floor_in = np.maximum(bottom1 + up1, quotes - top2 + down2)
    ceiling_in = np.minimum(top1 - down1, quotes - bottom2 - up2)
    fits = floor_in <= ceiling_in
    floor, ceiling = np.where(fits, floor_in, floor), np.where(fits, ceiling_in, ceiling)
    return first, np.minimum(np.maximum(quote, floor), ceiling)


def _margins(child: Ints) -> tuple[Ints, Ints]:
    """How far a side's quote volume must stay from all of it trading at the low, and at the high (`tradable`)."""
    count, total = marks(child)
    return total - count * child[LOW], count * child[HIGH] - total


def _bounds(lots: Ints, lows: Ints, highs: Ints, above: Ints, below: Ints) -> tuple[Ints, Ints]:
    """The least and the most lots of the left child with which both averages can lie inside their ranges."""
    one = np.int64(1)
    least = np.maximum(
        np.where(lows > 0, -(above // np.maximum(lows, one)), 0),
        np.where(highs > 0, -(below // np.maximum(highs, one)), 0),
    )
    most = np.minimum(
        np.where(lows < 0, above // np.maximum(-lows, one), lots),
        np.where(highs < 0, below // np.maximum(-highs, one), lots),
    )
    return least, most


def _collapse(parent: Ints, left: Ints, right: Ints, bad: Bools, whole_left: Bools) -> None:
    """Where `bad`, put the whole candle into one child and let the other stand still (in place)."""
    for child, whole, price in ((left, whole_left, OPEN), (right, ~whole_left, CLOSE)):
        full, still = bad & whole, bad & ~whole
        child[:, full] = parent[:, full]
        child[OPEN : CLOSE + 1, still] = parent[price, still]
        child[BUY:, still] = 0


def _rounded(values: Floats, least: int, most: Ints) -> Ints:
    return np.minimum(np.maximum(np.rint(values), least), most).astype(np.int64)


def halve(parent: Candles, sources: Sources, starts: Ints, left: int, right: int) -> tuple[Candles, Candles]:
    """Split candles [symbols, starts] of `left + right` seconds into their two parts."""
    values = parent.fields
    length = left + right
    paths = candidates(length)
    # Of the normal numbers the first is the cascade's, then the paths', then lean, trades and volume.
    normal = paths + 4
    uniform = uniforms(sources.keys, starts, length, normal + 6 * paths + 1)
    own = normals(uniform[:normal])
    mixed = shared_noise(sources, own[: 1 + paths], starts, length)
    odds = cascade(time_share(starts, left, right), mixed[0])
    share = logistic(odds)
    variance = np.maximum(parent.variance, _TINY)
    variances = (variance * share + _TINY, variance * (1.0 - share) + _TINY)
    volume_odds = odds + 0.3 * own[-1]
    volume_share = logistic(volume_odds)

    trades = values[TRADES]
    moving = values[HIGH] > values[LOW]
    spread = np.sqrt(trades * volume_share * (1.0 - volume_share)) * own[-2]
    trades1 = _rounded(trades * volume_share + spread, 0, trades)
    few = moving & (trades < _FEWEST)
    trades1 = np.where(few, np.where(uniform[-1] < volume_share, trades, 0), trades1)
    # Of too few for both to move, the child with more volume gets enough to move.
    scarce = moving & ~few & (trades < 2 * _FEWEST)
    enough = np.where(
        volume_share < 0.5, np.minimum(trades1, trades - _FEWEST), np.maximum(trades1, np.minimum(_FEWEST, trades))
    )
    trades1 = np.where(scarce, enough, trades1)
    still = (moving & (trades1 < _FEWEST), moving & (trades - trades1 < _FEWEST))

    volume = values[BUY] + values[SELL]
    average = (values[BUY_QUOTE] + values[SELL_QUOTE]) / np.maximum(volume, 1)
    one, two = np.empty_like(values), np.empty_like(values)
    one[:BUY], two[:BUY] = draw_paths(values, variances, mixed[1:], uniform[normal:-1], still, (average, volume_share))
    rises = [(child[CLOSE] - child[OPEN]) / np.sqrt(part) for child, part in zip((one, two), variances, strict=True)]
    lean = _FLOW * np.minimum(np.maximum(rises[0] - rises[1], -3.0), 3.0) + 0.08 * own[-3]
    lots, quotes = _flows(values, one, two, volume_odds, lean)
    none, every = trades1 == 0, trades1 == trades
    one[BUY:BUY_QUOTE] = np.where(none, 0, np.where(every, values[BUY:BUY_QUOTE], lots))
    one[BUY_QUOTE:TRADES] = np.where(none, 0, np.where(every, values[BUY_QUOTE:TRADES], quotes))
    two[BUY:TRADES] = values[BUY:TRADES] - one[BUY:TRADES]
    volume1, volume2 = one[BUY] + one[SELL], two[BUY] + two[SELL]
    # Trades follow the volume that was settled on, where there are enough to tell.
    many = (trades1 >= _FEWEST) & (trades - trades1 >= _FEWEST)
    settled = 0.75 * volume1 / np.maximum(volume, 1) + 0.25 * volume_share
    settled = _rounded(trades * settled + spread, _FEWEST, trades - _FEWEST)
    trades1 = np.where(many, settled, trades1)
    one[TRADES] = np.minimum(np.maximum(trades1, trades - volume2), volume1)
    two[TRADES] = trades - one[TRADES]

    bad = np.zeros_like(moving)
    sound = tradable(values)
    for child, volume in ((one, volume1), (two, volume2)):
        bad |= (child[TRADES] > 0) != (volume > 0)
        bad |= (child[HIGH] > child[LOW]) & (child[TRADES] < 2)
        bad |= sound & ~tradable(child)
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
