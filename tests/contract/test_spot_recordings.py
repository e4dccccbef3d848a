"""What spot answers and streams, held against what was recorded of the real exchange.

`ADDED` names what came after the recordings. They lie beside the project; without them these tests are skipped.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from simexchange.market import SyntheticMarket
from simexchange.symbols import symbol_info
from simexchange.universe import Listing
from tests.contract.schemas import LOOSE, differences
from tests.contract.spot_answers import Public, ask
from tests.fixtures.spot_client import desk

PAYLOADS = Path(__file__).parents[3] / "shared" / "data" / "payloads"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not PAYLOADS.is_dir(), reason="needs the recorded payloads beside the project"),
]

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
#: Recordings and the question of ours that has the same answer.
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
            found = differences(answer, call["data"], added, {"networkList"}, LOOSE)
            problems += [f"{verb} {path}: {one}" for one in found]
    assert not problems, "\n".join(problems)


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
