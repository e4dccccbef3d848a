"""Orders before they are sent: the one place that builds an intent, stores it and writes down what caused it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from app.fills import log_record
from broker.records import trade_trigger
from broker.types import Direction, OrderIntent, Purpose, Side, client_order_id
from store import orders
from store.session import Connection
from store.trading_records import NewOrder, Order, Position

_IDS = UUID("6f9f4a62-6d41-4a3e-9a0a-1f0d4f1c7a52")
_PREFIX = client_order_id(UUID(int=0))[:-32]


def order_key(*parts: object) -> str:
    """The client order id, always the same for the same cause, so that a second attempt is the same order."""
    return client_order_id(uuid5(_IDS, "/".join(map(str, parts))))


def closing(
    row: Position, key: str, venue: str, *, purpose: Purpose, quantity: Decimal, trigger: Decimal, reason: str
) -> NewOrder:
    """The order that closes a position, or a part of it; `trigger` is the price that caused it, in quote asset."""
    return NewOrder(
        owner_id=row.owner_id,
        purpose=purpose.value,
        symbol=row.symbol,
        side=Direction(row.side).closing.value,
        quantity=quantity,
        client_order_id=key,
        venue=venue,
        signal_id=row.signal_id,
        strategy_id=row.strategy_id,
        position_id=row.id,
        trigger_price=trigger,
        reason=reason,
    )


async def write_intent(
    conn: Connection, new: NewOrder, now_ms: int, conditions: Sequence[Mapping[str, Any]] = ()
) -> tuple[Order, OrderIntent] | None:
    """Store an order at market time `now_ms` with its line of the log, before anything is sent; None where it is there
    already. `conditions` are those of the signal that caused it.
    """
    order = await orders.create_intent(conn, new)
    if order is None:
        return None
    intent = intent_of(order, now_ms)
    record = trade_trigger(intent, conditions, order.reason or "", stop=order.stop, targets=order.targets)
    await log_record(conn, record, order, order.position_id)
    return order, intent


def intent_of(order: Order, created_ms: int) -> OrderIntent:
    """What a venue is told of a stored order, as large as it is now."""
    return OrderIntent(
        id=UUID(hex=order.client_order_id.removeprefix(_PREFIX)),
        symbol=order.symbol,
        side=Side(order.side),
        quantity=order.quantity,
        trigger_price=order.trigger_price or Decimal(1),
        purpose=Purpose(order.purpose),
        created_ms=created_ms,
    )
