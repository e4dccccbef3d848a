"""From a model's text to validated data.

Models wrap JSON in code fences, put a sentence before it, or stop half way. `parse_answer` finds the first
complete JSON object and validates it; anything else is a `ModelError` of kind `bad_answer` that says what was
wrong in words a repair prompt can quote.
"""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from llm.models import ModelError

Schema = TypeVar("Schema", bound=BaseModel)

MAX_ANSWER_CHARACTERS = 64_000
MAX_STARTS = 50


def parse_answer(text: str | None, schema: type[Schema], model: str) -> Schema:
    """Validate the JSON object inside `text` against `schema`.

    Raises `ModelError` (kind `bad_answer`) for an empty, oversized, non-JSON or ill-fitting answer.
    """
    if text is None or not text.strip():
        raise ModelError("The model's answer was empty.", kind="bad_answer", model=model)
    if len(text) > MAX_ANSWER_CHARACTERS:
        reason = f"The model's answer has {len(text):,} characters; the limit is {MAX_ANSWER_CHARACTERS:,}."
        raise ModelError(reason, kind="bad_answer", model=model)
    problem = "The model's answer is not a JSON object."
    start, tried = text.find("{"), 0
    while start != -1 and tried < MAX_STARTS:
        tried += 1
        found, end = _object_at(text, start)
        if found is None:
            start = text.find("{", start + 1)
            continue
        try:
            return schema.model_validate(found)
        except ValidationError as error:
            problem = f"The model's answer does not fit: {_in_words(error)}."
        # A smaller object inside a rejected one would be a guess: go on after it.
        start = text.find("{", end)
    raise ModelError(problem, kind="bad_answer", model=model, answer=text)


def _object_at(text: str, start: int) -> tuple[dict[str, object] | None, int]:
    """The JSON object that begins at `start` and the index after it, or (None, start)."""
    try:
        found, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        # Not JSON, or a number of more digits than Python reads.
        return None, start
    return (found, end) if isinstance(found, dict) else (None, start)


def _in_words(error: ValidationError) -> str:
    """Pydantic's complaints in one line, without the rejected values."""
    parts = []
    for item in error.errors(include_url=False, include_input=False, include_context=False)[:5]:
        place = ".".join(str(step) for step in item["loc"]) or "the object"
        parts.append(f"{place}: {item['msg']}")
    return "; ".join(parts)
