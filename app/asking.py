"""One action of a person that asks a model: as one trace and one stored generation, whether it worked or not.

1. `Job` says who asks, which model, and who is told of the steps.
2. `kept` does the work with the job's model, scores its trace, and stores what all its calls used.
3. `CannotGenerate` is how it fails: whose turn it is, the words not understood, the diagnostics.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from app.bootstrap import model_label, tracer, writing_model
from app.settings import Settings, SettingsError
from llm.generation import FailureKind, GeneratedFilter, GenerationFailed, How, Usage
from llm.models import LanguageModel, Spender
from llm.schemas import GeneratedStrategy
from llm.tracing import Span
from screener import FilterError
from store import generations
from store.errors import StoreError
from store.records import NewGeneration
from store.session import Database

log = logging.getLogger(__name__)

Progress = Callable[[str, float], Awaitable[None]]
"""Told the name of each step as it ends, and its seconds."""

Made = TypeVar("Made")
_storing: set[asyncio.Task[None]] = set()


class CannotGenerate(Exception):
    """Nothing came out: why, whose turn it is, the phrases not understood, and the diagnostics word for word.

    `again_at` is when a reached spend cap is lifted.
    """

    def __init__(
        self,
        reason: str,
        not_understood: Sequence[str] = (),
        *,
        kind: FailureKind = "not_understood",
        problems: Sequence[str] = (),
        again_at: datetime | None = None,
    ) -> None:
        super().__init__(reason)
        self.not_understood = tuple(not_understood)
        self.kind: FailureKind = kind
        self.problems = tuple(problems)
        self.again_at = again_at


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


@dataclass(frozen=True)
class Job:
    """One action of a person. Without a `database` nothing is stored; `model` stands for the configured ones.

    `symbols` are the market's, None where it is not at hand; `strategy` is the one it is about. `on_text` is told the
    model's text as it comes; `fresh` takes no answer from the cache.
    """

    settings: Settings
    database: Database | None = None
    user: UUID | None = None
    model: str | None = None
    symbols: Collection[str] | None = None
    progress: Progress | None = None
    on_text: Callable[[str], None] | None = None
    strategy: UUID | None = None
    fresh: bool = False
    usage: Usage = field(default_factory=Usage)

    def how(self) -> How:
        """The same for the steps in `llm.generation`."""
        return How(
            symbols=self.symbols,
            progress=Steps(self.progress) if self.progress else None,
            on_text=self.on_text,
            usage=self.usage,
            fresh=self.fresh,
            spender=Spender(str(self.user) if self.user else None, str(self.strategy) if self.strategy else None),
        )


async def kept(
    job: Job,
    operation: str,
    asked: dict[str, Any],
    work: Callable[[LanguageModel], Awaitable[Made]],
    shown: Callable[[Made], dict[str, Any]],
) -> Made:
    """`work` with the job's model, as one trace and one stored row; raises `CannotGenerate` and what `work` raises of
    its own."""
    begin = time.perf_counter()
    made: Made | None = None
    failure = "an error of ours"
    trace_id: str | None = None
    attempts = 0
    user, session = (str(known) if known else None for known in (job.user, job.strategy))
    try:
        with tracer().action(operation, user_id=user, session_id=session, input=asked) as span:
            trace_id = span.trace_id
            try:
                made = await work(_model(job))
            except GenerationFailed as error:
                attempts = error.attempts
                span.update(level="ERROR", status_message=error.reason)
                raise _cannot(error) from error
            finally:
                if job.usage.drafts:
                    span.score("compiled", made is not None)
                    span.score("compiled_first_try", job.usage.compiled_first)
                    span.score("attempts", job.usage.drafts)
            output = shown(made)
            span.update(output=output)
            _score_checks(span, made)
    except (CannotGenerate, FilterError) as error:
        failure = str(error)
        raise
    except asyncio.CancelledError:
        failure = "cancelled: nobody waited for the answer"
        raise
    finally:
        row = NewGeneration(
            operation=operation,
            model=job.usage.model or job.model or model_label(job.settings),
            input=_storable(asked),
            output=None if made is None else _storable(output),
            owner_id=job.user,
            strategy_id=job.strategy,
            attempts=max(1, attempts, job.usage.drafts),
            input_tokens=job.usage.input_tokens,
            output_tokens=job.usage.output_tokens,
            cost=None if job.usage.price is None else Decimal(str(round(job.usage.price, 9))),
            latency_ms=(time.perf_counter() - begin) * 1e3,
            error=_storable(failure) if made is None else None,
            trace_id=trace_id,
        )
        await _store(job, row)
    return made


def _score_checks(span: Span, made: object) -> None:
    """How many words were left out, how many are said otherwise, and how many things the sentence has no word for,
    where that was looked at."""
    if isinstance(found := made[0] if isinstance(made, tuple) else made, GeneratedStrategy | GeneratedFilter):
        span.score("unused", len(found.checks.unused), ", ".join(item.words for item in found.checks.unused) or None)
        otherwise = found.checks.disagreements
        span.score("disagreements", len(otherwise), ", ".join(item.words for item in otherwise) or None)
        span.score("invented", len(found.checks.invented), ", ".join(found.checks.invented) or None)


async def _store(job: Job, row: NewGeneration) -> None:
    """Store a generation, that of a cancelled caller too; a database that is away takes nobody's answer away."""
    if job.database is None or job.user is None:
        return

    async def insert(database: Database, user: UUID) -> None:
        try:
            async with database.user(user) as conn:
                await generations.insert(conn, row)
        except StoreError as error:
            log.warning("%s was not stored: %s", row.operation, error)

    storing = asyncio.create_task(insert(job.database, job.user))
    _storing.add(storing)
    storing.add_done_callback(_storing.discard)
    await asyncio.shield(storing)


def _storable(value: Any) -> Any:
    """The value without the one character that no text of the database may hold."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {str(name): _storable(inner) for name, inner in value.items()}
    return [_storable(inner) for inner in value] if isinstance(value, list) else value


def _model(job: Job) -> LanguageModel:
    try:
        return writing_model(job.settings, job.model, job.database)
    except SettingsError as error:
        raise CannotGenerate(str(error), kind="model") from error


def _cannot(failure: GenerationFailed) -> CannotGenerate:
    return CannotGenerate(
        failure.reason,
        failure.not_understood,
        kind=failure.kind,
        problems=failure.problems,
        again_at=failure.again_at,
    )
