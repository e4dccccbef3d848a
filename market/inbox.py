"""Candles that arrived and are not in the panel yet: those of the minutes to come, and those of minutes past.

1. What cannot be a candle is refused and counted; what lies in the future waits in `doubtful` until the clock was set
   by the source's time (`settle`): the clock may be wrong as well as the candle.
2. A candle past the boundary is kept for its minute; one up to the boundary is a correction, unless the panel holds it
   as it is.
3. `changed` is set when everything that `expect` named is in, or something came in for a minute past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.checks import FUTURE, UNKNOWN, Refusals, Row, fault_of, faults_of
from market.clock import Clock
from market.source import FIELDS, CandleBlock
from market.store import MarketStore
from market.types import Candle
from screener.intervals import interval_ms

Key = tuple[str, int]
# A source whose clock is far ahead must not fill the memory.
MAX_AHEAD = 3000
MAX_DOUBTFUL = 20_000
TOLERANCE_MS = 1000
"""Real milliseconds that our clock may be behind the source's."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Candles of one symbol that closed by the boundary; `news` is False for history that is merely filled in."""

    block: CandleBlock
    news: bool = True


class Inbox:
    """Rows by interval and close time."""

    def __init__(self, store: MarketStore, clock: Clock, refusals: Refusals) -> None:
        self.boundary = 0
        self.changed = asyncio.Event()
        self.doubted = asyncio.Event()
        self.duplicates = 0
        self.on_conflict: Callable[[str, int], None] = lambda symbol, close_time: None
        self._store = store
        self._clock = clock
        self._refusals = refusals
        self._tolerance_ms = int(TOLERANCE_MS * max(1.0, clock.speed))
        self._ahead: dict[Key, dict[int, Row]] = {}
        self._expected: dict[Key, set[int]] = {}
        self._past: list[Arrival] = []
        self._doubtful: list[Candle | CandleBlock] = []

    @property
    def pending(self) -> bool:
        """Whether candles of minutes past wait."""
        return bool(self._past)

    def add(self, candle: Candle) -> None:
        """A candle of a stream."""
        column = self._store.column.get(candle.symbol)
        if column is None or not self._store.active[column]:
            self._refusals.note(candle.symbol, candle.interval, candle.open_time, UNKNOWN)
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
        if (fault := fault_of(candle.interval, candle.open_time, row)) is not None:
            self._refusals.note(candle.symbol, candle.interval, candle.open_time, fault)
            return
        close_time = candle.open_time + interval_ms(candle.interval)
        if close_time > self._clock.now_ms() + self._tolerance_ms:
            self._doubt(candle)
        elif close_time > self.boundary:
            self._keep(candle.interval, close_time, column, row)
        else:
            times = np.array([candle.open_time], np.int64)
            block = CandleBlock(candle.symbol, candle.interval, times, np.array([row]))
            lacking, differing = self._compare(block)
            if not (lacking or differing):
                self.duplicates += 1
                return
            if differing:
                self.on_conflict(candle.symbol, close_time)
            self._past.append(Arrival(block))
            self.changed.set()

    def _compare(self, block: CandleBlock) -> tuple[bool, bool]:
        if block.interval not in self._store.panel.intervals:
            return False, False
        lacking, differing = self._store.compare(block)
        return bool(lacking.any()), bool(differing.any())

    def add_block(self, block: CandleBlock, *, news: bool = True) -> None:
        """Candles fetched by REST: those up to the boundary are corrections, the others wait for their minute."""
        column = self._store.column.get(block.symbol)
        if column is None or not self._store.active[column]:
            return
        step = interval_ms(block.interval)
        block = self.sound(block)
        future = block.open_times + step > self._clock.now_ms() + self._tolerance_ms
        if future.any():
            self._doubt(_part(block, future))
            block = _part(block, ~future)
        past = block.open_times + step <= self.boundary
        if past.any():
            self._past.append(Arrival(_part(block, past), news))
            self.changed.set()
        ahead = _part(block, ~past)
        for time, values in zip(ahead.open_times.tolist(), ahead.values.tolist(), strict=True):
            self._keep(block.interval, time + step, column, tuple(values))

    def sound(self, block: CandleBlock) -> CandleBlock:
        """A block without the rows that cannot be candles, which are counted."""
        good, counts = faults_of(block)
        if not counts:
            return block
        first = int(block.open_times[~good][0])
        for reason, count in counts.items():
            self._refusals.note(block.symbol, block.interval, first, reason, count)
        return _part(block, good)

    def _doubt(self, item: Candle | CandleBlock) -> None:
        if len(self._doubtful) < MAX_DOUBTFUL:
            self._doubtful.append(item)
        self.doubted.set()

    def settle(self) -> None:
        """The clock was set by the source's time: what still lies in the future is refused, the rest comes in."""
        items, self._doubtful = self._doubtful, []
        self.doubted.clear()
        latest = self._clock.now_ms() + self._tolerance_ms
        for item in items:
            step = interval_ms(item.interval)
            if isinstance(item, Candle):
                if item.open_time + step > latest:
                    self._refusals.note(item.symbol, item.interval, item.open_time, FUTURE)
                else:
                    self.add(item)
                continue
            future = item.open_times + step > latest
            if future.any():
                first = int(item.open_times[future][0])
                self._refusals.note(item.symbol, item.interval, first, FUTURE, int(future.sum()))
            if not future.all():
                self.add_block(_part(item, ~future))

    def _keep(self, interval: str, close_time: int, column: int, row: Row) -> None:
        key = (interval, close_time)
        rows = self._ahead.get(key)
        if rows is None:
            if len(self._ahead) >= MAX_AHEAD:
                return
            rows = self._ahead[key] = {}
        held = rows.get(column)
        if held is not None:
            self.duplicates += 1
            if held[:5] != row[:5]:
                self.on_conflict(self._store.symbols[column], close_time)
        rows[column] = row
        waited = self._expected.get(key)
        if waited is not None:
            waited.discard(column)
            if not waited:
                del self._expected[key]
                if not self._expected:
                    self.changed.set()

    def expect(self, missing: Mapping[str, Iterable[int]], close_time: int) -> None:
        """Set `changed` once these columns are in, by interval, for the candles that close then."""
        self._expected = {(label, close_time): set(columns) for label, columns in missing.items()}
        self._expected = {key: columns for key, columns in self._expected.items() if columns}

    def arrived(self, interval: str, close_time: int) -> npt.NDArray[np.bool_]:
        """Which symbols are in for the candle that closes then, bool [S]."""
        mask = np.zeros(len(self._store.active), np.bool_)
        if rows := self._ahead.get((interval, close_time)):
            mask[list(rows)] = True
        return mask

    def count(self, interval: str, close_time: int) -> int:
        """How many symbols are in for the candle that closes then."""
        return len(self._ahead.get((interval, close_time), ()))

    def take(self, interval: str, close_time: int) -> npt.NDArray[np.float64]:
        """Remove and return the rows of the candle that closes then, [S, 9], NaN where none came."""
        table = np.full((len(self._store.active), len(FIELDS)), np.nan)
        rows = self._ahead.pop((interval, close_time), {})
        if rows:
            table[list(rows)] = list(rows.values())
        return table

    def take_past(self) -> list[Arrival]:
        """Remove and return what came in for minutes past."""
        taken, self._past = self._past, []
        return taken

    def forget(self, column: int) -> None:
        """A symbol left: what waits of it is dropped."""
        symbol = self._store.symbols[column]
        for rows in self._ahead.values():
            rows.pop(column, None)
        self._past = [a for a in self._past if a.block.symbol != symbol]
        self._doubtful = [item for item in self._doubtful if item.symbol != symbol]

    def advance(self, boundary: int) -> None:
        """The panel now holds everything up to `boundary`; what still waits for earlier closes is dropped."""
        self.boundary = boundary
        self._expected = {}
        for key in [key for key in self._ahead if key[1] <= boundary]:
            del self._ahead[key]


def _part(block: CandleBlock, rows: npt.NDArray[np.bool_]) -> CandleBlock:
    return CandleBlock(block.symbol, block.interval, block.open_times[rows], block.values[rows])
