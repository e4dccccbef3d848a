"""The source's streams, opened again for ever.

python-binance gives up after a few attempts; a feed must not. Each stream runs by itself: when one ends, it
pauses (longer while it keeps failing), opens again, sets the clock by the source's time, and tells
`on_back` that the source answers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from market.clock import Clock
from market.source import MarketSource
from market.types import Candle, Price, SourceUnavailable

log = logging.getLogger(__name__)

SYMBOLS_PER_STREAM = 200
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0
STABLE_S = 20.0
"""A stream that lived for so many real seconds starts over with short pauses."""


class Subscriptions:
    """Minute candles and prices of a source, handed to `on_candle` and `on_price`."""

    def __init__(
        self,
        source: MarketSource,
        clock: Clock,
        on_candle: Callable[[Candle], None],
        on_price: Callable[[Price], None],
        on_back: Callable[[], None],
    ) -> None:
        self.reconnects = 0
        self._source = source
        self._clock = clock
        self._on_candle = on_candle
        self._on_price = on_price
        self._on_back = on_back

    def works(self, symbols: Sequence[str]) -> list[Coroutine[Any, Any, None]]:
        """What has to run, each until cancelled: a stream for every 200 symbols, and one of prices."""
        parts = [symbols[i : i + SYMBOLS_PER_STREAM] for i in range(0, len(symbols), SYMBOLS_PER_STREAM)]
        return [*(self._candles(part) for part in parts), self._prices()]

    async def set_clock(self) -> bool:
        """Set the clock by the source's time: a restarted exchange may have another.

        False when it did not answer.
        """
        before = time.monotonic()
        try:
            now = await self._source.server_time_ms()
        except SourceUnavailable as error:
            log.warning("the market's time is not known: %s", error)
            return False
        travelled_s = (time.monotonic() - before) / 2
        self._clock.anchor(now + int(travelled_s * 1000 * self._clock.speed))
        return True

    async def _candles(self, symbols: Sequence[str]) -> None:
        async def read() -> None:
            async with aclosing(self._source.stream_candles(symbols, "1m")) as candles:
                async for candle in candles:
                    self._on_candle(candle)

        await self._supervise(f"candles of {len(symbols)} symbols", read)

    async def _prices(self) -> None:
        async def read() -> None:
            async with aclosing(self._source.stream_prices()) as prices:
                async for price in prices:
                    self._on_price(price)

        await self._supervise("prices", read)

    async def _supervise(self, what: str, read: Callable[[], Awaitable[None]]) -> None:
        """Run `read` again whenever it ends, with growing pauses while it ends soon."""
        pause = FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            try:
                await read()
                reason = "it ended"
            except SourceUnavailable as error:
                reason = str(error)
            if time.monotonic() - began > STABLE_S:
                pause = FIRST_PAUSE_S
            log.warning("stream of %s is opened again in %.1f s: %s", what, pause, reason)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            self.reconnects += 1
            if await self.set_clock():
                self._on_back()
