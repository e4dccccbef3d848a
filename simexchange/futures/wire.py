"""Market data of USD-M futures as Binance writes it: prices and quantities with the contract's own decimals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from simexchange import statistics
from simexchange.candles import BUY, BUY_QUOTE, CLOSE, HIGH, LOW, OPEN, SELL, SELL_QUOTE, TRADES, Candles
from simexchange.futures.contracts import Contract, text
from simexchange.intervals import INTERVAL_SECONDS, open_of
from simexchange.noise import Ints
from simexchange.tape import Aggregate, Trade
from simexchange.wire import trade_range

_KLINE = '[%d,"%s","%s","%s","%s","%s",%d,"%s",%d,"%s","%s","0"]'
_PRICE_KLINE = '[%d,"%s","%s","%s","%s","0",%d,"0",%d,"0","0","0"]'
_KLINE_BODY = (
    '"i":"%s","f":%d,"L":%d,"o":"%s","c":"%s","h":"%s","l":"%s","v":"%s","n":%d,"x":%s,'
    '"q":"%s","V":"%s","Q":"%s","B":"0"'
)
_KLINE_EVENT = '{"e":"kline","E":%d,"s":"%s","k":{"t":%d,"T":%d,"s":"%s",' + _KLINE_BODY + "}}"
_CONTINUOUS_EVENT = '{"e":"continuous_kline","E":%d,"ps":"%s","ct":"PERPETUAL","k":{"t":%d,"T":%d,' + _KLINE_BODY + "}}"


_TICKER = (
    "symbol", "priceChange", "priceChangePercent", "weightedAvgPrice", "lastPrice", "lastQty", "openPrice", "highPrice",
    "lowPrice", "volume", "quoteVolume", "openTime", "closeTime", "firstId", "lastId", "count",
)  # fmt: skip
_PRICES = ("priceChange", "weightedAvgPrice", "lastPrice", "openPrice", "highPrice", "lowPrice")


class Row(NamedTuple):
    """A candle's fields as texts and numbers."""

    open: str
    high: str
    low: str
    close: str
    volume: str
    quote: str
    trades: int
    buy: str
    buy_quote: str


def _rows(candles: Candles, contract: Contract, row: int) -> Iterator[Row | None]:
    """The candles at one position of a batch; None where there is none."""
    price, lot = contract.listing.price_decimals, contract.listing.lot_decimals
    quote = price + lot
    for fields, present in zip(candles.fields[:, row].T.tolist(), candles.present[row].tolist(), strict=True):
        yield (
            Row(
                text(fields[OPEN], price),
                text(fields[HIGH], price),
                text(fields[LOW], price),
                text(fields[CLOSE], price),
                text(fields[BUY] + fields[SELL], lot),
                text(fields[BUY_QUOTE] + fields[SELL_QUOTE], quote),
                fields[TRADES],
                text(fields[BUY], lot),
                text(fields[BUY_QUOTE], quote),
            )
            if present
            else None
        )


def klines(candles: Candles, contract: Contract, length: int, index: int) -> str:
    """REST candles of one symbol ([1, candles] from number `index` on) as a JSON array; absent ones are left out."""
    opens = _opens(candles, length, index)
    return _array(
        _KLINE % (at, *row[:5], at + length * 1000 - 1, *row[5:])
        for at, row in zip(opens, _rows(candles, contract, 0), strict=True)
        if row is not None
    )


def price_klines(candles: Candles, contract: Contract, length: int, index: int) -> str:
    """The same of the mark or index price, which have no volume."""
    opens = _opens(candles, length, index)
    return _array(
        _PRICE_KLINE % (at, *(f"{float(part):.8f}" for part in row[:4]), at + length * 1000 - 1, length)
        for at, row in zip(opens, _rows(candles, contract, 0), strict=True)
        if row is not None
    )


def flat_klines(candles: Candles, length: int, index: int) -> str:
    """The same of the premium index, which is always nothing: mark and index price are one."""
    zero = ("0.00000000",) * 4
    return _array(
        _PRICE_KLINE % (at, *zero, at + length * 1000 - 1, length)
        for at, present in zip(_opens(candles, length, index), candles.present[0].tolist(), strict=True)
        if present
    )


def kline_events(
    candles: Candles,
    contracts: Sequence[Contract],
    interval: str,
    open_time: int,
    closed: bool,
    event_ms: int,
    last: Ints,
) -> list[tuple[str, str] | None]:
    """A `kline` and a `continuous_kline` message per symbol ([symbols, 1], opening at `open_time` seconds); None
    where there is no candle. `last` [symbols] are the ids of the newest trades.
    """
    begin, end = open_time * 1000, (open_time + INTERVAL_SECONDS[interval]) * 1000 - 1
    firsts, lasts = (ids.tolist() for ids in trade_range(candles.fields[TRADES, :, 0], last, open_time))
    events: list[tuple[str, str] | None] = []
    for number, contract in enumerate(contracts):
        row = next(_rows(candles, contract, number))
        if row is None:
            events.append(None)
            continue
        body = (
            interval, firsts[number], lasts[number], row.open, row.close, row.high, row.low, row.volume, row.trades,
            "true" if closed else "false", row.quote, row.buy, row.buy_quote,
        )  # fmt: skip
        symbol = contract.symbol
        kline = _KLINE_EVENT % (event_ms, symbol, begin, end, symbol, *body)
        events.append((kline, _CONTINUOUS_EVENT % (event_ms, symbol, begin, end, *body)))
    return events


def day_ticker(spot: dict[str, Any], contract: Contract) -> dict[str, Any]:
    """The answer of `ticker/24hr` for one symbol, from spot's with its eight decimals."""
    price, lot = contract.listing.price_decimals, contract.listing.lot_decimals
    decimals = dict.fromkeys(_PRICES, price) | {"lastQty": lot, "volume": lot, "quoteVolume": price}
    answer = {name: spot[name] for name in _TICKER}
    for name, count in decimals.items():
        answer[name] = _cut(answer[name], count)
    # The window of a day begins with a minute.
    answer["openTime"] = answer["openTime"] // 60_000 * 60_000
    return answer


def ticker_event(ticker: dict[str, Any], event_ms: int) -> dict[str, Any]:
    """The `24hrTicker` message of a day's statistics."""
    return statistics.ticker_event("24hrTicker", event_ms, ticker)


def mini_event(ticker: dict[str, Any], event_ms: int) -> dict[str, Any]:
    """The `24hrMiniTicker` message of a day's statistics."""
    full = ticker_event(ticker, event_ms)
    return {"e": "24hrMiniTicker", "E": event_ms} | {key: full[key] for key in "scohlvq"}


def trade(one: Trade, contract: Contract) -> dict[str, Any]:
    """One entry of `trades`."""
    listing = contract.listing
    return {
        "id": one.number,
        "price": text(one.price, listing.price_decimals),
        "qty": text(one.lots, listing.lot_decimals),
        "quoteQty": f"{contract.value(one.price * one.lots):.2f}",
        "time": one.time,
        "isBuyerMaker": one.seller,
    }


def aggregate(one: Aggregate, contract: Contract) -> dict[str, Any]:
    """One entry of `aggTrades`."""
    listing = contract.listing
    return {
        "a": one.number,
        "p": text(one.price, listing.price_decimals),
        "q": text(one.lots, listing.lot_decimals),
        "f": one.first,
        "l": one.last,
        "T": one.time,
        "m": one.seller,
    }


def aggregate_event(one: Aggregate, contract: Contract) -> dict[str, Any]:
    """The `aggTrade` message."""
    return {"e": "aggTrade", "E": one.time, "s": contract.symbol} | aggregate(one, contract)


def trade_event(one: Trade, contract: Contract) -> dict[str, Any]:
    """The `trade` message."""
    listing = contract.listing
    return {
        "e": "trade",
        "E": one.time,
        "T": one.time,
        "s": contract.symbol,
        "t": one.number,
        "p": text(one.price, listing.price_decimals),
        "q": text(one.lots, listing.lot_decimals),
        "X": "MARKET",
        "m": one.seller,
    }


def _opens(candles: Candles, length: int, index: int) -> list[int]:
    opens: list[int] = (open_of(index, length) * 1000 + length * 1000 * np.arange(candles.count)).tolist()
    return opens


def _cut(number: str, decimals: int) -> str:
    """A number with eight decimals to fewer."""
    return number[: len(number) - 8 + decimals] if decimals else number[:-9]


def _array(parts: Iterator[str]) -> str:
    return "[" + ",".join(parts) + "]"
