"""The feed and python-binance's own client against the simulated exchange."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pytest

from market.binance import BinanceSource
from market.clock import ScaledClock
from market.feed import Feed
from market.types import Coverage, SourceUnavailable, UnknownSymbol
from screener.intervals import interval_ms
from tests.integration.market.exchange_process import ExchangeProcess

MINUTE = 60_000
SPEED = 30.0


@pytest.fixture
async def exchange() -> AsyncIterator[ExchangeProcess]:
    exchange = ExchangeProcess(SPEED, 12)
    await exchange.start()
    yield exchange
    await exchange.kill()


@pytest.fixture
async def source(exchange: ExchangeProcess) -> AsyncIterator[BinanceSource]:
    source = BinanceSource(exchange.rest, exchange.streams)
    yield source
    await source.aclose()


async def until(closes: AsyncIterator[Coverage], count: int) -> list[Coverage]:
    return [await asyncio.wait_for(anext(closes), 30) for _ in range(count)]


async def test_rest_gives_closed_candles_in_pages(source: BinanceSource) -> None:
    infos = await source.symbols()
    assert len(infos) == 12 and all(info.trading and info.tick_size > 0 for info in infos)
    now = await source.server_time_ms()
    held = await source.candles("BTCUSDT", "1m", 2300)
    assert len(held) == 2300
    assert {b.open_time - a.open_time for a, b in pairwise(held)} == {MINUTE}
    assert now - 2 * MINUTE < held[-1].close_time <= await source.server_time_ms()
    first = await source.candles("BTCUSDT", "1m", 1200, start_ms=held[100].open_time)
    assert first == held[100:1300]
    some = await source.candles("BTCUSDT", "1m", 50, held[5].open_time, held[9].open_time)
    assert some == held[5:10]
    with pytest.raises(UnknownSymbol, match="NOPEUSDT"):
        await source.candles("NOPEUSDT", "1m")


async def test_minutes_arrive_and_higher_candles_equal_the_exchanges(source: BinanceSource) -> None:
    names = [info.symbol for info in await source.symbols()]
    clock = ScaledClock(0, SPEED)
    feed = Feed(source, clock, names, ["3m", "1h"], capacity=1500, backfill=400)
    began = time.monotonic()
    await feed.start()
    assert time.monotonic() - began < 20
    closes = feed.closes()
    seen = await until(closes, 5)
    assert [c.close_time - seen[0].close_time for c in seen] == [i * MINUTE for i in range(5)]
    for coverage in seen[2:]:
        assert coverage.fresh == tuple(names)
        assert coverage.seconds_after_close < 2 * SPEED
    assert set(feed.prices) == set(names)
    for interval in ("1m", "3m", "1h"):
        for name in names[:4]:
            held = feed.candles(name, interval, 20)
            wire = await source.candles(name, interval, 20, held[0].open_time, held[-1].open_time)
            assert [c.open_time for c in held] == [c.open_time for c in wire]
            assert held[-1].close_time > feed.boundary - interval_ms(interval)
            for a, b in zip(held, wire, strict=True):
                assert (a.open, a.high, a.low, a.close, a.trades) == (
                    b.open,
                    b.high,
                    b.low,
                    b.close,
                    b.trades,
                )
                assert math.isclose(a.volume, b.volume, rel_tol=1e-9)
                assert math.isclose(a.taker_buy_base, b.taker_buy_base, rel_tol=1e-9)
    await feed.aclose()


async def test_the_exchange_is_killed_and_comes_back(exchange: ExchangeProcess, source: BinanceSource) -> None:
    names = [info.symbol for info in await source.symbols()]
    clock = ScaledClock(0, SPEED)
    feed = Feed(source, clock, names, ["3m"], capacity=400, backfill=60)
    rebuilt: set[str] = set()

    async def rebuild(symbols: frozenset[str]) -> None:
        rebuilt.update(symbols)

    feed.on_rebuild = rebuild
    await feed.start()
    closes = feed.closes()
    await until(closes, 1)
    await exchange.kill()
    dark = await until(closes, 3)
    assert not dark[-1].fresh and set(dark[-1].stale) == set(names)
    assert feed.failure is not None
    # It comes back with a clock that is half a minute behind, as one does that starts at real time again.
    await exchange.start(clock.now_ms() - 30_000)
    for _ in range(6):
        (last,) = await until(closes, 1)
        if len(last.fresh) == len(names) and not feed.holes:
            break
    assert last.fresh == tuple(names)
    assert feed.holes == 0 and feed.failure is None and rebuilt == set(names)
    for _ in range(6):
        # A symbol may be late for the newest candle; it is not for all of them.
        await until(closes, 1)
        windows = {interval: feed.panel.window(interval, "close", 15) for interval in ("1m", "3m")}
        if not any(np.isnan(values).any() for _, values in windows.values()):
            break
    for interval, (times, values) in windows.items():
        assert len(times) == 15 and not np.isnan(values).any(), interval
    name = names[-1]
    held = feed.candles(name, "1m", 10)
    wire = await source.candles(name, "1m", 10, held[0].open_time, held[-1].open_time)
    assert [c.close for c in held] == [c.close for c in wire]
    await feed.aclose()


async def test_nobody_listens() -> None:
    source = BinanceSource("http://127.0.0.1:9", "ws://127.0.0.1:9")
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9 cannot be reached"):
        await source.symbols()
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        await anext(source.stream_candles(["BTCUSDT"], "1m"))
    await source.aclose()
