"""A process that is held up and late to say that it lives: its jobs are neither done twice by itself nor lost."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.jobs import Handler, Jobs
from app.later import Later
from store import jobs
from store.session import Database
from tests.fixtures.queued import rows, until

LEFT = "select count(*) from jobs.procrastinate_jobs"


async def _done(database: Database, dsn: str, handler: Handler, *, stalled_after: float) -> None:
    """Run one job of `handler` until none is left."""
    async with database.worker() as conn:
        await jobs.defer(conn, "watch_positions", {}, queue="watches")
    handlers = {"watch_positions": handler}
    queue = Jobs(dsn, cast(Any, SimpleNamespace()), handlers, queues={"watches": 2}, stalled_after=stalled_after)
    task = asyncio.create_task(queue.run())
    try:

        async def empty() -> bool:
            return await rows(database, LEFT) == [(0,)]

        await until(empty)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_worker_takes_nothing_from_itself(database: Database, database_dsn: str) -> None:
    begun = 0

    async def slow(worker: Any, **args: Any) -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(2.5)

    # Its heart beats every second: between two beats it seems dead.
    await _done(database, database_dsn, slow, stalled_after=0)
    assert begun == 1


async def test_a_job_that_another_took_is_the_others_to_end(
    database: Database, database_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun = 0

    async def overtaken(worker: Any, **args: Any) -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            async with database.worker() as conn:
                await conn.execute("set local search_path = jobs, pg_temp")
                await conn.execute("update procrastinate_jobs set status = 'todo', worker_id = null")
            raise Later(0.0, "no place")

    with caplog.at_level(logging.WARNING):
        await _done(database, database_dsn, overtaken, stalled_after=30)
    assert begun == 2
    assert "was taken by another worker meanwhile" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
