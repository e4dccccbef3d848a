"""Questions about filters beside a market that goes on."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from aiohttp import web

from app import market_filters
from app.lookback import LookBack, look_back
from app.market_filters import FilterQuestions
from tests.fixtures.fake_market import FakeMarket


async def test_the_candles_are_free_for_screening_while_a_look_back_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(*args: Any) -> LookBack:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(10)
        return look_back(*args)

    monkeypatch.setattr(market_filters, "look_back", slow)
    market = FakeMarket()
    questions = FilterQuestions(market)
    handlers: dict[str, Any] = {}

    class Router(web.UrlDispatcher):
        def add_post(self, path: str, handler: Any, **more: Any) -> Any:
            handlers[path] = handler

    questions.add_to(Router())

    class Asked:
        async def json(self) -> dict[str, str]:
            return {"filter_code": "match = close > open", "interval": "1m"}

    asked = asyncio.create_task(handlers["/look-back"](Asked()))
    try:
        async with asyncio.timeout(10):
            await begun.wait()
            async with market.engine_lock:
                market.advance()
    finally:
        go_on.set()
    answer = await asked
    assert answer.status == 200
    assert b'"candles": 120' in answer.body
