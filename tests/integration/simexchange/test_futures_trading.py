"""Orders, positions, settings and user data of the perpetuals through python-binance's own client."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from decimal import Decimal

import pytest
from binance.exceptions import BinanceAPIException, BinanceWebsocketUnableToConnect

from tests.integration.simexchange.futures_venue import ORDER, PATIENCE, code_of, raw, venue


async def test_orders_positions_and_user_data() -> None:
    async with venue() as here, here.following():
        binance = here.binance
        bought = await binance.futures_create_order(
            symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.02", newOrderRespType="RESULT"
        )
        assert (bought["status"], bought["executedQty"]) == ("FILLED", "0.02000")
        update = await here.until("ORDER_TRADE_UPDATE", i=bought["orderId"], X="FILLED")
        assert update["o"]["ap"] == bought["avgPrice"]
        position = (await binance.futures_position_information(symbol="BTCUSDT"))[0]
        assert position["positionAmt"] == "0.02000"
        assert float(position["entryPrice"]) == pytest.approx(float(bought["avgPrice"]), abs=0.001)
        account_event = await here.until("ACCOUNT_UPDATE")
        assert account_event["a"]["P"][0]["pa"] == "0.02000"
        low = f"{float(bought['avgPrice']) * 0.97:.2f}"
        order = await binance.futures_create_order(
            symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.02", price=low
        )
        assert [one["orderId"] for one in await binance.futures_get_open_orders()] == [order["orderId"]]
        lower = f"{float(bought['avgPrice']) * 0.96:.2f}"
        changed = await binance.futures_modify_order(
            symbol="BTCUSDT", side="BUY", orderId=order["orderId"], quantity="0.03", price=lower
        )
        assert (changed["price"], changed["origQty"]) == (lower, "0.03000")
        await here.until("ORDER_TRADE_UPDATE", x="AMENDMENT", i=order["orderId"])
        account = await binance.futures_account(version=3)
        assert Decimal(account["totalOpenOrderInitialMargin"]) == Decimal(lower) * Decimal("0.03") / 20
        cancelled = await binance.futures_cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
        assert cancelled["status"] == "CANCELED"
        assert await code_of(binance.futures_cancel_order(symbol="BTCUSDT", orderId=order["orderId"])) == -2011
        found = await binance.futures_get_order(symbol="BTCUSDT", origClientOrderId=bought["clientOrderId"])
        assert found["orderId"] == bought["orderId"]
        assert len(await binance.futures_get_all_orders(symbol="BTCUSDT")) == 2
        sold = await binance.futures_create_order(
            symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.05", reduceOnly="true", newOrderRespType="RESULT"
        )
        assert (sold["executedQty"], sold["status"]) == ("0.02000", "EXPIRED")
        assert await binance.futures_position_information(symbol="BTCUSDT") == []
        incomes = await binance.futures_income_history()
        balance = next(one for one in await binance.futures_account_balance() if one["asset"] == "USDT")
        assert Decimal(balance["balance"]) == 10_000 + sum(Decimal(one["income"]) for one in incomes)
        trades = await binance.futures_account_trades(symbol="BTCUSDT")
        assert [(one["buyer"], one["qty"]) for one in trades] == [(True, "0.02000"), (False, "0.02000")]


async def test_conditional_orders_go_through_the_algo_endpoints() -> None:
    async with venue(speed=60.0) as here, here.following():
        binance = here.binance
        sent = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "stopPrice": "1", "quantity": "0.01"}
        status, answer = await raw(here, "POST", "order", sent)
        assert (status, answer["code"]) == (400, -4120)
        price = float((await binance.futures_mark_price(symbol="BTCUSDT"))["markPrice"])
        await binance.futures_create_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
        far = await binance.futures_create_order(
            symbol="BTCUSDT", side="SELL", type="STOP_MARKET", stopPrice=f"{price * 0.5:.2f}", closePosition="true"
        )
        assert (far["algoStatus"], far["orderType"]) == ("NEW", "STOP_MARKET")
        near = await binance.futures_create_algo_order(
            symbol="BTCUSDT", side="SELL", type="TRAILING_STOP_MARKET", quantity="0.01", callbackRate="0.1",
            reduceOnly="true",
        )  # fmt: skip
        assert {one["algoId"] for one in await binance.futures_get_open_algo_orders(symbol="BTCUSDT")} == {
            far["algoId"], near["algoId"],
        }  # fmt: skip
        await here.until("ALGO_UPDATE", aid=near["algoId"], X="FINISHED")
        done = await binance.futures_get_algo_order(algoId=near["algoId"])
        assert done["algoStatus"] == "FINISHED"
        order = await binance.futures_get_order(symbol="BTCUSDT", orderId=int(done["actualOrderId"]))
        assert (order["status"], order["type"]) == ("FILLED", "MARKET")
        ended = await binance.futures_cancel_algo_order(clientAlgoId=far["clientAlgoId"])
        assert ended["msg"] == "success"
        assert await code_of(binance.futures_cancel_algo_order(algoId=far["algoId"])) == -2011
        stop = await binance.futures_create_order(
            symbol="BTCUSDT", side="BUY", type="STOP", stopPrice=f"{price * 1.5:.2f}", price=f"{price * 1.5:.2f}",
            quantity="0.01", timeInForce="GTC",
        )  # fmt: skip
        assert stop["algoStatus"] == "NEW"
        await binance.futures_cancel_all_algo_open_orders(symbol="BTCUSDT")
        statuses = [one["algoStatus"] for one in await binance.futures_get_all_algo_orders(symbol="BTCUSDT")]
        assert statuses == ["CANCELED", "FINISHED", "CANCELED"]


async def test_settings_are_changed_told_and_guarded() -> None:
    async with venue() as here, here.following():
        binance = here.binance
        changed = await binance.futures_change_leverage(symbol="BTCUSDT", leverage=50)
        assert changed == {"symbol": "BTCUSDT", "leverage": 50, "maxNotionalValue": "12000000"}
        assert (await here.until("ACCOUNT_CONFIG_UPDATE"))["ac"] == {"s": "BTCUSDT", "l": 50}
        assert await code_of(binance.futures_change_leverage(symbol="BTCUSDT", leverage=126)) == -4028
        await binance.futures_change_margin_type(symbol="BTCUSDT", marginType="ISOLATED")
        assert await code_of(binance.futures_change_margin_type(symbol="BTCUSDT", marginType="ISOLATED")) == -4046
        await binance.futures_create_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")
        assert await code_of(binance.futures_change_leverage(symbol="BTCUSDT", leverage=10)) == -4161
        assert await code_of(binance.futures_change_margin_type(symbol="BTCUSDT", marginType="CROSSED")) == -4048
        assert await code_of(binance.futures_change_position_mode(dualSidePosition="true")) == -4068
        before = (await binance.futures_position_information(symbol="BTCUSDT"))[0]
        assert float(before["liquidationPrice"]) > float(before["entryPrice"]) * 0.97
        await binance.futures_change_position_margin(symbol="BTCUSDT", amount="100", type=1)
        after = (await binance.futures_position_information(symbol="BTCUSDT"))[0]
        assert Decimal(after["isolatedWallet"]) == Decimal(before["isolatedWallet"]) + 100
        assert float(after["liquidationPrice"]) < float(before["liquidationPrice"])
        await binance.futures_create_order(
            symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.1", reduceOnly="true"
        )
        await binance.futures_change_position_mode(dualSidePosition="true")
        assert (await binance.futures_get_position_mode())["dualSidePosition"] is True
        order = {"symbol": "ETHUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1"}
        assert await code_of(binance.futures_create_order(**order)) == -4061
        await binance.futures_create_order(**order, positionSide="SHORT")
        held = await binance.futures_position_information(symbol="ETHUSDT")
        assert [(one["positionSide"], one["positionAmt"]) for one in held] == [("SHORT", "-0.1000")]
        assert await binance.futures_get_multi_assets_mode() == {"multiAssetsMargin": False}
        brackets = await binance.futures_leverage_bracket(symbol="BTCUSDT")
        assert brackets[0]["brackets"][0]["initialLeverage"] == 125
        fees = await binance.futures_commission_rate(symbol="BTCUSDT")
        assert (fees["makerCommissionRate"], fees["takerCommissionRate"]) == ("0.000200", "0.000500")


async def test_batches_answer_each_order_for_itself() -> None:
    async with venue() as here:
        binance = here.binance
        price = float((await binance.futures_mark_price(symbol="ETHUSDT"))["markPrice"])
        limit = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1"}
        orders = [limit | {"price": f"{price * 0.97:.2f}"}, limit | {"price": "1.234567"}, limit]
        answers = await binance.futures_place_batch_order(batchOrders=orders)
        assert answers[0]["status"] == "NEW"
        assert [one["code"] for one in answers[1:]] == [-1111, -1102]
        number = answers[0]["orderId"]
        ended = await binance.futures_cancel_orders(symbol="ETHUSDT", orderidlist=[number, 999])
        assert ended[0]["status"] == "CANCELED"
        assert ended[1]["code"] == -2011
        assert await code_of(binance.futures_place_batch_order(batchOrders=[dict(limit) for _ in range(6)])) == -4082
        await binance.futures_create_order(**limit, price=f"{price * 0.97:.2f}")
        counting = await binance.futures_countdown_cancel_all(symbol="ETHUSDT", countdownTime=100)
        assert counting == {"symbol": "ETHUSDT", "countdownTime": "100"}
        end = time.monotonic() + PATIENCE
        while await binance.futures_get_open_orders(symbol="ETHUSDT"):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


async def test_the_websocket_api_trades_too() -> None:
    async with venue() as here:
        binance = here.binance
        try:
            placed = await binance.ws_futures_create_order(
                symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01", newOrderRespType="RESULT"
            )
            assert placed["status"] == "FILLED"
            found = await binance.ws_futures_get_order(symbol="BTCUSDT", orderId=placed["orderId"])
            assert found["executedQty"] == "0.01000"
            held = await binance.ws_futures_v2_account_position(symbol="BTCUSDT", returnRateLimits="false")
            assert held[0]["positionAmt"] == "0.01000"
            book = await binance.ws_futures_get_order_book(symbol="BTCUSDT", limit=5)
            assert len(book["bids"]) == 5
            with pytest.raises(BinanceAPIException) as caught:
                await binance.ws_futures_cancel_order(symbol="BTCUSDT", orderId=placed["orderId"])
            assert caught.value.code == -2011
        finally:
            # It waits this long for messages once the next one has come.
            binance.ws_future.TIMEOUT = 0.5
            with contextlib.suppress(BinanceWebsocketUnableToConnect):
                await binance.ws_futures_get_order_book(symbol="BTCUSDT", limit=5)
            await binance.ws_future.close()


async def test_orders_are_counted_and_limited() -> None:
    async with venue(symbols=1, weight_limit=6_000) as here:
        info = await here.binance.futures_exchange_info()
        limits = {one["rateLimitType"] + str(one["intervalNum"]): one["limit"] for one in info["rateLimits"]}
        assert limits == {"REQUEST_WEIGHT1": 2_400, "ORDERS10": 300, "ORDERS1": 1_200}
        batch = json.dumps([ORDER | {"side": "HOLD"}] * 5)
        refused = 0
        for number in range(1, 200):
            status, answer = await raw(here, "POST", "batchOrders", {"batchOrders": batch})
            if status == 429:
                assert answer["code"] == -1015
                refused = number
                break
        # 300 in ten seconds, or more where ten seconds end meanwhile.
        assert refused > 60
        _, state = await raw(here, "GET", "rateLimit/order", {})
        assert [one["count"] >= 5 for one in state] == [True, True]


async def test_listen_keys_are_made_kept_and_given_up() -> None:
    async with venue(symbols=1) as here:
        binance = here.binance
        key = await binance.futures_stream_get_listen_key()
        assert len(key) == 64
        assert await binance.futures_stream_get_listen_key() == key
        assert await binance.futures_stream_keepalive(key) == {"listenKey": key}
        assert await binance.futures_stream_close(key) == {}
        assert await code_of(binance.futures_stream_keepalive(key)) == -1125
        assert await binance.futures_stream_get_listen_key() != key


async def test_a_key_that_runs_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simexchange.futures.user.LIFE_SECONDS", 0.5)
    async with venue(symbols=1) as here, here.following():
        event = await here.until("listenKeyExpired")
        assert len(event["listenKey"]) == 64


async def test_nobody_listens_with_a_wrong_key() -> None:
    async with venue(symbols=1) as here, here.following():
        address = f"{here.streams}/private/ws?listenKey={'a' * 64}"
        async with here.http.ws_connect(address) as socket:
            await here.binance.futures_create_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
            await here.until("ACCOUNT_UPDATE")
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.3)
