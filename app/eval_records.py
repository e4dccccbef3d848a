"""Evaluations in the database, for whoever looks from another machine; the files of the data folder lead."""

from __future__ import annotations

from uuid import UUID

from app.settings import Settings
from llm.evals.report import totals
from llm.evals.results import CaseResult, EvalRun, RunInfo, Spent
from store import eval_runs
from store.embedded import running_dsn
from store.errors import EmbeddedPostgresError, StoreError
from store.eval_runs import EvalCaseRow, EvalRunRow
from store.session import Database

PATIENCE_S = 3.0
RUNS_READ = 50


def address(settings: Settings) -> str | None:
    """The database of the settings, else the embedded one where it runs, else None."""
    if settings.database_url:
        return settings.database_url
    try:
        return running_dsn(settings.data_dir / "postgres")
    except EmbeddedPostgresError:
        return None


async def keep(settings: Settings, run: EvalRun) -> str | None:
    """Store a run where a database runs; what kept it from being stored, None where nothing did."""
    dsn = address(settings)
    if dsn is None:
        return None
    try:
        async with _open(dsn) as database, database.worker() as conn:
            await eval_runs.insert(conn, _row(run), [_case(r) for r in run.results])
    except StoreError as error:
        return f"the run is not in the database: {error}"
    return None


async def read(settings: Settings, kind: str | None = None) -> list[EvalRun]:
    """The newest runs of the database; none where no database answers."""
    dsn = address(settings)
    if dsn is None:
        return []
    try:
        async with _open(dsn) as database, database.worker() as conn:
            rows = await eval_runs.list_recent(conn, kind=kind, limit=RUNS_READ)
            return [_run(row, await eval_runs.cases_of(conn, row.id)) for row in rows]
    except StoreError:
        return []


def _open(dsn: str) -> Database:
    return Database(dsn, max_size=1, timeout=PATIENCE_S, application_name="screener-eval")


def _row(run: EvalRun) -> EvalRunRow:
    fields = run.info.model_dump(exclude={"id"})
    return EvalRunRow(
        id=UUID(run.info.id), finished_at=run.finished_at, stopped=run.stopped, scores=totals(run), **fields
    )


def _case(result: CaseResult) -> EvalCaseRow:
    fields = result.model_dump(exclude={"id", "group", "spent"})
    return EvalCaseRow(case_id=result.id, case_group=result.group, spent=result.spent.model_dump(), **fields)


def _run(row: EvalRunRow, cases: list[EvalCaseRow]) -> EvalRun:
    info = RunInfo(id=str(row.id), **row.model_dump(exclude={"id", "finished_at", "stopped", "scores"}))
    results = tuple(
        CaseResult(
            id=case.case_id,
            group=case.case_group,
            spent=Spent.model_validate(case.spent),
            **case.model_dump(exclude={"case_id", "case_group", "spent"}),
        )
        for case in cases
    )
    return EvalRun(info=info, results=results, finished_at=row.finished_at, stopped=row.stopped)
