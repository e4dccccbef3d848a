"""Positions: at most one open per owner, symbol and mode; prices in quote currency, times are market time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psycopg import sql

from store.errors import StateConflict
from store.records import Mode
from store.rows import as_json, fetch_all, fetch_one, fetch_optional, insert_into, parameters, where
from store.session import Connection
from store.trading_records import NewPosition, Position


async def open_position(conn: Connection, position: NewPosition) -> Position | None:
    """Open a position; None where the owner has one open in that symbol and mode."""
    values = {
        **dict(position),
        "highest_price": position.entry_price,
        "lowest_price": position.entry_price,
        "realised_profit": -position.fees,
    }
    return await fetch_optional(
        conn,
        Position,
        insert_into(
            "positions",
            values,
            "on conflict (owner_id, symbol, mode) where state = 'open' do nothing returning *",
        ),
        parameters(values),
    )


async def get(conn: Connection, position_id: UUID) -> Position:
    """Return a position. Raises NotFound."""
    return await fetch_one(
        conn,
        Position,
        "select * from public.positions where id = %(id)s",
        {"id": position_id},
        what="position",
    )


async def list_positions(
    conn: Connection,
    *,
    owner_id: UUID | None = None,
    state: Literal["open", "closed"] | None = None,
    mode: Mode | None = None,
    limit: int = 200,
) -> list[Position]:
    """Return positions the reader may see, open ones first, then newest first."""
    filters = where([("owner_id = %(owner_id)s", owner_id), ("state = %(state)s", state), ("mode = %(mode)s", mode)])
    return await fetch_all(
        conn,
        Position,
        sql.SQL(
            "select * from public.positions where {} order by (state = 'closed'), opened_at desc, id limit %(limit)s"
        ).format(filters),
        {"owner_id": owner_id, "state": state, "mode": mode, "limit": limit},
    )


async def all_open(conn: Connection) -> list[Position]:
    """Return every open position, oldest first: what the position monitor watches. Background work only."""
    return await fetch_all(conn, Position, "select * from public.positions where state = 'open' order by opened_at, id")


async def track(conn: Connection, position_id: UUID, highest: Decimal, lowest: Decimal) -> None:
    """Widen the extremes that the price has reached since the entry; announces nothing."""
    await conn.execute(
        "update public.positions set highest_price = greatest(highest_price, %s), lowest_price ="
        " least(lowest_price, %s)"
        " where id = %s and state = 'open'",
        (highest, lowest, position_id),
    )


async def protect(
    conn: Connection, position_id: UUID, *, stop: Decimal | None, targets: Sequence[Decimal], since: datetime
) -> Position:
    """Set the levels that close the position; the stop may only move toward the price.

    `protected_since` keeps its first value. Raises StateConflict where it is closed; the transaction ends in InvalidRow
    where the stop would move away.
    """
    changed = await fetch_optional(
        conn,
        Position,
        "update public.positions set stop = %(stop)s, targets = %(targets)s,"
        " initial_stop = coalesce(initial_stop, %(stop)s),"
        " protected_since = coalesce(protected_since, %(since)s) where id = %(id)s and state = 'open'"
        " returning *",
        {"stop": stop, "targets": as_json(list(targets)), "since": since, "id": position_id},
    )
    if changed is None:
        raise StateConflict("the position is not open")
    return changed


async def request_close(conn: Connection, position_id: UUID) -> Position:
    """Ask the worker to close an open position at market. The owner may call it. Raises StateConflict,
    NotFound.
    """
    asked = await fetch_optional(
        conn,
        Position,
        "update public.positions set close_requested_at = coalesce(close_requested_at, now())"
        " where id = %(id)s and state = 'open' returning *",
        {"id": position_id},
    )
    if asked is None:
        await get(conn, position_id)
        raise StateConflict("the position is not open")
    return asked


async def ask_close(conn: Connection, position_id: UUID, reason: str) -> Position | None:
    """Have an open position closed at market for `reason`; a wish that was there first keeps its own. None where it is
    not open. Background work only.
    """
    return await fetch_optional(
        conn,
        Position,
        "update public.positions set"
        " close_reason = case when close_requested_at is null then %(reason)s else close_reason end,"
        " close_requested_at = coalesce(close_requested_at, now())"
        " where id = %(id)s and state = 'open' returning *",
        {"id": position_id, "reason": reason},
    )


async def lock_open(conn: Connection, position_id: UUID) -> Position | None:
    """An open position, held against every other change until the transaction ends; None where it is not open."""
    return await fetch_optional(
        conn,
        Position,
        "select * from public.positions where id = %(id)s and state = 'open' for update",
        {"id": position_id},
    )


async def keep_thesis(conn: Connection, position_id: UUID, thesis: Mapping[str, Any]) -> None:
    """Store what an open position is held for; announces nothing."""
    await conn.execute(
        "update public.positions set thesis = %s where id = %s and state = 'open'",
        (as_json(dict(thesis)), position_id),
    )


async def reduce_position(
    conn: Connection, position_id: UUID, *, quantity: Decimal, price: Decimal, fee: Decimal
) -> Position:
    """Book the sale of a part of an open position at `price`; `fee` is that of the sale.

    Realised profit grows as in `close_position`, for that part. Raises StateConflict where it is closed or nothing
    would be left.
    """
    reduced = await fetch_optional(
        conn,
        Position,
        "update public.positions set quantity = quantity - %(quantity)s, fees = fees + %(fee)s,"
        " highest_price = greatest(highest_price, %(price)s), lowest_price = least(lowest_price, %(price)s),"
        " realised_profit = realised_profit - %(fee)s"
        " + (%(price)s - entry_price) * %(quantity)s * case side when 'long' then 1 else -1 end"
        " where id = %(id)s and state = 'open' and quantity > %(quantity)s returning *",
        {"price": price, "quantity": quantity, "fee": fee, "id": position_id},
    )
    if reduced is None:
        await get(conn, position_id)
        raise StateConflict("the position is closed, or nothing of it would be left")
    return reduced


async def close_position(
    conn: Connection,
    position_id: UUID,
    *,
    price: Decimal,
    fee: Decimal,
    reason: str,
    closed_at: datetime,
) -> Position:
    """Close the whole position at `price` and book its profit or loss; `fee` is that of the exit.

    Realised profit grows by (exit - entry) x quantity, signed by the side, less the exit's fee. Raises
    StateConflict where it is closed already, NotFound.
    """
    closed = await fetch_optional(
        conn,
        Position,
        "update public.positions set state = 'closed', close_price = %(price)s, close_reason = %(reason)s,"
        " closed_at = %(at)s, fees = fees + %(fee)s, highest_price = greatest(highest_price, %(price)s),"
        " lowest_price = least(lowest_price, %(price)s), realised_profit = realised_profit - %(fee)s"
        " + (%(price)s - entry_price) * quantity * case side when 'long' then 1 else -1 end"
        " where id = %(id)s and state = 'open' returning *",
        {"price": price, "reason": reason, "at": closed_at, "fee": fee, "id": position_id},
    )
    if closed is None:
        await get(conn, position_id)
        raise StateConflict("the position is closed already")
    return closed


async def realised_since(conn: Connection, owner_id: UUID, mode: Mode, since: datetime) -> Decimal:
    """Return the profit (negative: loss) of positions closed at or after `since`, in quote currency, after
    fees.

    With the start of the market's UTC day this is the figure that the daily loss limit is held against.
    """
    cursor = await conn.execute(
        "select coalesce(sum(realised_profit), 0) from public.positions"
        " where owner_id = %s and mode = %s and state = 'closed' and closed_at >= %s",
        (owner_id, mode, since),
    )
    row = await cursor.fetchone()
    return Decimal(0) if row is None else Decimal(row[0])
