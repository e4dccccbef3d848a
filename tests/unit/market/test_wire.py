"""Binance's messages into our types."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from market.binance.wire import (
    parse_exchange_info,
    parse_kline_message,
    parse_klines,
    parse_price_message,
    parse_server_time,
)
from market.types import SourceUnavailable

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
    block = parse_klines(json.dumps([ROW, second]).encode(), "BTCUSDT", "1m")
    assert block.open_times.tolist() == [60_000, 120_000]
    assert block.values[0].tolist() == [1.5, 2, 1, 1.75, 10, 17.5, 3, 4, 7]
    first = block.candles()[0]
    assert (first.trades, first.taker_buy_quote, first.close_time) == (3, 7.0, 120_000)
    assert len(parse_klines(b"[]", "BTCUSDT", "1m")) == 0


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
