"""The phrasebook behind the language-model protocol: reads a request's variables where a real model
reads its messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from llm.models import ModelAnswer, ModelError, ModelRequest
from llm.phrasebook.rework import explained, rewritten
from llm.phrasebook.translate import Translation, translate
from screener import FilterError

Schema = TypeVar("Schema", bound=BaseModel)

OFFLINE_MODEL = "offline translator"


class PhrasebookModel:
    """A deterministic `LanguageModel` for the operations of `llm.generation`; any other is `unsupported`."""

    @property
    def name(self) -> str:
        """Shown as the model of a strategy."""
        return OFFLINE_MODEL

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Answer `generate.metadata`, `.filter`, `.regenerate` and `.explain` from their variables; raises `ModelError`
        for others."""
        started = time.perf_counter()
        answer = _ANSWERS.get(request.operation)
        if answer is None:
            raise ModelError(_cannot(request.operation), kind="unsupported", model=self.name)
        try:
            # A long sentence takes seconds, in which the caller's loop has others to serve.
            data = request.schema.model_validate(await asyncio.to_thread(answer, request.variables))
        except (ValidationError, FilterError) as error:
            reason = "The offline translator found no condition it can write as a filter."
            raise ModelError(reason, kind="bad_answer", model=self.name) from error
        latency = (time.perf_counter() - started) * 1_000
        return ModelAnswer(data=data, text=data.model_dump_json(), model=self.name, cost=0.0, latency_ms=latency)


def _cannot(operation: str) -> str:
    if operation == "generate.mend":
        return (
            "The offline translator cannot mend an error that came up while a filter ran. "
            "Change the filter by hand, or set a language model (SCREENER_MODEL)."
        )
    return f"The offline translator cannot do '{operation}'."


def _known(variables: Mapping[str, object]) -> list[str] | None:
    symbols = variables.get("symbols")
    listed = isinstance(symbols, Collection) and not isinstance(symbols, str)
    return [str(symbol) for symbol in symbols] if listed and isinstance(symbols, Collection) else None


def _translate(variables: Mapping[str, object]) -> Translation:
    interval = variables.get("interval")
    sentence = str(variables.get("sentence") or "")
    known = _known(variables)
    return _translated(
        sentence, interval if isinstance(interval, str) else None, None if known is None else tuple(known)
    )


@lru_cache(maxsize=64)
def _translated(sentence: str, interval: str | None, symbols: tuple[str, ...] | None) -> Translation:
    """The translation, made once for the steps that ask for parts of it."""
    return translate(sentence, interval, symbols)


def _regenerated(variables: Mapping[str, object]) -> dict[str, object]:
    given = variables.get("conditions")
    conditions = [str(text) for text in given] if isinstance(given, Sequence) and not isinstance(given, str) else []
    made = rewritten(
        conditions, str(variables.get("filter_code") or ""), str(variables.get("interval")), _known(variables)
    )
    return {
        "filter_code": made.code,
        "assumptions": [note[:400] for note in made.assumptions][:40],
        "not_understood": [words[:400] for words in made.not_understood if words.strip()][:40],
        "sources": [{"name": name, "condition": text[:400], "words": text[:400]} for name, text in made.sources][:30],
    }


def _explained(variables: Mapping[str, object]) -> dict[str, object]:
    code, interval = str(variables.get("filter_code") or ""), str(variables.get("interval"))
    return explained(code, interval, str(variables.get("direction") or "long"), _known(variables))


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
        "not_understood": [words[:400] for words in translation.not_understood if words.strip()][:40],
        "sources": [{"name": r.name, "condition": r.english[:400], "words": r.words} for r in translation.conditions][
            :30
        ],
    }


def _draft(translation: Translation) -> dict[str, object]:
    return {
        "filter_code": translation.code,
        "assumptions": [note[:400] for note in translation.assumptions][:40],
        "not_understood": [words[:400] for words in translation.not_understood if words.strip()][:40],
    }


_ANSWERS: dict[str, Callable[[Mapping[str, object]], dict[str, object]]] = {
    "generate.metadata": lambda variables: _metadata(_translate(variables)),
    "generate.filter": lambda variables: _draft(_translate(variables)),
    "generate.regenerate": _regenerated,
    "generate.explain": _explained,
}
