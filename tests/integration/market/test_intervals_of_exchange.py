"""Candles made of minutes are the exchange's own, for every interval, through REST."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import numpy as np
import pytest

from market.aggregate import aggregate
from market.binance import BinanceSource
from market.source import FIELDS, CandleBlock
from screener.intervals import INTERVAL_MS, interval_ms, open_of
from tests.integration.market.exchange_process import ExchangeProcess

NOW = int(datetime(2024, 3, 19, 9, 30, tzinfo=UTC).timestamp() * 1000)
DAYS = 16
PRICES_AND_TRADES = [FIELDS.index(name) for name in ("open", "high", "low", "close", "trades")]


@pytest.fixture
async def source() -> AsyncIterator[BinanceSource]:
    exchange = ExchangeProcess(speed=1.0, symbols=3)
    await exchange.start(NOW)
    source = BinanceSource(exchange.rest, exchange.streams)
    try:
        yield source
    finally:
        await source.aclose()
        await exchange.kill()


async def test_every_interval_equals_the_aggregate_of_its_minutes(source: BinanceSource) -> None:
    start = open_of(NOW, "1d") - DAYS * interval_ms("1d")
    minutes = await source.candle_block("ETHUSDT", "1m", DAYS * 1440 + 570, start, NOW)
    assert len(minutes) == DAYS * 1440 + 570
    for label in INTERVAL_MS:
        own = await source.candle_block("ETHUSDT", label, 100_000, start, NOW)
        found = folded(minutes, label)
        assert len(own) > 0, label
        assert own.open_times.tolist() == found.open_times.tolist(), label
        assert (own.values[:, PRICES_AND_TRADES] == found.values[:, PRICES_AND_TRADES]).all(), label
        assert np.allclose(own.values, found.values, rtol=1e-12, atol=0), label
        # Made of the next finer interval that divides it, the same.
        if label in ("4h", "1d", "3d", "1w"):
            part = {"4h": "1h", "1d": "8h", "3d": "1d", "1w": "12h"}[label]
            finer = await source.candle_block("ETHUSDT", part, 100_000, start, NOW)
            assert np.allclose(own.values, folded(finer, label).values, rtol=1e-12, atol=0), label


def folded(block: CandleBlock, label: str) -> CandleBlock:
    fields = {name: block.values[:, i] for i, name in enumerate(FIELDS)}
    times, made = aggregate(block.open_times, fields, block.interval, label)
    return CandleBlock(block.symbol, label, times, np.column_stack([made[name] for name in FIELDS]))
