"""The phrasebook behind the language-model protocol: reads a request's variables where a real model
reads its messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from llm.kind import category_of, difficulty_of
from llm.models import OFFLINE_MODEL, ModelAnswer, ModelError, ModelRequest
from llm.phrasebook.meaning.types import Direction
from llm.phrasebook.rework import explained, rewritten
from llm.phrasebook.translate import CANNOT_BE, Translation, translate
from screener import FilterError, compile_filter

Schema = TypeVar("Schema", bound=BaseModel)

NOTHING_FOUND = "The offline translator found no condition it can write as a filter."


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
        except _Unwritten as error:
            raise ModelError(
                error.reason, kind="bad_answer", model=self.name, not_understood=error.not_understood
            ) from error
        except (ValidationError, FilterError) as error:
            raise ModelError(NOTHING_FOUND, kind="bad_answer", model=self.name) from error
        latency = (time.perf_counter() - started) * 1_000
        return ModelAnswer(data=data, text=data.model_dump_json(), model=self.name, cost=0.0, latency_ms=latency)


class _Unwritten(Exception):
    """No filter came out; `reason` is for people."""

    def __init__(self, reason: str, not_understood: Sequence[str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.not_understood = tuple(not_understood)


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


def _translate(variables: Mapping[str, object], direction: Direction | None = None) -> Translation:
    interval = variables.get("interval")
    sentence = str(variables.get("sentence") or "")
    known = _known(variables)
    return _translated(
        sentence, interval if isinstance(interval, str) else None, None if known is None else tuple(known), direction
    )


@lru_cache(maxsize=64)
def _translated(
    sentence: str, interval: str | None, symbols: tuple[str, ...] | None, direction: Direction | None
) -> Translation:
    """The translation, made once for the steps that ask for parts of it."""
    return translate(sentence, interval, symbols, direction)


def _regenerated(variables: Mapping[str, object]) -> dict[str, object]:
    given = variables.get("conditions")
    conditions = [str(text) for text in given] if isinstance(given, Sequence) and not isinstance(given, str) else []
    direction: Direction = "short" if variables.get("direction") == "short" else "long"
    return _rewritten(variables, conditions, str(variables.get("filter_code") or ""), direction)


def _rewritten(
    variables: Mapping[str, object], conditions: Sequence[str], previous: str, direction: Direction
) -> dict[str, object]:
    made = rewritten(conditions, previous, str(variables.get("interval")), _known(variables), direction)
    if not made.code:
        raise _Unwritten(" ".join(made.problems) or NOTHING_FOUND, made.not_understood)
    return {
        "filter_code": made.code,
        "assumptions": [note[:400] for note in made.assumptions][:40],
        "not_understood": [words[:400] for words in made.not_understood if words.strip()][:40],
        "sources": [{"name": name, "condition": text[:400], "words": text[:400]} for name, text in made.sources][:30],
    }


def _explained(variables: Mapping[str, object]) -> dict[str, object]:
    code, interval = str(variables.get("filter_code") or ""), str(variables.get("interval"))
    return explained(code, interval, str(variables.get("direction") or "long"), _known(variables))


def _metadata(translation: Translation, symbols: Collection[str] | None) -> dict[str, object]:
    kind = {}
    if translation.code:
        program = compile_filter(translation.code, translation.interval, symbols)
        kind = {"category": category_of(program), "difficulty": difficulty_of(program)}
    return kind | {
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


def _filter(variables: Mapping[str, object]) -> dict[str, object]:
    """The sentence as a filter, or, where other conditions than its own are given, these: of the sentence its exit,
    stop and target are kept then."""
    metadata = variables.get("metadata")
    asked: Direction | None = None
    if isinstance(metadata, BaseModel) and "direction" in metadata.model_fields_set:
        asked = "short" if getattr(metadata, "direction", None) == "short" else "long"
    given = [str(text) for text in getattr(metadata, "conditions", ())]
    made = _translate(variables)
    if given and given != [row.english[:400] for row in made.conditions][:30]:
        previous = made.code if made.interval == variables.get("interval") else ""
        return _rewritten(variables, given, previous, asked or "long")
    return _draft(made if given or asked is None else _translate(variables, asked))


def _draft(translation: Translation) -> dict[str, object]:
    if not translation.code:
        notes = [n for n in translation.assumptions if not n.startswith("No ") and " given: " not in n]
        refused = [note for note in notes if note.startswith(CANNOT_BE)]
        raise _Unwritten(" ".join(refused or [NOTHING_FOUND, *notes[:3]]), translation.not_understood)
    return {
        "filter_code": translation.code,
        "assumptions": [note[:400] for note in translation.assumptions][:40],
        "not_understood": [words[:400] for words in translation.not_understood if words.strip()][:40],
    }


_ANSWERS: dict[str, Callable[[Mapping[str, object]], dict[str, object]]] = {
    "generate.metadata": lambda variables: _metadata(_translate(variables), _known(variables)),
    "generate.filter": _filter,
    "generate.regenerate": _regenerated,
    "generate.explain": _explained,
}
