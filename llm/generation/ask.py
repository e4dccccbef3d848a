"""How the steps ask a model.

1. `Asking` is one action of a person: the model, for whom it is paid, who is told of the progress, and what the calls
   have used so far.
2. `Asking.send` fills a prompt in and asks once; `Asking.ask` asks again where the answer could not be read.
3. `GenerationFailed` is the one way in which a step fails.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import BaseModel

from llm.gateway.budget import CapReached
from llm.models import OFFLINE_MODEL, LanguageModel, Message, ModelAnswer, ModelError, ModelRequest, Spender, unpriced
from llm.prompts import compose, manifest

Schema = TypeVar("Schema", bound=BaseModel)

MAX_SENTENCE = 4_000
MAX_ATTEMPTS = 3
_TRIES = {1: "first try", 2: "second try", 3: "third try"}

Progress = Callable[[str], Awaitable[None]]
"""Told the name of each step as it ends: "Read the sentence", "Wrote and compiled the filter, first try"."""

FailureKind = Literal["input", "not_understood", "model", "budget"]


class GenerationFailed(Exception):
    """Nothing came out. `reason` is for people; `problems` are the last diagnostics, word for word.

    `kind` says whose turn it is: "input" (what was sent cannot be taken), "not_understood" (other words are needed),
    "model" (the model is away or answers nothing usable), "budget" (a spend cap is reached, until `again_at`).
    """

    def __init__(
        self,
        reason: str,
        *,
        kind: FailureKind = "not_understood",
        not_understood: Sequence[str] = (),
        problems: Sequence[str] = (),
        attempts: int = 0,
        retryable: bool = False,
        again_at: datetime | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind: FailureKind = kind
        self.not_understood = tuple(not_understood)
        self.problems = tuple(problems)
        self.attempts = attempts
        self.retryable = retryable
        self.again_at = again_at


@dataclass
class Usage:
    """What the calls of one action used: tokens, US dollars, calls of providers, drafts of a program, and whether the
    first draft compiled.

    `priced` is false once a call was made whose price nobody knows; `cost` is then what is known of it.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    priced: bool = True
    calls: int = 0
    drafts: int = 0
    compiled_first: bool = False
    model: str = ""

    def add(self, call: ModelAnswer[Schema] | ModelError) -> None:
        """Count a call, answered or failed."""
        self.input_tokens += call.input_tokens
        self.output_tokens += call.output_tokens
        self.calls += call.calls
        self.model = call.model or self.model
        self.cost += call.cost or 0.0
        self.priced = self.priced and not unpriced(call)

    @property
    def price(self) -> float | None:
        """US dollars of all calls, None where the price of one is not known."""
        return self.cost if self.priced else None


@dataclass(frozen=True)
class Asking:
    """One action of a person: every call of its steps is asked through it.

    `symbols` are the market's, None where no market is known; `max_attempts` bounds the drafts of one program.
    """

    model: LanguageModel
    symbols: Collection[str] | None = None
    progress: Progress | None = None
    max_attempts: int = MAX_ATTEMPTS
    spender: Spender | None = None
    on_text: Callable[[str], None] | None = None
    fresh: bool = False
    usage: Usage = field(default_factory=Usage)

    @property
    def offline(self) -> bool:
        """Whether the offline translator is asked. It always gives the same answer: asking again, or for a repair, is
        in vain, and what it says of itself stands without its name."""
        return self.model.name == OFFLINE_MODEL

    @property
    def most_drafts(self) -> int:
        """Drafts of one program that are asked for at most."""
        return 1 if self.offline else max(1, self.max_attempts)

    async def tell(self, step: str) -> None:
        """A step has ended."""
        if self.progress is not None:
            await self.progress(step)

    async def first(self, operation: str, variables: Mapping[str, object]) -> tuple[tuple[Message, ...], str]:
        """The messages of an operation's prompt and the version of their text; of `variables` it takes those it
        declares."""
        composed = await compose(operation, {name: variables[name] for name in manifest()[operation].variables})
        return composed.messages, composed.version

    async def send(
        self,
        operation: str,
        messages: tuple[Message, ...],
        version: str,
        variables: Mapping[str, object],
        schema: type[Schema],
    ) -> ModelAnswer[Schema]:
        """Ask once; raises `ModelError`. What it used is counted either way."""
        prompt = manifest()[operation]
        request = ModelRequest(
            operation=operation,
            messages=messages,
            schema=schema,
            variables={**variables, "symbols": self.symbols},
            temperature=prompt.temperature,
            max_tokens=prompt.max_tokens,
            prompt_version=version,
            tier=prompt.tier,
            spender=self.spender,
            on_text=self.on_text,
            fresh=self.fresh,
        )
        try:
            answer = await self.model.complete(request)
        except ModelError as error:
            self.usage.add(error)
            raise
        self.usage.add(answer)
        return answer

    async def ask(
        self, operation: str, variables: Mapping[str, object], schema: type[Schema], example: Mapping[str, object]
    ) -> ModelAnswer[Schema]:
        """Ask, and once more with the complaint where the answer could not be read; raises `GenerationFailed`."""
        messages, version = await self.first(operation, variables)
        try:
            return await self.send(operation, messages, version, variables, schema)
        except ModelError as error:
            if error.kind != "bad_answer":
                raise failed(error, attempts=1) from error
            messages = await repair(messages, error.answer, [error.reason], example)
        await self.tell("Got an answer that cannot be read, asked again")
        try:
            return await self.send(operation, messages, version, variables, schema)
        except ModelError as error:
            raise failed(error, attempts=2) from error


async def repair(
    messages: tuple[Message, ...], reply: str, problems: Sequence[str], example: Mapping[str, object]
) -> tuple[Message, ...]:
    """The first question, the last answer and its problems; earlier answers are dropped, so the conversation stays
    short."""
    first = tuple(message for message in messages[:2] if message.role != "assistant")
    answer = Message("assistant", reply[:8_000] or "(empty)")
    variables = {"problems": list(problems)[:20], "schema_example": json.dumps(example)}
    declared = manifest()["generate.repair"].variables
    composed = await compose("generate.repair", {name: variables[name] for name in declared})
    return (*first, answer, *composed.messages)


def failed(error: ModelError, *, not_understood: Sequence[str] = (), attempts: int = 1) -> GenerationFailed:
    """A model's failure as a step's."""
    # Of the kind "budget" is also a model whose price nobody knows: that is for the operator to set.
    reached = error.__cause__ if isinstance(error.__cause__, CapReached) else None
    return GenerationFailed(
        error.reason if error.kind == "budget" else f"{error.model}: {error.reason}",
        kind="budget" if reached else "model",
        not_understood=not_understood,
        attempts=attempts,
        retryable=error.retryable,
        again_at=reached.resets if reached else None,
    )


def which_try(attempt: int) -> str:
    """The number of a draft in words."""
    return _TRIES.get(attempt, f"try {attempt}")
