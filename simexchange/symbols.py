"""What `exchangeInfo` says: limits, symbols and their filters, as the exchange gives them since 2025."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from simexchange.schedule import TRADING
from simexchange.trading.order_limit import OrderLimit
from simexchange.universe import Listing
from simexchange.weights import SPOT_WEIGHT

#: Least value of an order, by quote asset.
_LEAST: Final = {"BTC": "0.00010000", "ETH": "0.00100000", "BNB": "0.01000000", "TRY": "10.00000000"}
_USUAL_LEAST: Final = "5.00000000"
_MOST_PRICE: Final = Decimal(1_000_000)
_MOST_LOTS: Final = 9_000_000_000
_MARKET_SHARE: Final = 50
_DELTAS: Final = {"minTrailing{}Delta": 10, "maxTrailing{}Delta": 2_000}


def _text(number: Decimal) -> str:
    return f"{number:.8f}"


def symbol_info(listing: Listing, status: str = TRADING) -> dict[str, Any]:
    """One entry of `exchangeInfo`."""
    return {
        "symbol": listing.symbol,
        "status": status,
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
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
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
    }


def _filters(listing: Listing) -> list[dict[str, Any]]:
    tick, lot = Decimal(1).scaleb(-listing.price_decimals), Decimal(1).scaleb(-listing.lot_decimals)
    trailing = {name.format(way): limit for way in ("Above", "Below") for name, limit in _DELTAS.items()}
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": _text(tick),
            "maxPrice": _text(_MOST_PRICE),
            "tickSize": _text(tick),
        },
        {"filterType": "LOT_SIZE", "minQty": _text(lot), "maxQty": _text(lot * _MOST_LOTS), "stepSize": _text(lot)},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": _text(lot * _MOST_LOTS / _MARKET_SHARE),
            "stepSize": "0.00000000",
        },
        {"filterType": "TRAILING_DELTA", **trailing},
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
            "minNotional": _LEAST.get(listing.quote, _USUAL_LEAST),
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10},
    ]


def rate_limits(weight: int) -> list[dict[str, Any]]:
    """The limits of `exchangeInfo`; `weight` is the request weight a minute, 0 for none."""
    orders = OrderLimit(weight / SPOT_WEIGHT)
    return [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": weight or SPOT_WEIGHT},
        *orders.limits(),
        {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61_000},
    ]
