"""Queued work: put into the queue in the transaction of its cause.

A job exists from the commit of that transaction on, and not at all where it is rolled back. The queue's tables belong
to its package (store.job_tables); app.jobs takes jobs from them. A person's transaction cannot queue anything but
through `request_analysis`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from store.rows import as_json
from store.session import Connection

Queue = Literal["analysis", "positions", "watches", "ledger"]


async def defer(
    conn: Connection,
    name: str,
    args: Mapping[str, Any],
    *,
    queue: Queue,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_at: datetime | None = None,
) -> int:
    """Queue the job `name` (see app.jobs.HANDLERS) with `args`, which must be JSON; returns its id.

    Jobs with one `lock` run one after another, oldest first, in all processes together; of those with one
    `queueing_lock` one waits at a time (a second call returns the first's id, which then waits no longer than the
    second would). `schedule_at` is real time, not the market's: no sooner than then. Background work only.
    """
    cursor = await conn.execute(
        "select private.queue_job(%s, %s, %s, %s, %s, %s)",
        (name, as_json(dict(args)), queue, lock, queueing_lock, schedule_at),
    )
    row = await cursor.fetchone()
    assert row is not None, "a function returns a row"
    return int(row[0])


async def analyse(conn: Connection, signal_ids: Sequence[UUID]) -> int:
    """Queue the analysis of signals, whatever their strategies say; returns how many. Background work only."""
    cursor = await conn.execute("select private.queue_analysis(id) from unnest(%s::uuid[]) as id", (list(signal_ids),))
    return cursor.rowcount


async def analyse_automatic(conn: Connection, signal_ids: Sequence[UUID]) -> int:
    """Queue the analysis of those signals whose strategies are analysed without being asked, the newest candle and then
    the largest score first; returns how many. Strategies take turns: the n-th signal of one stands behind the first of
    all others.

    Call it in the transaction that stores the signals. Background work only.
    """
    if not signal_ids:
        return 0
    cursor = await conn.execute(
        "select private.queue_analysis(id, priority => -n) from (select s.id, (row_number() over (partition by t.id"
        "     order by s.candle_close desc, s.score desc nulls last, s.id) - 1)::integer as n"
        "   from public.signals s join public.strategies t on t.id = s.strategy_id"
        "   where s.id = any(%s) and private.analysed_unasked(t.owner_id, t.analysis)"
        "   order by s.candle_close desc, s.score desc nulls last, s.id) as wanted",
        (list(signal_ids),),
    )
    return cursor.rowcount


async def look_again(conn: Connection, signal_id: UUID, ask: int) -> str | None:
    """Queue the next look at a signal that waits, the `ask`-th analysis of it; why not, where it would count against
    its owner's analyses a day and all are used. Background work only.
    """
    cursor = await conn.execute("select private.look_again(%s, %s)", (signal_id, ask))
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else str(row[0])


async def request_analysis(conn: Connection, signal_id: UUID) -> bool:
    """Have a signal analysed because the signed-in person asks, now; False where an analysis is under way.

    Runs under `Database.user`. Raises NotFound, StateConflict, NotAllowed (through the transaction's end, see
    store.session).
    """
    cursor = await conn.execute("select public.request_analysis(%s)", (signal_id,))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def unqueued(conn: Connection) -> list[UUID]:
    """Signals that are to be analysed and never had a job, as those of a database from before the queue; newest candle
    first. Background work only.
    """
    cursor = await conn.execute(
        "select s.id from public.signals s join public.strategies t on t.id = s.strategy_id"
        " where (s.status = 'analysing'"
        "     or (s.status = 'new' and private.analysed_unasked(t.owner_id, t.analysis)))"
        "   and not exists (select from jobs.procrastinate_jobs j where j.lock = 'signal:' || s.id)"
        " order by s.candle_close desc"
    )
    return [UUID(str(row[0])) for row in await cursor.fetchall()]


async def give_up(conn: Connection) -> int:
    """Signals whose job ended in a failure nobody foresaw become `error`; returns how many. Background work only."""
    cursor = await conn.execute(
        "update public.signals s set status = 'error',"
        "   reason = 'The analysis failed for a reason of the program''s own; its log says which.'"
        " where s.status in ('new', 'analysing')"
        "   and exists (select from jobs.procrastinate_jobs j where j.lock = 'signal:' || s.id and j.status = 'failed')"
        "   and not exists (select from jobs.procrastinate_jobs j where j.lock = 'signal:' || s.id"
        "     and j.status in ('todo', 'doing'))"
    )
    return cursor.rowcount
