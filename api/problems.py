"""Errors as RFC 9457 problem documents, from every layer below."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from analysis.settings import AnalysisSettingsError
from api.schemas import FieldError, FindingOut, Problem
from app.asking import CannotGenerate
from app.enabling import NotEnabled
from app.market_client import MarketRefused, MarketUnavailable
from app.prices import TooManyReaders
from app.trading import Refused
from screener import FilterError
from store.errors import (
    DatabaseUnavailable,
    Duplicate,
    InvalidRow,
    LimitReached,
    NotAllowed,
    NotFound,
    StateConflict,
    StoreError,
)

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

_STORE = {
    NotFound: (404, "Not found"),
    StateConflict: (409, "Not in this state"),
    NotAllowed: (403, "Not allowed"),
    Duplicate: (409, "Already there"),
    InvalidRow: (422, "Refused by the database's rules"),
    DatabaseUnavailable: (503, "The database does not answer"),
}

_GENERATION = {
    "input": (422, "The request is not valid"),
    "not_understood": (422, "Nothing came out"),
    "model": (502, "The model gave no usable answer"),
    "budget": (429, "A spend cap is reached"),
}


def problem(
    status: int,
    title: str,
    detail: str = "",
    errors: Sequence[FieldError] = (),
    findings: Sequence[FindingOut] = (),
) -> Response:
    """A problem document as a response; `findings` is left out where there are none."""
    body = Problem(title=title, status=status, detail=detail, errors=tuple(errors), findings=tuple(findings))
    headers = {"retry-after": "2"} if status in (429, 503) else None
    return _response(body, headers)


def _response(body: Problem, headers: dict[str, str] | None) -> Response:
    absent = {name for name in ("findings", "again_at") if not getattr(body, name)}
    return Response(
        body.model_dump_json(exclude=absent), status_code=body.status, media_type=MEDIA_TYPE, headers=headers
    )


def filter_errors(error: FilterError) -> list[FieldError]:
    """Diagnostics of a filter as field errors."""
    return [
        FieldError(code=d.code, field="filter_code", line=d.line, column=d.column, message=d.message, hint=d.hint)
        for d in error.diagnostics
    ]


def not_generated(error: CannotGenerate) -> Problem:
    """Why no strategy, filter or explanation came out, the words and diagnostics at fault with it."""
    status, title = _GENERATION[error.kind]
    rows = [FieldError(code="not_understood", field="prompt", message=words) for words in error.not_understood]
    rows += [FieldError(code="not_accepted", field="filter_code", message=text) for text in error.problems]
    return Problem(title=title, status=status, detail=str(error), errors=tuple(rows), again_at=error.again_at)


def market_problem(error: MarketUnavailable | MarketRefused) -> Problem:
    """Why the worker that owns the market gave no answer."""
    if isinstance(error, MarketUnavailable):
        return Problem(title="The market is not at hand", status=503, detail=str(error))
    rows = tuple(FieldError.model_validate(e) for e in error.problem.get("errors", []))
    title, detail = (str(error.problem.get(name, usual)) for name, usual in (("title", "Refused"), ("detail", "")))
    return Problem(title=title, status=error.status, detail=detail, errors=rows)


def invalid(error: Mapping[str, Any]) -> str:
    """What is wrong with a field, for whoever sent it: pydantic's words where it has none of ours."""
    limits = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "there is no such field"
        case "string_too_short" if limits.get("min_length") == 1:
            return "is empty"
        case "string_too_long":
            return f"has {len(error['input']):,} characters; {limits['max_length']:,} is the most"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")


def _wait(until: datetime | None) -> dict[str, str] | None:
    """The header that says after how many seconds to come back."""
    seconds = until and max(1, round((until - datetime.now(UTC)).total_seconds()))
    return {"retry-after": str(seconds)} if seconds else None


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> Response:
        rows = [
            FieldError(
                code=e["type"],
                field=".".join(str(p) for p in e["loc"] if p != "body"),
                message=invalid(e),
            )
            for e in error.errors()
        ]
        first = f"{rows[0].field}: {rows[0].message}" if rows else ""
        return problem(422, "The request is not valid", first, rows)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail))

    @app.exception_handler(FilterError)
    async def _filter(_: Request, error: FilterError) -> Response:
        rows = filter_errors(error)
        return problem(422, "The filter does not compile", rows[0].message if rows else "", rows)

    @app.exception_handler(AnalysisSettingsError)
    async def _settings(_: Request, error: AnalysisSettingsError) -> Response:
        rows = [FieldError(code="setting", field=f"analysis.{name}", message=why) for name, why in error.wrong.items()]
        return problem(422, "The analysis settings are not valid", str(error), rows)

    @app.exception_handler(LimitReached)
    async def _limit(_: Request, error: LimitReached) -> Response:
        body = Problem(title="Your tier allows no more", status=429, detail=str(error), again_at=error.resets)
        return _response(body, _wait(error.resets))

    @app.exception_handler(StoreError)
    async def _store(_: Request, error: StoreError) -> Response:
        status, title = next(
            (v for kind, v in _STORE.items() if isinstance(error, kind)), (500, "Stored state is not usable")
        )
        return problem(status, title, str(error))

    @app.exception_handler(Exception)
    async def _ours(_: Request, error: Exception) -> Response:
        # The server logs the traceback; it holds nothing for the one who asked.
        return problem(500, "An error of ours", "the request could not be carried out; the log of the API says why")

    @app.exception_handler(MarketUnavailable)
    async def _market(_: Request, error: MarketUnavailable) -> Response:
        found = market_problem(error)
        return problem(found.status, found.title, found.detail)

    @app.exception_handler(TooManyReaders)
    async def _full(_: Request, error: TooManyReaders) -> Response:
        return problem(503, "Too many viewers", str(error))

    @app.exception_handler(MarketRefused)
    async def _refused_by_market(_: Request, error: MarketRefused) -> Response:
        found = market_problem(error)
        return problem(found.status, found.title, found.detail, found.errors)

    @app.exception_handler(Refused)
    async def _refused(_: Request, error: Refused) -> Response:
        rows = [FieldError(code=r.code, message=r.message) for r in error.refusals]
        return problem(409, "Not sent", " ".join(r.message for r in error.refusals), rows)

    @app.exception_handler(NotEnabled)
    async def _not_enabled(_: Request, error: NotEnabled) -> Response:
        found = [FindingOut.model_validate(asdict(f)) for f in error.examined.findings]
        grave = [f for f in found if f.severity != "info"]
        rows = [FieldError(code=f.code, message=f.message, hint=f.hint) for f in grave]
        if error.examined.blocks:
            return problem(409, "Not enabled", str(error), rows, found)
        again = 'To enable it all the same, send {"confirm": true}.'
        return problem(409, "Not enabled yet", f"{error} {again}", rows, found)

    @app.exception_handler(CannotGenerate)
    async def _generate(_: Request, error: CannotGenerate) -> Response:
        return _response(not_generated(error), _wait(error.again_at))
