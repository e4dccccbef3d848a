"""Back-fill of 400 symbols × 4 intervals × 1,000 candles from the simulated exchange, with its limits and without.

1. `market.backfill.download`: into the cache, file by file, each flushed to the disk, as `screener data download` does;
   `market.backfill.feed`: into the feed's store, as at a start. Without limits, so that the time is ours and the
   exchange's. The peer is the time that the limit of 6,000 a minute sets for that weight at an even pace.
2. `market.backfill.limited`: the same download from an exchange that allows 6,000 a minute, as Binance does. It must
   not be refused once, and take no longer than without limits: the weight fits into one minute.
3. `market.backfill.bound`: from one that allows 2,000, begun in the middle of a minute, so that it must wait for the
   next one. The peer is what the limit sets: the rest of the first minute, and then as long as the requests that were
   left take without limits.
4. `market.backfill.request`: milliseconds for each request of 1,000 candles. The peers are python-binance and ccxt, one
   request after the other, on a sample.

The exchange runs as a process of its own; its processor time is told beside ours.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.rows import Detail, Row
from market.backfill import Filler
from market.binance import BinanceSource
from market.binance.limits import NEAR_LIMIT
from market.cache import HistoryCache
from market.download import Download
from market.source import CandleBlock
from market.store import MarketStore
from screener.intervals import interval_ms, open_of

SYMBOLS = 400
INTERVALS = ("1m", "5m", "15m", "1h")
CANDLES = 1000
WEIGHT = 2
LIMIT = 6000
LOW_LIMIT = 2000
SAMPLE = 60
BEGIN_AT_S = 30.0
"""Second of the minute at which the run that must wait begins."""
Work = Callable[[BinanceSource, list[str]], Awaitable[int]]
"""Fetches for these symbols; the number of requests."""


@dataclass(frozen=True)
class Measured:
    """One back-fill: real seconds, processor seconds of this process and the exchange, requests, and what the exchange
    said where it refused one.
    """

    seconds: float
    ours: float
    exchange: float
    requests: int
    refusal: str

    def details(self) -> dict[str, Detail]:
        """For a row."""
        return {
            "requests": self.requests,
            "weight": self.requests * WEIGHT,
            "candles_per_s": self.requests * CANDLES / self.seconds,
            "processor_s": self.ours,
            "exchange_processor_s": self.exchange,
            "waiting_share": max(0.0, 1.0 - self.ours / self.seconds),
        }


def run(wanted: str = "market.backfill") -> Iterator[Row]:
    """The rows, those first that take least."""

    def asked(name: str) -> bool:
        return f"market.backfill.{name}.".startswith(f"{wanted}.")

    even_s = SYMBOLS * len(INTERVALS) * WEIGHT / LIMIT * 60.0
    free: Measured | None = None
    if any(map(asked, ("download", "bound", "request"))):
        free = _measure(_download, 0)
    if free is not None and asked("download"):
        yield Row("market.backfill.download", free.seconds, "s", even_s, free.details(), _wrong(free, even_s))
    if asked("feed"):
        feed = _measure(_feed, 0)
        yield Row("market.backfill.feed", feed.seconds, "s", even_s, feed.details(), _wrong(feed, even_s))
    if asked("limited"):
        limited = _measure(_download, LIMIT, begin_at_s=1.0)
        yield Row("market.backfill.limited", limited.seconds, "s", even_s, limited.details(), _wrong(limited, even_s))
    if free is not None and asked("bound"):
        yield _bound(free)
    if free is not None and asked("request"):
        yield _requests(free)


def _wrong(found: Measured, longest_s: float) -> str | None:
    """What is wrong with a run; None where no request was refused and the limit's own time was kept."""
    if found.refusal:
        return f"the exchange refused a request: {found.refusal}"
    return None if found.seconds < longest_s else f"slower than the exchange's limit, {longest_s:.0f} s"


def _bound(free: Measured) -> Row:
    found = _measure(_download, LOW_LIMIT, begin_at_s=BEGIN_AT_S)
    weight = SYMBOLS * len(INTERVALS) * WEIGHT
    # The client keeps a tenth of the limit for others on the same address.
    left = max(0.0, weight - LOW_LIMIT * NEAR_LIMIT) / weight
    needed = 60.0 - BEGIN_AT_S + left * free.seconds
    details = {**found.details(), "limit_per_minute": LOW_LIMIT}
    return Row("market.backfill.bound", found.seconds, "s", needed, details, _wrong(found, 1.25 * needed))


def _requests(free: Measured) -> Row:
    with _exchange(0) as (address, _):
        peers = {"python_binance_ms": asyncio.run(_python_binance(address)), "ccxt_ms": asyncio.run(_ccxt(address))}
        one = asyncio.run(_one_after_the_other(address))
    value = free.seconds / free.requests * 1000
    return Row("market.backfill.request", value, "ms", min(peers.values()), {**peers, "ours_in_turn_ms": one})


def _measure(work: Work, limit: int, begin_at_s: float | None = None) -> Measured:
    with _exchange(limit) as (address, process):
        return asyncio.run(_measured(work, address, process, begin_at_s))


async def _measured(work: Work, address: str, process: psutil.Process, begin_at_s: float | None) -> Measured:
    source = BinanceSource(address)
    try:
        names = [info.symbol for info in await source.symbols()]
        await source.candle_block(names[0], INTERVALS[0], CANDLES)
        if begin_at_s is not None:
            # Real minutes: the exchange counts them, whatever its market's clock says.
            await asyncio.sleep((begin_at_s - time.time() % 60.0) % 60.0)
        before, exchange = _processor(), process.cpu_times()
        begin = time.perf_counter()
        requests = await work(source, names)
        seconds = time.perf_counter() - begin
        after = process.cpu_times()
        spent = after.user + after.system - exchange.user - exchange.system
        return Measured(seconds, _processor() - before, spent, requests, source.rest.refusal)
    finally:
        await source.aclose()


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _exchange(limit: int) -> Iterator[tuple[str, psutil.Process]]:
    """The simulated exchange with its own clock at real speed: its address and its process."""
    command = [sys.executable, "-m", "simexchange", "--port", "0", "--symbols", str(SYMBOLS)]
    command += ["--weight-limit", str(limit), "--speed", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            yield json.loads(line)["rest"], psutil.Process(process.pid)
        finally:
            process.terminate()


async def _download(source: BinanceSource, names: list[str]) -> int:
    """Into files of a temporary folder."""
    now = await source.server_time_ms()
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        cache = HistoryCache(Path(folder))
        for interval in INTERVALS:
            start = open_of(now, interval) - CANDLES * interval_ms(interval)
            jobs = await Download(source, cache, now_ms=now, start=start).run(names, [interval])
            total += sum(job.requests for job in jobs)
            if failed := [job.failure for job in jobs if job.failure]:
                raise RuntimeError(f"{len(failed)} files failed: {failed[0]}")
        held = sum(len(cache.held(name, interval).times) for name in names[:3] for interval in INTERVALS)
        if held != 3 * len(INTERVALS) * CANDLES:
            raise RuntimeError(f"{held} candles where {3 * len(INTERVALS) * CANDLES} should be")
    return total


async def _feed(source: BinanceSource, names: list[str]) -> int:
    """Into the feed's store, without a cache."""
    store = MarketStore(names, CANDLES)
    for interval in INTERVALS:
        store.ensure(interval, CANDLES)

    async def put(block: CandleBlock) -> None:
        store.put(block)

    filler = Filler(source, lambda block: block)
    until = open_of(await source.server_time_ms(), "1m")
    await filler.fill(names, dict.fromkeys(INTERVALS, CANDLES), until, put)
    return filler.requests


# Peers: milliseconds for each request, one after the other


async def _one_after_the_other(address: str) -> float:
    source = BinanceSource(address)
    try:
        names = [info.symbol for info in await source.symbols()][:SAMPLE]
        now = await source.server_time_ms()
        return await _timed(names, lambda name: source.candle_block(name, "1m", CANDLES, end_ms=now - 120_000))
    finally:
        await source.aclose()


async def _python_binance(address: str) -> float:
    from binance.async_client import AsyncClient

    class Client(AsyncClient):  # type: ignore[misc] # the package has no types
        API_URL = f"{address}/api"

    client = await Client.create()
    try:
        names = [row["symbol"] for row in (await client.get_exchange_info())["symbols"]][:SAMPLE]
        return await _timed(names, lambda name: client.get_klines(symbol=name, interval="1m", limit=CANDLES))
    finally:
        await client.close_connection()


async def _ccxt(address: str) -> float:
    import ccxt.async_support as ccxt

    options = {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False}
    client = ccxt.binance({"enableRateLimit": False, "options": options})
    client.urls["api"]["public"] = client.urls["api"]["v1"] = f"{address}/api/v3"
    try:
        names = [name for name, market in (await client.load_markets()).items() if market["spot"]][:SAMPLE]
        return await _timed(names, lambda name: client.fetch_ohlcv(name, "1m", limit=CANDLES))
    finally:
        await client.close()


async def _timed(names: list[str], ask: Callable[[str], Awaitable[object]]) -> float:
    for name in names[:3]:
        await ask(name)
    begin = time.perf_counter()
    for name in names:
        await ask(name)
    return (time.perf_counter() - begin) / len(names) * 1000


if __name__ == "__main__":
    for row in run(sys.argv[1] if len(sys.argv) > 1 else "market.backfill"):
        print(row.line(), flush=True)
