"""Filling the history cache from the exchange: only what is missing, under its limits, and stopped at any time.

1. `run` makes a job of each symbol and interval and works on a few at a time.
2. A job asks the cache what is missing (`_missing`). Months that are over come from the public archive where that is
   quicker and it can be reached (`_from_archive`); the rest by REST (`_from_rest`), in requests of 1,000 candles that
   span small gaps together (`requests_for`).
3. What the exchange leaves out of an answer it does not have. Such spans are remembered with the candles and not asked
   for again, unless they are so recent that it may merely be late.
4. Pages are stored in batches, and whatever came in is stored when the run is stopped or fails.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from market.archive import Archive, BadArchive, month_of, worth
from market.backfill import SETTLED_MS
from market.cache import CacheError, HistoryCache, Span, gaps_of
from market.source import FIELDS, CandleBlock, MarketSource
from market.types import MarketError, RateLimited, SourceUnavailable
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

PER_REQUEST = 1000
AT_ONCE = 8
BATCH = 100_000
"""Candles fetched before they are stored: each storing writes the whole file anew."""
WRITERS = 4
"""Files written at the same time: one of two years of minutes takes half a gigabyte of memory meanwhile."""
PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Real seconds between attempts of a request that fails."""


@dataclass
class Job:
    """One symbol and interval. `pages` are what 1,000 candles or so at a time it needs, by what is known, and `covered`
    those that are done; `failure` says why it ended early.
    """

    symbol: str
    interval: str
    pages: int = 1
    covered: int = 0
    requests: int = 0
    fetched: int = 0
    from_archive: int = 0
    failure: str | None = None
    done: bool = False


@dataclass
class Progress:
    """How far a run is, over all jobs; times in real seconds."""

    jobs: list[Job] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Jobs that ended."""
        return sum(job.done for job in self.jobs)

    @property
    def fetched(self) -> int:
        """Candles received."""
        return sum(job.fetched for job in self.jobs)

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self.began

    @property
    def rest_s(self) -> float | None:
        """Seconds that the rest will take at the pace so far; None before there is a pace."""
        covered = sum(job.covered for job in self.jobs)
        left = sum(max(job.pages - job.covered, 0) for job in self.jobs if not job.done)
        return self.seconds / covered * left if covered else None


class Download:
    """A run that fetches candles with open times in [start, end), ms UTC.

    `now_ms` is the exchange's time; only candles closed by then are asked for, `per_request` at a time. With `again`
    the spans that the exchange did not have are asked for once more. `report` is called whenever a job got further or
    ended.
    """

    def __init__(
        self,
        source: MarketSource,
        cache: HistoryCache,
        *,
        now_ms: int,
        start: int,
        end: int | None = None,
        archive: Archive | None = None,
        per_request: int = PER_REQUEST,
        again: bool = False,
        report: Callable[[Job], None] = lambda job: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.progress = Progress()
        self.notes: list[str] = []
        """What went otherwise than planned, and was survived."""
        self._source = source
        self._cache = cache
        self._now_ms = now_ms
        self._start = start
        self._end = now_ms if end is None else min(end, now_ms)
        self._archive = archive
        self._per_request = per_request
        self._again = again
        self._report = report
        self._sleep = sleep
        self._writers = asyncio.Semaphore(WRITERS)

    async def run(self, symbols: Sequence[str], intervals: Sequence[str]) -> list[Job]:
        """Fetch what is missing; returns when each job is done or has failed, with its reason.

        Raises `CacheError` where candles cannot be stored, `RateLimited` where the exchange wants a long rest: nothing
        more can be done then. What was fetched is stored, also on cancellation.
        """
        jobs = [Job(symbol, interval) for symbol in symbols for interval in intervals]
        for job in jobs:
            job.pages = max(1, self._pages((self._start, self._end), job.interval))
        self.progress = Progress(jobs)
        waiting = iter(jobs)

        async def work() -> None:
            for job in waiting:
                await self._do(job)

        tasks = [asyncio.create_task(work()) for _ in range(min(AT_ONCE, len(jobs)))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return jobs

    async def _do(self, job: Job) -> None:
        batch = _Batch(self._cache, job, self._writers)
        try:
            missing = await self._missing(job)
            if self._archive is not None:
                await self._from_archive(job, batch, missing)
                missing = await self._missing(job)
            groups = requests_for(missing, job.interval, self._per_request)
            job.pages = job.covered + sum(self._pages(group, job.interval) for group in groups)
            for group in groups:
                await self._from_rest(job, batch, group)
        except RateLimited:
            raise
        except MarketError as error:
            job.failure = str(error)
        finally:
            await _finish(batch.store())
        job.done = True
        self._report(job)

    async def _missing(self, job: Job) -> list[Span]:
        end = min(self._end, open_of(self._now_ms, job.interval))
        if self._again:
            held = await asyncio.to_thread(self._cache.held, job.symbol, job.interval)
            return gaps_of(held.times, job.interval, self._start, end)
        return await asyncio.to_thread(self._cache.missing, job.symbol, job.interval, self._start, end)

    def _pages(self, span: Span, interval: str) -> int:
        return -(-(span[1] - span[0]) // interval_ms(interval) // self._per_request)

    # By REST

    async def _from_rest(self, job: Job, batch: _Batch, span: Span) -> None:
        """Ask for a span page by page."""
        step = interval_ms(job.interval)
        at, end = span
        while at < end:
            block = await self._ask(job, self._per_request, at, end)
            after = int(block.open_times[-1]) + step if len(block) == self._per_request else end
            if after <= at:
                raise SourceUnavailable(f"klines of {job.symbol} {job.interval} begin before the time asked for")
            # Only what had time to come is known not to exist.
            settled = open_of(self._now_ms - SETTLED_MS, job.interval)
            absent = gaps_of(block.open_times, job.interval, at, max(at, min(after, settled)))
            # One page done; a history that begins late needs fewer than its span.
            job.pages += 1 + self._pages((after, end), job.interval) - self._pages((at, end), job.interval)
            job.covered += 1
            at = after
            job.fetched += len(block)
            await batch.add(block, absent)
            self._report(job)

    async def _ask(self, job: Job, limit: int, at: int, end: int) -> CandleBlock:
        """One request, tried again where the exchange cannot be reached."""
        for pause_s in (*PAUSES_S, None):
            job.requests += 1
            try:
                return await self._source.candle_block(job.symbol, job.interval, limit, at, end - 1)
            except RateLimited:
                raise
            except SourceUnavailable as error:
                if pause_s is None:
                    raise
                log.info("%s %s: %s; another try in %.0f s", job.symbol, job.interval, error, pause_s)
                await self._sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    # From the archive

    async def _from_archive(self, job: Job, batch: _Batch, missing: Sequence[Span]) -> None:
        """Fetch the months of which much is missing; what the archive lacks of them is left to REST."""
        months = self._months(job.interval, missing)
        if not months:
            return
        # One candle tells where the history begins: months before are in no archive.
        first = await self._ask(job, 1, missing[0][0], self._end)
        begin = int(first.open_times[0]) if len(first) else self._end
        if len(first):
            await batch.add(first, [(missing[0][0], begin)])
        for name, start, end in months:
            if end <= begin or (block := await self._month(job, name)) is None:
                continue
            wanted = (block.open_times >= start) & (block.open_times < end)
            block = CandleBlock(job.symbol, job.interval, block.open_times[wanted], block.values[wanted])
            job.covered += self._pages((start, end), job.interval)
            job.fetched += len(block)
            job.from_archive += len(block)
            await batch.add(block, [])
            self._report(job)
        await batch.store()

    def _months(self, interval: str, missing: Sequence[Span]) -> list[Month]:
        """Months that are over and worth fetching, each with the span that is missing of it."""
        found: dict[str, tuple[int, int, int]] = {}
        for start, end in missing:
            at = start
            while at < end:
                name, _, after = month_of(at)
                stop = min(end, after)
                if after <= self._now_ms:
                    first, _, total = found.get(name, (at, 0, 0))
                    found[name] = (first, stop, total + stop - at)
                at = stop
        return [
            (name, first, stop)
            for name, (first, stop, total) in found.items()
            if worth(interval, total, self._per_request)
        ]

    async def _month(self, job: Job, name: str) -> CandleBlock | None:
        if self._archive is None:
            return None
        try:
            return await self._archive.fetch(job.symbol, job.interval, name)
        except BadArchive as error:
            self.notes.append(f"{error}; asked the exchange instead")
        except SourceUnavailable as error:
            if self._archive is not None:
                self.notes.append(f"the archive at {error}; asked the exchange for everything")
            self._archive = None
        return None


Month: TypeAlias = tuple[str, int, int]
"""A month's name in the archive, and what is wanted of it: open times from, to before (ms UTC)."""


class _Batch:
    """Candles of one job that are not stored yet."""

    def __init__(self, cache: HistoryCache, job: Job, writers: asyncio.Semaphore) -> None:
        self._cache = cache
        self._job = job
        self._writers = writers
        self._blocks: list[CandleBlock] = []
        self._absent: list[Span] = []

    async def add(self, block: CandleBlock, absent: list[Span]) -> None:
        self._blocks.append(block)
        self._absent += absent
        if sum(map(len, self._blocks)) >= BATCH:
            await self.store()

    async def store(self) -> None:
        """Write what has come in. Raises CacheError."""
        if not self._blocks and not self._absent:
            return
        blocks = self._blocks
        times = np.concatenate([np.empty(0, np.int64), *(block.open_times for block in blocks)])
        values = np.concatenate([np.empty((0, len(FIELDS))), *(block.values for block in blocks)])
        block = CandleBlock(self._job.symbol, self._job.interval, times, values)
        absent = self._absent
        self._blocks, self._absent = [], []
        async with self._writers:
            await asyncio.to_thread(self._cache.write, block, absent)


async def _finish(work: Awaitable[None]) -> None:
    """Run to the end, also when cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(CacheError):
            await task
        raise


def requests_for(missing: Sequence[Span], interval: str, per_request: int = PER_REQUEST) -> list[Span]:
    """Spans to ask for: small gaps that lie within one request's reach are asked for together."""
    reach = per_request * interval_ms(interval)
    groups: list[Span] = []
    for start, end in missing:
        if groups and end - groups[-1][0] <= reach:
            groups[-1] = (groups[-1][0], end)
        else:
            groups.append((start, end))
    return groups
