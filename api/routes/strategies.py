"""Strategies: create, read, change, enable, pause, and where they would have matched."""

from __future__ import annotations

import re
import secrets
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.auth import User
from api.deps import Parts
from api.routes.filters import history_out, known_symbols
from api.schemas import HistoryOut, StrategyIn, StrategyOut
from screener import Program, compile_filter
from store import runs, strategies
from store.records import NewStrategy, Strategy, StrategyChanges

router = APIRouter(prefix="/strategies", tags=["strategies"])


def strategy_out(row: Strategy) -> StrategyOut:
    """A stored strategy as the API shows it."""
    return StrategyOut(
        id=str(row.id),
        code=row.code,
        name=row.name,
        description=row.description,
        direction=row.direction,
        interval=row.base_interval,
        filter_code=row.filter_code,
        filter_hash=row.filter_hash,
        reading=row.reading,
        conditions=tuple(str(c) for c in row.conditions),
        instructions=row.instructions,
        risk=row.risk,
        trigger=str(row.controls.get("trigger", "edge")),
        symbols=tuple(row.universe.get("symbols", ())),
        built_in=row.built_in,
        enabled=row.enabled,
        state=row.state,
        version=row.version,
        watermark=row.watermark,
        error=row.error,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _fields(body: StrategyIn, program: Program) -> dict[str, Any]:
    return {
        "name": body.name,
        "description": body.description or body.prompt,
        "direction": body.direction,
        "base_interval": body.interval,
        "filter_code": body.filter_code,
        "filter_hash": program.hash,
        "reading": program.reading,
        "conditions": list(body.conditions) or [c.text for c in program.conditions],
        "indicators": list(body.indicators),
        "instructions": body.instructions,
        "risk": dict(body.risk),
        "controls": {"trigger": body.trigger},
        "universe": {"symbols": list(body.symbols)} if body.symbols else {},
        "enabled": body.enabled,
    }


def _code(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "strategy"
    return f"{words}-{secrets.token_hex(3)}"


@router.post("", status_code=201)
async def create(body: StrategyIn, parts: Parts, user: User) -> StrategyOut:
    """Store a strategy; its filter must compile."""
    program = compile_filter(body.filter_code, body.interval, await known_symbols(parts))
    async with parts.database.user(user) as conn:
        row = await strategies.create(conn, NewStrategy(owner_id=user, code=_code(body.name), **_fields(body, program)))
    return strategy_out(row)


@router.get("")
async def list_all(parts: Parts, user: User) -> dict[str, list[StrategyOut]]:
    """Own strategies and the public built-in ones."""
    async with parts.database.user(user) as conn:
        rows = await strategies.list_visible(conn)
    return {"items": [strategy_out(row) for row in rows]}


@router.get("/{strategy_id}")
async def read(strategy_id: UUID, parts: Parts, user: User) -> StrategyOut:
    """One strategy."""
    async with parts.database.user(user) as conn:
        return strategy_out(await strategies.get(conn, strategy_id))


@router.put("/{strategy_id}")
async def change(strategy_id: UUID, body: StrategyIn, parts: Parts, user: User) -> StrategyOut:
    """Replace a strategy's definition: a new version, which the running engine takes up within seconds."""
    program = compile_filter(body.filter_code, body.interval, await known_symbols(parts))
    async with parts.database.user(user) as conn:
        row = await strategies.update(conn, strategy_id, StrategyChanges(**_fields(body, program)))
    return strategy_out(row)


@router.delete("/{strategy_id}", status_code=204)
async def delete(strategy_id: UUID, parts: Parts, user: User) -> Response:
    """Delete a strategy with its signals; orders and positions stay."""
    async with parts.database.user(user) as conn:
        await strategies.delete(conn, strategy_id)
    return Response(status_code=204)


@router.post("/{strategy_id}/enable")
async def enable(strategy_id: UUID, parts: Parts, user: User) -> StrategyOut:
    """Let it run from the next candle on."""
    async with parts.database.user(user) as conn:
        return strategy_out(await strategies.set_enabled(conn, strategy_id, True))


@router.post("/{strategy_id}/pause")
async def pause(strategy_id: UUID, parts: Parts, user: User) -> StrategyOut:
    """Stop it; its signals and positions stay."""
    async with parts.database.user(user) as conn:
        return strategy_out(await strategies.set_enabled(conn, strategy_id, False))


@router.get("/{strategy_id}/history")
async def history(strategy_id: UUID, parts: Parts, user: User) -> HistoryOut:
    """Where it would have matched over the candles held."""
    async with parts.database.user(user) as conn:
        row = await strategies.get(conn, strategy_id)
    found = await parts.market.look_back(
        {
            "filter_code": row.filter_code,
            "interval": row.base_interval,
            "direction": row.direction,
            "trigger": row.controls.get("trigger", "edge"),
            "symbols": row.universe.get("symbols", []),
        }
    )
    return history_out(found)


@router.get("/{strategy_id}/versions")
async def versions(strategy_id: UUID, parts: Parts, user: User) -> dict[str, list[dict[str, Any]]]:
    """Every version, newest first."""
    async with parts.database.user(user) as conn:
        rows = await strategies.versions(conn, strategy_id)
    return {"items": [row.model_dump(mode="json") for row in rows]}


@router.get("/{strategy_id}/runs")
async def strategy_runs(strategy_id: UUID, parts: Parts, user: User) -> dict[str, list[dict[str, Any]]]:
    """Candles on which it matched or failed, newest first."""
    async with parts.database.user(user) as conn:
        rows = await runs.of_strategy(conn, strategy_id)
    return {"items": [row.model_dump(mode="json") for row in rows]}


@router.get("/{strategy_id}/errors")
async def errors(strategy_id: UUID, parts: Parts, user: User) -> dict[str, list[dict[str, Any]]]:
    """Candles on which it failed, newest first."""
    async with parts.database.user(user) as conn:
        rows = await runs.of_strategy(conn, strategy_id, status="failed")
    return {"items": [row.model_dump(mode="json") for row in rows]}
