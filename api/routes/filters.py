"""Filters: compile, look back, catalogue."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from api.deps import Parts
from api.schemas import FilterReport, HistoryOut
from api.schemas.base import Input, Interval
from app.generation import reading_rows
from app.market_client import MarketUnavailable
from app.times import at
from screener import catalogue, compile_filter, compile_report

router = APIRouter(prefix="/filters", tags=["filters"])


class FilterIn(Input):
    """A filter and its base interval."""

    filter_code: str = Field(max_length=100_000)
    interval: Interval = "1h"


class ScanIn(FilterIn):
    """A filter to look back with. `symbols` empty means all."""

    direction: Literal["long", "short"] = "long"
    trigger: Literal["edge", "level"] = "edge"
    symbols: tuple[str, ...] = ()


async def known_symbols(parts: Parts) -> list[str] | None:
    """The screened symbols, or None while the worker is away."""
    try:
        return [row["symbol"] for row in (await parts.market.symbols())["items"]]
    except MarketUnavailable:
        return None


@router.post("/compile")
async def compile_(body: FilterIn, parts: Parts) -> FilterReport:
    """Diagnostics, cost, reach and the plain-English reading; never an error status for a wrong program."""
    symbols = await known_symbols(parts)
    report: dict[str, Any] = compile_report(body.filter_code, body.interval, symbols)
    rows: list[dict[str, str]] = []
    if report["ok"]:
        rows = reading_rows(compile_filter(body.filter_code, body.interval, symbols))
    return FilterReport.model_validate({**report, "hash": report["hash"] or "", "rows": rows})


@router.post("/scan")
async def scan(body: ScanIn, parts: Parts) -> HistoryOut:
    """Where the filter would have matched over the candles held."""
    return history_out(await parts.market.look_back(body.model_dump(mode="json")))


@router.get("/catalogue")
async def list_catalogue() -> dict[str, Any]:
    """All indicators: name, arguments, defaults, outputs, meaning."""
    return {"items": [asdict(info) for info in catalogue()]}


def history_out(found: dict[str, Any]) -> HistoryOut:
    """The worker's look-back as the API shows it."""

    def when(ms: int | None) -> datetime | None:
        return at(ms) if ms is not None else None

    matches = [{**m, "candle_close": at(m["candle_close"])} for m in found["matches"]]
    misses = [{**m, "candle_close": at(m["candle_close"])} for m in found["near_misses"]]
    times = {"since": when(found["since"]), "until": when(found["until"])}
    return HistoryOut.model_validate({**found, **times, "matches": matches, "near_misses": misses})
