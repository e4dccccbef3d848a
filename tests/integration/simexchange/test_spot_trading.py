"""Spot orders through python-binance's own client, over HTTP on loopback, on a market that follows a script."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from binance.exceptions import BinanceAPIException

from tests.fixtures.scripted_market import PRICE, START, Step
from tests.fixtures.spot_client import desk

DIP: dict[int, Step] = {60: (PRICE, PRICE, PRICE - 300, PRICE - 300, 5_000, 5_000)}
RISE: dict[int, Step] = {60: (PRICE, PRICE + 300, PRICE, PRICE + 300, 50_000, 5_000)}
LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.2"}
STATES = ("listStatusType", "listOrderStatus")


async def balance(binance: Any, asset: str) -> Any:
    """Free and locked, as decimals."""
    entry = await binance.get_asset_balance(asset)
    return Decimal(entry["free"]), Decimal(entry["locked"])


async def test_an_order_from_placing_to_history() -> None:
    async with desk({0: DIP}) as at:
        binance = at.binance
        assert await binance.create_test_order(**LIMIT, price="99.00") == {}
        assert await binance.get_all_orders(symbol="BTCUSDT") == []
        bought = await binance.order_market_buy(symbol="BTCUSDT", quantity="0.1")
        assert (bought["status"], bought["executedQty"]) == ("FILLED", "0.10000000")
        fills = [(Decimal(fill["price"]), Decimal(fill["qty"])) for fill in bought["fills"]]
        spent = sum(price * quantity for price, quantity in fills)
        assert spent == Decimal(bought["cummulativeQuoteQty"]) and sum(quantity for _, quantity in fills) == Decimal(
            "0.1"
        )
        assert await balance(binance, "USDT") == (10_000 - spent, 0)
        assert await balance(binance, "BTC") == (Decimal("0.5") + Decimal("0.0999"), 0)

        placed = await binance.create_order(**LIMIT, price="98.00", newClientOrderId="mine")
        assert (placed["status"], placed["clientOrderId"], placed["fills"]) == ("NEW", "mine", [])
        assert await balance(binance, "USDT") == (10_000 - spent - Decimal("19.6"), Decimal("19.6"))
        queried = await binance.get_order(symbol="BTCUSDT", origClientOrderId="mine")
        assert queried["orderId"] == placed["orderId"] and queried["isWorking"]
        assert [one["clientOrderId"] for one in await binance.get_open_orders()] == ["mine"]

        at.go(61)
        filled = await binance.get_order(symbol="BTCUSDT", orderId=placed["orderId"])
        assert (filled["status"], filled["executedQty"]) == ("PARTIALLY_FILLED", "0.05000000")
        assert filled["updateTime"] == (START + 61) * 1000
        cancelled = await binance.cancel_order(symbol="BTCUSDT", origClientOrderId="mine", newClientOrderId="stop")
        assert (cancelled["status"], cancelled["origClientOrderId"], cancelled["clientOrderId"]) == (
            "CANCELED",
            "mine",
            "stop",
        )
        assert await balance(binance, "USDT") == (10_000 - spent - Decimal("4.9"), 0)
        assert await binance.get_open_orders(symbol="BTCUSDT") == []
        history = await binance.get_all_orders(symbol="BTCUSDT")
        assert [one["status"] for one in history] == ["FILLED", "CANCELED"]
        trades = await binance.get_my_trades(symbol="BTCUSDT")
        assert [trade["orderId"] for trade in trades] == [bought["orderId"]] * len(fills) + [placed["orderId"]]
        assert (
            trades[-1]["isMaker"] and trades[-1]["price"] == "98.00000000" and trades[-1]["commission"] == "0.00005000"
        )
        assert await binance.get_my_trades(symbol="BTCUSDT", fromId=trades[-1]["id"]) == trades[-1:]
        with pytest.raises(BinanceAPIException) as raised:
            await binance.cancel_order(symbol="BTCUSDT", origClientOrderId="mine")
        assert (raised.value.code, raised.value.message) == (-2011, "Unknown order sent.")
        with pytest.raises(BinanceAPIException) as raised:
            await binance.get_order(symbol="BTCUSDT", origClientOrderId="other")
        assert (raised.value.code, raised.value.message) == (-2013, "Order does not exist.")


async def test_answers_of_three_kinds_and_the_count_of_orders() -> None:
    async with desk({}) as at:
        common = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
        answers = {}
        for kind in ("ACK", "RESULT", "FULL"):
            status, answer, headers = await at.send("POST", "/api/v3/order", {**common, "newOrderRespType": kind})
            assert status == 200
            answers[kind] = answer
        assert headers["X-MBX-ORDER-COUNT-1D"] == "3" and int(headers["X-MBX-ORDER-COUNT-10S"]) in (1, 2, 3)
        assert set(answers["ACK"]) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
        assert set(answers["ACK"]) < set(answers["RESULT"]) < set(answers["FULL"])
        assert [answers[kind]["orderId"] for kind in answers] == [1, 2, 3]
        limits = await at.binance.get_current_order_count()
        assert [(one["interval"], one["count"]) for one in limits][1] == ("DAY", 3)
        stop = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "stopPrice": "90.00"}
        assert set(await at.binance.create_order(**stop)) == set(answers["ACK"])


async def test_a_client_order_id_may_be_used_again_once_its_order_is_done() -> None:
    async with desk({}) as at:
        market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1", "newClientOrderId": "same"}
        first, second = await at.binance.create_order(**market), await at.binance.create_order(**market)
        assert first["orderId"] != second["orderId"] and first["status"] == second["status"] == "FILLED"
        assert (await at.binance.get_order(symbol="BTCUSDT", origClientOrderId="same"))["orderId"] == second["orderId"]
        await at.binance.create_order(**LIMIT, price="98.00", newClientOrderId="open")
        with pytest.raises(BinanceAPIException) as raised:
            await at.binance.create_order(**LIMIT, price="98.00", newClientOrderId="open")
        assert (raised.value.code, raised.value.message) == (-2010, "Duplicate order sent.")


async def test_all_orders_of_a_symbol_are_cancelled_at_once() -> None:
    async with desk({}) as at:
        for price in ("98.00", "97.00"):
            await at.binance.create_order(**LIMIT, price=price)
        await at.binance.create_order(**{**LIMIT, "symbol": "ETHUSDT"}, price="98.00")
        await at.binance.create_oco_order(
            symbol="BTCUSDT", side="SELL", quantity="0.1", aboveType="LIMIT_MAKER", abovePrice="110.00",
            belowType="STOP_LOSS", belowStopPrice="90.00",
        )  # fmt: skip
        answer = await at.binance.cancel_all_open_orders(symbol="BTCUSDT")
        assert [one.get("status", one.get("listOrderStatus")) for one in answer] == ["CANCELED", "CANCELED", "ALL_DONE"]
        assert [one["status"] for one in answer[2]["orderReports"]] == ["CANCELED", "CANCELED"]
        assert [one["symbol"] for one in await at.binance.get_open_orders()] == ["ETHUSDT"]
        assert await balance(at.binance, "BTC") == (Decimal("0.5"), 0)
        with pytest.raises(BinanceAPIException) as raised:
            await at.binance.cancel_all_open_orders(symbol="BTCUSDT")
        assert raised.value.code == -2011


async def test_cancel_and_replace_says_which_step_failed() -> None:
    async with desk({}) as at:
        placed = await at.binance.create_order(**LIMIT, price="98.00", newClientOrderId="old")
        new = {**LIMIT, "price": "97.00"}
        path = "/api/v3/order/cancelReplace"
        good = await at.binance.cancel_replace_order(
            **new, cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["orderId"], newClientOrderId="new"
        )
        assert (good["cancelResult"], good["newOrderResult"]) == ("SUCCESS", "SUCCESS")
        assert (
            good["cancelResponse"]["origClientOrderId"] == "old" and good["newOrderResponse"]["clientOrderId"] == "new"
        )
        unknown = {"cancelOrigClientOrderId": "none"}
        stopped = await at.send("POST", path, {**new, **unknown, "cancelReplaceMode": "STOP_ON_FAILURE"})
        assert stopped[:2] == (400, {
            "code": -2022, "msg": "Order cancel-replace failed.",
            "data": {
                "cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED",
                "cancelResponse": {"code": -2011, "msg": "Unknown order sent."}, "newOrderResponse": None,
            },
        })  # fmt: skip
        status, partly, _ = await at.send("POST", path, {**new, **unknown, "cancelReplaceMode": "ALLOW_FAILURE"})
        assert (status, partly["code"], partly["data"]["cancelResult"]) == (409, -2021, "FAILURE")
        assert partly["data"]["newOrderResponse"]["status"] == "NEW"
        costly = {**new, "quantity": "500", "cancelOrigClientOrderId": "new", "cancelReplaceMode": "STOP_ON_FAILURE"}
        status, poor, _ = await at.send("POST", path, costly)
        assert (status, poor["code"]) == (409, -2021) and poor["data"]["newOrderResponse"]["code"] == -2010
        assert poor["data"]["cancelResponse"]["status"] == "CANCELED"
        both = {**costly, **unknown, "cancelReplaceMode": "ALLOW_FAILURE"}
        status, neither, _ = await at.send("POST", path, both)
        assert (status, neither["code"], neither["data"]["newOrderResult"]) == (400, -2022, "FAILURE")


@pytest.mark.parametrize(("steps", "winner"), [(RISE, 0), (DIP, 1)])
async def test_one_leg_of_an_oco_ends_the_other(steps: dict[int, Step], winner: int) -> None:
    async with desk({0: steps}) as at:
        placed = await at.binance.create_oco_order(
            symbol="BTCUSDT", side="SELL", quantity="0.06", aboveType="LIMIT_MAKER", abovePrice="102.00",
            belowType="STOP_LOSS_LIMIT", belowStopPrice="98.00", belowPrice="90.00", belowTimeInForce="GTC",
        )  # fmt: skip
        assert (placed["contingencyType"], *(placed[one] for one in STATES)) == ("OCO", "EXEC_STARTED", "EXECUTING")
        assert [report["type"] for report in placed["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
        assert await balance(at.binance, "BTC") == (Decimal("0.44"), Decimal("0.06")), "both legs hold the same money"
        assert len(await at.binance.get_open_orders(symbol="BTCUSDT")) == 2
        assert [one["orderListId"] for one in await at.binance.get_open_oco_orders()] == [placed["orderListId"]]
        at.go(120)
        orders = await at.binance.get_all_orders(symbol="BTCUSDT")
        expected = ["EXPIRED", "EXPIRED"]
        expected[winner] = "FILLED"
        assert [order["status"] for order in orders] == expected
        done = await at.binance.v3_get_order_list(orderListId=placed["orderListId"])
        assert [done[one] for one in STATES] == ["ALL_DONE", "ALL_DONE"]
        assert await at.binance.get_open_oco_orders() == []
        assert (await balance(at.binance, "BTC")) == (Decimal("0.44"), 0)


async def test_the_older_oco_and_cancelling_a_list() -> None:
    async with desk({}) as at:
        old = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1", "price": "110.00", "stopPrice": "90.00"}
        status, placed, _ = await at.send(
            "POST", "/api/v3/order/oco", {**old, "stopLimitPrice": "89.00", "stopLimitTimeInForce": "GTC"}
        )
        assert status == 200
        assert [report["type"] for report in placed["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
        status, ended, _ = await at.send(
            "DELETE", "/api/v3/orderList", {"symbol": "BTCUSDT", "orderListId": placed["orderListId"]}
        )
        assert (status, ended["listOrderStatus"]) == (200, "ALL_DONE")
        status, again, _ = await at.send(
            "DELETE", "/api/v3/orderList", {"symbol": "BTCUSDT", "orderListId": placed["orderListId"]}
        )
        assert (status, again["code"]) == (400, -2011)
        status, plain, _ = await at.send("POST", "/api/v3/order/oco", {**old, "listClientOrderId": "both"})
        assert [report["type"] for report in plain["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS"]
        # Cancelling one of them cancels the list.
        await at.binance.cancel_order(symbol="BTCUSDT", orderId=plain["orders"][0]["orderId"])
        status, found, _ = await at.send("GET", "/api/v3/orderList", {"origClientOrderId": "both"})
        assert found["listOrderStatus"] == "ALL_DONE"
        status, every, _ = await at.send("GET", "/api/v3/allOrderList")
        assert [one["orderListId"] for one in every] == [placed["orderListId"], plain["orderListId"]]


async def test_pending_orders_follow_the_working_one() -> None:
    async with desk({0: {60: (PRICE, PRICE, PRICE - 300, PRICE, 5_000, 50_000)}}) as at:
        working = {
            "symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "98.00",
            "workingQuantity": "0.2", "workingTimeInForce": "GTC", "pendingSide": "SELL", "pendingQuantity": "0.1",
        }  # fmt: skip
        single = await at.binance.v3_post_order_list_oto(
            **working, pendingType="LIMIT", pendingPrice="110.00", pendingTimeInForce="GTC"
        )
        assert [report["status"] for report in single["orderReports"]] == ["NEW", "PENDING_NEW"]
        pair = await at.binance.v3_post_order_list_otoco(
            **working, pendingAboveType="LIMIT_MAKER", pendingAbovePrice="111.00",
            pendingBelowType="STOP_LOSS", pendingBelowStopPrice="90.00",
        )  # fmt: skip
        assert pair["contingencyType"] == "OTO" and len(pair["orders"]) == 3
        at.go(61)
        orders = await at.binance.get_all_orders(symbol="BTCUSDT")
        assert [order["status"] for order in orders] == ["FILLED", "NEW", "FILLED", "NEW", "NEW"]
        assert (await balance(at.binance, "BTC"))[1] == Decimal("0.2")


async def test_less_may_be_ordered_without_losing_the_place() -> None:
    async with desk({}) as at:
        placed = await at.binance.create_order(**LIMIT, price="98.00")
        amend = {"symbol": "BTCUSDT", "orderId": placed["orderId"], "newQty": "0.10000"}
        status, answer, _ = await at.send("PUT", "/api/v3/order/amend/keepPriority", amend)
        assert status == 200 and answer["amendedOrder"]["qty"] == "0.10000000"
        assert (await balance(at.binance, "USDT"))[1] == Decimal("9.8")
        status, answer, _ = await at.send("PUT", "/api/v3/order/amend/keepPriority", {**amend, "newQty": "0.2"})
        assert (status, answer["code"]) == (400, -2038)
        for lots in range(9, 0, -1):
            status, answer, _ = await at.send(
                "PUT", "/api/v3/order/amend/keepPriority", {**amend, "newQty": f"0.0900{lots}"}
            )
            assert status == 200, answer
        status, answer, _ = await at.send("PUT", "/api/v3/order/amend/keepPriority", {**amend, "newQty": "0.08"})
        assert (status, answer["msg"]) == (400, "Filter failure: MAX_NUM_ORDER_AMENDS")


async def test_what_clients_ask_of_the_wallet() -> None:
    async with desk({}) as at:
        account = await at.binance.get_account()
        assert {one["asset"] for one in account["balances"]} == {"USDT", "BTC", "ETH", "BNB"}
        assert account["canTrade"] and account["commissionRates"]["maker"] == "0.00100000"
        coins = {coin["coin"]: coin for coin in await at.binance.get_all_coins_info()}
        assert coins["BTC"]["free"] == "0.50000000"
        assert (await at.binance.get_trade_fee(symbol="BTCUSDT"))[0]["takerCommission"] == "0.001"
        assert (await at.binance.get_account_status())["data"] == "Normal"
        assert (await at.binance.get_system_status())["status"] == 0
        assert (await at.binance.get_account_api_permissions())["enableSpotAndMarginTrading"]
        assert [one["asset"] for one in await at.binance.get_user_asset(asset="ETH")] == ["ETH"]
        moved = await at.binance.make_universal_transfer(type="MAIN_UMFUTURE", asset="USDT", amount="1000")
        assert moved["tranId"] == 1 and await balance(at.binance, "USDT") == (9_000, 0)
        with pytest.raises(BinanceAPIException) as raised:
            await at.binance.make_universal_transfer(type="MAIN_UMFUTURE", asset="USDT", amount="9000.01")
        assert raised.value.code == -2010
