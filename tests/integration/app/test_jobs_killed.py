"""A worker that is killed with analyses under way loses none and stores none twice."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from store.session import Database
from tests.fixtures.fake_market import FakeMarket
from tests.fixtures.queued import (
    BAD_SETUP,
    ScriptedModel,
    analyser,
    fired,
    matches,
    rows,
    running,
    stored_strategy,
    until,
)

SIGNALS, KILLS, AT_ONCE = 48, 2, 4
STATES = "select status, count(*) from public.signals group by status"


@pytest.mark.slow
async def test_kills_with_analyses_under_way(
    database: Database, database_dsn: str, market: FakeMarket, new_user: UUID, tmp_path: Path
) -> None:
    moments = random.Random(5)
    of = await stored_strategy(database, new_user, concurrency=AT_ONCE)
    log = tmp_path / "asked"
    log.touch()
    await fired(database, matches(of, market, SIGNALS))

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "tests.fixtures.queue_worker", database_dsn, str(log)])

    def asked() -> int:
        return len(log.read_text().splitlines())

    process = start()
    left: list[int] = []
    try:
        for _ in range(KILLS):
            before = asked()

            async def busy(before: int = before, running: subprocess.Popen[bytes] = process) -> bool:
                assert running.poll() is None
                return asked() >= before + 6

            await until(busy, 60)
            await asyncio.sleep(moments.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
            left.append(dict(await rows(database, STATES)).get("analysing", 0))
            process = start()

        async def decided() -> bool:
            assert process.poll() is None
            return dict(await rows(database, STATES)) == {"rejected": SIGNALS}

        await until(decided, 60)

        async def empty() -> bool:
            return await rows(database, "select 1 from jobs.procrastinate_jobs") == []

        await until(empty)
    finally:
        process.kill()
        process.wait()
    assert sum(left) > 0, "analyses were under way when it was killed"
    assert await rows(database, "select count(*), count(distinct signal_id) from public.analyses") == [
        (SIGNALS, SIGNALS)
    ]
    assert SIGNALS <= asked() <= SIGNALS + KILLS * AT_ONCE, "only what was under way is asked anew"


async def test_a_worker_that_stops_gives_its_jobs_back(
    database: Database, database_dsn: str, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.SHUTDOWN_SECONDS", 0.1)
    of = await stored_strategy(database, new_user)
    asked = asyncio.Event()

    async def hangs(number: int) -> dict[str, object]:
        asked.set()
        await asyncio.sleep(60 if number == 1 else 0)
        return BAD_SETUP

    model = ScriptedModel(hangs)
    work = analyser(database, market, model)
    await fired(database, matches(of, market))
    async with running(database_dsn, work):
        await asyncio.wait_for(asked.wait(), 30)
    assert await rows(database, "select status::text from jobs.procrastinate_jobs") == [("todo",)]
    async with running(database_dsn, work, stalled_after=3600):

        async def decided() -> bool:
            return dict(await rows(database, STATES)) == {"rejected": 1}

        await until(decided)
    assert len(model.asked) == 2
