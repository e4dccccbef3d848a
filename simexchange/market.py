"""What the exchange asks of a market, and the synthetic one.

The synthetic market is made top-down, so that any candle at any time costs the same:

1. Every 1,024 days (an era) each symbol's log price is pinned near its level (`_anchors`).
2. `_days` descends from the era to each day by halving: variance by a cascade (regimes), price by a bridge.
3. A day gets its range, volume, trades and taker sides (`_dress`).
4. `SyntheticMarket.candles` splits days down the chain of intervals with `bridge.split`, only where asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Protocol

import numpy as np

from simexchange import bridge, paths
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
    aggregate,
)
from simexchange.intervals import CHAIN, DAY, open_of, unit_of
from simexchange.noise import Floats, Ints, key_of, normals, uniforms
from simexchange.universe import Listing, synthetic_universe

_ERA_DAYS: Final = 1_024
_LEVEL_SPREAD: Final = 0.35
#: 2012-01-02, a Monday: the first day of every synthetic symbol.
GENESIS: Final = 1_325_462_400


class Market(Protocol):
    """Candles of all symbols, in the past and in the (already decided) future."""

    @property
    def listings(self) -> Sequence[Listing]:
        """The symbols, in the order of rows."""

    @property
    def first(self) -> int:
        """UTC seconds at which the market begins."""

    @property
    def last(self) -> int | None:
        """UTC seconds at which it ends; None where it never does."""

    def candles(self, rows: Ints, length: int, index: int, count: int) -> Candles:
        """Candles of `rows`, of `length` seconds, numbers `index` to `index + count - 1`; shape [rows,
        count].
        """


class SyntheticMarket:
    """A seeded market of `count` symbols; the same seed gives the same candles for ever."""

    def __init__(self, seed: int, count: int) -> None:
        members = synthetic_universe(seed, count)
        self._listings = tuple(listing for listing, _ in members)
        characters = [character for _, character in members]
        keys = [key_of(seed, f"symbol/{listing.base}") for listing in self._listings]
        self._sources = paths.Sources(
            np.array(keys, dtype=np.uint64),
            np.array([key_of(seed, "market")], dtype=np.uint64),
            np.array([[character.loading] for character in characters]),
        )
        self._log_price = np.array([[np.log(character.price)] for character in characters])
        self._tick = np.array([[10.0**-listing.price_decimals] for listing in self._listings])
        self._lot = np.array([[10.0**-listing.lot_decimals] for listing in self._listings])
        self._day_variance = np.array([[character.volatility**2 / 365.0] for character in characters])
        self._turnover = np.array([[character.turnover] for character in characters])
        self._ticket = np.array([[character.ticket] for character in characters])

    @property
    def listings(self) -> Sequence[Listing]:
        """The symbols, in the order of rows."""
        return self._listings

    @property
    def first(self) -> int:
        """UTC seconds at which the market begins."""
        return GENESIS

    @property
    def last(self) -> int | None:
        """None: it never ends."""
        return None

    def candles(self, rows: Ints, length: int, index: int, count: int) -> Candles:
        """Candles of `rows`, of `length` seconds, numbers `index` to `index + count - 1`; shape [rows,
        count].
        """
        unit = unit_of(length)
        begin, end = open_of(index, length), open_of(index + count, length)
        first_day, last_day = begin // DAY, -(-end // DAY)
        candles = self._days(rows, np.arange(first_day, last_day, dtype=np.int64))
        sources = self._sources.take(rows)
        at = first_day * DAY
        for parent, child in pairwise(CHAIN):
            if parent <= unit:
                break
            starts = at + parent * np.arange(candles.count, dtype=np.int64)
            candles = bridge.split(candles, sources, starts, child, parent // child)
            low, high = begin // child * child, -(-end // child) * child
            candles = candles.slice((low - at) // child, (high - at) // child)
            at = low
        return aggregate(candles, length // unit)

    def _anchors(self, rows: Ints, eras: Ints) -> Floats:
        """Log prices at the beginnings of eras, [rows, eras]."""
        sources = self._sources.take(rows)
        own = normals(uniforms(sources.keys, eras, 0, 2))
        mixed = paths.shared_noise(sources, own, eras, 0)[1]
        return np.asarray(self._log_price[rows] + _LEVEL_SPREAD * mixed)

    def _days(self, rows: Ints, days: Ints) -> Candles:
        """Daily candles, [rows, days]."""
        sources = self._sources.take(rows)
        eras = days // _ERA_DAYS
        left, right = self._anchors(rows, eras), self._anchors(rows, eras + 1)
        variance = np.broadcast_to(self._day_variance[rows] * _ERA_DAYS, left.shape)
        start, length = eras * _ERA_DAYS, _ERA_DAYS
        while length > 1:
            half = length // 2
            own = normals(uniforms(sources.keys, start * DAY, length * DAY, 2))
            mixed = paths.shared_noise(sources, own, start * DAY, length * DAY)
            share = paths.logistic(paths.cascade(np.full(1, 0.5), mixed[0]))
            middle = left + (right - left) * share + np.sqrt(variance * share * (1.0 - share)) * mixed[1]
            later = days >= start + half
            left, right = np.where(later, middle, left), np.where(later, right, middle)
            variance = variance * np.where(later, 1.0 - share, share)
            start, length = start + half * later, half
        return self._dress(rows, days, left, right, variance)

    def _dress(self, rows: Ints, days: Ints, start: Floats, end: Floats, variance: Floats) -> Candles:
        """Give days their range, volume, trades and taker sides, from log prices and variance [rows,
        days].
        """
        uniform = uniforms(self._sources.keys[rows], days * DAY, 1, 10)
        normal = normals(uniform[2:10])
        tick, lot = self._tick[rows], self._lot[rows]
        fields = np.empty((FIELDS, *start.shape), dtype=np.int64)
        opens = np.maximum(np.rint(np.exp(start) / tick), 50.0)
        closes = np.maximum(np.rint(np.exp(end) / tick), 50.0)
        top = paths.bridge_maximum(start, end, variance, uniform[0])
        bottom = -paths.bridge_maximum(-start, -end, variance, uniform[1])
        fields[OPEN], fields[CLOSE] = opens, closes
        fields[HIGH] = np.maximum(np.rint(np.exp(top) / tick), np.maximum(opens, closes) + 1.0)
        fields[LOW] = np.minimum(np.rint(np.exp(bottom) / tick), np.minimum(opens, closes) - 1.0)
        heat = 0.5 * np.log(variance / self._day_variance[rows])
        turnover = self._turnover[rows] * np.exp(np.clip(1.1 * heat, -2.0, 2.5) + 0.25 * normal[0])
        average = fields[OPEN : CLOSE + 1].sum(axis=0) / 4.0
        lots = np.maximum(np.rint(turnover / (average * tick * lot)), 40.0)
        skew = (end - start) / np.sqrt(variance)
        buys = np.rint(lots * (0.5 + 0.04 * np.tanh(0.8 * skew) + 0.012 * normal[1])).astype(np.int64)
        fields[BUY], fields[SELL] = buys, lots.astype(np.int64) - buys
        spread = fields[HIGH] - fields[LOW]
        for side, quote, noise in ((BUY, BUY_QUOTE, normal[2]), (SELL, SELL_QUOTE, normal[3])):
            price = average + 0.03 * np.clip(noise, -2.0, 2.0) * spread
            low, high = fields[LOW] * fields[side], fields[HIGH] * fields[side]
            fields[quote] = np.minimum(np.maximum(np.rint(price * fields[side]).astype(np.int64), low), high)
        tickets = self._ticket[rows] * np.exp(0.2 * normal[4])
        fields[TRADES] = np.minimum(np.maximum(np.rint(turnover / tickets), 20.0), lots / 2.0)
        level = average * tick
        return Candles(fields, variance * (level / tick) ** 2, np.ones(start.shape, dtype=np.bool_))
