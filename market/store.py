"""The panel as the feed sees it: blocks and minutes in, folded candles, what is known of each symbol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from market.aggregate import aggregate
from market.source import FIELDS, CandleBlock
from market.types import Candle
from screener.engine.panel import STORED, Panel
from screener.intervals import interval_ms, is_multiple

FloatArray = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MINUTE_MS = 60_000
NEVER = -1
_TAKER_BASE = FIELDS.index("taker_buy_base")
# Field of the panel, column of `FIELDS`. Sell volume follows from volume and buy volume.
_COLUMNS = (*((name, FIELDS.index(name)) for name in FIELDS[:7]), ("buy_volume", _TAKER_BASE))
_READ = (*(name for name, _ in _COLUMNS[:7]), "buy_volume")
_PLACE = {name: place for place, name in enumerate(STORED)}
# Sums of the same minutes differ in their last bits, by the order of adding.
_SUMS = [_PLACE[name] for name in ("volume", "quote_volume", "buy_volume")]
_CLOSE_ENOUGH = 1e-9


class MarketStore:
    """Candles of `symbols` in a `Panel` that holds `capacity` candles of each interval in use.

    A symbol keeps its column for ever; `active` [S] says which are followed.
    """

    def __init__(self, symbols: Sequence[str], capacity: int = 1500) -> None:
        self.panel = Panel(symbols, capacity)
        self.column = {name: i for i, name in enumerate(symbols)}
        self.active: Mask = np.ones(len(symbols), np.bool_)
        self._newest: dict[str, Times] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        """All symbols that have a column, followed or not."""
        return self.panel.symbols

    def ensure(self, interval: str, capacity: int | None = None) -> None:
        """Make room for an interval; `capacity` above the one it has makes more room."""
        self.panel.ensure(interval, capacity)
        self._newest.setdefault(interval, np.full(self.panel.size, NEVER, np.int64))

    def add(self, symbol: str) -> int:
        """A column for a symbol, without candles; the one it had where it was here before."""
        column = self.panel.add_symbol(symbol)
        if column == len(self.active):
            self.column[symbol] = column
            self.active = np.append(self.active, True)
            self._newest = {label: np.append(times, NEVER) for label, times in self._newest.items()}
        self.active[column] = True
        return column

    def drop(self, symbol: str) -> None:
        """Follow a symbol no more, and forget its candles."""
        column = self.column[symbol]
        self.panel.clear(symbol)
        self.active[column] = False
        for times in self._newest.values():
            times[column] = NEVER

    def newest(self, interval: str) -> Times:
        """Open time of the newest candle of each symbol [S], ms UTC; `NEVER` where there is none."""
        return self._newest[interval]

    def put(self, block: CandleBlock) -> None:
        """Write candles of one symbol: back-fill or correction."""
        if not len(block):
            return
        column = self.column[block.symbol]
        fields = {name: block.values[:, at] for name, at in _COLUMNS}
        self.panel.put(block.interval, column, block.open_times, fields)
        newest = self._newest[block.interval]
        newest[column] = max(int(newest[column]), int(block.open_times[-1]))

    def compare(self, block: CandleBlock) -> tuple[Mask, Mask]:
        """Which rows of a block the panel lacks, and which it holds with other values, both bool [n].

        Rows older than the panel reaches are neither; a value that the block does not know differs from none.
        """
        held = self.panel.rows(block.interval, self.column[block.symbol], block.open_times)
        given = np.empty_like(held)
        for name, at in _COLUMNS:
            given[_PLACE[name]] = block.values[:, at]
        last = self.panel.last_open(block.interval)
        reach = (self.panel.capacity(block.interval) - 1) * interval_ms(block.interval)
        inside = block.open_times >= (last if last is not None else NEVER) - reach
        lacking: Mask = np.isnan(held[_PLACE["close"]]) & inside
        with np.errstate(invalid="ignore"):
            other = (held != given) & ~np.isnan(given)
            if block.interval != "1m":
                near = np.abs(held - given) <= _CLOSE_ENOUGH * np.abs(given)
                other[_SUMS] &= ~near[_SUMS]
        differing: Mask = other.any(axis=0) & inside & ~lacking
        return lacking, differing

    def append(self, interval: str, open_time: int, rows: FloatArray) -> None:
        """Write one candle of all symbols, `rows` [S, 9] by `FIELDS`, NaN where a symbol has none."""
        self.panel.append(interval, open_time, {name: rows[:, at] for name, at in _COLUMNS})
        known = ~np.isnan(rows[:, 3])
        self._newest[interval][known] = open_time

    def known(self, interval: str, open_time: int) -> Mask:
        """Which symbols have the candle that opened then, bool [S]."""
        known: Mask = self.panel.has(interval, open_time)[: self.panel.size]
        return known

    def row(self, interval: str, column: int, open_time: int) -> FloatArray:
        """One candle by the panel's fields, NaN where it is not held."""
        found: FloatArray = self.panel.rows(interval, column, np.array([open_time], np.int64))[:, 0]
        return found

    def parts(self, interval: str) -> str:
        """The longest interval held that candles of `interval` are made of and whose candles reach back that far; 1m
        where there is none.
        """
        step = interval_ms(interval)
        fitting = [
            label
            for label in self._newest
            if label != interval
            and is_multiple(interval, label)
            and step // interval_ms(label) <= self.panel.capacity(label)
        ]
        return max(fitting, key=interval_ms, default="1m")

    def whole(self, interval: str, close_time: int, *, but_last: bool = False) -> Mask:
        """Which symbols have every part of the candle that closes then, bool [S]; `but_last` leaves the last minute
        out.
        """
        if interval == "1m":
            if but_last:
                return np.ones(self.panel.size, np.bool_)
            return self.known("1m", close_time - MINUTE_MS)
        part = self.parts(interval)
        step = interval_ms(part)
        count = interval_ms(interval) // step - 1
        whole = self.whole(part, close_time, but_last=but_last)
        if count == 0:
            return whole
        times, closes = self.panel.window(part, "close", count, close_time - step)
        if len(times) < count or int(times[-1]) != close_time - 2 * step:
            return np.zeros(self.panel.size, np.bool_)
        return np.logical_and(whole, ~np.isnan(closes).any(axis=0))

    def fold(self, interval: str, close_time: int) -> None:
        """Make the candle that closes then from its parts, for the symbols that have all of them."""
        part = self.parts(interval)
        count = interval_ms(interval) // interval_ms(part)
        windows = {name: self.panel.window(part, name, count, close_time) for name in _READ}
        times = windows["close"][0]
        if len(times) < count or int(times[-1]) != close_time - interval_ms(part):
            return
        _, fields = aggregate(times, {name: values for name, (_, values) in windows.items()}, part, interval)
        open_time = close_time - interval_ms(interval)
        row = {name: values[0] for name, values in fields.items()}
        self.panel.append(interval, open_time, row)
        self._newest[interval][~np.isnan(row["close"])] = open_time

    def folded(self, interval: str, symbol: str, open_time: int) -> CandleBlock | None:
        """One symbol's candle made of its parts; None where one is not held."""
        part = self.parts(interval)
        step = interval_ms(part)
        times = open_time + step * np.arange(interval_ms(interval) // step, dtype=np.int64)
        rows = self.panel.rows(part, self.column[symbol], times)
        if np.isnan(rows[_PLACE["close"]]).any():
            return None
        _, fields = aggregate(times, {name: rows[_PLACE[name]] for name in _READ}, part, interval)
        values = np.full((1, len(FIELDS)), np.nan)
        for name, at in _COLUMNS:
            values[:, at] = fields[name]
        return CandleBlock(symbol, interval, np.array([open_time], np.int64), values)

    def block(self, symbol: str, interval: str, open_times: Times) -> CandleBlock:
        """These candles of a symbol, those that are held."""
        rows = self.panel.rows(interval, self.column[symbol], open_times)
        held = ~np.isnan(rows[_PLACE["close"]])
        values = np.full((int(held.sum()), len(FIELDS)), np.nan)
        for name, at in _COLUMNS:
            values[:, at] = rows[_PLACE[name], held]
        return CandleBlock(symbol, interval, open_times[held], values)

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """The newest `limit` candles of a symbol, oldest first, holes left out; no taker quote volume (NaN).

        Raises KeyError for a symbol that is not in the market.
        """
        column = self.column[symbol]
        first, last = self.panel.first_open(interval), self.panel.last_open(interval)
        if first is None or last is None or limit < 1 or interval not in self.panel.intervals:
            return []
        step = interval_ms(interval)
        opens = np.arange(max(first, last - (limit - 1) * step), last + step, step, dtype=np.int64)
        # One symbol's column alone: a window of the panel is of all symbols.
        fields = self.panel.rows(interval, column, opens)
        nothing = np.full((1, len(opens)), np.nan)
        rows = np.concatenate([fields[[_PLACE[name] for name in _READ]], nothing]).T.tolist()
        times = opens.tolist()
        return [Candle(symbol, interval, time, *row) for time, row in zip(times, rows, strict=True) if row[3] == row[3]]
