"""The REST endpoints under /api/v3."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

from aiohttp import web

from simexchange import errors, wire
from simexchange.candles import CLOSE
from simexchange.clock import VirtualClock
from simexchange.intervals import INTERVAL_SECONDS, index_of, offset_of
from simexchange.live import LiveMarket
from simexchange.weights import WeightLimit

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SYMBOL: Final = "^[A-Z0-9-_.]{1,20}$"
_NUMBER: Final = "^[0-9]{1,20}$"
_MOST_CANDLES: Final = 1_000
_USUAL_CANDLES: Final = 500


def _parameters(request: web.Request, allowed: Collection[str]) -> dict[str, str]:
    sent = request.query
    if len(set(sent)) != len(sent):
        raise errors.duplicate_parameter()
    read = [name for name in sent if name in allowed]
    if len(read) != len(sent):
        raise errors.unread_parameters(len(read), len(sent))
    return {name: sent[name] for name in read}


def _number(parameters: dict[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    if not re.fullmatch(_NUMBER, text):
        raise errors.illegal_characters(name, _NUMBER)
    return int(text)


class Rest:
    """Handlers over a market; `install` adds them to an application."""

    def __init__(self, market: LiveMarket, clock: VirtualClock, limit: WeightLimit) -> None:
        self._market = market
        self._clock = clock
        self._limit = limit
        self._rows = {listing.symbol: row for row, listing in enumerate(market.listings)}
        self._info = [wire.symbol_info(listing) for listing in market.listings]

    def install(self, application: web.Application) -> None:
        """Add routes and the middleware for weights and errors."""
        application.middlewares.append(self._guard())
        application.router.add_get("/api/v3/ping", self.ping)
        application.router.add_get("/api/v3/time", self.time)
        application.router.add_get("/api/v3/exchangeInfo", self.exchange_info)
        application.router.add_get("/api/v3/klines", self.klines)
        application.router.add_get("/api/v3/uiKlines", self.klines)
        application.router.add_get("/api/v3/ticker/24hr", self.ticker_day)
        application.router.add_get("/api/v3/ticker/price", self.ticker_price)

    def now(self) -> int:
        """Exchange time in UTC seconds, never past the end of a recorded market."""
        now = self._clock.now_ms() // 1000
        return now if self._market.last is None else min(now, self._market.last)

    async def ping(self, request: web.Request) -> web.Response:
        """Nothing, to show life."""
        self._spend(request, 1)
        _parameters(request, ())
        return web.json_response({})

    async def time(self, request: web.Request) -> web.Response:
        """Exchange time."""
        self._spend(request, 1)
        _parameters(request, ())
        return web.json_response({"serverTime": self._clock.told_ms()})

    async def exchange_info(self, request: web.Request) -> web.Response:
        """Limits, symbols, filters."""
        self._spend(request, 20)
        names = ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus")
        parameters = _parameters(request, names)
        rows = self._select(parameters)
        limits = [
            {
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": self._limit.limit or 6000,
            },
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
            {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
            {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61000},
        ]
        return web.json_response(
            {
                "timezone": "UTC",
                "serverTime": self._clock.told_ms(),
                "rateLimits": limits,
                "exchangeFilters": [],
                "symbols": [self._info[row] for row in rows],
            }
        )

    async def klines(self, request: web.Request) -> web.Response:
        """Candles of one symbol, oldest first, the forming one included."""
        self._spend(request, 2)
        parameters = _parameters(request, ("symbol", "interval", "startTime", "endTime", "timeZone", "limit"))
        row = self._row(parameters)
        if not (interval := parameters.get("interval")):
            raise errors.missing_parameter("interval")
        length = INTERVAL_SECONDS.get(interval)
        if length is None:
            raise errors.invalid_interval()
        if parameters.get("timeZone", "0") not in ("0", "0:00", "00:00", "+00:00"):
            raise errors.bad_value("timeZone")
        limit = _number(parameters, "limit")
        limit = _USUAL_CANDLES if limit is None else min(limit, _MOST_CANDLES)
        if limit == 0:
            raise errors.bad_value("limit")
        start, end = _number(parameters, "startTime"), _number(parameters, "endTime")
        now = self.now()
        oldest = -(-(self._market.first - offset_of(length)) // length)
        newest = index_of(now if end is None else min(now, end // 1000), length)
        if start is None:
            first = max(oldest, newest - limit + 1)
        else:
            first = max(oldest, -(-(-(-start // 1000) - offset_of(length)) // length))
        count = min(limit, newest - first + 1)
        if count <= 0:
            return web.json_response([])
        candles = self._market.history(row, length, first, count, now)
        body = wire.klines(candles, self._market.listings[row], length, first)
        return web.Response(text=body, content_type="application/json")

    async def ticker_day(self, request: web.Request) -> web.Response:
        """Statistics of the last 24 hours."""
        parameters = _parameters(request, ("symbol", "symbols", "type"))
        kind = parameters.get("type", "FULL")
        if kind not in ("FULL", "MINI"):
            self._spend(request, 2)
            raise errors.ExchangeError(-1139, "Invalid ticker type.")
        rows = self._select(parameters)
        self._spend(request, 2 if len(rows) <= 20 else 40 if len(rows) <= 100 else 80)
        day = self._market.day(self.now())
        now_ms = self._clock.now_ms()
        answers = [
            wire.day_ticker(day, self._market.listings, row, now_ms, kind == "FULL")
            for row in rows
            if day.present[row, 0]
        ]
        return web.json_response(answers[0] if "symbol" in parameters and answers else answers)

    async def ticker_price(self, request: web.Request) -> web.Response:
        """Last prices."""
        parameters = _parameters(request, ("symbol", "symbols"))
        rows = self._select(parameters)
        self._spend(request, 2 if "symbol" in parameters else 4)
        day = self._market.day(self.now())
        answers = [
            {
                "symbol": self._market.listings[row].symbol,
                "price": wire.decimal(int(day.fields[CLOSE, row, 0]), self._market.listings[row].price_decimals),
            }
            for row in rows
            if day.present[row, 0]
        ]
        return web.json_response(answers[0] if "symbol" in parameters and answers else answers)

    def _row(self, parameters: dict[str, str]) -> int:
        symbol = parameters.get("symbol")
        if not symbol:
            raise errors.missing_parameter("symbol")
        return self._known(symbol, "symbol")

    def _known(self, symbol: str, name: str) -> int:
        if not re.fullmatch(_SYMBOL, symbol):
            raise errors.illegal_characters(name, _SYMBOL)
        if symbol not in self._rows:
            raise errors.invalid_symbol()
        return self._rows[symbol]

    def _select(self, parameters: dict[str, str]) -> list[int]:
        if "symbol" in parameters and "symbols" in parameters:
            raise errors.bad_combination()
        if "symbol" in parameters:
            return [self._row(parameters)]
        if "symbols" not in parameters:
            return list(range(len(self._info)))
        try:
            names: Any = json.loads(parameters["symbols"])
        except json.JSONDecodeError as error:
            raise errors.illegal_characters(
                "symbols", '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$'
            ) from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or not names:
            raise errors.bad_value("symbols")
        return [self._known(name, "symbols") for name in names]

    def _spend(self, request: web.Request, weight: int) -> None:
        self._limit.spend(request.remote or "", weight)

    def _guard(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                response = await handler(request)
            except errors.ExchangeError as error:
                response = _problem(error)
            except web.HTTPNotFound:
                response = _problem(errors.unknown_path())
            if response.prepared:
                return response
            used = str(self._limit.used(request.remote or ""))
            response.headers["X-MBX-USED-WEIGHT"] = used
            response.headers["X-MBX-USED-WEIGHT-1M"] = used
            if response.status == 429:
                response.headers["Retry-After"] = str(self._limit.retry_after())
            return response

        return guard


def _problem(error: errors.ExchangeError) -> web.Response:
    return web.json_response({"code": error.code, "msg": error.message}, status=error.status)
