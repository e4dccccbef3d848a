"""Strategies: create, read, change, enable, pause, and where they would have matched."""

from __future__ import annotations

import re
import secrets
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from analysis.settings import AnalysisSettings, AnalysisSettingsError, checked
from api.auth import User
from api.deps import Parts
from api.described import problems
from api.routes.filters import history_out, known_symbols
from api.schemas import (
    AnalysisSettingsOut,
    CheckOut,
    EnableIn,
    HistoryOut,
    StrategyActivityOut,
    StrategyChangeIn,
    StrategyDetail,
    StrategyIn,
    StrategyOut,
)
from app.bootstrap import Services
from app.enabling import Examined, NotEnabled, examine, insist, keep, newest
from app.market_client import MarketUnavailable
from app.times import at
from screener import Program, compile_filter
from store import activity, runs, strategies
from store.errors import NotAllowed, StateConflict
from store.records import NewStrategy, Strategy, StrategyChanges
from store.session import Connection

router = APIRouter(prefix="/strategies", tags=["strategies"])
CHECKED = ("filter_hash", "controls", "universe")
"""What the save gate's findings depend on; the hash covers the interval."""


def strategy_out(row: Strategy) -> StrategyOut:
    """A stored strategy as the API shows it."""
    analysis, error = None, ""
    try:
        analysis = settings_out(row)
    except AnalysisSettingsError as wrong:
        error = str(wrong)
    return StrategyOut(
        id=str(row.id),
        code=row.code,
        name=row.name,
        description=row.description,
        prompt=row.prompt,
        direction=row.direction,
        interval=row.base_interval,
        filter_code=row.filter_code,
        filter_hash=row.filter_hash,
        reading=row.reading,
        conditions=tuple(str(c) for c in row.conditions),
        indicators=tuple(str(i) for i in row.indicators),
        instructions=row.instructions,
        risk=row.risk,
        analysis=analysis,
        analysis_error=error,
        trigger=str(row.controls.get("trigger", "edge")),
        evaluate=row.evaluate,
        symbols=tuple(row.universe.get("symbols", ())),
        built_in=row.built_in,
        enabled=row.enabled,
        state=row.state,
        version=row.version,
        watermark=row.watermark,
        enabled_at=row.enabled_at,
        error=row.error,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def settings_out(row: Strategy) -> AnalysisSettingsOut:
    """A strategy's analysis settings, defaults included. Raises AnalysisSettingsError where what is stored is wrong."""
    return AnalysisSettingsOut.model_validate(AnalysisSettings.of(row.analysis).model_dump())


def strategy_detail(row: Strategy, check: dict[str, Any] | None) -> StrategyDetail:
    """The same with what its newest check found, as `Examined.as_dict` gives it."""
    found = None if check is None else CheckOut.model_validate(check)
    return StrategyDetail(**strategy_out(row).model_dump(), check=found)


def _fields(parts: Services, body: StrategyIn, program: Program) -> dict[str, Any]:
    analysis: dict[str, Any] = {}
    if body.analysis is not None:
        given = _settings(parts, body.analysis)
        analysis["analysis"] = {name: value for name, value in given.items() if value is not None}
    return {
        **analysis,
        "name": body.name,
        "description": body.description or body.prompt,
        "prompt": body.prompt,
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
        "evaluate": body.evaluate,
        "universe": {"symbols": list(body.symbols)} if body.symbols else {},
        "enabled": body.enabled,
    }


def _settings(parts: Services, given: dict[str, Any]) -> dict[str, Any]:
    """Settings as given, once usable. Raises AnalysisSettingsError, also for a model the operator does not name."""
    wanted = checked(given)
    named = parts.settings.named_models
    if strange := [name for name in wanted.get("models") or () if name not in named]:
        there = f"use {', '.join(named)}" if named else "there is none"
        raise AnalysisSettingsError({"models": f"{strange[0]} is not among the models of this installation; {there}"})
    return wanted


def _code(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "strategy"
    return f"{words}-{secrets.token_hex(3)}"


async def _examined(
    parts: Services, user: UUID, body: StrategyIn, program: Program, stored: Strategy | None = None
) -> Examined | None:
    """What the save gate and the quota say about a strategy that is to run, or whose trades have a stop or target: a
    draft is kept whatever is found. None for any other draft.

    Raises NotEnabled where it is to run and a finding blocks, or warns and the body does not confirm it.
    """
    if not body.enabled and program.stop is None and program.target is None:
        return None
    found = await examine(
        parts.database,
        parts.market,
        parts.settings,
        user,
        program,
        direction=body.direction,
        trigger=body.trigger,
        symbols=body.symbols,
        strategy_id=None if stored is None else stored.id,
    )
    if body.enabled:
        insist(found, confirm=body.confirm)
    return found


async def _own(conn: Connection, strategy_id: UUID) -> Strategy:
    """One that may be changed. Raises NotFound, and NotAllowed where it is built in: each start writes it anew."""
    row = await strategies.get(conn, strategy_id)
    if row.built_in:
        raise NotAllowed(
            f"{row.name} is built in, the same for everybody: it can be enabled and paused; to change it, make a copy"
        )
    return row


@router.post("", status_code=201, responses=problems(409))
async def create(body: StrategyIn, parts: Parts, user: User) -> StrategyDetail:
    """Store a strategy; its filter must compile, and pass the save gate where it is to run. A draft that has a stop or
    a target is stored in any case, and answered with what was found.
    """
    program = compile_filter(body.filter_code, body.interval, await known_symbols(parts))
    fields = _fields(parts, body, program)
    found = await _examined(parts, user, body, program)
    async with parts.database.user(user) as conn:
        row = await strategies.create(conn, NewStrategy(owner_id=user, code=_code(body.name), **fields))
    return strategy_detail(row, None) if found is None else await _kept(parts, row, found)


async def _kept(parts: Services, row: Strategy, found: Examined) -> StrategyDetail:
    await keep(parts.database, row, found, enabled=row.enabled)
    return strategy_detail(row, found.as_dict())


@router.get("")
async def list_all(parts: Parts, user: User) -> dict[str, list[StrategyOut]]:
    """Own strategies and the public built-in ones."""
    async with parts.database.user(user) as conn:
        rows = await strategies.list_visible(conn)
    return {"items": [strategy_out(row) for row in rows]}


@router.get("/activity")
async def list_activity(
    parts: Parts, user: User, strategy_id: UUID | None = None
) -> dict[str, list[StrategyActivityOut]]:
    """What each strategy one sees, or the one named, is at: signals today, what waits for an answer, open positions."""
    try:
        now = at((await parts.market.status())["market_time"])
    except MarketUnavailable:
        now = None
    since = None if now is None else now.replace(hour=0, minute=0, second=0, microsecond=0)
    async with parts.database.user(user) as conn:
        rows = await activity.of_strategies(conn, user, since, strategy_id)
    return {
        "items": [
            StrategyActivityOut(
                strategy_id=str(row.strategy_id),
                signals=row.signals,
                signals_today=row.today,
                last_signal=row.newest,
                undecided=row.undecided,
                to_approve=row.to_approve,
                entering=row.entering,
                open_positions=row.open_positions,
            )
            for row in rows
        ]
    }


@router.get("/{strategy_id}", responses=problems(404))
async def read(strategy_id: UUID, parts: Parts, user: User) -> StrategyDetail:
    """One strategy, with what was found when it was last to be enabled."""
    async with parts.database.user(user) as conn:
        row = await strategies.get(conn, strategy_id)
        return strategy_detail(row, await newest(conn, row))


@router.put("/{strategy_id}", responses=problems(403, 404, 409))
async def change(strategy_id: UUID, body: StrategyIn, parts: Parts, user: User) -> StrategyDetail:
    """Replace the definition of one's own strategy: a new version, which the running engine takes up within seconds.

    One that is to run must pass the save gate first, unless only its name or the like changed; the former version runs
    on where it does not. A draft that has a stop or a target is answered with what was found.
    """
    program = compile_filter(body.filter_code, body.interval, await known_symbols(parts))
    async with parts.database.user(user) as conn:
        stored = await _own(conn, strategy_id)
    fields = _fields(parts, body, program)
    if "prompt" not in body.model_fields_set:
        del fields["prompt"]
    if body.version not in (None, stored.version):
        raise StateConflict(strategies.changed_meanwhile(stored.version, body.version))
    same = stored.enabled and all(getattr(stored, name) == fields[name] for name in CHECKED)
    if program.stop is not None or program.target is not None:
        same = same and stored.direction == body.direction
    found = None if same else await _examined(parts, user, body, program, stored)
    async with parts.database.user(user) as conn:
        row = await strategies.update(conn, strategy_id, StrategyChanges(**fields), body.version)
        if found is None:
            return strategy_detail(row, await newest(conn, row))
    return await _kept(parts, row, found)


@router.patch("/{strategy_id}", responses=problems(403, 404))
async def rename(strategy_id: UUID, body: StrategyChangeIn, parts: Parts, user: User) -> StrategyOut:
    """Change the name or description of one's own; it runs on. Another name is another version."""
    changes = StrategyChanges(**body.model_dump(exclude_none=True))
    async with parts.database.user(user) as conn:
        await _own(conn, strategy_id)
        return strategy_out(await strategies.update(conn, strategy_id, changes))


@router.get("/{strategy_id}/analysis", responses=problems(404))
async def read_analysis(strategy_id: UUID, parts: Parts, user: User) -> AnalysisSettingsOut:
    """How its signals are analysed; 422 where what is stored cannot be used."""
    async with parts.database.user(user) as conn:
        return settings_out(await strategies.get(conn, strategy_id))


@router.patch("/{strategy_id}/analysis", responses=problems(403, 404))
async def change_analysis(strategy_id: UUID, body: dict[str, Any], parts: Parts, user: User) -> AnalysisSettingsOut:
    """Change the settings given, null for the default; the others stay. A name there is no setting of is an error.

    It is a new version of the strategy, which runs on without a pause.
    """
    wanted = _settings(parts, body)
    async with parts.database.user(user) as conn:
        return settings_out(await strategies.set_analysis(conn, strategy_id, wanted))


@router.delete("/{strategy_id}", status_code=204, responses=problems(403, 404))
async def delete(strategy_id: UUID, parts: Parts, user: User) -> Response:
    """Delete one's own strategy with its signals; orders and positions stay."""
    async with parts.database.user(user) as conn:
        await _own(conn, strategy_id)
        await strategies.delete(conn, strategy_id)
    return Response(status_code=204)


@router.post("/{strategy_id}/enable", responses=problems(403, 404, 409))
async def enable(
    strategy_id: UUID, parts: Parts, user: User, body: EnableIn | None = None, confirm: bool = False
) -> StrategyDetail:
    """Check it on the candles held, then let it run from the next candle on; 409 with the findings where it may not.

    A finding that warns needs `confirm`, in the body or the query.
    """
    async with parts.database.user(user) as conn:
        row = await strategies.get(conn, strategy_id)
    if row.enabled:
        async with parts.database.user(user) as conn:
            return strategy_detail(row, await newest(conn, row))
    found = await examine(
        parts.database,
        parts.market,
        parts.settings,
        user,
        compile_filter(row.filter_code, row.base_interval, await known_symbols(parts)),
        direction=row.direction,
        trigger=str(row.controls.get("trigger", "edge")),
        symbols=tuple(row.universe.get("symbols", ())),
        built_in=row.built_in,
        strategy_id=row.id,
    )
    try:
        insist(found, confirm=confirm or (body is not None and body.confirm))
    except NotEnabled:
        if row.owner_id == user:
            await keep(parts.database, row, found, enabled=False)
        raise
    async with parts.database.user(user) as conn:
        if (await strategies.get(conn, strategy_id)).version != row.version:
            raise StateConflict("it was edited while it was being checked; enable it again")
        row = await strategies.set_enabled(conn, strategy_id, True)
    return await _kept(parts, row, found)


@router.post("/{strategy_id}/pause", responses=problems(403, 404))
async def pause(strategy_id: UUID, parts: Parts, user: User) -> StrategyOut:
    """Stop it; its signals and positions stay."""
    async with parts.database.user(user) as conn:
        return strategy_out(await strategies.set_enabled(conn, strategy_id, False))


@router.get("/{strategy_id}/history", responses=problems(404, 503))
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
