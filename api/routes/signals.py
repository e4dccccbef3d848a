"""Signals: the list, one in detail with what approving would do, and the answers to it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from api.auth import User
from api.deps import Parts
from api.described import problems
from api.routes.analyses import analysis_out
from api.routes.market import marks
from api.routes.trading import position_out
from api.schemas import (
    AnalysisOut,
    ApprovalPreview,
    CandleOut,
    ConditionRow,
    PositionOut,
    SignalCount,
    SignalDetail,
    SignalOut,
    SignalPage,
    WatchOut,
)
from api.schemas.base import Input
from app.account import EntryPlan, read_account
from app.bootstrap import Services
from app.entries import entry_levels, plan_approved, unfit
from app.market_client import MarketRefused, MarketUnavailable
from app.trading import Refused
from broker.rules import SymbolRules
from broker.types import Quote, Refusal
from market.types import SymbolInfo
from store import analyses, analysis_views, jobs, positions, signals, strategies
from store.errors import StateConflict
from store.records import Analysis, SignalStatus, SignalView
from store.session import Connection

router = APIRouter(prefix="/signals", tags=["signals"])
OUTCOME_SECONDS = 6.0
# An approval names the price it saw; the market may have moved this far from it since.
PRICE_MOVED = Decimal("0.02")


class ApproveIn(Input):
    """Body of an approval: the price and the analysis that were on the screen; without one it is the newest's."""

    price_seen: float = Field(gt=0)
    analysis_id: UUID | None = None


def signal_out(row: SignalView) -> SignalOut:
    """A stored signal as the API lists it."""
    return SignalOut(
        id=str(row.id),
        strategy_id=str(row.strategy_id),
        strategy=row.strategy_name,
        symbol=row.symbol,
        interval=row.interval,
        candle_close=row.candle_close,
        price=float(row.price),
        side=row.side,
        status=row.status,
        own_status=row.state,
        refusal=row.my_refusal,
        conditions=tuple(ConditionRow.model_validate(c) for c in row.conditions),
        score=row.score,
        provisional=row.provisional,
        late=row.late,
        late_seconds=row.late_seconds,
        decision=row.analysis_decision,
        confidence=row.analysis_confidence,
        created_at=row.created_at,
    )


@router.get("")
async def list_signals(
    parts: Parts,
    user: User,
    limit: int = Query(50, ge=1, le=200),
    cursor: str | None = None,
    strategy_id: UUID | None = None,
    symbol: str | None = None,
    status: SignalStatus | None = None,
    state: Annotated[list[SignalStatus] | None, Query()] = None,
) -> SignalPage:
    """Signals of own and public built-in strategies, newest candle first.

    `state`, any number of them, is `own_status`; `status` the signal's own.
    """
    async with parts.database.user(user) as conn:
        page = await signals.list_page(
            conn, limit=limit, cursor=cursor, strategy_id=strategy_id, symbol=symbol, status=status, states=state
        )
    return SignalPage(items=tuple(signal_out(row) for row in page.items), next=page.next)


@router.get("/counts")
async def count(parts: Parts, user: User) -> dict[str, list[SignalCount]]:
    """How many signals there are of each strategy and state (`own_status`)."""
    async with parts.database.user(user) as conn:
        rows = await signals.counts(conn)
    return {
        "items": [
            SignalCount(strategy_id=str(row.strategy_id), strategy=row.strategy_name, state=row.state, count=row.count)
            for row in rows
        ]
    }


@router.get("/{signal_id}", responses=problems(404))
async def read(signal_id: UUID, parts: Parts, user: User) -> SignalDetail:
    """One signal with its candles, its analysis, and what approving it would do now."""
    async with parts.database.user(user) as conn:
        row = await signals.get(conn, signal_id)
        analysis = await analyses.latest_of_signal(conn, signal_id)
        count = await analysis_views.count_of_signal(conn, signal_id)
        held = [p for p in await positions.list_positions(conn, owner_id=user) if p.signal_id == signal_id]
        answer = await signals.answer(conn, signal_id, user)
        plan = None
        if row.state == "enter" and analysis is not None:
            plan = await _plan(parts, conn, user, row, analysis)
    candles = [
        CandleOut(time=int(c[0]) // 1000, open=c[1], high=c[2], low=c[3], close=c[4], volume=c[5] or 0)
        for c in row.candles
    ]
    candles += await _later(parts, row, candles)
    return SignalDetail(
        **signal_out(row).model_dump(),
        candles=tuple(candles),
        levels=row.indicators,
        analysis=analysis_out(analysis) if analysis is not None else None,
        analyses=count,
        watch=WatchOut.model_validate(row.watch) if row.watch else None,
        preview=_preview(plan, parts) if isinstance(plan, EntryPlan) else None,
        position_id=str(held[0].id) if held else None,
        error=(answer.refusal if answer is not None else None) or row.reason,
    )


async def _later(parts: Services, row: SignalView, known: list[CandleOut]) -> list[CandleOut]:
    """Candles after the signal, so that its chart goes on; none while the worker is away."""
    after = known[-1].time * 1000 + 1 if known else None
    try:
        found = await parts.market.candles(row.symbol, row.interval, 300, from_ms=after)
    except (MarketUnavailable, MarketRefused):
        return []
    return [CandleOut.model_validate(c) for c in found["items"]]


async def _plan(parts: Services, conn: Connection, user: UUID, row: SignalView, analysis: Analysis) -> EntryPlan | None:
    """The entry as it would be sent now, with why it would not; None where no price or no levels are known."""
    if None in entry_levels(analysis.key_levels):
        return None
    try:
        info = next((s for s in (await parts.market.symbols())["items"] if s["symbol"] == row.symbol), None)
        quotes = (await parts.market.quotes([row.symbol]))["items"]
        now = (await parts.market.status())["market_time"]
    except MarketUnavailable:
        return None
    if info is None or not quotes:
        return None
    account = await read_account(conn, user, parts.settings, await marks(parts), now)
    rules = SymbolRules.of(
        SymbolInfo(
            symbol=info["symbol"],
            base_asset=info["base_asset"],
            quote_asset=info["quote_asset"],
            status="TRADING",
            tick_size=Decimal(info["tick_size"]),
            step_size=Decimal(info["step_size"]),
            min_quantity=Decimal(info["min_quantity"]),
            min_notional=Decimal(info["min_notional"]),
        )
    )
    quote = Quote.of(row.symbol, quotes[0]["price"], quotes[0]["time"])
    strategy = await strategies.get(conn, row.strategy_id)
    plan = plan_approved(account, parts.settings, rules, analysis, row.side, quote, now)
    return replace(plan, refusals=(*unfit(row, strategy, analysis, now), *plan.refusals))


def _preview(plan: EntryPlan, parts: Services) -> ApprovalPreview:
    sizing = plan.sizing
    return ApprovalPreview(
        side=plan.direction.opening.value,
        quantity=sizing.quantity,
        price=sizing.entry,
        notional=round(sizing.notional, 2),
        loss_at_stop=round(-sizing.loss_at_stop, 2),
        profit_at_target=round(plan.profit_at_target, 2),
        fees=round(sizing.fees, 4),
        reward_to_risk=float(plan.reward_to_risk or 0),
        reward_to_risk_after_fees=float(plan.reward_to_risk_after_fees or 0),
        open_positions=plan.open_positions,
        max_positions=parts.settings.max_positions,
        refusals=tuple(r.message for r in plan.refusals),
    )


@router.get("/{signal_id}/analyses")
async def list_analyses(signal_id: UUID, parts: Parts, user: User) -> dict[str, list[AnalysisOut]]:
    """All analyses of a signal, newest first."""
    async with parts.database.user(user) as conn:
        rows = await analyses.of_signal(conn, signal_id)
    return {"items": [analysis_out(row) for row in rows]}


@router.post("/{signal_id}/approve", responses=problems(404, 409))
async def approve(signal_id: UUID, body: ApproveIn, parts: Parts, user: User) -> PositionOut:
    """Enter on paper. The approval is stored first; the answer is the position, or why it was not sent."""
    async with parts.database.user(user) as conn:
        row = await signals.get(conn, signal_id)
        analysis = await analyses.latest_of_signal(conn, signal_id)
        seen_id = body.analysis_id or (analysis.id if analysis is not None else None)
        if row.state == "enter" and analysis is not None:
            if analysis.id != seen_id:
                told = f"Not sent: {row.symbol} was analysed again since you looked; look again."
                raise Refused([Refusal("analysed_again", told)])
            plan = await _plan(parts, conn, user, row, analysis)
            if plan is None:
                raise Refused([Refusal("no_price", f"Not sent: there is no price for {row.symbol} now.")])
            seen = Decimal(repr(body.price_seen))
            moved = abs(plan.quote.price - seen) / seen
            if moved > PRICE_MOVED:
                raise Refused(
                    [
                        Refusal(
                            "price_moved",
                            f"Not sent: {row.symbol} moved {moved:.1%} since you looked; look again.",
                        )
                    ]
                )
            if plan.refusals:
                raise Refused(plan.refusals)
        await signals.decide(conn, signal_id, approve=True, analysis_id=seen_id)
    return await _outcome(parts, user, signal_id)


async def _outcome(parts: Services, user: UUID, signal_id: UUID) -> PositionOut:
    """Wait for the worker to send the order."""
    end = time.monotonic() + OUTCOME_SECONDS
    while time.monotonic() < end:
        async with parts.database.user(user) as conn:
            row = await signals.get(conn, signal_id)
            answer = await signals.answer(conn, signal_id, user)
            held = [p for p in await positions.list_positions(conn, owner_id=user) if p.signal_id == signal_id]
        if held:
            return position_out(held[0], await marks(parts), row.strategy_name, parts.settings)
        if answer is not None and answer.refusal is not None:
            raise Refused([Refusal("blocked", answer.refusal)])
        await asyncio.sleep(0.15)
    raise StateConflict(
        "the approval is stored, but the order has not been sent yet; the positions page shows it when it is"
    )


@router.post("/{signal_id}/decline", responses=problems(404, 409))
async def decline(signal_id: UUID, parts: Parts, user: User) -> SignalOut:
    """Do not trade it."""
    async with parts.database.user(user) as conn:
        await signals.decide(conn, signal_id, approve=False)
        return signal_out(await signals.get(conn, signal_id))


@router.post("/{signal_id}/analyse", responses=problems(403, 404, 409))
async def analyse(signal_id: UUID, parts: Parts, user: User) -> SignalOut:
    """Have a signal analysed that was not, whose analysis failed, or, of an own strategy, that waits."""
    async with parts.database.user(user) as conn:
        await jobs.request_analysis(conn, signal_id)
        return signal_out(await signals.get(conn, signal_id))
