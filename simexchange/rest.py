"""Spot's public REST endpoints under /api/v3: what they take, what they weigh, what they answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Any, Final

from aiohttp import web

from simexchange import errors, parameters, symbols, wire
from simexchange.book import MOST_LEVELS, Books
from simexchange.candles import CLOSE
from simexchange.clock import VirtualClock
from simexchange.intervals import DAY, MINUTE, SPOT_SECONDS, asked_for, months
from simexchange.live import LiveMarket
from simexchange.statistics import Statistics
from simexchange.tape import AGGREGATE_OFFSET, Tape, Trade, aggregates
from simexchange.weights import WeightLimit

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_WEIGHT: Final = web.RequestKey("weight", int)
_USUAL, _MOST = 500, 1_000
_DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1_000, 50), (5_000, 250))
_MOST_TICKERS: Final = 100
_HOUR_MS: Final = 3_600_000
_WINDOW: Final = re.compile(r"([1-9]|[1-5]\d)m|([1-9]|1\d|2[0-3])h|([1-7])d")
#: Runs of trades at one moment are short; so many more make sure that none is cut in two.
_RUN: Final = 64
_CANDLE_NAMES: Final = ("symbol", "interval", "startTime", "endTime", "timeZone", "limit")
_TICKER_NAMES: Final = ("symbol", "symbols", "symbolStatus")


class Rest:
    """Handlers over a market; `install` adds them to an application."""

    def __init__(self, market: LiveMarket, clock: VirtualClock, limit: WeightLimit) -> None:
        self._market = market
        self._clock = clock
        self._limit = limit
        self._symbols = parameters.Symbols(market)
        self._books = Books(market)
        self._tape = Tape(market)
        self._statistics = Statistics(market, self._books, self._tape)
        self._info: dict[tuple[int, str], dict[str, Any]] = {}

    def install(self, application: web.Application) -> None:
        """Add routes and the middleware for weights and errors."""
        application.middlewares.append(self._guard())
        for path, handler in (
            ("ping", self.ping),
            ("time", self.time),
            ("exchangeInfo", self.exchange_info),
            ("klines", self.klines),
            ("uiKlines", self.klines),
            ("depth", self.depth),
            ("trades", self.trades),
            ("historicalTrades", self.historical_trades),
            ("aggTrades", self.aggregate_trades),
            ("avgPrice", self.average_price),
            ("ticker/24hr", self.ticker_day),
            ("ticker/tradingDay", self.ticker_trading_day),
            ("ticker/price", self.ticker_price),
            ("ticker/bookTicker", self.ticker_book),
            ("ticker", self.ticker_window),
        ):
            application.router.add_get(f"/api/v3/{path}", self._weighed(handler))

    def now(self) -> int:
        """Exchange time in UTC seconds, never past the end of a recorded market."""
        now = self._clock.now_ms() // 1000
        return now if self._market.last is None else min(now, self._market.last)

    async def ping(self, request: web.Request) -> web.Response:
        """Nothing, to show life."""
        self._spend(request, 1)
        parameters.read(request, ())
        return web.json_response({})

    async def time(self, request: web.Request) -> web.Response:
        """Exchange time."""
        self._spend(request, 1)
        parameters.read(request, ())
        return web.json_response({"serverTime": self._clock.told_ms()})

    async def exchange_info(self, request: web.Request) -> web.Response:
        """Limits, symbols, filters."""
        self._spend(request, 20)
        allowed = ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus")
        sent = parameters.read(request, allowed)
        if "symbolStatus" in sent and ("symbol" in sent or "symbols" in sent):
            raise errors.bad_combination()
        if "permissions" in sent and ("symbol" in sent or "symbols" in sent):
            raise errors.bad_combination()
        now = self.now()
        rows = self._symbols.some(sent, now)
        wanted = sent.get("permissions", "SPOT")
        groups = parameters.names(wanted, "permissions") if wanted.startswith("[") else [wanted]
        rows = rows if "SPOT" in groups else []
        found = [self._symbol(row, self._market.status(row, now) or "") for row in rows]
        if sent.get("showPermissionSets") == "false":
            found = [{name: value for name, value in one.items() if name != "permissionSets"} for one in found]
        return web.json_response(
            {
                "timezone": "UTC",
                "serverTime": self._clock.told_ms(),
                "rateLimits": symbols.rate_limits(self._limit.limit),
                "exchangeFilters": [],
                "symbols": found,
            }
        )

    async def klines(self, request: web.Request) -> web.Response:
        """Candles of one symbol, oldest first, the forming one included."""
        self._spend(request, 2)
        sent = parameters.read(request, _CANDLE_NAMES)
        now = self.now()
        row = self._symbols.one(sent, now)
        if not (interval := sent.get("interval")):
            raise errors.missing_parameter("interval")
        length = SPOT_SECONDS.get(interval)
        if length is None and interval != "1M":
            raise errors.invalid_interval()
        if parameters.zone(sent):
            # Candles of another zone's days are not made.
            raise errors.bad_value("timeZone")
        limit = parameters.limit(sent, _USUAL, _MOST)
        start, end = parameters.number(sent, "startTime"), parameters.number(sent, "endTime")
        listing = self._market.listings[row]
        if length is None:
            body = self._months(row, now, (start, end), limit)
        else:
            # A candle of a second is there when the second has passed.
            seen = now - 1 if length < MINUTE else now
            first, count = asked_for(self._market.first, seen, length, start, end, limit)
            if count <= 0:
                return web.json_response([])
            body = wire.klines(self._market.history(row, length, first, count, now), listing, length, first)
        return web.Response(text=body, content_type="application/json")

    async def depth(self, request: web.Request) -> web.Response:
        """The best levels of a book."""
        sent = parameters.read(request, ("symbol", "limit", "symbolStatus"))
        limit = parameters.limit(sent, 100, 5_000)
        self._spend(request, next(weight for most, weight in _DEPTH_WEIGHTS if limit <= most))
        now = self.now()
        row = self._symbols.one(sent, now)
        book = self._books.depth(row, now, min(limit, MOST_LEVELS))
        return web.Response(text=wire.depth(book, self._market.listings[row], now), content_type="application/json")

    async def trades(self, request: web.Request) -> web.Response:
        """The newest trades."""
        self._spend(request, 25)
        sent = parameters.read(request, ("symbol", "limit"))
        now = self.now()
        row = self._symbols.one(sent, now)
        return self._trades(row, self._tape.newest(row, now, parameters.limit(sent, _USUAL, _MOST)))

    async def historical_trades(self, request: web.Request) -> web.Response:
        """Trades from an id on."""
        self._spend(request, 25)
        sent = parameters.read(request, ("symbol", "limit", "fromId"))
        now = self.now()
        row = self._symbols.one(sent, now)
        limit, begin = parameters.limit(sent, _USUAL, _MOST), parameters.number(sent, "fromId")
        if begin is None:
            return self._trades(row, self._tape.newest(row, now, limit))
        return self._trades(row, self._tape.since(row, begin, limit, now))

    async def aggregate_trades(self, request: web.Request) -> web.Response:
        """Aggregate trades: the newest, from an id on, or of a time."""
        self._spend(request, 4)
        sent = parameters.read(request, ("symbol", "fromId", "startTime", "endTime", "limit"))
        now = self.now()
        row = self._symbols.one(sent, now)
        limit = parameters.limit(sent, _USUAL, _MOST)
        begin, start, end = (parameters.number(sent, name) for name in ("fromId", "startTime", "endTime"))
        if begin is not None and (start is not None or end is not None):
            raise errors.bad_combination()
        if start is not None and end is not None and end - start > 24 * _HOUR_MS:
            raise errors.too_long()
        if begin is not None:
            made = self._tape.since(row, begin + AGGREGATE_OFFSET, limit * 3 + _RUN, now)
            found = [one for one in aggregates(made) if one.number >= begin][:limit]
        elif start is not None:
            walk = self._tape.walk(row, self._tape.number_at(row, start // 1000), now)
            inside = (one for one in walk if one.time >= start)
            taken = list(islice(_until(inside, end), limit * 3 + _RUN))
            found = aggregates(taken)[:limit]
        else:
            until = now if end is None else min(now, end // 1000 + 1)
            size = limit + _RUN
            while True:
                # Runs may be long, and the first one may be cut: more are looked for than are told.
                size *= 2
                taken = self._tape.newest(row, until, size)
                found = aggregates([one for one in taken if end is None or one.time <= end])
                if len(found) > limit or len(taken) < size:
                    break
            found = found[-limit:]
        listing = self._market.listings[row]
        return web.json_response([wire.aggregate(one, listing) for one in found], dumps=wire.compact)

    async def average_price(self, request: web.Request) -> web.Response:
        """The average price of the last five minutes."""
        self._spend(request, 2)
        sent = parameters.read(request, ("symbol",))
        now = self.now()
        row = self._symbols.one(sent, now)
        return web.json_response({"mins": 5, **self._statistics.averages([row], now)[0]})

    async def ticker_day(self, request: web.Request) -> web.Response:
        """Statistics of the last 24 hours."""
        sent = parameters.read(request, (*_TICKER_NAMES, "type"))
        full = parameters.kind(sent)
        now = self.now()
        rows = self._symbols.some(sent, now)
        every = "symbol" not in sent and "symbols" not in sent
        self._spend(request, 80 if every or len(rows) > 100 else 2 if len(rows) <= 20 else 40)
        return _one_or_many(sent, self._statistics.day(rows, now, self._clock.now_ms(), full=full))

    async def ticker_window(self, request: web.Request) -> web.Response:
        """Statistics of a rolling window."""
        sent = parameters.read(request, (*_TICKER_NAMES, "type", "windowSize"))
        rows, full, now = self._few(request, sent)
        match = _WINDOW.fullmatch(sent.get("windowSize", "1d"))
        if match is None:
            raise errors.bad_value("windowSize")
        size = sum(int(part) * unit for part, unit in zip(match.groups("0"), (MINUTE, 3_600, DAY), strict=True))
        begin = max(now // MINUTE * MINUTE - size, self._market.first)
        return _one_or_many(sent, self._statistics.window(rows, begin, now, self._clock.now_ms(), full=full))

    async def ticker_trading_day(self, request: web.Request) -> web.Response:
        """Statistics of the day so far, of any time zone."""
        sent = parameters.read(request, (*_TICKER_NAMES, "type", "timeZone"))
        rows, full, now = self._few(request, sent)
        ahead = parameters.zone(sent)
        begin = (now + ahead) // DAY * DAY - ahead
        close_ms = (begin + DAY) * 1000 - 1
        return _one_or_many(sent, self._statistics.window(rows, begin, now, close_ms, full=full))

    async def ticker_price(self, request: web.Request) -> web.Response:
        """Last prices."""
        sent = parameters.read(request, _TICKER_NAMES)
        now = self.now()
        rows = self._symbols.some(sent, now)
        self._spend(request, 2 if "symbol" in sent else 4)
        day, listings = self._market.day(now), self._market.listings
        return _one_or_many(
            sent,
            [
                {
                    "symbol": listings[row].symbol,
                    "price": wire.decimal(int(day.fields[CLOSE, row, 0]), listings[row].price_decimals),
                }
                for row in rows
            ],
        )

    async def ticker_book(self, request: web.Request) -> web.Response:
        """Best bids and asks."""
        sent = parameters.read(request, _TICKER_NAMES)
        now = self.now()
        rows = self._symbols.some(sent, now)
        self._spend(request, 2 if "symbol" in sent else 4)
        tops = self._books.tops(now)
        return _one_or_many(sent, [wire.book_ticker(tops, self._market.listings[row], row) for row in rows])

    def _few(self, request: web.Request, sent: dict[str, str]) -> tuple[Sequence[int], bool, int]:
        """Rows, form and moment of the tickers that take a hundred symbols at most."""
        full, now = parameters.kind(sent), self.now()
        rows = self._symbols.some(sent, now, needed=True)
        if len(rows) > _MOST_TICKERS:
            raise errors.too_many_symbols(_MOST_TICKERS)
        self._spend(request, min(4 * len(rows), 200))
        return rows, full, now

    def _months(self, row: int, now: int, times: tuple[int | None, int | None], limit: int) -> str:
        start, end = times
        until = now if end is None else min(now, end // 1000)
        spans = [span for span in months(self._market.first, until) if start is None or span[0] * 1000 >= start]
        spans = spans[:limit] if start is not None else spans[-limit:]
        return wire.months(self._market, row, spans, now)

    def _trades(self, row: int, made: Sequence[Trade]) -> web.Response:
        listing = self._market.listings[row]
        return web.json_response([wire.trade(one, listing) for one in made], dumps=wire.compact)

    def _symbol(self, row: int, status: str) -> dict[str, Any]:
        if (row, status) not in self._info:
            self._info[row, status] = symbols.symbol_info(self._market.listings[row], status)
        return self._info[row, status]

    def _spend(self, request: web.Request, weight: int) -> None:
        request[_WEIGHT] = weight
        self._limit.spend(request.remote or "", weight)

    def _weighed(self, handler: Handler) -> Handler:
        async def weighed(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except errors.ExchangeError:
                # What is refused before its weight is known weighs one.
                if _WEIGHT not in request:
                    self._spend(request, 1)
                raise

        return weighed

    def _guard(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            client = request.remote or ""
            try:
                response = await handler(request)
            except errors.ExchangeError as error:
                response = _problem(error)
            except web.HTTPNotFound:
                response = _problem(errors.unknown_path())
            if response.prepared:
                return response
            used = str(self._limit.used(client))
            response.headers["X-MBX-USED-WEIGHT"] = used
            response.headers["X-MBX-USED-WEIGHT-1M"] = used
            if response.status == 429:
                response.headers["Retry-After"] = str(self._limit.retry_after(client))
            return response

        return guard


def _problem(error: errors.ExchangeError) -> web.Response:
    return web.json_response({"code": error.code, "msg": error.message}, status=error.status)


def _one_or_many(sent: dict[str, str], answers: list[dict[str, Any]]) -> web.Response:
    """A single object where `symbol` was asked for, else an array."""
    return web.json_response(answers[0] if "symbol" in sent else answers, dumps=wire.compact)


def _until(trades: Iterator[Trade], end_ms: int | None) -> Iterator[Trade]:
    return trades if end_ms is None else takewhile(lambda one: one.time <= end_ms, trades)
