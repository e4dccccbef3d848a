"""A scripted market: every candle follows from its symbol and open time, so a formula checks all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from market.source import FIELDS, CandleBlock, Traffic
from market.types import Candle, Price, SourceUnavailable, SymbolInfo
from screener.intervals import interval_ms, open_of

MINUTE = 60_000
T0 = 1_700_006_400_000  # a day boundary


class ManualClock:
    """Market time that a test sets."""

    speed = 1.0

    def __init__(self, now: int) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now

    def anchor(self, market_ms: int) -> None:
        self.now = market_ms

    async def sleep_until(self, time_ms: int) -> None:
        while self.now < time_ms:
            await asyncio.sleep(0.001)


def minute_row(symbol: str, open_time: int) -> tuple[float, ...]:
    n = open_time // MINUTE + sum(map(ord, symbol))
    close = 100.0 + n % 17
    return (
        close - 1.0,
        close + 2.0 + n % 3,
        close - 3.0 - n % 5,
        close,
        10.0 + n % 7,
        1000.0,
        5.0,
        4.0,
        400.0,
    )


def candle(symbol: str, interval: str, open_time: int) -> Candle:
    """The candle of any interval, made minute by minute."""
    opens = range(open_time, open_time + interval_ms(interval), MINUTE)
    rows = [minute_row(symbol, t) for t in opens]
    sums = [sum(row[i] for row in rows) for i in range(4, 9)]
    return Candle(
        symbol,
        interval,
        open_time,
        rows[0][0],
        max(row[1] for row in rows),
        min(row[2] for row in rows),
        rows[-1][3],
        *sums,
    )


class FakeSource:
    """Answers from the formula; what streams and REST leave out is up to the test."""

    def __init__(self, clock: ManualClock, symbols: Sequence[str]) -> None:
        self.clock = clock
        self.names = list(symbols)
        self.down = False
        self.quiet: set[str] = set()
        self.unlisted: set[str] = set()
        self.unreadable_symbols: dict[str, str] = {}
        self.requests: list[tuple[str, str, int]] = []
        self.streams: list[asyncio.Queue[Candle | None]] = []
        self.price_queue: asyncio.Queue[Price] = asyncio.Queue()

    async def symbols(self) -> list[SymbolInfo]:
        d = Decimal("0.01")
        return [SymbolInfo(name, name[:-4], "USDT", "TRADING", d, d, d, d) for name in self.names]

    async def candles(
        self,
        symbol: str,
        interval: str,
        limit: int = 1000,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[Candle]:
        return (await self.candle_block(symbol, interval, limit, start_ms, end_ms)).candles()

    async def candle_block(
        self,
        symbol: str,
        interval: str,
        limit: int = 1000,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> CandleBlock:
        await asyncio.sleep(0)
        self.requests.append((symbol, interval, limit))
        if self.down:
            raise SourceUnavailable("down")
        step = interval_ms(interval)
        newest = open_of(self.clock.now_ms(), interval) - step
        last = newest if end_ms is None else min(newest, open_of(end_ms, interval))
        first = last - (limit - 1) * step if start_ms is None else start_ms
        opens = [] if symbol in self.unlisted else list(range(first, last + 1, step))[:limit]
        rows = [[getattr(c, name) for name in FIELDS] for c in (candle(symbol, interval, t) for t in opens)]
        return CandleBlock(
            symbol, interval, np.array(opens, np.int64), np.array(rows, np.float64).reshape(len(opens), 9)
        )

    async def day_volumes(self) -> dict[str, float]:
        return dict.fromkeys(self.names, 1e6)

    async def listed_ms(self, symbol: str) -> int | None:
        return None

    async def stream_candles(
        self, symbols: Sequence[str], interval: str, traffic: Traffic | None = None
    ) -> AsyncGenerator[Candle, None]:
        if self.down:
            raise SourceUnavailable("down")
        queue: asyncio.Queue[Candle | None] = asyncio.Queue()
        self.streams.append(queue)
        traffic = traffic or Traffic()
        traffic.opened = time.monotonic()
        try:
            while (item := await queue.get()) is not None:
                traffic.messages += 1
                yield item
            raise SourceUnavailable("dropped")
        finally:
            self.streams.remove(queue)

    async def stream_prices(self, traffic: Traffic | None = None) -> AsyncGenerator[Price, None]:
        while True:
            yield await self.price_queue.get()

    def report(self) -> dict[str, Any]:
        return {"venue": "fake"}

    async def server_time_ms(self) -> int:
        if self.down:
            raise SourceUnavailable("down")
        return self.clock.now_ms()

    async def aclose(self) -> None:
        return None

    def close_minute(self, close_time: int, skip: Sequence[str] = ()) -> None:
        """Move the clock past a close, and stream the candles of all symbols that are not quiet."""
        self.clock.now = max(self.clock.now, close_time + 100)
        for queue in self.streams:
            for name in self.names:
                if name not in self.quiet and name not in skip:
                    queue.put_nowait(candle(name, "1m", close_time - MINUTE))

    def drop_streams(self) -> None:
        for queue in list(self.streams):
            queue.put_nowait(None)
