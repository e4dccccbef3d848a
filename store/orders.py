"""Orders and their fills.

    intent → sent → open → partially_filled → filled | cancelled | rejected | expired
    unknown: sent, but the answer was lost; resolved by asking the venue, never by sending again

An intent is written before anything leaves, with its client order id; fills are unique per venue and trade
id, so a repeated report changes nothing. An entry's intent reserves what it may cost; the reservation ends with the
order, and shrinks with each fill, which a position holds from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from psycopg import sql

from store.errors import StateConflict
from store.records import Mode
from store.rows import fetch_all, fetch_one, fetch_optional, insert_into, parameters, where
from store.session import Connection
from store.trading_records import Execution, NewExecution, NewOrder, Order, OrderState

UNFINISHED: tuple[OrderState, ...] = ("intent", "sent", "open", "partially_filled", "unknown")

# What each state may be entered from.
SOURCES: Mapping[OrderState, tuple[OrderState, ...]] = {
    "sent": ("intent",),
    "open": ("sent", "unknown"),
    "partially_filled": ("intent", "sent", "open", "partially_filled", "unknown"),
    "filled": ("intent", "sent", "open", "partially_filled", "unknown"),
    "cancelled": ("intent", "sent", "open", "partially_filled", "unknown"),
    "rejected": ("intent", "sent", "unknown"),
    "expired": ("intent", "sent", "open", "partially_filled", "unknown"),
    "unknown": ("sent", "open", "partially_filled"),
}


async def create_intent(conn: Connection, order: NewOrder) -> Order | None:
    """Write an intent; None where its client order id, or this owner's entry for the signal, is there
    already.
    """
    return await fetch_optional(
        conn,
        Order,
        insert_into("orders", dict(order), "on conflict do nothing returning *"),
        parameters(dict(order)),
    )


async def take_turn(conn: Connection, owner_id: UUID) -> None:
    """Until the transaction ends no other worker makes or sends an entry for this person, so that the money and the
    places that were free stay so.
    """
    await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 10))", (str(owner_id),))


async def entering(conn: Connection, owner_id: UUID, mode: Mode) -> list[Order]:
    """Return a person's entries that have no end yet, oldest first."""
    return await fetch_all(
        conn,
        Order,
        "select * from public.orders where owner_id = %(owner)s and mode = %(mode)s and purpose = 'entry'"
        " and state = any(%(states)s) order by created_at, id",
        {"owner": owner_id, "mode": mode, "states": list(UNFINISHED)},
    )


async def send(conn: Connection, order_id: UUID, *, quantity: Decimal, reserved: Decimal) -> Order:
    """Mark an entry's intent as sent, as large as it is now. Raises StateConflict where it is no intent any more."""
    sent = await fetch_optional(
        conn,
        Order,
        "update public.orders set state = 'sent', quantity = %(quantity)s, reserved = %(reserved)s"
        " where id = %(id)s and state = 'intent' returning *",
        {"id": order_id, "quantity": quantity, "reserved": reserved},
    )
    if sent is None:
        current = await get(conn, order_id)
        raise StateConflict(f"an order that is {current.state} cannot become sent")
    return sent


async def get(conn: Connection, order_id: UUID) -> Order:
    """Return an order. Raises NotFound."""
    return await fetch_one(conn, Order, "select * from public.orders where id = %(id)s", {"id": order_id}, what="order")


async def by_client_order_id(conn: Connection, client_order_id: str) -> Order | None:
    """Return the order with this client order id, or None."""
    return await fetch_optional(
        conn, Order, "select * from public.orders where client_order_id = %(id)s", {"id": client_order_id}
    )


async def list_orders(
    conn: Connection,
    *,
    owner_id: UUID | None = None,
    signal_id: UUID | None = None,
    position_id: UUID | None = None,
    limit: int = 100,
) -> list[Order]:
    """Return orders the reader may see, newest first."""
    filters = where(
        [
            ("owner_id = %(owner_id)s", owner_id),
            ("signal_id = %(signal_id)s", signal_id),
            ("position_id = %(position_id)s", position_id),
        ]
    )
    return await fetch_all(
        conn,
        Order,
        sql.SQL("select * from public.orders where {} order by created_at desc, id desc limit %(limit)s").format(
            filters
        ),
        {"owner_id": owner_id, "signal_id": signal_id, "position_id": position_id, "limit": limit},
    )


async def refused_exits(conn: Connection, position_id: UUID) -> tuple[int, datetime | None]:
    """How many exits of a position ended without closing it, and when the last of them did."""
    cursor = await conn.execute(
        "select count(*), max(updated_at) from public.orders"
        " where position_id = %s and purpose = 'exit' and state = any(%s)",
        (position_id, ["rejected", "cancelled", "expired"]),
    )
    row = await cursor.fetchone()
    return (int(row[0]), row[1]) if row is not None else (0, None)


async def of_position(conn: Connection, position_id: UUID) -> list[Order]:
    """Return a position's orders that have no end yet, oldest first. Background work only."""
    return await fetch_all(
        conn,
        Order,
        "select * from public.orders where position_id = %(id)s and state = any(%(states)s) order by created_at, id",
        {"id": position_id, "states": list(UNFINISHED)},
    )


async def unfinished(conn: Connection) -> list[Order]:
    """Return every order without an end, oldest first: what a restarted worker has to resolve."""
    return await fetch_all(
        conn,
        Order,
        "select * from public.orders where state = any(%(states)s) order by created_at, id",
        {"states": list(UNFINISHED)},
    )


async def transition(
    conn: Connection,
    order_id: UUID,
    to: OrderState,
    *,
    expected: Sequence[OrderState] | None = None,
    exchange_order_id: str | None = None,
    position_id: UUID | None = None,
    reason: str | None = None,
) -> Order:
    """Move an order to `to`, keeping known ids where none are given. Raises StateConflict, NotFound."""
    sources = list(expected if expected is not None else SOURCES[to])
    moved = await fetch_optional(
        conn,
        Order,
        "update public.orders set state = %(to)s, reason = coalesce(%(reason)s, reason),"
        " exchange_order_id = coalesce(%(exchange_order_id)s, exchange_order_id),"
        " position_id = coalesce(%(position_id)s, position_id)"
        " where id = %(id)s and state = any(%(sources)s) returning *",
        {
            "to": to,
            "reason": reason,
            "exchange_order_id": exchange_order_id,
            "position_id": position_id,
            "id": order_id,
            "sources": sources,
        },
    )
    if moved is None:
        current = await get(conn, order_id)
        raise StateConflict(f"an order that is {current.state} cannot become {to}")
    return moved


async def attach_position(conn: Connection, order_id: UUID, position_id: UUID) -> None:
    """Link an order to the position that it opened or closes."""
    await conn.execute("update public.orders set position_id = %s where id = %s", (position_id, order_id))


async def record_fill(conn: Connection, execution: NewExecution) -> Execution | None:
    """Store a fill and add it to its order; None where the fill is known already.

    The order becomes `partially_filled` or `filled` and its average price is recomputed. Raises StateConflict
    where the order has ended, NotFound, and InvalidRow (at the transaction's end) where fills exceed the
    quantity.
    """
    order = await fetch_one(
        conn,
        Order,
        "select * from public.orders where id = %(id)s for update",
        {"id": execution.order_id},
        what="order",
    )
    values = {**dict(execution), "owner_id": order.owner_id}
    stored = await fetch_optional(
        conn,
        Execution,
        insert_into("executions", values, "on conflict (venue, trade_id) do nothing returning *"),
        parameters(values),
    )
    if stored is None:
        return None
    if order.state not in SOURCES["filled"]:
        raise StateConflict(f"an order that is {order.state} cannot be filled")
    filled = order.filled_quantity + execution.quantity
    spent = order.filled_quantity * (order.average_price or 0) + execution.quantity * execution.price
    await conn.execute(
        "update public.orders set filled_quantity = %s, average_price = %s, state = %s where id = %s",
        (filled, spent / filled, "filled" if filled >= order.quantity else "partially_filled", order.id),
    )
    return stored


async def executions(
    conn: Connection, *, order_id: UUID | None = None, owner_id: UUID | None = None, limit: int = 100
) -> list[Execution]:
    """Return fills the reader may see, newest first."""
    filters = where([("order_id = %(order_id)s", order_id), ("owner_id = %(owner_id)s", owner_id)])
    return await fetch_all(
        conn,
        Execution,
        sql.SQL("select * from public.executions where {} order by executed_at desc, id desc limit %(limit)s").format(
            filters
        ),
        {"order_id": order_id, "owner_id": owner_id, "limit": limit},
    )
