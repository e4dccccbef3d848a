"""The language-model protocol: what a caller asks, what comes back, and how a call fails.

Implementations are `llm.gateway.LiteLLMModel` (every provider litellm knows) and
`llm.phrasebook.PhrasebookModel` (offline, deterministic). `llm.gateway` wraps them: routing, spend caps, a
cache. A test passes its own object with `complete`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

Schema = TypeVar("Schema", bound=BaseModel)

OFFLINE_MODEL: Final = "offline translator"
"""The name of the model that serves where none is configured."""

Tier = Literal["standard", "fast"]
"""How good a model an operation needs: the standard one, or a cheaper one that is quick."""

ErrorKind = Literal[
    "timeout",
    "authentication",
    "rate_limit",
    "overloaded",
    "server",
    "connection",
    "bad_request",
    "bad_answer",
    "unsupported",
    "budget",
]

# What a second try can mend. A refused key, a malformed request or a spend cap stays as it is.
RETRYABLE: frozenset[ErrorKind] = frozenset({"timeout", "rate_limit", "overloaded", "server", "connection"})


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Spender:
    """For whom a call is paid: the ids of a user and a strategy, None where there is none yet."""

    user: str | None = None
    strategy: str | None = None


@dataclass(frozen=True, slots=True)
class ModelRequest(Generic[Schema]):
    """One question to a model.

    `operation` names the prompt (`generate.metadata`), for traces and for the offline implementation, which
    reads `variables` where a real model reads `messages`. The answer must fit `schema`. `timeout_s` bounds
    one model's turn in seconds, retries included (a fall-back has a turn of its own); None means the model's own limit.

    `on_text` is told the pieces of the answer's text as they come; None asks for the answer in one piece. A
    retry or another model begins the text anew, told by an empty piece. `fresh` asks the provider though the
    cache may hold an answer.
    """

    operation: str
    messages: tuple[Message, ...]
    schema: type[Schema]
    variables: Mapping[str, object] = field(default_factory=dict)
    temperature: float = 0.0
    max_tokens: int = 2_000
    timeout_s: float | None = None
    prompt_version: str | None = None
    tier: Tier = "standard"
    spender: Spender | None = None
    on_text: Callable[[str], None] | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class ModelAnswer(Generic[Schema]):
    """A model's answer, already validated. `cost` is in US dollars, None where no price is known.

    Tokens and cost are those of every provider call it took (`calls`: retries and fall-backs too). A `cached`
    answer took none: it costs 0. `fallback` says that another model answered than the one meant. `trace_id` is that
    of its trace, None where nothing is traced.
    """

    data: Schema
    text: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    latency_ms: float = 0.0
    cached: bool = False
    calls: int = 1
    trace_id: str | None = None
    fallback: bool = False


class ModelError(Exception):
    """A model call failed. `reason` is for people and never holds a key.

    `answer` is the raw text where the model did answer, so that a repair prompt can quote it; tokens, `cost`
    (US dollars, None where no price is known) and `calls` are what was spent all the same. `not_understood` are the
    words that gave no answer.
    """

    def __init__(
        self,
        reason: str,
        *,
        kind: ErrorKind,
        model: str,
        answer: str = "",
        input_tokens: int = 0,
        output_tokens: int = 0,
        cost: float | None = None,
        calls: int = 1,
        not_understood: Sequence[str] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind: ErrorKind = kind
        self.model = model
        self.answer = answer
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cost = cost
        self.calls = calls
        self.not_understood = tuple(not_understood)

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in RETRYABLE


class Metered(Protocol):
    """What a call used, whatever came of it: tokens, and US dollars, None where no price is known."""

    @property
    def input_tokens(self) -> int: ...
    @property
    def output_tokens(self) -> int: ...
    @property
    def cost(self) -> float | None: ...


class Total(NamedTuple):
    """What several calls used together, as `Metered` is."""

    input_tokens: int
    output_tokens: int
    cost: float | None


def unpriced(call: Metered) -> bool:
    """Whether nobody knows what a call cost. One that failed before it used a token cost nothing."""
    return call.cost is None and call.input_tokens + call.output_tokens > 0


def total(calls: Iterable[Metered]) -> Total:
    """What calls used together. One of a cost that is not known makes the sum unknown."""
    held = list(calls)
    known = [call.cost for call in held if call.cost is not None]
    return Total(
        sum(call.input_tokens for call in held),
        sum(call.output_tokens for call in held),
        sum(known) if known and not any(map(unpriced, held)) else None,
    )


class LanguageModel(Protocol):
    """Anything that answers a `ModelRequest`."""

    @property
    def name(self) -> str:
        """The model as shown to people and stored beside its answers."""
        ...

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Answer the request with data that fits `request.schema`; raises `ModelError`."""
        ...
