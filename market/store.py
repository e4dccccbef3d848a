"""The panel as the feed sees it: blocks and minutes in, folded candles, what is known of each symbol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from market.aggregate import aggregate
from market.source import FIELDS, CandleBlock
from market.types import Candle
from screener.engine.panel import Panel
from screener.intervals import interval_ms

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MINUTE_MS = 60_000
NEVER = -1
_TAKER_BASE = FIELDS.index("taker_buy_base")
# Field of the panel, column of `FIELDS`. Sell volume follows from volume and buy volume.
_COLUMNS = (*((name, FIELDS.index(name)) for name in FIELDS[:7]), ("buy_volume", _TAKER_BASE))
_READ = (*(name for name, _ in _COLUMNS[:7]), "buy_volume")


class MarketStore:
    """Candles of `symbols` in a `Panel` that holds `capacity` candles of each interval in use."""

    def __init__(self, symbols: Sequence[str], capacity: int = 1500) -> None:
        self.symbols = tuple(symbols)
        self.panel = Panel(self.symbols, capacity)
        self.column = {name: i for i, name in enumerate(self.symbols)}
        self._newest: dict[str, npt.NDArray[np.int64]] = {}

    def ensure(self, interval: str, capacity: int | None = None) -> None:
        """Make room for an interval; `capacity` above the one it has makes more room."""
        self.panel.ensure(interval, capacity)
        self._newest.setdefault(interval, np.full(len(self.symbols), NEVER, np.int64))

    def newest(self, interval: str) -> npt.NDArray[np.int64]:
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

    def append(self, interval: str, open_time: int, rows: FloatArray) -> None:
        """Write one candle of all symbols, `rows` [S, 9] by `FIELDS`, NaN where a symbol has none."""
        self.panel.append(interval, open_time, {name: rows[:, at] for name, at in _COLUMNS})
        known = ~np.isnan(rows[:, 3])
        self._newest[interval][known] = open_time

    def known(self, interval: str, open_time: int) -> Mask:
        """Which symbols have the candle that opened then, bool [S]."""
        until = open_time + interval_ms(interval)
        times, closes = self.panel.window(interval, "close", 1, until)
        if not len(times) or int(times[-1]) != open_time:
            return np.zeros(len(self.symbols), np.bool_)
        known: Mask = ~np.isnan(closes[-1])
        return known

    def whole(self, interval: str, close_time: int, *, but_last: bool = False) -> Mask:
        """Which symbols have every minute of the candle that closes then, bool [S]; `but_last` leaves the
        last one out.
        """
        minutes = interval_ms(interval) // MINUTE_MS - but_last
        if minutes == 0:
            return np.ones(len(self.symbols), np.bool_)
        times, closes = self.panel.window("1m", "close", minutes, close_time - but_last * MINUTE_MS)
        if len(times) < minutes or int(times[-1]) != close_time - MINUTE_MS * (1 + but_last):
            return np.zeros(len(self.symbols), np.bool_)
        whole: Mask = np.logical_not(np.isnan(closes).any(axis=0))
        return whole

    def fold(self, interval: str, close_time: int) -> None:
        """Make the candle that closes then from its minutes, for the symbols that have all of them."""
        minutes = interval_ms(interval) // MINUTE_MS
        windows = {name: self.panel.window("1m", name, minutes, close_time) for name in _READ}
        times = windows["close"][0]
        if len(times) < minutes or int(times[-1]) != close_time - MINUTE_MS:
            return
        _, fields = aggregate(times, {name: values for name, (_, values) in windows.items()}, "1m", interval)
        open_time = close_time - interval_ms(interval)
        row = {name: values[0] for name, values in fields.items()}
        self.panel.append(interval, open_time, row)
        self._newest[interval][~np.isnan(row["close"])] = open_time

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """The newest `limit` candles of a symbol, oldest first, holes left out; no taker quote volume (NaN).

        Raises KeyError for a symbol that is not in the market.
        """
        column = self.column[symbol]
        times: Iterable[int] = []
        parts: list[FloatArray] = []
        for name in _READ:
            opens, values = self.panel.window(interval, name, limit)
            times = opens.tolist()
            parts.append(values[:, column])
        parts.append(np.full(len(parts[0]), np.nan))
        rows = np.stack(parts, axis=1).tolist()
        return [Candle(symbol, interval, time, *row) for time, row in zip(times, rows, strict=True) if row[3] == row[3]]
