"""Intervals held before anybody asks for them, so that a new filter is read back at once and not when they came.

They are fetched one after the other, the usual ones first, with pauses: what is screened now comes first. A panel that
would grow too large for it holds fewer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from app.settings import Settings
from market.feed import Feed
from market.types import MarketError
from screener.engine.panel import STORED

log = logging.getLogger(__name__)

AHEAD: Final = {"15m": 600, "1d": 1500, "4h": 1500, "1h": 1500, "5m": 600, "1w": 600, "30m": 600}
"""The usual ones and how many candles of each, in the order in which people ask for them: an average of 200 on a higher
interval needs some 1,400. Others are fetched when somebody asks."""
BEGIN_S: Final = 20.0
"""Real seconds after the start: until then strategies are loaded, and their first candles screened."""
LEAST_PAUSE_S: Final = 1.0
PAUSES: Final = 3
"""Pauses are so many times as long as the fetching before took: three quarters of the exchange's allowance are left."""
MOST_BYTES: Final = 256_000_000


class Holding(Protocol):
    """What is needed of the market."""

    feed: Feed
    settings: Settings

    async def hold(self, interval: str, candles: int) -> None:
        """Hold an interval from now on, with so much history."""
        ...


async def hold_ahead(market: Holding, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Hold the intervals of `AHEAD`, as far as `MOST_BYTES` go."""
    await sleep(BEGIN_S)
    left = MOST_BYTES
    for interval, usual in AHEAD.items():
        candles = min(usual, market.settings.candles_held)
        left -= len(STORED) * candles * market.feed.panel.width * 8
        if left < 0:
            return
        begin = time.monotonic()
        try:
            await market.hold(interval, candles)
        except MarketError as error:
            log.warning("%s candles are not fetched before they are asked for: %s", interval, error)
            return
        await sleep(max(LEAST_PAUSE_S, PAUSES * (time.monotonic() - begin)))
