"""User-data events, in the shape that Binance documents for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from simexchange.trading.ledger import ZERO, Wallet
from simexchange.trading.orders import STOPS, Order, OrderList, Trade

Event = dict[str, Any]
Publish = Callable[[Event], None]

_EIGHT: Final = Decimal("0.00000001")


def text(amount: Decimal) -> str:
    """An amount with eight decimals; what is finer is left off."""
    return f"{amount.quantize(_EIGHT, ROUND_DOWN):f}"


def execution_report(
    order: Order, symbol: str, execution: str, number: int, now_ms: int, trade: Trade | None, cancel_id: str | None
) -> Event:
    """What happened to an order.

    execution: NEW, TRADE, CANCELED, EXPIRED, REPLACED or REJECTED; number: the execution's; cancel_id: what the
    client called the request that cancelled it.
    """
    event: Event = {
        "e": "executionReport",
        "E": now_ms,
        "s": symbol,
        "c": cancel_id or order.client_id,
        "S": order.side,
        "o": order.kind,
        "f": order.tif,
        "q": text(order.quantity),
        "p": text(order.price),
        "P": text(order.stop),
        "F": text(order.iceberg or ZERO),
        "g": order.group.id if order.group else -1,
        "C": order.client_id if cancel_id else "",
        "x": execution,
        "X": order.status,
        "r": "NONE",
        "i": order.id,
        "l": text(trade.quantity if trade else ZERO),
        "z": text(order.executed),
        "L": text(trade.price if trade else ZERO),
        "n": text(trade.commission) if trade else "0",
        "N": trade.asset if trade else None,
        "T": now_ms,
        "t": trade.id if trade else -1,
        "I": number,
        "w": order.open and order.working_ms >= 0,
        "m": trade.maker if trade else False,
        "M": False,
        "O": order.time_ms,
        "Z": text(order.quote),
        "Y": text(trade.quote if trade else ZERO),
        "Q": text(order.quote_quantity),
    }
    if order.working_ms >= 0:
        event["W"] = order.working_ms
    event["V"] = order.stp
    if order.trailing is not None:
        event["d"] = order.trailing
        if order.kind in STOPS and order.trailing_ms >= 0:
            event["D"] = order.trailing_ms
    if order.strategy_id is not None:
        event["j"] = order.strategy_id
    if order.strategy_type is not None:
        event["J"] = order.strategy_type
    return event


def list_status(group: OrderList, symbol: str, now_ms: int) -> Event:
    """How an order list stands."""
    return {
        "e": "listStatus",
        "E": now_ms,
        "s": symbol,
        "g": group.id,
        "c": group.contingency,
        "l": group.status_type,
        "L": group.order_status,
        "r": "NONE",
        "C": group.client_id,
        "T": now_ms,
        "O": [{"s": symbol, "i": order.id, "c": order.client_id} for order in group.orders],
    }


def account_position(wallet: Wallet, assets: Sequence[str], now_ms: int) -> Event:
    """Balances of the assets that may have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": now_ms,
        "u": now_ms,
        "B": [
            {"a": asset, "f": text(wallet.balance(asset).free), "l": text(wallet.balance(asset).locked)}
            for asset in assets
        ],
    }


def balance_update(asset: str, change: Decimal, now_ms: int) -> Event:
    """A deposit, or a withdrawal where `change` is negative."""
    return {"e": "balanceUpdate", "E": now_ms, "a": asset, "d": text(change), "T": now_ms}
