"""Traces of model calls: one trace per user action, one generation span per call. Nothing happens unless
Langfuse has keys.

1. `tracer_from_environment` gives a `NoTracer`, or a `LangfuseTracer` where both keys are set; langfuse is
   imported at the first action, not before.
2. `TracedModel` wraps any `LanguageModel` and opens a generation span around each call.
3. `flush` waits a bounded time: with the host down, Langfuse's own flush blocks for many seconds.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest

Schema = TypeVar("Schema", bound=BaseModel)

log = logging.getLogger(__name__)


class Span(Protocol):
    """An open span."""

    @property
    def trace_id(self) -> str | None:
        """The trace's id, None where nothing is traced."""
        ...

    def update(self, **fields: object) -> None:
        """Add `output`, `metadata`, `model`, `usage_details`, `cost_details`, `level` or `status_message`."""
        ...


class Tracer(Protocol):
    """Where traces go."""

    def action(self, name: str, *, user_id: str | None = None, input: object = None) -> AbstractContextManager[Span]:
        """A trace for one action of a user."""
        ...

    def generation(self, name: str, *, model: str, input: object) -> AbstractContextManager[Span]:
        """A generation span inside the current trace."""
        ...

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Send what is waiting; false where it took longer than `timeout_s` seconds."""
        ...


class _NoSpan:
    trace_id: str | None = None

    def update(self, **fields: object) -> None:
        """Nothing."""


class NoTracer:
    """Traces nothing."""

    def action(self, name: str, *, user_id: str | None = None, input: object = None) -> AbstractContextManager[Span]:
        """A span that keeps nothing."""
        return contextlib.nullcontext(_NoSpan())

    def generation(self, name: str, *, model: str, input: object) -> AbstractContextManager[Span]:
        """A span that keeps nothing."""
        return contextlib.nullcontext(_NoSpan())

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Nothing waits."""
        return True


class _LangfuseSpan:
    def __init__(self, observation: Any) -> None:
        self._observation = observation

    @property
    def trace_id(self) -> str | None:
        found = getattr(self._observation, "trace_id", None)
        return str(found) if found else None

    def update(self, **fields: object) -> None:
        self._observation.update(**fields)


class LangfuseTracer:
    """Sends traces to Langfuse; the client is made at the first action, from LANGFUSE_* in the
    environment."""

    def __init__(self) -> None:
        self._client: Any = None
        self._lock = threading.Lock()

    def action(self, name: str, *, user_id: str | None = None, input: object = None) -> AbstractContextManager[Span]:
        """A root span; spans opened inside it, also across awaits, belong to its trace."""
        return self._action(name, user_id, input)

    def generation(self, name: str, *, model: str, input: object) -> AbstractContextManager[Span]:
        """A generation span."""
        return self._span(as_type="generation", name=name, model=model, input=input)

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Flush in a daemon thread and wait at most `timeout_s` seconds for it."""
        if self._client is None:
            return True
        thread = threading.Thread(target=self._client.flush, name="langfuse-flush", daemon=True)
        thread.start()
        thread.join(timeout_s)
        return not thread.is_alive()

    @contextlib.contextmanager
    def _action(self, name: str, user_id: str | None, input: object) -> Iterator[Span]:
        client = self._connected()
        langfuse = importlib.import_module("langfuse")
        with (
            langfuse.propagate_attributes(user_id=user_id, trace_name=name),
            client.start_as_current_observation(as_type="span", name=name, input=input) as observation,
        ):
            yield _LangfuseSpan(observation)

    @contextlib.contextmanager
    def _span(self, **fields: Any) -> Iterator[Span]:
        with self._connected().start_as_current_observation(**fields) as observation:
            yield _LangfuseSpan(observation)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                langfuse = importlib.import_module("langfuse")
                self._client = langfuse.Langfuse(timeout=2)
        return self._client


def tracer_from_environment(environment: Mapping[str, str] | None = None) -> Tracer:
    """A Langfuse tracer where LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are set, else one that does
    nothing."""
    env = os.environ if environment is None else environment
    if env.get("LANGFUSE_PUBLIC_KEY") and env.get("LANGFUSE_SECRET_KEY"):
        return LangfuseTracer()
    return NoTracer()


class TracedModel:
    """A `LanguageModel` whose calls are generation spans of `tracer`."""

    def __init__(self, model: LanguageModel, tracer: Tracer) -> None:
        self._model = model
        self._tracer = tracer

    @property
    def name(self) -> str:
        """The wrapped model's name."""
        return self._model.name

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Ask the wrapped model inside a span; raises what it raises."""
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        with self._tracer.generation(request.operation, model=self.name, input=messages) as span:
            try:
                answer = await self._model.complete(request)
            except ModelError as error:
                span.update(level="ERROR", status_message=error.reason)
                raise
            span.update(
                output=answer.text,
                model=answer.model,
                usage_details={"input": answer.input_tokens, "output": answer.output_tokens},
                metadata={
                    "prompt_version": request.prompt_version,
                    "latency_ms": round(answer.latency_ms, 1),
                },
                **({"cost_details": {"total": answer.cost}} if answer.cost is not None else {}),
            )
            return answer
