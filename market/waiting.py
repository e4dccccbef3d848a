"""Waiting for a minute: until every live symbol's candle is in, or its time is up.

1. `wait` returns early when all that is waited for came; `work` is awaited meanwhile whenever candles of minutes past
   came in.
2. It asks REST for what has not come, half way to the deadline, or `EARLY_S` after the close where most symbols are in:
   those that lack then are quiet, and their close is not streamed before their next trade.
3. Where nobody's candle came, it may be the clock that is wrong: it is set by the source's time, and while the source
   answers and has no such candle either, the minute is not given up for `PATIENCE_MS`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from market.clock import Clock
from market.inbox import Inbox
from market.repair import Repairer
from market.store import MINUTE_MS, NEVER, MarketStore, Mask
from screener.intervals import interval_ms, is_close, open_of

ANSWER_S = 1.0
"""Real seconds that a REST answer gets, once asked for, before the minute is closed without it."""
CATCH_UP_S = 15.0
"""The same, when several minutes are behind and nothing is gained by haste."""
EARLY_S = 0.3
"""Real seconds after the close: what is streamed at all has come by then."""
LATE_BATCH_S = 0.1
"""Real seconds in which late candles are collected, so that many cost one round of the engine."""
LONGEST_WAIT_S = 0.5
MEASURE_S = 2.0
"""Real seconds that the source gets to tell its time."""
PATIENCE_MS = 150_000
"""Market milliseconds."""


class Waiting:
    """Waits for minutes. `deadline_ms` is market time after the close; `stale_ms` how old a symbol's newest candle may
    be before it is no longer waited for. `check` is called now and then, and may raise.
    """

    def __init__(
        self,
        store: MarketStore,
        inbox: Inbox,
        repairer: Repairer,
        clock: Clock,
        set_clock: Callable[[], Coroutine[Any, Any, object]],
        deadline_ms: int,
        stale_ms: int,
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._repairer = repairer
        self._clock = clock
        self._set_clock = set_clock
        self._deadline_ms = deadline_ms
        self._stale_ms = stale_ms
        self._early_ms = int(EARLY_S * 1000 * clock.speed)
        self.interrupted = False
        self.check: Callable[[], None] = lambda: None

    async def wait(self, close_time: int, intervals: Sequence[str], work: Callable[[], Awaitable[None]]) -> None:
        """Return when the minute is complete for all live symbols, or its time is up."""
        asked_at: float | None = None
        answer_s = ANSWER_S
        measured = False
        began = time.monotonic()
        broken = self._broken(close_time, intervals)
        while True:
            self.check()
            self._inbox.changed.clear()
            missing = self._missing(close_time, broken)
            if missing is None:
                return
            late_ms = self._clock.now_ms() - close_time
            nobody = not self._inbox.count("1m", close_time)
            if late_ms < 0:
                # Not yet, or not any more: the clock was set back.
                measured, asked_at = False, None
            if late_ms >= self._deadline_ms // 2 and nobody and not measured and self._repairer.failure is None:
                measured = True
                await self._measure()
                continue
            ask_ms = self._ask_ms(close_time)
            if late_ms >= ask_ms and asked_at is None:
                asked_at = time.monotonic()
                behind = late_ms >= 2 * MINUTE_MS
                answer_s = CATCH_UP_S if behind else ANSWER_S
                self._ask(close_time, missing, close_time + late_ms if behind and nobody else close_time)
            if late_ms >= self._deadline_ms and asked_at is not None:
                waited = time.monotonic() - asked_at
                patient = nobody and (time.monotonic() - began) * 1000 * self._clock.speed < PATIENCE_MS
                if (waited >= answer_s and not patient) or self._repairer.failure is not None:
                    return
            if self._inbox.pending or self.interrupted:
                await asyncio.sleep(LATE_BATCH_S)
                self.interrupted = False
                await work()
                broken = self._broken(close_time, intervals)
                continue
            next_ms = self._deadline_ms
            if asked_at is None:
                next_ms = self._early_ms if late_ms < self._early_ms else ask_ms
            wait_s = max((next_ms - late_ms) / 1000 / self._clock.speed, 0.02)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s, LONGEST_WAIT_S)):
                    await self._inbox.changed.wait()

    def interrupt(self) -> None:
        """Have `work` awaited at once."""
        self.interrupted = True
        self._inbox.changed.set()

    def _ask_ms(self, close_time: int) -> int:
        """Market milliseconds after the close at which REST is asked for what has not come."""
        half = self._deadline_ms // 2
        most = 2 * self._inbox.count("1m", close_time) >= int(self.live(close_time).sum())
        return min(half, self._early_ms) if most else half

    async def _measure(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(MEASURE_S):
                await self._set_clock()

    def _broken(self, close_time: int, intervals: Sequence[str]) -> dict[str, Mask]:
        """Higher intervals that close with this minute, each with the symbols whose earlier minutes are not all
        held.
        """
        return {
            label: ~self._store.whole(label, close_time, but_last=True)
            for label in intervals
            if label != "1m" and is_close(close_time, label)
        }

    def _missing(self, close_time: int, higher: Mapping[str, Mask]) -> dict[str, Mask] | None:
        """What has not come, by interval, as bool [S]; None when nothing that is waited for is missing.

        A higher candle is waited for where one of its minutes before this one is not held.
        """
        live = self.live(close_time)
        missing = {"1m": ~self._inbox.arrived("1m", close_time)}
        for label, broken in higher.items():
            missing[label] = broken & ~self._inbox.arrived(label, close_time)
        waited = {label: np.flatnonzero(mask & live).tolist() for label, mask in missing.items()}
        if not any(waited.values()):
            return None
        self._inbox.expect(waited, close_time)
        return {label: mask & self._store.active for label, mask in missing.items()}

    def live(self, close_time: int) -> Mask:
        """Symbols that are waited for, bool [S]; all of them while most are silent, since then it is not their
        fault.
        """
        active = self._store.active
        newest = self._store.newest("1m")
        live: Mask = active & (newest != NEVER) & (newest >= close_time - MINUTE_MS - self._stale_ms)
        return live if 2 * int(live.sum()) >= int(active.sum()) else active

    def _ask(self, close_time: int, missing: dict[str, Mask], until: int) -> None:
        """Ask REST for the missing candles of this minute, and of the minutes up to `until` (ms UTC) where it is
        later.
        """
        for label, mask in missing.items():
            step = interval_ms(label)
            last = max(open_of(until, label) - step, close_time - step)
            for column in np.flatnonzero(mask):
                self._repairer.ask(label, self._store.symbols[column], close_time - step, last)
