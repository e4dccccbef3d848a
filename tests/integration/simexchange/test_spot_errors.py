"""What is wrong with a request is said in Binance's codes and words; nothing that is sent brings the exchange down."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlencode

import pytest

from simexchange.schedule import Change, ScheduledMarket
from tests.fixtures.scripted_market import START, ScriptedMarket
from tests.fixtures.spot_client import KEY, SECRET, Desk, desk

ORDER = "/api/v3/order"
LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.2", "price": "98.00"}
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
STOP = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "stopPrice": "90.00"}
LEGAL_NUMBER = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
NO_NUMBER = (-1100, f"Illegal characters found in parameter 'price'; legal range is '{LEGAL_NUMBER}'.")
POOR = (-2010, "Account has insufficient balance for requested action.")
TRIGGERED = (-2010, "Stop price would trigger immediately.")
TAKES = (-2010, "Order would immediately match and take.")
BOOK_SAYS = (POOR, TRIGGERED, TAKES)


def filtered(name: str) -> tuple[int, str]:
    return -1013, f"Filter failure: {name}"


def missing(name: str) -> tuple[int, str]:
    return -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


def unneeded(name: str) -> tuple[int, str]:
    return -1106, f"Parameter '{name}' sent when not required."


WRONG: list[tuple[dict[str, Any], dict[str, Any], tuple[int, str]]] = [
    (LIMIT, {"price": "98.005"}, filtered("PRICE_FILTER")),
    (LIMIT, {"price": "1000000.01"}, filtered("PRICE_FILTER")),
    (LIMIT, {"quantity": "0.100001"}, filtered("LOT_SIZE")),
    (LIMIT, {"quantity": "0.00000001"}, filtered("LOT_SIZE")),
    (LIMIT, {"quantity": "99999999999"}, filtered("LOT_SIZE")),
    (MARKET, {"quantity": "50000"}, filtered("MARKET_LOT_SIZE")),
    (LIMIT, {"quantity": "0.05", "price": "99.99"}, filtered("NOTIONAL")),
    (MARKET, {"quantity": "0.01"}, filtered("NOTIONAL")),
    (MARKET, {"quantity": None, "quoteOrderQty": "4.99"}, filtered("NOTIONAL")),
    (LIMIT, {"price": "500.01"}, filtered("PERCENT_PRICE_BY_SIDE")),
    (LIMIT, {"price": "19.99"}, filtered("PERCENT_PRICE_BY_SIDE")),
    (LIMIT, {"icebergQty": "0.01"}, filtered("ICEBERG_PARTS")),
    (STOP, {"stopPrice": None, "trailingDelta": "5"}, filtered("TRAILING_DELTA")),
    (LIMIT, {"quantity": "200"}, POOR),
    (MARKET, {"side": "SELL", "quantity": "0.50001"}, POOR),
    (STOP, {"stopPrice": "100.00"}, TRIGGERED),
    (LIMIT, {"type": "LIMIT_MAKER", "timeInForce": None, "price": "150.00"}, TAKES),
    (LIMIT, {"icebergQty": "0.3"}, (-2010, "IcebergQty exceeds QTY.")),
    (LIMIT, {"icebergQty": "0.1", "timeInForce": "IOC"}, (-1014, "Unsupported order combination.")),
    (LIMIT, {"symbol": "NOPEUSDT"}, (-1121, "Invalid symbol.")),
    (LIMIT, {"symbol": "btcusdt"},
     (-1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.")),
    (LIMIT, {"symbol": None}, missing("symbol")),
    (LIMIT, {"side": None}, missing("side")),
    (LIMIT, {"side": "LONG"}, (-1117, "Invalid side.")),
    (LIMIT, {"type": None}, missing("type")),
    (LIMIT, {"type": "limit"}, (-1116, "Invalid orderType.")),
    (LIMIT, {"timeInForce": None}, missing("timeInForce")),
    (LIMIT, {"timeInForce": "GTD"}, (-1115, "Invalid timeInForce.")),
    (LIMIT, {"quantity": None}, missing("quantity")),
    (LIMIT, {"quantity": ""}, (-1105, "Parameter 'quantity' was empty.")),
    (LIMIT, {"price": None}, missing("price")),
    (LIMIT, {"stopPrice": "90.00"}, unneeded("stopPrice")),
    (LIMIT, {"quoteOrderQty": "5"}, unneeded("quoteOrderQty")),
    (MARKET, {"price": "98.00"}, unneeded("price")),
    (MARKET, {"timeInForce": "GTC"}, unneeded("timeInForce")),
    (MARKET, {"quantity": None}, missing("quantity")),
    (MARKET, {"quoteOrderQty": "5"}, unneeded("quoteOrderQty")),
    (STOP, {"stopPrice": None},
     (-1102, "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!")),
    (LIMIT, {"price": "9" * 400}, NO_NUMBER),
    (LIMIT, {"price": "1e2"}, NO_NUMBER),
    (LIMIT, {"price": "-1"}, NO_NUMBER),
    (LIMIT, {"price": "٩٨"}, NO_NUMBER),
    (LIMIT, {"price": "98.000000001"}, (-1111, "Parameter 'price' has too much precision.")),
    (LIMIT, {"price": "0"}, (-1013, "Invalid price.")),
    (LIMIT, {"quantity": "0.0"}, (-1013, "Invalid quantity.")),
    (LIMIT, {"newClientOrderId": "a b"},
     (-1100, "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_.:/]{1,36}$'.")),
    (LIMIT, {"newClientOrderId": "x" * 37},
     (-1100, "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_.:/]{1,36}$'.")),
    (LIMIT, {"newOrderRespType": "ALL"}, (-1130, "Data sent for parameter 'newOrderRespType' is not valid.")),
    (LIMIT, {"strategyType": "999999"}, (-1134, "`strategyType` was less than 1000000.")),
    (LIMIT, {"selfTradePreventionMode": "SOME"},
     (-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid.")),
    (LIMIT, {"leverage": "5"}, (-1104, "Not all sent parameters were read; read '6' parameter(s) but was sent '7'.")),
]  # fmt: skip


async def test_each_mistake_has_its_code_and_words() -> None:
    async with desk({}) as at:
        found = []
        for base, change, expected in WRONG:
            sent = {name: value for name, value in {**base, **change}.items() if value is not None}
            for path in (ORDER, f"{ORDER}/test"):
                status, answer, _ = await at.send("POST", path, sent)
                # A test order does not reach the book, where prices and balances would speak against it.
                if path.endswith("test") and expected in BOOK_SAYS:
                    right = (status, answer) == (200, {})
                else:
                    right = (status, answer) == (400, {"code": expected[0], "msg": expected[1]})
                if not right:
                    found.append((change, path, status, answer))
        assert found == []
        assert await at.binance.get_all_orders(symbol="BTCUSDT") == []
        assert (await at.binance.get_asset_balance("USDT"))["locked"] == "0.00000000"


@pytest.mark.parametrize(("kind", "count", "name"), [
    (LIMIT, 200, "MAX_NUM_ORDERS"), (STOP, 5, "MAX_NUM_ALGO_ORDERS"),
])  # fmt: skip
async def test_open_orders_are_limited(kind: dict[str, Any], count: int, name: str) -> None:
    async with desk({}) as at:
        sent = {**kind, "quantity": "0.06"}
        for _ in range(count):
            status, answer, _ = await at.send("POST", ORDER, sent)
            assert status == 200, answer
        status, answer, _ = await at.send("POST", ORDER, sent)
        assert (status, answer["msg"]) == (400, f"Filter failure: {name}")


async def test_a_hundred_orders_in_ten_seconds() -> None:
    async with desk({}, weight_limit=6_000) as at:
        refused: tuple[int, Any] | None = None
        # A window may end between two orders; the next one may not.
        for _ in range(201):
            status, answer, _ = await at.send("POST", ORDER, MARKET | {"quantity": "0.06"})
            if status != 200:
                refused = status, answer
                break
        assert refused == (
            429,
            {"code": -1015, "msg": "Too many new orders; current limit is 100 orders per 10 SECOND."},
        )


async def get_account(at: Desk, **how: Any) -> tuple[int, int]:
    status, answer, _ = await at.send("GET", "/api/v3/account", how.pop("sent", ""), **how)
    return status, answer.get("code", 0)


async def test_who_signs_and_when() -> None:
    async with desk({}) as at:
        now = at.clock.told_ms()
        assert await get_account(at) == (200, 0)
        assert await get_account(at, key="") == (401, -2014)
        assert await get_account(at, key="abc") == (401, -2014)
        assert await get_account(at, key=KEY.upper()[::-1]) == (401, -2015)
        assert await get_account(at, secret="wrong") == (400, -1022)
        assert await get_account(at, times=False) == (400, -1102)
        assert await get_account(at, times=False, sent=f"timestamp={now - 5_001}") == (400, -1021)
        assert await get_account(at, times=False, sent=f"timestamp={now - 5_001}&recvWindow=6000") == (200, 0)
        assert await get_account(at, times=False, sent=f"timestamp={now + 3_600_000}") == (400, -1021)
        assert await get_account(at, times=False, sent="timestamp=soon") == (400, -1100)
        assert await get_account(at, times=False, sent=f"timestamp={'9' * 500}") == (400, -1100)
        assert await get_account(at, sent="recvWindow=60001") == (400, -1131)
        assert await get_account(at, sent="recvWindow=-1") == (400, -1100)
        assert await get_account(at, sent="omitZeroBalances=true&omitZeroBalances=true") == (400, -1101)
        async with at.http.get(f"{at.rest}/api/v3/account?timestamp={now}", headers={"X-MBX-APIKEY": KEY}) as unsigned:
            assert (unsigned.status, (await unsigned.json())["code"]) == (400, -1102)
        late = f"timestamp={now}"
        at.go(3_600)
        # Told an hour later, yet as a client shows it that was set when the exchange started.
        assert await get_account(at, times=False, sent=late) == (200, 0)


async def test_parameters_in_query_and_body_are_signed_together() -> None:
    async with desk({}) as at:
        body = urlencode({**LIMIT, "timestamp": at.clock.told_ms()})
        status, answer, _ = await at.send("POST", ORDER, body=body, times=False)
        assert status == 200, answer
        half = {"symbol": "BTCUSDT", "side": "BUY"}
        rest = urlencode({name: value for name, value in LIMIT.items() if name not in half})
        status, answer, _ = await at.send(
            "POST", ORDER, half, body=f"{rest}&timestamp={at.clock.told_ms()}", times=False
        )
        assert status == 200, answer
        # Of a parameter in both, the query's counts.
        status, answer, _ = await at.send("POST", ORDER, {"price": "97.00"}, body=body, times=False)
        assert status == 200 and answer["price"] == "97.00000000"


async def test_a_symbol_that_does_not_trade_takes_no_orders() -> None:
    halted = ScheduledMarket(ScriptedMarket({}), [Change("BTCUSDT", START, "BREAK"), Change("ETHUSDT", START, "GONE")])
    async with desk({}, market=halted) as at:
        status, answer, _ = await at.send("POST", ORDER, LIMIT)
        assert (status, answer) == (400, {"code": -2010, "msg": "Market is closed."})
        status, answer, _ = await at.send("POST", ORDER, {**LIMIT, "symbol": "ETHUSDT"})
        assert (status, answer["code"]) == (400, -1121)


OCO = {
    "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1", "aboveType": "LIMIT_MAKER", "abovePrice": "110.00",
    "belowType": "STOP_LOSS", "belowStopPrice": "90.00",
}  # fmt: skip


@pytest.mark.parametrize(("change", "code"), [
    ({"aboveType": "LIMIT", "aboveTimeInForce": "GTC"}, -1158),
    ({"belowType": "LIMIT_MAKER", "belowPrice": "90.00", "belowStopPrice": None}, -1168),
    ({"side": "BUY"}, -1165),
    ({"aboveType": "STOP_LOSS", "abovePrice": None, "aboveStopPrice": "110.00"}, -1197),
    ({"belowType": "TAKE_PROFIT"}, -1199),
    ({"abovePrice": None}, -1102), ({"belowStopPrice": None}, -1102), ({"aboveType": None}, -1102),
    ({"belowStopPrice": "110.00"}, -2010), ({"abovePrice": "90.00"}, -2010), ({"quantity": "0.6"}, -2010),
    ({"aboveClientOrderId": "same", "belowClientOrderId": "same"}, -2010), ({"abovePrice": "110.001"}, -1013),
])  # fmt: skip
async def test_order_lists_are_checked(change: dict[str, str | None], code: int) -> None:
    async with desk({}) as at:
        sent = {name: value for name, value in {**OCO, **change}.items() if value is not None}
        status, answer, _ = await at.send("POST", "/api/v3/orderList/oco", sent)
        assert (status, answer["code"]) == (400, code), answer
        assert await at.binance.get_open_orders() == []
        assert (await at.binance.get_asset_balance("BTC"))["locked"] == "0.00000000"


VALUES = (
    "", "0", "-0", "1", "NaN", "Infinity", "1e400", "9" * 30, "0." + "0" * 30 + "1", "٣", "\x00", "😀", "a" * 5_000,
    "BTCUSDT", "BUY", "SELL", "LIMIT", "MARKET", "STOP_LOSS", "GTC", "0.1", "99.00", "true", "null", "[]", "%zz",
)  # fmt: skip
ROUTES = (
    ("POST", ORDER), ("POST", f"{ORDER}/test"), ("GET", ORDER), ("DELETE", ORDER), ("POST", f"{ORDER}/cancelReplace"),
    ("POST", f"{ORDER}/oco"), ("POST", "/api/v3/orderList/oco"), ("POST", "/api/v3/orderList/oto"),
    ("POST", "/api/v3/orderList/otoco"), ("GET", "/api/v3/orderList"), ("DELETE", "/api/v3/orderList"),
    ("GET", "/api/v3/allOrderList"), ("GET", "/api/v3/allOrders"), ("GET", "/api/v3/myTrades"),
    ("GET", "/api/v3/account"),
    ("GET", "/api/v3/openOrders"), ("DELETE", "/api/v3/openOrders"), ("PUT", f"{ORDER}/amend/keepPriority"),
    ("POST", "/sapi/v1/asset/transfer"), ("GET", "/sapi/v1/asset/tradeFee"),
)  # fmt: skip
NAMES = (
    "symbol", "side", "type", "timeInForce", "quantity", "price", "quoteOrderQty", "stopPrice", "trailingDelta",
    "orderId", "origClientOrderId", "newClientOrderId", "icebergQty", "limit", "fromId", "startTime", "endTime",
    "orderListId", "cancelReplaceMode", "aboveType", "belowType", "abovePrice", "belowStopPrice", "workingType",
    "pendingSide", "newQty", "asset", "amount", "recvWindow", "selfTradePreventionMode", "newOrderRespType",
)  # fmt: skip


async def test_nonsense_is_refused_and_never_breaks_anything() -> None:
    chance = random.Random(11)
    async with desk({}) as at:
        for _ in range(400):
            verb, path = chance.choice(ROUTES)
            sent = {name: chance.choice(VALUES) for name in chance.sample(NAMES, chance.randint(0, 6))}
            base = chance.choice((LIMIT, MARKET, OCO, {}))
            status, answer, _ = await at.send(verb, path, {**base, **sent})
            assert status in (200, 400, 409), (verb, path, sent, status, answer)
            if status != 200:
                assert isinstance(answer["code"], int) and answer["code"] < 0 and answer["msg"]
        for body in ("&&&", "=", "a" * 200_000, "%", "symbol", "\x00=\x00"):
            status, answer, _ = await at.send("POST", ORDER, body=body)
            assert status == 400 and answer["code"] < 0
        account = await at.binance.get_account()
        assert all(float(one["free"]) >= 0 and float(one["locked"]) >= 0 for one in account["balances"])


async def test_a_body_that_is_no_text_is_refused() -> None:
    async with desk({}) as at:
        headers = {"X-MBX-APIKEY": KEY}
        async with at.http.post(f"{at.rest}{ORDER}", data=b"\xff\xfe\x00", headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (400, -1100)
        assert SECRET not in str(await at.binance.get_account())
