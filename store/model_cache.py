"""Answers of models that are kept for the same question: bounded in age and number."""

from __future__ import annotations

import datetime as dt

from store.records import Record
from store.rows import fetch_optional
from store.session import Connection

MOST = 2_000
"""Answers kept; each has at most 64,000 characters."""


class ModelAnswerRow(Record):
    """A kept answer and the model that wrote it."""

    answer: str
    model: str


async def get(conn: Connection, key: str, now: dt.datetime) -> ModelAnswerRow | None:
    """The answer kept under `key` that has not expired at `now`."""
    return await fetch_optional(
        conn,
        ModelAnswerRow,
        "select answer, model from public.model_cache where key = %(key)s and expires_at > %(now)s",
        {"key": key, "now": now},
    )


async def put(
    conn: Connection, key: str, row: ModelAnswerRow, *, now: dt.datetime, expires: dt.datetime, most: int = MOST
) -> None:
    """Keep an answer until `expires` in place of an older one; expired ones and the oldest beyond `most` go."""
    values = {"key": key, "answer": row.answer, "model": row.model, "now": now, "expires": expires, "most": most}
    await conn.execute(
        "insert into public.model_cache (key, answer, model, expires_at, created_at)"
        " values (%(key)s, %(answer)s, %(model)s, %(expires)s, %(now)s)"
        " on conflict (key) do update set answer = excluded.answer, model = excluded.model,"
        " expires_at = excluded.expires_at, created_at = excluded.created_at",
        values,
    )
    await conn.execute(
        "delete from public.model_cache where expires_at <= %(now)s or key in"
        " (select key from public.model_cache order by created_at desc, key offset %(most)s)",
        values,
    )
