"""A model that is asked again where its answer could not be read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

from llm.generation.ask import repair
from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest, total

Schema = TypeVar("Schema", bound=BaseModel)

TRIES = 3


class Repairing:
    """Asks `model` with the problem before it, up to `tries` times in all; `example` is an answer that fits.

    All tries together have the request's time. A line that broke is not asked again here: that takes time, which the
    caller has or has not. Tokens, cost and calls are those of all tries.
    """

    def __init__(self, model: LanguageModel, example: Mapping[str, object], *, tries: int = TRIES) -> None:
        self._model = model
        self._example = example
        self._tries = tries

    @property
    def name(self) -> str:
        """The wrapped model's name."""
        return self._model.name

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Answer the request; raises `ModelError`, that of the last try."""
        asked = request
        began = time.monotonic()
        failed: list[ModelError] = []
        while True:
            try:
                answer = await self._model.complete(asked)
            except ModelError as error:
                failed.append(error)
                left = None if request.timeout_s is None else request.timeout_s - (time.monotonic() - began)
                if error.kind != "bad_answer" or len(failed) == self._tries or (left is not None and left <= 0):
                    raise _summed(error, failed) from error.__cause__
                messages = await repair(request.messages, error.answer, [error.reason], self._example)
                asked = replace(request, messages=messages, fresh=True, timeout_s=left)
                continue
            calls = answer.calls + sum(e.calls for e in failed)
            return replace(answer, calls=calls, **total([answer, *failed])._asdict())


def _summed(error: ModelError, failed: list[ModelError]) -> ModelError:
    tries = f" It was asked {len(failed)} times." if len(failed) > 1 else ""
    return ModelError(
        error.reason + tries,
        kind=error.kind,
        model=error.model,
        answer=error.answer,
        calls=sum(e.calls for e in failed),
        **total(failed)._asdict(),
    )
