"""Analyses of signals and positions: written once, never changed."""

from __future__ import annotations

from uuid import UUID

from psycopg import sql

from store.records import Analysis, NewAnalysis, NewFailure
from store.rows import fetch_all, fetch_one, fetch_optional, insert_into, parameters
from store.rows import insert as insert_row
from store.session import Connection


async def insert(conn: Connection, analysis: NewAnalysis) -> Analysis:
    """Store an analysis. Its owner, if not given, is that of the position or signal. Background work only."""
    return await insert_row(conn, Analysis, "analyses", analysis)


async def insert_once(conn: Connection, analysis: NewAnalysis) -> Analysis:
    """Store an analysis, or return the one that answered the same request (`request_key`) before. Background work
    only.
    """
    query = insert_into("analyses", dict(analysis)) + sql.SQL(
        " on conflict (request_key) where request_key is not null do nothing returning *"
    )
    stored = await fetch_optional(conn, Analysis, query, parameters(dict(analysis)))
    if stored is None and analysis.request_key is not None:
        stored = await by_request(conn, analysis.request_key)
    assert stored is not None, "what stands in the way of an analysis is never deleted while its signal is there"
    return stored


async def insert_failure(conn: Connection, failure: NewFailure) -> None:
    """Store what an analysis cost that came to no decision. Background work only."""
    await conn.execute(insert_into("analysis_failures", dict(failure)), parameters(dict(failure)))


async def asked_today(conn: Connection, position_id: UUID) -> int:
    """How often a model was asked about a position today, by the database's clock in UTC."""
    cursor = await conn.execute(
        "select count(*) from public.analyses where position_id = %s and asked"
        " and created_at >= date_trunc('day', now(), 'UTC')",
        (position_id,),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row is not None else 0


async def by_request(conn: Connection, request_key: str) -> Analysis | None:
    """Return the analysis that answered a request, or None."""
    return await fetch_optional(
        conn, Analysis, "select * from public.analyses where request_key = %(key)s", {"key": request_key}
    )


async def get(conn: Connection, analysis_id: UUID) -> Analysis:
    """Return an analysis. Raises NotFound."""
    return await fetch_one(
        conn,
        Analysis,
        "select * from public.analyses where id = %(id)s",
        {"id": analysis_id},
        what="analysis",
    )


async def of_signal(conn: Connection, signal_id: UUID, *, limit: int = 50) -> list[Analysis]:
    """Return a signal's analyses, newest first, those of its position included."""
    return await fetch_all(
        conn,
        Analysis,
        "select * from public.analyses where signal_id = %(id)s order by created_at desc, id limit %(limit)s",
        {"id": signal_id, "limit": limit},
    )


async def latest_of_signal(conn: Connection, signal_id: UUID) -> Analysis | None:
    """Return the newest analysis of the signal itself, or None."""
    return await fetch_optional(
        conn,
        Analysis,
        "select * from public.analyses where signal_id = %(id)s and position_id is null"
        " order by created_at desc limit 1",
        {"id": signal_id},
    )


async def of_position(conn: Connection, position_id: UUID, *, limit: int = 50) -> list[Analysis]:
    """Return a position's analyses, newest first."""
    return await fetch_all(
        conn,
        Analysis,
        "select * from public.analyses where position_id = %(id)s order by created_at desc, id limit %(limit)s",
        {"id": position_id, "limit": limit},
    )
