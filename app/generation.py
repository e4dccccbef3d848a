"""From a sentence to a strategy, stored as a generation, with the steps told as they happen."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.bootstrap import tracer, writing_model
from app.settings import Settings
from llm.generation import GenerationFailed, generate_strategy
from llm.schemas import GeneratedStrategy
from screener import Program, compile_filter
from store import generations
from store.records import NewGeneration
from store.session import Database

Progress = Callable[[str, float], Awaitable[None]]


class CannotGenerate(Exception):
    """No strategy came out of a sentence: why, and the phrases that were not understood."""

    def __init__(self, reason: str, not_understood: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.not_understood = not_understood


@dataclass
class Steps:
    """Step names and their seconds, as they end."""

    tell: Progress | None = None
    begin: float = field(default_factory=time.perf_counter)

    async def __call__(self, name: str) -> None:
        """One more step is done."""
        now = time.perf_counter()
        if self.tell is not None:
            await self.tell(name, round(now - self.begin, 3))
        self.begin = now


def reading_rows(program: Program, spans: dict[str, str] | None = None) -> list[dict[str, str]]:
    """Each condition of a filter in English, with its intervals and, where known, the sentence's own words."""
    rows = []
    for condition in program.conditions:
        intervals = {program.base}
        stack = [condition.root]
        while stack:
            node = program.nodes[stack.pop()]
            stack.extend(node.args)
            if node.interval:
                intervals.add(node.interval)
        others = sorted(i for i in intervals if i != program.base)
        rows.append(
            {
                "text": condition.text,
                "reading": condition.reading,
                "interval": " vs ".join([program.base, *others]),
                "words": (spans or {}).get(condition.name, ""),
            }
        )
    return rows


async def generate(
    settings: Settings,
    sentence: str,
    *,
    interval: str | None = None,
    model: str | None = None,
    symbols: Collection[str] | None = None,
    progress: Progress | None = None,
) -> GeneratedStrategy:
    """Translate a sentence; raises CannotGenerate with the reason."""
    steps = Steps(progress)
    try:
        return await generate_strategy(
            writing_model(settings, model),
            sentence,
            interval=interval,
            symbols=symbols,
            progress=steps if progress else None,
        )
    except GenerationFailed as failure:
        raise CannotGenerate(failure.reason, tuple(failure.not_understood)) from failure


async def generate_and_keep(
    settings: Settings, database: Database, user: UUID, sentence: str, **options: Any
) -> tuple[GeneratedStrategy, list[dict[str, str]]]:
    """`generate`, stored under the user's name whether it worked or not, with the reading's rows."""
    begin = time.perf_counter()
    failure: CannotGenerate | None = None
    made: GeneratedStrategy | None = None
    try:
        with tracer().action("generate.strategy", user_id=str(user), input=sentence) as span:
            made = await generate(settings, sentence, **options)
            span.update(output=made.public())
    except CannotGenerate as error:
        failure = error
    async with database.user(user) as conn:
        await generations.insert(
            conn,
            NewGeneration(
                operation="generate.strategy",
                model=made.model if made else (options.get("model") or settings.model or "offline translator"),
                input={"prompt": sentence, "interval": options.get("interval")},
                output=made.public() if made else None,
                owner_id=user,
                attempts=made.attempts if made else 1,
                latency_ms=(time.perf_counter() - begin) * 1e3,
                error=str(failure) if failure else None,
            ),
        )
    if made is None:
        assert failure is not None
        raise failure
    program = compile_filter(made.filter_code, made.interval, options.get("symbols"))
    return made, reading_rows(program, {span.name: span.words for span in made.spans})
