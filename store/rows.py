"""Small helpers that the repositories share: from records to SQL parameters and from rows to records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, TypeVar

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from store.errors import NotFound
from store.session import Connection

R = TypeVar("R", bound=BaseModel)

_NATIVE_LISTS = frozenset({"tags"})


def as_json(value: Any) -> Jsonb:
    """Wrap `value` for a jsonb column; decimals, ids and times become strings."""
    return Jsonb(value, dumps=lambda data: json.dumps(data, default=str, allow_nan=False))


def parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` ready for psycopg: objects and lists as jsonb, all else as it is."""
    return {
        name: as_json(value)
        if isinstance(value, dict) or (isinstance(value, list) and name not in _NATIVE_LISTS)
        else value
        for name, value in values.items()
    }


def insert_into(table: LiteralString, values: Mapping[str, Any], suffix: LiteralString = "") -> sql.Composed:
    """Build `insert into public.table (…) values (%(…)s, …) suffix` for the names in `values`."""
    return sql.SQL("insert into public.{} ({}) values ({}) {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(map(sql.Placeholder, values)),
        sql.SQL(suffix),
    )


async def insert(conn: Connection, kind: type[R], table: LiteralString, record: BaseModel) -> R:
    """Insert `record` and return the stored row. The row must be visible to the role that inserts it."""
    found = await fetch_optional(conn, kind, insert_into(table, dict(record), "returning *"), parameters(dict(record)))
    assert found is not None, "an insert without `on conflict` returns its row"
    return found


async def fetch_optional(
    conn: Connection,
    kind: type[R],
    query: LiteralString | sql.Composed,
    values: Mapping[str, Any] | None = None,
) -> R | None:
    """Run `query` and return its first row as `kind`, or None."""
    async with conn.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchone()


async def fetch_one(
    conn: Connection,
    kind: type[R],
    query: LiteralString | sql.Composed,
    values: Mapping[str, Any] | None = None,
    *,
    what: str,
) -> R:
    """Like fetch_optional; raises NotFound naming `what` where there is no row."""
    found = await fetch_optional(conn, kind, query, values)
    if found is None:
        raise NotFound(f"there is no such {what}")
    return found


async def fetch_all(
    conn: Connection,
    kind: type[R],
    query: LiteralString | sql.Composed,
    values: Mapping[str, Any] | None = None,
) -> list[R]:
    """Run `query` and return all rows as `kind`."""
    async with conn.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()


def where(filters: Sequence[tuple[LiteralString, Any]]) -> sql.SQL:
    """Join the conditions whose value is not None with `and`; `true` where none is left."""
    parts: list[LiteralString] = [condition for condition, value in filters if value is not None]
    return sql.SQL(" and ".join(parts) or "true")
