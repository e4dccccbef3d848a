"""Filters: compile, check, look back, near misses, explain, catalogue."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from api.answering import Told, streaming, wants_events
from api.auth import User
from api.deps import Parts
from api.described import problems, streamed
from api.schemas import CheckOut, ExplainOut, FillingOut, FilterReport, HistoryOut, NearPage
from api.schemas.base import Input, Interval
from app.enabling import examine
from app.market_client import MarketUnavailable
from app.readback import reading_rows
from app.times import at, to_ms
from llm.checks import check_sentence
from screener import FilterError, catalogue, compile_filter, error_report, program_report

router = APIRouter(prefix="/filters", tags=["filters"])
TELL_EVERY_S = 0.3
SLOWEST_SCAN_S = 600.0
"""A large market's candles are fetched within its exchange's limits; whoever is told how far it is can wait."""


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
    return await asyncio.to_thread(_reported, body, await known_symbols(parts))


def _reported(body: CompileIn, symbols: list[str] | None) -> FilterReport:
    try:
        program = compile_filter(body.filter_code, body.interval, symbols)
    except FilterError as error:
        return FilterReport.model_validate({**error_report(error), "hash": ""})
    checks: dict[str, Any] = {}
    if body.sentence:
        found = check_sentence(
            body.sentence,
            program,
            direction=body.direction,
            evaluate=body.evaluate,
            not_understood=body.not_understood,
            symbols=symbols,
        )
        checks = found.model_dump()
    rows = reading_rows(program, sentence=body.sentence)
    return FilterReport.model_validate({**program_report(program), "rows": rows, "checks": checks})


@router.post(
    "/scan", response_model=HistoryOut, responses={**streamed(HistoryOut, FillingOut), **problems(400, 422, 500, 503)}
)
async def scan(body: ScanIn, request: Request, parts: Parts) -> Response | HistoryOut:
    """Where the filter would have matched over the candles held.

    Candles that are not held are fetched first; with `Accept: text/event-stream` it is told how far that is.
    """
    question = body.model_dump(mode="json")
    if not wants_events(request):
        return history_out(await parts.market.look_back(question))
    told = Told()

    async def work() -> HistoryOut:
        asked = asyncio.create_task(parts.market.look_back(question, SLOWEST_SCAN_S))
        try:
            await _told_meanwhile(body, parts, asked, told)
            return history_out(await asked)
        finally:
            asked.cancel()

    return streaming(told, work)


async def _told_meanwhile(body: ScanIn, parts: Parts, asked: asyncio.Task[Any], told: Told) -> None:
    """Tell how far the fetching of the filter's candles is, until it was `asked`."""
    reads: tuple[str, ...] = ()
    before: list[FillingOut] = []
    while not (await asyncio.wait({asked}, timeout=TELL_EVERY_S))[0]:
        with suppress(MarketUnavailable, FilterError):
            symbols = await known_symbols(parts)
            reads = (
                reads or (await asyncio.to_thread(compile_filter, body.filter_code, body.interval, symbols)).intervals
            )
            rows = [FillingOut.model_validate(row) for row in (await parts.market.filling())["items"]]
            rows = [row for row in rows if row.interval in reads]
            for row in rows:
                if row not in before:
                    told.happened(row)
            before = rows


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
    days = [{**day, "day": at(day["day"]).date()} for day in found["days"]]
    times = {"since": when(found["since"]), "until": when(found["until"])}
    return HistoryOut.model_validate({**found, **times, "matches": matches, "near_misses": misses, "days": days})
