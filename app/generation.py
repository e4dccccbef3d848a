"""From words to filters and strategies, asked of the configured model, traced and stored (`app.asking`).

`strategy`, `metadata`, `filter_only`, `regenerated`, `explained`, `mended` are the operations; each raises
`app.asking.CannotGenerate`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from app.asking import Job, kept
from app.readback import Row, reading_rows
from llm.checks import SentenceCheck
from llm.generation import (
    GeneratedFilter,
    explain_filter,
    filter_from_sentence,
    generate_metadata,
    generate_strategy,
    mend_filter,
    regenerate_filter,
)
from llm.models import LanguageModel
from llm.schemas import Direction, Explanation, GeneratedStrategy, StrategyMetadata
from screener import compile_filter
from store.records import Strategy


async def strategy(job: Job, sentence: str, *, interval: str | None = None) -> tuple[GeneratedStrategy, list[Row]]:
    """A whole strategy, with its reading's rows."""

    async def work(model: LanguageModel) -> GeneratedStrategy:
        return await generate_strategy(model, sentence, interval=interval, **job.how())

    made = await kept(job, "generate.strategy", {"prompt": sentence, "interval": interval}, work, _strategy_output)
    program = await asyncio.to_thread(compile_filter, made.filter_code, made.interval, job.symbols)
    return made, reading_rows(program, made.spans, sentence)


async def metadata(job: Job, sentence: str, *, interval: str | None = None) -> StrategyMetadata:
    """All of a strategy but its filter."""

    async def work(model: LanguageModel) -> StrategyMetadata:
        return await generate_metadata(model, sentence, interval=interval, **job.how())

    asked = {"prompt": sentence, "interval": interval}
    return await kept(job, "generate.metadata", asked, work, lambda made: made.model_dump(mode="json"))


async def filter_only(
    job: Job,
    sentence: str,
    *,
    interval: str | None = None,
    direction: Direction | None = None,
    conditions: Sequence[str] = (),
) -> tuple[GeneratedFilter, StrategyMetadata]:
    """A filter for a sentence and, where given, its conditions in words."""

    async def work(model: LanguageModel) -> tuple[GeneratedFilter, StrategyMetadata]:
        return await filter_from_sentence(
            model, sentence, interval=interval, direction=direction, conditions=conditions, **job.how()
        )

    asked = {"prompt": sentence, "interval": interval, "direction": direction, "conditions": list(conditions)}
    return await kept(job, "generate.filter", asked, work, lambda made: _filter_output(made[0]))


async def regenerated(
    job: Job,
    conditions: Sequence[str],
    *,
    interval: str,
    direction: Direction,
    previous: str = "",
    sentence: str = "",
) -> GeneratedFilter:
    """A filter for edited conditions."""

    async def work(model: LanguageModel) -> GeneratedFilter:
        return await regenerate_filter(
            model,
            conditions,
            interval=interval,
            direction=direction,
            previous=previous,
            sentence=sentence,
            **job.how(),
        )

    asked = {
        "prompt": sentence,
        "conditions": list(conditions),
        "interval": interval,
        "direction": direction,
        "filter_code": previous,
    }
    return await kept(job, "generate.regenerate", asked, work, _filter_output)


async def explained(
    job: Job, filter_code: str, *, interval: str, direction: Direction, sentence: str = ""
) -> tuple[Explanation, str]:
    """A filter in plain words, and who wrote them. Raises `screener.FilterError` where it does not compile."""

    async def work(model: LanguageModel) -> tuple[Explanation, str]:
        return await explain_filter(
            model, filter_code, interval=interval, direction=direction, sentence=sentence, **job.how()
        )

    asked = {"prompt": sentence, "filter_code": filter_code, "interval": interval, "direction": direction}
    return await kept(job, "generate.explain", asked, work, lambda made: made[0].model_dump(mode="json"))


async def mended(
    job: Job,
    filter_code: str,
    error: str,
    *,
    interval: str,
    direction: Direction,
    sentence: str = "",
) -> GeneratedFilter:
    """A filter that means the same without the error with which it failed."""

    async def work(model: LanguageModel) -> GeneratedFilter:
        return await mend_filter(
            model,
            filter_code,
            error,
            interval=interval,
            direction=direction,
            sentence=sentence,
            **job.how(),
        )

    asked = {
        "prompt": sentence,
        "filter_code": filter_code,
        "interval": interval,
        "direction": direction,
        "error": error,
    }
    return await kept(job, "generate.mend", asked, work, _filter_output)


def stored_error(row: Strategy) -> str:
    """The text of the error with which a stored strategy failed, empty where it has none."""
    found = row.error or {}
    return str(found.get("message") or "").strip()


def _strategy_output(made: GeneratedStrategy) -> dict[str, Any]:
    return {
        **made.public(),
        "category": made.category,
        "difficulty": made.difficulty,
        "first_try": made.first_try,
        **_checked(made.checks),
    }


def _filter_output(made: GeneratedFilter) -> dict[str, Any]:
    return {
        "filter_code": made.code,
        "interval": made.program.base,
        "reading": made.program.reading,
        "assumptions": list(made.assumptions),
        "not_understood": list(made.not_understood),
        "changes": list(made.changes),
        "first_try": made.first_try,
        **_checked(made.checks),
    }


def _checked(checks: SentenceCheck) -> dict[str, Any]:
    """What the checks found, without the questions."""
    return {
        "unused": [item.words for item in checks.unused],
        "disagreements": [f"{item.words}: {item.asked} / {item.said}" for item in checks.disagreements],
        "invented": list(checks.invented),
        "contradictions": list(checks.contradictions),
    }
