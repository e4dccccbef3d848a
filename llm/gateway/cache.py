"""Answers kept by question: the same messages, model, schema and settings are asked once.

Only answers that fitted are kept, and only those of the model that was meant. A kept answer costs nothing and says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from llm.answers import parse_answer
from llm.gateway.routing import Routes
from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest

Schema = TypeVar("Schema", bound=BaseModel)

# Changed with what is kept, or how.
VERSION = 1


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer's text and the model that wrote it."""

    text: str
    model: str


class AnswerCache(Protocol):
    """Where answers are kept. Neither call raises: a cache that is away is an empty one."""

    async def get(self, key: str) -> KeptAnswer | None:
        """The answer kept under `key`, unless it is too old."""
        ...

    async def put(self, key: str, answer: KeptAnswer) -> None:
        """Keep an answer."""
        ...


class CachedModel:
    """A `LanguageModel` that answers from `cache` where it can; `ModelRequest.fresh` goes round it and renews it."""

    def __init__(self, model: LanguageModel, cache: AnswerCache, routes: Routes) -> None:
        self._model = model
        self._cache = cache
        self._routes = routes

    @property
    def name(self) -> str:
        """The wrapped model's name."""
        return self._model.name

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """The kept answer, or the wrapped model's; raises its ModelError."""
        started = time.perf_counter()
        key = question_key(self._routes.chain(request)[0], self._routes.adjusted(request))
        kept = None if request.fresh else await self._cache.get(key)
        if kept is not None:
            try:
                data = parse_answer(kept.text, request.schema, kept.model)
            except ModelError:
                kept = None
        if kept is None:
            answer = await self._model.complete(request)
            if not answer.fallback:
                await self._cache.put(key, KeptAnswer(answer.text, answer.model))
            return answer
        if request.on_text is not None:
            request.on_text(kept.text)
        took = (time.perf_counter() - started) * 1_000
        return ModelAnswer(data, kept.text, kept.model, cost=0.0, latency_ms=took, cached=True, calls=0)


def question_key(model: str, request: ModelRequest[Schema]) -> str:
    """What a question is known by: 64 hexadecimal digits, the same for the same question to the same server."""
    servers = {name: value for name, value in os.environ.items() if name.endswith(("_API_BASE", "_BASE_URL"))}
    parts = [
        VERSION,
        model,
        sorted(servers.items()),
        [[message.role, message.content] for message in request.messages],
        request.schema.model_json_schema(),
        request.temperature,
        request.max_tokens,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
