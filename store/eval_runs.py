"""Evaluations of a translator: runs and their cases, written once a run has ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import Field

from store.records import Json, Record
from store.rows import fetch_all, insert_into, parameters
from store.session import Connection


class EvalRunRow(Record):
    """A run; `scores` are its own figures by name."""

    id: UUID
    kind: str
    model: str
    dataset: str
    dataset_hash: str
    market: str
    asked: int
    started_at: datetime
    finished_at: datetime | None = None
    stopped: str | None = None
    scores: Json = Field(default_factory=dict)


class EvalCaseRow(Record):
    """One case of a run; `output` is None for a frozen one."""

    case_id: str
    case_group: str
    frozen: bool
    score: float
    measures: Json = Field(default_factory=dict)
    output: Json | None = None
    error: str | None = None
    spent: Json = Field(default_factory=dict)


async def insert(conn: Connection, run: EvalRunRow, cases: Sequence[EvalCaseRow]) -> None:
    """Store a run with its cases; one that is stored already stays as it is."""
    async with conn.cursor() as cursor:
        await cursor.execute(insert_into("eval_runs", dict(run), "on conflict (id) do nothing"), parameters(dict(run)))
        if not cursor.rowcount or not cases:
            return
        rows = [{"run_id": run.id, **parameters(dict(case))} for case in cases]
        await cursor.executemany(insert_into("eval_cases", rows[0]), rows)


async def list_recent(conn: Connection, *, kind: str | None = None, limit: int = 50) -> list[EvalRunRow]:
    """Runs that the reader may see, newest first."""
    return await fetch_all(
        conn,
        EvalRunRow,
        "select id, kind, model, dataset, dataset_hash, market, asked, started_at, finished_at, stopped, scores"
        " from public.eval_runs where (%(kind)s::text is null or kind = %(kind)s)"
        " order by started_at desc, id limit %(limit)s",
        {"kind": kind, "limit": limit},
    )


async def cases_of(conn: Connection, run_id: UUID) -> list[EvalCaseRow]:
    """The cases of a run, by id."""
    return await fetch_all(
        conn,
        EvalCaseRow,
        "select case_id, case_group, frozen, score, measures, output, error, spent from public.eval_cases"
        " where run_id = %(run_id)s order by case_id",
        {"run_id": run_id},
    )
