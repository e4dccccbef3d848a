"""USD-M perpetuals as python-binance's own client sees them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException, BinanceWebsocketUnableToConnect
from yarl import URL

from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.faults.script import parse_faults
from simexchange.market import Market, SyntheticMarket
from simexchange.schedule import Change, ScheduledMarket
from simexchange.server import Exchange
from simexchange.trading.account import credential

START = 1_795_271_037
PATIENCE = 20.0


@dataclass
class Venue:
    rest: str
    streams: str
    clock: VirtualClock
    binance: Any
    http: aiohttp.ClientSession
    events: list[dict[str, Any]] = field(default_factory=list)

    async def until(self, kind: str, **body: Any) -> dict[str, Any]:
        """The first user data event of a kind whose body has these values."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for event in self.events:
                inner = event.get("o", event)
                if event["e"] == kind and all(inner.get(name) == value for name, value in body.items()):
                    return event
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {kind} {body} among {self.events}")

    async def subscribed(self) -> bool:
        """Whether a connection carries streams of perpetuals."""
        async with self.http.get(f"{self.rest}/sim/state") as answer:
            return any((await answer.json())["connections"]["usdm"])

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """User data gathered in `events`."""
        manager = _streams(self)(self.binance, max_queue_size=5_000)
        reader = manager.futures_user_socket()
        # It notices that it is to end when a message comes, or after this.
        reader.TIMEOUT = 0.2
        async with reader as stream:

            async def follow() -> None:
                while True:
                    self.events.append(await stream.recv())

            task = asyncio.create_task(follow())
            try:
                yield
            finally:
                # The client's own waiting swallows a cancellation that meets its time limit.
                while not task.done():
                    task.cancel()
                    await asyncio.sleep(0.01)


def _streams(venue: Venue) -> Any:
    class Streams(BinanceSocketManager):  # type: ignore[misc]
        STREAM_URL = f"{venue.streams}/"
        FSTREAM_URL = f"{venue.streams}/"

    return Streams


@contextlib.asynccontextmanager
async def venue(
    speed: float = 1.0,
    symbols: int = 3,
    weight_limit: int = 0,
    faults: Sequence[dict[str, Any]] = (),
    changes: Sequence[Change] = (),
) -> AsyncIterator[Venue]:
    clock = VirtualClock(START * 1000, speed)
    market: Market = SyntheticMarket(7, symbols)
    if changes:
        market = ScheduledMarket(market, changes)
    injector = FaultInjector(clock, faults=parse_faults({"faults": list(faults)}, clock.start_ms) if faults else ())
    server = Exchange(market, clock, weight_limit, faults=injector)
    port = await server.start("127.0.0.1", 0)
    rest, streams = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"

    class Here(AsyncClient):  # type: ignore[misc]
        API_URL = f"{rest}/api"
        FUTURES_URL = f"{rest}/fapi"
        WS_FUTURES_URL = f"{streams}/ws-fapi/v1"
        REQUEST_RECVWINDOW = 60_000

    client = Here(credential(7, "key"), credential(7, "secret"))
    # Exchange time is not the machine's; real clients ask for it when they start.
    client.timestamp_offset = clock.paced_ms() - int(time.time() * 1000)
    try:
        async with aiohttp.ClientSession() as http:
            yield Venue(rest, streams, clock, client, http)
    finally:
        await client.close_connection()
        await server.stop()


async def code_of(call: Any) -> int:
    with pytest.raises(BinanceAPIException) as caught:
        await call
    return int(caught.value.code)


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
        manager = _streams(here)(here.binance, max_queue_size=5_000)
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
        manager = _streams(here)(here.binance, max_queue_size=5_000)
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


async def raw(here: Venue, method: str, path: str, parameters: dict[str, Any]) -> tuple[int, Any]:
    """A signed request as it is, without a client's help."""
    query = urlencode(parameters | {"timestamp": here.clock.paced_ms()})
    signature = hmac.new(credential(7, "secret").encode(), query.encode(), hashlib.sha256).hexdigest()
    address = URL(f"{here.rest}/fapi/v1/{path}?{query}&signature={signature}", encoded=True)
    key = {"X-MBX-APIKEY": credential(7, "key")}
    async with here.http.request(method, address, headers=key) as response:
        return response.status, await response.json()


ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "78000",
}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "NONEUSDT"}, -1121),
        ({"symbol": ""}, -1102),
        ({"symbol": "btc"}, -1100),
        ({"side": "HOLD"}, -1117),
        ({"type": "ICEBERG"}, -1116),
        ({"type": "TAKE_PROFIT"}, -4120),
        ({"timeInForce": "DAY"}, -1115),
        ({"timeInForce": ""}, -1102),
        ({"timeInForce": "GTD"}, -1102),
        ({"timeInForce": "GTD", "goodTillDate": "1"}, -5040),
        ({"quantity": "-1"}, -1100),
        ({"quantity": "1e400"}, -1100),
        ({"quantity": "0"}, -4003),
        ({"quantity": "0.0000001"}, -1111),
        ({"quantity": "99999999"}, -4005),
        ({"quantity": "9" * 400}, -1100),
        ({"quantity": "0.0001"}, -4164),
        ({"quantity": "100"}, -2019),
        ({"price": "0"}, -4001),
        ({"price": "78000.001"}, -1111),
        ({"price": "9999999"}, -4002),
        ({"price": "900000"}, -4016),
        ({"type": "MARKET"}, -1106),
        ({"newClientOrderId": "x" * 37}, -4015),
        ({"newClientOrderId": "a b"}, -1100),
        ({"positionSide": "LONG"}, -4061),
        ({"positionSide": "UP"}, -4060),
        ({"reduceOnly": "maybe"}, -1100),
        ({"reduceOnly": "true"}, -2022),
        ({"closePosition": "true"}, -4136),
        ({"workingType": "SPOT"}, -4031),
        ({"newOrderRespType": "FULL"}, -1136),
        ({"selfTradePreventionMode": "SOME"}, -5039),
        ({"priceMatch": "BEST"}, -5037),
        ({"priceMatch": "QUEUE"}, -1106),
        ({"unknown": "1"}, -1104),
    ],
)
async def test_malformed_orders_have_their_documented_error(changes: dict[str, str], code: int) -> None:
    async with venue(symbols=1) as here:
        for path in ("order", "order/test"):
            status, answer = await raw(here, "POST", path, ORDER | changes)
            assert (status, answer["code"]) == (400, code), answer
            assert answer["msg"]
        assert await here.binance.futures_get_all_orders(symbol="BTCUSDT") == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"algoType": "VP"}, -1130),
        ({"algoType": ""}, -1102),
        ({"type": "LIMIT"}, -1116),
        ({"triggerPrice": ""}, -1102),
        ({"triggerPrice": "0"}, -4006),
        ({"triggerPrice": "9" * 12}, -4007),
        ({"triggerPrice": "79999.999"}, -1111),
        ({"triggerPrice": "20000"}, -2021),
        ({"quantity": ""}, -1102),
        ({"closePosition": "true"}, -4137),
        ({"type": "TRAILING_STOP_MARKET"}, -1102),
        ({"type": "TRAILING_STOP_MARKET", "callbackRate": "50"}, -1130),
        ({"clientAlgoId": "y" * 40}, -4015),
    ],
)
async def test_malformed_conditional_orders_too(changes: dict[str, str], code: int) -> None:
    sent = {
        "algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "BUY", "type": "STOP_MARKET", "quantity": "0.01",
        "triggerPrice": "90000",
    }  # fmt: skip
    async with venue(symbols=1) as here:
        status, answer = await raw(here, "POST", "algoOrder", sent | changes)
        assert (status, answer["code"]) == (400, code), answer
        assert await here.binance.futures_get_open_algo_orders() == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("klines?symbol=BTCUSDT", -1102),
        ("klines?symbol=BTCUSDT&interval=7m", -1120),
        ("klines?symbol=BTCUSDT&interval=1m&limit=1501", -1130),
        ("klines?symbol=BTCUSDT&interval=1m&limit=0", -1130),
        ("klines?symbol=BTCUSDT&interval=1m&limit=x", -1100),
        ("klines?symbol=BTCUSDT&interval=1m&startTime=2&endTime=1", -1023),
        ("klines?symbol=BTCUSDT&interval=1m&startTime=99999999999999999999", -1100),
        ("klines?symbol=BTCUSDT&interval=1m&endTime=999999999999999999", -1130),
        ("klines?symbol=BTCUSDT&symbol=BTCUSDT&interval=1m", -1101),
        ("klines?symbol=NONE&interval=1m", -1121),
        ("continuousKlines?pair=BTCUSDT&interval=1m&contractType=CURRENT_QUARTER", -4104),
        ("continuousKlines?pair=NONE&interval=1m&contractType=PERPETUAL", -4144),
        ("depth?symbol=BTCUSDT&limit=7", -4021),
        ("aggTrades?symbol=BTCUSDT&fromId=1&startTime=1", -1128),
        ("aggTrades?symbol=BTCUSDT&startTime=1&endTime=9999999999", -1127),
        ("historicalTrades?symbol=BTCUSDT", -2014),
        ("ticker/price?symbol=%00", -1100),
        ("ping?x=1", -1104),
        ("account", -1000),
    ],
)
async def test_malformed_questions_have_their_documented_error(path: str, code: int) -> None:
    async with (
        venue(symbols=1) as here,
        here.http.get(f"{here.rest}/fapi/v1/{path}") as response,
    ):
        answer = await response.json()
        assert response.status == (404 if code == -1000 else 401 if code == -2014 else 400)
        assert answer["code"] == code


async def test_signatures_are_checked() -> None:
    async with venue(symbols=1) as here:
        query = f"symbol=BTCUSDT&timestamp={here.clock.paced_ms()}&signature={'0' * 64}"
        key = {"X-MBX-APIKEY": credential(7, "key")}
        async with here.http.get(f"{here.rest}/fapi/v1/openOrders?{query}", headers=key) as response:
            assert (await response.json())["code"] == -1022
        async with here.http.get(f"{here.rest}/fapi/v2/account") as response:
            assert (await response.json())["code"] == -2014


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
