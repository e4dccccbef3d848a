"""From a sentence to a strategy: metadata, then a filter that compiles.

1. `generate_metadata` asks for name, conditions, interval, direction; `_held_to_sentence` puts the interval
   and direction that the sentence names in place of others.
2. `generate_filter` asks for a program, compiles it, and sends the compiler's diagnostics back word for
   word, a bounded number of times.
3. `generate_strategy` does both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from llm.models import LanguageModel, Message, ModelAnswer, ModelError, ModelRequest
from llm.phrasebook.text import INTERVALS
from llm.phrasebook.translate import sentence_direction, sentence_interval
from llm.prompts import manifest, render
from llm.reference import language_reference, metadata_reference
from llm.schemas import FilterDraft, GeneratedStrategy, StrategyMetadata
from screener import FilterError, Program, compile_filter

Schema = TypeVar("Schema", bound=BaseModel)

MAX_SENTENCE = 4_000
MAX_ATTEMPTS = 3
DEFAULT_INTERVAL = "1h"
_FILTER_SHAPE = '{"filter_code": "...", "sources": [], "assumptions": [], "not_understood": []}.'
_TRIES = {1: "first try", 2: "second try", 3: "third try"}


Progress = Callable[[str], Awaitable[None]]
"""Told the name of each step as it ends: "Read the sentence", "Wrote and compiled the filter, first try"."""


class GenerationFailed(Exception):
    """No filter came out. `reason` is for people; `problems` are the last diagnostics, word for word."""

    def __init__(
        self,
        reason: str,
        *,
        not_understood: Sequence[str] = (),
        problems: Sequence[str] = (),
        attempts: int = 0,
        retryable: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.not_understood = tuple(not_understood)
        self.problems = tuple(problems)
        self.attempts = attempts
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class GeneratedFilter:
    """A compiled filter, the drafts it took, and what its writer assumed or left out."""

    code: str
    program: Program
    attempts: int
    model: str
    assumptions: tuple[str, ...]
    not_understood: tuple[str, ...]


async def generate_metadata(
    model: LanguageModel,
    sentence: str,
    *,
    interval: str | None = None,
    symbols: Collection[str] | None = None,
    progress: Progress | None = None,
) -> StrategyMetadata:
    """Name, description, conditions, interval, direction and risk of the strategy in `sentence`.

    `interval` is the base where the sentence names none. Raises `GenerationFailed` where the sentence is
    empty, too long or holds no condition, or the model fails.
    """
    text = _checked(sentence, interval)
    variables = {"sentence": text, "interval": interval, **metadata_reference()}
    answer = await _ask(model, "generate.metadata", variables, StrategyMetadata, extra={"symbols": symbols})
    metadata = _held_to_sentence(answer.data, text, interval)
    if not metadata.conditions:
        raise GenerationFailed("No condition was understood.", not_understood=metadata.not_understood or [text[:200]])
    await _tell(progress, "Read the sentence")
    return metadata


async def generate_filter(
    model: LanguageModel,
    sentence: str,
    metadata: StrategyMetadata,
    *,
    symbols: Collection[str] | None = None,
    progress: Progress | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> GeneratedFilter:
    """A filter program for `metadata`, compiled. Raises `GenerationFailed` with the last diagnostics
    after `max_attempts` drafts."""
    variables: dict[str, object] = {
        "sentence": sentence,
        "metadata": metadata,
        "interval": metadata.interval,
        **language_reference(),
    }
    offline = {"symbols": symbols}
    messages = render("generate.filter", variables)
    problems: list[str] = []
    not_understood = list(metadata.not_understood)
    for attempt in range(1, max(1, max_attempts) + 1):
        try:
            answer = await _send(model, "generate.filter", messages, {**variables, **offline}, FilterDraft)
        except ModelError as error:
            if error.kind != "bad_answer":
                raise _failed(error, not_understood, attempt) from error
            problems, reply = [error.reason], error.answer
        else:
            reply = answer.data.filter_code
            try:
                program = compile_filter(without_fence(reply), metadata.interval, symbols)
            except FilterError as error:
                problems = [str(diagnostic) for diagnostic in error.diagnostics]
            else:
                await _tell(progress, f"Wrote and compiled the filter, {_TRIES.get(attempt, f'try {attempt}')}")
                return GeneratedFilter(
                    code=program.source or without_fence(reply),
                    program=program,
                    attempts=attempt,
                    model=answer.model,
                    assumptions=tuple(answer.data.assumptions),
                    not_understood=tuple(answer.data.not_understood),
                )
        await _tell(progress, f"Wrote a filter that does not compile, {_TRIES.get(attempt, f'try {attempt}')}")
        messages = _repair(messages, reply, problems)
    reason = f"The model wrote no working filter in {max_attempts} attempts. Last problem: {problems[0]}"
    unread = not_understood or [sentence.strip()[:200]]
    raise GenerationFailed(reason, not_understood=unread, problems=problems, attempts=max_attempts)


async def generate_strategy(
    model: LanguageModel,
    sentence: str,
    *,
    interval: str | None = None,
    symbols: Collection[str] | None = None,
    progress: Progress | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> GeneratedStrategy:
    """Both steps. `symbols` are the market's, for names in the sentence; None where no market is known."""
    metadata = await generate_metadata(model, sentence, interval=interval, symbols=symbols, progress=progress)
    made = await generate_filter(
        model, sentence.strip(), metadata, symbols=symbols, progress=progress, max_attempts=max_attempts
    )
    return GeneratedStrategy(
        name=metadata.name,
        description=metadata.description,
        direction=metadata.direction,
        interval=metadata.interval,
        conditions=list(metadata.conditions),
        instructions=metadata.instructions,
        indicators=list(metadata.indicators),
        risk=metadata.risk,
        filter_code=made.code,
        reading=made.program.reading,
        assumptions=list(dict.fromkeys((*metadata.assumptions, *made.assumptions))),
        not_understood=list(dict.fromkeys((*metadata.not_understood, *made.not_understood))),
        model=made.model,
        attempts=made.attempts,
        spans=list(metadata.sources),
    )


def without_fence(code: str) -> str:
    """The program inside a Markdown code fence, or the text itself."""
    text = code.strip()
    if "```" not in text:
        return text + "\n"
    inside = text.split("```")[1]
    first, _, rest = inside.partition("\n")
    return (rest if first.strip().isalpha() or not first.strip() else inside).strip() + "\n"


def _checked(sentence: str, interval: str | None) -> str:
    text = sentence.strip()
    if not text:
        raise GenerationFailed(
            "The sentence is empty. Write what should be looked for, for example: RSI below 30 on 15m."
        )
    if len(text) > MAX_SENTENCE:
        raise GenerationFailed(f"The sentence has {len(text):,} characters; the limit is {MAX_SENTENCE:,}.")
    if interval is not None and interval not in INTERVALS:
        raise GenerationFailed(f"'{interval}' is not an interval; choose one of {', '.join(INTERVALS)}.")
    return text


def _held_to_sentence(metadata: StrategyMetadata, sentence: str, option: str | None) -> StrategyMetadata:
    """The interval and direction that the sentence names are the ones used, whatever the model answered."""
    changes: dict[str, object] = {}
    notes = list(metadata.assumptions)
    base = sentence_interval(sentence, option)
    if base is not None and metadata.interval != base:
        changes["interval"] = base
        notes.append(f"The sentence names {base}, so {base} is the base.")
    elif base is None and (metadata.interval not in INTERVALS or option is not None):
        changes["interval"] = option or DEFAULT_INTERVAL
        if option is None:
            notes.append(f"The model named no usable interval: {DEFAULT_INTERVAL}.")
    direction = sentence_direction(sentence)
    if direction is not None and direction != metadata.direction:
        changes["direction"] = direction
        notes.append(f"The sentence says {direction}, so the direction is {direction}.")
    return metadata.model_copy(update={**changes, "assumptions": notes[:40]}) if changes else metadata


async def _ask(
    model: LanguageModel,
    operation: str,
    variables: Mapping[str, object],
    schema: type[Schema],
    extra: Mapping[str, object],
) -> ModelAnswer[Schema]:
    """One question with one repair of an unreadable answer; raises `GenerationFailed`."""
    messages = render(operation, variables)
    try:
        return await _send(model, operation, messages, {**variables, **extra}, schema)
    except ModelError as error:
        if error.kind != "bad_answer":
            raise _failed(error, (), 1) from error
        messages = _repair(messages, error.answer, [error.reason])
    try:
        return await _send(model, operation, messages, {**variables, **extra}, schema)
    except ModelError as error:
        raise _failed(error, (), 2) from error


async def _send(
    model: LanguageModel,
    operation: str,
    messages: tuple[Message, ...],
    variables: Mapping[str, object],
    schema: type[Schema],
) -> ModelAnswer[Schema]:
    version = manifest()[operation].version
    return await model.complete(
        ModelRequest(operation=operation, messages=messages, schema=schema, variables=variables, prompt_version=version)
    )


def _repair(messages: tuple[Message, ...], reply: str, problems: Sequence[str]) -> tuple[Message, ...]:
    """The first question, the last answer and its problems; earlier answers are dropped, so the
    conversation stays short."""
    first = tuple(message for message in messages[:2] if message.role != "assistant")
    answer = Message("assistant", reply[:8_000] or "(empty)")
    return (
        *first,
        answer,
        *render("generate.repair", {"problems": list(problems)[:20], "schema_example": _FILTER_SHAPE}),
    )


def _failed(error: ModelError, not_understood: Sequence[str], attempts: int) -> GenerationFailed:
    reason = f"{error.model}: {error.reason}"
    return GenerationFailed(reason, not_understood=not_understood, attempts=attempts, retryable=error.retryable)


async def _tell(progress: Progress | None, step: str) -> None:
    if progress is not None:
        await progress(step)
