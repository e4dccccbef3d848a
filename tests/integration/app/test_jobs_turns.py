"""Who waits for whom: places of strategies and models, turns, pauses, and what a person asks for now."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, TypeVar, cast
from uuid import UUID

import pytest
from pydantic import BaseModel

from app.analysing import Analyser
from app.jobs import Jobs
from app.later import Later
from app.repairs import Repairing
from app.settings import Settings
from llm.models import ModelAnswer, ModelError, ModelRequest
from store import analyses, analysis_views, jobs, strategies
from store.errors import DatabaseUnavailable
from store.records import StrategyChanges
from store.session import Database
from tests.fixtures.fake_market import FakeMarket
from tests.fixtures.queued import (
    BAD_SETUP,
    ScriptedModel,
    analyser,
    bad_setup,
    fired,
    matches,
    read,
    rows,
    running,
    snapshots_once,
    stored_strategy,
    until,
)

Schema = TypeVar("Schema", bound=BaseModel)
WAIT = {"decision": "wait", "confidence": 40, "reasoning": "It has not been tested again."}
JOB = "select args, priority, scheduled_at, attempts from jobs.procrastinate_jobs where status = 'todo' order by id"


async def hangs(number: int) -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def waits(number: int) -> dict[str, Any]:
    return WAIT


async def test_a_strategy_that_fills_its_places_holds_up_no_other(
    database: Database, database_dsn: str, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots_once(monkeypatch)
    full = await stored_strategy(database, new_user, concurrency=1)
    other = await stored_strategy(database, new_user)

    async def script(number: int) -> dict[str, Any]:
        request = model.asked[number - 1]
        return await hangs(number) if request.spender.strategy == str(full.id) else BAD_SETUP

    model = ScriptedModel(script)
    many = await fired(database, matches(full, market, 20))
    [signal_id] = await fired(database, matches(other, market))
    async with running(database_dsn, analyser(database, market, model), queues={"analysis": 4}):

        async def decided() -> bool:
            return (await read(database, signal_id)).status == "rejected"

        await until(decided)
        assert model.most[str(full.id)] == 1
    assert {(await read(database, s)).status for s in many} == {"new", "analysing"}
    attempts = [row[0] for row in await rows(database, "select attempts from jobs.procrastinate_jobs")]
    assert set(attempts) == {0}, "who only waited has not failed"


async def test_strategies_are_queued_in_turn(database: Database, market: FakeMarket, new_user: UUID) -> None:
    first, second = [await stored_strategy(database, new_user) for _ in range(2)]
    await fired(database, matches(first, market, 3) + matches(second, market, 2))
    assert sorted(row[1] for row in await rows(database, JOB)) == [-2, -1, -1, 0, 0]


async def test_a_model_is_asked_no_more_at_once_however_often_each_signal_is(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots_once(monkeypatch)
    of = await stored_strategy(database, new_user, asks=5, models=["second"], concurrency=10)

    async def slow(number: int) -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return BAD_SETUP

    first, second = ScriptedModel(slow), ScriptedModel(slow, name="second")
    settings = Settings(_env_file=None, model_concurrency=2)
    work = Analyser(database, cast(Any, market), first, settings, named=lambda names: (second,))
    ids = await fired(database, matches(of, market, 4))
    await asyncio.gather(*(work.analyse(signal_id) for signal_id in ids))
    assert len(first.asked) + len(second.asked) == 20
    assert (first.most[""], second.most[""]) == (2, 2)


async def test_what_was_put_off_is_no_failure(
    database: Database, database_dsn: str, market: FakeMarket, new_user: UUID
) -> None:
    """A job that waited three times pauses for a second after its first broken line."""
    tried: list[int] = []

    async def handler(worker: Any, *, signal_id: str, ask: int) -> None:
        tried.append(ask)
        if len(tried) <= 3:
            raise Later(0.0, "no place")
        raise DatabaseUnavailable("away")

    await fired(database, matches(await stored_strategy(database, new_user), market))
    queue = Jobs(database_dsn, cast(Any, SimpleNamespace()), {"analyse_signal": handler}, queues={"analysis": 1})
    task = asyncio.create_task(queue.run())
    try:

        async def failed() -> bool:
            return len(tried) == 4 and len(await rows(database, JOB)) == 1

        await until(failed)
        [(_, _, again, attempts)] = await rows(database, JOB)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert attempts == 1
    assert again - datetime.now(UTC) < timedelta(seconds=1.5), "the first pause, not the fourth"


async def test_looks_at_closes_wait_for_no_model(database: Database, database_dsn: str) -> None:
    looked = asyncio.Event()

    async def manages(worker: Any, **args: Any) -> None:
        await asyncio.Event().wait()

    async def looks(worker: Any, **args: Any) -> None:
        looked.set()

    handlers = {"manage_position": manages, "watch_positions": looks}
    async with database.worker() as conn:
        for _ in range(12):
            await jobs.defer(conn, "manage_position", {}, queue="positions")
        await jobs.defer(conn, "watch_positions", {}, queue="watches")
    task = asyncio.create_task(Jobs(database_dsn, cast(Any, SimpleNamespace()), handlers).run())
    try:
        async with asyncio.timeout(20):
            await looked.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_asks_about_a_signal_that_waits_has_it_looked_at_now(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user, auto=False)
    model = ScriptedModel(waits)
    work = analyser(database, market, model)
    [signal_id] = await fired(database, matches(of, market))
    await work.analyse(signal_id)
    assert (await read(database, signal_id)).status == "wait"
    market.advance()
    async with database.user(new_user) as conn:
        assert await jobs.request_analysis(conn, signal_id)
    [(args, *_)] = await rows(database, JOB)
    assert args == {"signal_id": str(signal_id), "ask": 2}
    await work.analyse(UUID(args["signal_id"]), args["ask"])
    async with database.worker() as conn:
        later, first = await analyses.of_signal(conn, signal_id)
    assert later.snapshot["candle_close"] - first.snapshot["candle_close"] == 60_000
    assert "has not been tested again" in "".join(m.content for m in model.asked[1].messages)
    assert (await read(database, signal_id)).status == "wait"


async def test_who_asks_waits_for_no_pause(database: Database, market: FakeMarket, new_user: UUID) -> None:
    of = await stored_strategy(database, new_user)
    [signal_id] = await fired(database, matches(of, market))
    paused = datetime.now(UTC) + timedelta(seconds=300)
    async with database.worker() as conn:
        await conn.execute("set local search_path = jobs")
        await conn.execute("update procrastinate_jobs set scheduled_at = %s", (paused,))
        await conn.execute("select private.queue_analysis(%s, 3, %s)", (signal_id, paused + timedelta(seconds=300)))
    [(args, _, scheduled, _)] = await rows(database, JOB)
    assert (args["ask"], scheduled) == (3, paused), "who would wait longer puts nothing off"
    async with database.user(new_user) as conn:
        assert await jobs.request_analysis(conn, signal_id)
    [(_, priority, scheduled, _)] = await rows(database, JOB)
    assert (priority, scheduled) == (1, None)


async def test_costs_nobody_knows_are_no_zeros_and_failures_cost_too(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)

    async def script(number: int) -> dict[str, Any]:
        if number <= 2:
            cost = 0.02 if number == 1 else None
            raise ModelError("No.", kind="authentication", model="scripted", input_tokens=9, cost=cost)
        return BAD_SETUP

    work = analyser(database, market, ScriptedModel(script))
    for signal_id in await fired(database, matches(of, market, 3)):
        await work.analyse(signal_id)
    for signal_id in await fired(database, matches(await stored_strategy(database, new_user), market)):
        await analyser(database, market, None).analyse(signal_id)
        async with database.worker() as conn:
            [by_rules] = await analyses.of_signal(conn, signal_id)
    assert (by_rules.asked, by_rules.cost) == (False, Decimal(0))
    async with database.worker() as conn:
        total = next(row for row in await analysis_views.sums(conn) if row.common == "all")
    assert (total.analyses, total.failed, total.asked, total.unpriced) == (2, 2, 3, 1)
    assert (total.cost, total.input_tokens) == (Decimal("0.03"), 18)


async def test_a_signal_that_was_given_to_another_worker_is_the_other_s(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)
    [signal_id] = await fired(database, matches(of, market))
    second = analyser(database, market, ScriptedModel(waits))

    async def overtaken(number: int) -> dict[str, Any]:
        market.set_price("BTCUSDT", 99.0)
        await second.analyse(signal_id)
        return BAD_SETUP

    await analyser(database, market, ScriptedModel(overtaken)).analyse(signal_id)
    assert (await read(database, signal_id)).status == "wait"
    async with database.worker() as conn:
        assert [a.decision for a in await analyses.of_signal(conn, signal_id)] == ["wait"]
        total = next(row for row in await analysis_views.sums(conn) if row.common == "all")
    assert (total.analyses, total.failed, total.cost) == (1, 1, Decimal("0.02"))


async def test_a_failure_of_a_worker_that_was_overtaken_moves_nothing(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)
    [signal_id] = await fired(database, matches(of, market))
    began, go = asyncio.Event(), asyncio.Event()

    async def late(number: int) -> dict[str, Any]:
        began.set()
        await go.wait()
        return BAD_SETUP

    async def overtaken(number: int) -> dict[str, Any]:
        market.set_price("BTCUSDT", 99.0)
        other = asyncio.create_task(analyser(database, market, ScriptedModel(late)).analyse(signal_id))
        under_way.append(other)
        await began.wait()
        raise ModelError("No.", kind="authentication", model="scripted")

    under_way: list[asyncio.Task[None]] = []
    await analyser(database, market, ScriptedModel(overtaken)).analyse(signal_id)
    assert (await read(database, signal_id)).status == "analysing"
    go.set()
    await asyncio.gather(*under_way)
    assert (await read(database, signal_id)).status == "rejected"


async def test_a_decision_that_comes_after_its_time_is_no_entry(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user, expires=3)
    [signal_id] = await fired(database, matches(of, market))

    async def slow(number: int) -> dict[str, Any]:
        market.clock.now += 3 * 60_000
        return WAIT

    await analyser(database, market, ScriptedModel(slow)).analyse(signal_id)
    one = await read(database, signal_id)
    assert (one.status, one.reason) == ("expired", "The decision came after its time.")


async def test_all_tries_together_have_the_time_that_one_has() -> None:
    left: list[float] = []

    class Slow:
        name = "slow"

        async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
            assert request.timeout_s is not None
            left.append(request.timeout_s)
            await asyncio.sleep(0.05)
            raise ModelError("It is no JSON.", kind="bad_answer", model="slow")

    with pytest.raises(ModelError, match="asked 2 times"):
        await Repairing(Slow(), {}).complete(ModelRequest("analysis.decide", (), BaseModel, timeout_s=0.08))
    assert len(left) == 2 and left[1] < 0.04


async def test_a_signal_is_analysed_for_the_strategy_that_gave_it(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)
    [signal_id] = await fired(database, matches(of, market))
    async with database.user(new_user) as conn:
        changes = StrategyChanges(instructions="Sell at once.", analysis={"tier": "fast"})
        edited = await strategies.update(conn, of.id, changes)
    assert edited.version > of.version
    model = ScriptedModel(bad_setup)
    await analyser(database, market, model).analyse(signal_id)
    [request] = model.asked
    assert "Sell at once." not in "".join(m.content for m in request.messages)
    assert request.tier == "fast", "how it is asked is as of now"
    async with database.worker() as conn:
        [made] = await analyses.of_signal(conn, signal_id)
    assert f":{of.version}:" in (made.request_key or "")
