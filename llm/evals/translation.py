"""The evaluation `generate`: a sentence is translated as a user's would be, and the program scored by `Scorer`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, TypeVar

from pydantic import BaseModel

from llm.evals.dataset import Case, frozen
from llm.evals.report import Column
from llm.evals.results import CaseResult, Spent
from llm.evals.run import Unanswered
from llm.evals.score import Answer, Scorer
from llm.evals.sink import SinkCase
from llm.generation import GenerationFailed, Usage, generate_strategy
from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest
from llm.tracing import Span, hidden

Schema = TypeVar("Schema", bound=BaseModel)

KIND: Final = "generate"
ORDER: Final = (
    "plain", "terse", "slang", "rambling", "multi", "typo", "question", "foreign", "code", "impossible", "malicious",
)  # fmt: skip
AGREEMENT: Final = (
    Column("F1", "f1"),
    Column("tuned on", "f1", "tuned", counted=True),
    Column("frozen", "f1", "frozen", counted=True),
    Column("signals F1", "signals"),
    Column("recorded F1", "real_f1"),
    Column("right", "right"),
    Column("same", "same"),
    Column("exits", "exits"),
)
DETAILS: Final = (
    Column("compiled", "compiled"),
    Column("first try", "first_try"),
    Column("interval", "interval"),
    Column("direction", "direction"),
    Column("invented", "invented"),
    Column("lost numbers", "lost_number"),
    Column("refused", "refused"),
    Column("told", "told"),
    Column("silent", "silent"),
)


class Translated(NamedTuple):
    """An answer and what it took."""

    answer: Answer
    spent: Spent


@dataclass
class Meter:
    """A model that counts what the calls of one case take. Unless `cached`, the provider is always asked."""

    model: LanguageModel
    cached: bool = False
    usage: Usage = field(default_factory=Usage)

    @property
    def name(self) -> str:
        """The model's own."""
        return self.model.name

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """The model's answer; raises what it raises."""
        try:
            answer = await self.model.complete(request if self.cached else replace(request, fresh=True))
        except ModelError as error:
            self.usage.add(error)
            raise
        self.usage.add(answer)
        return answer

    def spent(self, attempts: int, latency_ms: float, trace_id: str | None) -> Spent:
        """The sum of the calls."""
        return Spent(
            attempts=attempts,
            calls=self.usage.calls,
            input_tokens=self.usage.input_tokens,
            output_tokens=self.usage.output_tokens,
            cost=self.usage.price,
            latency_ms=latency_ms,
            trace_id=trace_id,
        )


class TranslationTask:
    """How a sentence is asked and scored; `action` opens the trace of one case.

    `symbols` are those that sentences may name.
    """

    def __init__(
        self,
        model: LanguageModel,
        scorer: Scorer,
        symbols: Sequence[str],
        action: Callable[[str], AbstractContextManager[Span]],
        *,
        cached: bool = False,
    ) -> None:
        self._model = model
        self._scorer = scorer
        self._symbols = tuple(symbols)
        self._action = action
        self._cached = cached

    async def answer(self, case: Case) -> Translated:
        """The translation of one sentence. Raises Unanswered where the model fails."""
        meter = Meter(self._model, self._cached)
        begin = time.perf_counter()

        def spent(attempts: int) -> Spent:
            return meter.spent(attempts, (time.perf_counter() - begin) * 1e3, span.trace_id)

        with hidden() if frozen(case) else self._action(case.sentence) as span:
            try:
                made = await generate_strategy(meter, case.sentence, symbols=self._symbols)
            except GenerationFailed as failure:
                span.update(output=failure.reason)
                cause = failure.__cause__
                if isinstance(cause, ModelError) and cause.kind != "bad_answer":
                    raise Unanswered(failure.reason, spent(failure.attempts)) from failure
                answer = Answer(
                    None,
                    case.interval,
                    case.direction,
                    tuple(failure.not_understood),
                    reason=failure.reason,
                    attempts=failure.attempts,
                )
                return Translated(answer, spent(failure.attempts))
            span.update(output=made.public())
        answer = Answer(
            made.filter_code,
            made.interval,
            made.direction,
            tuple(made.not_understood),
            tuple(made.assumptions),
            attempts=made.attempts,
            first_try=made.first_try,
        )
        return Translated(answer, spent(made.attempts))

    def score(self, case: Case, answer: Translated) -> CaseResult:
        """The case's figures."""
        scored = self._scorer.score(case, answer.answer)
        hidden = frozen(case)
        return CaseResult(
            id=case.id,
            group=case.style,
            frozen=hidden,
            score=scored.score,
            measures=scored.measures,
            output=None if hidden else scored.output,
            spent=answer.spent,
        )

    def failed(self, case: Case, error: str, spent: Spent) -> CaseResult:
        """A case without an answer counts as wrong. What an exception says of a frozen sentence is left out."""
        wrong = ("refused",) if case.filter is None else ("f1", "signals", "compiled")
        hidden = frozen(case)
        return CaseResult(
            id=case.id,
            group=case.style,
            frozen=hidden,
            score=0.0,
            measures=dict.fromkeys((*wrong, "right"), 0.0),
            error=(error.partition(": ")[0] if hidden else error)[:300],
            spent=spent,
        )

    def shown(self, case: Case) -> SinkCase:
        """The sentence and its reference; of a frozen case that it is one."""
        if frozen(case):
            return SinkCase(case.id, "frozen: not shown", None, {"style": case.style, "frozen": True})
        metadata = {
            "style": case.style,
            "interval": case.interval,
            "direction": case.direction,
            "not_expressible": list(case.not_expressible),
            "frozen": False,
        }
        return SinkCase(case.id, case.sentence, case.filter, metadata)


def dataset_hash(cases: Iterable[Case]) -> str:
    """Names a dataset by its cases: runs over the same one can be compared."""
    digest = hashlib.sha256()
    for case in cases:
        digest.update(case.model_dump_json().encode() + b"\n")
    return digest.hexdigest()[:16]
