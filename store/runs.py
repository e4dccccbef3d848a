"""Screening runs: who screens which candle, and what came out.

The row per interval, candle close and shard is the claim. A claim is a lease in the database's time: if its
worker dies, another one may take it when the lease ends, and a worker that comes back under its own name at
once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg import sql

from store.records import Json, NewStrategyRun, RunOutcome, ScreenRun, StrategyRun
from store.rows import as_json, fetch_all, fetch_optional, insert_into, parameters, where
from store.session import Connection


async def claim(
    conn: Connection,
    interval: str,
    candle_close: datetime,
    shard: int,
    worker: str,
    *,
    lease_seconds: float = 30.0,
) -> UUID | None:
    """Take the run of this interval, candle and shard; None where it is done or somebody else is at it."""
    cursor = await conn.execute(
        "insert into public.screen_runs as r (interval, candle_close, shard, worker, lease_until)"
        " values (%(interval)s, %(close)s, %(shard)s, %(worker)s, now() + make_interval(secs => %(lease)s))"
        " on conflict (interval, candle_close, shard) do update set worker = excluded.worker, status ="
        " 'running',"
        "   lease_until = excluded.lease_until, attempts = r.attempts + 1, error = null"
        " where r.status = 'failed'"
        "   or (r.status = 'running' and (r.lease_until < now() or r.worker = excluded.worker))"
        " returning id",
        {
            "interval": interval,
            "close": candle_close,
            "shard": shard,
            "worker": worker,
            "lease": lease_seconds,
        },
    )
    row = await cursor.fetchone()
    return None if row is None else UUID(str(row[0]))


async def finish(conn: Connection, run_id: UUID, worker: str, outcome: RunOutcome) -> bool:
    """Close a run; False where the lease was lost to another worker, whose result then counts."""
    values = dict(outcome)
    query = sql.SQL(
        "update public.screen_runs set status = 'done', finished_at = now(), {}"
        " where id = %(id)s and worker = %(worker)s and status = 'running'"
    ).format(
        sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values)
    )
    cursor = await conn.execute(query, {**parameters(values), "id": run_id, "worker": worker})
    return cursor.rowcount == 1


async def fail(conn: Connection, run_id: UUID, worker: str, error: Json) -> bool:
    """Give a run up with a reason, so that anybody may claim it again."""
    cursor = await conn.execute(
        "update public.screen_runs set status = 'failed', finished_at = now(), error = %s"
        " where id = %s and worker = %s and status = 'running'",
        (as_json(error), run_id, worker),
    )
    return cursor.rowcount == 1


async def add_late(
    conn: Connection, interval: str, candle_close: datetime, seconds: Mapping[str, float], matches: int, shard: int = 0
) -> bool:
    """Symbols were screened that were absent when the run was made (market seconds after the close, by symbol), and
    gave so many new signals. False where there is no such run. The same symbols again change nothing but `matches`.
    """
    cursor = await conn.execute(
        "select id, absent, slowest_seconds, seconds_after_close from public.screen_runs"
        " where interval = %s and candle_close = %s and shard = %s for update",
        (interval, candle_close, shard),
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    run_id, absent, slowest, after = row
    moved = {name: s for name, s in seconds.items() if name in (*absent.get("stale", ()), *absent.get("missing", ()))}
    late = [*absent.get("late", ()), *moved]
    kept = {group: [name for name in absent.get(group, ()) if name not in moved] for group in ("stale", "missing")}
    known = [s for s in (slowest, after, *moved.values()) if s is not None]
    await conn.execute(
        "update public.screen_runs set symbols_late = %s, symbols_stale = %s, symbols_missing = %s, absent = %s,"
        " slowest_seconds = %s, matches = matches + %s where id = %s",
        (
            len(late),
            len(kept["stale"]),
            len(kept["missing"]),
            as_json({"late": late, **kept}),
            max(known, default=None),
            matches,
            run_id,
        ),
    )
    return True


async def record_strategies(conn: Connection, runs: Sequence[NewStrategyRun]) -> None:
    """Store what strategies did on a candle; a repeated run replaces its row."""
    if not runs:
        return
    columns = dict(runs[0])
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
        for name in columns
        if name not in ("strategy_id", "candle_close")
    )
    query = insert_into("strategy_runs", columns) + sql.SQL(
        "on conflict (strategy_id, candle_close) do update set {}"
    ).format(changes)
    async with conn.cursor() as cursor:
        await cursor.executemany(query, [parameters(dict(run)) for run in runs])


async def add_matches(conn: Connection, candle_close: datetime, found: Mapping[UUID, int]) -> None:
    """Late symbols gave so many new signals, by strategy."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "insert into public.strategy_runs as r (strategy_id, candle_close, status, matched)"
            " values (%(strategy)s, %(close)s, 'done', %(matched)s)"
            " on conflict (strategy_id, candle_close) do update set matched = r.matched + excluded.matched",
            [{"strategy": key, "close": candle_close, "matched": count} for key, count in found.items()],
        )


async def latest(
    conn: Connection, *, limit: int = 60, interval: str | None = None, status: str | None = None
) -> list[ScreenRun]:
    """Return screening runs, newest candle first."""
    query = sql.SQL("select * from public.screen_runs where {} order by candle_close desc, interval limit %(limit)s")
    filters = where([("interval = %(interval)s", interval), ("status = %(status)s", status)])
    return await fetch_all(
        conn, ScreenRun, query.format(filters), {"interval": interval, "status": status, "limit": limit}
    )


async def last_done(conn: Connection, interval: str, shard: int = 0) -> ScreenRun | None:
    """Return the newest completed run of an interval and shard: where to go on after a restart."""
    return await fetch_optional(
        conn,
        ScreenRun,
        "select * from public.screen_runs where interval = %(interval)s and shard = %(shard)s and status"
        " = 'done'"
        " order by candle_close desc limit 1",
        {"interval": interval, "shard": shard},
    )


async def of_strategy(
    conn: Connection, strategy_id: UUID, *, limit: int = 100, status: str | None = None
) -> list[StrategyRun]:
    """Return what a strategy did, newest candle first; `status="failed"` for its errors."""
    query = sql.SQL(
        "select * from public.strategy_runs where strategy_id = %(id)s and {} order by candle_close desc"
        " limit %(limit)s"
    )
    return await fetch_all(
        conn,
        StrategyRun,
        query.format(where([("status = %(status)s", status)])),
        {"id": strategy_id, "status": status, "limit": limit},
    )


async def prune(conn: Connection, before: datetime) -> int:
    """Delete runs of candles that closed before `before`; returns how many screening runs went."""
    await conn.execute("delete from public.strategy_runs where candle_close < %s", (before,))
    cursor = await conn.execute("delete from public.screen_runs where candle_close < %s", (before,))
    return cursor.rowcount
