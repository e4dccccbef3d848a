"""Candles as Binance writes them: prices and quantities as decimal strings, times in ms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simexchange.candles import (
    BUY,
    BUY_QUOTE,
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    SELL,
    SELL_QUOTE,
    TRADES,
    Candles,
)
from simexchange.intervals import INTERVAL_SECONDS, open_of
from simexchange.noise import Ints
from simexchange.universe import Listing

_D = '"%d.%08d"'
_KLINE = f'[%d,{_D},{_D},{_D},{_D},{_D},%d,{_D},%d,{_D},{_D},"0"]'
_KLINE_EVENT = (
    '{"e":"kline","E":%d,"s":"%s","k":{"t":%d,"T":%d,"s":"%s","i":"%s","f":%d,"L":%d,'
    f'"o":{_D},"c":{_D},"h":{_D},"l":{_D},"v":{_D},"n":%d,"x":%s,"q":{_D},"V":{_D},"Q":{_D},"B":"0"}}}}'
)
_MINI_TICKER = f'{{"e":"24hrMiniTicker","E":%d,"s":"%s","c":{_D},"o":{_D},"h":{_D},"l":{_D},"v":{_D},"q":{_D}}}'


def decimal(value: int, decimals: int) -> str:
    """`value` units of 10**-decimals with eight decimals, as Binance prints them."""
    scaled = value * 10 ** (8 - decimals) if decimals <= 8 else value // 10 ** (decimals - 8)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{abs(scaled) // 10**8}.{abs(scaled) % 10**8:08d}"


class Columns:
    """Whole and fractional parts of candle fields as lists, for one template per row.

    `decimals` arrays hold each row's decimals, broadcast against the values.
    """

    def __init__(self, listings: Sequence[Listing]) -> None:
        self._price = np.array([listing.price_decimals for listing in listings], dtype=np.int64)
        self._lot = np.array([listing.lot_decimals for listing in listings], dtype=np.int64)

    def prices(self, ticks: Ints) -> tuple[list[int], list[int]]:
        """Of prices in ticks."""
        return _parts(ticks, self._price)

    def quantities(self, lots: Ints) -> tuple[list[int], list[int]]:
        """Of quantities in lots."""
        return _parts(lots, self._lot)

    def quotes(self, amounts: Ints) -> tuple[list[int], list[int]]:
        """Of amounts in ticks × lots."""
        return _parts(amounts, self._price + self._lot)


def _parts(values: Ints, decimals: Ints) -> tuple[list[int], list[int]]:
    over = np.maximum(decimals - 8, 0)
    values, decimals = values // 10**over, np.minimum(decimals, 8)
    unit = np.asarray(10**decimals, dtype=np.int64)
    whole = values // unit
    return whole.tolist(), ((values - whole * unit) * 10 ** (8 - decimals)).tolist()


def klines(candles: Candles, listing: Listing, length: int, index: int) -> str:
    """REST candles of one symbol ([1, candles] from number `index` on) as a JSON array; absent ones are left
    out.
    """
    fields = candles.fields[:, 0]
    columns = Columns((listing,))
    opens = open_of(index, length) * 1000 + length * 1000 * np.arange(candles.count, dtype=np.int64)
    rows = zip(
        opens.tolist(),
        *columns.prices(fields[OPEN]),
        *columns.prices(fields[HIGH]),
        *columns.prices(fields[LOW]),
        *columns.prices(fields[CLOSE]),
        *columns.quantities(fields[BUY] + fields[SELL]),
        (opens + length * 1000 - 1).tolist(),
        *columns.quotes(fields[BUY_QUOTE] + fields[SELL_QUOTE]),
        fields[TRADES].tolist(),
        *columns.quantities(fields[BUY]),
        *columns.quotes(fields[BUY_QUOTE]),
        strict=True,
    )
    present = candles.present[0].tolist()
    return "[" + ",".join([_KLINE % row for row, there in zip(rows, present, strict=True) if there]) + "]"


def kline_events(
    candles: Candles, listings: Sequence[Listing], interval: str, open_time: int, closed: bool, event_ms: int
) -> list[str | None]:
    """One `kline` message per symbol ([symbols, 1], opening at `open_time` seconds); None where there is no
    candle.
    """
    fields = candles.fields[:, :, 0]
    columns = Columns(listings)
    symbols = [listing.symbol for listing in listings]
    size = len(symbols)
    length = INTERVAL_SECONDS[interval]
    first = np.where(fields[TRADES] > 0, open_time * 10_000, -1)
    rows = zip(
        [event_ms] * size,
        symbols,
        [open_time * 1000] * size,
        [(open_time + length) * 1000 - 1] * size,
        symbols,
        [interval] * size,
        first.tolist(),
        np.where(fields[TRADES] > 0, first + fields[TRADES] - 1, -1).tolist(),
        *columns.prices(fields[OPEN]),
        *columns.prices(fields[CLOSE]),
        *columns.prices(fields[HIGH]),
        *columns.prices(fields[LOW]),
        *columns.quantities(fields[BUY] + fields[SELL]),
        fields[TRADES].tolist(),
        ["true" if closed else "false"] * size,
        *columns.quotes(fields[BUY_QUOTE] + fields[SELL_QUOTE]),
        *columns.quantities(fields[BUY]),
        *columns.quotes(fields[BUY_QUOTE]),
        strict=True,
    )
    present = candles.present[:, 0].tolist()
    return [_KLINE_EVENT % row if there else None for row, there in zip(rows, present, strict=True)]


def mini_tickers(day: Candles, listings: Sequence[Listing], event_ms: int) -> list[str | None]:
    """One `24hrMiniTicker` message per symbol; None where it did not trade in the window."""
    fields = day.fields[:, :, 0]
    columns = Columns(listings)
    rows = zip(
        [event_ms] * len(listings),
        [listing.symbol for listing in listings],
        *columns.prices(fields[CLOSE]),
        *columns.prices(fields[OPEN]),
        *columns.prices(fields[HIGH]),
        *columns.prices(fields[LOW]),
        *columns.quantities(fields[BUY] + fields[SELL]),
        *columns.quotes(fields[BUY_QUOTE] + fields[SELL_QUOTE]),
        strict=True,
    )
    return [_MINI_TICKER % row if there else None for row, there in zip(rows, day.present[:, 0].tolist(), strict=True)]


def day_ticker(day: Candles, listings: Sequence[Listing], row: int, now_ms: int, full: bool) -> dict[str, Any]:
    """The answer of `ticker/24hr` for one symbol; `full` false gives Binance's MINI form."""
    listing = listings[row]
    fields = [int(value) for value in day.fields[:, row, 0]]
    lots, quote = fields[BUY] + fields[SELL], fields[BUY_QUOTE] + fields[SELL_QUOTE]
    price = listing.price_decimals
    answer: dict[str, Any] = {"symbol": listing.symbol}
    if full:
        change = fields[CLOSE] - fields[OPEN]
        average = quote // lots if lots else fields[CLOSE]
        answer |= {
            "priceChange": decimal(change, price),
            "priceChangePercent": f"{100.0 * change / fields[OPEN]:.3f}",
            "weightedAvgPrice": decimal(average, price),
            "prevClosePrice": decimal(fields[OPEN], price),
            "lastPrice": decimal(fields[CLOSE], price),
            "lastQty": decimal(1, listing.lot_decimals),
            "bidPrice": decimal(fields[CLOSE], price),
            "bidQty": decimal(1, listing.lot_decimals),
            "askPrice": decimal(fields[CLOSE] + 1, price),
            "askQty": decimal(1, listing.lot_decimals),
        }
    else:
        answer["lastPrice"] = decimal(fields[CLOSE], price)
    first = now_ms // 1000 * 10_000
    return answer | {
        "openPrice": decimal(fields[OPEN], price),
        "highPrice": decimal(fields[HIGH], price),
        "lowPrice": decimal(fields[LOW], price),
        "volume": decimal(lots, listing.lot_decimals),
        "quoteVolume": decimal(quote, listing.quote_decimals),
        "openTime": now_ms - 86_400_000,
        "closeTime": now_ms,
        "firstId": first - fields[TRADES],
        "lastId": first - 1,
        "count": fields[TRADES],
    }


def symbol_info(listing: Listing) -> dict[str, Any]:
    """One entry of `exchangeInfo`."""
    tick, lot = decimal(1, listing.price_decimals), decimal(1, listing.lot_decimals)
    precision = {"baseAssetPrecision": 8, "quotePrecision": 8, "quoteAssetPrecision": 8}
    filters: list[dict[str, Any]] = [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "92141578.00000000", "stepSize": lot},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": "9214157.00000000",
            "stepSize": "0.00000000",
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "5",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.2",
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": "5.00000000",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
    ]
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        **precision,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [
            "LIMIT",
            "LIMIT_MAKER",
            "MARKET",
            "STOP_LOSS",
            "STOP_LOSS_LIMIT",
            "TAKE_PROFIT",
            "TAKE_PROFIT_LIMIT",
        ],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters,
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }
