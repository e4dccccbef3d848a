"""Every answer of the futures side has the schema of a recorded or documented one.

Recorded answers (`recorded_rest.json`) are real and some of them old; documented ones are written down here as names
and kinds of values. A kind is what a client may rely on: whole number, text, number as text, true or false, list.
`MISSING` and `ADDED` name the fields in which a recording and the answer of today's exchange differ, with the reason.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract import schemas
from tests.integration.simexchange.futures_venue import Venue, venue

RECORDED = Path(__file__).parents[2].parent / "shared" / "data" / "payloads" / "recorded_rest.json"

#: Recorded fields that the exchange does not give any more, or gives to other symbols only.
MISSING = {"/fapi/v1/exchangeInfo": {"underlyingSubType"}}  # an empty list: what kind of coin it is is not made up
#: Fields that came after the recording.
ADDED = {
    "/fapi/v1/exchangeInfo": {"timezone"},
    "/fapi/v1/fundingRate": {"markPrice"},
    "/fapi/v1/premiumIndex": {"estimatedSettlePrice"},
    "/fapi/v1/ticker/bookTicker": {"lastUpdateId"},
}
QUESTIONS = {
    "/fapi/v1/aggTrades": {"symbol": "BTCUSDT", "limit": "5"},
    "/fapi/v1/depth": {"symbol": "BTCUSDT", "limit": "5"},
    "/fapi/v1/exchangeInfo": {},
    "/fapi/v1/fundingInfo": {},
    "/fapi/v1/fundingRate": {"symbol": "BTCUSDT", "limit": "2"},
    "/fapi/v1/klines": {"symbol": "BTCUSDT", "interval": "1d", "limit": "5"},
    "/fapi/v1/openInterest": {"symbol": "BTCUSDT"},
    "/fapi/v1/premiumIndex": {"symbol": "BTCUSDT"},
    "/fapi/v1/ticker/24hr": {"symbol": "BTCUSDT"},
    "/fapi/v1/ticker/bookTicker": {"symbol": "BTCUSDT"},
    "/fapi/v1/ticker/price": {"symbol": "BTCUSDT"},
    "/fapi/v1/time": {},
    "/fapi/v1/trades": {"symbol": "BTCUSDT", "limit": "5"},
}
#: Composite indices are not simulated.
NOT_SERVED = {"/fapi/v1/indexInfo"}


def kind(value: Any) -> str:
    """What a client may rely on: the number of decimals is each contract's own here."""
    found = schemas.kind(value)
    return schemas.ANY_DECIMALS.get(found, found)


def differences(ours: Any, theirs: Any, added: set[str], missing: set[str]) -> list[str]:
    """What a client of one would not find in the other."""
    return schemas.differences(ours, theirs, added, missing, schemas.ANY_DECIMALS)


async def ask(here: Venue, path: str, parameters: dict[str, str]) -> Any:
    async with here.http.get(f"{here.rest}{path}", params=parameters) as response:
        assert response.status == 200, await response.text()
        return await response.json()


@pytest.mark.realdata
@pytest.mark.skipif(not RECORDED.exists(), reason="the folder ../shared/data is not there")
async def test_market_data_has_the_recorded_schema() -> None:
    routes = json.loads(RECORDED.read_text())["routes"]
    futures = {path: calls["GET"] for path, calls in routes.items() if path.startswith("/fapi")}
    assert futures.keys() == QUESTIONS.keys() | NOT_SERVED
    problems = []
    async with venue() as here:
        for path, question in QUESTIONS.items():
            one = await ask(here, path, question)
            every = await ask(here, path, {}) if path.startswith(("/fapi/v1/ticker", "/fapi/v1/premium")) else one
            for call in futures[path]:
                theirs = call["data"]
                if not theirs or "code" in theirs:
                    continue
                ours = every if isinstance(theirs, list) else one
                if isinstance(theirs, list) and isinstance(theirs[0], dict):
                    # What a listing has of one symbol it must have of all: compare the first with the first.
                    ours, theirs = ours[0], theirs[0]
                found = differences(ours, theirs, ADDED.get(path, set()), MISSING.get(path, set()))
                problems += [f"{path} {call['queryString']}: {problem}" for problem in found]
    assert not problems, "\n".join(problems)


@pytest.mark.realdata
@pytest.mark.skipif(not RECORDED.exists(), reason="the folder ../shared/data is not there")
async def test_an_unknown_symbol_has_the_recorded_answer() -> None:
    calls = json.loads(RECORDED.read_text())["routes"]["/fapi/v1/ticker/24hr"]["GET"]
    recorded = next(call["data"] for call in calls if "code" in call["data"])
    async with venue() as here:
        query = {"symbol": "BTCUSD_201225"}
        async with here.http.get(f"{here.rest}/fapi/v1/ticker/24hr", params=query) as response:
            assert response.status == 400
            assert await response.json() == recorded


def test_a_difference_is_seen() -> None:
    assert differences({"a": "1.0", "b": 1}, {"a": "2", "b": 5}, set(), set()) == []
    assert differences({"a": 1}, {"a": "1"}, set(), set()) == [".a: ['number'] where it is ['decimal']"]
    assert differences({}, {"a": "1"}, set(), set()) == [".a: missing"]
    assert differences({"a": 1}, {}, set(), set()) == [".a: not in the recording"]
    assert differences({"a": 1}, {}, {"a"}, set()) == []
    assert differences([[1, "2"]], [[1, 2]], set(), set()) != []


# What Binance documents of answers and events that no recording has: names and kinds, in no order; n number, d number
# as text, t text, b true or false, o object or list, z null.
DOCUMENTED = {
    "order": "orderId:n symbol:t status:t clientOrderId:t price:d avgPrice:d origQty:d executedQty:d cumQuote:d "
    "timeInForce:t type:t reduceOnly:b closePosition:b side:t positionSide:t stopPrice:d workingType:t priceProtect:b "
    "origType:t priceMatch:t selfTradePreventionMode:t goodTillDate:n time:n updateTime:n",
    "new order": "orderId:n symbol:t status:t clientOrderId:t price:d avgPrice:d origQty:d executedQty:d cumQty:d "
    "cumQuote:d timeInForce:t type:t reduceOnly:b closePosition:b side:t positionSide:t stopPrice:d workingType:t "
    "priceProtect:b origType:t priceMatch:t selfTradePreventionMode:t goodTillDate:n updateTime:n",
    "algo": "algoId:n clientAlgoId:t algoType:t orderType:t symbol:t side:t positionSide:t timeInForce:t quantity:d "
    "algoStatus:t actualOrderId:t actualPrice:d triggerPrice:d price:d icebergQuantity:z tpTriggerPrice:d tpPrice:d "
    "slTriggerPrice:d slPrice:d tpOrderType:t selfTradePreventionMode:t workingType:t priceMatch:t closePosition:b "
    "priceProtect:b reduceOnly:b createTime:n updateTime:n triggerTime:n goodTillDate:n",
    "trade": "buyer:b commission:d commissionAsset:t id:n maker:b orderId:n price:d qty:d quoteQty:d realizedPnl:d "
    "side:t positionSide:t symbol:t time:n",
    "balance": "accountAlias:t asset:t balance:d crossWalletBalance:d crossUnPnl:d availableBalance:d "
    "maxWithdrawAmount:d marginAvailable:b updateTime:n",
    "account v3": "totalInitialMargin:d totalMaintMargin:d totalWalletBalance:d totalUnrealizedProfit:d "
    "totalMarginBalance:d totalPositionInitialMargin:d totalOpenOrderInitialMargin:d totalCrossWalletBalance:d "
    "totalCrossUnPnl:d availableBalance:d maxWithdrawAmount:d assets:o positions:o",
    "asset v3": "asset:t walletBalance:d unrealizedProfit:d marginBalance:d maintMargin:d initialMargin:d "
    "positionInitialMargin:d openOrderInitialMargin:d crossWalletBalance:d crossUnPnl:d availableBalance:d "
    "maxWithdrawAmount:d updateTime:n",
    "position v3": "symbol:t positionSide:t positionAmt:d unrealizedProfit:d isolatedMargin:d notional:d "
    "isolatedWallet:d initialMargin:d maintMargin:d updateTime:n",
    "position v2": "symbol:t initialMargin:d maintMargin:d unrealizedProfit:d positionInitialMargin:d "
    "openOrderInitialMargin:d leverage:d isolated:b entryPrice:d breakEvenPrice:d maxNotional:d bidNotional:d "
    "askNotional:d positionSide:t positionAmt:d updateTime:n isolatedMargin:d notional:d isolatedWallet:d",
    "risk v3": "symbol:t positionSide:t positionAmt:d entryPrice:d breakEvenPrice:d markPrice:d unRealizedProfit:d "
    "liquidationPrice:d isolatedMargin:d notional:d marginAsset:t isolatedWallet:d initialMargin:d maintMargin:d "
    "positionInitialMargin:d openOrderInitialMargin:d adl:n bidNotional:d askNotional:d updateTime:n",
    "risk v2": "entryPrice:d breakEvenPrice:d marginType:t isAutoAddMargin:t isolatedMargin:d leverage:d "
    "liquidationPrice:d markPrice:d maxNotionalValue:d positionAmt:d notional:d isolatedWallet:d symbol:t "
    "unRealizedProfit:d positionSide:t updateTime:n",
    "income": "symbol:t incomeType:t income:d asset:t info:d time:n tranId:n tradeId:d",
    "bracket": "bracket:n initialLeverage:n notionalCap:n notionalFloor:n maintMarginRatio:n cum:n",
    "commission": "symbol:t makerCommissionRate:d takerCommissionRate:d rpiCommissionRate:d",
    "ORDER_TRADE_UPDATE": "s:t c:t S:t o:t f:t q:d p:d ap:d sp:d x:t X:t i:n l:d z:d L:d n:d N:t T:n t:n b:d a:d m:b "
    "R:b wt:t ot:t ps:t cp:b rp:d pP:b si:n ss:n V:t pm:t gtd:n er:d",
    "ALGO_UPDATE": "caid:t aid:n at:t o:t s:t S:t ps:t f:t q:d X:t ai:t ap:d aq:d act:d tp:d p:d V:t wt:t pm:t cp:b "
    "pP:b R:b tt:n gtd:n rm:t",
    "ACCOUNT_UPDATE": "m:t B:o P:o",
    "ACCOUNT_UPDATE balance": "a:t wb:d cw:d bc:d",
    "ACCOUNT_UPDATE position": "s:t pa:d ep:d bep:d cr:d up:d mt:t iw:d ps:t ma:t",
    "TRADE_LITE": "e:t E:n T:n s:t q:d p:d m:b c:t S:t L:d l:d t:n i:n",
    "ACCOUNT_CONFIG_UPDATE": "e:t E:n T:n ac:o",
    "MARGIN_CALL": "e:t E:n cw:d p:o",
    "MARGIN_CALL position": "s:t ps:t pa:d mt:t iw:d mp:d up:d mm:d",
    "markPriceUpdate": "e:t E:n s:t p:d ap:d P:d i:d r:d T:n",
    "24hrTicker": "e:t E:n s:t p:d P:d w:d c:d Q:d o:d h:d l:d v:d q:d O:n C:n F:n L:n n:n",
    "24hrMiniTicker": "e:t E:n s:t c:d o:d h:d l:d v:d q:d",
    "bookTicker": "e:t u:n E:n T:n s:t b:d B:d a:d A:d",
    "depthUpdate": "e:t E:n T:n s:t U:n u:n pu:n b:o a:o",
    "aggTrade": "e:t E:n s:t a:n p:d q:d f:n l:n T:n m:b",
    "kline": "t:n T:n s:t i:t f:n L:n o:d c:d h:d l:d v:d n:n x:b q:d V:d Q:d B:d",
    "continuous_kline": "t:n T:n i:t f:n L:n o:d c:d h:d l:d v:d n:n x:b q:d V:d Q:d B:d",
}
LETTERS = {"number": "n", "decimal": "d", "text": "t", "bool": "b", "list": "o", "object": "o", "null": "z"}


def documented(name: str, value: dict[str, Any]) -> list[str]:
    """How an object differs from its documented form; a text may look like a number."""
    expected = dict(part.split(":") for part in DOCUMENTED[name].split())
    found = {key: LETTERS[kind(inner)] for key, inner in value.items()}
    wrong = [f"{name}.{key}" for key in expected.keys() ^ found.keys()]
    for key in expected.keys() & found.keys():
        if found[key] != expected[key] and not (expected[key] == "t" and found[key] == "d"):
            wrong.append(f"{name}.{key} is {found[key]}, not {expected[key]}")
    return wrong


async def test_signed_answers_and_events_have_the_documented_schema() -> None:
    async with venue(symbols=2) as here, here.following():
        binance, wrong = here.binance, []
        await binance.futures_change_leverage(symbol="BTCUSDT", leverage=21)
        bought = await binance.futures_create_order(
            symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.02", newOrderRespType="RESULT"
        )
        price = float(bought["avgPrice"])
        await binance.futures_create_order(
            symbol="BTCUSDT", side="SELL", type="LIMIT", timeInForce="GTC", quantity="0.02", price=f"{price * 1.02:.2f}"
        )
        algo = await binance.futures_create_order(
            symbol="BTCUSDT", side="SELL", type="STOP_MARKET", stopPrice=f"{price * 0.5:.2f}", closePosition="true"
        )
        wrong += documented("new order", bought)
        wrong += documented("order", (await binance.futures_get_open_orders())[0])
        wrong += documented("algo", algo)
        wrong += documented("trade", (await binance.futures_account_trades(symbol="BTCUSDT"))[0])
        wrong += documented("balance", (await binance.futures_account_balance())[0])
        newer, older = await binance.futures_account(version=3), await binance.futures_account()
        wrong += documented("account v3", newer)
        wrong += documented("asset v3", newer["assets"][0])
        wrong += documented("position v3", newer["positions"][0])
        wrong += documented("position v2", older["positions"][0])
        wrong += documented("risk v3", (await binance.futures_position_information())[0])
        wrong += documented("risk v2", (await binance.futures_position_information(symbol="BTCUSDT", version=2))[0])
        wrong += documented("income", (await binance.futures_income_history())[0])
        wrong += documented("bracket", (await binance.futures_leverage_bracket(symbol="BTCUSDT"))[0]["brackets"][0])
        wrong += documented("commission", await binance.futures_commission_rate(symbol="BTCUSDT"))
        wrong += documented("ORDER_TRADE_UPDATE", (await here.until("ORDER_TRADE_UPDATE", x="TRADE"))["o"])
        wrong += documented("ALGO_UPDATE", (await here.until("ALGO_UPDATE"))["o"])
        update = (await here.until("ACCOUNT_UPDATE"))["a"]
        wrong += documented("ACCOUNT_UPDATE", update)
        wrong += documented("ACCOUNT_UPDATE balance", update["B"][0])
        wrong += documented("ACCOUNT_UPDATE position", update["P"][0])
        wrong += documented("TRADE_LITE", await here.until("TRADE_LITE"))
        wrong += documented("ACCOUNT_CONFIG_UPDATE", await here.until("ACCOUNT_CONFIG_UPDATE"))
        assert not wrong


async def test_stream_messages_have_the_documented_schema() -> None:
    names = {
        "btcusdt@markPrice@1s": "markPriceUpdate",
        "btcusdt@ticker": "24hrTicker",
        "btcusdt@miniTicker": "24hrMiniTicker",
        "btcusdt@bookTicker": "bookTicker",
        "btcusdt@depth20@100ms": "depthUpdate",
        "btcusdt@depth": "depthUpdate",
        "btcusdt@aggTrade": "aggTrade",
        "btcusdt@kline_1m": "kline",
        "btcusdt_perpetual@continuousKline_1m": "continuous_kline",
    }
    wrong: list[str] = []
    seen: set[str] = set()
    async with (
        venue(speed=10.0, symbols=1) as here,
        here.http.ws_connect(f"{here.streams}/market/stream?streams={'/'.join(names)}") as socket,
    ):
        while seen != names.keys():
            message = await socket.receive_json(timeout=20)
            data = message["data"]
            seen.add(message["stream"])
            assert data["e"] == names[message["stream"]]
            wrong += documented(data["e"], data.get("k", data))
    assert not wrong


def test_margin_calls_have_the_documented_schema() -> None:
    from tests.unit.simexchange.futures_line import Desk

    desk = Desk(500_000)
    desk.order("BUY", 3_900)
    desk.move(int(desk.engine.account.liquidation_price(desk.position()) * 10) + 10)
    call = desk.told("MARGIN_CALL")[0]
    assert not documented("MARGIN_CALL", call)
    assert not documented("MARGIN_CALL position", call["p"][0])
