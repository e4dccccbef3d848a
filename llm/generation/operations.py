"""What callers ask for: metadata, filter, strategy, a filter again after edits, an explanation, a mended filter.

Each takes the model and, as `How`, for whom and how it is asked. The interval and direction of a sentence are kept
whatever the model says. Each raises `GenerationFailed`, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final, TypedDict, Unpack

from llm.generation.ask import Asking, GenerationFailed, Progress, Usage
from llm.generation.drafts import GeneratedFilter, Task, accepted, in_words, without_fence, write_filter
from llm.generation.mending import Mended, mended
from llm.generation.metadata import checked_interval, checked_sentence, held_to_sentence, read_metadata
from llm.kind import with_kind
from llm.models import OFFLINE_MODEL, LanguageModel, ModelAnswer, Spender
from llm.phrasebook.translate import base_interval, leaning, sentence_interval
from llm.reference import language_reference
from llm.schemas import Direction, Explanation, FilterDraft, GeneratedStrategy, StrategyMetadata
from screener import FilterError, Program, compile_filter

MAX_CONDITIONS: Final = 30
_EXPLANATION: Final = {
    "summary": "...",
    "conditions": [{"name": "...", "text": "..."}],
    "fires_when": "...",
    "weaknesses": [],
}


class How(TypedDict, total=False):
    """How a model is asked: see `llm.generation.ask.Asking`."""

    symbols: Collection[str] | None
    progress: Progress | None
    max_attempts: int
    spender: Spender | None
    on_text: Callable[[str], None] | None
    fresh: bool
    usage: Usage


async def generate_metadata(
    model: LanguageModel, sentence: str, *, interval: str | None = None, **how: Unpack[How]
) -> StrategyMetadata:
    """Name, description, conditions, interval, direction and risk of the strategy in `sentence`.

    `interval` is the base where the sentence names none.
    """
    return (await read_metadata(Asking(model, **how), sentence, interval)).data


async def generate_filter(
    model: LanguageModel, sentence: str, metadata: StrategyMetadata, **how: Unpack[How]
) -> GeneratedFilter:
    """A filter program for `metadata`, compiled and checked against the sentence."""
    return await _filter(Asking(model, **how), sentence.strip(), metadata)


async def generate_strategy(
    model: LanguageModel, sentence: str, *, interval: str | None = None, **how: Unpack[How]
) -> GeneratedStrategy:
    """Both steps: a whole strategy."""
    asking = Asking(model, **how)
    described = await read_metadata(asking, sentence, interval)
    made = await _filter(asking, sentence.strip(), described.data)
    metadata = with_kind(described.data, made.program)
    usage = asking.usage
    return GeneratedStrategy(
        name=metadata.name,
        description=metadata.description,
        direction=metadata.direction,
        interval=metadata.interval,
        conditions=list(metadata.conditions),
        instructions=metadata.instructions,
        indicators=list(metadata.indicators),
        risk=metadata.risk,
        category=metadata.category,
        difficulty=metadata.difficulty,
        filter_code=made.code,
        reading=made.program.reading,
        assumptions=list(dict.fromkeys((*metadata.assumptions, *made.assumptions))),
        not_understood=list(dict.fromkeys((*metadata.not_understood, *made.not_understood))),
        model=made.model,
        attempts=made.attempts,
        spans=list(made.sources),
        checks=made.checks,
        first_try=made.first_try,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=usage.price,
        calls=usage.calls,
    )


async def filter_from_sentence(
    model: LanguageModel,
    sentence: str,
    *,
    interval: str | None = None,
    direction: Direction | None = None,
    conditions: Sequence[str] = (),
    **how: Unpack[How],
) -> tuple[GeneratedFilter, StrategyMetadata]:
    """A filter without the metadata step: `conditions` in words, else the sentence itself, say what it must do.

    The answer's metadata holds the interval and direction used; its conditions are the given ones, else the readings
    of the program's.
    """
    text = checked_sentence(sentence)
    checked_interval(interval)
    _checked_conditions(conditions)
    said = ". ".join(condition.strip().rstrip(".") for condition in conditions)
    base, assumed = (interval, ()) if interval is not None else base_interval(text)
    if conditions and interval is None and sentence_interval(text) is None:
        base, assumed = base_interval(said)
    named = {"interval": base}
    leant, why = (direction, ()) if direction is not None else leaning(text)
    named["direction"] = leant
    wanted = StrategyMetadata.model_validate({"name": "Filter", "conditions": list(conditions), **named})
    metadata = held_to_sentence(wanted, text, interval, direction)
    made = await _filter(Asking(model, **how), text, metadata, beside=". ".join(conditions))
    made = replace(made, assumptions=tuple(dict.fromkeys((*assumed, *why, *metadata.assumptions, *made.assumptions))))
    if not conditions:
        readings = [f"{condition.reading}."[:400] for condition in made.program.conditions]
        metadata = metadata.model_copy(update={"conditions": readings[:MAX_CONDITIONS]})
    return made, metadata


async def regenerate_filter(
    model: LanguageModel,
    conditions: Sequence[str],
    *,
    interval: str,
    direction: Direction = "long",
    previous: str = "",
    sentence: str = "",
    **how: Unpack[How],
) -> GeneratedFilter:
    """A filter for conditions that a person has edited; of `previous`, the program before, what stayed is kept.

    Interval, direction and conditions are the person's: where they differ from `sentence`, they hold.
    """
    checked_interval(interval)
    _checked_conditions(conditions)
    if not conditions:
        raise GenerationFailed("No condition is left. Write at least one.", kind="input")
    asking = Asking(model, **how)
    before = await asyncio.to_thread(_compiled_or_none, previous, interval)
    task = Task(
        # The edited words are what the program is held to; the first sentence may say what was edited away.
        sentence=". ".join(text.strip().rstrip(".") for text in conditions),
        interval=interval,
        direction=direction,
        conditions=tuple(conditions),
        previous=before,
    )
    variables = {
        **language_reference(),
        "sentence": sentence,
        "filter_code": previous,
        "conditions": list(conditions),
        "interval": interval,
        "direction": direction,
    }
    return await write_filter(asking, "generate.regenerate", variables, task)


async def explain_filter(
    model: LanguageModel,
    filter_code: str,
    *,
    interval: str,
    direction: Direction = "long",
    sentence: str = "",
    **how: Unpack[How],
) -> tuple[Explanation, str]:
    """A program in plain words, and the model that wrote them; the offline translator's are the reading.

    Raises `screener.FilterError` where the program does not compile.
    """
    checked_interval(interval)
    asking = Asking(model, **how)
    program = await asyncio.to_thread(compile_filter, filter_code, interval, asking.symbols)
    variables = {
        "sentence": sentence,
        "filter_code": filter_code,
        "reading": program.reading,
        "interval": interval,
        "direction": direction,
    }
    answer: ModelAnswer[Explanation] = await asking.ask("generate.explain", variables, Explanation, _EXPLANATION)
    names = {condition.name for condition in program.conditions}
    kept = [row for row in answer.data.conditions if row.name in names]
    await asking.tell("Explained the filter")
    return answer.data.model_copy(update={"conditions": kept}), answer.model


async def mend_filter(
    model: LanguageModel,
    filter_code: str,
    error: str,
    *,
    interval: str,
    direction: Direction = "long",
    sentence: str = "",
    **how: Unpack[How],
) -> GeneratedFilter:
    """A filter that means the same as `filter_code` without `error`, with which it failed.

    Offline only a filter that does not compile is mended, as far as the compiler's words leave one correction.
    """
    checked_interval(interval)
    if not error.strip():
        raise GenerationFailed("There is no error to mend.", kind="input")
    asking = Asking(model, **how)
    if asking.offline:
        task = Task(sentence=sentence, interval=interval, direction=direction)
        code = without_fence(filter_code) if "```" in filter_code else filter_code
        return await _corrected(code, error, task, asking)
    before = await asyncio.to_thread(_compiled_or_none, filter_code, interval)
    variables = {
        **language_reference(),
        "sentence": sentence,
        "filter_code": filter_code,
        "error": error.strip()[:4_000],
        "interval": interval,
        "direction": direction,
    }
    # A mended program may say a condition in other numbers: `changes` tell which.
    task = Task(sentence=sentence, interval=interval, direction=direction, previous=before)
    made = await write_filter(asking, "generate.mend", variables, task)
    if before is not None and made.program.hash == before.hash:
        reason = "The model knows no filter that means the same without the error."
        raise GenerationFailed(reason, not_understood=made.not_understood or [error.strip()[:200]], problems=[error])
    return made


async def _filter(asking: Asking, sentence: str, metadata: StrategyMetadata, *, beside: str = "") -> GeneratedFilter:
    variables = {
        **language_reference(),
        "sentence": sentence,
        "metadata": metadata,
        "interval": metadata.interval,
    }
    task = Task(
        sentence=sentence,
        interval=metadata.interval,
        direction=metadata.direction,
        conditions=tuple(metadata.conditions),
        not_understood=tuple(metadata.not_understood),
        told=tuple(metadata.sources),
        beside=beside,
    )
    return await write_filter(asking, "generate.filter", variables, task)


async def _corrected(filter_code: str, error: str, task: Task, asking: Asking) -> GeneratedFilter:
    """Without a language model: what the compiler's own words make certain, each change told line by line."""
    found = await asyncio.to_thread(mended, filter_code, task.interval, asking.symbols)
    if found.program is None or not found.changes:
        raise _not_certain(filter_code, error, found)
    asking.usage.drafts += 1
    await asking.tell(f"Corrected what is certain: {len(found.changes)} places")
    draft = FilterDraft(filter_code=found.code)
    made = await asyncio.to_thread(accepted, draft, found.program, OFFLINE_MODEL, task, asking)
    return replace(made, changes=tuple(str(change) for change in found.changes))


def _not_certain(filter_code: str, error: str, found: Mended) -> GenerationFailed:
    """What is wrong where code cannot mend it, and what of it could be."""
    problems = [error.strip()[:400]]
    if found.left is None:
        reason = (
            "The offline translator mends no error that came up while a filter ran; a language model is needed "
            "(SCREENER_MODEL). The filter compiles now: enabling it again may be enough."
        )
        return GenerationFailed(reason, not_understood=[error.strip()[:200]], problems=problems)
    problems = in_words(found.left, filter_code)
    reason = (
        "Not everything that is wrong has one correction that is certain; for the rest a language model is needed "
        "(SCREENER_MODEL), or a person. The places at fault are named; correct them and save."
    )
    if found.changes:
        reason += f" Corrected before that, and not kept: {' '.join(str(change) for change in found.changes)}"[:2_000]
    return GenerationFailed(reason, not_understood=[error.strip()[:200]], problems=problems)


def _compiled_or_none(code: str, interval: str) -> Program | None:
    """The program before, for comparison; None where it does not compile (any more)."""
    if not code.strip():
        return None
    try:
        return compile_filter(code, interval)
    except FilterError:
        return None


def _checked_conditions(conditions: Sequence[str]) -> None:
    """Raises `GenerationFailed` for more than a strategy holds, or an empty or endless one."""
    if len(conditions) > MAX_CONDITIONS:
        reason = f"{len(conditions)} conditions; {MAX_CONDITIONS} is the most."
        raise GenerationFailed(reason, kind="input")
    if any(not text.strip() or len(text) > 400 for text in conditions):
        raise GenerationFailed("A condition is empty or longer than 400 characters.", kind="input")
