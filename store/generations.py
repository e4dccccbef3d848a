"""Calls of a language model: what was asked, what came back, what it cost."""

from __future__ import annotations

from store.records import Generation, NewGeneration
from store.rows import fetch_all
from store.rows import insert as insert_row
from store.session import Connection


async def insert(conn: Connection, generation: NewGeneration) -> Generation:
    """Store a call; a person may store only their own."""
    return await insert_row(conn, Generation, "generations", generation)


async def list_recent(conn: Connection, *, limit: int = 50) -> list[Generation]:
    """Return calls the reader may see, newest first."""
    return await fetch_all(
        conn,
        Generation,
        "select * from public.generations order by created_at desc, id limit %(limit)s",
        {"limit": limit},
    )
