"""Fetching by REST what the streams did not bring.

1. `ask` notes a range of candles that is missing, one range for each symbol and interval.
2. `run` fetches what is due, a few at a time, and hands every answer to `deliver`.
3. A source that cannot be reached is tried again with growing pauses, for ever. A symbol whose answer lacks
   the candle is asked again later, less and less often: it may be halted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from market.clock import Clock
from market.source import CandleBlock, MarketSource
from market.types import RateLimited, SourceUnavailable, UnknownSymbol
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_SOURCE_PAUSE_S = 30.0
LONGEST_SYMBOL_PAUSE_S = 300.0


@dataclass(slots=True)
class _Hole:
    """Missing candles: open times from `first` to `last`, ms UTC; not asked for before the real time `due`
    (monotonic).
    """

    first: int
    last: int
    due: float = 0.0
    pause: float = field(default_factory=lambda: FIRST_PAUSE_S)


class Repairer:
    """Asks `source` for missing candles, at most `at_once` requests in flight."""

    def __init__(
        self,
        source: MarketSource,
        clock: Clock,
        sound: Callable[[CandleBlock], CandleBlock],
        deliver: Callable[[CandleBlock], None],
        at_once: int = 8,
    ) -> None:
        self._source = source
        self._clock = clock
        self._sound = sound
        self._deliver = deliver
        self._at_once = at_once
        self._holes: dict[tuple[str, str], _Hole] = {}
        self._wake = asyncio.Event()
        self._back = asyncio.Event()
        self._pause = 0.0
        self.failure: str | None = None
        self.fetched = 0

    @property
    def holes(self) -> int:
        """Ranges still missing."""
        return len(self._holes)

    def ask(self, interval: str, symbol: str, first: int, last: int) -> None:
        """Candles of `symbol` that open from `first` to `last` (ms UTC) are missing."""
        hole = self._holes.get((interval, symbol))
        if hole is None:
            self._holes[interval, symbol] = _Hole(first, last)
        else:
            hole.first = min(hole.first, first)
            hole.last = max(hole.last, last)
        self._wake.set()

    def forget(self, symbol: str) -> None:
        """A symbol left: nothing of it is missing any more."""
        for key in [key for key in self._holes if key[1] == symbol]:
            del self._holes[key]

    def came(self, block: CandleBlock) -> None:
        """Candles were written, whichever way they came: what they fill need not be asked for."""
        key = (block.interval, block.symbol)
        hole = self._holes.get(key)
        if hole is None or not len(block):
            return
        step = interval_ms(block.interval)
        first, last = int(block.open_times[0]), int(block.open_times[-1])
        if first <= hole.first and hole.last <= last and len(block) == (last - first) // step + 1:
            del self._holes[key]

    def hurry(self) -> None:
        """The source is back: try now what is waiting."""
        self._pause = 0.0
        for hole in self._holes.values():
            hole.due = 0.0
            hole.pause = FIRST_PAUSE_S
        self._back.set()
        self._wake.set()

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            self._wake.clear()
            if self._pause > 0:
                # New holes do not shorten the pause of a source that is away; `hurry` does.
                await _wait(self._back, self._pause)
            self._back.clear()
            now = time.monotonic()
            due = [key for key, hole in self._holes.items() if hole.due <= now]
            if due:
                await self._round(due)
                continue
            nearest = min((hole.due for hole in self._holes.values()), default=now + 60.0)
            await _wait(self._wake, nearest - now)

    async def _round(self, keys: list[tuple[str, str]]) -> None:
        gate = asyncio.Semaphore(self._at_once)
        failed = asyncio.Event()

        async def one(key: tuple[str, str]) -> None:
            async with gate:
                if not failed.is_set() and not await self._fetch(key):
                    failed.set()

        async with asyncio.TaskGroup() as group:
            for key in keys:
                group.create_task(one(key))
        if not failed.is_set():
            self.failure = None
            self._pause = 0.0

    async def _fetch(self, key: tuple[str, str]) -> bool:
        """One range; False when the source cannot be reached."""
        interval, symbol = key
        hole = self._holes.get(key)
        if hole is None:
            return True
        step = interval_ms(interval)
        # The clock may have been ahead when it was asked for: what has not closed cannot be missing.
        hole.last = min(hole.last, open_of(self._clock.now_ms(), interval) - step)
        if hole.last < hole.first:
            del self._holes[key]
            return True
        first, last = hole.first, hole.last
        count = (last - first) // step + 1
        try:
            block = self._sound(await self._source.candle_block(symbol, interval, count, first, last))
        except UnknownSymbol as error:
            log.warning("%s", error)
            hole.due = time.monotonic() + LONGEST_SYMBOL_PAUSE_S
            return True
        except SourceUnavailable as error:
            if self.failure is None:
                log.warning("missing candles cannot be fetched now: %s", error)
            self.failure = str(error)
            least = error.retry_after_s if isinstance(error, RateLimited) else FIRST_PAUSE_S
            self._pause = max(least, min(max(self._pause, FIRST_PAUSE_S) * 2, LONGEST_SOURCE_PAUSE_S))
            return False
        if self._holes.get(key) is not hole:
            return True
        if len(block):
            self.fetched += len(block)
            self._deliver(block)
            hole.first = max(hole.first, int(block.open_times[-1]) + step)
            hole.pause = FIRST_PAUSE_S
        if hole.first > hole.last:
            del self._holes[key]
        else:
            hole.due = time.monotonic() + hole.pause
            hole.pause = min(hole.pause * 2, LONGEST_SYMBOL_PAUSE_S)
        return True


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0.01)):
            await event.wait()
