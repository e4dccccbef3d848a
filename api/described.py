"""What FastAPI cannot tell of our answers by itself, for the OpenAPI description: problem documents, event streams."""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.schemas import FillingOut, Problem, StepOut

_REF = "#/components/schemas/"
_MODELS: Final[tuple[tuple[type[BaseModel], Literal["serialization"]], ...]] = (
    (Problem, "serialization"),
    (StepOut, "serialization"),
    (FillingOut, "serialization"),
)
_TITLES = {
    400: "The body is no text of a request",
    403: "Not allowed to whoever asks, or to anybody: `detail` says why",
    404: "There is no such thing",
    409: "Not in this state",
    422: "What was sent cannot be taken, or was not understood: `errors` has the words and the places",
    429: "A spend cap is reached: `again_at` and `Retry-After` say until when",
    500: "An error of ours: the log of the API says why",
    502: "The model is away, or its answers are not usable",
    503: "The database or the worker does not answer",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that may answer with problem documents of these statuses."""
    content = {"application/problem+json": {"schema": {"$ref": f"{_REF}{Problem.__name__}"}}}
    return {status: {"description": _TITLES[status], "content": content} for status in statuses}


def streamed(answer: type[Any], progress: type[Any] = StepOut) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that streams progress to those who accept events: each event, its data a line of JSON."""
    shapes: dict[str, type[Any]] = {"progress": progress, "result": answer, "error": Problem}
    events = [_event(kind, shape.__name__) for kind, shape in shapes.items()]
    stream = {
        "schema": {"type": "string", "description": "`progress` events, then one `result` or one `error`."},
        "itemSchema": {"oneOf": events},
    }
    return {200: {"description": "The answer, or its events", "content": {"text/event-stream": stream}}}


class Described(FastAPI):
    """An application whose description also has the shapes that only problem documents and events have."""

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            schema = super().openapi()
            _, defs = models_json_schema(_MODELS, ref_template=f"{_REF}{{model}}")
            components = schema.setdefault("components", {}).setdefault("schemas", {})
            for name, found in defs["$defs"].items():
                components.setdefault(name, found)
            for operations in schema["paths"].values():
                for operation in operations.values():
                    # What FastAPI refuses by itself is answered as a problem, too.
                    if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                        operation["responses"]["422"] = problems(422)[422]
        assert self.openapi_schema is not None
        return self.openapi_schema


def _event(kind: str, name: str) -> dict[str, Any]:
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": f"{_REF}{name}"}}
    return {
        "type": "object",
        "properties": {"event": {"const": kind}, "data": data},
        "required": ["event", "data"],
    }
