"""Sentences to strategies and filters, filters to words; whole, or streamed step by step.

Every path answers JSON, or with `Accept: text/event-stream` its steps as `progress` events and then one `result` or
`error`. Whoever goes away before the answer stops the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.answering import Told, streaming, wants_events, whole
from api.auth import User
from api.deps import Parts
from api.described import problems, streamed
from api.problems import problem
from api.routes.filters import known_symbols
from api.schemas import (
    AskIn,
    ExplainFilterIn,
    ExplanationOut,
    FieldError,
    FilterPromptIn,
    GeneratedFilterOut,
    GeneratedStrategyOut,
    MendIn,
    MetadataOut,
    PromptIn,
    RegenerateIn,
)
from api.schemas.base import Shape
from app import generation
from app.asking import Job
from app.bootstrap import Services, model_label
from app.readback import reading_rows
from app.settings import Settings
from llm.generation import GeneratedFilter
from llm.models import OFFLINE_MODEL
from llm.schemas import Direction
from screener import compile_filter
from store import strategies
from store.errors import StateConflict

router = APIRouter(prefix="/generate", tags=["generate"])
Answer = TypeVar("Answer", bound=Shape)


@router.post(
    "/strategy",
    response_model=GeneratedStrategyOut,
    responses={**streamed(GeneratedStrategyOut), **problems(400, 422, 429, 500, 502)},
)
async def strategy(body: PromptIn, request: Request, parts: Parts, user: User) -> Response | GeneratedStrategyOut:
    """A whole strategy from a sentence."""

    async def make(job: Job) -> GeneratedStrategyOut:
        made, rows = await generation.strategy(job, body.prompt, interval=body.interval)
        return GeneratedStrategyOut.model_validate(made.model_dump(mode="json", exclude={"spans"}) | {"rows": rows})

    return await _answer(request, parts, user, body, make)


@router.post(
    "/metadata", response_model=MetadataOut, responses={**streamed(MetadataOut), **problems(400, 422, 429, 500, 502)}
)
async def metadata(body: PromptIn, request: Request, parts: Parts, user: User) -> Response | MetadataOut:
    """All of a strategy but its filter, from a sentence."""

    async def make(job: Job) -> MetadataOut:
        made = await generation.metadata(job, body.prompt, interval=body.interval)
        return MetadataOut.model_validate(made.model_dump(mode="json") | _spent(job))

    return await _answer(request, parts, user, body, make)


@router.post(
    "/filter",
    response_model=GeneratedFilterOut,
    responses={**streamed(GeneratedFilterOut), **problems(400, 422, 429, 500, 502)},
)
async def filter_(body: FilterPromptIn, request: Request, parts: Parts, user: User) -> Response | GeneratedFilterOut:
    """A filter from a sentence and, where they are known, its conditions in words."""

    async def make(job: Job) -> GeneratedFilterOut:
        made, described = await generation.filter_only(
            job, body.prompt, interval=body.interval, direction=body.direction, conditions=body.conditions
        )
        return _filter_out(job, made, described.direction, tuple(described.conditions), body.prompt)

    return await _answer(request, parts, user, body, make)


@router.post(
    "/regenerate",
    response_model=GeneratedFilterOut,
    responses={**streamed(GeneratedFilterOut), **problems(400, 422, 429, 500, 502)},
)
async def regenerate(body: RegenerateIn, request: Request, parts: Parts, user: User) -> Response | GeneratedFilterOut:
    """A filter for conditions that were edited; what stayed is kept, and the differences are told."""

    async def make(job: Job) -> GeneratedFilterOut:
        made = await generation.regenerated(
            job,
            body.conditions,
            interval=body.interval,
            direction=body.direction,
            previous=body.filter_code,
            sentence=body.prompt,
        )
        return _filter_out(job, made, body.direction, body.conditions, body.prompt)

    return await _answer(request, parts, user, body, make)


@router.post(
    "/explain",
    response_model=ExplanationOut,
    responses={**streamed(ExplanationOut), **problems(400, 422, 429, 500, 502)},
)
async def explain(body: ExplainFilterIn, request: Request, parts: Parts, user: User) -> Response | ExplanationOut:
    """A filter in plain words, in the sentence's language where a model writes them."""

    async def make(job: Job) -> ExplanationOut:
        made, model = await generation.explained(
            job, body.filter_code, interval=body.interval, direction=body.direction, sentence=body.prompt
        )
        program = await asyncio.to_thread(compile_filter, body.filter_code, body.interval, job.symbols)
        fields = made.model_dump(mode="json") | _spent(job) | {"model": model, "reading": program.reading}
        return ExplanationOut.model_validate(fields)

    return await _answer(request, parts, user, body, make)


@router.post(
    "/mend",
    response_model=GeneratedFilterOut,
    responses={**streamed(GeneratedFilterOut), **problems(400, 404, 409, 422, 429, 500, 502)},
)
async def mend(body: MendIn, request: Request, parts: Parts, user: User) -> Response | GeneratedFilterOut:
    """A filter that means the same without the error with which it failed; the stored one of a strategy, or one given.

    Nothing is saved: the answer is to be looked at first.
    """
    code, interval, error = body.filter_code, body.interval, body.error
    direction: Direction = body.direction
    if body.strategy_id is not None:
        async with parts.database.user(user) as conn:
            row = await strategies.get(conn, body.strategy_id)
        code, interval, error = row.filter_code, row.base_interval, generation.stored_error(row)
        direction = "short" if row.direction == "short" else "long"
        if not error:
            raise StateConflict("the strategy has no error to mend")

    async def make(job: Job) -> GeneratedFilterOut:
        made = await generation.mended(
            job,
            code,
            error,
            interval=interval or "",
            direction=direction,
            sentence=body.prompt,
        )
        readings = tuple(condition.reading for condition in made.program.conditions)
        return _filter_out(job, made, direction, readings, body.prompt)

    return await _answer(request, parts, user, body, make, body.strategy_id)


async def _answer(
    request: Request,
    parts: Services,
    user: UUID,
    body: AskIn,
    make: Callable[[Job], Awaitable[Answer]],
    strategy_id: UUID | None = None,
) -> Answer | Response:
    """What `make` makes of the job, whole or as events."""
    refusal = _refusal(body.model, parts.settings)
    if refusal is not None:
        return refusal
    told = Told()
    events = wants_events(request)
    job = Job(
        parts.settings,
        parts.database,
        user,
        model=body.model,
        fresh=body.fresh,
        symbols=await known_symbols(parts),
        progress=told.step if events else None,
        on_text=told.text if events else None,
        strategy=strategy_id,
    )

    async def work() -> Answer:
        return await make(job)

    return streaming(told, work) if events else await whole(request, work)


def _refusal(model: str | None, settings: Settings) -> Response | None:
    """Beyond personal mode a caller spends only on the models that were configured."""
    known = (*settings.named_models, OFFLINE_MODEL)
    if model is None or settings.personal or model in known:
        return None
    hint = f"Use one of: {', '.join(known)}."
    row = FieldError(code="unknown_model", field="model", message=f"{model} is not a configured model.", hint=hint)
    return problem(422, "That model is not configured", f"{row.message} {hint}", [row])


def _spent(job: Job) -> dict[str, Any]:
    """What the job's calls took."""
    usage = job.usage
    return {
        "model": usage.model or job.model or model_label(job.settings),
        "attempts": max(1, usage.drafts),
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost": usage.price,
    }


def _filter_out(
    job: Job, made: GeneratedFilter, direction: Direction, conditions: tuple[str, ...], sentence: str
) -> GeneratedFilterOut:
    fields = {
        "filter_code": made.code,
        "hash": made.program.hash,
        "interval": made.program.base,
        "direction": direction,
        "conditions": conditions,
        "reading": made.program.reading,
        "rows": reading_rows(made.program, made.sources, sentence),
        "changes": made.changes,
        "assumptions": made.assumptions,
        "not_understood": made.not_understood,
        "checks": made.checks.model_dump(mode="json"),
        "first_try": made.first_try,
    }
    return GeneratedFilterOut.model_validate(_spent(job) | fields)
