"""Sentences to strategies, whole or streamed step by step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from api.auth import User
from api.deps import Parts
from api.problems import problem
from api.routes.filters import known_symbols
from api.schemas import FieldError, GeneratedStrategyOut, PromptIn
from api.stream import sse
from app.bootstrap import OFFLINE_MODEL
from app.generation import CannotGenerate, generate_and_keep
from app.settings import Settings

router = APIRouter(prefix="/generate", tags=["generate"])


def _refusal(model: str | None, settings: Settings) -> Response | None:
    """Beyond personal mode a caller spends only on the models that were configured."""
    known = (*settings.named_models, OFFLINE_MODEL)
    if model is None or settings.personal or model in known:
        return None
    hint = f"Use one of: {', '.join(known)}."
    row = FieldError(code="unknown_model", field="model", message=f"{model} is not a configured model.", hint=hint)
    return problem(422, "That model is not configured", f"{row.message} {hint}", [row])


@router.post("/strategy", response_model=GeneratedStrategyOut)
async def strategy(body: PromptIn, request: Request, parts: Parts, user: User) -> Response | GeneratedStrategyOut:
    """A strategy from a sentence; with `Accept: text/event-stream`, `progress` events first."""
    refusal = _refusal(body.model, parts.settings)
    if refusal is not None:
        return refusal
    symbols = await known_symbols(parts)
    steps: asyncio.Queue[tuple[str, float]] = asyncio.Queue()

    async def tell(step: str, seconds: float) -> None:
        steps.put_nowait((step, seconds))

    async def make() -> GeneratedStrategyOut:
        made, rows = await generate_and_keep(
            parts.settings,
            parts.database,
            user,
            body.prompt,
            interval=body.interval,
            model=body.model,
            symbols=symbols,
            progress=tell,
        )
        return GeneratedStrategyOut.model_validate({**made.public(), "rows": rows})

    if "text/event-stream" not in request.headers.get("accept", ""):
        return await make()

    async def events() -> AsyncIterator[str]:
        task = asyncio.create_task(make())
        try:
            while not (task.done() and steps.empty()):
                try:
                    async with asyncio.timeout(0.1):
                        step, seconds = await steps.get()
                except TimeoutError:
                    continue
                yield sse("progress", {"step": step, "seconds": seconds})
            yield sse("result", task.result().model_dump(mode="json"))
        except CannotGenerate as error:
            rows = [{"code": "not_understood", "message": words} for words in error.not_understood]
            status = 422 if error.not_understood else 502
            yield sse(
                "error",
                {"title": "No strategy came out", "status": status, "detail": str(error), "errors": rows},
            )
        finally:
            task.cancel()

    return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-store"})
