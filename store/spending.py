"""What model calls cost: a row for each call, reserved before it and settled after it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

from store.records import Record
from store.rows import fetch_one, insert_into
from store.session import Connection


class NewSpending(Record):
    """A call about to be made: `amount` is the most it can cost, in US dollars; `day` is in UTC."""

    day: dt.date
    user_key: str | None
    strategy_key: str | None
    operation: str
    model: str
    amount: Decimal


class Totals(Record):
    """US dollars that a day's calls cost or have reserved: one user's, one strategy's and everybody's."""

    user_amount: Decimal
    strategy_amount: Decimal
    all_amount: Decimal


class _Id(Record):
    id: UUID


async def totals(conn: Connection, day: dt.date, *, user_key: str | None, strategy_key: str | None) -> Totals:
    """What a day's calls cost so far."""
    return await fetch_one(
        conn,
        Totals,
        "select coalesce(sum(amount) filter (where user_key = %(user_key)s), 0) as user_amount,"
        " coalesce(sum(amount) filter (where strategy_key = %(strategy_key)s), 0) as strategy_amount,"
        " coalesce(sum(amount), 0) as all_amount from public.model_spending where day = %(day)s",
        {"day": day, "user_key": user_key, "strategy_key": strategy_key},
        what="spending",
    )


async def lock(conn: Connection) -> None:
    """Until the transaction ends nobody else reserves, so that what was summed up stays true."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('model_spending', 0))")


async def reserve(conn: Connection, spending: NewSpending) -> UUID:
    """Store a reservation and return its id."""
    row = await fetch_one(
        conn, _Id, insert_into("model_spending", dict(spending), "returning id"), dict(spending), what="reservation"
    )
    return row.id


async def settle(conn: Connection, reservation: UUID, cost: Decimal) -> None:
    """Replace what was reserved by what the call cost."""
    await conn.execute(
        "update public.model_spending set amount = %s, settled_at = now() where id = %s", (cost, reservation)
    )


async def prune(conn: Connection, before: dt.date) -> int:
    """Delete the rows of days before `before`; returns how many there were."""
    cursor = await conn.execute("delete from public.model_spending where day < %s", (before,))
    return cursor.rowcount
