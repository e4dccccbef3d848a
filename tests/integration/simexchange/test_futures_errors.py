"""What is malformed has the error that Binance documents for it, and nothing breaks the exchange."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from simexchange.futures.endpoints import OPEN, Endpoint, Endpoints
from simexchange.trading.account import credential
from tests.integration.simexchange.futures_venue import ORDER, raw, venue


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


#: What a hostile or careless client may send for anything.
VALUES = (
    "", "BTCUSDT", "0", "-1", "1", "0.01", "1e9", "9" * 30, "true", "BUY", "SELL", "LIMIT", "MARKET", "STOP", "GTC",
    "GTD", "78000", "[]", "{}", "[1]", "[{}]", '[{"symbol":1}]', "[" * 5_000, "null", "\x00", "\u00e9", "LONG",
    "ISOLATED", "CONDITIONAL", "STOP_MARKET", "TRAILING_STOP_MARKET", "1m", "PERPETUAL", "%", "&", "=", "1795271037000",
)  # fmt: skip


async def test_whatever_is_sent_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoints: list[Endpoint] = []
    install = Endpoints.install

    def remember(self: Endpoints, application: Any, every: Any) -> None:
        endpoints.extend(every)
        install(self, application, endpoints)

    monkeypatch.setattr(Endpoints, "install", remember)
    random = Random(5)
    async with venue(symbols=2) as here:
        for endpoint in endpoints * 8:
            names = random.sample(list(endpoint.names), min(len(endpoint.names), random.randint(0, 8)))
            sent = {name: random.choice(VALUES) for name in names}
            if "symbol" in endpoint.names and random.random() < 0.8:
                sent["symbol"] = "BTCUSDT"
            status, answer = await raw(here, endpoint.method, endpoint.path, sent, signs=endpoint.security != OPEN)
            assert status in (200, 400, 401), (endpoint.path, sent, answer)
            if status != 200:
                assert answer.keys() == {"code", "msg"}, (endpoint.path, sent)
