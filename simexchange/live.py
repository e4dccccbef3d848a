"""A market as seen at a moment: closed candles, the forming ones, the last 24 hours.

A forming candle is the aggregate of whole seconds that have passed, so it always lies inside the candle it
becomes. What closed earlier in the same minute or hour is kept, because every stream asks for it again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simexchange.candles import CLOSE, FIELDS, TRADES, Candles, aggregate, join, summarise
from simexchange.intervals import DAY, MINUTE, index_of, open_of
from simexchange.market import Market
from simexchange.noise import Ints
from simexchange.schedule import TRADING, ScheduledMarket, pieces
from simexchange.universe import Listing

#: A trade's id is its UTC day times this and its number in that day, so that it is known without all before it.
PER_DAY = 100_000_000
_HOUR = 3_600
#: This hour, the last, and the one a day ago.
_HOURS_KEPT = 3
#: Symbols made at once when a client asks for one after the other, which costs each a third of making it alone.
_SWEPT = 16
_SWEEPS_KEPT = 6
_WINDOWS_KEPT = 64


class LiveMarket:
    """Candles as they stand at a moment; moments are UTC seconds of exchange time."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._all = np.arange(len(market.listings), dtype=np.int64)
        self._hours: tuple[int, Candles] | None = None
        self._minutes_of: dict[int, Candles] = {}
        self._seconds_of: dict[int, Candles] = {}
        self._sweeps: dict[tuple[int, int, int], dict[int, Candles]] = {}
        self._begun: dict[int, tuple[int, Candles | None]] = {}
        self._day: tuple[int, Candles] | None = None
        self._windows: dict[tuple[int, int, bytes], Candles] = {}
        self._total: tuple[int, Ints] | None = None
        self._schedule = market if isinstance(market, ScheduledMarket) else None
        self._changing = np.array(sorted(self._schedule.changing if self._schedule else ()), dtype=np.int64)

    @property
    def listings(self) -> Sequence[Listing]:
        """The symbols, in the order of rows."""
        return self._market.listings

    @property
    def first(self) -> int:
        """The moment the market begins."""
        return self._market.first

    @property
    def last(self) -> int | None:
        """The moment it ends; None where it never does."""
        return self._market.last

    def status(self, row: int, now: int) -> str | None:
        """A symbol's status, TRADING or another of Binance's; None where the exchange does not list it."""
        return self._schedule.status(row, now) if self._schedule else TRADING

    def listed(self, now: int) -> list[int]:
        """Rows of the symbols that the exchange lists."""
        return [row for row in range(len(self.listings)) if self.status(row, now) is not None]

    def silent(self, now: int) -> frozenset[int]:
        """Rows that do not trade: not listed, halted or delisted."""
        return frozenset(row for row in self._changing.tolist() if self.status(row, now) != TRADING)

    def history(self, row: int, length: int, index: int, count: int, now: int) -> Candles:
        """Candles of one symbol, the last of them the forming one where the range reaches it; [1,
        candles].
        """
        rows = self._all[row : row + 1]
        current = index_of(now, length)
        closed = min(count, current - index)
        parts = [self._swept(row, length, index, closed)] if closed > 0 else []
        if index <= current < index + count:
            forming = self.forming(length, now)
            if forming is not None:
                parts.append(forming.take(rows))
        return join(parts) if parts else self._market.candles(rows, length, index, 1).slice(0, 0)

    def closed(self, length: int, end: int) -> Candles:
        """The candle of every symbol that closed at `end`, [symbols, 1]."""
        if length == MINUTE:
            at = (end - MINUTE) % _HOUR // MINUTE
            return self._minutes((end - MINUTE) // _HOUR).slice(at, at + 1)
        return self._market.candles(self._all, length, index_of(end - 1, length), 1)

    def forming(self, length: int, now: int) -> Candles | None:
        """The forming candle of every symbol, [symbols, 1]; None in the first second after its opening."""
        if length < MINUTE:
            return None
        begin, minute = open_of(index_of(now, length), length), now // MINUTE * MINUTE
        known = self._begun.get(length)
        if known is None or known[0] != minute:
            known = self._begun[length] = (minute, self._until(begin, minute, known))
        parts = [known[1]] if known[1] is not None else []
        if now > minute:
            parts.append(self._seconds(minute).slice(0, now - minute))
        if not parts:
            return None
        return self._merged(join(parts))

    def last_numbers(self, now: int) -> Ints:
        """The id of every symbol's newest trade, [symbols]; of one that has not traded today, the one before the
        day's first.
        """
        if now % DAY == 0:
            return (now // DAY - 1) * PER_DAY + self.day_totals(now // DAY - 1) - 1
        today = self.forming(DAY, now)
        counted = today.fields[TRADES, :, 0] if today is not None else 0
        return np.asarray(now // DAY * PER_DAY + counted - 1)

    def day_totals(self, day: int) -> Ints:
        """Trades of a whole UTC day (its number), [symbols]."""
        if self._total is None or self._total[0] != day:
            self._total = (day, self.closed(DAY, (day + 1) * DAY).fields[TRADES, :, 0])
        return self._total[1]

    def window(self, rows: Ints, begin: int, now: int) -> Candles:
        """What some symbols traded from the minute `begin` to `now`, [rows, 1]; present where they did."""
        minute = now // MINUTE * MINUTE
        key = (begin, minute, rows.tobytes())
        if key not in self._windows:
            while len(self._windows) >= _WINDOWS_KEPT:
                del self._windows[next(iter(self._windows))]
            self._windows[key] = self._between(rows, begin, minute)
        if now == minute:
            return self._windows[key]
        return summarise(join((self._windows[key], self._seconds(minute).slice(0, now - minute).take(rows))))

    def _between(self, rows: Ints, begin: int, minute: int) -> Candles:
        parts = [self._market.candles(rows, *piece) for piece in pieces(begin, minute)]
        if parts:
            return summarise(join(parts))
        size = (len(rows), 1)
        return Candles(np.zeros((FIELDS, *size), dtype=np.int64), np.zeros(size), np.zeros(size, dtype=np.bool_))

    def day(self, now: int) -> Candles:
        """The last 24 hours of every symbol, from a whole minute on, [symbols, 1]."""
        minute = now // MINUTE * MINUTE
        if self._day is None or self._day[0] != minute:
            self._day = (minute, summarise(self._window(minute)))
        if now == minute:
            return self._day[1]
        return summarise(join((self._day[1], self._seconds(minute).slice(0, now - minute))))

    def made(self, row: int, length: int, index: int, count: int) -> Candles:
        """Whole candles of one symbol, those of the future too; [1, count]."""
        return self._market.candles(self._all[row : row + 1], length, index, count)

    def second(self, at: int) -> Candles:
        """The second of every symbol that begins at `at`, [symbols, 1]."""
        minute = at // MINUTE * MINUTE
        return self._seconds(minute).slice(at - minute, at - minute + 1)

    def last_prices(self, now: int) -> Ints:
        """Last price of every symbol in ticks, [symbols]; 0 where it did not trade in the last 24 hours."""
        minute = now // MINUTE * MINUTE
        if now == minute:
            newest = self.closed(MINUTE, now)
        else:
            newest = self._seconds(minute).slice(now - minute - 1, now - minute)
        prices, there = newest.fields[CLOSE, :, 0], newest.present[:, 0]
        if there.all():
            return prices
        day = self.day(now)
        return np.where(there, prices, np.where(day.present[:, 0], day.fields[CLOSE, :, 0], 0))

    def _swept(self, row: int, length: int, index: int, count: int) -> Candles:
        """Candles of one symbol; of its neighbours too once a client asks for symbol after symbol."""
        key = (length, index, count)
        blocks = self._sweeps.pop(key, None)
        if blocks is None:
            while len(self._sweeps) >= _SWEEPS_KEPT:
                del self._sweeps[next(iter(self._sweeps))]
            self._sweeps[key] = {}
            return self._market.candles(self._all[row : row + 1], length, index, count)
        self._sweeps[key] = blocks
        first = row // _SWEPT * _SWEPT
        if first not in blocks:
            while len(blocks) >= 2:
                del blocks[next(iter(blocks))]
            blocks[first] = self._market.candles(self._all[first : first + _SWEPT], length, index, count)
        return blocks[first].take(self._all[row - first : row - first + 1])

    def _until(self, begin: int, minute: int, known: tuple[int, Candles | None] | None) -> Candles | None:
        """The candles from `begin` to `minute` as one; one minute more than is `known` where that is
        enough.
        """
        if begin == minute:
            return None
        if known is not None and known[1] is not None and known[0] == minute - MINUTE > begin:
            parts = [known[1], self.closed(MINUTE, minute)]
        else:
            parts = [self._market.candles(self._all, *piece) for piece in pieces(begin, minute)]
        return self._merged(join(parts))

    def _merged(self, parts: Candles) -> Candles:
        """One candle of the parts; of symbols that began or ceased to trade among them, what they traded."""
        whole = aggregate(parts, parts.count)
        if len(self._changing) and parts.count > 1:
            traded = summarise(parts.take(self._changing))
            whole.fields[:, self._changing] = traded.fields
            whole.present[self._changing] = traded.present
        return whole

    def _window(self, minute: int) -> Candles:
        """The minutes and hours of the day before `minute`."""
        hour, part = minute // _HOUR, minute % _HOUR // MINUTE
        if self._hours is None or self._hours[0] != hour:
            self._hours = (hour, self._market.candles(self._all, _HOUR, hour - 23, 23))
        parts = [self._minutes(hour - 24).slice(part, 60), self._hours[1]]
        if part:
            parts.append(self._minutes(hour).slice(0, part))
        return join(parts)

    def _minutes(self, hour: int) -> Candles:
        """The sixty minutes of an hour, [symbols, 60]."""
        if hour not in self._minutes_of:
            while len(self._minutes_of) >= _HOURS_KEPT:
                del self._minutes_of[next(iter(self._minutes_of))]
            self._minutes_of[hour] = self._market.candles(self._all, MINUTE, hour * 60, 60)
        return self._minutes_of[hour]

    def _seconds(self, minute: int) -> Candles:
        """The seconds of a minute, [symbols, 60]; of the one before too, where a look spans both."""
        if minute not in self._seconds_of:
            while len(self._seconds_of) >= 2:
                del self._seconds_of[next(iter(self._seconds_of))]
            self._seconds_of[minute] = self._market.candles(self._all, 1, minute, MINUTE)
        return self._seconds_of[minute]
