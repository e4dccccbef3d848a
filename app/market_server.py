"""The worker's internal endpoint: candles, prices, coverage and look-backs for API and tools.

Loopback or a private network only, behind a shared token; bodies are bounded. It never touches the database.

`/prices` is a stream for each API process, one JSON object a line. Ten times a second it sends what changed since that
reader's last line, so a reader that is slow gets fewer lines and the newest prices, and nothing is queued for it.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import json
import logging
import time
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

from aiohttp import web

from app.charts import MOST_CANDLES, ChartMarket, Charts, TooManyPages
from app.day import day_figures
from app.market_filters import FilterMarket, FilterQuestions, known, problem
from market.types import Candle, Coverage, MarketError, Price
from screener.intervals import INTERVAL_MS

log = logging.getLogger(__name__)
MAX_BODY = 64 * 1024
MOST_MINUTES = 1440
PRICE_SECONDS = 0.1
BEAT_SECONDS = 2.0
"""A line without prices after so long, so that the reader knows the connection lives."""
STOP_SECONDS = 2.0
BRIEF = ("last_run", "holes", "failure")
"""What the status, which every page asks for, takes of the report."""


class MarketView(FilterMarket, ChartMarket, Protocol):
    """What the endpoint needs of the worker."""

    coverage: deque[Coverage]

    def report(self) -> dict[str, Any]:
        """The newest run and the feed's health, as JSON has it."""
        ...


def _coverage(c: Coverage) -> dict[str, Any]:
    return {
        "candle_close": c.close_time,
        "expected": c.expected,
        "fresh": len(c.fresh),
        "late": len(c.late),
        "stale": len(c.stale),
        "missing": len(c.missing),
        "seconds_after_close": c.seconds_after_close,
        "slowest_seconds": c.slowest_seconds,
        "late_symbols": list(c.late[:50]),
        "stale_symbols": list(c.stale[:50]),
        "missing_symbols": list(c.missing[:50]),
    }


def _candle(c: Candle) -> dict[str, Any]:
    return {
        "time": c.open_time // 1000,
        "open": c.open,
        "high": c.high,
        "low": c.low,
        "close": c.close,
        "volume": known(c.volume),
    }


class MarketServer:
    """Serves a `MarketView` on `host:port` to callers that know `token`."""

    def __init__(self, view: MarketView, token: str) -> None:
        self._view = view
        self._token = token
        self._charts = Charts(view)
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()
        self.price_streams = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; OSError where the port is taken."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._guard])
        app.router.add_get("/status", self._status)
        app.router.add_get("/health", self._health)
        app.router.add_get("/candles", self._candles)
        app.router.add_get("/quotes", self._quotes)
        app.router.add_get("/prices", self._prices)
        app.router.add_get("/day", self._day)
        app.router.add_get("/symbols", self._symbols)
        app.router.add_get("/coverage", self._coverages)
        FilterQuestions(self._view).add_to(app.router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), f"Bearer {self._token}".encode()):
            return problem(401, "Not allowed", "the internal token is missing or wrong")
        response: web.StreamResponse = await handler(request)
        return response

    async def _status(self, _: web.Request) -> web.Response:
        report = self._view.report()
        return web.json_response({**self._brief(), **{name: report.get(name) for name in BRIEF}})

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({**self._view.report(), **self._brief(), "price_streams": self.price_streams})

    def _brief(self) -> dict[str, Any]:
        view = self._view
        return {
            "market_time": view.clock.now_ms(),
            "speed": view.clock.speed,
            "symbols": len(view.infos),
            "coverage": _coverage(view.coverage[-1]) if view.coverage else None,
        }

    async def _candles(self, request: web.Request) -> web.Response:
        query = request.query
        symbol, interval = query.get("symbol", ""), query.get("interval", "")
        if symbol not in self._view.infos:
            return problem(404, "Unknown symbol", f"{symbol or 'no symbol'} is not in the screened market")
        if interval not in INTERVAL_MS:
            return problem(422, "Unknown interval", f"use one of {', '.join(INTERVAL_MS)}")
        try:
            limit = min(max(1, int(query.get("limit", "300"))), MOST_CANDLES)
            start, end = (int(query[name]) if name in query else None for name in ("from", "to"))
        except ValueError:
            return problem(422, "Not a number", "limit, from and to are whole numbers")
        try:
            items, more = await self._charts.candles(symbol, interval, limit, start, end)
        except TooManyPages as error:
            return problem(429, "Too much history at once", str(error))
        except MarketError as error:
            return problem(503, "History is not at hand", str(error))
        answer: dict[str, Any] = {
            "items": [_candle(c) for c in items],
            "next": items[0].open_time if more and items else None,
        }
        if "forming" in query:
            under_way = None
            with suppress(TooManyPages, MarketError):
                under_way = await self._charts.forming(symbol, interval)
            answer["forming"] = None if under_way is None else _candle(under_way)
        return web.json_response(answer)

    async def _prices(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        await response.prepare(request)
        sent: dict[str, Price] = {}
        beat = 0.0
        self.price_streams += 1
        try:
            while not self._stopping.is_set():
                held = self._view.prices
                changed = [price for symbol, price in held.items() if sent.get(symbol) is not price]
                gone = sent.keys() - held.keys()
                now = time.monotonic()
                if changed or gone or now - beat >= BEAT_SECONDS:
                    sent = dict(held)
                    beat = now
                    rows = [[p.symbol, p.price, p.time_ms] for p in changed]
                    await response.write(json.dumps({"prices": rows, "gone": sorted(gone)}).encode() + b"\n")
                with suppress(TimeoutError):
                    async with asyncio.timeout(PRICE_SECONDS):
                        await self._stopping.wait()
        except ConnectionError:
            log.debug("a reader of prices went away")
        finally:
            self.price_streams -= 1
        return response

    async def _quotes(self, request: web.Request) -> web.Response:
        wanted = [s for s in request.query.get("symbols", "").split(",") if s]
        prices = self._view.prices
        chosen = [prices[s] for s in wanted if s in prices] if wanted else list(prices.values())
        return web.json_response({"items": [{"symbol": p.symbol, "price": p.price, "time": p.time_ms} for p in chosen]})

    async def _day(self, _: web.Request) -> web.Response:
        return web.json_response(day_figures(self._view.panel, self._view.clock.now_ms()))

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

    async def _coverages(self, request: web.Request) -> web.Response:
        try:
            limit = max(1, min(int(request.query.get("limit", "240")), MOST_MINUTES))
        except ValueError:
            return problem(422, "Not a number", "limit is a whole number")
        newest = itertools.islice(reversed(self._view.coverage), limit)
        return web.json_response({"items": [_coverage(c) for c in newest]})
