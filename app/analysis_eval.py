"""Evaluations of the analysis: past signals decided on with what was known then, and followed to their end.

1. `Plan` finds the cases, so that whatever is wrong with strategies, candles or the model is told before it is asked.
2. `DecisionTask` asks and checks as the worker does (analysis.decide), then follows the decision's plan and the bare
   filter's (`Ground.follow`); a case's score is whether entering, or not, was right.
3. `Figures` is what a run came to: mean R, lift with its interval, calibration, and why entries were refused.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal
from uuid import uuid4

import numpy as np

from analysis import Analysis, AnalysisFailed, GroundingLimits, Snapshot, StrategyBrief, decide, levels, offline
from analysis.following import Start
from analysis.outcomes import Outcome
from analysis.track_record import Calibration, Followed, Lift, calibration, lift
from analysis.training import warning
from app import eval_records
from app.analysis_cases import Ground, PastSignal, PastStrategy, find
from app.bootstrap import analysing_model, evaluation_sinks, tracer
from app.builtins import built_in_strategies
from app.evaluation import folder, runs
from app.settings import Settings
from llm.evals import report
from llm.evals.compare import Comparison, compare, earlier
from llm.evals.files import RunFile
from llm.evals.results import CaseResult, EvalRun, RunInfo, Spent
from llm.evals.run import Unanswered, evaluate
from llm.evals.sink import SinkCase
from llm.models import LanguageModel, ModelError
from screener import compile_filter

KIND: Final = "analysis"
DEFAULT_LIMIT: Final = 200
UNKNOWN_MS: Final = 10_000 * 86_400_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run is asked for: strategies by code (none: all built-in ones), or a filter of its own; `interval` is used
    in the place of theirs, `limit` bounds the number of signals."""

    model: str | None = None
    data: Path | None = None
    strategies: tuple[str, ...] = ()
    filter_code: str | None = None
    direction: Literal["long", "short"] = "long"
    interval: str | None = None
    limit: int = DEFAULT_LIMIT
    concurrency: int = 4


class Plan:
    """A run that can begin. Raises HistoryError for a folder without candles, FilterError, SettingsError for a wrong
    model, ValueError where no signal is found."""

    def __init__(self, settings: Settings, choice: Choice) -> None:
        self.settings, self.choice = settings, choice
        self.notes: list[str] = []
        self.model = analysing_model(settings, name=choice.model)
        self.ground = Ground(choice.data)
        chosen = _strategies(choice)
        self.cases = find(self.ground, chosen, choice.limit, self.notes)
        if not self.cases:
            raise ValueError("; ".join(["no signal is found on these candles", *self.notes]))
        name = self.model.name if self.model is not None else offline.NAME
        first, last = self.cases[0].close, self.cases[-1].close
        if choice.data is not None and self.model is not None and (told := warning(name, first, last)) is not None:
            self.notes.append(told)
        if choice.data is None:
            self.notes.append(
                "the market is made up: on it no decision is better than chance; give --data for real candles"
            )
        self.task = DecisionTask(self.model, self.ground, float(settings.fee_bps))
        self.info = RunInfo(
            id=str(uuid4()),
            kind=KIND,
            model=name,
            dataset=choice.data.resolve().name if choice.data is not None else "made-up market",
            dataset_hash=_hash(self.cases),
            market=self.ground.name,
            asked=len(self.cases),
            started_at=datetime.now(UTC),
        )


def _strategies(choice: Choice) -> list[PastStrategy]:
    if choice.filter_code is not None:
        base = choice.interval or "15m"
        program = compile_filter(choice.filter_code, base)
        return [PastStrategy("filter", "A filter", "", "", choice.direction, program)]
    known = {entry.code: entry for entry in built_in_strategies()}
    if unknown := [code for code in choice.strategies if code not in known]:
        raise ValueError(f"there is no strategy {unknown[0]}; there are {', '.join(known)}")
    return [
        PastStrategy(
            entry.code,
            entry.name,
            entry.description,
            entry.instructions,
            entry.direction,
            compile_filter(entry.filter_code, choice.interval or entry.interval),
        )
        for code, entry in known.items()
        if not choice.strategies or code in choice.strategies
    ]


def _hash(cases: Sequence[PastSignal]) -> str:
    digest = hashlib.sha256()
    for case in cases:
        digest.update(f"{case.id} {case.strategy.program.hash} {case.strategy.direction}\n".encode())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Decided:
    """A checked decision, the snapshot it was made on, and what it took."""

    analysis: Analysis
    snapshot: Snapshot
    spent: Spent


class DecisionTask:
    """How a past signal is decided on and scored."""

    def __init__(self, model: LanguageModel | None, ground: Ground, fee_bps: float) -> None:
        self._model = model
        self._ground = ground
        self._fee = fee_bps

    async def answer(self, case: PastSignal) -> Decided | CaseResult:
        """The decision on one signal, or why what was answered is none. Raises Unanswered where the model fails."""
        strategy = case.strategy
        snapshot = await asyncio.to_thread(self._ground.snapshot, case)
        conditions = tuple(c.text for c in strategy.program.conditions)
        brief = StrategyBrief(
            strategy.name, strategy.description, conditions, strategy.instructions, strategy.risk.model_dump()
        )
        with tracer().action("eval.analysis", input=self.shown(case).input) as span:
            try:
                found = await decide(self._model, snapshot, brief, limits=GroundingLimits(fee_bps=self._fee))
            except AnalysisFailed as failure:
                span.update(output=failure.reason)
                cause = failure.__cause__
                spent = Spent(attempts=1, calls=1, trace_id=span.trace_id)
                if isinstance(cause, ModelError):
                    tokens = {"input_tokens": cause.input_tokens, "output_tokens": cause.output_tokens}
                    spent = spent.model_copy(update={**tokens, "calls": cause.calls, "cost": cause.cost})
                if isinstance(cause, ModelError) and cause.kind == "bad_answer":
                    return self.failed(case, failure.reason, spent)
                raise Unanswered(failure.reason, spent) from failure
            span.update(output={"decision": found.decision, "confidence": found.confidence})
        spent = Spent(
            attempts=1,
            calls=int(self._model is not None),
            input_tokens=found.input_tokens,
            output_tokens=found.output_tokens,
            cost=found.cost,
            latency_ms=found.latency_ms,
            trace_id=span.trace_id,
        )
        return Decided(found, snapshot, spent)

    def score(self, case: PastSignal, answer: Decided | CaseResult) -> CaseResult:
        """Follow the plans; the score is 1 where entering won, or not entering spared a loss of the bare filter's."""
        if isinstance(answer, CaseResult):
            return answer
        found = answer.analysis
        ended = self._ground.follow(case, _starts(case, answer), self._fee)
        model, bare = (_entered(ended.get(plan)) for plan in ("model", "bare"))
        entered = found.decision == "enter_trade"
        proposed = found.grounding.proposed == "enter_trade"
        measures = {
            "entered": float(entered),
            "grounded": float(found.grounding.passed),
        }
        if proposed:
            measures["refused"] = float(not entered)
        if entered and model is not None:
            measures["won"] = float(model.result_r > 0)
        if bare is not None:
            measures["bare won"] = float(bare.result_r > 0)
        right = (model is not None and model.result_r > 0) if entered else (bare is not None and bare.result_r <= 0)
        failed = [check.name for check in found.grounding.checks if check.status == "failed"]
        return CaseResult(
            id=case.id,
            group=case.strategy.code,
            frozen=False,
            score=float(right),
            measures=measures,
            output={
                "close": case.close,
                "until": case.until,
                "decision": found.decision,
                "proposed": found.grounding.proposed,
                "confidence": found.confidence,
                "failed": failed,
                "reasons": list(found.grounding.reasons),
                "prompt_version": found.prompt_version,
                "snapshot_hash": found.snapshot_digest,
                "model": _outcome(ended.get("model")),
                "bare": _outcome(ended.get("bare")),
            },
            spent=answer.spent,
        )

    def failed(self, case: PastSignal, error: str, spent: Spent) -> CaseResult:
        """A signal without a decision counts as wrong."""
        return CaseResult(
            id=case.id, group=case.strategy.code, frozen=False, score=0.0, measures={}, error=error[:300], spent=spent
        )

    def shown(self, case: PastSignal) -> SinkCase:
        """The signal; what a decision should be is only known afterwards."""
        base = case.strategy.program.base
        metadata = {"strategy": case.strategy.code, "symbol": case.symbol, "interval": base, "close": case.close}
        moment = datetime.fromtimestamp(case.close / 1000, UTC)
        text = f"{case.strategy.name}: {case.symbol} {base} {case.strategy.direction} at {moment:%Y-%m-%d %H:%M}"
        return SinkCase(case.id, text, None, metadata)


def _starts(case: PastSignal, answer: Decided) -> list[Start]:
    """The decision's plan, and the bare filter's with the strategy's multiples of ATR."""
    strategy, snapshot, given = case.strategy, answer.snapshot, answer.analysis.key_levels
    start = partial(Start, symbol=case.symbol, side=strategy.direction, since=case.close, until=case.until)
    found = []
    targets = [price for price in given.take_profit if price is not None]
    if given.stop_loss is not None and targets:
        entry = snapshot.price if given.entry is None else given.entry
        found.append(start("model", entry=entry, stop=given.stop_loss, target=targets[0]))
    columns = np.array([(c.high, c.low, c.close) for c in snapshot.candles]).T
    atr = levels.atr(*columns)
    if atr:
        sign = 1 if strategy.direction == "long" else -1
        stop, target = (snapshot.price + sign * k * atr for k in (-strategy.risk.stop_atr, strategy.risk.target_atr))
        found.append(start("bare", entry=snapshot.price, stop=stop, target=target))
    return found


def _entered(found: Outcome | None) -> Outcome | None:
    """None where the price had left the plan before it could be entered."""
    return None if found is None or found.state == "invalid" else found


def _outcome(found: Outcome | None) -> dict[str, Any] | None:
    if found is None:
        return None
    numbers = {"r": found.result_r, "mfe_r": found.mfe_r, "mae_r": found.mae_r}
    return {"state": found.state, **{name: round(value, 4) for name, value in numbers.items()}}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to. `refusals` counts refused entries by the check that failed."""

    decided: int
    entered: int
    grounded: float | None
    lift: Lift
    calibration: Calibration
    refusals: dict[str, int]


def figures(results: Sequence[CaseResult]) -> Figures:
    """The figures of a run, from what each case keeps."""
    outputs = [r.output for r in results if r.output is not None]
    rows = [
        Followed(
            o["close"],
            # Runs of a time when it was not kept: no interval is better than one that is too narrow.
            o.get("until", o["close"] + UNKNOWN_MS),
            o["confidence"],
            "entered" if o["decision"] == "enter_trade" else "refused",
            _r(o["model"]),
            _r(o["bare"]),
        )
        for o in outputs
    ]
    refused = [o for o in outputs if o["proposed"] == "enter_trade" and o["decision"] != "enter_trade"]
    passed = [r.measures["grounded"] for r in results if "grounded" in r.measures]
    return Figures(
        decided=len(outputs),
        entered=sum(row.decision == "entered" for row in rows),
        grounded=_mean(passed),
        lift=lift(rows),
        calibration=calibration(rows),
        refusals=dict(Counter(name for o in refused for name in dict.fromkeys(o["failed"])).most_common()),
    )


def totals(run: EvalRun) -> dict[str, float]:
    """A run's own figures by name, for where runs are told."""
    found = figures(run.results)
    named = {
        "mean_r": found.lift.entered.value if found.lift.entered else None,
        "bare_r": found.lift.bare.value if found.lift.bare else None,
        "lift": found.lift.difference.value if found.lift.difference else None,
        "lift_low": found.lift.difference.low if found.lift.difference else None,
        "lift_high": found.lift.difference.high if found.lift.difference else None,
        "calibration_error": found.calibration.error,
        "brier": found.calibration.brier,
    }
    return {**report.totals(run), **{name: value for name, value in named.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Ended:
    """A run, the earlier one beside it, where it is kept, and what is worth saying."""

    run: EvalRun
    since: Comparison | None
    path: Path
    notes: tuple[str, ...]


async def run(
    plan: Plan, *, progress: Callable[[int, int], None] | None = None, stop: asyncio.Event | None = None
) -> Ended:
    """Decide, follow, keep and compare. Raises OSError where nothing can be written."""
    before = await runs(plan.settings, KIND)
    with RunFile(folder(plan.settings), plan.info) as file:
        ended = await evaluate(
            plan.task,
            plan.cases,
            plan.info,
            concurrency=1 if plan.model is None else plan.choice.concurrency,
            keep=file.add,
            sinks=evaluation_sinks(),
            totals=totals,
            progress=progress,
            stop=stop,
        )
        file.end(ended)
    notes = list(plan.notes)
    if (trouble := await eval_records.keep(plan.settings, ended)) is not None:
        notes.append(trouble)
    last = earlier(ended, before)
    return Ended(ended, compare(ended, last) if last is not None else None, file.path, tuple(notes))


def _r(outcome: dict[str, Any] | None) -> float | None:
    return None if outcome is None or outcome["state"] == "invalid" else float(outcome["r"])


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
