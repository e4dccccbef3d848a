"""Filling the cache: only what is missing, what the exchange has not, failures, stopping, and months of the archive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from market.archive import Archive
from market.cache import CacheError, HistoryCache
from market.download import Download, Job, requests_for
from market.source import FIELDS, CandleBlock
from market.types import RateLimited, SourceUnavailable, UnknownSymbol
from screener.intervals import interval_ms, open_of
from tests.unit.market.archive_server import ArchiveServer, csv_of, zip_of
from tests.unit.market.candle_blocks import end, numbers
from tests.unit.market.market_fake import MINUTE, T0, FakeSource, ManualClock

NOW = T0 + 20_000 * MINUTE


def candles(symbol: str, interval: str, first: int, count: int) -> CandleBlock:
    """Candles whose values tell their open time."""
    times = first + interval_ms(interval) * np.arange(count, dtype=np.int64)
    minutes = (1 + times // MINUTE % 100_000).astype(np.float64)
    return CandleBlock(symbol, interval, times, minutes[:, None] + np.zeros(len(FIELDS)))


class History(FakeSource):
    """An exchange with a listing day and holes; every request is noted as (first number, candles answered)."""

    def __init__(self, listed: int = T0 - 10**9, holes: tuple[tuple[int, int], ...] = ()) -> None:
        super().__init__(ManualClock(NOW), ["AUSDT", "BUSDT"])
        self.listed = listed
        self.holes = holes
        self.asked: list[tuple[int, int]] = []
        self.failures: list[Exception] = []
        self.before: Callable[[], Awaitable[None]] | None = None

    async def candle_block(
        self, symbol: str, interval: str, limit: int = 1000, start_ms: int | None = None, end_ms: int | None = None
    ) -> CandleBlock:
        assert start_ms is not None and end_ms is not None
        if self.before is not None:
            await self.before()
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        step = interval_ms(interval)
        first = max(start_ms, open_of(self.listed + step - 1, interval))
        last = min(end_ms, open_of(NOW, interval) - 1)
        block = candles(symbol, interval, first, max(0, -(-(last + 1 - first) // step)))
        there = np.ones(len(block), np.bool_)
        for a, b in self.holes:
            there &= (block.open_times < a) | (block.open_times >= b)
        block = CandleBlock(symbol, interval, block.open_times[there][:limit], block.values[there][:limit])
        self.asked.append(((start_ms - T0) // step, len(block)))
        return block


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


def run_of(source: FakeSource, cache: HistoryCache, **options: Any) -> Download:
    settings: dict[str, Any] = {"now_ms": NOW, "start": T0, "sleep": no_pause, **options}
    return Download(source, cache, **settings)


async def test_everything_once_and_then_only_what_is_new(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = History()
    jobs = await run_of(source, cache, end=end(4500)).run(["AUSDT"], ["1m"])
    assert source.asked == [(0, 1000), (1000, 1000), (2000, 1000), (3000, 1000), (4000, 500)]
    assert [(job.fetched, job.requests, job.failure, job.done) for job in jobs] == [(4500, 5, None, True)]
    held = cache.held("AUSDT", "1m")
    wanted = candles("AUSDT", "1m", T0, 4500)
    assert (held.times == wanted.open_times).all() and (held.values == wanted.values).all()
    source.asked.clear()
    await run_of(source, cache, end=end(4500)).run(["AUSDT"], ["1m"])
    assert source.asked == []
    await run_of(source, cache, end=end(4600)).run(["AUSDT"], ["1m"])
    assert source.asked == [(4500, 100)]


async def test_only_closed_candles_are_asked_for(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = History()
    await run_of(source, cache, start=NOW - 90 * MINUTE, end=NOW + 10**9).run(["AUSDT"], ["1m", "1h"])
    assert int(cache.held("AUSDT", "1m").times[-1]) == NOW - MINUTE
    assert int(cache.held("AUSDT", "1h").times[-1]) == open_of(NOW, "1h") - interval_ms("1h")


async def test_gaps_are_filled_and_small_ones_asked_for_together(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = History()
    for first, count in ((0, 100), (150, 100), (300, 100), (3000, 10)):
        cache.write(candles("AUSDT", "1m", end(first), count))
    await run_of(source, cache, end=end(3010)).run(["AUSDT"], ["1m"])
    # Two holes in one request; the long one in pages of its own.
    assert source.asked == [(100, 200), (400, 1000), (1400, 1000), (2400, 600)]
    assert cache.missing("AUSDT", "1m", end(0), end(3010)) == []
    spans = [(end(0), end(5)), (end(500), end(900)), (end(2000), end(2001)), (end(2990), end(3001))]
    assert requests_for(spans, "1m") == [(end(0), end(900)), (end(2000), end(2001)), (end(2990), end(3001))]


async def test_what_the_exchange_has_not_is_remembered(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = History(listed=end(1000), holes=((end(1500), end(1520)),))
    jobs = await run_of(source, cache, end=end(3000)).run(["AUSDT"], ["1m"])
    # One request leaps over the time before the listing.
    assert source.asked == [(0, 1000), (2020, 980)]
    assert jobs[0].requests == 2 and jobs[0].pages == jobs[0].covered == 2
    assert cache.held("AUSDT", "1m").absent == ((end(0), end(1000)), (end(1500), end(1520)))
    source.asked.clear()
    await run_of(source, cache, end=end(3000)).run(["AUSDT"], ["1m"])
    assert source.asked == []
    # Unless one insists; and then it may have come.
    source.holes = ()
    await run_of(source, cache, end=end(3000), again=True).run(["AUSDT"], ["1m"])
    assert source.asked == [(0, 0), (1500, 20)]
    assert cache.held("AUSDT", "1m").absent == ((end(0), end(1000)),)


async def test_what_is_late_is_not_taken_for_missing(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    newest = (NOW - T0) // MINUTE
    source = History(holes=((end(newest - 30), end(newest - 20)), (end(newest - 100), end(newest - 90))))
    await run_of(source, cache, start=end(newest - 200)).run(["AUSDT"], ["1m"])
    assert cache.held("AUSDT", "1m").absent == ((end(newest - 100), end(newest - 90)),)
    assert cache.missing("AUSDT", "1m", end(newest - 200), NOW) == [(end(newest - 30), end(newest - 20))]


async def test_failures_are_tried_again_and_one_symbol_does_not_stop_the_others(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = History()
    source.failures = [SourceUnavailable("away")] * 3
    jobs = await run_of(source, cache, end=end(100)).run(["AUSDT"], ["1m"])
    assert jobs[0].failure is None and jobs[0].requests == 4 and len(cache.held("AUSDT", "1m").times) == 100
    source.failures = [UnknownSymbol("no such symbol")]
    jobs = await run_of(source, cache, start=end(100), end=end(200)).run(["AUSDT", "BUSDT"], ["1m"])
    assert sorted((job.failure or "", job.fetched) for job in jobs) == [("", 100), ("no such symbol", 0)]
    source.failures = [SourceUnavailable("away")] * 6
    jobs = await run_of(source, cache, start=end(200), end=end(300)).run(["AUSDT"], ["1m"])
    assert jobs[0].failure == "away" and jobs[0].done


async def test_a_ban_ends_the_run_and_keeps_what_came(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = History()
    calls = 0

    async def third() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RateLimited("banned", 7200)

    source.before = third
    with pytest.raises(RateLimited):
        await run_of(source, cache, end=end(9000)).run(["AUSDT"], ["1m"])
    assert numbers(cache.held("AUSDT", "1m").times) == list(range(2000))


async def test_stopped_it_keeps_what_came_and_goes_on_from_there(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = History()
    reached = asyncio.Event()

    async def hold() -> None:
        if len(source.asked) >= 4:
            reached.set()
            await asyncio.sleep(3600)

    source.before = hold
    task = asyncio.create_task(run_of(source, cache, end=end(9000)).run(["AUSDT", "BUSDT"], ["1m"]))
    await asyncio.wait_for(reached.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stored = sum(len(cache.held(name, "1m").times) for name in ("AUSDT", "BUSDT"))
    assert stored == sum(rows for _, rows in source.asked) >= 4000
    source.before = None
    await run_of(source, cache, end=end(9000)).run(["AUSDT", "BUSDT"], ["1m"])
    assert sum(rows for _, rows in source.asked) == 18_000
    assert cache.missing("AUSDT", "1m", T0, end(9000)) == cache.missing("BUSDT", "1m", T0, end(9000)) == []


async def test_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file where the folder should be")
    cache = HistoryCache(tmp_path / "history")
    with pytest.raises(CacheError, match="cannot be written"):
        await run_of(History(), cache, end=end(100)).run(["AUSDT"], ["1m"])


async def test_progress_counts_down(tmp_path: Path) -> None:
    seen: list[tuple[int, int, int, bool]] = []

    def report(job: Job) -> None:
        seen.append((job.covered, job.pages, run.progress.fetched, run.progress.rest_s is None))

    run = run_of(History(listed=end(2500)), HistoryCache(tmp_path), end=end(4000), report=report)
    assert run.progress.rest_s is None
    await run.run(["AUSDT"], ["1m"])
    assert seen == [(1, 2, 1000, False), (2, 2, 1500, False), (2, 2, 1500, False)]
    assert run.progress.rest_s == 0.0 and run.progress.done == 1


# With the archive: February and March 2024 are over, April is under way.

FEBRUARY = int(datetime(2024, 2, 1, tzinfo=UTC).timestamp() * 1000)
MARCH = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp() * 1000)
APRIL = int(datetime(2024, 4, 1, tzinfo=UTC).timestamp() * 1000)
AFTER = APRIL + 5 * 24 * 60 * MINUTE


def month(first: int, after: int, interval: str = "15m") -> CandleBlock:
    return candles("AUSDT", interval, first, (after - first) // interval_ms(interval))


class Later(History):
    """The same exchange in April 2024."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.clock.now = AFTER

    async def candle_block(
        self, symbol: str, interval: str, limit: int = 1000, start_ms: int | None = None, end_ms: int | None = None
    ) -> CandleBlock:
        assert start_ms is not None and end_ms is not None
        step = interval_ms(interval)
        first = max(start_ms, self.listed)
        count = min(limit, max(0, -(-(end_ms + 1 - first) // step)))
        self.asked.append((start_ms, count))
        return candles(symbol, interval, first, count)


async def test_whole_months_come_from_the_archive_and_the_rest_by_rest(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = Later()
    async with ArchiveServer() as server:
        full = month(FEBRUARY, MARCH)
        gap = np.ones(len(full), np.bool_)
        gap[100:110] = False
        holed = CandleBlock("AUSDT", "15m", full.open_times[gap], full.values[gap])
        server.put("spot/monthly", "AUSDT", "15m", "2024-02", zip_of("x.zip", csv_of(holed)))
        server.put("spot/monthly", "AUSDT", "15m", "2024-03", zip_of("x.zip", csv_of(month(MARCH, APRIL))))
        archive = Archive("spot", server.address)
        run = run_of(source, cache, now_ms=AFTER, start=FEBRUARY, archive=archive)
        jobs = await run.run(["AUSDT"], ["15m", "1h"])
        await archive.aclose()
    assert jobs[0].from_archive == len(full) - 10 + (APRIL - MARCH) // interval_ms("15m")
    # The first candle's time, the hole that the archive has, and April; hours come by REST alone.
    quarter = interval_ms("15m")
    assert sorted(set(source.asked)) == sorted(
        {
            (FEBRUARY, 1),
            (FEBRUARY + 100 * quarter, 10),
            (APRIL, (AFTER - APRIL) // quarter),
            (FEBRUARY, 1000),
            (FEBRUARY + 1000 * interval_ms("1h"), (AFTER - FEBRUARY) // interval_ms("1h") - 1000),
        }
    )
    wanted = month(FEBRUARY, AFTER)
    held = cache.held("AUSDT", "15m")
    assert (held.times == wanted.open_times).all() and (held.values == wanted.values).all()
    assert cache.missing("AUSDT", "1h", FEBRUARY, AFTER) == [] and run.notes == []


async def test_months_before_the_listing_are_not_asked_for(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = Later(listed=MARCH + 10 * interval_ms("1d"))
    async with ArchiveServer() as server:
        late = month(source.listed, APRIL)
        server.put("spot/monthly", "AUSDT", "15m", "2024-03", zip_of("x.zip", csv_of(late)))
        archive = Archive("spot", server.address)
        await run_of(source, cache, now_ms=AFTER, start=0, archive=archive).run(["AUSDT"], ["15m"])
        await archive.aclose()
        assert [path for path in server.asked if "2024-03" not in path] == []
    assert source.asked == [(0, 1), (APRIL, 480)]
    held = cache.held("AUSDT", "15m")
    assert held.absent == ((0, source.listed),) and int(held.times[0]) == source.listed


async def test_a_bad_file_of_the_archive_costs_requests_only(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    source = Later()
    async with ArchiveServer() as server:
        server.put("spot/monthly", "AUSDT", "15m", "2024-02", zip_of("x.zip", "nonsense,1\n"), "0" * 64)
        server.put("spot/monthly", "AUSDT", "15m", "2024-03", zip_of("x.zip", csv_of(month(MARCH, APRIL))))
        archive = Archive("spot", server.address)
        run = run_of(source, cache, now_ms=AFTER, start=FEBRUARY, archive=archive)
        jobs = await run.run(["AUSDT"], ["15m"])
        await archive.aclose()
    assert jobs[0].failure is None and jobs[0].from_archive == (APRIL - MARCH) // interval_ms("15m")
    assert cache.missing("AUSDT", "15m", FEBRUARY, AFTER) == []
    assert len(run.notes) == 1 and "checksum" in run.notes[0] and "asked the exchange instead" in run.notes[0]


async def test_an_archive_that_is_away_is_asked_once(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    async with ArchiveServer() as server:
        server.status = 500
        archive = Archive("spot", server.address)
        run = run_of(Later(), cache, now_ms=AFTER, start=FEBRUARY, archive=archive)
        await run.run(["AUSDT"], ["5m", "15m"])
        await archive.aclose()
        assert len(server.asked) <= 2
    assert cache.missing("AUSDT", "15m", FEBRUARY, AFTER) == cache.missing("AUSDT", "5m", FEBRUARY, AFTER) == []
    assert len(run.notes) == 1 and "answered 500" in run.notes[0]
