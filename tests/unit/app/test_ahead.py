"""Intervals that are held before anybody asks for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app import ahead
from market.types import MarketError


class Market:
    """A market of some width that notes what it is told to hold; `broken` cannot be fetched."""

    def __init__(self, width: int, held: tuple[str, ...] = (), broken: str = "") -> None:
        self.feed: Any = SimpleNamespace(intervals=held, panel=SimpleNamespace(width=width))
        self.asked: list[str] = []
        self.broken = broken

    async def hold(self, interval: str, candles: int = 0) -> None:
        assert candles == ahead.CANDLES
        if interval == self.broken:
            raise MarketError("away")
        self.asked.append(interval)


async def held(market: Market) -> list[float]:
    """The pauses that were made."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    await ahead.hold_ahead(market, sleep)
    return pauses


async def test_the_usual_intervals_come_first_and_those_held_are_left() -> None:
    market = Market(64, ("1m", "15m", "5m"))
    pauses = await held(market)
    assert market.asked == [name for name in ahead.AHEAD if name not in ("15m", "5m")]
    assert pauses[0] == ahead.BEGIN_S
    assert len(pauses) == 1 + len(market.asked)
    assert min(pauses) >= ahead.LEAST_PAUSE_S


async def test_a_large_market_holds_fewer() -> None:
    market = Market(2048)
    await held(market)
    assert market.asked == list(ahead.AHEAD[:1])


async def test_an_exchange_that_gives_nothing_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    market = Market(64, broken="4h")
    await held(market)
    assert market.asked == ["15m", "1h"]
    assert "4h candles are not fetched" in caplog.text
