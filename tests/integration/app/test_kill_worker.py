"""A worker process, killed with -9 at random moments while it screens a running market: nothing missing or twice."""

from __future__ import annotations

import asyncio
import os
import random
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from app.processes import free_port
from market.binance import BinanceSource
from screener import compile_filter
from screener.engine.replay import Candles, replay
from screener.intervals import interval_ms
from store import strategies
from store.records import NewStrategy
from store.session import Database
from tests.fixtures.worker_process import WorkerProcess
from tests.integration.market.exchange_process import ExchangeProcess

SYMBOLS, SPEED, KILLS = 25, 20.0, 3
MINUTE = interval_ms("1m")
# The odd factor keeps tick prices off exact ties, where the last bit of a sum decides.
CODE = "match = close > 1.00037 * ta.sma(close, 5)"


def rows(dsn: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query, parameters).fetchall()


async def done_runs(dsn: str) -> int:
    found = await asyncio.to_thread(rows, dsn, "select count(*) from public.screen_runs where status = 'done'")
    return int(str(found[0][0]))


async def wait_for_runs(worker: WorkerProcess, dsn: str, count: int, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while await done_runs(dsn) < count:
        assert worker.process is not None
        assert worker.process.poll() is None, worker.log.read_text()[-3000:]
        assert time.monotonic() < end, worker.log.read_text()[-3000:]
        await asyncio.sleep(0.1)


def milliseconds(moment: object) -> int:
    assert isinstance(moment, datetime)
    return round(moment.timestamp() * 1000)


async def replayed(exchange: ExchangeProcess, until: int, names: list[str]) -> dict[int, tuple[set[str], set[str]]]:
    """By close: symbols on which the filter rises, and on which it is true."""
    source = BinanceSource(exchange.rest, exchange.streams)
    try:
        candles = {n: await source.candles(n, "1m", limit=400, end_ms=until - 1) for n in names}
    finally:
        await source.aclose()
    opens = np.array(sorted({c.open_time for found in candles.values() for c in found}), dtype=np.int64)
    index = {int(t): i for i, t in enumerate(opens)}
    closes = np.full((len(opens), len(names)), np.nan)
    for column, name in enumerate(names):
        for candle in candles[name]:
            closes[index[candle.open_time], column] = candle.close
    history = replay(compile_filter(CODE, "1m"), Candles(tuple(names), {"1m": (opens, {"close": closes})}), "1m")
    return {
        int(close): (
            {n for c, n in enumerate(names) if history.edges[row, c]},
            {n for c, n in enumerate(names) if history.match[row, c] == 1},
        )
        for row, close in enumerate(history.times)
    }


@pytest.mark.slow
async def test_kills_while_screening(
    database: Database, database_dsn: str, admin_dsn: str, new_user: UUID, tmp_path: Path
) -> None:
    moments = random.Random(11)
    exchange = ExchangeProcess(speed=SPEED, symbols=SYMBOLS)
    await exchange.start()
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith("SCREENER_")},
        "DATABASE_URL": database_dsn,
        "SCREENER_EXCHANGE_REST_URL": exchange.rest,
        "SCREENER_EXCHANGE_STREAM_URL": exchange.streams,
        "SCREENER_SPEED": str(SPEED),
        "SCREENER_SYMBOLS": str(SYMBOLS),
        "SCREENER_WORKER_URL": f"http://127.0.0.1:{free_port()}",
        "SCREENER_WORKER_NAME": f"worker-{uuid4().hex[:6]}",
    }
    worker = WorkerProcess(env, tmp_path / "worker.log")
    async with database.worker() as conn:
        strategy = await strategies.create(
            conn,
            NewStrategy(
                code=f"t-{uuid4().hex[:8]}",
                name="Kill",
                owner_id=new_user,
                base_interval="1m",
                filter_code=CODE,
                filter_hash="h",
                enabled=True,
            ),
        )
    killed_at: list[int] = []
    try:
        worker.start()
        await wait_for_runs(worker, admin_dsn, 2)
        for _ in range(KILLS):
            # At random within a market minute.
            await asyncio.sleep(moments.uniform(0, 60 / SPEED))
            worker.kill()
            found = rows(
                admin_dsn, "select candle_close, status from public.screen_runs order by candle_close desc limit 1"
            )
            killed_at.append(milliseconds(found[0][0]))
            running = await done_runs(admin_dsn)
            worker.start()
            await wait_for_runs(worker, admin_dsn, running + 2)
        assert worker.stop(within_s=15) == 0
        log = worker.log.read_text()
        assert "Traceback" not in log, log[-3000:]

        stored = rows(
            admin_dsn,
            "select candle_close, symbol from public.signals where strategy_id = %s order by candle_close",
            strategy.id,
        )
        by_close: dict[int, list[str]] = {}
        for close, symbol in stored:
            by_close.setdefault(milliseconds(close), []).append(str(symbol))
        assert all(len(names) == len(set(names)) for names in by_close.values())

        screened = rows(
            admin_dsn, "select candle_close, status from public.screen_runs where interval = '1m' order by candle_close"
        )
        assert {status for _, status in screened} == {"done"}, screened
        closes = [milliseconds(close) for close, _ in screened]
        names = sorted({str(r[0]) for r in rows(admin_dsn, "select distinct symbol from public.signals")})
        source = BinanceSource(exchange.rest, exchange.streams)
        names = [i.symbol for i in await source.symbols()][:SYMBOLS]
        await source.aclose()
        truth = await replayed(exchange, closes[-1], names)
        absent = {
            milliseconds(close): {name for group in dict(lists).values() for name in group}
            for close, lists in rows(
                admin_dsn, "select candle_close, absent from public.screen_runs where interval = '1m'"
            )
        }
        compared = 0
        for before, close in pairwise(closes):
            rising, true = truth[close]
            details = rows(
                admin_dsn,
                "select symbols_fresh, symbols_stale, symbols_missing, attempts, absent from public.screen_runs"
                " where interval = '1m' and candle_close = to_timestamp(%s)",
                close / 1000,
            )
            # Where minutes passed without a worker, an edge is relative to the last screened candle.
            expected = rising if close - before == MINUTE else true - truth[before][1]
            # A symbol whose candle was late on either minute is said to be absent, and is not screened.
            late = absent[close] | absent[before]
            kept = sorted(set(by_close.get(close, [])) - late)
            assert kept == sorted(set(expected) - late), (close, before, killed_at, details)
            compared += len(kept)
        assert compared > 0
        assert set(killed_at) <= set(closes)
    finally:
        worker.kill()
        await exchange.kill()
