"""Binance's messages into our types."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.binance.wire import (
    UNREADABLE,
    is_shutdown,
    parse_day_tickers,
    parse_exchange_info,
    parse_kline_message,
    parse_klines,
    parse_price_message,
    parse_server_time,
)
from market.types import Price, SourceUnavailable

ROW = [60_000, "1.5", "2", "1", "1.75", "10", 119_999, "17.5", 3, "4", "7.0", "0"]


def kline_message(**changes: object) -> bytes:
    k = {
        "t": 60_000, "T": 119_999, "s": "BTCUSDT", "i": "1m", "f": 1, "L": 3, "o": "1.5", "c": "1.75",
        "h": "2", "l": "1", "v": "10", "n": 3, "x": True, "q": "17.5", "V": "4", "Q": "7.0", "B": "0",
    }  # fmt: skip
    k.update(changes)
    return json.dumps({"stream": "btcusdt@kline_1m", "data": {"e": "kline", "E": 1, "k": k}}).encode()


def test_klines_become_arrays() -> None:
    second = [120_000, *ROW[1:]]
    block = parse_klines(json.dumps([ROW, second]).encode(), "BTCUSDT", "1m").block
    assert block.open_times.tolist() == [60_000, 120_000]
    assert block.values[0].tolist() == [1.5, 2, 1, 1.75, 10, 17.5, 3, 4, 7]
    first = block.candles()[0]
    assert (first.trades, first.taker_buy_quote, first.close_time) == (3, 7.0, 120_000)
    assert len(parse_klines(b"[]", "BTCUSDT", "1m").block) == 0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"<html>bad gateway</html>",
        b"\xff\xfe",
        json.dumps([ROW[:5]]).encode(),
        json.dumps([[60_000, "nan", *ROW[2:]]]).encode(),
        json.dumps([[60_000, "inf", *ROW[2:]]]).encode(),
        json.dumps([[60_000, "x", *ROW[2:]]]).encode(),
        json.dumps([ROW, ROW]).encode(),
    ],
)
def test_unreadable_klines_are_the_sources_fault(raw: bytes) -> None:
    with pytest.raises(SourceUnavailable, match=r"klines of BTCUSDT 1m"):
        parse_klines(raw, "BTCUSDT", "1m")


def test_only_closed_candles_come_out_of_the_stream() -> None:
    candle = parse_kline_message(kline_message())
    assert candle is not None
    assert (candle.symbol, candle.interval, candle.open_time, candle.close) == ("BTCUSDT", "1m", 60_000, 1.75)
    assert (candle.volume, candle.quote_volume, candle.taker_buy_base) == (10.0, 17.5, 4.0)
    assert parse_kline_message(kline_message(x=False)) is None
    with pytest.raises(msgspec.DecodeError):
        parse_kline_message(b'{"result": null, "id": 1}')


def test_prices() -> None:
    raw = b'{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker","E":5,"s":"BTCUSDT","c":"1.5","o":"1"}]}'
    (price,) = parse_price_message(raw)
    assert (price.symbol, price.price, price.time_ms) == ("BTCUSDT", 1.5, 5)


@pytest.mark.parametrize("time", [0, -5, 1_700_000_000_000_000, 10**30])
def test_a_price_of_no_time_that_can_be_is_left_out(time: int) -> None:
    rows = [{"E": time, "s": "BTCUSDT", "c": "1.5"}, {"E": 1_700_000_000_000, "s": "ETHUSDT", "c": "2.5"}]
    raw = json.dumps({"stream": "!miniTicker@arr", "data": rows}).encode()
    assert [price.symbol for price in parse_price_message(raw)] == ["ETHUSDT"]


def test_server_time() -> None:
    assert parse_server_time(b'{"serverTime": 12}') == 12
    with pytest.raises(SourceUnavailable, match="time"):
        parse_server_time(b"[]")


def test_symbols_and_weight_limit() -> None:
    info = {
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50},
        ],
        "symbols": [
            {
                "symbol": "BTCUSDT", "status": "BREAK", "baseAsset": "BTC", "quoteAsset": "USDT",
                "filters": [
                    {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
                    {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.002"},
                    {"filterType": "NOTIONAL", "minNotional": "5"},
                ],
            },
            {"symbol": "ETHUSDT", "status": "TRADING", "baseAsset": "ETH", "quoteAsset": "USDT"},
        ],
    }  # fmt: skip
    listing = parse_exchange_info(json.dumps(info).encode())
    assert listing.weight_limit == 1200 and not listing.unreadable
    btc, eth = listing.symbols
    assert (btc.tick_size, btc.step_size, btc.min_quantity, btc.min_notional) == (
        Decimal("0.01"),
        Decimal("0.001"),
        Decimal("0.002"),
        Decimal(5),
    )
    assert not btc.trading
    assert eth.trading
    assert eth.tick_size == 0
    with pytest.raises(SourceUnavailable, match="symbols"):
        parse_exchange_info(b'{"symbols": {}}')


def test_names_that_cannot_be_a_folder_or_a_word_are_no_symbols() -> None:
    good = ["1000SHIBUSDT", "BTCUSDT_260327", "币安人生USDT", "BRK.B-USDT"]
    bad = ["../../etc", "A/B", "A\\B", ".lock", "A\nERROR all is lost", "A\x1b[2J", "A,B", "A B", "", "A" * 65, "A\0"]
    rows = [{"symbol": name, "baseAsset": "A", "quoteAsset": "B"} for name in (*good, *bad)]
    listing = parse_exchange_info(json.dumps({"symbols": rows}).encode())
    assert [info.symbol for info in listing.symbols] == good
    assert len(listing.unreadable) == len(bad)


@pytest.mark.parametrize("text", ["1e-999999", "1E+999999", "1e-31", "9e40"])
def test_a_rule_beyond_all_measure_is_none(text: str) -> None:
    filters = [{"filterType": "PRICE_FILTER", "tickSize": text}, {"filterType": "LOT_SIZE", "stepSize": "1e-8"}]
    row = {"symbol": "AB", "baseAsset": "A", "quoteAsset": "B", "filters": filters}
    (info,) = parse_exchange_info(json.dumps({"symbols": [row]}).encode()).symbols
    assert info.tick_size == 0 and info.step_size == Decimal("1e-8")


def test_one_bad_row_costs_no_other() -> None:
    bad: list[object] = [
        None,
        7,
        {},
        [],
        ROW[:4],
        [*ROW[:4], "x", *ROW[5:]],
        [None, *ROW[1:]],
        [180_000, "nan", *ROW[2:]],
    ]
    answer = parse_klines(json.dumps([ROW, *bad, [120_000, *ROW[1:]]]).encode(), "BTCUSDT", "1m")
    assert answer.block.open_times.tolist() == [60_000, 120_000]
    assert answer.rows == len(bad) + 2
    tickers = json.dumps(
        [None, {"symbol": "A"}, {"symbol": "B", "quoteVolume": None}, {"symbol": "C", "quoteVolume": "5"}]
    )
    assert parse_day_tickers(tickers.encode()) == {"C": 5.0}
    prices = [
        {"s": "A", "c": "2", "E": 1},
        None,
        {"s": "B", "c": "x", "E": 1},
        {"s": None},
        {"s": "D", "c": "inf", "E": 1},
    ]
    assert parse_price_message(json.dumps({"data": prices})) == [Price("A", 2.0, 1)]
    with pytest.raises(SourceUnavailable):
        parse_day_tickers(b"[null, 1]")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["1", "0", "-1", "nan"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(list("tTsiochlvnxqVQB")), JSON, max_size=4),
    st.binary(max_size=6),
    st.integers(0, 300),
)
def test_no_message_does_anything_but_count_or_be_a_candle(changes: dict[str, object], noise: bytes, at: int) -> None:
    whole = kline_message(**changes)
    for raw in (whole, whole[:at] + noise + whole[at + len(noise) :], whole[:at], noise):
        try:
            candle = parse_kline_message(raw)
        except UNREADABLE:
            pass
        else:
            if candle is not None:
                assert 0 < candle.low <= min(candle.open, candle.close)
                assert max(candle.open, candle.close) <= candle.high < math.inf
                assert candle.volume >= 0 and candle.open_time % 60_000 == 0 and candle.close_time > 0
        is_shutdown(raw)


@given(JSON, st.dictionaries(st.sampled_from(["symbol", "status", "baseAsset", "filters", "onboardDate"]), JSON))
def test_no_answer_does_anything_but_parse_or_be_the_sources_fault(body: object, changes: dict[str, object]) -> None:
    good = {"symbol": "A", "status": "TRADING", "baseAsset": "A", "quoteAsset": "B", "filters": []}
    listing = parse_exchange_info(json.dumps({"symbols": [good, good | changes, body]}).encode())
    assert listing.symbols[0].symbol == "A" and len(listing.symbols) + len(listing.unreadable) >= 2
    assert all(info.tick_size >= 0 and info.tick_size.is_finite() for info in listing.symbols)
    raw = json.dumps(body).encode()
    for parse in (parse_exchange_info, parse_day_tickers, parse_server_time, lambda x: parse_klines(x, "A", "1m")):
        with suppress(SourceUnavailable):
            parse(raw)
