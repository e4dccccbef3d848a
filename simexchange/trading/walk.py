"""Walks the market's candles from one look to the next, so that nothing in between is missed.

1. Minutes of all symbols are made an hour at a time and say where a level may have been reached (`_minutes`).
2. Only there, seconds are made, a block at a time for every symbol that needs it at once (`_second_candles`): a
   block costs little more than a minute.
3. `Walker.next` gives a symbol's first second in which a level was reached.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simexchange.candles import BUY, BUY_QUOTE, CLOSE, HIGH, LOW, OPEN, SELL, SELL_QUOTE
from simexchange.intervals import MINUTE
from simexchange.market import Market
from simexchange.noise import Ints

_HOUR: Final = 3_600
_HOURS_KEPT: Final = 3
_BLOCK: Final = 900
_BLOCKS_KEPT: Final = 2
#: What is kept of seconds, in the order of `Second`.
_FIELDS: Final = [OPEN, HIGH, LOW, CLOSE, BUY, SELL]
_HIGH, _LOW = 1, 2
_NEVER: Final = np.iinfo(np.int64).max

Levels = tuple[int | None, int | None]
"""Prices in ticks: one that is waited for to be fallen to, one to be risen to."""

#: Reached by every second that trades.
ALWAYS: Final[Levels] = (None, 0)


@dataclass(frozen=True, slots=True)
class Second:
    """What one symbol traded in one second: prices in ticks, lots bought and sold by takers."""

    at: int
    open: int
    high: int
    low: int
    close: int
    bought: int
    sold: int


@dataclass(frozen=True, slots=True)
class _Minutes:
    """The minutes of an hour, each [symbols, 60]: ranges in ticks, never reached where there is no candle; what was
    traded in ticks × lots and in lots.
    """

    lows: Ints
    highs: Ints
    quote: Ints
    lots: Ints


class Walker:
    """Seconds of a market in which something happened; moments are UTC seconds of exchange time."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._all = np.arange(len(market.listings), dtype=np.int64)
        self._hours: dict[int, _Minutes] = {}
        self._made: dict[int, dict[int, tuple[Ints, NDArray[np.bool_]]]] = {}

    def next(self, row: int, begin: int, end: int, levels: Levels, wanted: Collection[int] = ()) -> Second | None:
        """The first second in [begin, end) in which `row` fell to levels[0] or rose to levels[1].

        `wanted` are rows that will be asked about the same seconds.
        """
        at = begin
        while at < end:
            minute = self._touched_minute(row, at, end, levels)
            if minute is None:
                return None
            stop = min(end, minute + MINUTE)
            block = minute // _BLOCK * _BLOCK
            start = max(at, minute)
            fields, present = self._second_candles(row, block, wanted)
            seconds = slice(start - block, stop - block)
            hits = np.flatnonzero(_reached(fields[_LOW, seconds], fields[_HIGH, seconds], levels) & present[seconds])
            if len(hits):
                return Second(start + int(hits[0]), *fields[:, seconds][:, hits[0]].tolist())
            at = stop
        return None

    def firsts(self, levels: Mapping[int, Levels], begin: int, end: int) -> dict[int, Second]:
        """The first second in [begin, end) that reached a level, by row; rows without one are left out."""
        blocks: dict[int, list[int]] = {}
        for row, wanted in levels.items():
            minute = self._touched_minute(row, begin, end, wanted)
            if minute is not None:
                blocks.setdefault(minute // _BLOCK, []).append(row)
        found: dict[int, Second] = {}
        for rows in blocks.values():
            for row in rows:
                second = self.next(row, begin, end, levels[row], rows)
                if second is not None:
                    found[row] = second
        return found

    def average(self, row: int, now: int, minutes: int) -> tuple[int, int]:
        """Quote (ticks × lots) and lots that `row` traded in the minutes that ended last before `now`."""
        quote = lots = 0
        for minute in range(now // MINUTE - minutes, now // MINUTE):
            hour = self._minutes(minute // 60)
            quote += int(hour.quote[row, minute % 60])
            lots += int(hour.lots[row, minute % 60])
        return quote, lots

    def _touched_minute(self, row: int, begin: int, end: int, levels: Levels) -> int | None:
        at = begin // MINUTE * MINUTE
        while at < end:
            hour = at // _HOUR
            minutes = self._minutes(hour)
            first = at % _HOUR // MINUTE
            last = min(_HOUR, end - hour * _HOUR + MINUTE - 1) // MINUTE
            hits = np.flatnonzero(_reached(minutes.lows[row, first:last], minutes.highs[row, first:last], levels))
            if len(hits):
                return at + int(hits[0]) * MINUTE
            at = (hour + 1) * _HOUR
        return None

    def _minutes(self, hour: int) -> _Minutes:
        if hour not in self._hours:
            while len(self._hours) >= _HOURS_KEPT:
                del self._hours[next(iter(self._hours))]
            candles = self._market.candles(self._all, MINUTE, hour * 60, 60)
            fields, present = candles.fields, candles.present
            self._hours[hour] = _Minutes(
                np.where(present, fields[LOW], _NEVER),
                np.where(present, fields[HIGH], -1),
                np.where(present, fields[BUY_QUOTE] + fields[SELL_QUOTE], 0),
                np.where(present, fields[BUY] + fields[SELL], 0),
            )
        return self._hours[hour]

    def _second_candles(self, row: int, block: int, wanted: Collection[int]) -> tuple[Ints, NDArray[np.bool_]]:
        """The seconds of a block: `_FIELDS` [fields, seconds], and which there are."""
        made = self._made.setdefault(block, {})
        if row not in made:
            rows = np.array(sorted({row, *wanted} - made.keys()), dtype=np.int64)
            candles = self._market.candles(rows, 1, block, _BLOCK)
            for number, one in enumerate(rows.tolist()):
                made[one] = candles.fields[_FIELDS, number], candles.present[number]
            while len(self._made) > _BLOCKS_KEPT:
                del self._made[next(iter(self._made))]
        return made[row]


def _reached(lows: Ints, highs: Ints, levels: Levels) -> NDArray[np.bool_]:
    falls, rises = levels
    reached = np.zeros(lows.shape, dtype=np.bool_)
    if falls is not None:
        reached |= lows <= falls
    if rises is not None:
        reached |= highs >= rises
    return reached
