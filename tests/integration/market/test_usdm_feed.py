"""The feed over the perpetuals of the simulated exchange: other paths, other weights, the same panel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from market.binance import BinanceSource
from market.clock import ScaledClock
from market.feed import Feed
from market.universe import UniverseRules, read_universe
from tests.integration.market.exchange_process import ExchangeProcess

SPEED = 30.0


@pytest.fixture
async def exchange() -> AsyncIterator[ExchangeProcess]:
    exchange = ExchangeProcess(SPEED, 6)
    await exchange.start()
    yield exchange
    await exchange.kill()


@pytest.fixture
async def source(exchange: ExchangeProcess) -> AsyncIterator[BinanceSource]:
    source = BinanceSource(exchange.rest, exchange.streams, venue="usdm")
    yield source
    await source.aclose()


async def test_minutes_of_the_perpetuals(source: BinanceSource) -> None:
    universe = await read_universe(source, UniverseRules(min_quote_volume=1.0), await source.server_time_ms())
    assert len(universe.symbols) == 6 and not universe.rejected
    for info in universe.infos.values():
        assert (info.contract, info.quote_asset) == ("PERPETUAL", "USDT")
        assert info.listed_ms is not None and (info.quote_volume_24h or 0) > 0
    feed = Feed(source, ScaledClock(0, SPEED), universe.symbols, ["5m"], capacity=1700, backfill=1600)
    await feed.start()
    closes = feed.closes()
    async with asyncio.timeout(40):
        seen = [await anext(closes) for _ in range(4)]
    assert seen[-1].fresh == universe.symbols
    # The streams brought it: had they not, REST would have had to be asked for each minute.
    streams = feed.report()["streams"]["connections"]
    assert all(one["open"] and one["messages"] > 0 and not one["unreadable"] for one in streams)
    for name in universe.symbols:
        held = feed.candles(name, "1m", 1600)
        wire = await source.candles(name, "1m", 1600, held[0].open_time, held[-1].open_time)
        assert len(held) == 1600
        assert [replace(c, taker_buy_quote=0) for c in held] == [replace(c, taker_buy_quote=0) for c in wire]
    await feed.aclose()
