"""What a screening run leaves in the database beside signals: its outcome, and a record of each strategy."""

from __future__ import annotations

from uuid import UUID

from app.engines import Screened
from app.times import at
from market.types import Coverage
from screener.engine.panel import Panel
from screener.intervals import interval_ms
from store.records import NewStrategyRun, RunOutcome


def run_outcome(result: Screened, coverage: Coverage | None, panel: Panel, prepare_ms: float) -> RunOutcome:
    """The outcome of one interval's run; without `coverage` (a run made up for later) it names no symbols.

    A symbol that has its newest minute and lacks another one of the interval's candle was not screened: it is stale.
    """
    timings = {
        "step_ms": round(result.step_ms, 3),
        "explain_ms": round(result.explain_ms, 3),
        "prepare_ms": round(prepare_ms, 3),
    }
    if coverage is None:
        return RunOutcome(
            symbols_fresh=0, strategies=len(result.strategies), matches=len(result.matches), timings=timings
        )
    has = panel.has(result.interval, result.close_time - interval_ms(result.interval))
    fresh = [name for name in coverage.fresh if has[panel.index(name)]]
    held = set(fresh)
    stale = [*coverage.stale, *(name for name in coverage.fresh if name not in held)]
    return RunOutcome(
        symbols_fresh=len(fresh),
        symbols_stale=len(stale),
        symbols_missing=len(coverage.missing),
        absent={"late": [], "stale": stale, "missing": list(coverage.missing)},
        seconds_after_close=coverage.seconds_after_close,
        slowest_seconds=coverage.seconds_after_close,
        strategies=len(result.strategies),
        matches=len(result.matches),
        timings=timings,
    )


def strategy_runs(result: Screened, run_id: UUID, checked: int) -> list[NewStrategyRun]:
    """Records of the strategies that matched or failed on a candle; `checked` symbols were looked at."""
    found = [
        NewStrategyRun(
            strategy_id=UUID(s.strategy_id),
            candle_close=at(result.close_time),
            screen_run_id=run_id,
            symbols_checked=checked,
            matched=result.matched[s.key],
            duration_ms=result.step_ms / len(result.strategies),
        )
        for s in result.strategies
        if s.key not in result.failures and result.matched.get(s.key)
    ]
    found += [
        NewStrategyRun(
            strategy_id=UUID(s.strategy_id),
            candle_close=at(result.close_time),
            screen_run_id=run_id,
            status="failed",
            error={"kind": "evaluate", "message": result.failures[s.key]},
        )
        for s in result.strategies
        if s.key in result.failures
    ]
    return found
