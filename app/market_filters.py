"""What the worker answers about filters: past matches, the save gate, near misses, one candle explained.

1. `_asked` reads the question, compiles its filter for the market and sees to the history it reads; how far that is
   is told at `/filling`.
2. Candles are copied under the engine's lock (`_copied`) and the work is done in a thread without it, so that a
   question never delays a screening. One question is worked on at a time.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np
from aiohttp import web

from app.lookback import look_back, to_look_back
from app.panels import Panelled
from market.types import MarketError, SymbolInfo
from screener import FilterError, Program, compile_filter
from screener.engine.near import near_misses
from screener.engine.panel import Panel
from screener.engine.replay import Candles, replay
from screener.gate.gate import check
from screener.gate.gate_candles import held
from screener.intervals import INTERVAL_MS

T = TypeVar("T")
MOST_NEAR = 100


class FilterMarket(Panelled, Protocol):
    """What questions about filters need of the market."""

    infos: dict[str, SymbolInfo]
    filling: dict[str, tuple[int, int]]

    async def require(self, program: Program) -> None:
        """Make sure that the panel holds the intervals that a program reads."""
        ...


class Refused(Exception):
    """The question cannot be answered; carries the problem document."""

    def __init__(self, status: int, title: str, detail: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.errors = errors or []


def problem(status: int, title: str, detail: str, errors: list[dict[str, Any]] | None = None) -> web.Response:
    """A problem document as a response."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": errors or []}
    return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/problem+json")


class FilterQuestions:
    """The handlers, to be added to the internal endpoint."""

    def __init__(self, view: FilterMarket) -> None:
        self._view = view
        self._one = asyncio.Lock()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        for path, answer in (
            ("/look-back", self._look_back),
            ("/check", self._check),
            ("/near-misses", self._near_misses),
            ("/explain", self._explain),
        ):
            router.add_post(path, _handler(answer))
        router.add_get("/filling", self._filling)

    async def _filling(self, _: web.Request) -> web.Response:
        rows = [{"interval": name, "done": done, "of": of} for name, (done, of) in self._view.filling.items()]
        return web.json_response({"items": rows})

    async def _look_back(self, body: dict[str, Any]) -> dict[str, Any]:
        direction, trigger = str(body.get("direction") or "long"), str(body.get("trigger") or "edge")
        symbols = frozenset(str(s) for s in body.get("symbols") or ())

        def answer(program: Program, candles: Candles) -> dict[str, Any]:
            return dataclasses.asdict(look_back(program, candles, direction, trigger, symbols))

        return await self._copied(body, answer, to_look_back)

    async def _check(self, body: dict[str, Any]) -> dict[str, Any]:
        symbols = frozenset(str(s) for s in body.get("symbols") or ())
        level, direction = body.get("trigger") == "level", str(body.get("direction") or "")

        def answer(program: Program, candles: Candles) -> dict[str, Any]:
            return dataclasses.asdict(check(program, candles, "level" if level else "edge", symbols, direction))

        return await self._copied(body, answer)

    async def _near_misses(self, body: dict[str, Any]) -> dict[str, Any]:
        symbols = frozenset(str(s) for s in body.get("symbols") or ())
        limit = max(1, min(int(body.get("limit") or 20), MOST_NEAR))

        def answer(program: Program, candles: Candles) -> dict[str, Any]:
            history = replay(program, candles, program.base)
            return {
                "interval": program.base,
                "reading": program.reading,
                "symbols": len(candles.symbols),
                "items": [dataclasses.asdict(near) for near in near_misses(history, limit, symbols)],
            }

        return await self._copied(body, answer)

    async def _explain(self, body: dict[str, Any]) -> dict[str, Any]:
        symbol, until = str(body.get("symbol", "")), body.get("at")
        if symbol not in self._view.infos:
            raise Refused(404, "Unknown symbol", f"{symbol or 'no symbol'} is not in the screened market")
        return await self._copied(
            body, lambda program, candles: explained(program, candles, symbol, None if until is None else int(until))
        )

    async def _copied(
        self,
        body: dict[str, Any],
        answer: Callable[[Program, Candles], T],
        copy: Callable[[Program, Panel], Candles] = held,
    ) -> T:
        program = await self._asked(body)
        async with self._one:
            async with self._view.engine_lock:
                candles = await asyncio.to_thread(copy, program, self._view.panel)
            return await asyncio.to_thread(answer, program, candles)

    async def _asked(self, body: dict[str, Any]) -> Program:
        try:
            code, interval = str(body["filter_code"]), str(body["interval"])
        except KeyError as error:
            raise Refused(422, "Bad request", "send filter_code and interval as JSON") from error
        if interval not in INTERVAL_MS:
            raise Refused(422, "Unknown interval", f"use one of {', '.join(INTERVAL_MS)}")
        try:
            program = await asyncio.to_thread(compile_filter, code, interval, frozenset(self._view.infos))
        except FilterError as error:
            rows = [
                {"code": d.code, "line": d.line, "column": d.column, "message": d.message, "hint": d.hint}
                for d in error.diagnostics
            ]
            raise Refused(422, "The filter does not compile", error.diagnostics[0].message, rows) from error
        try:
            await self._view.require(program)
        except MarketError as error:
            raise Refused(503, "History is not at hand", str(error)) from error
        return program


def explained(program: Program, candles: Candles, symbol: str, until: int | None) -> dict[str, Any]:
    """Each condition of `program` on the newest candle of `symbol` closed by `until` (ms UTC; None: of all).

    Raises Refused where no such candle is held.
    """
    history = replay(program, candles, program.base, until)
    column = history.symbols.index(symbol)
    rows = np.flatnonzero(np.isfinite(history.price[:, column]))
    if not len(rows):
        raise Refused(404, "No such candle", f"no {program.base} candle of {symbol} is held as of that time")
    row = int(rows[-1])

    def result(node: int | None) -> float | None:
        return None if node is None else known(float(history.values(node)[row, column]))

    return {
        "symbol": symbol,
        "candle_close": int(history.times[row]),
        "price": float(history.price[row, column]),
        "match": {1: True, 0: False, -1: None}[int(history.match[row, column])],
        "edge": bool(history.edges[row, column]),
        "score": result(program.score),
        "reading": program.reading,
        "conditions": [
            {**value._asdict(), "reading": condition.reading}
            for value, condition in zip(history.conditions([(row, column)])[0], program.conditions, strict=True)
        ],
    }


def known(value: float) -> float | None:
    """The number, or None where it is unknown."""
    return value if math.isfinite(value) else None


def _handler(answer: Callable[[dict[str, Any]], Any]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            if not isinstance(body, dict):
                raise ValueError("not an object")
        except ValueError:
            return problem(422, "Bad request", "send filter_code and interval as JSON")
        try:
            return web.json_response(await answer(body))
        except Refused as refusal:
            return problem(refusal.status, refusal.title, str(refusal), refusal.errors)

    return handle
