"""Answers about orders, lists, trades and balances, in the shape that Binance documents for them."""

from __future__ import annotations

from typing import Any

from simexchange.spot.engine import COMMISSION
from simexchange.spot.events import text
from simexchange.trading.ledger import ZERO, Wallet
from simexchange.trading.orders import STOPS, Order, OrderList, Trade

Shape = dict[str, Any]


def acknowledgement(order: Order, symbol: str) -> Shape:
    """Answer ACK."""
    return {**_head(order, symbol), "transactTime": order.updated_ms}


def result(order: Order, symbol: str) -> Shape:
    """Answer RESULT."""
    answer = acknowledgement(order, symbol) | _amounts(order)
    if order.working_ms >= 0 or order.kind in STOPS:
        answer["workingTime"] = order.working_ms
    return answer | {"selfTradePreventionMode": order.stp}


def full(order: Order, symbol: str) -> Shape:
    """Answer FULL, with the order's fills."""
    return result(order, symbol) | {
        "fills": [
            {
                "price": text(trade.price),
                "qty": text(trade.quantity),
                "commission": text(trade.commission),
                "commissionAsset": trade.asset,
                "tradeId": trade.id,
            }
            for trade in order.trades
        ]
    }


def cancelled(order: Order, symbol: str, cancel_id: str) -> Shape:
    """Answer of a cancellation."""
    return {
        "symbol": symbol,
        "origClientOrderId": order.client_id,
        "orderId": order.id,
        "orderListId": order.group.id if order.group else -1,
        "clientOrderId": cancel_id,
        "transactTime": order.updated_ms,
        **_amounts(order),
        "selfTradePreventionMode": order.stp,
    }


def amended(order: Order, symbol: str) -> Shape:
    """The order in the answer of an amendment, which has names of its own."""
    return {
        "symbol": symbol,
        "orderId": order.id,
        "orderListId": order.group.id if order.group else -1,
        "origClientOrderId": order.client_id,
        "clientOrderId": order.client_id,
        "price": text(order.price),
        "qty": text(order.quantity),
        "executedQty": text(order.executed),
        "preventedQty": text(ZERO),
        "quoteOrderQty": text(order.quote_quantity),
        "cumulativeQuoteQty": text(order.quote),
        "status": order.status,
        "timeInForce": order.tif,
        "type": order.kind,
        "side": order.side,
        "workingTime": order.working_ms,
        "selfTradePreventionMode": order.stp,
    }


def queried(order: Order, symbol: str) -> Shape:
    """Answer of a query."""
    return {
        **_head(order, symbol),
        **_amounts(order),
        "stopPrice": text(order.stop),
        "icebergQty": text(order.iceberg or ZERO),
        "time": order.time_ms,
        "updateTime": order.updated_ms,
        "isWorking": order.working_ms >= 0,
        "workingTime": order.working_ms,
        "origQuoteOrderQty": text(order.quote_quantity),
        "selfTradePreventionMode": order.stp,
    }


def order_list(group: OrderList, symbol: str) -> Shape:
    """Answer about an order list."""
    return {
        "orderListId": group.id,
        "contingencyType": group.contingency,
        "listStatusType": group.status_type,
        "listOrderStatus": group.order_status,
        "listClientOrderId": group.client_id,
        "transactionTime": group.time_ms,
        "symbol": symbol,
        "orders": [{"symbol": symbol, "orderId": order.id, "clientOrderId": order.client_id} for order in group.orders],
    }


def trade(one: Trade, order: Order, symbol: str) -> Shape:
    """One entry of `myTrades`."""
    return {
        "symbol": symbol,
        "id": one.id,
        "orderId": one.order_id,
        "orderListId": order.group.id if order.group else -1,
        "price": text(one.price),
        "qty": text(one.quantity),
        "quoteQty": text(one.quote),
        "commission": text(one.commission),
        "commissionAsset": one.asset,
        "time": one.time_ms,
        "isBuyer": order.side == "BUY",
        "isMaker": one.maker,
        "isBestMatch": True,
    }


def account(wallet: Wallet, assets: list[str], uid: int, updated_ms: int) -> Shape:
    """Answer of `account` with the balances of `assets`."""
    rate = text(COMMISSION)
    bips = int(COMMISSION * 10_000)
    return {
        "makerCommission": bips,
        "takerCommission": bips,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": rate, "taker": rate, "buyer": "0.00000000", "seller": "0.00000000"},
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": updated_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": text(wallet.balance(asset).free), "locked": text(wallet.balance(asset).locked)}
            for asset in assets
        ],
        "permissions": ["SPOT"],
        "uid": uid,
    }


def _head(order: Order, symbol: str) -> Shape:
    return {
        "symbol": symbol,
        "orderId": order.id,
        "orderListId": order.group.id if order.group else -1,
        "clientOrderId": order.client_id,
    }


def _amounts(order: Order) -> Shape:
    answer: Shape = {
        "price": text(order.price),
        "origQty": text(order.quantity),
        "executedQty": text(order.executed),
        "origQuoteOrderQty": text(order.quote_quantity),
        "cummulativeQuoteQty": text(order.quote),
        "status": order.status,
        "timeInForce": order.tif,
        "type": order.kind,
        "side": order.side,
    }
    if order.stop or order.kind in STOPS:
        answer["stopPrice"] = text(order.stop)
    if order.trailing is not None:
        answer |= {"trailingDelta": order.trailing, "trailingTime": order.trailing_ms}
    if order.iceberg is not None:
        answer["icebergQty"] = text(order.iceberg)
    if order.strategy_id is not None:
        answer["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        answer["strategyType"] = order.strategy_type
    return answer
