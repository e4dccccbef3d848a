"""Analyses are jobs: queued with their signal, bounded, once per request, and always with a stored end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

import app.analysing
import app.jobs
from analysis import Analysis, AnalysisFailed
from app.later import Later
from llm.gateway.budget import CapReached
from llm.models import ErrorKind, ModelError
from store import analyses, jobs
from store.errors import NotAllowed, NotFound, StateConflict
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

QUEUED = "select args ->> 'signal_id', status::text, scheduled_at from jobs.procrastinate_jobs order by id"


def failing(kind: ErrorKind, times: int) -> ScriptedModel:
    """A model that fails so many times."""

    async def script(number: int) -> dict[str, Any]:
        if number <= times:
            raise ModelError(f"failure {number}", kind=kind, model="scripted", answer="{", cost=0.02)
        return BAD_SETUP

    return ScriptedModel(script)


async def test_a_job_comes_to_be_with_its_signal(
    database: Database, database_dsn: str, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)
    model = ScriptedModel(bad_setup)
    async with running(database_dsn, analyser(database, market, model)):
        with pytest.raises(ZeroDivisionError):
            async with database.worker() as conn:
                await jobs.defer(conn, "nothing", {}, queue="ledger")
                raise ZeroDivisionError
        [signal_id] = await fired(database, matches(of, market))

        async def decided() -> bool:
            return (await read(database, signal_id)).status == "rejected"

        await until(decided)

        async def empty() -> bool:
            return await rows(database, QUEUED) == []

        await until(empty)
    assert len(model.asked) == 1
    async with database.worker() as conn:
        [analysis] = await analyses.of_signal(conn, signal_id)
    assert analysis.decision == "bad_setup" and analysis.cost == Decimal("0.01")


async def test_a_signal_that_is_stored_again_has_one_job(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)
    [signal_id] = await fired(database, matches(of, market))
    assert await fired(database, matches(of, market)) == []
    async with database.worker() as conn:
        assert await jobs.analyse(conn, [signal_id]) == 1
        assert await jobs.unqueued(conn) == []
    [(queued, status, _)] = await rows(database, QUEUED)
    assert (queued, status) == (str(signal_id), "todo")


@pytest.mark.slow
async def test_two_workers_share_a_burst(
    database: Database, database_dsn: str, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots_once(monkeypatch)
    narrow = await stored_strategy(database, new_user, concurrency=1)
    wide = await stored_strategy(database, new_user, concurrency=10)
    monkeypatch.setattr("app.analysing.ROOM_SECONDS", 0.05)

    async def slow(number: int) -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return BAD_SETUP

    model = ScriptedModel(slow)
    ids = await fired(database, matches(narrow, market, 12) + matches(wide, market, 188))
    assert len(ids) == 200
    async with (
        running(database_dsn, analyser(database, market, model, model_concurrency=4)),
        running(database_dsn, analyser(database, market, model, model_concurrency=4)),
    ):

        async def decided() -> bool:
            return await rows(database, "select count(*) from public.signals where status = 'rejected'") == [(200,)]

        await until(decided, 90)
    assert len(model.asked) == 200
    assert await rows(database, "select count(*), count(distinct signal_id) from public.analyses") == [(200, 200)]
    assert model.most[str(narrow.id)] == 1, "a strategy's bound holds over all workers"
    assert 1 < model.most[str(wide.id)] <= 8 and model.most[""] <= 8


async def test_one_request_is_answered_once(database: Database, market: FakeMarket, new_user: UUID) -> None:
    of = await stored_strategy(database, new_user)
    model = ScriptedModel(bad_setup)
    work = analyser(database, market, model)
    [signal_id] = await fired(database, matches(of, market))
    await work.analyse(signal_id)
    await work.analyse(signal_id)
    assert len(model.asked) == 1, "a signal that is decided is not analysed"
    async with database.worker() as conn:
        await conn.execute("update public.signals set status = 'error' where id = %s", (signal_id,))
    await work.analyse(signal_id)
    assert len(model.asked) == 1 and (await read(database, signal_id)).status == "rejected"
    market.set_price("BTCUSDT", 123.0)
    async with database.worker() as conn:
        await conn.execute("update public.signals set status = 'error' where id = %s", (signal_id,))
    await work.analyse(signal_id)
    assert len(model.asked) == 2, "another snapshot is another request"
    async with database.worker() as conn:
        keys = [a.request_key for a in await analyses.of_signal(conn, signal_id)]
    assert len(keys) == len(set(keys)) == 2 and None not in keys


@pytest.mark.parametrize(("minutes", "status"), [(59, "rejected"), (60, "expired")])
async def test_a_signal_expires_in_market_time(
    database: Database, market: FakeMarket, new_user: UUID, minutes: int, status: str
) -> None:
    of = await stored_strategy(database, new_user)
    model = ScriptedModel(bad_setup)
    [signal_id] = await fired(database, matches(of, market))
    market.clock.now += minutes * 60_000
    await analyser(database, market, model).analyse(signal_id)
    one = await read(database, signal_id)
    assert one.status == status and len(model.asked) == (status == "rejected")
    assert status == "rejected" or "in time" in (one.reason or "")


async def test_a_strategy_says_when_its_signals_expire(database: Database, market: FakeMarket, new_user: UUID) -> None:
    of = await stored_strategy(database, new_user, expires=2)
    [signal_id] = await fired(database, matches(of, market))
    market.clock.now += 120_000
    await analyser(database, market, ScriptedModel(bad_setup)).analyse(signal_id)
    assert (await read(database, signal_id)).status == "expired"


async def test_a_spent_budget_is_waited_for_while_the_signal_lives(
    database: Database, database_dsn: str, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)
    resets = datetime.now(UTC) + timedelta(seconds=2)

    async def script(number: int) -> dict[str, Any]:
        if datetime.now(UTC) < resets:
            reached = CapReached("user", Decimal(1), Decimal(1), resets)
            raise ModelError("The spend cap is reached.", kind="budget", model="m", calls=0) from reached
        return BAD_SETUP

    model = ScriptedModel(script)
    [signal_id] = await fired(database, matches(of, market))
    async with running(database_dsn, analyser(database, market, model)):

        async def waits() -> bool:
            one = await read(database, signal_id)
            return one.status == "new" and one.reason == "The spend cap is reached."

        await until(waits)

        async def decided() -> bool:
            return (await read(database, signal_id)).status == "rejected"

        await until(decided)
    assert len(model.asked) == 2, "once before the cap begins anew, once after"


async def test_a_budget_that_begins_anew_too_late_expires_the_signal(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)

    async def script(number: int) -> dict[str, Any]:
        reached = CapReached("user", Decimal(1), Decimal(1), datetime.now(UTC) + timedelta(hours=2))
        raise ModelError("The spend cap is reached.", kind="budget", model="m", calls=0) from reached

    [signal_id] = await fired(database, matches(of, market))
    await analyser(database, market, ScriptedModel(script)).analyse(signal_id)
    one = await read(database, signal_id)
    assert one.status == "expired" and "The spend cap is reached." in (one.reason or "")


async def test_a_broken_line_is_tried_later(
    database: Database,
    database_dsn: str,
    market: FakeMarket,
    new_user: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.jobs, "_PAUSES", (0.0,))
    of = await stored_strategy(database, new_user)
    model = failing("connection", 2)
    work = analyser(database, market, model)
    [signal_id] = await fired(database, matches(of, market))
    with pytest.raises(Later, match="failure 1"):
        await work.analyse(signal_id)
    one = await read(database, signal_id)
    assert one.status == "new" and "failure 1" in (one.reason or "")
    async with running(database_dsn, work):

        async def decided() -> bool:
            return (await read(database, signal_id)).status == "rejected"

        await until(decided)
    assert len(model.asked) == 3 and (await read(database, signal_id)).reason == "Nothing of note."


async def test_a_vote_that_another_try_may_mend_is_no_error(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def undecided(*args: Any, **options: Any) -> Analysis:
        raise AnalysisFailed("1 of 3 answers want to enter.", retryable=True, model="scripted")

    monkeypatch.setattr(app.analysing, "decide", undecided)
    of = await stored_strategy(database, new_user, asks=3)
    [signal_id] = await fired(database, matches(of, market))
    with pytest.raises(Later, match="1 of 3 answers"):
        await analyser(database, market, ScriptedModel(bad_setup)).analyse(signal_id)
    one = await read(database, signal_id)
    assert one.status == "new" and "1 of 3 answers" in (one.reason or "")


@pytest.mark.parametrize(("times", "status"), [(2, "rejected"), (3, "error")])
async def test_a_bad_answer_is_asked_again_with_the_problem(
    database: Database, market: FakeMarket, new_user: UUID, times: int, status: str
) -> None:
    of = await stored_strategy(database, new_user)
    model = failing("bad_answer", times)
    [signal_id] = await fired(database, matches(of, market))
    await analyser(database, market, model).analyse(signal_id)
    one = await read(database, signal_id)
    assert one.status == status and len(model.asked) == 3
    assert "failure 2" in model.asked[2].messages[-1].content
    if status == "error":
        assert "failure 3" in (one.reason or "") and "3 times" in (one.reason or "")
        return
    async with database.worker() as conn:
        [analysis] = await analyses.of_signal(conn, signal_id)
    assert analysis.cost == Decimal("0.05"), "what the bad answers cost counts"


async def test_a_refused_key_is_not_tried_again(database: Database, market: FakeMarket, new_user: UUID) -> None:
    of = await stored_strategy(database, new_user)
    model = failing("authentication", 9)
    [signal_id] = await fired(database, matches(of, market))
    await analyser(database, market, model).analyse(signal_id)
    one = await read(database, signal_id)
    assert (one.status, one.reason, len(model.asked)) == ("error", "failure 1", 1)


async def test_a_signal_that_is_declined_meanwhile_stays_so(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)
    [signal_id] = await fired(database, matches(of, market))

    async def script(number: int) -> dict[str, Any]:
        async with database.user(new_user) as conn:
            await conn.execute("select public.decide_signal(%s, 'decline')", (signal_id,))
        return BAD_SETUP

    await analyser(database, market, ScriptedModel(script)).analyse(signal_id)
    assert (await read(database, signal_id)).status == "declined"
    async with database.worker() as conn:
        assert len(await analyses.of_signal(conn, signal_id)) == 1, "what was paid for is kept"


async def test_a_signal_that_waited_is_asked_about_with_what_was_said(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user, asks=2)

    async def script(number: int) -> dict[str, Any]:
        return {"decision": "wait", "confidence": 40, "reasoning": "The breakout has not been tested again."}

    model = ScriptedModel(script)
    work = analyser(database, market, model)
    [signal_id] = await fired(database, matches(of, market))
    await work.analyse(signal_id)
    assert (await read(database, signal_id)).status == "wait" and len(model.asked) == 2
    market.advance()
    await work.analyse(signal_id, 2)
    assert len(model.asked) == 4
    told = ["tested again" in "".join(m.content for m in request.messages) for request in model.asked]
    assert told == [False, False, True, True]
    async with database.worker() as conn:
        later, first = await analyses.of_signal(conn, signal_id)
    assert len(later.opinions) == len(first.opinions) == 2
    assert later.snapshot["candle_close"] == market.newest_close
    assert first.snapshot["candle_close"] == market.newest_close - 60_000


async def test_on_demand(database: Database, market: FakeMarket, new_user: UUID, other_user: UUID) -> None:
    of = await stored_strategy(database, new_user, auto=False)
    [signal_id] = await fired(database, matches(of, market))
    assert await rows(database, QUEUED) == []
    with pytest.raises(NotFound):
        async with database.user(other_user) as conn:
            await jobs.request_analysis(conn, signal_id)
    for _ in range(2):
        async with database.user(new_user) as conn:
            assert await jobs.request_analysis(conn, signal_id)
    assert len(await rows(database, QUEUED)) == 1
    await analyser(database, market, None).analyse(signal_id)
    async with database.worker() as conn:
        await conn.execute("update public.signals set status = 'rejected' where id = %s", (signal_id,))
    with pytest.raises(StateConflict):
        async with database.user(new_user) as conn:
            await jobs.request_analysis(conn, signal_id)
    with pytest.raises(NotAllowed):
        async with database.anonymous() as conn:
            await jobs.request_analysis(conn, signal_id)


@pytest.mark.parametrize(
    "query",
    [
        "select private.queue_job('analyse_signal', '{}', 'analysis')",
        "select private.queue_analysis(gen_random_uuid())",
        "select * from jobs.procrastinate_jobs",
        "select jobs.procrastinate_register_worker_v1()",
        "insert into jobs.procrastinate_jobs (queue_name, task_name) values ('analysis', 'analyse_signal')",
    ],
)
async def test_nobody_else_queues_or_reads_the_queue(database: Database, new_user: UUID, query: Any) -> None:
    for transaction in (database.user(new_user), database.anonymous()):
        with pytest.raises(NotAllowed):
            async with transaction as conn:
                await conn.execute(query)


async def test_a_failure_nobody_foresaw_is_stored(
    database: Database, database_dsn: str, market: FakeMarket, new_user: UUID
) -> None:
    of = await stored_strategy(database, new_user)

    async def script(number: int) -> dict[str, Any]:
        raise RuntimeError("a defect")

    [signal_id] = await fired(database, matches(of, market))
    async with running(database_dsn, analyser(database, market, ScriptedModel(script))) as queue:

        async def failed() -> bool:
            return [status for _, status, _ in await rows(database, QUEUED)] == ["failed"]

        await until(failed)
        async with database.worker() as conn:
            assert await jobs.give_up(conn) == 1
        await queue.forget(1)
        assert len(await rows(database, QUEUED)) == 1
        await queue.forget(0)
        assert await rows(database, QUEUED) == []
    one = await read(database, signal_id)
    assert one.status == "error" and "log" in (one.reason or "")
