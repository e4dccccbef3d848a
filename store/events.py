"""The append-only log of what happened: TRADE_TRIGGER, TRADE_EXECUTED and everything else worth telling."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg import sql

from store.rows import fetch_all, where
from store.rows import insert as insert_row
from store.session import Connection
from store.trading_records import Event, NewEvent


async def append(conn: Connection, event: NewEvent) -> Event:
    """Write a line. Background work only."""
    return await insert_row(conn, Event, "events", event)


async def list_events(
    conn: Connection,
    *,
    kind: str | None = None,
    strategy_id: UUID | None = None,
    signal_id: UUID | None = None,
    position_id: UUID | None = None,
    before: datetime | None = None,
    limit: int = 100,
) -> list[Event]:
    """Return lines the reader may see, newest first; `before` pages on."""
    filters = where(
        [
            ("kind = %(kind)s", kind),
            ("strategy_id = %(strategy_id)s", strategy_id),
            ("signal_id = %(signal_id)s", signal_id),
            ("position_id = %(position_id)s", position_id),
            ("created_at < %(before)s", before),
        ]
    )
    return await fetch_all(
        conn,
        Event,
        sql.SQL("select * from public.events where {} order by created_at desc, id desc limit %(limit)s").format(
            filters
        ),
        {
            "kind": kind,
            "strategy_id": strategy_id,
            "signal_id": signal_id,
            "position_id": position_id,
            "before": before,
            "limit": limit,
        },
    )
