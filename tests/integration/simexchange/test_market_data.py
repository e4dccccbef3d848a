"""Spot's public REST endpoints: they agree with each other, and refuse as Binance does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from simexchange.clock import VirtualClock
from simexchange.live import LiveMarket
from simexchange.market import Market, SyntheticMarket
from simexchange.rest import Rest
from simexchange.schedule import Change, ScheduledMarket
from simexchange.server import Exchange
from simexchange.weights import WeightLimit

START = 1_795_271_037
MINUTE_MS = 60_000


class Client:
    """Asks an exchange whose clock moves only when told to."""

    def __init__(self, rest: str, http: aiohttp.ClientSession, clock: VirtualClock) -> None:
        self.clock = clock
        self._rest = rest
        self._http = http

    async def get(self, path: str, **parameters: Any) -> Any:
        status, answer, _ = await self.ask(path, **parameters)
        assert status == 200, answer
        return answer

    async def ask(self, path: str, **parameters: Any) -> tuple[int, Any, Mapping[str, str]]:
        async with self._http.get(f"{self._rest}/api/v3/{path}", params=parameters) as response:
            return response.status, await response.json(), response.headers


@contextlib.asynccontextmanager
async def exchange(symbols: int = 5, market: Market | None = None, weight_limit: int = 0) -> AsyncIterator[Client]:
    clock = VirtualClock(START * 1000, 0.0)
    server = Exchange(market or SyntheticMarket(7, symbols), clock, weight_limit)
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        try:
            yield Client(f"http://127.0.0.1:{port}", http, clock)
        finally:
            await server.stop()


async def test_trades_add_up_to_the_candle() -> None:
    async with exchange() as client:
        (candle,) = await client.get(
            "klines", symbol="ETHUSDT", interval="1m", endTime=START * 1000 - MINUTE_MS, limit=1
        )
        begin, end = candle[0], candle[6]
        found = await client.get("aggTrades", symbol="ETHUSDT", startTime=begin, endTime=end, limit=1000)
        trades: list[dict[str, Any]] = []
        number = found[0]["f"]
        while number <= found[-1]["l"]:
            page = await client.get("historicalTrades", symbol="ETHUSDT", fromId=number, limit=100)
            trades += [one for one in page if one["time"] <= end]
            number = page[-1]["id"] + 1
        assert [one["id"] for one in trades] == list(range(found[0]["f"], found[-1]["l"] + 1))
        assert len(trades) == candle[8] > 10
        prices = [Decimal(one["price"]) for one in trades]
        assert [prices[0], max(prices), min(prices), prices[-1]] == [Decimal(text) for text in candle[1:5]]
        for field, name in ((5, "qty"), (7, "quoteQty")):
            assert sum(Decimal(one[name]) for one in trades) == Decimal(candle[field])
        bought = [one for one in trades if not one["isBuyerMaker"]]
        assert sum(Decimal(one["qty"]) for one in bought) == Decimal(candle[9])
        assert sum(Decimal(one["q"]) for one in found) == Decimal(candle[5])
        assert len(found) < len(trades), "some are aggregated"
        assert all(one["a"] != one["f"] for one in found), "an aggregate's id is not its first trade's"


async def test_aggregates_by_id_by_time_and_the_newest() -> None:
    async with exchange() as client:
        newest = await client.get("aggTrades", symbol="BTCUSDT", limit=50)
        assert len(newest) == 50 and newest[-1]["T"] < START * 1000
        again = await client.get("aggTrades", symbol="BTCUSDT", fromId=newest[20]["a"], limit=1000)
        assert again == newest[20:]
        until = await client.get("aggTrades", symbol="BTCUSDT", endTime=newest[30]["T"], limit=10)
        last = max(number for number, one in enumerate(newest) if one["T"] == newest[30]["T"])
        assert until == newest[last - 9 : last + 1]
        since = await client.get("aggTrades", symbol="BTCUSDT", startTime=newest[10]["T"], limit=5)
        first = min(number for number, one in enumerate(newest) if one["T"] == newest[10]["T"])
        assert since == newest[first : first + 5]
        recent = await client.get("trades", symbol="BTCUSDT", limit=3)
        assert [one["id"] for one in recent] == list(range(newest[-1]["l"] - 2, newest[-1]["l"] + 1))


async def test_books_tickers_and_prices_are_of_one_market() -> None:
    async with exchange() as client:
        depth = await client.get("depth", symbol="SOLUSDT", limit=5)
        best = await client.get("ticker/bookTicker", symbol="SOLUSDT")
        day = await client.get("ticker/24hr", symbol="SOLUSDT")
        price = await client.get("ticker/price", symbol="SOLUSDT")
        (trade,) = await client.get("trades", symbol="SOLUSDT", limit=1)
        assert len(depth["bids"]) == len(depth["asks"]) == 5
        assert [best["bidPrice"], best["bidQty"]] == depth["bids"][0] == [day["bidPrice"], day["bidQty"]]
        assert [best["askPrice"], best["askQty"]] == depth["asks"][0] == [day["askPrice"], day["askQty"]]
        assert price["price"] == day["lastPrice"] == trade["price"]
        assert day["lastQty"] == trade["qty"] and day["lastId"] == trade["id"]
        every = {one["symbol"]: one for one in await client.get("ticker/24hr")}
        assert set(every) == {one["symbol"] for one in await client.get("ticker/bookTicker")} and len(every) == 5
        assert every["SOLUSDT"] | {"lastQty": ""} == day | {"lastQty": ""}


async def test_windows_hold_what_their_candles_hold() -> None:
    async with exchange() as client:
        begin = START * 1000 // MINUTE_MS * MINUTE_MS - 2 * 60 * MINUTE_MS
        candles = await client.get("klines", symbol="BTCUSDT", interval="1m", startTime=begin)
        window = await client.get("ticker", symbol="BTCUSDT", windowSize="2h")
        assert (window["openTime"], window["count"]) == (begin, sum(one[8] for one in candles))
        assert window["lastId"] - window["firstId"] + 1 == window["count"]
        assert Decimal(window["volume"]) == sum(Decimal(one[5]) for one in candles)
        assert window["highPrice"] == max((one[2] for one in candles), key=Decimal)
        mini = await client.get("ticker", symbols='["BTCUSDT","ETHUSDT"]', windowSize="2h", type="MINI")
        assert [one["symbol"] for one in mini] == ["BTCUSDT", "ETHUSDT"] and "priceChange" not in mini[0]
        (today,) = await client.get("klines", symbol="BTCUSDT", interval="1d", limit=1)
        utc = await client.get("ticker/tradingDay", symbol="BTCUSDT")
        assert (utc["openTime"], utc["closeTime"], utc["count"]) == (today[0], today[6], today[8])
        tokyo = await client.get("ticker/tradingDay", symbol="BTCUSDT", timeZone="+9:00")
        assert (tokyo["openTime"] + 9 * 3_600_000) % 86_400_000 == 0
        average = await client.get("avgPrice", symbol="BTCUSDT")
        recent = candles[-6:]
        quote, volume = (sum((Decimal(one[field]) for one in recent), Decimal()) for field in (7, 5))
        assert average["mins"] == 5 and abs(Decimal(average["price"]) - quote / volume) < Decimal("0.00000001")


async def test_months_and_seconds() -> None:
    async with exchange() as client:
        months = await client.get("klines", symbol="BTCUSDT", interval="1M", limit=3)
        days = await client.get("klines", symbol="BTCUSDT", interval="1d", startTime=months[1][0], endTime=months[1][6])
        assert len(days) == 31, "October"
        assert [months[1][1], months[1][4]] == [days[0][1], days[-1][4]]
        assert months[1][8] == sum(one[8] for one in days)
        assert months[0][6] + 1 == months[1][0] and months[1][6] + 1 == months[2][0]
        seconds = await client.get("klines", symbol="BTCUSDT", interval="1s", limit=60)
        assert len(seconds) == 60 and seconds[-1][6] == START * 1000 - 1


async def test_exchange_info_gives_filters_and_narrows() -> None:
    async with exchange() as client:
        info = await client.get("exchangeInfo", symbols='["BTCUSDT","XRPUSDT"]', showPermissionSets="false")
        assert [one["symbol"] for one in info["symbols"]] == ["BTCUSDT", "XRPUSDT"]
        assert "permissionSets" not in info["symbols"][0]
        filters = {one["filterType"]: one for one in info["symbols"][0]["filters"]}
        assert {"PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "ICEBERG_PARTS", "NOTIONAL"} <= set(filters)
        assert {"PERCENT_PRICE_BY_SIDE", "TRAILING_DELTA", "MAX_NUM_ORDERS", "MAX_NUM_ORDER_LISTS"} <= set(filters)
        tick = Decimal(filters["PRICE_FILTER"]["tickSize"])
        depth = await client.get("depth", symbol="BTCUSDT", limit=100)
        assert all(Decimal(price) % tick == 0 for price, _ in depth["bids"] + depth["asks"])
        assert (await client.get("exchangeInfo", permissions="MARGIN"))["symbols"] == []


async def test_symbols_come_and_go_while_it_runs() -> None:
    minute = START // 60 * 60
    changes = [
        Change("ETHUSDT", minute + 120, "TRADING"),
        Change("SOLUSDT", minute + 180, "BREAK"),
        Change("SOLUSDT", minute + 300, "GONE"),
    ]
    async with exchange(market=ScheduledMarket(SyntheticMarket(7, 4), changes)) as client:

        async def statuses() -> dict[str, str]:
            return {one["symbol"]: one["status"] for one in (await client.get("exchangeInfo"))["symbols"]}

        assert await statuses() == {"BTCUSDT": "TRADING", "SOLUSDT": "TRADING", "BNBUSDT": "TRADING"}
        assert (await client.ask("klines", symbol="ETHUSDT", interval="1m"))[1]["code"] == -1121
        client.clock.advance(150_000)
        assert (await statuses())["ETHUSDT"] == "TRADING"
        candles = await client.get("klines", symbol="ETHUSDT", interval="1h")
        assert len(candles) == 1
        minutes = await client.get("klines", symbol="ETHUSDT", interval="1m")
        assert [one[0] for one in minutes] == [(minute + 120) * 1000, (minute + 180) * 1000]
        client.clock.advance(60_000)
        assert (await statuses())["SOLUSDT"] == "BREAK"
        assert [one["symbol"] for one in (await client.get("exchangeInfo", symbolStatus="BREAK"))["symbols"]] == [
            "SOLUSDT"
        ]
        assert (await client.get("depth", symbol="SOLUSDT"))["bids"] == []
        last = await client.get("klines", symbol="SOLUSDT", interval="1m", limit=1)
        assert last == [] or last[0][0] == (minute + 120) * 1000
        client.clock.advance(120_000)
        assert "SOLUSDT" not in await statuses()
        assert (await client.ask("depth", symbol="SOLUSDT"))[1]["code"] == -1121


REFUSALS: list[tuple[str, dict[str, str], int]] = [
    ("depth", {}, -1102),
    ("depth", {"symbol": "BTCUSDT", "limit": "many"}, -1100),
    ("depth", {"symbol": "BTCUSDT", "symbolStatus": "HALT"}, -1220),
    ("trades", {"symbol": "BTCUSDT", "fromId": "1"}, -1104),
    ("historicalTrades", {"symbol": "BTCUSDT", "fromId": "-1"}, -1100),
    ("aggTrades", {"symbol": "BTCUSDT", "fromId": "1", "startTime": "1"}, -1128),
    ("aggTrades", {"symbol": "BTCUSDT", "startTime": "1", "endTime": "90000000"}, -1127),
    ("avgPrice", {"symbol": "NOPE"}, -1121),
    ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": ""}, -1105),
    ("klines", {"symbol": "BTCUSDT", "interval": "1m", "timeZone": "+15"}, -1130),
    ("ticker", {}, -1102),
    ("ticker", {"symbol": "BTCUSDT", "windowSize": "1d2h"}, -1130),
    ("ticker", {"symbol": "BTCUSDT", "windowSize": "8d"}, -1130),
    ("ticker/tradingDay", {"symbol": "BTCUSDT", "timeZone": "noon"}, -1130),
    ("ticker/24hr", {"symbols": '["BTCUSDT","BTCUSDT"]'}, -1151),
    ("ticker/24hr", {"symbolStatus": "ASLEEP"}, -1122),
    ("ticker/price", {"symbols": "[]"}, -1130),
    ("exchangeInfo", {"symbol": "BTCUSDT", "symbolStatus": "TRADING"}, -1128),
    ("exchangeInfo", {"symbol": "BTCUSDT", "permissions": "SPOT"}, -1128),
]
WEIGHTS: list[tuple[str, dict[str, str], int]] = [
    ("depth", {"symbol": "BTCUSDT"}, 5),
    ("depth", {"symbol": "BTCUSDT", "limit": "500"}, 25),
    ("depth", {"symbol": "BTCUSDT", "limit": "1000"}, 50),
    ("depth", {"symbol": "BTCUSDT", "limit": "9000"}, 250),
    ("trades", {"symbol": "BTCUSDT", "limit": "1"}, 25),
    ("historicalTrades", {"symbol": "BTCUSDT", "limit": "1"}, 25),
    ("aggTrades", {"symbol": "BTCUSDT", "limit": "1"}, 4),
    ("klines", {"symbol": "BTCUSDT", "interval": "1m"}, 2),
    ("avgPrice", {"symbol": "BTCUSDT"}, 2),
    ("ticker/24hr", {"symbol": "BTCUSDT"}, 2),
    ("ticker/24hr", {}, 80),
    ("ticker/price", {"symbol": "BTCUSDT"}, 2),
    ("ticker/price", {}, 4),
    ("ticker/bookTicker", {}, 4),
    ("ticker", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 8),
    ("ticker/tradingDay", {"symbol": "BTCUSDT"}, 4),
    ("exchangeInfo", {}, 20),
]


async def test_refusals() -> None:
    async with exchange(symbols=2) as client:
        for path, parameters, code in REFUSALS:
            status, answer, headers = await client.ask(path, **parameters)
            assert (status, answer["code"]) == (400, code) and answer["msg"], path
            assert int(headers["X-MBX-USED-WEIGHT-1M"]) >= 1


async def test_weights() -> None:
    spent: list[int] = []

    class Counted(WeightLimit):
        def spend(self, client: str, weight: int) -> None:
            spent.append(weight)

    application = web.Application()
    market = LiveMarket(SyntheticMarket(7, 2))
    Rest(market, VirtualClock(START * 1000, 0.0), Counted(0)).install(application)
    async with TestClient(TestServer(application)) as client:
        for path, parameters, weight in WEIGHTS:
            async with client.get(f"/api/v3/{path}", params=parameters) as response:
                assert response.status == 200
            assert spent == [weight], path
            spent.clear()
        async with client.get("/api/v3/depth", params={"symbol": "BTCUSDT", "limit": "many"}):
            assert spent == [1], "what is refused before its weight is known"
