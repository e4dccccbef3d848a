"""Traces to Langfuse: a root span for each action, a generation for each model call, scores on the trace.

Nothing here raises because of Langfuse, and nothing waits for its host: spans and scores are queued, sent by threads
of the client, and dropped where the host does not take them.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from llm.langfuse_client import Connection, Unavailable, masked
from llm.tracing import NO_SPAN, PromptLink, ScoreValue, Span

MAX_LABEL: Final = 200
"""The longest user id, session id, tag and name that Langfuse takes."""


class LangfuseSpan:
    """An open observation of Langfuse's client."""

    def __init__(self, observation: Any) -> None:
        self._observation = observation
        self.levelled = False

    @property
    def trace_id(self) -> str | None:
        """32 hexadecimal digits."""
        return str(self._observation.trace_id)

    def update(self, **fields: object) -> None:
        """Add fields, masked."""
        self.levelled = self.levelled or "level" in fields
        self._observation.update(**{name: _field(name, value) for name, value in fields.items()})

    def score(self, name: str, value: ScoreValue, comment: str | None = None) -> None:
        """Score the trace of this span."""
        if (scored := _scored(name, value, comment)) is not None:
            self._observation.score_trace(**scored)


class LangfuseTracer:
    """Sends traces over `connection`; langfuse is imported by the first action."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        """A root span; spans opened inside it, also across awaits, belong to its trace and carry user, session and
        tags."""
        labels: dict[str, object] = {"trace_name": _label(name)}
        if user_id:
            labels["user_id"] = _label(user_id)
        if session_id:
            labels["session_id"] = _label(session_id)
        if tags:
            labels["tags"] = [_label(tag) for tag in tags]
        fields = {"input": input, "metadata": dict(metadata) if metadata else None}
        return self._observed({"as_type": "span", "name": name, **fields}, labels)

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
        """A generation inside the current trace; `prompt` links it to a prompt that Langfuse manages."""
        labels: dict[str, object] = (
            {} if prompt is None else {"prompt": {"name": prompt.name, "version": prompt.version}}
        )
        fields = {"as_type": "generation", "name": name, "model": model, "input": input, "metadata": metadata}
        return self._observed({**fields, "model_parameters": model_parameters}, labels)

    def score(self, trace_id: str, name: str, value: ScoreValue, comment: str | None = None) -> None:
        """Score a trace that is over."""
        scored = _scored(name, value, comment)
        with contextlib.suppress(Unavailable):
            if scored is not None:
                self._connection.client.create_score(trace_id=trace_id, **scored)

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Send what is waiting; false where it took longer than `timeout_s` seconds."""
        return self._connection.flush(timeout_s)

    @contextlib.contextmanager
    def _observed(self, fields: Mapping[str, object], labels: Mapping[str, Any]) -> Iterator[Span]:
        try:
            client = self._connection.client
        except Unavailable:
            yield NO_SPAN
            return
        from langfuse import propagate_attributes

        begin = {name: _field(name, value) for name, value in fields.items() if value is not None}
        failed: BaseException | None = None
        with propagate_attributes(**labels), client.start_as_current_observation(**begin) as observation:
            span = LangfuseSpan(observation)
            try:
                yield span
            except Exception as error:  # noqa: BLE001 - raised again below: OpenTelemetry would send it whole, unmasked
                if not span.levelled:
                    span.update(level="ERROR", status_message=str(error) or type(error).__name__)
                failed = error
        if failed is not None:
            raise failed


def _field(name: str, value: object) -> Any:
    # The type, level and names are words of ours.
    return value if name in ("as_type", "level", "completion_start_time") else masked(value)


def _label(text: str) -> str:
    """Text as Langfuse takes it for ids and tags: ASCII, bounded."""
    return str(masked(text)).encode("ascii", "replace").decode("ascii")[:MAX_LABEL]


def _scored(name: str, value: ScoreValue, comment: str | None) -> dict[str, Any] | None:
    """A score's fields; None for a number that is none."""
    match value:
        case bool():
            fields: dict[str, Any] = {"value": float(value), "data_type": "BOOLEAN"}
        case int() | float():
            if not math.isfinite(value):
                return None
            fields = {"value": float(value), "data_type": "NUMERIC"}
        case _:
            fields = {"value": masked(value)[:500], "data_type": "CATEGORICAL"}
    return {"name": _label(name), **fields, **({"comment": masked(comment)[:2_000]} if comment else {})}
