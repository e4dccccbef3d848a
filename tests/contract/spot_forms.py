"""What Binance documents of spot's answers and messages: names and kinds of fields, in no order.

n number, e number as text with eight decimals, d number as text, t text, b true or false, l list, o object, z null;
a `?` follows a field that not every such answer has. Written down from the public documentation of 2025.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.contract.schemas import written, written_row

_CHANGE: Final = "priceChange:e priceChangePercent:d weightedAvgPrice:e "
_WINDOW: Final = (
    "symbol:t openPrice:e highPrice:e lowPrice:e lastPrice:e volume:e quoteVolume:e openTime:n closeTime:n firstId:n "
    "lastId:n count:n "
)
_ORDER: Final = "symbol:t orderId:n orderListId:n clientOrderId:t "
_AMOUNTS: Final = (
    "price:e origQty:e executedQty:e origQuoteOrderQty:e cummulativeQuoteQty:e status:t timeInForce:t type:t side:t "
    "stopPrice?:e icebergQty?:e trailingDelta?:n trailingTime?:n strategyId?:n strategyType?:n "
    "selfTradePreventionMode:t "
)
_LIST: Final = (
    "orderListId:n contingencyType:t listStatusType:t listOrderStatus:t listClientOrderId:t transactionTime:n symbol:t "
    "orders:l "
)
_STATISTICS: Final = "e:t E:n s:t p:e P:d w:e c:e o:e h:e l:e v:e q:e O:n C:n F:n L:n n:n "
_RATES: Final = "maker:e taker:e buyer:e seller:e"

#: Objects by name.
FORMS: Final = {
    "error": "code:n msg:t",
    "ping": "",
    "time": "serverTime:n",
    "exchangeInfo": "timezone:t serverTime:n rateLimits:l exchangeFilters:l symbols:l",
    "rate limit": "rateLimitType:t interval:t intervalNum:n limit:n",
    "symbol": "symbol:t status:t baseAsset:t baseAssetPrecision:n quoteAsset:t quotePrecision:n quoteAssetPrecision:n "
    "baseCommissionPrecision:n quoteCommissionPrecision:n orderTypes:l icebergAllowed:b ocoAllowed:b otoAllowed:b "
    "quoteOrderQtyMarketAllowed:b allowTrailingStop:b cancelReplaceAllowed:b amendAllowed:b isSpotTradingAllowed:b "
    "isMarginTradingAllowed:b filters:l permissions:l permissionSets:l defaultSelfTradePreventionMode:t "
    "allowedSelfTradePreventionModes:l",
    "PRICE_FILTER": "filterType:t minPrice:e maxPrice:e tickSize:e",
    "LOT_SIZE": "filterType:t minQty:e maxQty:e stepSize:e",
    "ICEBERG_PARTS": "filterType:t limit:n",
    "MARKET_LOT_SIZE": "filterType:t minQty:e maxQty:e stepSize:e",
    "TRAILING_DELTA": "filterType:t minTrailingAboveDelta:n maxTrailingAboveDelta:n minTrailingBelowDelta:n "
    "maxTrailingBelowDelta:n",
    "PERCENT_PRICE_BY_SIDE": "filterType:t bidMultiplierUp:d bidMultiplierDown:d askMultiplierUp:d "
    "askMultiplierDown:d avgPriceMins:n",
    "NOTIONAL": "filterType:t minNotional:e applyMinToMarket:b maxNotional:e applyMaxToMarket:b avgPriceMins:n",
    "MAX_NUM_ORDERS": "filterType:t maxNumOrders:n",
    "MAX_NUM_ORDER_LISTS": "filterType:t maxNumOrderLists:n",
    "MAX_NUM_ALGO_ORDERS": "filterType:t maxNumAlgoOrders:n",
    "MAX_NUM_ORDER_AMENDS": "filterType:t maxNumOrderAmends:n",
    "depth": "lastUpdateId:n bids:l asks:l",
    "trade": "id:n price:e qty:e quoteQty:e time:n isBuyerMaker:b isBestMatch:b",
    "aggregate": "a:n p:e q:e f:n l:n T:n m:b M:b",
    "avgPrice": "mins:n price:e closeTime:n",
    "24hr": _WINDOW + _CHANGE + "prevClosePrice:e lastQty:e bidPrice:e bidQty:e askPrice:e askQty:e",
    "window": _WINDOW + _CHANGE,
    "mini": _WINDOW,
    "price": "symbol:t price:e",
    "best": "symbol:t bidPrice:e bidQty:e askPrice:e askQty:e",
    "ACK": _ORDER + "transactTime:n",
    "RESULT": _ORDER + _AMOUNTS + "transactTime:n workingTime?:n",
    "FULL": _ORDER + _AMOUNTS + "transactTime:n workingTime?:n fills:l",
    "fill": "price:e qty:e commission:e commissionAsset:t tradeId:n",
    "query": _ORDER
    + "price:e origQty:e executedQty:e origQuoteOrderQty:e cummulativeQuoteQty:e status:t timeInForce:t type:t side:t "
    "stopPrice:e icebergQty:e time:n updateTime:n isWorking:b workingTime:n selfTradePreventionMode:t trailingDelta?:n "
    "trailingTime?:n strategyId?:n strategyType?:n",
    "cancelled": _ORDER + _AMOUNTS + "origClientOrderId:t transactTime:n",
    "replaced": "cancelResult:t newOrderResult:t cancelResponse:o newOrderResponse:o",
    "own trade": "symbol:t id:n orderId:n orderListId:n price:e qty:e quoteQty:e commission:e commissionAsset:t time:n "
    "isBuyer:b isMaker:b isBestMatch:b",
    "account": "makerCommission:n takerCommission:n buyerCommission:n sellerCommission:n commissionRates:o canTrade:b "
    "canWithdraw:b canDeposit:b brokered:b requireSelfTradePrevention:b preventSor:b updateTime:n accountType:t "
    "balances:l permissions:l uid:n",
    "commission rates": _RATES,
    "balance": "asset:t free:e locked:e",
    "commission": "symbol:t standardCommission:o specialCommission:o taxCommission:o discount:o",
    "discount": "enabledForAccount:b enabledForSymbol:b discountAsset:t discount:e",
    "order count": "rateLimitType:t interval:t intervalNum:n limit:n count:n",
    "list": _LIST,
    "new list": _LIST + "orderReports:l",
    "list order": "symbol:t orderId:n clientOrderId:t",
    "amendment": "transactTime:n executionId:n amendedOrder:o listStatus?:o",
    "amended": "symbol:t orderId:n orderListId:n origClientOrderId:t clientOrderId:t price:e qty:e executedQty:e "
    "preventedQty:e quoteOrderQty:e cumulativeQuoteQty:e status:t timeInForce:t type:t side:t workingTime:n "
    "selfTradePreventionMode:t",
    "listen key": "listenKey:t",
    "system status": "status:n msg:t",
    "account status": "data:t",
    "trade fee": "symbol:t makerCommission:d takerCommission:d",
    "user asset": "asset:t free:d locked:d freeze:d withdrawing:d ipoable:d btcValuation:d",
    "transfer": "tranId:n",
    "kline": "e:t E:n s:t k:o",
    "k": "t:n T:n s:t i:t f:n L:n o:e c:e h:e l:e v:e n:n x:b q:e V:e Q:e B:d",
    "24hrMiniTicker": "e:t E:n s:t c:e o:e h:e l:e v:e q:e",
    "24hrTicker": _STATISTICS + "x:e Q:e b:e B:e a:e A:e",
    "1hTicker": _STATISTICS,
    "trade message": "e:t E:n s:t t:n p:e q:e T:n m:b M:b",
    "aggTrade": "e:t E:n s:t a:n p:e q:e f:n l:n T:n m:b M:b",
    "bookTicker": "u:n s:t b:e B:e a:e A:e",
    "avgPrice message": "e:t E:n s:t i:t w:e T:n",
    "depthUpdate": "e:t E:n s:t U:n u:n b:l a:l",
    "request answer": "result:zlbo id:ntz",
    "executionReport": "e:t E:n s:t c:t S:t o:t f:t q:e p:e P:e F:e g:n C:t x:t X:t r:t i:n l:e z:e L:e n:d N:tz T:n "
    "t:n I:n w:b m:b M:b O:n Z:e Y:e Q:e W?:n V:t d?:n D?:n j?:n J?:n",
    "outboundAccountPosition": "e:t E:n u:n B:l",
    "position balance": "a:t f:e l:e",
    "listStatus": "e:t E:n s:t g:n c:t l:t L:t r:t C:t T:n O:l",
    "list status order": "s:t i:n c:t",
}
#: Rows by name: the kind at each place.
ROWS: Final = {"kline row": "n e e e e e n e n e e d", "level": "e e"}
#: Objects inside others: form and field to the form of what is in it.
INSIDE: Final = {
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
