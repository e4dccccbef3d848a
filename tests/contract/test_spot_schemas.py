"""Every answer and event of spot trading has the fields and kinds of values that Binance documents or that were
recorded.

Documented ones are written down here: name and kind of each field. Those that an order has only sometimes (a stop
price, an iceberg quantity, ...) are in `SOMETIMES`. What is neither documented nor recorded is listed in
docs/simexchange.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.scripted_market import PRICE, Step
from tests.fixtures.spot_client import Desk, desk, events

RECORDED = Path(__file__).parents[2].parent / "shared" / "data" / "payloads" / "recorded_rest.json"
Kinds = dict[str, str]


def kinds(**groups: str) -> Kinds:
    """Field names by kind."""
    return {name: kind for kind, names in groups.items() for name in names.split()}


ACK = kinds(number="orderId orderListId transactTime", text="symbol clientOrderId")
AMOUNTS = kinds(
    decimal="price origQty executedQty origQuoteOrderQty cummulativeQuoteQty",
    text="status timeInForce type side selfTradePreventionMode",
)
RESULT = ACK | AMOUNTS | kinds(number="workingTime")
FULL = RESULT | kinds(list="fills")
CANCELLED = ACK | AMOUNTS | kinds(text="origClientOrderId")
QUERIED = (
    {name: kind for name, kind in ACK.items() if name != "transactTime"}
    | AMOUNTS
    | kinds(decimal="stopPrice icebergQty", number="time updateTime workingTime", bool="isWorking")
)
SOMETIMES = kinds(
    decimal="stopPrice icebergQty", number="strategyId strategyType trailingDelta trailingTime workingTime"
)
FILL = kinds(decimal="price qty commission", text="commissionAsset", number="tradeId")
LIST = kinds(
    number="orderListId transactionTime",
    text="contingencyType listStatusType listOrderStatus listClientOrderId symbol",
    list="orders",
)
LIST_ORDER = kinds(text="symbol clientOrderId", number="orderId")
TRADE = kinds(
    text="symbol commissionAsset", number="id orderId orderListId time", decimal="price qty quoteQty commission",
    bool="isBuyer isMaker isBestMatch",
)  # fmt: skip
ACCOUNT = kinds(
    number="makerCommission takerCommission buyerCommission sellerCommission updateTime uid", object="commissionRates",
    bool="canTrade canWithdraw canDeposit brokered requireSelfTradePrevention preventSor", text="accountType",
    list="balances permissions",
)  # fmt: skip
LIMIT_USE = kinds(text="rateLimitType interval", number="intervalNum limit count")
REPORT = kinds(
    text="e s c S o f C x X r V", number="E g i T t I O W", decimal="q p P F l z L n Z Y Q", bool="w m M", null="N"
)
POSITION = kinds(text="e", number="E u", list="B")
MOVE = kinds(text="e a", number="E T", decimal="d")
LIST_STATUS = kinds(text="e s c l L r C", number="E g T", list="O")


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "decimal" if value and value.replace(".", "", 1).lstrip("-").isdigit() else "text"
    return "null" if value is None else "list" if isinstance(value, list) else "object"


def shape(value: dict[str, Any], expected: Kinds, sometimes: Kinds | None = None) -> None:
    """The value has exactly the expected fields, and perhaps some of the others; texts may happen to be digits."""
    found = {name: kind(one) for name, one in value.items()}
    for name, what in (sometimes or {}).items():
        if name not in expected and found.get(name) == what:
            del found[name]
    digits = {name for name, what in expected.items() if what == "text" and found.get(name) == "decimal"}
    assert {name: "text" if name in digits else what for name, what in found.items()} == expected


LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.2", "price": "98.00"}
STOP = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "quantity": "0.1",
        "price": "89.00", "stopPrice": "90.00", "icebergQty": "0.05",
        "strategyId": "7", "strategyType": "1000000"}  # fmt: skip
TRAILING = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "trailingDelta": "100"}
OCO = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1", "aboveType": "LIMIT_MAKER", "abovePrice": "110.00",
       "belowType": "STOP_LOSS", "belowStopPrice": "90.00"}  # fmt: skip
DIP: dict[int, Step] = {60: (PRICE, PRICE, PRICE - 300, PRICE, 5_000, 5_000)}


async def answer(at: Desk, verb: str, path: str, sent: dict[str, Any]) -> Any:
    status, body, _ = await at.send(verb, f"/api/v3/{path}", sent)
    assert status == 200, body
    return body


async def test_answers_about_orders() -> None:
    async with desk({0: DIP}) as at:
        shape(await answer(at, "POST", "order", LIMIT | {"newOrderRespType": "ACK"}), ACK)
        shape(await answer(at, "POST", "order", LIMIT | {"newOrderRespType": "RESULT"}), RESULT)
        market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
        placed = await answer(at, "POST", "order", market)
        shape(placed, FULL)
        shape(placed["fills"][0], FILL)
        stop = await answer(at, "POST", "order", STOP | {"newOrderRespType": "RESULT"})
        shape(stop, RESULT, SOMETIMES)
        assert {"stopPrice", "icebergQty", "strategyId", "strategyType"} < stop.keys()
        trailing = await answer(at, "POST", "order", TRAILING | {"newOrderRespType": "RESULT"})
        assert (trailing["trailingDelta"], trailing["trailingTime"]) == (100, trailing["transactTime"])
        for order in await answer(at, "GET", "allOrders", {"symbol": "BTCUSDT"}):
            shape(order, QUERIED, SOMETIMES)
        which = {"symbol": "BTCUSDT", "orderId": stop["orderId"]}
        shape(await answer(at, "GET", "order", which), QUERIED, SOMETIMES)
        shape(await answer(at, "DELETE", "order", which), CANCELLED, SOMETIMES)
        at.go(61)
        for trade in await answer(at, "GET", "myTrades", {"symbol": "BTCUSDT"}):
            shape(trade, TRADE)
        assert await answer(at, "POST", "order/test", LIMIT) == {}
        for use in await answer(at, "GET", "rateLimit/order", {}):
            shape(use, LIMIT_USE)
        account = await answer(at, "GET", "account", {})
        shape(account, ACCOUNT)
        shape(account["balances"][0], kinds(text="asset", decimal="free locked"))
        shape(account["commissionRates"], kinds(decimal="maker taker buyer seller"))


async def test_answers_about_order_lists() -> None:
    async with desk({}) as at:
        placed = await answer(at, "POST", "orderList/oco", OCO)
        shape(placed, LIST | kinds(list="orderReports"))
        for order, report in zip(placed["orders"], placed["orderReports"], strict=True):
            shape(order, LIST_ORDER)
            shape(report, RESULT, SOMETIMES)
        number = {"orderListId": placed["orderListId"]}
        shape(await answer(at, "GET", "orderList", number), LIST)
        shape((await answer(at, "GET", "openOrderList", {}))[0], LIST)
        shape((await answer(at, "GET", "allOrderList", {}))[0], LIST)
        ended = await answer(at, "DELETE", "orderList", {"symbol": "BTCUSDT", **number})
        shape(ended, LIST | kinds(list="orderReports"))
        shape(ended["orderReports"][1], CANCELLED, SOMETIMES)


async def test_events() -> None:
    async with desk({0: DIP}) as at, at.user_socket() as socket:
        await at.binance.create_order(**LIMIT)
        new, position = await events(socket, 2)
        shape(new, REPORT)
        shape(position, POSITION)
        shape(position["B"][0], kinds(text="a", decimal="f l"))
        at.go(61)
        trade, _ = await events(socket, 2)
        shape(trade, REPORT | kinds(text="N"))
        await at.binance.create_oco_order(**OCO)
        started = await events(socket, 4)
        waiting = {name: what for name, what in REPORT.items() if name != "W"}
        shape(started[1], waiting)
        shape(started[2], LIST_STATUS)
        shape(started[2]["O"][0], kinds(text="s c", number="i"))
        await at.binance.create_order(**TRAILING)
        shape((await events(socket, 2))[0], waiting | kinds(number="d D"))
        await at.binance.make_universal_transfer(type="MAIN_UMFUTURE", asset="BTC", amount="0.1")
        shape((await events(socket, 1))[0], MOVE)


@pytest.mark.realdata
@pytest.mark.skipif(not RECORDED.exists(), reason="the folder ../shared/data is not there")
async def test_what_was_recorded_is_there() -> None:
    routes = json.loads(RECORDED.read_text())["routes"]
    async with desk({}) as at:
        placed = await answer(at, "POST", "order", LIMIT)
        which = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
        _, coins, _ = await at.send("GET", "/sapi/v1/capital/config/getall")
        key = await at.http.post(f"{at.rest}/api/v3/userDataStream", headers={"X-MBX-APIKEY": at.binance.API_KEY})
        ours = {
            ("/api/v3/order", "POST"): placed,
            ("/api/v3/order", "GET"): await answer(at, "GET", "order", which),
            ("/api/v3/openOrders", "GET"): await answer(at, "GET", "openOrders", {}),
            ("/api/v3/allOrders", "GET"): await answer(at, "GET", "allOrders", {"symbol": "BTCUSDT"}),
            ("/api/v3/account", "GET"): await answer(at, "GET", "account", {}),
            ("/api/v3/order", "DELETE"): await answer(at, "DELETE", "order", which),
            ("/sapi/v1/capital/config/getall", "GET"): coins,
            ("/api/v3/userDataStream", "POST"): await key.json(),
        }
    compared = 0
    for (path, verb), mine in ours.items():
        for call in routes[path].get(verb, []):
            theirs = call["data"]
            if not theirs or "code" in theirs:
                continue
            mine_one, their_one = (one[0] if isinstance(one, list) else one for one in (mine, theirs))
            compared += 1
            for name, value in their_one.items():
                assert kind(mine_one[name]) == kind(value) or {kind(mine_one[name]), kind(value)} == {
                    "text",
                    "decimal",
                }, (path, verb, name)
    assert compared >= 6
