"""Filters: compile, check, look back, near misses, explain, catalogue."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from api.auth import User
from api.deps import Parts
from api.schemas import CheckOut, ExplainOut, FilterReport, HistoryOut, NearPage
from api.schemas.base import Input, Interval
from app.enabling import examine
from app.market_client import MarketUnavailable
from app.readback import reading_rows
from app.times import at, to_ms
from llm.checks import check_sentence
from screener import catalogue, compile_filter, compile_report

router = APIRouter(prefix="/filters", tags=["filters"])


class FilterIn(Input):
    """A filter and its base interval."""

    filter_code: str = Field(max_length=100_000)
    interval: Interval = "1h"


class CompileIn(FilterIn):
    """A filter to compile; with the sentence it was made from, it is checked against that too."""

    sentence: str = Field("", max_length=4_000)
    direction: Literal["long", "short"] = "long"
    evaluate: Literal["close", "minute"] = "close"
    not_understood: tuple[Annotated[str, StringConstraints(max_length=4_000)], ...] = Field((), max_length=100)


class ScanIn(FilterIn):
    """A filter to look back with. `symbols` empty means all."""

    direction: Literal["long", "short"] = "long"
    trigger: Literal["edge", "level"] = "edge"
    symbols: tuple[str, ...] = ()


class CheckIn(FilterIn):
    """A filter to check as if it were to be enabled; with its `direction` the sides of its stop and target, too.
    `symbols` empty means all."""

    direction: Literal["long", "short"] | None = None
    trigger: Literal["edge", "level"] = "edge"
    symbols: tuple[str, ...] = ()


class NearIn(FilterIn):
    """A filter whose near misses are wanted. `symbols` empty means all."""

    symbols: tuple[str, ...] = ()
    limit: int = Field(20, ge=1, le=100)


class ExplainIn(FilterIn):
    """A filter, a symbol, and a time: the newest candle closed by `at` is explained, without it the newest of all."""

    symbol: str = Field(min_length=1, max_length=40)
    at: datetime | None = None


async def known_symbols(parts: Parts) -> list[str] | None:
    """The screened symbols, or None while the worker is away."""
    try:
        return [row["symbol"] for row in (await parts.market.symbols())["items"]]
    except MarketUnavailable:
        return None


@router.post("/compile")
async def compile_(body: CompileIn, parts: Parts) -> FilterReport:
    """Diagnostics, cost, reach, the plain-English reading and, beside a sentence, what of it the filter does not say;
    never an error status for a wrong program."""
    symbols = await known_symbols(parts)
    report: dict[str, Any] = compile_report(body.filter_code, body.interval, symbols)
    rows: list[dict[str, str]] = []
    checks: dict[str, Any] = {}
    if report["ok"]:
        program = compile_filter(body.filter_code, body.interval, symbols)
        rows = reading_rows(program, sentence=body.sentence)
        if body.sentence:
            found = await asyncio.to_thread(
                check_sentence,
                body.sentence,
                program,
                direction=body.direction,
                evaluate=body.evaluate,
                not_understood=body.not_understood,
                symbols=symbols,
            )
            checks = found.model_dump()
    return FilterReport.model_validate({**report, "hash": report["hash"] or "", "rows": rows, "checks": checks})


@router.post("/scan")
async def scan(body: ScanIn, parts: Parts) -> HistoryOut:
    """Where the filter would have matched over the candles held."""
    return history_out(await parts.market.look_back(body.model_dump(mode="json")))


@router.post("/check")
async def check(body: CheckIn, parts: Parts, user: User) -> CheckOut:
    """What enabling it would find: look-ahead, warm-up, how often it matches, cost and quota."""
    program = compile_filter(body.filter_code, body.interval, await known_symbols(parts))
    found = await examine(
        parts.database,
        parts.market,
        parts.settings,
        user,
        program,
        direction=body.direction or "",
        trigger=body.trigger,
        symbols=body.symbols,
    )
    return CheckOut.model_validate(found.as_dict())


@router.post("/near-misses")
async def near_misses(body: NearIn, parts: Parts) -> NearPage:
    """Symbols that come closest to a match on the newest candle, and what keeps each from it."""
    found = await parts.market.near_misses(body.model_dump(mode="json"))
    return NearPage.model_validate({**found, "items": [_dated(row) for row in found["items"]]})


@router.post("/explain")
async def explain(body: ExplainIn, parts: Parts) -> ExplainOut:
    """Each condition on one candle of one symbol: its text, its reading, both sides' values, and whether it held."""
    question = body.model_dump(mode="json", exclude={"at"})
    if body.at is not None:
        question["at"] = to_ms(body.at if body.at.tzinfo else body.at.replace(tzinfo=UTC))
    return ExplainOut.model_validate(_dated(await parts.market.explain(question)))


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "candle_close": at(row["candle_close"])}


@router.get("/catalogue")
async def list_catalogue() -> dict[str, Any]:
    """All indicators: name, arguments, defaults, outputs, meaning."""
    return {"items": [asdict(info) for info in catalogue()]}


def history_out(found: dict[str, Any]) -> HistoryOut:
    """The worker's look-back as the API shows it."""

    def when(ms: int | None) -> datetime | None:
        return at(ms) if ms is not None else None

    matches = [_dated(m) for m in found["matches"]]
    misses = [_dated(m) for m in found["near_misses"]]
    times = {"since": when(found["since"]), "until": when(found["until"])}
    return HistoryOut.model_validate({**found, **times, "matches": matches, "near_misses": misses})
