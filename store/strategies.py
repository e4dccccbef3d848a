"""Strategies: what people and the program's makers want screened.

An edit makes a new version and, where it changes what is screened, sends the strategy back to `warming`:
triggers of the table do that, so it holds for every writer. The worker moves state and watermark with the
version it worked on, so that nothing it computed for an older version is recorded for a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql

from store.errors import NotFound, StateConflict
from store.records import Json, NewStrategy, Strategy, StrategyChanges, StrategyState, StrategyVersion
from store.rows import as_json, fetch_all, fetch_one, fetch_optional, insert, insert_into, parameters, where
from store.session import Connection


async def create(conn: Connection, strategy: NewStrategy) -> Strategy:
    """Store a person's strategy (`owner_id` set). Raises Duplicate where the code is taken."""
    return await insert(conn, Strategy, "strategies", strategy)


async def upsert_built_in(conn: Connection, strategy: NewStrategy) -> Strategy:
    """Store or refresh a built-in strategy by its code, public. Background work only.

    Whether it is enabled and how it is analysed is taken from `strategy` only when it is new: afterwards that is the
    operator's choice.
    """
    values = {
        **dict(strategy),
        "owner_id": None,
        "built_in": True,
        "visibility": "public",
        "default_enabled": strategy.enabled,
    }
    kept = {"code", "enabled", "analysis", "owner_id", "built_in"}
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in values if name not in kept
    )
    query = insert_into("strategies", values) + sql.SQL(
        "on conflict (code) do update set {} where strategies.built_in returning *"
    ).format(changes)
    return await fetch_one(conn, Strategy, query, parameters(values), what="built-in strategy (its code is taken)")


async def get(conn: Connection, strategy_id: UUID) -> Strategy:
    """Return a strategy. Raises NotFound."""
    return await fetch_one(
        conn,
        Strategy,
        "select * from public.strategies where id = %(id)s",
        {"id": strategy_id},
        what="strategy",
    )


async def as_fired(conn: Connection, strategy_id: UUID, version: int) -> Strategy:
    """Return a strategy as one of its versions defined it, with the settings of its analyses as they are now.

    Raises NotFound.
    """
    now = await get(conn, strategy_id)
    if now.version == version:
        return now
    of = await fetch_one(
        conn,
        StrategyVersion,
        "select * from public.strategy_versions where strategy_id = %(id)s and version = %(version)s",
        {"id": strategy_id, "version": version},
        what="version",
    )
    defined = ("version", "name", "direction", "base_interval", "filter_code", "filter_hash", "conditions")
    return now.model_copy(update={name: getattr(of, name) for name in (*defined, "instructions", "risk")})


async def list_visible(
    conn: Connection,
    *,
    owner_id: UUID | None = None,
    built_in: bool | None = None,
    enabled: bool | None = None,
    limit: int = 500,
) -> list[Strategy]:
    """Return the strategies the reader may see: own ones first, newest first."""
    filters = where(
        [
            ("owner_id = %(owner_id)s", owner_id),
            ("built_in = %(built_in)s", built_in),
            ("enabled = %(enabled)s", enabled),
        ]
    )
    query = sql.SQL("select * from public.strategies where {} order by built_in, created_at desc, id limit %(limit)s")
    return await fetch_all(
        conn,
        Strategy,
        query.format(filters),
        {"owner_id": owner_id, "built_in": built_in, "enabled": enabled, "limit": limit},
    )


async def enabled(conn: Connection) -> list[Strategy]:
    """Return every enabled strategy that has not failed, oldest first: what the worker screens."""
    return await fetch_all(
        conn,
        Strategy,
        "select * from public.strategies where enabled and state <> 'failed' order by created_at, id",
    )


async def update(conn: Connection, strategy_id: UUID, changes: StrategyChanges, version: int | None = None) -> Strategy:
    """Apply the fields set in `changes`, where `version` is given only to that version.

    Raises NotFound (also where the reader may see but not edit it) and StateConflict.
    """
    values = changes.model_dump(exclude_unset=True)
    if not values:
        return await get(conn, strategy_id)
    query = sql.SQL(
        "update public.strategies set {} where id = %(id)s and version = coalesce(%(its)s, version) returning *"
    ).format(
        sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values)
    )
    given = {**parameters(values), "id": strategy_id, "its": version}
    if version is None:
        return await fetch_one(conn, Strategy, query, given, what="strategy to edit")
    row = await fetch_optional(conn, Strategy, query, given)
    if row is None:
        now = await get(conn, strategy_id)
        if now.version == version:
            raise NotFound("there is no such strategy to edit")
        raise StateConflict(changed_meanwhile(now.version, version))
    return row


def changed_meanwhile(now: int, edited: int | None) -> str:
    """What is told to whoever edited another version than the one there is."""
    return f"it was changed meanwhile: it is at version {now}, and what was edited is version {edited}"


async def set_enabled(conn: Connection, strategy_id: UUID, on: bool) -> Strategy:
    """Enable (then `warming`, starting at the newest candle) or pause a strategy. Raises NotFound."""
    return await update(conn, strategy_id, StrategyChanges(enabled=on))


async def set_analysis(conn: Connection, strategy_id: UUID, changes: Mapping[str, Any]) -> Strategy:
    """Merge `changes` into the analysis settings (a name with None goes back to the default); a new version where that
    changed one. Raises NotFound (also where the reader may see but not edit it).
    """
    return await fetch_one(
        conn,
        Strategy,
        "update public.strategies set analysis = jsonb_strip_nulls(analysis || %(changes)s)"
        " where id = %(id)s returning *",
        {"id": strategy_id, "changes": as_json(dict(changes))},
        what="strategy to edit",
    )


async def delete(conn: Connection, strategy_id: UUID) -> None:
    """Delete a strategy with its signals; orders and positions stay. Raises NotFound."""
    await fetch_one(
        conn,
        Strategy,
        "delete from public.strategies where id = %(id)s returning *",
        {"id": strategy_id},
        what="strategy",
    )


async def versions(conn: Connection, strategy_id: UUID) -> list[StrategyVersion]:
    """Return all versions, newest first."""
    return await fetch_all(
        conn,
        StrategyVersion,
        "select * from public.strategy_versions where strategy_id = %(id)s order by version desc",
        {"id": strategy_id},
    )


async def set_state(conn: Connection, strategy_id: UUID, version: int, state: StrategyState) -> bool:
    """Move an enabled strategy to `state` if it still has `version`; False where it was edited or paused
    meanwhile.
    """
    cursor = await conn.execute(
        "update public.strategies set state = %s where id = %s and version = %s and enabled and state <> %s",
        (state, strategy_id, version, state),
    )
    return cursor.rowcount == 1


async def advance_watermark(conn: Connection, versions: Mapping[UUID, int], candle_close: datetime) -> int:
    """Record `candle_close` as screened for these strategies (id → version worked on); never moves backwards.

    Call it in the transaction that stores the signals. Returns how many moved.
    """
    cursor = await conn.execute(
        "update public.strategies s set watermark = %(close)s"
        " from unnest(%(ids)s::uuid[], %(versions)s::int[]) as done (id, version)"
        " where s.id = done.id and s.version = done.version and (s.watermark is null or s.watermark <"
        " %(close)s)",
        {"close": candle_close, "ids": list(versions), "versions": list(versions.values())},
    )
    return cursor.rowcount


async def record_failure(
    conn: Connection, strategy_id: UUID, version: int, error: Json, *, pause_after: int = 5
) -> bool:
    """Store what went wrong and count it; after `pause_after` failures in a row the strategy is `failed` and
    disabled.

    Returns whether this failure disabled it; False also where the strategy was edited meanwhile.
    """
    cursor = await conn.execute(
        "update public.strategies set error = %(error)s, failures = failures + 1,"
        " enabled = failures + 1 < %(limit)s, state = case when failures + 1 < %(limit)s then state else"
        " 'failed' end"
        " where id = %(id)s and version = %(version)s and enabled returning enabled",
        {"error": as_json(error), "limit": pause_after, "id": strategy_id, "version": version},
    )
    row = await cursor.fetchone()
    return row is not None and not row[0]


async def clear_failures(conn: Connection, strategy_ids: Sequence[UUID]) -> None:
    """Forget past failures of strategies that have just worked."""
    await conn.execute(
        "update public.strategies set error = null, failures = 0 where id = any(%s) and failures > 0",
        (list(strategy_ids),),
    )
