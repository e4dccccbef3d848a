"""Every answer and message of spot has its documented form, and so has each object in it.

`spot_forms` has the forms, written down from the public documentation; here the simulated exchange is asked everything
once, publicly, over streams and as the account's owner.
"""

from __future__ import annotations

from typing import Any

import aiohttp

from simexchange.market import SyntheticMarket
from tests.contract.spot_answers import PATIENCE, PUBLIC, Public, ask
from tests.contract.spot_forms import check
from tests.fixtures.spot_client import KEY, desk, events

#: Streams and the form of their messages.
STREAMS = {
    "btcusdt@kline_1m": "kline",
    "btcusdt@kline_1s": "kline",
    "btcusdt@miniTicker": "24hrMiniTicker",
    "!miniTicker@arr": "24hrMiniTicker[]",
    "btcusdt@ticker": "24hrTicker",
    "!ticker@arr": "24hrTicker[]",
    "btcusdt@ticker_1h": "1hTicker",
    "!ticker_4h@arr": "1hTicker[]",
    "btcusdt@trade": "trade message",
    "btcusdt@aggTrade": "aggTrade",
    "btcusdt@bookTicker": "bookTicker",
    "!bookTicker": "bookTicker",
    "btcusdt@avgPrice": "avgPrice message",
    "btcusdt@depth": "depthUpdate",
    "btcusdt@depth@100ms": "depthUpdate",
    "btcusdt@depth5": "depth",
    "btcusdt@depth20@100ms": "depth",
}


async def test_public_answers_have_their_documented_forms(public: Public) -> None:
    problems: list[str] = []
    for path, form in PUBLIC.items():
        problems += check(path, form, await public.get(path))
    assert not problems, "\n".join(problems)


async def test_stream_messages_have_their_documented_forms(public: Public) -> None:
    found = await public.messages(set(STREAMS))
    problems = [problem for name, data in found.items() for problem in check(name, STREAMS[name], data)]
    assert not problems, "\n".join(problems)
    assert (found["btcusdt@ticker_1h"]["e"], found["!ticker_4h@arr"][0]["e"]) == ("1hTicker", "4hTicker")
    kinds = ("kline", "24hrMiniTicker", "24hrTicker", "trade", "aggTrade", "avgPrice", "depthUpdate")
    events_seen = {data["e"] for data in found.values() if isinstance(data, dict) and "e" in data}
    assert events_seen == {*kinds, "1hTicker"}


async def test_signed_answers_and_events_have_their_documented_forms() -> None:
    rest = "/api/v3"
    found: list[tuple[str, Any]] = []
    async with desk({}, market=SyntheticMarket(7, 3)) as at, at.user_socket() as socket:
        price = float((await at.binance.get_symbol_ticker(symbol="BTCUSDT"))["price"])
        low, high = f"{price * 0.9:.2f}", f"{price * 1.1:.2f}"
        limit = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}
        limit["price"] = low
        market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        found.append(("ping", await ask(at, "POST", f"{rest}/order/test", **limit)))
        found.append(("FULL", await ask(at, "POST", f"{rest}/order", **market)))
        found.append(("ACK", await ask(at, "POST", f"{rest}/order", **limit, newOrderRespType="ACK")))
        placed = await ask(at, "POST", f"{rest}/order", **limit, newOrderRespType="RESULT")
        found.append(("RESULT", placed))
        which = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
        found.append(("query", await ask(at, "GET", f"{rest}/order", **which)))
        found.append(("query[]", await ask(at, "GET", f"{rest}/openOrders", symbol="BTCUSDT")))
        replace = {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": placed["orderId"]}
        replaced = await ask(at, "POST", f"{rest}/order/cancelReplace", **limit, **replace, newOrderRespType="RESULT")
        found.append(("replaced", replaced))
        which["orderId"] = replaced["newOrderResponse"]["orderId"]
        found.append(("cancelled", await ask(at, "DELETE", f"{rest}/order", **which)))
        found.append(("query[]", await ask(at, "GET", f"{rest}/allOrders", symbol="BTCUSDT")))
        found.append(("own trade[]", await ask(at, "GET", f"{rest}/myTrades", symbol="BTCUSDT")))
        found.append(("account", await ask(at, "GET", f"{rest}/account")))
        found.append(("commission", await ask(at, "GET", f"{rest}/account/commission", symbol="BTCUSDT")))
        found.append(("order count[]", await ask(at, "GET", f"{rest}/rateLimit/order")))
        legs = {"aboveType": "LIMIT_MAKER", "abovePrice": high, "belowType": "STOP_LOSS", "belowStopPrice": low}
        oco = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.005", **legs, "newOrderRespType": "RESULT"}
        group = await ask(at, "POST", f"{rest}/orderList/oco", **oco)
        found.append(("new list", group))
        number = {"orderListId": group["orderListId"]}
        found.append(("list", await ask(at, "GET", f"{rest}/orderList", **number)))
        found.append(("list[]", await ask(at, "GET", f"{rest}/openOrderList")))
        found.append(("list[]", await ask(at, "GET", f"{rest}/allOrderList")))
        gone = await ask(at, "DELETE", f"{rest}/orderList", symbol="BTCUSDT", **number)
        found.append(("cancelled", gone["orderReports"][0]))
        found.append(("list", {name: value for name, value in gone.items() if name != "orderReports"}))
        older = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.004", "price": high, "stopPrice": low}
        found.append(("new list", await ask(at, "POST", f"{rest}/order/oco", **older, newOrderRespType="RESULT")))
        work = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": low, "workingQuantity": "0.001"}
        work |= {"workingTimeInForce": "GTC", "symbol": "BTCUSDT", "newOrderRespType": "RESULT"}
        pending = {"pendingSide": "SELL", "pendingQuantity": "0.001"}
        one = {"pendingType": "LIMIT_MAKER", "pendingPrice": high}
        found.append(("new list", await ask(at, "POST", f"{rest}/orderList/oto", **work, **pending, **one)))
        both = {f"pending{name[:1].upper()}{name[1:]}": value for name, value in legs.items()}
        found.append(("new list", await ask(at, "POST", f"{rest}/orderList/otoco", **work, **pending, **both)))
        single = await ask(at, "POST", f"{rest}/order", **limit | {"quantity": "0.002"})
        less = {"symbol": "BTCUSDT", "orderId": single["orderId"], "newQty": "0.001"}
        found.append(("amendment", await ask(at, "PUT", f"{rest}/order/amend/keepPriority", **less)))
        every = await ask(at, "DELETE", f"{rest}/openOrders", symbol="BTCUSDT")
        for one in every:
            reports = one.pop("orderReports", [one])
            found += [("cancelled", report) for report in reports]
            found += [("list", one)] if "orders" in one else []
        async with at.http.get(f"{at.rest}/sapi/v1/system/status") as response:
            found.append(("system status", await response.json()))
        found.append(("account status", await ask(at, "GET", "/sapi/v1/account/status")))
        found.append(("trade fee[]", await ask(at, "GET", "/sapi/v1/asset/tradeFee")))
        found.append(("user asset[]", await ask(at, "POST", "/sapi/v3/asset/getUserAsset")))
        move = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1"}
        found.append(("transfer", await ask(at, "POST", "/sapi/v1/asset/transfer", **move)))
        async with at.http.post(f"{at.rest}{rest}/userDataStream", headers={"X-MBX-APIKEY": KEY}) as response:
            found.append(("listen key", await response.json()))
        told: list[dict[str, Any]] = []
        while not any(event["e"] == "listStatus" and event["L"] == "ALL_DONE" for event in told):
            told += await events(socket, 1)
        found += [(event["e"], event) for event in told]
    problems = [problem for form, answer in found for problem in check(form, form, answer)]
    assert not problems, "\n".join(problems)
    assert {event["e"] for event in told} == {"executionReport", "outboundAccountPosition", "listStatus"}


async def test_answers_to_stream_requests_have_their_documented_form(public: Public) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{public.streams}/ws") as socket:
        for request in (
            {"method": "SUBSCRIBE", "params": ["x@y"], "id": 1},
            {"method": "LIST_SUBSCRIPTIONS", "id": "a"},
            {"method": "GET_PROPERTY", "params": ["combined"], "id": None},
        ):
            await socket.send_json(request)
            answer = await socket.receive_json(timeout=PATIENCE)
            assert not list(check("answer", "request answer", answer)) and answer["id"] == request["id"]
        await socket.send_json({"method": "SING", "id": 4})
        answer = await socket.receive_json(timeout=PATIENCE)
        assert answer["id"] == 4 and not list(check("refusal", "error", answer["error"]))
