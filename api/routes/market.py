"""Candles, quotes, coverage, the status line, and the streams of events and of prices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from api.auth import User
from api.deps import Parts
from api.schemas import CandleOut, CandlePage, CoverageOut, FeedOut, QuoteOut, StatusOut
from api.schemas.base import INTERVALS
from api.stream import HEARTBEAT_SECONDS
from app.account import limits_of, read_account
from app.bootstrap import Services, model_label
from app.market_client import MarketUnavailable
from app.times import at, to_ms
from broker.risk import day_loss
from store import strategies

router = APIRouter(tags=["market"])
STATUS_AGE_S = 0.25
"""Every page asks for the status every two seconds: the worker is asked at most four times a second for all."""


async def marks(parts: Services) -> dict[str, Decimal]:
    """Last prices by symbol; empty while the worker is away."""
    if parts.prices.live:
        return {q.symbol: Decimal(repr(q.price)) for q in parts.prices.quotes.values()}
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
        report = await parts.market.status(STATUS_AGE_S)
    except MarketUnavailable:
        alive = False
    settings = parts.settings
    now = report.get("market_time")
    async with parts.database.worker() as conn:
        running = await strategies.enabled(conn)
        latest = now if now is not None else await _newest_ms(parts)
    async with parts.database.user(user) as conn:
        account = await read_account(conn, user, settings, await marks(parts), latest)
    day = day_loss(account.realised_today, limits_of(account, settings))
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
        realised_today=account.realised_today,
        realised_percent=float(account.realised_today / settings.paper_capital * 100),
        open_profit=account.unrealised,
        lost_today=day.lost,
        max_daily_loss=day.limit,
        loss_stops_entries=day.stops_entries,
        equity=account.equity.quantize(Decimal("0.01")),
        cash=account.free.quantize(Decimal("0.01")),
        model=model_label(settings),
        worker_alive=alive,
        last_run_ms=run.get("step_ms"),
        last_run_matches=run.get("matches"),
    )


async def _newest_ms(parts: Services) -> int:
    from store import runs

    async with parts.database.worker() as conn:
        newest = await runs.latest(conn, limit=1)
    return to_ms(newest[0].candle_close) if newest else 0


@router.get("/coverage")
async def coverage(parts: Parts, limit: int = Query(240, ge=1, le=1440)) -> dict[str, list[CoverageOut]]:
    """The newest minutes, newest first: symbols fresh, late, stale and missing."""
    return {"items": [_coverage(row) for row in (await parts.market.coverage(limit))["items"]]}


@router.get("/market/feed")
async def feed(parts: Parts) -> FeedOut:
    """How the feed is: connections, repairs, refusals, checks against the exchange, files."""
    found = await parts.market.health()
    known = {name: value for name, value in found.items() if value is not None}
    return FeedOut.model_validate(
        {**known, "market_time": at(found["market_time"]), "price_readers": parts.prices.readers}
    )


@router.get("/market/symbols")
async def symbols(parts: Parts) -> dict[str, Any]:
    """The screened symbols with their trading rules."""
    return await parts.market.symbols()


@router.get("/market/candles")
async def candles(
    parts: Parts,
    symbol: str,
    interval: str,
    since: Annotated[
        datetime | None, Query(alias="from", description="Opened at or after; ISO 8601 or seconds")
    ] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Opened before; ISO 8601 or seconds")] = None,
    limit: int = Query(300, ge=1, le=1500),
) -> CandlePage:
    """The newest `limit` closed candles that opened in [from, to), oldest first.

    Any interval: one that is not held is made from minutes or asked of the exchange. `next` is the `to` of the page
    before; none where history, or `from`, is reached.
    """
    found = await parts.market.candles(symbol, interval, limit, from_ms=_ms(since), to_ms=_ms(until))
    items = tuple(CandleOut.model_validate(row) for row in found["items"])
    return CandlePage(items=items, next=at(found["next"]) if found["next"] is not None else None)


def _ms(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    try:
        return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except OverflowError:
        return 0


@router.get("/market/quotes")
async def quotes(parts: Parts, symbols: str = "") -> dict[str, list[QuoteOut]]:
    """Last prices; `symbols` is a comma-separated list, all when empty."""
    wanted = named(symbols)
    if parts.prices.live:
        held = parts.prices.quotes
        chosen = [held[s] for s in wanted if s in held] if wanted else list(held.values())
        return {"items": [QuoteOut(symbol=q.symbol, price=q.price, time=at(q.time_ms)) for q in chosen]}
    found = await parts.market.quotes(wanted)
    return {"items": [QuoteOut(symbol=q["symbol"], price=q["price"], time=at(q["time"])) for q in found["items"]]}


@router.get("/market/quotes/stream")
async def quote_stream(parts: Parts, symbols: str = "") -> StreamingResponse:
    """Server-sent prices of `symbols` (comma-separated; all when empty), as they change.

    `quotes` carries `{"items": [...]}` as `/market/quotes` does, first with every price known; a viewer that is slow
    gets the newest price of each symbol. `state` says with `live` whether prices are followed at the moment.
    """
    board, wanted = parts.prices, named(symbols)
    board.admit()

    async def events() -> AsyncIterator[str]:
        with board.read(wanted) as reader:
            yield "retry: 2000\n\n"
            while True:
                found = await reader.take(HEARTBEAT_SECONDS)
                yield "".join(f"event: {kind}\ndata: {text}\n\n" for kind, text in found) or ": still here\n\n"

    return _event_stream(events())


def named(symbols: str) -> list[str]:
    """The symbols of a comma-separated list, each once."""
    return list(dict.fromkeys(s for s in symbols.split(",") if s))


@router.get("/stream")
async def stream(request: Request, user: User) -> StreamingResponse:
    """Server-sent events: signal, analysis, order, execution, position, run; each with the row's id."""
    return _event_stream(request.app.state.broadcaster.events(user))


def _event_stream(events: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(
        events,
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
