"""The phrasebook behind the language-model protocol: reads a request's variables where a real model
reads its messages."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from llm.models import ModelAnswer, ModelError, ModelRequest
from llm.phrasebook.translate import Translation, translate

Schema = TypeVar("Schema", bound=BaseModel)

OFFLINE_MODEL = "offline translator"


class PhrasebookModel:
    """A deterministic `LanguageModel` for the operations of `llm.generate`; any other is `unsupported`."""

    @property
    def name(self) -> str:
        """Shown as the model of a strategy."""
        return OFFLINE_MODEL

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Answer `generate.metadata` and `generate.filter` from their variables; raises `ModelError` for
        others."""
        started = time.perf_counter()
        if request.operation not in ("generate.metadata", "generate.filter"):
            reason = f"The offline translator cannot do '{request.operation}'."
            raise ModelError(reason, kind="unsupported", model=self.name)
        translation = _translate(request)
        payload = _metadata(translation) if request.operation == "generate.metadata" else _draft(translation)
        try:
            data = request.schema.model_validate(payload)
        except ValidationError as error:
            reason = "The offline translator found no condition it can write as a filter."
            raise ModelError(reason, kind="bad_answer", model=self.name) from error
        latency = (time.perf_counter() - started) * 1_000
        return ModelAnswer(data=data, text=data.model_dump_json(), model=self.name, cost=0.0, latency_ms=latency)


def _translate(request: ModelRequest[Schema]) -> Translation:
    variables = request.variables
    interval = variables.get("interval")
    symbols = variables.get("symbols")
    known = (
        [str(symbol) for symbol in symbols]
        if isinstance(symbols, Collection) and not isinstance(symbols, str)
        else None
    )
    sentence = str(variables.get("sentence") or "")
    return translate(sentence, interval if isinstance(interval, str) else None, known)


def _metadata(translation: Translation) -> dict[str, object]:
    return {
        "name": translation.name[:80],
        "description": translation.description[:1_000],
        "direction": translation.direction,
        "interval": translation.interval,
        "conditions": [row.english[:400] for row in translation.conditions][:30],
        "instructions": translation.instructions[:2_000],
        "indicators": list(translation.indicators)[:30],
        "risk": {
            "stop_atr": min(20.0, translation.stop_atr),
            "target_atr": translation.target_atr,
            "max_hold_candles": translation.max_hold_candles,
        },
        "assumptions": [note[:400] for note in translation.assumptions][:40],
        "not_understood": list(translation.not_understood)[:40],
        "sources": [{"name": r.name, "condition": r.english[:400], "words": r.words} for r in translation.conditions][
            :30
        ],
    }


def _draft(translation: Translation) -> dict[str, object]:
    return {
        "filter_code": translation.code,
        "assumptions": [note[:400] for note in translation.assumptions][:40],
        "not_understood": list(translation.not_understood)[:40],
    }
