"""Candles, quotes, coverage, the status line, and the stream of events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from api.auth import User
from api.deps import Parts
from api.schemas import CandleOut, CoverageOut, QuoteOut, StatusOut
from api.schemas.base import INTERVALS
from app.account import read_account
from app.bootstrap import Services, model_label
from app.market_client import MarketUnavailable
from app.times import at
from store import strategies

router = APIRouter(tags=["market"])


async def marks(parts: Services) -> dict[str, Decimal]:
    """Last prices by symbol; empty while the worker is away."""
    try:
        return {q["symbol"]: Decimal(repr(q["price"])) for q in (await parts.market.quotes())["items"]}
    except MarketUnavailable:
        return {}


def _coverage(row: dict[str, Any]) -> CoverageOut:
    return CoverageOut.model_validate({**row, "candle_close": at(row["candle_close"])})


@router.get("/status")
async def status(parts: Parts, user: User) -> StatusOut:
    """What the first line of every page shows."""
    alive, report = True, {}
    try:
        report = await parts.market.status()
    except MarketUnavailable:
        alive = False
    settings = parts.settings
    now = report.get("market_time")
    async with parts.database.worker() as conn:
        running = await strategies.enabled(conn)
        latest = now if now is not None else await _newest_ms(parts)
    async with parts.database.user(user) as conn:
        account = await read_account(conn, user, settings, await marks(parts), latest)
    run = report.get("last_run") or {}
    return StatusOut(
        market=settings.market_label,
        speed=report.get("speed", settings.pace),
        market_time=at(latest),
        symbols=report.get("symbols", 0),
        coverage=_coverage(report["coverage"]) if report.get("coverage") else None,
        strategies=len(running),
        intervals=tuple(i for i in INTERVALS if i in {s.base_interval for s in running}),
        entries_paused=account.entries_paused,
        day_profit=account.day_profit.quantize(Decimal("0.01")),
        day_profit_percent=float(account.day_profit / settings.paper_capital * 100),
        max_daily_loss_percent=float(settings.max_daily_loss * 100),
        equity=account.equity.quantize(Decimal("0.01")),
        cash=account.free.quantize(Decimal("0.01")),
        model=model_label(settings),
        worker_alive=alive,
        last_run_ms=run.get("step_ms"),
        last_run_matches=run.get("matches"),
    )


async def _newest_ms(parts: Services) -> int:
    from app.times import to_ms
    from store import runs

    async with parts.database.worker() as conn:
        newest = await runs.latest(conn, limit=1)
    return to_ms(newest[0].candle_close) if newest else 0


@router.get("/coverage")
async def coverage(parts: Parts) -> dict[str, list[CoverageOut]]:
    """The newest minutes: symbols fresh, stale and missing."""
    return {"items": [_coverage(row) for row in (await parts.market.coverage())["items"]]}


@router.get("/market/symbols")
async def symbols(parts: Parts) -> dict[str, Any]:
    """The screened symbols with their trading rules."""
    return await parts.market.symbols()


@router.get("/market/candles")
async def candles(
    parts: Parts,
    symbol: str,
    interval: str,
    limit: int = Query(300, ge=1, le=1500),
) -> dict[str, list[CandleOut]]:
    """Closed candles, oldest first."""
    found = await parts.market.candles(symbol, interval, limit)
    return {"items": [CandleOut.model_validate(row) for row in found["items"]]}


@router.get("/market/quotes")
async def quotes(parts: Parts, symbols: str = "") -> dict[str, list[QuoteOut]]:
    """Last prices; `symbols` is a comma-separated list, all when empty."""
    wanted = [s for s in symbols.split(",") if s]
    found = await parts.market.quotes(wanted)
    return {"items": [QuoteOut(symbol=q["symbol"], price=q["price"], time=at(q["time"])) for q in found["items"]]}


@router.get("/stream")
async def stream(request: Request, user: User) -> StreamingResponse:
    """Server-sent events: signal, analysis, order, execution, position, run; each with the row's id."""
    return StreamingResponse(
        request.app.state.broadcaster.events(user),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
