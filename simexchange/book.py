"""A made-up order book around the last price: the same for a given second, and mostly the same a second later.

1. `Books.tops` puts the best bid and ask of every symbol at the last price and a spread away; which of them
   is at the last price is drawn for each second. The spread is narrow where much is traded (`_spread_bps`).
2. `Books.depth` fills the levels behind: prices lie one in each cell of a grid, so that a level stays where
   it is while the market moves past it, and its quantity is drawn anew every few seconds only (`_levels`).
3. What lies within one percent of the price grows with a day's turnover (`_within_percent`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simexchange.candles import BUY_QUOTE, CLOSE, SELL_QUOTE
from simexchange.intervals import DAY
from simexchange.live import LiveMarket
from simexchange.noise import Floats, Ints, key_of, uniforms

#: The most levels a side of the book has.
MOST_LEVELS: Final = 1_000
#: A message of changes looks at no more of the books, one a second, that passed since the one before.
MOST_PASSING: Final = 60
#: Cells of the grid in the price: a level every half a basis point to every basis point.
_CELLS: Final = 20_000
_BID, _ASK, _TOP = 1, 2, 3
_UNKNOWN_TURNOVER: Final = 1e6
#: Rough worth of quote assets in dollars; others count as one.
_WORTH: Final = {"BTC": 60_000.0, "ETH": 3_000.0, "BNB": 600.0, "TRY": 0.03}
_SECONDS_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class Book:
    """Both sides of one symbol's book at a moment; levels are (price in ticks, quantity in lots), best first.

    Empty sides mean that the symbol does not trade, or did not in the last 24 hours.
    """

    bids: Sequence[tuple[int, int]]
    asks: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Tops:
    """Best levels of every symbol, each [symbols]: prices in ticks (0 where there is none) and lots."""

    last: Ints
    bid: Ints
    bid_lots: Ints
    ask: Ints
    ask_lots: Ints


@dataclass(frozen=True, slots=True)
class _Scale:
    """How the books of a day are built, each [symbols]: ticks to a cell, lots of a usual level, spread (bps)."""

    steps: Ints
    lots: Floats
    spread: Floats


class Books:
    """Order books of a market; moments are UTC seconds of exchange time."""

    def __init__(self, live: LiveMarket) -> None:
        self._live = live
        listings = live.listings
        self._keys = np.array([key_of(0, f"book/{listing.symbol}") for listing in listings], dtype=np.uint64)
        self._unit = np.array([10.0**-listing.quote_decimals * _WORTH.get(listing.quote, 1.0) for listing in listings])
        self._day: tuple[int, Ints, Floats] | None = None
        self._tops: dict[int, Tops] = {}

    def last(self, row: int, now: int) -> int:
        """Last price in ticks; 0 where the symbol did not trade in the last 24 hours."""
        return int(self._live.last_prices(now)[row])

    def tops(self, now: int) -> Tops:
        """Best bid and ask of every symbol."""
        if now not in self._tops:
            while len(self._tops) >= _SECONDS_KEPT:
                del self._tops[next(iter(self._tops))]
            self._tops[now] = self._best(now)
        return self._tops[now]

    def depth(self, row: int, now: int, levels: int) -> Book:
        """The best `levels` of each side, fewer where the price is near zero."""
        tops = self.tops(now)
        if not tops.last[row]:
            return Book((), ())
        bid, ask = int(tops.bid[row]), int(tops.ask[row])
        levels = min(levels, MOST_LEVELS)
        below, below_lots = self._levels(row, now, bid, levels - 1, -1)
        above, above_lots = self._levels(row, now, ask, levels - 1, 1)
        return Book(
            [(bid, int(tops.bid_lots[row])), *zip(below.tolist(), below_lots.tolist(), strict=True)],
            [(ask, int(tops.ask_lots[row])), *zip(above.tolist(), above_lots.tolist(), strict=True)],
        )

    def _best(self, now: int) -> Tops:
        last = self._live.last_prices(now)
        scale = self._scale(last, now)
        draws = uniforms(self._keys, np.array([now], dtype=np.int64), _TOP, 3)[:, :, 0]
        spread = np.maximum(np.rint(last * scale.spread * 1e-4), 1.0).astype(np.int64)
        # A price no larger than the spread leaves no room for a bid below it.
        at_bid = (draws[0] < 0.5) | (last <= spread)
        bid = np.where(at_bid, last, last - spread)
        ask = np.where(at_bid, last + spread, last)
        bid_lots, ask_lots = (np.maximum(np.rint(scale.lots * _size(draw)), 1.0).astype(np.int64) for draw in draws[1:])
        none = last <= 0
        none[list(self._live.silent(now))] = True
        return Tops(*(np.where(none, 0, values) for values in (last, bid, bid_lots, ask, ask_lots)))

    def _levels(self, row: int, now: int, best: int, count: int, direction: int) -> tuple[Ints, Ints]:
        """Prices and lots beyond the best one, nearest first; `direction` -1 for bids, 1 for asks."""
        rows = slice(row, row + 1)
        scale = self._scale(self.tops(now).last, now)
        step = int(scale.steps[row])
        cells = best // step + direction * np.arange(1, count + 1, dtype=np.int64)
        cells = cells[cells >= 0]
        side = _BID if direction < 0 else _ASK
        draws = uniforms(self._keys[rows], cells, side, 2)[:, 0]
        prices = cells * step + (draws[0] * step).astype(np.int64)
        # Each level has its own pace, and changes at its own second.
        epoch = (now + (draws[0] * 977.0).astype(np.int64)) // (4 + (draws[1] * 29.0).astype(np.int64))
        sizes = _size(uniforms(self._keys[rows], cells * 1_000_003 + epoch, side, 1)[0, 0])
        lots = np.maximum(np.rint(scale.lots[row] * sizes), 1.0).astype(np.int64)
        kept = prices > 0
        return prices[kept], lots[kept]

    def _scale(self, last: Ints, now: int) -> _Scale:
        """How the books of a day are built, from the day before, so that levels stay while prices move."""
        day = now // DAY
        if self._day is None or self._day[0] != day:
            candles = self._live.closed(DAY, day * DAY)
            traded = candles.fields[BUY_QUOTE, :, 0] + candles.fields[SELL_QUOTE, :, 0]
            known = candles.present[:, 0] & (traded > 0)
            turnover = np.where(known, traded * self._unit, _UNKNOWN_TURNOVER)
            self._day = (day, np.where(known, candles.fields[CLOSE, :, 0], 0), turnover)
        _, price, turnover = self._day
        price = np.where(price > 0, price, last)
        steps = _steps(price)
        levels = np.maximum(price / steps / 100.0, 1.0)
        lots = _within_percent(turnover) / levels / (np.maximum(price, 1) * self._unit)
        return _Scale(steps, lots, _spread_bps(turnover))


def _steps(price: Ints) -> Ints:
    """Ticks to a cell of the grid at these prices."""
    return np.maximum(price // _CELLS, 1)


def _spread_bps(turnover: Floats) -> Floats:
    return np.asarray(np.minimum(8.0 * (turnover / 1e6) ** -0.8, 20.0))


def _within_percent(turnover: Floats) -> Floats:
    """Dollars of orders within one percent of the price on one side, from a day's turnover in dollars."""
    return np.asarray(3.0 * turnover**0.72)


def _size(uniform: Floats) -> Floats:
    """A level's size beside the usual one: many small, few large, one on average."""
    return np.asarray(-np.log(uniform))
