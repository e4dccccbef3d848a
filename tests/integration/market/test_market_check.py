"""What `screener doctor` finds out about an exchange, against the simulated one and against servers that refuse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from aiohttp import web

from app.commands.doctor import check_exchange
from app.commands.finding import Finding
from app.market_check import try_exchange
from app.settings import Settings
from tests.integration.market.exchange_process import ExchangeProcess


@pytest.fixture
async def exchange() -> AsyncIterator[ExchangeProcess]:
    exchange = ExchangeProcess(10.0, 8)
    await exchange.start()
    yield exchange
    await exchange.kill()


def settings(rest: str, streams: str, venue: Literal["spot", "usdm"] = "spot", **others: Any) -> Settings:
    return Settings(
        _env_file=None, exchange_rest_url=rest, exchange_stream_url=streams, venue=venue, market="binance", **others
    )


async def found(chosen: Settings) -> dict[str, Finding]:
    # The command runs its own event loop.
    return {finding.name: finding for finding in await asyncio.to_thread(lambda: list(check_exchange(chosen)))}


async def test_an_exchange_in_order(exchange: ExchangeProcess) -> None:
    venues: tuple[Literal["spot", "usdm"], ...] = ("spot", "usdm")
    for venue in venues:
        chosen = settings(exchange.rest, exchange.streams, venue, universe_limit=5, universe_exclude="BTC*")
        tried = await try_exchange(chosen)
        assert tried.reach_problem is None and tried.universe_problem is None and tried.stream_problems == {}
        assert set(tried.stream_seconds) == {"candles", "prices"}
        assert tried.universe is not None and len(tried.universe.symbols) == 5
        assert tried.universe.rejected["BTCUSDT"] == "excluded by the settings"
        assert 0 < (tried.used_weight or 0) < (tried.weight_limit or 0)
    findings = await found(settings(exchange.rest, exchange.streams))
    assert [one.state for one in findings.values() if one.name != "clock"] == ["ok"] * 4
    assert "8 symbols chosen, 0 not" in findings["universe"].message
    findings = await found(settings(exchange.rest, exchange.streams, quote_asset="EUR"))
    assert findings["universe"].state == "failed" and "not quoted in EUR 8 (" in findings["universe"].message
    findings = await found(settings(exchange.rest, "ws://127.0.0.1:9"))
    assert findings["streams"].state == "failed" and "cannot be reached" in findings["streams"].message
    assert "SCREENER_EXCHANGE_STREAM_URL" in findings["streams"].do


@pytest.mark.parametrize(
    ("status", "headers", "advice"),
    [
        (418, {"Retry-After": "7200"}, "wait 7200 s"),
        (451, {}, "does not serve this place"),
        (503, {}, "check SCREENER_EXCHANGE_REST_URL, network"),
    ],
)
async def test_an_exchange_that_refuses(status: int, headers: dict[str, str], advice: str) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers, text=json.dumps({"code": -1003, "msg": "no"}))

    async def silent(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers, text="null")

    application = web.Application()
    application.router.add_get("/api/v3/time", refuse if status == 418 else silent)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    findings = await found(settings(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"))
    await runner.cleanup()
    assert list(findings) == ["exchange"]
    assert findings["exchange"].state == "failed" and str(status) in findings["exchange"].message
    assert advice in findings["exchange"].do


async def test_nobody_listens() -> None:
    findings = await found(settings("http://127.0.0.1:9", "ws://127.0.0.1:9", "usdm"))
    assert "usdm: http://127.0.0.1:9 cannot be reached" in findings["exchange"].message


async def test_the_demo_brings_its_own() -> None:
    findings = await found(Settings(_env_file=None, market="demo"))
    assert list(findings) == ["clock"] and findings["clock"].state == "ok"
