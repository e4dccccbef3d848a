"""Evaluations of the translator: what is asked and scored, kept in the data folder and, where one runs, the database.

1. `Plan` gathers model, cases and market, so that whatever is wrong with them is told before anything is asked.
2. `run` evaluates and keeps each case as it is scored; what an earlier, unfinished run has is not asked again.
3. `runs` reads what is kept, newest first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from app import eval_records
from app.bootstrap import evaluation_sinks, tracer, writing_model
from app.grounds import MadeUpGround, RecordedGround
from app.settings import Settings
from llm.evals import report
from llm.evals.compare import Comparison, compare, earlier
from llm.evals.dataset import Case, Style, load
from llm.evals.files import RunFile, stored
from llm.evals.results import CaseResult, EvalRun, RunInfo
from llm.evals.run import evaluate
from llm.evals.score import Scorer
from llm.evals.translation import KIND, TranslationTask, dataset_hash
from llm.models import OFFLINE_MODEL, LanguageModel
from llm.tracing import Span

DEFAULT_CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run is asked for; `limit` takes that many cases, spread over the file."""

    model: str | None = None
    dataset: Path | None = None
    styles: tuple[Style, ...] = ()
    limit: int | None = None
    market: Path | None = None
    concurrency: int = DEFAULT_CONCURRENCY
    resume: bool = False
    cached: bool = False


class Plan:
    """A run that can begin.

    Raises DatasetError for a dataset that cannot be used, HistoryError for a folder without candles, ValueError where
    no case is left.
    """

    def __init__(self, settings: Settings, choice: Choice) -> None:
        self.settings = settings
        self.choice = choice
        everything = load(choice.dataset)
        self.model: LanguageModel = writing_model(settings, choice.model)
        self.recorded = RecordedGround(choice.market) if choice.market is not None else None
        ground = MadeUpGround()
        self.cases = _spread([c for c in everything if not choice.styles or c.style in choice.styles], choice.limit)
        if not self.cases:
            raise ValueError("no case is left; leave out --style or take another dataset")
        scorer = Scorer(self.cases, ground.symbols, ground, self.recorded)
        self.task = TranslationTask(self.model, scorer, ground.symbols, _action, cached=choice.cached)
        self.info = RunInfo(
            id=str(uuid4()),
            kind=KIND,
            model=self.model.name,
            dataset=choice.dataset.name if choice.dataset is not None else "sentences",
            dataset_hash=dataset_hash(everything),
            market=scorer.market,
            asked=len(self.cases),
            started_at=datetime.now(UTC),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run, the earlier one beside it, where it is kept, and what is worth saying."""

    run: EvalRun
    since: Comparison | None
    path: Path
    notes: tuple[str, ...]


def folder(settings: Settings) -> Path:
    """Where runs are kept."""
    return settings.data_dir / "evaluations"


async def run(
    plan: Plan,
    *,
    progress: Callable[[int, int], None] | None = None,
    stop: asyncio.Event | None = None,
) -> Outcome:
    """Evaluate, keep and compare. Raises OSError where nothing can be written."""
    before = await runs(plan.settings, KIND)
    kept = _kept(plan, before) if plan.choice.resume else []
    with RunFile(folder(plan.settings), plan.info) as file:
        for result in kept:
            file.add(result)
        ended = await evaluate(
            plan.task,
            plan.cases,
            plan.info,
            # The offline translator computes: two at a time would only wait for each other.
            concurrency=1 if plan.info.model == OFFLINE_MODEL else plan.choice.concurrency,
            kept=kept,
            keep=file.add,
            sinks=evaluation_sinks(),
            totals=report.totals,
            progress=progress,
            stop=stop,
        )
        file.end(ended)
    notes = [*(plan.recorded.notes if plan.recorded else ())]
    if kept:
        notes.append(f"{len(kept)} cases were taken from the run before")
    if (trouble := await eval_records.keep(plan.settings, ended)) is not None:
        notes.append(trouble)
    last = earlier(ended, before)
    return Outcome(ended, compare(ended, last) if last is not None else None, file.path, tuple(notes))


async def runs(settings: Settings, kind: str | None = None) -> list[EvalRun]:
    """The runs that are kept in the data folder or, where one answers, in the database, newest first."""
    kept = {run.info.id: run for run in (*await eval_records.read(settings, kind), *stored(folder(settings), kind))}
    return sorted(kept.values(), key=lambda run: run.info.started_at, reverse=True)


def _kept(plan: Plan, before: Sequence[EvalRun]) -> list[CaseResult]:
    """What the newest run of the same model, dataset and market has, where it did not finish."""
    ids = {case.id for case in plan.cases}
    for other in before:
        same = (other.info.model, other.info.dataset_hash, other.info.market)
        if same == (plan.info.model, plan.info.dataset_hash, plan.info.market):
            found = [r for r in other.results if r.error is None and r.id in ids]
            return [] if other.complete and len(found) == len(other.results) else found
    return []


def _spread(cases: Sequence[Case], limit: int | None) -> list[Case]:
    if limit is None or limit >= len(cases):
        return list(cases)
    return [cases[i * len(cases) // limit] for i in range(limit)]


def _action(sentence: str) -> AbstractContextManager[Span]:
    return tracer().action("eval.generate", input=sentence)
