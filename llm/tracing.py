"""Traces of model calls: one trace per user action, one generation per call. Nothing happens unless Langfuse has keys.

1. `tracer_from_environment` gives a `NoTracer`, or Langfuse's where both keys are set; langfuse is imported at the
   first action, not before.
2. `TracedModel` wraps any `LanguageModel` and opens a generation around each call: prompt and version, parameters,
   tokens, cost, latency, what was answered, and why it failed.
3. `flush` waits a bounded time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel

from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest
from llm.prompt_sources import MANAGED

Schema = TypeVar("Schema", bound=BaseModel)
ScoreValue = float | bool | str
"""A number, yes or no, or a word of a closed set."""


@dataclass(frozen=True, slots=True)
class PromptLink:
    """A prompt that Langfuse manages, by name and version."""

    name: str
    version: int


class Span(Protocol):
    """An open span."""

    @property
    def trace_id(self) -> str | None:
        """The trace's id, None where nothing is traced."""
        ...

    def update(self, **fields: object) -> None:
        """Add `output`, `metadata`, `level` or `status_message`; for a generation also `model`, `usage_details`,
        `cost_details` and `completion_start_time`."""
        ...

    def score(self, name: str, value: ScoreValue, comment: str | None = None) -> None:
        """Score the whole trace."""
        ...


class Tracer(Protocol):
    """Where traces go."""

    def action(
        self,
        name: str,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        tags: Sequence[str] = (),
        input: object = None,
        metadata: Mapping[str, object] | None = None,
    ) -> AbstractContextManager[Span]:
        """A trace for one action of a user. `session_id` joins the traces of one strategy, or one sitting."""
        ...

    def generation(
        self,
        name: str,
        *,
        model: str,
        input: object,
        model_parameters: Mapping[str, object] | None = None,
        prompt: PromptLink | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> AbstractContextManager[Span]:
        """A generation inside the current trace."""
        ...

    def score(self, trace_id: str, name: str, value: ScoreValue, comment: str | None = None) -> None:
        """Score a trace that is over, by its id."""
        ...

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Send what is waiting; false where it took longer than `timeout_s` seconds."""
        ...


class _NoSpan:
    trace_id: str | None = None

    def update(self, **fields: object) -> None:
        """Nothing."""

    def score(self, name: str, value: ScoreValue, comment: str | None = None) -> None:
        """Nothing."""


NO_SPAN: Final = _NoSpan()


_hidden: ContextVar[bool] = ContextVar("hidden", default=False)


@contextlib.contextmanager
def hidden() -> Iterator[Span]:
    """Calls inside are not traced, whatever is set: what they say is not to be seen by anybody."""
    token = _hidden.set(True)
    try:
        yield NO_SPAN
    finally:
        _hidden.reset(token)


class NoTracer:
    """Traces nothing."""

    def action(
        self,
        name: str,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        tags: Sequence[str] = (),
        input: object = None,
        metadata: Mapping[str, object] | None = None,
    ) -> AbstractContextManager[Span]:
        """A span that keeps nothing."""
        return contextlib.nullcontext(NO_SPAN)

    def generation(
        self,
        name: str,
        *,
        model: str,
        input: object,
        model_parameters: Mapping[str, object] | None = None,
        prompt: PromptLink | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> AbstractContextManager[Span]:
        """A span that keeps nothing."""
        return contextlib.nullcontext(NO_SPAN)

    def score(self, trace_id: str, name: str, value: ScoreValue, comment: str | None = None) -> None:
        """Nothing."""

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Nothing waits."""
        return True


def tracer_from_environment(environment: Mapping[str, str] | None = None) -> Tracer:
    """Langfuse's tracer where LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are set, else one that does nothing."""
    from llm.langfuse_client import connection
    from llm.langfuse_tracing import LangfuseTracer

    found = connection(environment)
    return NoTracer() if found is None else LangfuseTracer(found)


class TracedModel:
    """A `LanguageModel` whose calls are generations of `tracer`."""

    def __init__(self, model: LanguageModel, tracer: Tracer) -> None:
        self._model = model
        self._tracer = tracer

    @property
    def name(self) -> str:
        """The wrapped model's name."""
        return self._model.name

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Ask the wrapped model inside a span; raises what it raises."""
        if _hidden.get():
            return await self._model.complete(request)
        with self._tracer.generation(
            request.operation,
            model=self.name,
            input=[{"role": message.role, "content": message.content} for message in request.messages],
            model_parameters={
                "temperature": request.temperature,
                "max_tokens": request.max_tokens,
                "tier": request.tier,
            },
            prompt=_link(request),
            metadata={"prompt_name": request.operation, "prompt_version": request.prompt_version or "none"},
        ) as span:
            try:
                answer = await self._model.complete(_timed(request, span))
            except ModelError as error:
                span.update(level="ERROR", status_message=f"{error.kind}: {error.reason}", **_spent(error))
                raise
            except asyncio.CancelledError:
                span.update(level="WARNING", status_message="cancelled")
                raise
            span.update(
                output=answer.text or answer.data.model_dump(mode="json"),
                model=answer.model,
                metadata={"latency_ms": round(answer.latency_ms, 1), "calls": answer.calls, "cached": answer.cached},
                **_cost(answer.input_tokens, answer.output_tokens, answer.cost),
            )
            return answer if span.trace_id is None else replace(answer, trace_id=span.trace_id)


def _link(request: ModelRequest[Any]) -> PromptLink | None:
    """The managed prompt that the request was made from, from its version: "langfuse 7"."""
    source, _, version = (request.prompt_version or "").partition(" ")
    return PromptLink(request.operation, int(version)) if source == MANAGED and version.isdecimal() else None


def _timed(request: ModelRequest[Schema], span: Span) -> ModelRequest[Schema]:
    """The request, telling `span` when the first text came."""
    told = request.on_text
    if told is None:
        return request
    return replace(request, on_text=_first_told(told, span))


def _first_told(told: Callable[[str], None], span: Span) -> Callable[[str], None]:
    begun = False

    def tell(piece: str) -> None:
        nonlocal begun
        if piece and not begun:
            begun = True
            span.update(completion_start_time=datetime.now(UTC))
        told(piece)

    return tell


def _spent(error: ModelError) -> dict[str, object]:
    """What a failed call cost, and what was answered all the same."""
    fields: dict[str, object] = {"metadata": {"calls": error.calls, "error_kind": error.kind}}
    if error.answer:
        fields["output"] = error.answer
    if error.input_tokens or error.output_tokens or error.cost is not None:
        fields.update(_cost(error.input_tokens, error.output_tokens, error.cost))
    return fields


def _cost(input_tokens: int, output_tokens: int, cost: float | None) -> dict[str, object]:
    usage = {"input": input_tokens, "output": output_tokens, "total": input_tokens + output_tokens}
    return {"usage_details": usage, **({"cost_details": {"total": cost}} if cost is not None else {})}
