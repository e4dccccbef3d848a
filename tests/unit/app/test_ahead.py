"""Intervals that are held before anybody asks for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app import ahead
from market.types import MarketError


class Market:
    """A market of some width that notes what it is told to hold; `broken` cannot be fetched."""

    def __init__(self, width: int, most: int = 1500, broken: str = "") -> None:
        self.feed: Any = SimpleNamespace(panel=SimpleNamespace(width=width))
        self.settings: Any = SimpleNamespace(candles_held=most)
        self.asked: dict[str, int] = {}
        self.broken = broken

    async def hold(self, interval: str, candles: int) -> None:
        if interval == self.broken:
            raise MarketError("away")
        self.asked[interval] = candles


async def held(market: Market) -> list[float]:
    """The pauses that were made."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    await ahead.hold_ahead(market, sleep)
    return pauses


async def test_the_usual_intervals_are_held_one_after_the_other() -> None:
    market = Market(256)
    pauses = await held(market)
    assert market.asked == ahead.AHEAD
    assert pauses[0] == ahead.BEGIN_S
    assert len(pauses) == 1 + len(market.asked)
    assert min(pauses) >= ahead.LEAST_PAUSE_S


async def test_no_more_candles_are_held_than_is_set() -> None:
    market = Market(256, most=1000)
    await held(market)
    assert market.asked == {name: min(1000, candles) for name, candles in ahead.AHEAD.items()}


async def test_a_large_market_holds_fewer() -> None:
    market = Market(2048)
    await held(market)
    assert list(market.asked) == list(ahead.AHEAD)[:1]


async def test_an_exchange_that_gives_nothing_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    market = Market(64, broken="4h")
    await held(market)
    assert list(market.asked) == ["15m", "1d"]
    assert "4h candles are not fetched" in caplog.text
