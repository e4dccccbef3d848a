"""Orders, fills, positions, the event log and the kill switch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import User
from api.deps import Parts
from api.described import problems
from api.routes.analyses import analysis_out
from api.routes.market import marks
from api.schemas import EventOut, ExecutionOut, OrderOut, PositionDetail, PositionOut, ThesisOut
from api.schemas.base import Input
from app.account import as_position, costs
from app.settings import Settings
from broker.positions import unrealised
from store import analyses, events, orders, positions, profiles, signals, strategies
from store.trading_records import Event, Position

router = APIRouter(tags=["trading"])


class SwitchIn(Input):
    """On stops new entries; stops and targets keep working."""

    on: bool


def position_out(row: Position, prices: Mapping[str, Decimal], strategy: str, settings: Settings) -> PositionOut:
    """A stored position with its profit at the last price."""
    held = as_position(row, costs(settings))
    price = prices.get(row.symbol) if row.state == "open" else row.close_price
    if row.state == "closed":
        profit = row.realised_profit
    else:
        profit = unrealised(held, price or row.entry_price, costs(settings)).net
    ratio = held.r_multiple(profit)
    state = row.state if row.close_requested_at is None or row.state == "closed" else "closing"
    return PositionOut(
        id=str(row.id),
        signal_id=str(row.signal_id) if row.signal_id else None,
        strategy_id=str(row.strategy_id) if row.strategy_id else None,
        strategy=strategy,
        symbol=row.symbol,
        side=row.side,
        mode=row.mode,
        quantity=row.quantity,
        entry_price=row.entry_price,
        current_price=price,
        stop=row.stop,
        targets=tuple(Decimal(t) for t in row.targets),
        profit=round(profit, 4),
        r_multiple=float(round(ratio, 3)) if ratio is not None else None,
        fees=round(row.fees, 6),
        state=state,
        close_reason=row.close_reason or "",
        exit_price=row.close_price,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


@router.get("/positions")
async def list_positions(
    parts: Parts,
    user: User,
    state: Literal["open", "closed"] | None = None,
    limit: int = Query(100, ge=1, le=500),
) -> dict[str, list[PositionOut]]:
    """Own positions, open ones first."""
    async with parts.database.user(user) as conn:
        rows = await positions.list_positions(conn, owner_id=user, state=state, limit=limit)
        names = {s.id: s.name for s in await strategies.list_visible(conn)} if rows else {}
    prices = await marks(parts)
    return {
        "items": [
            position_out(row, prices, names.get(row.strategy_id, "") if row.strategy_id else "", parts.settings)
            for row in rows
        ]
    }


@router.get("/positions/{position_id}", responses=problems(404))
async def read_position(position_id: UUID, parts: Parts, user: User) -> PositionDetail:
    """One position: what it is held for, and each decision on it with what was refused."""
    async with parts.database.user(user) as conn:
        row = await positions.get(conn, position_id)
        decided = await analyses.of_position(conn, position_id)
        asked = await analyses.asked_today(conn, position_id)
        answer = await signals.answer(conn, row.signal_id, user) if row.signal_id else None
        entry = await analyses.get(conn, answer.analysis_id) if answer and answer.analysis_id else None
        names = {s.id: s.name for s in await strategies.list_visible(conn)} if row.strategy_id else {}
    name = names.get(row.strategy_id, "") if row.strategy_id else ""
    return PositionDetail(
        **position_out(row, await marks(parts), name, parts.settings).model_dump(),
        initial_stop=row.initial_stop,
        initial_quantity=row.initial_quantity,
        thesis=ThesisOut.model_validate(row.thesis) if row.thesis else None,
        entry=analysis_out(entry) if entry is not None else None,
        decisions=tuple(analysis_out(analysis) for analysis in decided),
        asked_today=asked,
        asks_a_day=parts.settings.decisions_per_position_day if parts.settings.model else None,
    )


@router.post("/positions/{position_id}/close", responses=problems(404, 409))
async def close(position_id: UUID, parts: Parts, user: User) -> PositionOut:
    """Ask for a close at market; the worker carries it out within seconds."""
    async with parts.database.user(user) as conn:
        row = await positions.request_close(conn, position_id)
    return position_out(row, await marks(parts), "", parts.settings)


@router.get("/orders")
async def list_orders(parts: Parts, user: User, limit: int = Query(100, ge=1, le=500)) -> dict[str, list[OrderOut]]:
    """Own orders, newest first."""
    async with parts.database.user(user) as conn:
        rows = await orders.list_orders(conn, owner_id=user, limit=limit)
    return {
        "items": [
            OrderOut(
                id=str(o.id),
                signal_id=str(o.signal_id) if o.signal_id else None,
                symbol=o.symbol,
                side=o.side,
                type=o.type,
                quantity=o.quantity,
                client_order_id=o.client_order_id,
                state=o.state,
                reason=o.reason or "",
                mode=o.mode,
                created_at=o.created_at,
            )
            for o in rows
        ]
    }


@router.get("/executions")
async def list_executions(
    parts: Parts, user: User, limit: int = Query(100, ge=1, le=500)
) -> dict[str, list[ExecutionOut]]:
    """Own fills, newest first."""
    async with parts.database.user(user) as conn:
        rows = await orders.executions(conn, owner_id=user, limit=limit)
    return {
        "items": [
            ExecutionOut(
                id=str(e.id),
                order_id=str(e.order_id),
                symbol=e.symbol,
                side=e.side,
                price=e.price,
                quantity=e.quantity,
                fee=e.fee,
                fee_asset=e.fee_asset,
                slippage=float(e.slippage or 0),
                executed_at=e.executed_at,
            )
            for e in rows
        ]
    }


@router.get("/events")
async def list_events(parts: Parts, user: User, limit: int = Query(50, ge=1, le=500)) -> dict[str, list[EventOut]]:
    """The log, newest first."""
    async with parts.database.user(user) as conn:
        rows = await events.list_events(conn, limit=limit)
    return {
        "items": [
            EventOut(
                id=str(e.id),
                kind=e.kind,
                level=e.level,
                message=e.message,
                detail=e.detail,
                time=_market_time(e),
                created_at=e.created_at,
            )
            for e in rows
        ]
    }


def _market_time(event: Event) -> datetime:
    """When it happened on the market's clock, which the demo's speed sets apart from the one on the wall."""
    try:
        moment = datetime.fromisoformat(str(event.detail.get("time", "")))
    except ValueError:
        return event.created_at
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@router.post("/kill-switch")
async def kill_switch(body: SwitchIn, parts: Parts, user: User) -> dict[str, bool]:
    """Stop or allow new entries of this person."""
    async with parts.database.user(user) as conn:
        profile = await profiles.set_kill_switch(conn, user, body.on)
    return {"on": profile.kill_switch}
