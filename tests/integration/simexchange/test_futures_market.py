"""Market data, streams, weights and faults of the perpetuals, as clients see them."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from simexchange.schedule import Change
from tests.integration.simexchange.futures_venue import PATIENCE, START, code_of, raw, streams_of, venue


async def test_market_data_agrees_with_itself_and_with_spot() -> None:
    async with venue() as here:
        binance = here.binance
        assert await binance.futures_ping() == {}
        info = await binance.futures_exchange_info()
        assert [one["symbol"] for one in info["symbols"]] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
        assert {one["contractType"] for one in info["symbols"]} == {"PERPETUAL"}
        rows = await binance.futures_klines(symbol="ETHUSDT", interval="1h", limit=1_500)
        assert len(rows) == 1_500
        assert all(later[0] - row[0] == 3_600_000 for row, later in itertools.pairwise(rows))
        spot = await binance.get_klines(symbol="ETHUSDT", interval="1h", startTime=rows[0][0], limit=100)
        assert [[float(part) for part in row] for row in spot] == [[float(part) for part in row] for row in rows[:100]]
        continuous = await binance.futures_continuous_klines(
            pair="ETHUSDT", contractType="PERPETUAL", interval="1h", startTime=rows[0][0], limit=3
        )
        assert continuous == rows[:3]
        marks = await binance.futures_mark_price_klines(symbol="ETHUSDT", interval="1h", startTime=rows[0][0], limit=3)
        assert [float(row[4]) for row in marks] == [float(row[4]) for row in rows[:3]]
        index = await binance.futures_index_price_klines(pair="ETHUSDT", interval="1h", limit=2)
        assert len(index) == 2
        premium = await binance.futures_premium_index_klines(symbol="ETHUSDT", interval="1h", limit=2)
        assert {row[4] for row in premium} == {"0.00000000"}
        book = await binance.futures_order_book(symbol="BTCUSDT", limit=50)
        assert len(book["bids"]) == len(book["asks"]) == 50
        assert float(book["bids"][0][0]) < float(book["asks"][0][0])
        trades = await binance.futures_recent_trades(symbol="BTCUSDT", limit=50)
        assert [one["id"] for one in trades] == sorted(one["id"] for one in trades)
        runs = await binance.futures_aggregate_trades(symbol="BTCUSDT", fromId=0, limit=5)
        assert runs[0]["a"] > 0
        late = await binance.futures_aggregate_trades(symbol="BTCUSDT", limit=5)
        again = await binance.futures_aggregate_trades(symbol="BTCUSDT", fromId=late[0]["a"], limit=5)
        assert again == late
        past = await binance.futures_historical_trades(symbol="BTCUSDT", fromId=trades[0]["id"], limit=50)
        assert past == trades
        mark = await binance.futures_mark_price(symbol="BTCUSDT")
        assert mark["nextFundingTime"] % 28_800_000 == 0
        rates = await binance.futures_funding_rate(symbol="BTCUSDT", limit=3)
        assert [one["fundingTime"] % 28_800_000 for one in rates] == [0, 0, 0]
        assert rates[-1]["fundingTime"] == mark["nextFundingTime"] - 28_800_000
        assert len(await binance.futures_ticker()) == len(await binance.futures_symbol_ticker()) == 3
        assert float((await binance.futures_open_interest(symbol="BTCUSDT"))["openInterest"]) > 0


async def test_streams_of_every_kind_arrive() -> None:
    names = [
        "btcusdt@kline_1m", "btcusdt_perpetual@continuousKline_1m", "!markPrice@arr@1s", "btcusdt@markPrice@1s",
        "!miniTicker@arr", "btcusdt@miniTicker", "btcusdt@ticker", "!ticker@arr", "btcusdt@aggTrade", "btcusdt@trade",
        "btcusdt@bookTicker", "!bookTicker", "btcusdt@depth5", "btcusdt@depth@100ms",
    ]  # fmt: skip
    async with venue(speed=30.0) as here:
        manager = streams_of(here)(here.binance, max_queue_size=5_000)
        seen: dict[str, Any] = {}
        closed: dict[str, Any] = {}
        async with manager.futures_multiplex_socket(names) as stream:
            while seen.keys() != set(names) or len(closed) < 2:
                message = await asyncio.wait_for(stream.recv(), PATIENCE)
                seen[message["stream"]] = message["data"]
                if "k" in message["data"] and message["data"]["k"]["x"]:
                    closed[message["stream"]] = message["data"]["k"]
        kline, continuous = (closed[name] for name in names[:2])
        assert {name: kline[name] for name in continuous} == continuous
        row = (await here.binance.futures_klines(symbol="BTCUSDT", interval="1m", startTime=kline["t"], limit=1))[0]
        fields = [kline[name] for name in ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")]
        assert row == fields
        assert len(seen["btcusdt@depth5"]["b"]) == 5
        assert seen["btcusdt@depth@100ms"]["pu"] == seen["btcusdt@depth@100ms"]["U"] - 1


async def test_a_local_book_kept_by_the_stream_is_the_exchanges() -> None:
    async with venue(speed=0.0) as here:
        manager = streams_of(here)(here.binance, max_queue_size=5_000)
        reader = manager.futures_multiplex_socket(["btcusdt@depth"])
        reader.TIMEOUT = 0.2
        async with reader as stream:
            # What is told first has changed since the subscription, so that no snapshot after it misses anything.
            async with asyncio.timeout(PATIENCE):
                while not await here.subscribed():
                    await asyncio.sleep(0.01)
            here.clock.advance(1000)
            first = (await asyncio.wait_for(stream.recv(), PATIENCE))["data"]
            book = await here.binance.futures_order_book(symbol="BTCUSDT", limit=1_000)
            at = book["lastUpdateId"]
            assert first["U"] <= at <= first["u"]
            sides = {"b": dict(book["bids"]), "a": dict(book["asks"])}
            for seconds in (1, 1, 37):
                here.clock.advance(seconds * 1000)
                event = (await asyncio.wait_for(stream.recv(), PATIENCE))["data"]
                assert (event["pu"], event["u"]) == (at, at + seconds)
                at = event["u"]
                for side, levels in sides.items():
                    assert event[side]
                    levels.update(event[side])
                    sides[side] = {price: quantity for price, quantity in levels.items() if float(quantity)}
                later = await here.binance.futures_order_book(symbol="BTCUSDT", limit=1_000)
                assert later["lastUpdateId"] == at
                assert sides == {"b": dict(later["bids"]), "a": dict(later["asks"])}


async def test_weights_are_futures_own() -> None:
    async with venue(symbols=1, weight_limit=100) as here:
        # Four tenths of spot's limit.
        used = []
        for _ in range(8):
            async with here.http.get(f"{here.rest}/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1000") as response:
                assert response.status == 200
                used.append(int(response.headers["X-MBX-USED-WEIGHT-1M"]))
                assert "X-MBX-USED-WEIGHT" not in response.headers
        assert used == [5, 10, 15, 20, 25, 30, 35, 40] or used != sorted(used)
        async with here.http.get(f"{here.rest}/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1500") as response:
            if used[-1] == 40:
                assert response.status == 429
                assert (await response.json())["code"] == -1003
                assert int(response.headers["Retry-After"]) >= 1
        async with here.http.get(f"{here.rest}/api/v3/ping") as response:
            assert response.status == 200


async def test_faults_strike_futures_streams() -> None:
    fault = {"kind": "duplicate", "venue": "usdm", "at": 0, "for": 600}
    async with venue(speed=0.0, symbols=1, faults=[fault]) as here:
        names = "btcusdt@kline_1m/btcusdt@markPrice@1s"
        async with here.http.ws_connect(f"{here.streams}/market/stream?streams={names}") as socket:
            here.clock.advance(60_000)
            closed: list[Any] = []
            while len(closed) < 2:
                data = (await socket.receive_json(timeout=PATIENCE))["data"]
                if data["e"] == "kline" and data["k"]["x"]:
                    closed.append(data)
            assert closed[0] == closed[1]


async def test_symbols_come_and_go() -> None:
    begin = START // 60 * 60
    changes = [
        Change("ETHUSDT", begin + 120, "TRADING"),
        Change("SOLUSDT", begin + 60, "BREAK"),
        Change("SOLUSDT", begin + 180, "GONE"),
    ]
    async with venue(speed=0.0, changes=changes) as here:

        async def statuses() -> dict[str, str]:
            info = await here.binance.futures_exchange_info()
            return {one["symbol"]: one["status"] for one in info["symbols"]}

        assert await statuses() == {"BTCUSDT": "TRADING", "SOLUSDT": "TRADING"}
        assert await code_of(here.binance.futures_mark_price(symbol="ETHUSDT")) == -1121
        here.clock.advance(60_000)
        assert (await statuses())["SOLUSDT"] == "SETTLING"
        order = {"symbol": "SOLUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
        status, answer = await raw(here, "POST", "order", order)
        assert (status, answer["code"]) == (400, -4141)
        here.clock.advance(150_000)
        assert await statuses() == {"BTCUSDT": "TRADING", "ETHUSDT": "TRADING"}
        assert len(await here.binance.futures_ticker()) == 2
        assert await code_of(here.binance.futures_klines(symbol="SOLUSDT", interval="1m")) == -1121
