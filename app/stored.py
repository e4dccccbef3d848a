"""Analyses as rows: what is kept of an answer, of one that came to nothing, and of the strategy it was asked for."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from analysis import Analysis, AnalysisFailed, Snapshot, StrategyBrief
from store.records import NewAnalysis, NewFailure, Strategy


def brief_of(strategy: Strategy) -> StrategyBrief:
    """What a model is told of a strategy."""
    return StrategyBrief(
        strategy.name,
        strategy.description,
        tuple(str(c) for c in strategy.conditions),
        strategy.instructions,
        strategy.risk,
    )


def priced(cost: float | None) -> Decimal | None:
    """US dollars as they are stored; None where no price is known."""
    return None if cost is None else Decimal(str(cost))


def analysis_row(
    signal_id: UUID, snapshot: Snapshot, result: Analysis, key: str, trace_id: str | None, decided_at: datetime
) -> NewAnalysis:
    """An analysis of a signal to store. `key` is what was asked, `decided_at` market time."""
    return NewAnalysis(
        decision=result.decision,
        confidence=result.confidence,
        model=result.model,
        signal_id=signal_id,
        reasoning=result.reasoning,
        trade_plan=result.trade_plan.model_dump(mode="json"),
        key_levels=result.key_levels.model_dump(mode="json"),
        indicators=dict(snapshot.indicators),
        grounding=result.grounding.model_dump(mode="json"),
        refusals=list(result.grounding.reasons),
        snapshot=snapshot.model_dump(mode="json"),
        snapshot_hash=snapshot.digest,
        raw_answer=json.dumps(result.raw),
        prompt_version=result.prompt_version,
        latency_ms=result.latency_ms,
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        cost=priced(result.cost),
        asked=result.asked,
        trace_id=trace_id,
        request_key=key,
        opinions=list(result.opinions),
        decided_at=decided_at,
    )


def taken_row(analysis: NewAnalysis) -> NewFailure:
    """What an analysis cost whose signal was given to another worker before it was done."""
    assert analysis.signal_id is not None, "it is of a signal"
    return NewFailure(
        signal_id=analysis.signal_id,
        model=analysis.model,
        reason="Another worker had taken the signal up.",
        latency_ms=analysis.latency_ms,
        input_tokens=analysis.input_tokens,
        output_tokens=analysis.output_tokens,
        cost=analysis.cost,
    )


def failure_row(signal_id: UUID, failure: AnalysisFailed) -> NewFailure | None:
    """What answers cost that came to no decision, to store; None where nobody answered for money."""
    if not failure.input_tokens and not failure.output_tokens and failure.cost == 0:
        return None
    return NewFailure(
        signal_id=signal_id,
        model=failure.model,
        reason=failure.reason,
        input_tokens=failure.input_tokens,
        output_tokens=failure.output_tokens,
        cost=priced(failure.cost),
    )
