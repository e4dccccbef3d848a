"""Every recorded answer and message of the kinds that are read here parses into what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest

from market.binance.wire import (
    Problem,
    parse_day_tickers,
    parse_exchange_info,
    parse_kline_message,
    parse_klines,
    parse_server_time,
)
from market.universe import UniverseRules, choose
from screener.intervals import INTERVAL_MS

PAYLOADS = Path(__file__).parents[4] / "shared/data/payloads"
SPOT_INFO = PAYLOADS / "spot_20210826_1608symbols.json"
NOW = 1_630_000_000_000

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not PAYLOADS.exists(), reason="the folder ../shared/data with recorded payloads is missing"),
]


def recorded(path: str) -> list[tuple[dict[str, str], Any]]:
    """The query and body of every answer that was recorded of a path."""
    routes = json.loads((PAYLOADS / "recorded_rest.json").read_text())["routes"]
    answers = routes[path]["GET"]
    return [({k: v[0] for k, v in parse_qs(one["queryString"]).items()}, one["data"]) for one in answers]


def test_the_whole_spot_exchange_of_a_day() -> None:
    raw = SPOT_INFO.read_bytes()
    rows = json.loads(raw)["symbols"]
    listing = parse_exchange_info(raw)
    assert len(listing.symbols) == len(rows) == 1608 and listing.unreadable == {}
    assert listing.weight_limit == 1200
    for info, row in zip(listing.symbols, rows, strict=True):
        rules = {rule["filterType"]: rule for rule in row["filters"]}
        assert (info.symbol, info.base_asset, info.quote_asset, info.status) == (
            row["symbol"],
            row["baseAsset"],
            row["quoteAsset"],
            row["status"],
        )
        assert float(info.tick_size) == float(rules["PRICE_FILTER"]["tickSize"])
        assert float(info.step_size) == float(rules["LOT_SIZE"]["stepSize"])
        assert float(info.min_notional) == float(rules["MIN_NOTIONAL"]["minNotional"])
        assert info.tick_size > 0 and info.contract is None and info.listed_ms is None


def test_the_universe_of_that_day() -> None:
    rows = json.loads(SPOT_INFO.read_bytes())["symbols"]
    infos = parse_exchange_info(SPOT_INFO.read_bytes()).symbols
    found = choose(infos, UniverseRules(), NOW)
    assert len(found.symbols) + len(found.rejected) == 1608
    # The exchange marks its leveraged tokens; here they are known by name.
    marked = {row["symbol"] for row in rows if "LEVERAGED" in row.get("permissions", ())}
    trading = {info.symbol for info in infos if info.trading and info.quote_asset == "USDT"}
    leveraged = {name for name, why in found.rejected.items() if why == "a leveraged token"}
    assert leveraged & trading == marked & trading and len(leveraged) >= 30
    assert {"BTCUSDT", "JUPUSDT", "SUPERUSDT"} & trading <= set(found.symbols)
    assert found.rejected["USDCUSDT"] == "money or a coin pegged to it"
    assert set(found.symbols) <= trading and len(found.symbols) == 248
    assert found.report()["reasons"]["status BREAK"]["count"] == 401


@pytest.mark.parametrize("path", ["/api/v3/exchangeInfo", "/fapi/v1/exchangeInfo"])
def test_recorded_lists_of_symbols(path: str) -> None:
    for _, body in recorded(path):
        listing = parse_exchange_info(json.dumps(body).encode())
        assert listing.unreadable == {} and len(listing.symbols) == len(body["symbols"]) > 0
        assert listing.weight_limit == (6000 if path.startswith("/api") else 2400)
        for info, row in zip(listing.symbols, body["symbols"], strict=True):
            assert info.tick_size > 0 and info.step_size > 0 and info.min_notional > 0
            assert info.contract == (row.get("contractType") or None)
            assert info.listed_ms == row.get("onboardDate")


@pytest.mark.parametrize("path", ["/api/v3/klines", "/fapi/v1/klines"])
def test_recorded_klines(path: str) -> None:
    seen = 0
    for query, body in recorded(path):
        assert query["interval"] in INTERVAL_MS
        answer = parse_klines(json.dumps(body).encode(), query["symbol"], query["interval"])
        block = answer.block
        assert len(block) == answer.rows == len(body) > 0
        columns = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10]
        wanted = np.array([[float(row[i]) for i in columns] for row in body])
        assert (block.open_times == wanted[:, 0]).all() and (block.values == wanted[:, 1:]).all()
        assert all(c.close_time - 1 == row[6] for c, row in zip(block.candles(), body, strict=True))
        seen += len(block)
    assert seen > 200


@pytest.mark.parametrize("path", ["/api/v3/ticker/24hr", "/fapi/v1/ticker/24hr"])
def test_recorded_day_volumes(path: str) -> None:
    for query, body in recorded(path):
        if isinstance(body, list):
            found = parse_day_tickers(json.dumps(body).encode())
            assert found == {row["symbol"]: float(row["quoteVolume"]) for row in body} and found
        elif "code" in body:
            problem = Problem.read(json.dumps(body).encode())
            assert (problem.code, problem.msg) == (body["code"], body["msg"]), query


def test_recorded_times() -> None:
    for _, body in recorded("/fapi/v1/time"):
        assert parse_server_time(json.dumps(body).encode()) == body["serverTime"]


def test_recorded_messages() -> None:
    klines = 0
    for line in (PAYLOADS / "recorded_ws_spot.txt").read_text().splitlines():
        text = line.partition(": ")[2]
        if '"e":"kline"' not in text:
            continue
        klines += 1
        k = json.loads(text)["data"]["k"]
        assert parse_kline_message(text) is None and k["x"] is False
        candle = parse_kline_message(text.replace('"x":false', '"x":true'))
        assert candle is not None
        assert (candle.symbol, candle.interval, candle.open_time) == (k["s"], k["i"], k["t"])
        assert [candle.open, candle.high, candle.low, candle.close] == [float(k[name]) for name in "ohlc"]
        assert [candle.volume, candle.quote_volume, candle.taker_buy_base] == [float(k[name]) for name in "vqV"]
        assert (candle.trades, candle.taker_buy_quote) == (k["n"], float(k["Q"]))
    assert klines == 2
