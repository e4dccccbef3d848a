"""A rolling check of the panel against the exchange, under the weight that is to spare.

1. Every market minute a few symbols have their newest candles fetched by REST, so that all of them are checked within
   `round_hours`; there is a limit by real time, however fast the market runs.
2. `hurry` puts symbols first: those whose candle came twice with different values, and all after a reconnect (the
   newest minutes only).
3. Rows that differ or lack are recorded, and go to `deliver`, which repairs them as any correction. A candle that the
   panel holds and the exchange does not have is recorded alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from market.clock import Clock
from market.source import CandleBlock, MarketSource
from market.store import MINUTE_MS, MarketStore
from market.types import SourceUnavailable, UnknownSymbol
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

REQUESTS_A_MINUTE = 300
"""Most requests in a real minute; a tenth of what the exchange allows, by weight."""
RECENT = 100
"""Minutes that are checked of a symbol that is in a hurry."""
WHOLE = 1000
"""Candles that are checked of each interval otherwise: what one request brings."""
SETTLE_S = 1.0
"""Real seconds that a candle in doubt gets, before the exchange is asked for it."""
KEPT_DIFFERENCES = 50
PAUSE_S = 5.0
LONGEST_WAIT_S = 1.0


class Auditor:
    """Checks `store` against `source`; `boundary()` is the close up to which the panel is whole, `intervals()` what is
    held now.
    """

    def __init__(
        self,
        source: MarketSource,
        clock: Clock,
        store: MarketStore,
        deliver: Callable[[CandleBlock], None],
        boundary: Callable[[], int],
        intervals: Callable[[], Sequence[str]],
        round_hours: float = 4.0,
        requests_a_minute: int = REQUESTS_A_MINUTE,
    ) -> None:
        self.checked = 0
        self.rounds = 0
        self.differing = 0
        self.lacking = 0
        self.unconfirmed = 0
        self.failure: str | None = None
        self._source = source
        self._clock = clock
        self._store = store
        self._deliver = deliver
        self._boundary = boundary
        self._intervals = intervals
        self._round_minutes = max(1.0, round_hours * 60)
        self._pause_s = 60.0 / requests_a_minute
        self._differences: deque[dict[str, Any]] = deque(maxlen=KEPT_DIFFERENCES)
        self._round: deque[str] = deque()
        # Symbols in a hurry: the real time (monotonic) and the boundary from which they may be checked.
        self._urgent: dict[str, tuple[float, int]] = {}
        self._wake = asyncio.Event()

    def hurry(self, symbols: Sequence[str], after: int = 0) -> None:
        """Check the newest minutes of these symbols before all others, once the panel is whole up to `after` (ms
        UTC).
        """
        due = time.monotonic() + SETTLE_S
        for symbol in symbols:
            former = self._urgent.pop(symbol, (0.0, 0))
            self._urgent[symbol] = (due, max(after, former[1]))
        self._wake.set()

    async def run(self) -> None:
        """Check until cancelled."""
        due = self._clock.now_ms() + MINUTE_MS
        while True:
            symbol = self._next_urgent()
            if symbol is not None:
                await self._check(symbol, "1m", RECENT, self._boundary())
                continue
            if self._clock.now_ms() >= due:
                due = self._clock.now_ms() + MINUTE_MS
                for _ in range(self._share()):
                    await self._next_of_round()
                    if self._urgent:
                        break
                continue
            self._wake.clear()
            wait_s = min(max((due - self._clock.now_ms()) / 1000 / self._clock.speed, 0.05), LONGEST_WAIT_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s, 0.1) if self._urgent else wait_s):
                    await self._wake.wait()

    def _next_urgent(self) -> str | None:
        now, boundary = time.monotonic(), self._boundary()
        for symbol, (due, after) in self._urgent.items():
            if due <= now and after <= boundary:
                del self._urgent[symbol]
                return symbol
        return None

    def _share(self) -> int:
        """How many symbols make a minute's share of the round."""
        return max(1, round(int(self._store.active.sum()) / self._round_minutes))

    async def _next_of_round(self) -> None:
        if not self._round:
            self._round.extend(name for name, on in zip(self._store.symbols, self._store.active, strict=True) if on)
        if not self._round:
            return
        symbol = self._round.popleft()
        for label in self._intervals():
            # What closed just now may still be settling at the source.
            await self._check(symbol, label, WHOLE, self._boundary() - MINUTE_MS)
        if not self._round:
            self.rounds += 1

    async def _check(self, symbol: str, interval: str, count: int, until: int) -> None:
        """Compare the newest candles of one symbol and interval that closed by `until` (ms UTC)."""
        began = time.monotonic()
        end = open_of(until, interval)
        try:
            block = await self._source.candle_block(symbol, interval, count, None, end - 1)
            self.failure = None
        except UnknownSymbol:
            return
        except SourceUnavailable as error:
            # What was to be checked is asked for again in the next round; the feed repairs what it knows of itself.
            self.failure = str(error)
            await asyncio.sleep(PAUSE_S)
            return
        self.checked += 1
        if self._store.active[self._store.column[symbol]]:
            self._compare(block, end)
        await asyncio.sleep(max(self._pause_s - (time.monotonic() - began), 0.0))

    def _compare(self, block: CandleBlock, end: int) -> None:
        first = self._store.panel.first_open(block.interval)
        block = _within(block, end if first is None else first, end)
        if not len(block):
            return
        lacking, differing = self._store.compare(block)
        step = interval_ms(block.interval)
        held = self._store.block(
            block.symbol, block.interval, np.arange(int(block.open_times[0]), end, step, dtype=np.int64)
        )
        extra = np.setdiff1d(held.open_times, block.open_times)
        for what, times in (
            ("other values", block.open_times[differing]),
            ("not held", block.open_times[lacking]),
            ("not at the exchange", extra),
        ):
            if len(times):
                log.warning("audit: %s %s: %d candles: %s", block.symbol, block.interval, len(times), what)
                line = {"symbol": block.symbol, "interval": block.interval, "what": what}
                self._differences.append({**line, "open_time": int(times[0]), "count": len(times)})
        self.differing += int(differing.sum())
        self.lacking += int(lacking.sum())
        self.unconfirmed += len(extra)
        wrong = differing | lacking
        if wrong.any():
            self._deliver(CandleBlock(block.symbol, block.interval, block.open_times[wrong], block.values[wrong]))

    def report(self) -> dict[str, Any]:
        """Progress and what was found, for the status."""
        total = int(self._store.active.sum())
        return {
            "requests": self.checked,
            "rounds": self.rounds,
            "round_done": (total - len(self._round)) / total if self._round and total else 0.0,
            "waiting": len(self._urgent),
            "differing": self.differing,
            "lacking": self.lacking,
            "not_at_the_exchange": self.unconfirmed,
            "failure": self.failure,
            "newest_differences": list(reversed(self._differences)),
        }


def _within(block: CandleBlock, first: int, end: int) -> CandleBlock:
    inside = (block.open_times >= first) & (block.open_times < end)
    return CandleBlock(block.symbol, block.interval, block.open_times[inside], block.values[inside])
