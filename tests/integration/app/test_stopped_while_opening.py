"""Who is stopped while it connects to the database leaves nothing running: what does not end keeps its process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest

from app.jobs import Jobs
from store.session import Database

# A connection is made within some milliseconds: about the first forty of these.
STEPS, STEP_SECONDS = 100, 0.0002
WITHIN_SECONDS = 15


@pytest.fixture
async def silent_server() -> AsyncIterator[str]:
    """Address of a database that takes connections and never says a word."""
    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: connections.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"host=127.0.0.1 port={port} dbname=d user=u password=p"
    for writer in connections:
        writer.close()
    server.close()


async def _jobs(dsn: str) -> None:
    await Jobs(dsn, cast(Any, None), {}).run()


async def _database(dsn: str) -> None:
    async with Database(dsn):
        await asyncio.sleep(60)


@pytest.mark.parametrize("part", [_jobs, _database])
async def test_nothing_is_left_whenever_it_is_stopped(
    part: Callable[[str], Awaitable[None]], database_dsn: str
) -> None:
    for step in range(STEPS):
        await _stopped(part(database_dsn), step * STEP_SECONDS)


async def test_nothing_is_left_of_a_server_that_is_silent(silent_server: str) -> None:
    await _stopped(_jobs(silent_server), 0.1)


async def _stopped(part: Awaitable[None], moment: float) -> None:
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(part)
    await asyncio.sleep(moment)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=WITHIN_SECONDS)
    assert done, moment
    left = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not [name for name in left if "pool" in name or "screener" in name], (moment, left)
