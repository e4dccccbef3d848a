"""Evaluations in the database: written by background work, read by administrators, a frozen case without output."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from app import eval_records
from app.settings import Settings
from llm.evals.results import CaseResult, EvalRun, RunInfo, Spent
from store import eval_runs, profiles
from store.errors import InvalidRow, NotAllowed
from store.eval_runs import EvalCaseRow, EvalRunRow
from store.session import Database


def a_run(kind: str, *results: CaseResult) -> EvalRun:
    info = RunInfo(
        id=str(uuid4()), kind=kind, model="m", dataset="own", dataset_hash="abc", market="made-up", asked=2,
        started_at=datetime.now(UTC),
    )  # fmt: skip
    return EvalRun(info=info, results=results, finished_at=datetime.now(UTC), stopped=None)


CASES = (
    CaseResult(id="a", group="plain", frozen=False, score=1.0, measures={"f1": 1.0}, output={"code": "match = True"}),
    CaseResult(id="b", group="plain", frozen=True, score=0.25, error="it broke", spent=Spent(calls=2, cost=0.5)),
)


async def test_a_run_comes_back_as_it_went_and_once(database_dsn: str, tmp_path: Path) -> None:
    settings = Settings(DATABASE_URL=database_dsn, data_dir=tmp_path, _env_file=None)
    run = a_run(f"k{uuid4().hex[:8]}", *CASES)
    assert await eval_records.keep(settings, run) is None
    assert await eval_records.keep(settings, run) is None
    assert await eval_records.read(settings, run.info.kind) == [run]


async def test_no_database_keeps_nothing_and_a_dead_one_is_told(tmp_path: Path) -> None:
    nowhere = Settings(data_dir=tmp_path, _env_file=None)
    assert await eval_records.keep(nowhere, a_run("k")) is None and await eval_records.read(nowhere) == []
    dead = nowhere.model_copy(update={"database_url": f"postgresql://x@/x?host={tmp_path}"})
    told = await eval_records.keep(dead, a_run("k"))
    assert told is not None and "not in the database" in told and await eval_records.read(dead) == []


async def test_only_administrators_read_and_nobody_else_writes(database: Database, new_user: UUID) -> None:
    kind = f"k{uuid4().hex[:8]}"
    run = EvalRunRow(
        id=uuid4(), kind=kind, model="m", dataset="d", dataset_hash="h", market="x", asked=1,
        started_at=datetime.now(UTC),
    )  # fmt: skip
    async with database.worker() as conn:
        await eval_runs.insert(conn, run, [EvalCaseRow(case_id="a", case_group="plain", frozen=False, score=1.0)])
        local = await profiles.ensure_local_user(conn)
    async with database.user(local) as conn:
        assert await eval_runs.list_recent(conn, kind=kind) == [run]
        assert [case.case_id for case in await eval_runs.cases_of(conn, run.id)] == ["a"]
    async with database.user(new_user) as conn:
        assert await eval_runs.list_recent(conn, kind=kind) == [] and await eval_runs.cases_of(conn, run.id) == []
    for session in (database.user(local), database.anonymous()):
        with pytest.raises(NotAllowed):
            async with session as conn:
                await eval_runs.insert(conn, run.model_copy(update={"id": uuid4()}), [])
    with pytest.raises(NotAllowed):
        async with database.worker() as conn:
            await conn.execute("update public.eval_runs set model = 'other'")


async def test_a_frozen_case_keeps_no_output(database: Database) -> None:
    run = EvalRunRow(
        id=uuid4(), kind="k", model="m", dataset="d", dataset_hash="h", market="x", asked=1,
        started_at=datetime.now(UTC),
    )  # fmt: skip
    shown = EvalCaseRow(case_id="a", case_group="plain", frozen=True, score=1.0, output={"code": "x"})
    with pytest.raises(InvalidRow):
        async with database.worker() as conn:
            await eval_runs.insert(conn, run, [shown])


async def test_a_deleted_run_takes_its_cases(database: Database, admin_dsn: str) -> None:
    run = EvalRunRow(
        id=uuid4(), kind="k", model="m", dataset="d", dataset_hash="h", market="x", asked=1,
        started_at=datetime.now(UTC),
    )  # fmt: skip
    async with database.worker() as conn:
        await eval_runs.insert(conn, run, [EvalCaseRow(case_id="a", case_group="plain", frozen=False, score=1.0)])
        await conn.execute("delete from public.eval_runs where id = %s", (run.id,))
    with psycopg.connect(admin_dsn) as owner:
        assert owner.execute("select count(*) from public.eval_cases where run_id = %s", (run.id,)).fetchone() == (0,)
