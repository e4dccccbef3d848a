"""Spot's streams: what they tell adds up, to each other and to REST."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import aiohttp
import numpy as np
import pytest

from simexchange.candles import TRADES
from simexchange.clock import VirtualClock
from simexchange.connections import StreamOptions
from simexchange.market import Market, SyntheticMarket
from simexchange.schedule import Change, ScheduledMarket
from simexchange.server import Exchange

START = 1_795_271_037
MINUTE = START // 60 * 60
PATIENCE = 20.0
#: Real seconds from one look at the market to the next; a hub that is late for one sends its messages with the next.
PACE = 0.1


class Desk:
    """An exchange and one of its stream clients, whose clock moves only when told to."""

    def __init__(self, port: int, http: aiohttp.ClientSession, clock: VirtualClock) -> None:
        self.clock = clock
        self.http = http
        self.rest = f"http://127.0.0.1:{port}/api/v3"
        self.streams = f"ws://127.0.0.1:{port}"

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.rest}/{path}") as response:
            return await response.json()

    @contextlib.asynccontextmanager
    async def reading(self, *names: str) -> AsyncIterator[Reader]:
        async with self.http.ws_connect(f"{self.streams}/stream?streams={'/'.join(names)}") as socket:
            yield Reader(socket)


class Reader:
    """Messages of a connection, by stream."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.seen: list[tuple[str, Any]] = []

    async def until(self, stream: str, **fields: Any) -> Any:
        """The next message of a stream with these values (of its candle, where it is one)."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self._socket.receive_json()
                self.seen.append((message["stream"], message["data"]))
                data = message["data"]
                body = data.get("k", data) if isinstance(data, dict) else {}
                if message["stream"] == stream and all(body.get(name) == value for name, value in fields.items()):
                    return data

    def of(self, stream: str) -> list[Any]:
        return [data for name, data in self.seen if name == stream]


@contextlib.asynccontextmanager
async def exchange(
    market: Market | None = None, options: StreamOptions | None = None, symbols: int = 4
) -> AsyncIterator[Desk]:
    clock = VirtualClock(START * 1000, 0.0)
    server = Exchange(market or SyntheticMarket(7, symbols), clock, options=options or StreamOptions(pace=PACE))
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        try:
            yield Desk(port, http, clock)
        finally:
            await server.stop()


async def test_a_local_book_kept_by_the_stream_equals_the_exchanges() -> None:
    async with exchange() as desk, desk.reading("btcusdt@depth@100ms") as reader:
        # What is told first has changed since the subscription, so that no snapshot after it misses anything.
        desk.clock.advance(1_000)
        first = await reader.until("btcusdt@depth@100ms")
        book = await desk.get("depth?symbol=BTCUSDT&limit=1000")
        sides = {side: dict(book[side]) for side in ("bids", "asks")}
        assert first["U"] - 1 == START * 1_000
        assert first["u"] == book["lastUpdateId"]
        before = first["u"]
        for _ in range(3):
            desk.clock.advance(1_000)
            event = await reader.until("btcusdt@depth@100ms")
            assert event["U"] == before + 1 <= event["u"]
            before = event["u"]
            for side, letter in (("bids", "b"), ("asks", "a")):
                for price, quantity in event[letter]:
                    if Decimal(quantity):
                        sides[side][price] = quantity
                    else:
                        sides[side].pop(price, None)
        book = await desk.get("depth?symbol=BTCUSDT&limit=1000")
        assert before == book["lastUpdateId"]
        assert sides == {side: dict(book[side]) for side in ("bids", "asks")}


async def test_trades_of_the_streams_add_up_to_the_closed_candle() -> None:
    names = ("ethusdt@trade", "ethusdt@aggTrade", "ethusdt@kline_1m", "ethusdt@kline_1s")
    async with exchange() as desk, desk.reading(*names) as reader:
        await asyncio.sleep(5 * PACE)
        desk.clock.advance(23_000)
        for _ in range(3):
            desk.clock.advance(20_000)
            await asyncio.sleep(5 * PACE)
        desk.clock.advance(1_000)
        candle = (await reader.until("ethusdt@kline_1m", x=True, t=(MINUTE + 60) * 1000))["k"]
        await reader.until("ethusdt@kline_1s", L=candle["L"])
        trades = [one for one in reader.of("ethusdt@trade") if candle["f"] <= one["t"] <= candle["L"]]
        assert [one["t"] for one in trades] == list(range(candle["f"], candle["L"] + 1))
        assert len(trades) == candle["n"] > 10
        assert sum(Decimal(one["q"]) for one in trades) == Decimal(candle["v"])
        assert sum(Decimal(one["q"]) for one in trades if not one["m"]) == Decimal(candle["V"])
        merged = [one for one in reader.of("ethusdt@aggTrade") if candle["f"] <= one["f"] <= candle["L"]]
        assert sum(Decimal(one["q"]) for one in merged) == Decimal(candle["v"])
        seconds = [one["k"] for one in reader.of("ethusdt@kline_1s")]
        inside = [one for one in seconds if candle["t"] <= one["t"] <= candle["T"]]
        assert sum(one["n"] for one in inside) == candle["n"]
        assert max((one["h"] for one in inside), key=Decimal) == candle["h"]


def after_a_quiet_one(market: Market, row: int) -> int:
    """The beginning of a minute in which a symbol trades after one in which it does not."""
    trades = market.candles(np.array([row]), 60, MINUTE // 60, 400).fields[TRADES, 0].tolist()
    return MINUTE + 60 * next(at for at in range(2, 400) if trades[at - 1] == 0 < trades[at])


@pytest.mark.parametrize("promised", [False, True])
async def test_a_quiet_candle_is_told_closed_before_the_next_trade(promised: bool) -> None:
    market = SyntheticMarket(7, 220)
    row = 219
    trading = after_a_quiet_one(market, row)
    symbol = market.listings[row].symbol.lower()
    clock = VirtualClock((trading - 90) * 1000, 0.0)
    server = Exchange(market, clock, options=StreamOptions(quiet_closes=promised))
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        desk = Desk(port, http, clock)
        async with desk.reading(f"{symbol}@kline_1m", "btcusdt@kline_1m") as reader:
            clock.advance(90_000)
            await reader.until("btcusdt@kline_1m", x=True, t=(trading - 60) * 1000)
            # The quiet symbol was subscribed first, and its messages come first.
            early = [one["k"]["t"] for one in reader.of(f"{symbol}@kline_1m") if one["k"]["x"]]
            assert ((trading - 60) * 1000 in early) is promised
            clock.advance(60_000)
            late = await reader.until(f"{symbol}@kline_1m", x=True, t=trading * 1000)
            told = [one["k"] for one in reader.of(f"{symbol}@kline_1m") if one["k"]["x"]]
            assert [one["t"] for one in told][-2:] == [(trading - 60) * 1000, trading * 1000]
            assert (told[-2]["n"], told[-2]["f"], told[-2]["L"]) == (0, -1, -1) and late["k"]["n"] > 0
    await server.stop()


async def test_a_listing_begins_and_a_delisting_ends_the_streams() -> None:
    changes = [Change("ETHUSDT", MINUTE + 120, "TRADING"), Change("SOLUSDT", MINUTE + 120, "BREAK")]
    market = ScheduledMarket(SyntheticMarket(7, 3), changes)
    names = [f"{symbol}usdt@{kind}" for symbol in ("btc", "eth", "sol") for kind in ("kline_1m", "bookTicker")]
    async with exchange(market, StreamOptions(quiet_closes=True, pace=PACE)) as desk, desk.reading(*names) as reader:
        for _ in range(5):
            desk.clock.advance(60_000)
            await asyncio.sleep(5 * PACE)
        await reader.until("btcusdt@kline_1m", x=True, t=(MINUTE + 240) * 1000)
        closed = {
            name: [one["k"]["t"] // 1000 - MINUTE for one in reader.of(f"{name}usdt@kline_1m") if one["k"]["x"]]
            for name in ("btc", "eth", "sol")
        }
        assert closed["btc"] == [0, 60, 120, 180, 240]
        assert closed["eth"] == [120, 180, 240][: len(closed["eth"])] and len(closed["eth"]) >= 2
        assert closed["sol"] == [0, 60]
        ids = {name: [one["u"] for one in reader.of(f"{name}usdt@bookTicker")] for name in ("eth", "sol")}
        assert min(ids["eth"]) >= (MINUTE + 120) * 1000 > max(ids["sol"])


async def test_tickers_of_all_hold_those_that_traded() -> None:
    names = (
        "!miniTicker@arr",
        "!ticker@arr",
        "!ticker_1h@arr",
        "btcusdt@ticker",
        "btcusdt@ticker_1d",
        "btcusdt@avgPrice",
    )
    async with exchange() as desk, desk.reading(*names) as reader:
        desk.clock.advance(30_000)
        first = await reader.until("!miniTicker@arr")
        assert {one["s"] for one in first} == {"BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT"}
        await asyncio.sleep(5 * PACE)
        desk.clock.advance(2_000)
        day = await reader.until("btcusdt@ticker", C=desk.clock.now_ms() // 1000 * 1000)
        rest = await desk.get("ticker/24hr?symbol=BTCUSDT")
        assert [day[letter] for letter in "cohlvqn"] == [
            rest[name] for name in ("lastPrice", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume", "count")
        ]
        assert (await reader.until("btcusdt@ticker_1d"))["e"] == "1dTicker"
        assert (await reader.until("btcusdt@avgPrice"))["i"] == "5m"


async def test_properties_and_refusals() -> None:
    async with exchange() as desk, desk.http.ws_connect(f"{desk.streams}/ws") as socket:

        async def ask(text: str) -> Any:
            # Five messages a second are allowed.
            await asyncio.sleep(0.25)
            await socket.send_str(text)
            async with asyncio.timeout(PATIENCE):
                while True:
                    answer = await socket.receive_json()
                    if "id" in answer:
                        return answer

        def request(method: str, *params: Any) -> str:
            return json.dumps({"method": method, "params": list(params), "id": "a1"})

        assert await ask(request("GET_PROPERTY", "combined")) == {"result": False, "id": "a1"}
        assert await ask(request("SET_PROPERTY", "combined", True)) == {"result": None, "id": "a1"}
        assert (await ask(request("GET_PROPERTY", "combined")))["result"] is True
        await ask(request("SUBSCRIBE", "btcusdt@bookTicker"))
        desk.clock.advance(1_000)
        message = await socket.receive_json(timeout=PATIENCE)
        assert set(message) == {"stream", "data"}
        for text, code, part in (
            (request("SET_PROPERTY", "combined", 1), 1, "expected Boolean"),
            (request("SET_PROPERTY", "colour", True), 0, "Unknown property"),
            (request("GET_PROPERTY", 5), 2, "property name must be a string"),
            (request("SUBSCRIBE", "not a stream"), 2, "invalid stream"),
            ('{"params":[],"id":1}', 2, "missing field `method`"),
            ('{"method":"SUBSCRIBE","params":[],"id":1.5}', 2, "request ID"),
            ("{", 3, "Invalid JSON"),
        ):
            error = (await ask(text))["error"]
            assert error["code"] == code and part in error["msg"]


async def test_connections_end_after_their_time_and_attempts_are_counted() -> None:
    async with exchange(options=StreamOptions(lifetime=0.3, attempts=2)) as desk:
        for _ in range(2):
            async with desk.http.ws_connect(f"{desk.streams}/ws/btcusdt@kline_1m") as socket:
                message = await socket.receive(timeout=PATIENCE)
                assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await desk.http.ws_connect(f"{desk.streams}/ws/btcusdt@kline_1m")
        assert refused.value.status == 429
