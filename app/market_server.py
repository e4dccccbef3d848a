"""The worker's internal endpoint: candles, quotes, coverage and look-backs for API and tools.

Loopback or a private network only, behind a shared token; bodies are bounded. It never touches the database.
"""

from __future__ import annotations

import hmac
import logging
from collections import deque
from typing import Any, Protocol

from aiohttp import web

from app.market_filters import FilterMarket, FilterQuestions, problem
from market.clock import Clock
from market.types import Candle, Coverage, Price
from screener.intervals import INTERVAL_MS

log = logging.getLogger(__name__)
MAX_CANDLES = 1500
MAX_BODY = 64 * 1024


class MarketView(FilterMarket, Protocol):
    """What the endpoint needs of the worker."""

    @property
    def clock(self) -> Clock:
        """Market time."""
        ...

    coverage: deque[Coverage]

    @property
    def prices(self) -> dict[str, Price]:
        """Last prices by symbol."""
        ...

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """Closed candles of a symbol, oldest first."""
        ...

    def report(self) -> dict[str, Any]:
        """The newest run, for the status."""
        ...


def _coverage(c: Coverage) -> dict[str, Any]:
    return {
        "candle_close": c.close_time,
        "fresh": len(c.fresh),
        "stale": len(c.stale),
        "missing": len(c.missing),
        "seconds_after_close": c.seconds_after_close,
        "stale_symbols": list(c.stale[:50]),
        "missing_symbols": list(c.missing[:50]),
    }


class MarketServer:
    """Serves a `MarketView` on `host:port` to callers that know `token`."""

    def __init__(self, view: MarketView, token: str) -> None:
        self._view = view
        self._token = token
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; OSError where the port is taken."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._guard])
        app.router.add_get("/status", self._status)
        app.router.add_get("/candles", self._candles)
        app.router.add_get("/quotes", self._quotes)
        app.router.add_get("/symbols", self._symbols)
        app.router.add_get("/coverage", self._coverages)
        FilterQuestions(self._view).add_to(app.router)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return problem(401, "Not allowed", "the internal token is missing or wrong")
        response: web.StreamResponse = await handler(request)
        return response

    async def _status(self, _: web.Request) -> web.Response:
        view = self._view
        newest = _coverage(view.coverage[-1]) if view.coverage else None
        return web.json_response(
            {
                "market_time": view.clock.now_ms(),
                "speed": view.clock.speed,
                "symbols": len(view.panel.symbols),
                "coverage": newest,
                **view.report(),
            }
        )

    async def _candles(self, request: web.Request) -> web.Response:
        view, query = self._view, request.query
        symbol, interval = query.get("symbol", ""), query.get("interval", "")
        if symbol not in view.infos:
            return problem(404, "Unknown symbol", f"{symbol or 'no symbol'} is not in the screened market")
        if interval not in INTERVAL_MS:
            return problem(422, "Unknown interval", f"use one of {', '.join(INTERVAL_MS)}")
        try:
            limit = min(max(1, int(query.get("limit", "300"))), MAX_CANDLES)
            until = int(query["until"]) if "until" in query else None
        except ValueError:
            return problem(422, "Not a number", "limit and until are whole numbers")
        found = view.candles(symbol, interval, MAX_CANDLES)
        if until is not None:
            found = [c for c in found if c.close_time <= until]
        items = [
            {
                "time": c.open_time // 1000,
                "open": c.open,
                "high": c.high,
                "low": c.low,
                "close": c.close,
                "volume": c.volume,
            }
            for c in found[-limit:]
        ]
        return web.json_response({"items": items})

    async def _quotes(self, request: web.Request) -> web.Response:
        wanted = [s for s in request.query.get("symbols", "").split(",") if s]
        prices = self._view.prices
        chosen = [prices[s] for s in wanted if s in prices] if wanted else list(prices.values())
        return web.json_response({"items": [{"symbol": p.symbol, "price": p.price, "time": p.time_ms} for p in chosen]})

    async def _symbols(self, _: web.Request) -> web.Response:
        infos = self._view.infos.values()
        return web.json_response(
            {
                "items": [
                    {
                        "symbol": i.symbol,
                        "base_asset": i.base_asset,
                        "quote_asset": i.quote_asset,
                        "tick_size": str(i.tick_size),
                        "step_size": str(i.step_size),
                        "min_quantity": str(i.min_quantity),
                        "min_notional": str(i.min_notional),
                    }
                    for i in infos
                ]
            }
        )

    async def _coverages(self, _: web.Request) -> web.Response:
        return web.json_response({"items": [_coverage(c) for c in reversed(self._view.coverage)]})
