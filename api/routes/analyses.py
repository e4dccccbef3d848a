"""Analyses by themselves: one, what it could cite, and what all together cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from api.auth import User
from api.deps import Parts
from api.described import problems
from api.schemas import (
    AnalysisOut,
    ConditionRow,
    ContextOut,
    CostRow,
    CostsOut,
    IndicatorOut,
    LevelOut,
    SnapshotOut,
)
from store import analyses, analysis_views
from store.analysis_views import Cost
from store.errors import NotFound
from store.records import Analysis

router = APIRouter(prefix="/analyses", tags=["analyses"])


def analysis_out(row: Analysis) -> AnalysisOut:
    """A stored analysis as the API shows it."""
    return AnalysisOut(
        id=str(row.id),
        kind=row.kind,
        decision=row.decision,
        confidence=row.confidence,
        reasoning=row.reasoning,
        trade_plan=row.trade_plan,
        key_levels=row.key_levels,
        grounding=row.grounding,
        refusals=tuple(str(reason) for reason in row.refusals),
        opinions=tuple(o for o in row.opinions if isinstance(o, dict)),
        model=row.model,
        prompt_version=row.prompt_version,
        latency_ms=row.latency_ms,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost=float(row.cost) if row.cost is not None else None,
        asked=row.asked,
        snapshot_hash=row.snapshot_hash,
        decided_at=row.decided_at,
        created_at=row.created_at,
    )


def snapshot_out(row: Analysis) -> SnapshotOut:
    """What an analysis could cite. Raises NotFound where none was stored with it."""
    kept: dict[str, Any] = row.snapshot
    if not kept:
        raise NotFound("nothing was stored of what this analysis could cite")
    return SnapshotOut(
        analysis_id=str(row.id),
        hash=row.snapshot_hash,
        symbol=kept["symbol"],
        interval=kept["interval"],
        direction=kept["direction"],
        candle_close=datetime.fromtimestamp(kept["candle_close"] / 1000, UTC),
        forming=kept.get("forming", False),
        price=kept["price"],
        atr=kept.get("atr"),
        trend=kept.get("trend", "unknown"),
        stop=kept.get("stop"),
        target=kept.get("target"),
        conditions=tuple(ConditionRow.model_validate(c) for c in kept.get("conditions", ())),
        supports=_levels(kept, "supports"),
        resistances=_levels(kept, "resistances"),
        reference=_levels(kept, "reference"),
        table=_table(kept),
        context=ContextOut.model_validate(kept["context"]) if kept.get("context") else None,
        candles=len(kept.get("candles", ())),
    )


def _levels(kept: dict[str, Any], name: str) -> tuple[LevelOut, ...]:
    return tuple(LevelOut.model_validate(level) for level in kept.get(name, ()))


def _table(kept: dict[str, Any]) -> tuple[IndicatorOut, ...]:
    """The indicator table; snapshots from before there was one hold values of the strategy's interval by name."""
    if "table" in kept:
        return tuple(IndicatorOut.model_validate(row) for row in kept["table"])
    named: dict[str, float] = kept.get("indicators", {})
    return tuple(IndicatorOut(interval=kept["interval"], name=name, value=value) for name, value in named.items())


@router.get("/costs")
async def costs(parts: Parts, user: User, since: datetime | None = None, strategy_id: UUID | None = None) -> CostsOut:
    """What the analyses cost that the caller may see, stored since a moment (real time); tokens, dollars, latency."""
    async with parts.database.user(user) as conn:
        rows = await analysis_views.sums(conn, since=since, strategy_id=strategy_id)
    found: dict[str, list[CostRow]] = {"all": [], "strategy": [], "model": [], "decision": []}
    for row in rows:
        found[row.common].append(_cost(row))
    return CostsOut(
        all=found["all"][0] if found["all"] else CostRow(name="all"),
        by_strategy=tuple(found["strategy"]),
        by_model=tuple(found["model"]),
        by_decision=tuple(found["decision"]),
    )


def _cost(row: Cost) -> CostRow:
    return CostRow(
        name=row.name,
        id=str(row.strategy_id) if row.strategy_id else None,
        analyses=row.analyses,
        failed=row.failed,
        asked=row.asked,
        unpriced=row.unpriced,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost=float(row.cost),
        latency_ms=row.latency_ms,
    )


@router.get("/{analysis_id}", responses=problems(404))
async def read(analysis_id: UUID, parts: Parts, user: User) -> AnalysisOut:
    """One analysis of a signal or a position."""
    async with parts.database.user(user) as conn:
        return analysis_out(await analyses.get(conn, analysis_id))


@router.get("/{analysis_id}/snapshot", responses=problems(404))
async def snapshot(analysis_id: UUID, parts: Parts, user: User) -> SnapshotOut:
    """What it could cite: conditions, indicators, levels, the market around. It never changes."""
    async with parts.database.user(user) as conn:
        return snapshot_out(await analyses.get(conn, analysis_id))
