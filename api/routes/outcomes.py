"""Outcomes: what became of a signal, and what the decisions on all of them were worth."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.auth import User
from api.deps import Parts
from api.described import problems
from api.schemas.outcomes import OutcomeOut, OutcomeSummary, OutcomeTrade, SignalOutcome
from app.outcome_views import summarise
from store import outcomes, signals
from store.outcomes import Outcome, SignalTrade

router = APIRouter(tags=["outcomes"])


def outcome_out(row: Outcome) -> OutcomeOut:
    """A stored outcome as the API shows it."""
    fields = row.model_dump(include=set(OutcomeOut.model_fields))
    return OutcomeOut.model_validate(fields)


def trade_out(row: SignalTrade) -> OutcomeTrade:
    """A position on a signal, measured in what it risked at first."""
    closed = row.state == "closed" and row.risked
    return OutcomeTrade(
        position_id=str(row.id),
        mode=row.mode,
        state=row.state,
        realised_profit=float(row.realised_profit),
        result_r=float(row.realised_profit / row.risked) if closed and row.risked else None,
        closed_at=row.closed_at,
    )


@router.get("/outcomes")
async def summary(
    parts: Parts,
    user: User,
    strategy_id: UUID | None = None,
    since: AwareDatetime | None = None,
    limit: int = Query(5_000, ge=1, le=20_000),
) -> OutcomeSummary:
    """Calibration and lift over the newest `limit` signals that are followed, of own and public built-in strategies;
    `since` is the first candle's close."""
    async with parts.database.user(user) as conn:
        rows = await outcomes.followed(conn, strategy_id=strategy_id, since=since, limit=limit + 1)
    found = await asyncio.to_thread(summarise, rows[:limit], limited=len(rows) > limit)
    return OutcomeSummary.model_validate(asdict(found))


@router.get("/signals/{signal_id}/outcome", responses=problems(404))
async def of_signal(signal_id: UUID, parts: Parts, user: User) -> SignalOutcome:
    """What became of one signal's plans, and of the reader's own positions on it."""
    async with parts.database.user(user) as conn:
        await signals.get(conn, signal_id)
        found = {row.plan: outcome_out(row) for row in await outcomes.of_signal(conn, signal_id)}
        trades = await outcomes.trades_of(conn, signal_id)
    return SignalOutcome(
        signal_id=str(signal_id),
        model=found.get("model"),
        bare=found.get("bare"),
        trades=tuple(trade_out(row) for row in trades),
    )
