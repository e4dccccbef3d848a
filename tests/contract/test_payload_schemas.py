"""Every answer and message of spot has the schema of a recorded or documented one, or is listed as unchecked.

1. `answers` asks the simulated exchange everything once and names the form of each object in what comes back.
2. Each object is held against its written-down form (`spot_forms`), and, where one was recorded, against the
   recording; `ADDED` and `MISSING` say in which names they differ and why.
3. Every route must be asked here or be in `UNCHECKED`, and docs/simexchange.md must list those.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from simexchange.clock import VirtualClock
from simexchange.market import SyntheticMarket
from simexchange.server import Exchange
from simexchange.symbols import symbol_info
from simexchange.universe import Listing
from tests.contract.schemas import differences, written, written_row
from tests.contract.spot_forms import FORMS, ROWS
from tests.fixtures.spot_client import KEY, Desk, desk, events

PAYLOADS = Path(__file__).parents[3] / "shared" / "data" / "payloads"
PAGE = Path(__file__).parents[2] / "docs" / "simexchange.md"
START = 1_795_269_600
PATIENCE = 30.0
recorded = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="needs the recorded payloads beside the project")

#: Public requests and the form of what they answer; `[]` for a list of it.
PUBLIC = {
    "ping": "ping",
    "time": "time",
    "exchangeInfo": "exchangeInfo",
    "klines?symbol=BTCUSDT&interval=1h": "kline row[]",
    "uiKlines?symbol=BTCUSDT&interval=1M": "kline row[]",
    "depth?symbol=BTCUSDT&limit=20": "depth",
    "trades?symbol=BTCUSDT&limit=20": "trade[]",
    "historicalTrades?symbol=BTCUSDT&limit=20": "trade[]",
    "aggTrades?symbol=BTCUSDT&limit=20": "aggregate[]",
    "avgPrice?symbol=BTCUSDT": "avgPrice",
    "ticker/24hr?symbol=BTCUSDT": "24hr",
    "ticker/24hr": "24hr[]",
    "ticker/24hr?type=MINI": "mini[]",
    "ticker/tradingDay?symbol=BTCUSDT": "window",
    "ticker/tradingDay?symbols=[%22BTCUSDT%22]&type=MINI": "mini[]",
    "ticker?symbol=BTCUSDT": "window",
    "ticker?symbols=[%22BTCUSDT%22]&type=MINI": "mini[]",
    "ticker/price?symbol=BTCUSDT": "price",
    "ticker/price": "price[]",
    "ticker/bookTicker?symbol=BTCUSDT": "best",
    "ticker/bookTicker": "best[]",
    "depth?symbol=NOPE": "error",
}
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
#: Objects inside others: form and field to the form of what is in it.
INSIDE = {
    ("exchangeInfo", "rateLimits"): "rate limit[]",
    ("exchangeInfo", "symbols"): "symbol[]",
    ("depth", "bids"): "level[]",
    ("depth", "asks"): "level[]",
    ("depthUpdate", "b"): "level[]",
    ("depthUpdate", "a"): "level[]",
    ("kline", "k"): "k",
    ("FULL", "fills"): "fill[]",
    ("amendment", "amendedOrder"): "amended",
    ("replaced", "cancelResponse"): "cancelled",
    ("replaced", "newOrderResponse"): "RESULT",
    ("account", "commissionRates"): "commission rates",
    ("account", "balances"): "balance[]",
    ("commission", "standardCommission"): "commission rates",
    ("commission", "specialCommission"): "commission rates",
    ("commission", "taxCommission"): "commission rates",
    ("commission", "discount"): "discount",
    ("list", "orders"): "list order[]",
    ("new list", "orders"): "list order[]",
    ("new list", "orderReports"): "RESULT[]",
    ("outboundAccountPosition", "B"): "position balance[]",
    ("listStatus", "O"): "list status order[]",
}
#: Requests about the account, asked below: verb and path.
ACCOUNT = {
    "POST /api/v3/order",
    "POST /api/v3/order/test",
    "GET /api/v3/order",
    "DELETE /api/v3/order",
    "POST /api/v3/order/cancelReplace",
    "GET /api/v3/openOrders",
    "GET /api/v3/allOrders",
    "GET /api/v3/myTrades",
    "GET /api/v3/account",
    "GET /api/v3/account/commission",
    "GET /api/v3/rateLimit/order",
    "POST /api/v3/orderList/oco",
    "GET /api/v3/orderList",
    "DELETE /api/v3/orderList",
    "GET /api/v3/allOrderList",
    "GET /api/v3/openOrderList",
    # Recorded, and held against that alone.
    "GET /sapi/v1/capital/config/getall",
    "POST /api/v3/order/oco",
    "POST /api/v3/orderList/oto",
    "POST /api/v3/orderList/otoco",
    "PUT /api/v3/order/amend/keepPriority",
    "DELETE /api/v3/openOrders",
    "POST /api/v3/userDataStream",
    "GET /sapi/v1/system/status",
    "GET /sapi/v1/account/status",
    "GET /sapi/v1/asset/tradeFee",
    "POST /sapi/v3/asset/getUserAsset",
    "POST /sapi/v1/asset/transfer",
}
#: Served, and neither recorded nor written down; docs/simexchange.md lists them.
UNCHECKED = {
    "GET /api/v3/myPreventedMatches",
    "GET /api/v3/myAllocations",
    "PUT /api/v3/userDataStream",
    "DELETE /api/v3/userDataStream",
    "GET /sapi/v1/account/apiRestrictions",
    "GET /sapi/v1/margin/allPairs",
    "GET /sapi/v1/margin/isolated/allPairs",
    "GET /ws-api/v3",
}


def check(name: str, form: str, value: Any) -> Iterator[str]:
    """Problems of a value and of what is in it."""
    if form.endswith("[]"):
        if not isinstance(value, list) or not value:
            yield f"{name} is no list with something in it"
            return
        for one in value:
            yield from check(name, form[:-2], one)
        return
    if form in ROWS:
        yield from written_row(f"{name}: {form}", ROWS[form], value)
        return
    yield from written(f"{name}: {form}", FORMS[form], value)
    if form == "symbol":
        for one in value["filters"]:
            yield from check(name, one["filterType"], one)
    for (outer, field), inner in INSIDE.items():
        if outer == form and value.get(field):
            yield from check(f"{name}.{field}", inner, value[field])


class Public:
    """Public answers, each asked once."""

    def __init__(self, http: aiohttp.ClientSession, port: int, clock: VirtualClock) -> None:
        self._http = http
        self._rest = f"http://127.0.0.1:{port}/api/v3"
        self.streams = f"ws://127.0.0.1:{port}"
        self.clock = clock

    async def get(self, path: str) -> Any:
        async with self._http.get(URL(f"{self._rest}/{path}", encoded=True)) as response:
            return await response.json()

    async def messages(self, names: set[str]) -> dict[str, Any]:
        """The first message of each stream."""
        found: dict[str, Any] = {}
        address = f"{self.streams}/stream?streams={'/'.join(sorted(names))}"
        async with asyncio.timeout(PATIENCE), self._http.ws_connect(address) as socket:
            while found.keys() != names:
                message = await socket.receive_json()
                found.setdefault(message["stream"], message["data"])
        return found


@pytest_asyncio.fixture
async def public() -> AsyncIterator[Public]:
    clock = VirtualClock(START * 1000 + 20_000, 2.0)
    server = Exchange(SyntheticMarket(7, 4), clock)
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        yield Public(http, port, clock)
    await server.stop()


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


async def ask(at: Desk, verb: str, path: str, **sent: Any) -> Any:
    status, answer, _ = await at.send(verb, path, sent)
    assert status == 200, answer
    return answer


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


def served() -> set[str]:
    """Routes of spot: verb and path."""
    application = Exchange(SyntheticMarket(7, 1), VirtualClock(START * 1000, 0.0))._runner.app
    routes = {(route.method, route.resource.canonical) for route in application.router.routes() if route.resource}
    return {
        f"{verb} {path}" for verb, path in routes if path.startswith(("/api/", "/sapi/", "/ws-api")) and verb != "HEAD"
    }


def test_what_is_served_is_checked_or_listed() -> None:
    checked = ACCOUNT | {f"GET /api/v3/{path.partition('?')[0]}" for path in PUBLIC}
    assert checked | UNCHECKED == served()
    assert not checked & UNCHECKED
    text = PAGE.read_text(encoding="utf-8")
    block = re.search(r"<!-- unchecked -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert block is not None
    assert set(re.findall(r"`((?:GET|POST|PUT|DELETE) [^`]+)`", block[1])) == UNCHECKED


# Recordings

#: Names that came after the recordings, by path.
ADDED = {
    # Since December 2023.
    "avgPrice": {"closeTime"},
    # The recording is of August 2025; order lists and amendments have had filters since later that year.
    "exchangeInfo": {"maxNumOrderLists", "maxNumOrderAmends"},
    # Accounts were recorded in 2018, before commission rates, permissions and self-trade prevention.
    "account": {"commissionRates", "brokered", "requireSelfTradePrevention", "preventSor", "permissions", "uid"},
    "order": {"orderListId", "workingTime", "selfTradePreventionMode", "origQuoteOrderQty"},
}
SAME = {
    "aggTrades": "aggTrades?symbol=BTCUSDT&limit=50",
    "avgPrice": "avgPrice?symbol=BTCUSDT",
    "depth": "depth?symbol=BTCUSDT&limit=50",
    "historicalTrades": "historicalTrades?symbol=BTCUSDT&limit=50",
    "klines": "klines?symbol=BTCUSDT&interval=5m",
    "ticker/24hr": "ticker/24hr?symbol=BTCUSDT",
    "ticker/bookTicker": "ticker/bookTicker?symbol=BTCUSDT",
    "ticker/price": "ticker/price?symbol=BTCUSDT",
    "trades": "trades?symbol=BTCUSDT&limit=50",
}


def routes() -> dict[str, dict[str, list[dict[str, Any]]]]:
    found: dict[str, dict[str, list[dict[str, Any]]]] = json.loads((PAYLOADS / "recorded_rest.json").read_text())[
        "routes"
    ]
    return found


@pytest.mark.realdata
@recorded
async def test_public_answers_are_as_recorded(public: Public) -> None:
    problems: list[str] = []
    for path, question in SAME.items():
        ours = await public.get(question)
        for call in routes()[f"/api/v3/{path}"]["GET"]:
            theirs = call["data"]
            # Some aggregates were recorded without the name of one field.
            if not theirs or (isinstance(theirs, list) and isinstance(theirs[0], dict) and "" in theirs[0]):
                continue
            if isinstance(theirs, list) and isinstance(ours, dict):
                theirs = theirs[0]
            problems += [
                f"{path} {call['queryString']}: {one}" for one in differences(ours, theirs, ADDED.get(path, ()))
            ]
    assert not problems, "\n".join(problems)


@pytest.mark.realdata
@recorded
async def test_exchange_info_is_as_recorded(public: Public) -> None:
    (call,) = routes()["/api/v3/exchangeInfo"]["GET"]
    ours, theirs = await public.get("exchangeInfo"), call["data"]
    assert not differences(ours, theirs, ADDED["exchangeInfo"])
    lately = {one["filterType"]: one for one in theirs["symbols"][0]["filters"]}
    for one in ours["symbols"][0]["filters"]:
        if one["filterType"] in lately:
            assert not differences(one, lately[one["filterType"]])
        else:
            assert one["filterType"] in ("MAX_NUM_ORDER_LISTS", "MAX_NUM_ORDER_AMENDS")
    assert lately.keys() <= {one["filterType"] for one in ours["symbols"][0]["filters"]}


@pytest.mark.realdata
@recorded
def test_symbols_have_all_that_those_of_2021_had() -> None:
    older = json.loads((PAYLOADS / "spot_20210826_1608symbols.json").read_text())
    ours = symbol_info(Listing("BTCUSDT", "BTC", 2, 5))
    # Permissions moved to `permissionSets`; two filters were followed by others.
    gone = {"PERCENT_PRICE", "MIN_NOTIONAL", "MAX_NUM_ICEBERG_ORDERS", "MAX_POSITION"}
    there = {one["filterType"] for one in ours["filters"]}
    for theirs in older["symbols"]:
        assert theirs.keys() <= ours.keys()
        for name in theirs.keys() - {"filters", "permissions"}:
            assert type(theirs[name]) is type(ours[name]), name
        assert {one["filterType"] for one in theirs["filters"]} <= there | gone


@pytest.mark.realdata
@recorded
async def test_stream_messages_are_as_recorded(public: Public) -> None:
    theirs: dict[str, Any] = {}
    for line in (PAYLOADS / "recorded_ws_spot.txt").read_text().splitlines()[1:]:
        _, _, text = line.partition(": ")
        if text.startswith("{"):
            message = json.loads(text)
            data = message["data"]
            # A book may change on one side only: take a message that shows both.
            if "@depth" not in message["stream"] or (data["b"] and data["a"]):
                theirs.setdefault(message["stream"].partition("@")[2], data)
    assert theirs.keys() == {"depth@100ms", "bookTicker", "kline_1m", "aggTrade"}
    ours = await public.messages({f"btcusdt@{kind}" for kind in theirs})
    problems = [f"{kind}: {one}" for kind, data in theirs.items() for one in differences(ours[f"btcusdt@{kind}"], data)]
    assert not problems, "\n".join(problems)


@pytest.mark.realdata
@recorded
async def test_signed_answers_are_as_recorded() -> None:
    """Those recordings are examples of the old documentation: numbers as text have any decimals."""
    async with desk({}, market=SyntheticMarket(7, 3)) as at:
        price = float((await at.binance.get_symbol_ticker(symbol="BTCUSDT"))["price"])
        sent = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}
        placed = await ask(at, "POST", "/api/v3/order", **sent, price=f"{price * 0.9:.2f}")
        which = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
        ours = {
            ("order", "GET"): await ask(at, "GET", "/api/v3/order", **which),
            ("openOrders", "GET"): await ask(at, "GET", "/api/v3/openOrders"),
            ("allOrders", "GET"): await ask(at, "GET", "/api/v3/allOrders", symbol="BTCUSDT"),
            ("account", "GET"): await ask(at, "GET", "/api/v3/account"),
            ("capital", "GET"): await ask(at, "GET", "/sapi/v1/capital/config/getall"),
            ("order", "DELETE"): await ask(at, "DELETE", "/api/v3/order", **which),
        }
    problems: list[str] = []
    for (path, verb), answer in ours.items():
        added = ADDED["account" if path == "account" else "order"]
        known = "/sapi/v1/capital/config/getall" if path == "capital" else f"/api/v3/{path}"
        for call in routes()[known][verb]:
            # There are no networks to withdraw by.
            found = differences(answer, call["data"], added, {"networkList"}, loose=True)
            problems += [f"{verb} {path}: {one}" for one in found]
    assert not problems, "\n".join(problems)


@pytest.mark.realdata
@recorded
async def test_errors_say_what_is_documented(public: Public) -> None:
    codes = {
        one["code"]: [re.escape(text).replace("%s", ".*") for text in one["text"]]
        for one in json.loads((PAYLOADS / "binance_error_codes.json").read_text())["codes"]
    }
    for path in (
        "klines?symbol=NOPE&interval=1m",
        "klines?symbol=BTCUSDT&interval=7m",
        "klines?symbol=BTCUSDT",
        "klines?symbol=btcusdt&interval=1m",
        "klines?symbol=BTCUSDT&interval=1m&limit=0",
        "klines?symbol=BTCUSDT&interval=1m&limit=",
        "klines?symbol=BTCUSDT&interval=1m&colour=red",
        "klines?symbol=BTCUSDT&symbol=BTCUSDT&interval=1m",
        "ticker",
        "ticker/24hr?type=HUGE",
        "ticker/24hr?symbolStatus=ASLEEP",
        "ticker/price?symbol=BTCUSDT&symbols=[%22BTCUSDT%22]",
        "ticker/price?symbols=[%22BTCUSDT%22,%22BTCUSDT%22]",
        "depth?symbol=BTCUSDT&symbolStatus=HALT",
        "aggTrades?symbol=BTCUSDT&startTime=1&endTime=99999999",
    ):
        answer = await public.get(path)
        texts = codes[answer["code"]]
        assert any(re.fullmatch(text, answer["msg"]) for text in texts), (path, answer)


def test_a_difference_is_seen() -> None:
    assert not differences({"a": "1.00000000", "b": [1]}, {"a": "2.00000000", "b": [5, 6]})
    assert differences({"a": "1.0"}, {"a": "1.00000000"}) and not differences({"a": "1.0"}, {"a": "x"}, loose=True)
    assert differences({"a": 1}, {}) and not differences({"a": 1}, {}, {"a"})
    assert differences({}, {"a": 1}) and not differences({}, {"a": 1}, (), {"a"})
    assert differences([[1, "2.0"]], [[1, 2]])
    assert not written("x", "a:n b?:t", {"a": 1}) and written("x", "a:n", {"a": "1"})
    assert written("x", "a:n", {}) and written("x", "a:n", {"a": 1, "c": 2}) and written("x", "a:e", {"a": "1.0"})
    assert list(check("x", "trade[]", [])) and list(check("x", "level", ["1.00000000", "1"]))
