"""The market as the worker holds it: a source, a feed over the screened symbols, and the newest minutes' coverage."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

from app.bootstrap import market_source
from app.settings import Settings
from market.clock import Clock, ScaledClock, SystemClock
from market.feed import Feed
from market.source import MarketSource
from market.types import Candle, Coverage, MarketError, Price, SymbolInfo
from screener import Program
from screener.engine.panel import Panel
from screener.intervals import interval_ms

log = logging.getLogger(__name__)
COVERAGE_MINUTES = 240
FIRST_BACKFILL = 600
RETRY_SECONDS = 2.0
# A fading average needs more history than its window; beyond this REST would have to page.
MOST_REQUIRED = 1500


class HeldMarket:
    """Everything the worker knows of the market. Use `open`, then `start`."""

    def __init__(self, settings: Settings, source: MarketSource, clock: Clock, infos: list[SymbolInfo]) -> None:
        self.settings = settings
        self.source = source
        self.clock = clock
        self.infos = {info.symbol: info for info in infos}
        self.coverage: deque[Coverage] = deque(maxlen=COVERAGE_MINUTES)
        self.feed = Feed(
            source,
            clock,
            [info.symbol for info in infos],
            capacity=settings.candles_held,
            backfill=min(FIRST_BACKFILL, settings.candles_held),
        )
        self.last_run: dict[str, Any] = {}

    @classmethod
    async def open(cls, settings: Settings) -> HeldMarket:
        """Reach the exchange, waiting for it, and choose the symbols to screen."""
        source = market_source(settings)
        while True:
            try:
                listed = await source.symbols()
                now = await source.server_time_ms()
                break
            except MarketError as error:
                log.warning("waiting for the exchange: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
        chosen = [i for i in listed if i.trading and i.quote_asset == settings.quote_asset]
        chosen = chosen[: settings.symbols] if settings.market == "demo" else chosen
        if not chosen:
            raise MarketError(f"the exchange lists no symbol that trades against {settings.quote_asset}")
        clock: Clock = SystemClock() if settings.pace == 1.0 else ScaledClock(now, settings.pace)
        return cls(settings, source, clock, chosen)

    @property
    def panel(self) -> Panel:
        """The candles held."""
        return self.feed.panel

    @property
    def engine_lock(self) -> asyncio.Lock:
        """Held by whoever reads the panel in a thread; the feed holds it while it writes."""
        return self.feed.lock

    @property
    def prices(self) -> dict[str, Price]:
        """Last prices by symbol."""
        return self.feed.prices

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """Closed candles of a symbol, oldest first; empty where the interval is not held."""
        if interval not in self.feed.intervals:
            return []
        return self.feed.candles(symbol, interval, limit)

    async def require(self, program: Program, *, forming: bool = False) -> None:
        """Hold the intervals a program reads, as far back as it reaches or the panel goes; with `forming` also all
        minutes of its base candle under way."""
        reaches = {interval: program.reach.get(interval, 0) + 1 for interval in program.intervals}
        if forming:
            reaches["1m"] = max(reaches.get("1m", 0), interval_ms(program.base) // interval_ms("1m"))
        for interval, reach in reaches.items():
            await self.feed.require(interval, min(max(reach, FIRST_BACKFILL), MOST_REQUIRED))

    def report(self) -> dict[str, Any]:
        """The newest run and the feed's health, for the status."""
        return {"last_run": self.last_run, "holes": self.feed.holes, "failure": self.feed.failure}

    async def aclose(self) -> None:
        """Stop the feed and leave the exchange."""
        await self.feed.aclose()
        await self.source.aclose()
