"""The feed: a panel that is complete minute by minute, from back-fill, streams and repair.

1. `start` opens the streams, then back-fills every interval up to one minute, the boundary (`market.backfill`).
2. `closes` waits for the next minute (`market.waiting`), writes it and folds the higher candles that close with it
   (`market.writing`); then the boundary is yielded. Nothing of a later minute enters the panel before the caller has
   asked for the next one, so engines can step candle by candle.
3. Between two boundaries (`_between`) symbols join and leave, and what came in for minutes past is written: told by
   `on_rebuild`, and by `on_late` where a candle is new enough to be screened.
4. Streams are opened again for ever (`market.subscriptions`); the minutes missed meanwhile are holes that are fetched
   (`market.repair`). The panel is checked against the exchange all the time (`market.audit`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from market.audit import Auditor
from market.backfill import AT_ONCE, FIRST_PAUSE_S, LONGEST_PAUSE_S, Filler, Progress
from market.cache import HistoryCache
from market.checks import Refusals
from market.clock import Clock
from market.coverage import CoverageLog
from market.inbox import Inbox
from market.joining import UNIVERSE_EVERY_S, Joining, OnUniverse, ReadUniverse
from market.repair import Repairer
from market.saving import LAST_SAVE_S, Saver
from market.source import CandleBlock, MarketSource
from market.store import MINUTE_MS, MarketStore
from market.subscriptions import SYMBOLS_PER_STREAM, Subscriptions
from market.types import Candle, Coverage, Price
from market.waiting import Waiting
from market.writing import Writer
from screener.engine.panel import Panel
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

OnRebuild = Callable[[frozenset[str]], Awaitable[None]]
"""Called with symbols whose past candles changed, before the next minute is written."""
OnLate = Callable[[int, Mapping[str, float]], Awaitable[None]]
"""Called after `on_rebuild` with a close (ms UTC) and the symbols whose candles came only now, each with market seconds
since the close."""

LEAST_DEADLINE_S = 2.0
"""Real seconds that a minute's candles get at least, however fast the market runs."""
LATE_LIMIT_S = 600.0
CATCH_UP_MINUTES = 180
"""Further behind than this the minutes between are filled in, and not yielded one by one."""


class Feed:
    """Candles and prices of `symbols`, from `source`, in market time of `clock`.

    `intervals` are held besides 1m; `capacity` is the number of candles of each; `backfill` how many of
    them are fetched at the start; `deadline_s` (market seconds) how long after its close a minute waits for
    late symbols; `late_limit_s` until when one that comes later is still screened; `stale_minutes` after how many
    minutes without a candle a symbol counts as missing and is no longer waited for; `audit_hours` (market time) in
    how long every symbol is checked once, 0 for never; `cache` holds history over restarts; `per_connection` symbols
    share a stream.

    Everything runs in one event loop. Whoever reads `panel` in a thread holds `lock` meanwhile; the feed
    holds it while it writes.
    """

    def __init__(
        self,
        source: MarketSource,
        clock: Clock,
        symbols: Sequence[str],
        intervals: Sequence[str] = (),
        capacity: int = 1500,
        deadline_s: float = 8.0,
        *,
        backfill: int = 1000,
        stale_minutes: int = 5,
        late_limit_s: float = LATE_LIMIT_S,
        audit_hours: float = 4.0,
        cache: HistoryCache | None = None,
        per_connection: int = SYMBOLS_PER_STREAM,
        lock: asyncio.Lock | None = None,
        on_rebuild: OnRebuild | None = None,
        on_late: OnLate | None = None,
    ) -> None:
        if not symbols:
            raise ValueError("a feed needs at least one symbol")
        self.lock = lock or asyncio.Lock()
        self.on_rebuild = on_rebuild
        self.on_late = on_late
        self.prices: dict[str, Price] = {}
        self.priced: frozenset[str] = frozenset()
        self.coverage = CoverageLog(stale_ms=stale_minutes * MINUTE_MS)
        self.refusals = Refusals()
        self.skipped_minutes = 0
        self._clock = clock
        self._store = MarketStore(symbols, capacity)
        self._inbox = Inbox(self._store, clock, self.refusals)
        self._repairer = Repairer(source, clock, self._inbox.sound, self._inbox.add_block, AT_ONCE)
        self._writer = Writer(self._store, self._inbox, clock, self._repairer.ask, late_limit_s)
        self._filler = Filler(source, self._inbox.sound, cache)
        self._saver = Saver(self._store, cache, self.lock, self._filler.absent) if cache is not None else None
        self._streams = Subscriptions(
            source, clock, self._inbox.add, self._take_price, self._back, per_connection=per_connection
        )
        self._intervals = [label for label in dict.fromkeys(intervals) if label != "1m"]
        self._auditor = Auditor(
            source,
            clock,
            self._store,
            self._inbox.add_block,
            lambda: self._boundary,
            lambda: self.intervals,
            audit_hours or 1.0,
        )
        deadline_ms = int(max(deadline_s, LEAST_DEADLINE_S * clock.speed) * 1000)
        stale_ms = stale_minutes * MINUTE_MS
        self._waiting = Waiting(
            self._store, self._inbox, self._repairer, clock, self._streams.set_clock, deadline_ms, stale_ms
        )
        self._waiting.check = self._raise_failures
        self._joining = Joining(
            self._store,
            self._inbox,
            self._repairer,
            self._streams,
            self._filler,
            self.lock,
            lambda: self._boundary,
            self._depths,
            self._waiting.interrupt,
        )
        self._audits = audit_hours > 0
        self._inbox.on_conflict = lambda symbol, close_time: self._auditor.hurry([symbol], close_time)
        self._writer.on_changed = self._wrote
        if self._saver is not None:
            self._filler.on_cached = self._saver.cached
        self._fetched: dict[str, int] = {}
        self._requires: dict[str, asyncio.Lock] = {}
        self._backfill = min(backfill, capacity)
        self._boundary = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols followed now."""
        return tuple(name for name, on in zip(self._store.symbols, self._store.active, strict=True) if on)

    @property
    def panel(self) -> Panel:
        """The candles held. A symbol that left keeps its column, without candles."""
        return self._store.panel

    @property
    def boundary(self) -> int:
        """The close (ms UTC) up to which the panel is complete: the last one yielded."""
        return self._boundary

    @property
    def intervals(self) -> tuple[str, ...]:
        """Intervals held, 1m first."""
        return ("1m", *self._intervals)

    @property
    def corrections(self) -> int:
        """Candles written after their minute was yielded."""
        return self._writer.counts.corrected + self._writer.counts.filled

    @property
    def holes(self) -> int:
        """Ranges of candles (by symbol and interval) that are known to be missing and are being asked for."""
        return self._repairer.holes

    @property
    def failure(self) -> str | None:
        """Why missing candles cannot be fetched now; None while all is well."""
        return self._repairer.failure

    @property
    def reconnects(self) -> int:
        """How often a stream was opened again."""
        return self._streams.reconnects

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """The newest `limit` candles held of a symbol, oldest first.

        Raises KeyError for an unknown symbol.
        """
        return self._store.candles(symbol, interval, limit)

    async def start(self, progress: Progress | None = None) -> None:
        """Open the streams and back-fill; returns when the panel is complete up to `boundary`.

        A source that is away is waited for; cancel to give up.
        """
        if self._tasks:
            raise RuntimeError("the feed has been started")
        pause = FIRST_PAUSE_S
        while not await self._streams.set_clock():
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        for work in self._streams.works(self.symbols):
            self.spawn(work)
        self._set_boundary()
        await self._fill(self.symbols, dict.fromkeys(self.intervals, self._backfill), progress)
        self._inbox.advance(self._boundary)
        for symbol in self.symbols:
            for candle in self._store.candles(symbol, "1m", 1):
                self.prices.setdefault(symbol, Price(symbol, candle.close, candle.close_time))
        self.spawn(self._repairer.run())
        self.spawn(self._settle_doubts())
        if self._audits:
            self.spawn(self._auditor.run())
        if self._saver is not None:
            self.spawn(self._saver.run(lambda: self._boundary))

    def _set_boundary(self) -> None:
        # The newest minute may still be settling at the source.
        settled = self._clock.now_ms() - int(LEAST_DEADLINE_S / 2 * 1000 * self._clock.speed)
        self._boundary = self._inbox.boundary = open_of(settled, "1m")

    async def require(self, interval: str, candles: int | None = None, progress: Progress | None = None) -> None:
        """Hold `interval` from now on, with at least `candles` of history (default: as many as at the start).

        Returns when they are in the panel, up to the boundary. Raises ValueError for an unknown interval.
        """
        interval_ms(interval)
        wanted = candles or self._backfill
        async with self._requires.setdefault(interval, asyncio.Lock()):
            if self._fetched.get(interval, 0) >= wanted:
                return
            async with self.lock:
                self._store.ensure(interval, wanted)
            if interval not in self.intervals:
                # From now on its candles are folded as they close; the fetch brings those before.
                self._intervals.append(interval)
            await self._fill(self.symbols, {interval: wanted}, progress)

    async def closes(self) -> AsyncIterator[Coverage]:
        """Every minute's close, in order, once the panel holds the minute and the higher candles that end
        with it.

        A caller that was slow gets all closes that queued up, unless they are more than three hours of them. Must not
        be iterated while `lock` is held.
        """
        while True:
            await self._catch_up()
            close_time = self._boundary + MINUTE_MS
            # Before waiting as well: repaired minutes may make a higher candle whole that would be asked for.
            await self._between()
            await self._waiting.wait(close_time, self.intervals, self._between)
            await self._between()
            async with self.lock:
                fresh = self._writer.advance(close_time, self.intervals, self._waiting.live(close_time))
                self._boundary = close_time
            yield self.coverage.begin(self._store, close_time, fresh, self._clock.now_ms())

    def follow(self, read: ReadUniverse, told: OnUniverse, every_s: float = UNIVERSE_EVERY_S) -> None:
        """Read again every `every_s` real seconds which symbols there are, and let them join and leave."""
        self.spawn(self._joining.run(read, told, every_s))

    async def aclose(self) -> None:
        """Stop streams and repair, and save history. The source stays open: it belongs to the caller."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._saver is not None and self._tasks and self._boundary:
            await self._saver.save(self._boundary, LAST_SAVE_S)
        self._tasks.clear()

    def report(self) -> dict[str, Any]:
        """The feed's health, for the status."""
        counts = self._writer.counts
        return {
            "coverage_summary": self.coverage.summary(),
            "holes": self.holes,
            "failure": self.failure,
            "streams": self._streams.report(),
            "reconnects": self.reconnects,
            "corrections": {
                "corrected": counts.corrected,
                "filled": counts.filled,
                "too_late": counts.too_late,
                "duplicates": self._inbox.duplicates,
            },
            "refused": self.refusals.report(),
            "audit": self._auditor.report() if self._audits else None,
            "cache": self._saver.report() if self._saver is not None else None,
            "backfill": {"requests": self._filler.requests, "from_cache": self._filler.from_cache},
            "skipped_minutes": self.skipped_minutes,
        }

    # Between two boundaries

    async def _between(self) -> None:
        """Let symbols join and leave, write what came in for minutes past, and tell whose it was."""
        if (changed := await self._joining.apply()) and self.on_rebuild is not None:
            await self.on_rebuild(changed)
        arrivals = self._inbox.take_past()
        if not arrivals:
            return
        async with self.lock:
            corrected = self._writer.correct(arrivals, self.intervals)
        if corrected.symbols and self.on_rebuild is not None:
            await self.on_rebuild(frozenset(corrected.symbols))
        for close_time in sorted(corrected.late):
            seconds = corrected.late[close_time]
            self.coverage.came_late(close_time, seconds)
            if self.on_late is not None:
                await self.on_late(close_time, seconds)

    async def _catch_up(self) -> None:
        """After hours away, fill what was missed instead of closing every minute of it."""
        behind = (self._clock.now_ms() - self._boundary) // MINUTE_MS
        if behind <= CATCH_UP_MINUTES or not await self._streams.set_clock():
            return
        behind = (self._clock.now_ms() - self._boundary) // MINUTE_MS
        if behind <= CATCH_UP_MINUTES:
            return
        log.warning("%d minutes passed unseen; their candles are filled in and not screened one by one", behind)
        before = self._boundary
        await self._between()
        self._set_boundary()
        counts = {
            label: min(
                self.panel.capacity(label),
                max(self._fetched.get(label, 0), (self._boundary - before) // interval_ms(label) + 2),
            )
            for label in self.intervals
        }
        await self._fill(self.symbols, counts, None)
        self._inbox.advance(self._boundary)
        self.skipped_minutes += (self._boundary - before) // MINUTE_MS
        if self.on_rebuild is not None:
            await self.on_rebuild(frozenset(self.symbols))

    # Back-fill

    async def _fill(self, symbols: Iterable[str], counts: dict[str, int], progress: Progress | None) -> None:
        """Fetch the newest candles of symbols up to the boundary, so many of each interval."""
        async with self.lock:
            for label, count in counts.items():
                self._store.ensure(label, max(count, self._backfill))

        async def put(block: CandleBlock) -> None:
            async with self.lock:
                self._store.put(block)

        await self._filler.fill(tuple(symbols), counts, self._boundary, put, progress)
        for label, count in counts.items():
            self._fetched[label] = max(count, self._fetched.get(label, 0))

    def _depths(self) -> dict[str, int]:
        """By interval, how many candles reach back as far as those held do."""
        found = {}
        for label in self.intervals:
            first = self.panel.first_open(label)
            held = 0 if first is None else (open_of(self._boundary, label) - first) // interval_ms(label)
            found[label] = max(held, self._fetched.get(label, 1), 1)
        return found

    # The rest

    async def _settle_doubts(self) -> None:
        """Measure the clock when candles seem to lie in the future, then judge them."""
        while True:
            await self._inbox.doubted.wait()
            if await self._streams.set_clock():
                self._inbox.settle()
            await asyncio.sleep(1.0)

    def _wrote(self, block: CandleBlock) -> None:
        self._repairer.came(block)
        if self._saver is not None:
            self._saver.changed(block)

    def _back(self) -> None:
        """A stream was opened again: what was missed is fetched at once, and all symbols are checked."""
        self._repairer.hurry()
        self._auditor.hurry(self.symbols)

    def _take_price(self, price: Price) -> None:
        if price.symbol in self._store.column or price.symbol in self.priced:
            self.prices[price.symbol] = price

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a part of the feed beside it until it is closed; what it raises surfaces from `closes`."""
        self._tasks.append(asyncio.create_task(work))

    def _raise_failures(self) -> None:
        """A background task never ends by itself: if one did, that is a fault of ours, and it surfaces
        here.
        """
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
