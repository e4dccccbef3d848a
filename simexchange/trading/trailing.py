"""Trailing stops: they follow the price while it goes the account's way, and are reached when it turns.

An order that falls to its level (a sell's stop loss, a buy's take profit) follows the highest price and is reached
once the price lies `trailing` basis points below it; one that rises to its level follows the lowest. Where it
has a stop price too, it begins to follow once that is reached.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simexchange.trading.orders import Order

_BASIS: Final = Decimal(10_000)


def begin(order: Order, last: Decimal, now_ms: int) -> None:
    """Follow from the last price on, unless a stop price has to be reached first."""
    if not order.stop or (last >= order.stop if order.rises else last <= order.stop):
        order.peak = last
        order.trailing_ms = now_ms


def follow(order: Order, price: Decimal, now_ms: int, *, rises: bool) -> bool:
    """Take notice of a price that was risen (or fallen) to; True once it reaches the order."""
    assert order.trailing is not None, "a trailing stop"
    if order.peak is None:
        if order.rises == rises and (price >= order.stop if rises else price <= order.stop):
            order.peak = price
            order.trailing_ms = now_ms
        return False
    if order.rises == rises:
        turn = order.peak * order.trailing / _BASIS
        return price >= order.peak + turn if rises else price <= order.peak - turn
    order.peak = min(order.peak, price) if order.rises else max(order.peak, price)
    return False
