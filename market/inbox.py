"""Candles that arrived and are not in the panel yet: those of the minutes to come, and corrections of
minutes past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from market.source import FIELDS, CandleBlock
from market.types import Candle
from screener.intervals import interval_ms

Row = tuple[float, ...]
Key = tuple[str, int]
# A source whose clock is far ahead must not fill the memory.
MAX_AHEAD = 3000


class Inbox:
    """Rows by interval and close time. `changed` is set whenever something comes in."""

    def __init__(self, column: Mapping[str, int], held: Callable[[str, str, int], bool]) -> None:
        self._column = column
        self._held = held
        self._ahead: dict[Key, dict[int, Row]] = {}
        self._corrections: list[CandleBlock] = []
        self.boundary = 0
        self.changed = asyncio.Event()

    def add(self, candle: Candle) -> None:
        """A candle of a stream. One that is past and already held is left out, as is an unknown symbol."""
        column = self._column.get(candle.symbol)
        if column is None:
            return
        row = (
            candle.open,
            candle.high,
            candle.low,
            candle.close,
            candle.volume,
            candle.quote_volume,
            candle.trades,
            candle.taker_buy_base,
            candle.taker_buy_quote,
        )
        if candle.close_time > self.boundary:
            self._store(candle.interval, candle.close_time, column, row)
        elif not self._held(candle.interval, candle.symbol, candle.open_time):
            times = np.array([candle.open_time], np.int64)
            self._corrections.append(CandleBlock(candle.symbol, candle.interval, times, np.array([row])))
            self.changed.set()

    def add_block(self, block: CandleBlock) -> None:
        """Candles fetched by REST: those up to the boundary are corrections, the others wait for their
        minute.
        """
        step = interval_ms(block.interval)
        column = self._column[block.symbol]
        past = block.open_times + step <= self.boundary
        if past.any():
            self._corrections.append(
                CandleBlock(block.symbol, block.interval, block.open_times[past], block.values[past])
            )
        ahead = ~past
        for time, values in zip(block.open_times[ahead].tolist(), block.values[ahead].tolist(), strict=True):
            self._store(block.interval, time + step, column, tuple(values))
        self.changed.set()

    def _store(self, interval: str, close_time: int, column: int, row: Row) -> None:
        key = (interval, close_time)
        rows = self._ahead.get(key)
        if rows is None:
            if len(self._ahead) >= MAX_AHEAD:
                return
            rows = self._ahead[key] = {}
        rows[column] = row
        self.changed.set()

    def arrived(self, interval: str, close_time: int) -> npt.NDArray[np.bool_]:
        """Which symbols are in for the candle that closes then, bool [S]."""
        mask = np.zeros(len(self._column), np.bool_)
        if rows := self._ahead.get((interval, close_time)):
            mask[list(rows)] = True
        return mask

    def count(self, interval: str, close_time: int) -> int:
        """How many symbols are in for the candle that closes then."""
        return len(self._ahead.get((interval, close_time), ()))

    def take(self, interval: str, close_time: int) -> npt.NDArray[np.float64]:
        """Remove and return the rows of the candle that closes then, [S, 9], NaN where none came."""
        table = np.full((len(self._column), len(FIELDS)), np.nan)
        for column, row in self._ahead.pop((interval, close_time), {}).items():
            table[column] = row
        return table

    def take_corrections(self) -> list[CandleBlock]:
        """Remove and return what came in for minutes past."""
        taken, self._corrections = self._corrections, []
        return taken

    def advance(self, boundary: int) -> None:
        """The panel now holds everything up to `boundary`; what still waits for earlier closes is dropped."""
        self.boundary = boundary
        for key in [key for key in self._ahead if key[1] <= boundary]:
            del self._ahead[key]
