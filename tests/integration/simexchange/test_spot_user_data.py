"""The account's events, as python-binance's user socket and plain WebSocket clients receive them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from binance.exceptions import BinanceAPIException

from simexchange.market import SyntheticMarket
from tests.fixtures.scripted_market import PRICE, START, Step
from tests.fixtures.spot_client import KEY, PATIENCE, SECRET, Desk, desk, events

LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.2"}
#: Two dips, of which takers sell 0.05 and then plenty.
DIPS: dict[int, Step] = {
    60: (PRICE, PRICE, PRICE - 300, PRICE, 5_000, 5_000),
    4_000: (PRICE, PRICE, PRICE - 300, PRICE, 5_000, 500_000),
}
FILLED = "executionReport", "TRADE", "FILLED"


def brief(event: dict[str, Any]) -> tuple[str, ...]:
    if event["e"] == "executionReport":
        return event["e"], event["x"], event["X"]
    if event["e"] == "listStatus":
        return event["e"], event["l"], event["L"]
    return (event["e"],)


async def test_a_client_follows_an_order_from_new_to_filled() -> None:
    async with desk({0: DIPS}) as at, at.user_socket() as socket:
        placed = await at.binance.create_order(**LIMIT, price="98.00", newClientOrderId="mine")
        new, position = await events(socket, 2)
        assert brief(new) == ("executionReport", "NEW", "NEW") and new["E"] == placed["transactTime"]
        assert (new["s"], new["c"], new["S"], new["o"], new["f"], new["q"], new["p"], new["i"]) == (
            "BTCUSDT", "mine", "BUY", "LIMIT", "GTC", "0.20000000", "98.00000000", placed["orderId"],
        )  # fmt: skip
        assert (new["w"], new["t"], new["N"], new["C"], new["g"]) == (True, -1, None, "", -1)
        assert position["B"] == [{"a": "USDT", "f": "9980.40000000", "l": "19.60000000"}]
        at.go(61)
        partly, position = await events(socket, 2)
        assert brief(partly) == ("executionReport", "TRADE", "PARTIALLY_FILLED")
        assert (partly["l"], partly["z"], partly["L"], partly["Y"], partly["Z"]) == (
            "0.05000000", "0.05000000", "98.00000000", "4.90000000", "4.90000000",
        )  # fmt: skip
        assert (partly["n"], partly["N"], partly["m"], partly["w"]) == ("0.00005000", "BTC", True, True)
        assert partly["T"] == partly["E"] == (START + 61) * 1000
        assert {entry["a"] for entry in position["B"]} == {"USDT", "BTC"}
        at.go(7_200)
        rest, position = await events(socket, 2)
        assert brief(rest) == FILLED and rest["z"] == "0.20000000" and rest["t"] > partly["t"]
        assert rest["T"] == (START + 4_001) * 1000 and rest["W"] == new["W"]
        assert {"a": "USDT", "f": "9980.40000000", "l": "0.00000000"} in position["B"]


async def test_at_ten_minutes_a_second_orders_trade_on_the_synthetic_market() -> None:
    async with desk({}, market=SyntheticMarket(7, 3), speed=600.0) as at, at.user_socket() as socket:
        # Signed by a client whose clock falls behind the exchange's by ten minutes every second.
        at.binance.REQUEST_RECVWINDOW = None
        price = Decimal((await at.binance.get_symbol_ticker(symbol="BTCUSDT"))["price"])
        placed = {
            side: await at.binance.create_order(
                symbol="BTCUSDT", side=side, type="LIMIT", timeInForce="GTC", quantity="0.01",
                price=str((price * factor).quantize(Decimal("0.01"))),
            )
            for side, factor in (("BUY", Decimal("0.999")), ("SELL", Decimal("1.001")))
        }  # fmt: skip
        received: list[dict[str, Any]] = []
        while not any(brief(event) == FILLED for event in received):
            received += await events(socket, 1)
        trades = [event for event in received if event["e"] == "executionReport" and event["x"] == "TRADE"]
        for trade in trades:
            assert trade["m"] and trade["L"] == trade["p"] == placed[trade["S"]]["price"]
            assert trade["T"] > placed[trade["S"]]["transactTime"]
            candle = (await at.binance.get_klines(
                symbol="BTCUSDT", interval="1s", startTime=trade["T"] - 1000, limit=1
            ))[0]  # fmt: skip
            assert candle[0] == trade["T"] - 1000, "it trades in a second of the market's own candles"
            assert Decimal(candle[3]) <= Decimal(trade["L"]) <= Decimal(candle[2])
            assert Decimal(trade["l"]) <= Decimal(candle[5])


async def test_cancelling_and_market_orders_report_themselves() -> None:
    async with desk({}) as at, at.user_socket() as socket:
        placed = await at.binance.create_order(**LIMIT, price="98.00", newClientOrderId="mine")
        await at.binance.cancel_order(symbol="BTCUSDT", orderId=placed["orderId"], newClientOrderId="stop")
        gone = (await events(socket, 4))[2]
        assert brief(gone) == ("executionReport", "CANCELED", "CANCELED")
        assert (gone["c"], gone["C"], gone["w"]) == ("stop", "mine", False)
        await at.binance.order_market_sell(symbol="BTCUSDT", quantity="0.1")
        new, trade, position = await events(socket, 3)
        assert brief(new)[1:] == ("NEW", "NEW") and brief(trade) == FILLED
        assert (trade["N"], trade["m"], trade["w"]) == ("USDT", False, False)
        free = Decimal(10_000) + Decimal(trade["Y"]) - Decimal(trade["n"])
        assert {"a": "USDT", "f": f"{free:.8f}", "l": "0.00000000"} in position["B"]
        await at.binance.make_universal_transfer(type="MAIN_UMFUTURE", asset="BTC", amount="0.1")
        moved, position = await events(socket, 2)
        assert (brief(moved), moved["a"], moved["d"]) == (("balanceUpdate",), "BTC", "-0.10000000")
        assert brief(position) == ("outboundAccountPosition",)


async def test_an_oco_is_followed_to_its_end() -> None:
    async with desk({0: {60: (PRICE, PRICE, PRICE - 300, PRICE - 300, 9, 9)}}) as at, at.user_socket() as socket:
        placed = await at.binance.create_oco_order(
            symbol="BTCUSDT", side="SELL", quantity="0.06", aboveType="LIMIT_MAKER", abovePrice="102.00",
            belowType="STOP_LOSS", belowStopPrice="98.00",
        )  # fmt: skip
        started = await events(socket, 4)
        assert [brief(event) for event in started] == [
            ("executionReport", "NEW", "NEW"), ("executionReport", "NEW", "NEW"),
            ("listStatus", "EXEC_STARTED", "EXECUTING"), ("outboundAccountPosition",),
        ]  # fmt: skip
        assert {event["g"] for event in started[:3]} == {placed["orderListId"]}
        assert [order["i"] for order in started[2]["O"]] == [order["orderId"] for order in placed["orders"]]
        at.go(120)
        ended = await events(socket, 5)
        assert [brief(event) for event in ended] == [
            ("executionReport", "NEW", "NEW"), ("executionReport", "EXPIRED", "EXPIRED"), FILLED,
            ("listStatus", "ALL_DONE", "ALL_DONE"), ("outboundAccountPosition",),
        ]  # fmt: skip


def signed(at: Desk, parameters: dict[str, Any], secret: str = SECRET) -> dict[str, Any]:
    whole = {"apiKey": KEY, "timestamp": at.clock.told_ms(), **parameters}
    payload = "&".join(f"{name}={whole[name]}" for name in sorted(whole))
    return {**whole, "signature": hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()}


async def ask(socket: aiohttp.ClientWebSocketResponse, method: str, parameters: Any = None, number: Any = 1) -> Any:
    await socket.send_json({"id": number, "method": method, **({} if parameters is None else {"params": parameters})})
    return await socket.receive_json(timeout=PATIENCE)


async def test_the_websocket_api_answers_and_trades() -> None:
    async with desk({}) as at, at.http.ws_connect(f"{at.streams}/ws-api/v3") as socket:
        pong = await ask(socket, "ping", number="p1")
        assert (pong["id"], pong["status"], pong["result"]) == ("p1", 200, {})
        assert pong["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT" and pong["rateLimits"][0]["count"] > 0
        assert (await ask(socket, "time"))["result"] == {"serverTime": at.clock.told_ms()}
        assert (await ask(socket, "session.status"))["result"]["apiKey"] is None
        started = await ask(socket, "userDataStream.subscribe.signature", signed(at, {}))
        assert started["result"] == {"subscriptionId": 0}
        again = await ask(socket, "userDataStream.subscribe.signature", signed(at, {}))
        assert (again["status"], again["error"]["code"]) == (400, -2035)
        assert (await ask(socket, "session.subscriptions"))["result"] == [{"subscriptionId": 0}]
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "98.00"}
        await socket.send_json({"id": 9, "method": "order.place", "params": signed(at, {**order, "quantity": 0.25})})
        received = [await socket.receive_json(timeout=PATIENCE) for _ in range(3)]
        assert [one.get("subscriptionId") for one in received] == [0, 0, None]
        answer = received[2]
        assert answer["id"] == 9 and answer["result"]["origQty"] == "0.25000000"
        assert answer["rateLimits"][0]["rateLimitType"] == "ORDERS"
        which = {"symbol": "BTCUSDT", "orderId": answer["result"]["orderId"]}
        assert (await ask(socket, "order.status", signed(at, which)))["result"]["status"] == "NEW"
        assert len((await ask(socket, "openOrders.status", signed(at, {})))["result"]) == 1
        assert (await ask(socket, "account.status", signed(at, {})))["result"]["canTrade"]
        await socket.send_json({"id": 10, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 0}})
        ended, answer = [await socket.receive_json(timeout=PATIENCE) for _ in range(2)]
        assert ended["event"]["e"] == "eventStreamTerminated" and answer == {**answer, "status": 200, "result": {}}
        cancelled = await ask(socket, "order.cancel", signed(at, which))
        assert cancelled["result"]["status"] == "CANCELED", "no events come between"
        assert (await ask(socket, "userDataStream.unsubscribe"))["error"]["code"] == -2036


@pytest.mark.parametrize(("text", "code"), [
    ("", -1135), ("{", -1135), ("[]", -1135), ('"x"', -1135), ("null", -1135), ("[" * 100_000, -1135),
    ('{"id":1.5,"method":7}', -1102), ('{"id":{},"method":"ping"}', -1135), ('{"id":1}', -1102),
    ('{"id":1,"method":"ping","params":[]}', -1135), ('{"id":1,"method":"nothing.at.all"}', -1020),
    ('{"id":1,"method":"order.place","params":{}}', -1102),
    ('{"id":1,"method":"order.place","params":{"apiKey":"short"}}', -2014),
    ('{"id":1,"method":"session.logon","params":{"apiKey":null}}', -2014),
    ('{"id":1,"method":"userDataStream.subscribe"}', -1002),
    ('{"id":1,"method":"userDataStream.unsubscribe","params":{"subscriptionId":"' + "9" * 5000 + '"}}', -1100),
    ('{"id":1,"method":"userDataStream.ping","params":{"apiKey":"' + KEY + '","listenKey":"no"}}', -1125),
    ('{"id":1,"method":"order.place","params":{"apiKey":"' + "\\ud800" * 64 + '"}}', -2014),
    ("x" * 300_000, -1135),
])  # fmt: skip
async def test_whatever_is_sent_is_answered_with_an_error(text: str, code: int) -> None:
    async with desk({}) as at, at.http.ws_connect(f"{at.streams}/ws-api/v3") as socket:
        await socket.send_str(text)
        answer = await socket.receive_json(timeout=PATIENCE)
        assert answer["error"]["code"] == code and answer["status"] >= 400
        assert (await ask(socket, "ping"))["status"] == 200, "the connection lives on"


async def test_signatures_of_the_websocket_api() -> None:
    async with desk({}) as at, at.http.ws_connect(f"{at.streams}/ws-api/v3") as socket:
        wrong = await ask(socket, "account.status", signed(at, {}, secret="other"))
        assert (wrong["status"], wrong["error"]["code"]) == (400, -1022)
        late = await ask(socket, "account.status", signed(at, {"timestamp": at.clock.told_ms() - 60_001}))
        assert late["error"]["code"] == -1021
        logon = await ask(socket, "session.logon", signed(at, {}))
        assert "HMAC_SHA256" in logon["error"]["msg"], "only Ed25519 keys may log a session on"
        unread = await ask(socket, "account.status", signed(at, {"other": "1"}))
        assert unread["error"]["code"] == -1104


async def test_python_binance_trades_over_the_websocket_api() -> None:
    async with desk({}) as at:
        placed = await at.binance.ws_create_order(**LIMIT, price="98.00")
        assert (await at.binance.ws_get_order(symbol="BTCUSDT", orderId=placed["orderId"]))["status"] == "NEW"
        assert (await at.binance.ws_cancel_order(symbol="BTCUSDT", orderId=placed["orderId"]))["status"] == "CANCELED"
        with pytest.raises(BinanceAPIException) as raised:
            await at.binance.ws_create_order(**LIMIT, price="98.005")
        assert "PRICE_FILTER" in raised.value.message


async def test_listen_keys_still_work() -> None:
    async with desk({}) as at:
        key = await at.binance.stream_get_listen_key()
        assert await at.binance.stream_get_listen_key() == key
        async with at.http.ws_connect(f"{at.streams}/ws/{key}") as socket:
            # The stream is subscribed once the connection stands; a request makes sure of it.
            await socket.send_json({"id": 1, "method": "LIST_SUBSCRIPTIONS"})
            assert (await socket.receive_json(timeout=PATIENCE))["result"] == [key]
            await at.binance.create_order(**LIMIT, price="98.00")
            assert json.loads(await asyncio.wait_for(socket.receive_str(), PATIENCE))["x"] == "NEW"
        await at.binance.stream_keepalive(key)
        await at.binance.stream_close(key)
        with pytest.raises(BinanceAPIException) as raised:
            await at.binance.stream_keepalive(key)
        assert raised.value.code == -1125
        at.go(0)
        other = await at.binance.stream_get_listen_key()
        at.go(3_601)
        assert await at.binance.stream_get_listen_key() != other, "a key lives an hour"
