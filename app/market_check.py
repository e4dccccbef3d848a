"""Whether the exchange can be worked with from here: what `screener doctor` finds out by trying.

1. The REST address answers, and its clock is compared with this machine's (the journey halved).
2. The universe is chosen as the worker would choose it; then the weight used so far is known.
3. The streams are opened: of the most known symbols' candles, and of prices. Each must bring something.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from app.bootstrap import market_source, universe_rules
from app.settings import Settings
from market.binance import BinanceSource
from market.source import Traffic
from market.types import RateLimited, SourceUnavailable
from market.universe import Universe, read_universe

REST_WITHIN_S = 20.0
STREAM_WITHIN_S = 15.0
STREAM_SYMBOLS = 20


@dataclass
class Tried:
    """What came of it; a problem is None where all is well. `offset_ms` is the machine's clock minus the exchange's,
    `journey_ms` how long the question took."""

    venue: str
    rest: str
    streams: str
    reach_problem: str | None = None
    refused_for_s: float | None = None
    offset_ms: int | None = None
    journey_ms: int | None = None
    used_weight: int | None = None
    weight_limit: int | None = None
    universe: Universe | None = None
    universe_problem: str | None = None
    stream_problems: dict[str, str] = field(default_factory=dict)
    stream_seconds: dict[str, float] = field(default_factory=dict)


async def try_exchange(settings: Settings) -> Tried:
    """Try everything in turn; never raises for what the exchange does."""
    source = market_source(settings)
    tried = Tried(source.venue, source.rest.address, source.streams.address)
    try:
        if not await _reach(source, tried):
            return tried
        await _universe(source, settings, tried)
        await _streams(source, tried)
    finally:
        await source.aclose()
    return tried


async def _reach(source: BinanceSource, tried: Tried) -> bool:
    try:
        async with asyncio.timeout(REST_WITHIN_S):
            # The first answer pays for the connection; the second tells the time.
            await source.server_time_ms()
            before = time.time_ns() // 1_000_000
            began = time.monotonic()
            theirs = await source.server_time_ms()
            tried.journey_ms = round((time.monotonic() - began) * 1000)
            tried.offset_ms = before + tried.journey_ms // 2 - theirs
    except RateLimited as limited:
        tried.reach_problem, tried.refused_for_s = str(limited), limited.retry_after_s
    except SourceUnavailable as error:
        tried.reach_problem = str(error)
    except TimeoutError:
        tried.reach_problem = f"{tried.rest} did not answer within {REST_WITHIN_S:.0f} s"
    return tried.reach_problem is None


async def _universe(source: BinanceSource, settings: Settings, tried: Tried) -> None:
    try:
        tried.universe = await read_universe(source, universe_rules(settings), await source.server_time_ms())
    except SourceUnavailable as error:
        tried.universe_problem = str(error)
    tried.used_weight, tried.weight_limit = source.rest.gate.used, source.rest.gate.limit


async def _streams(source: BinanceSource, tried: Tried) -> None:
    symbols = list(tried.universe.symbols[:STREAM_SYMBOLS]) if tried.universe is not None else []
    symbols = [name for name in ("BTCUSDT", "ETHUSDT") if name in symbols] or symbols or ["BTCUSDT"]

    async def first(name: str, stream: AsyncGenerator[object, None], traffic: Traffic) -> None:
        began = time.monotonic()
        reading = asyncio.create_task(_read(stream))
        # Forming candles count as messages: nothing has to close for a stream to show that it lives.
        while not reading.done() and not traffic.messages and time.monotonic() - began < STREAM_WITHIN_S:
            await asyncio.wait([reading], timeout=0.05)
        if traffic.messages:
            tried.stream_seconds[name] = time.monotonic() - began
        elif reading.done():
            tried.stream_problems[name] = reading.result()
        else:
            what = "brought nothing" if traffic.opened is not None else "did not open"
            tried.stream_problems[name] = f"{tried.streams} {what} within {STREAM_WITHIN_S:.0f} s"
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    candles, prices = Traffic(), Traffic()
    await asyncio.gather(
        first("candles", source.stream_candles(symbols, "1m", candles), candles),
        first("prices", source.stream_prices(prices), prices),
    )


async def _read(stream: AsyncGenerator[object, None]) -> str:
    """Read until the stream ends; returns why."""
    try:
        async with aclosing(stream):
            async for _ in stream:
                pass
    except SourceUnavailable as error:
        return str(error)
    return "it ended"
