"""Announcements, and a server that goes away and comes back."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal as signals_of_the_system
import tempfile
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

import pytest

from store import runs, signals, strategies
from store.embedded import EmbeddedPostgres
from store.errors import DatabaseUnavailable
from store.migrate import migrate
from store.records import StrategyChanges
from store.session import Database, Notification
from tests.integration.store.factories import CLOSE, signal, strategy


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="screener-test-"))
    server = EmbeddedPostgres(folder / "postgres")
    try:
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def collect(database: Database, count: int, ready: asyncio.Event, *channels: str) -> list[Notification]:
    found = []
    async with aclosing(database.listen(*channels)) as messages:
        async for message in messages:
            found.append(message)
            if len(found) == len(channels):
                ready.set()
            if len(found) == count + len(channels):
                break
    return found[len(channels) :]


async def test_changes_are_announced(database: Database, new_user: UUID) -> None:
    ready = asyncio.Event()
    listener = asyncio.create_task(collect(database, 5, ready, "strategies", "events"))
    await asyncio.wait_for(ready.wait(), 5)
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user))
    async with database.user(new_user) as conn:
        await strategies.update(conn, own.id, StrategyChanges(tags=["quiet"]))
        await strategies.update(conn, own.id, StrategyChanges(filter_code="match = close > 2", filter_hash="h2"))
    async with database.worker() as conn:
        own = await strategies.get(conn, own.id)
        await strategies.advance_watermark(conn, {own.id: own.version}, CLOSE)
        signal_id = await signals.insert(conn, signal(own))
        assert signal_id is not None
    async with database.worker() as conn:
        await signals.claim_one(conn, signal_id)
    async with database.user(new_user) as conn:
        await strategies.delete(conn, own.id)
    heard = await asyncio.wait_for(listener, 5)
    expected = {"kind": "signal", "id": str(signal_id), "owner_id": str(new_user)}
    assert [(m.channel, m.payload) for m in heard if m.channel == "strategies"] == [("strategies", str(own.id))] * 3
    assert [json.loads(m.payload or "") for m in heard if m.channel == "events"] == [expected] * 2


async def test_a_killed_server_is_started_again_and_loses_nothing(own_server: EmbeddedPostgres) -> None:
    await migrate(own_server.admin_dsn, login_password=own_server.app_password)
    async with Database(own_server.app_dsn, max_size=2, timeout=20) as database:
        listening = database.listen("events")
        assert await anext(listening) == Notification("events", None)
        async with database.worker() as conn:
            run_id = await runs.claim(conn, "1m", CLOSE, 0, "w")
        pid = own_server.process_id()
        assert pid is not None
        with pytest.raises(DatabaseUnavailable):
            async with database.worker() as conn:
                os.kill(pid, signals_of_the_system.SIGKILL)
                for _ in range(500):
                    await conn.execute("select 1")
                    await asyncio.sleep(0.02)
        again = asyncio.ensure_future(anext(listening))
        assert await asyncio.to_thread(own_server.ensure_running)
        assert not own_server.ensure_running()
        async with database.worker() as conn:
            assert [run.id for run in await runs.latest(conn)] == [run_id]
        assert await asyncio.wait_for(again, 10) == Notification("events", None)
        await listening.aclose()


async def test_an_absent_server_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot reach the database"):
        await Database(f"postgresql://nobody@/x?host={tmp_path}", timeout=0.3).open()
    with pytest.raises(DatabaseUnavailable):
        await migrate(f"postgresql://nobody@/x?host={tmp_path}")
