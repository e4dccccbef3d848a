"""The language-model protocol: what a caller asks, what comes back, and how a call fails.

Implementations are `llm.litellm_model.LiteLLMModel` (every provider litellm knows) and
`llm.phrasebook.PhrasebookModel` (offline, deterministic). A test passes its own object with `complete`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

Schema = TypeVar("Schema", bound=BaseModel)

ErrorKind = Literal[
    "timeout",
    "authentication",
    "rate_limit",
    "server",
    "connection",
    "bad_request",
    "bad_answer",
    "unsupported",
]

# What a second try can mend. A refused key or a malformed request stays as it is.
RETRYABLE: frozenset[ErrorKind] = frozenset({"timeout", "rate_limit", "server", "connection"})


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ModelRequest(Generic[Schema]):
    """One question to a model.

    `operation` names the prompt (`generate.metadata`), for traces and for the offline implementation, which
    reads `variables` where a real model reads `messages`. The answer must fit `schema`. `timeout_s` bounds
    the whole call in seconds, retries included; None means the model's own limit.
    """

    operation: str
    messages: tuple[Message, ...]
    schema: type[Schema]
    variables: Mapping[str, object] = field(default_factory=dict)
    temperature: float = 0.0
    max_tokens: int = 2_000
    timeout_s: float | None = None
    prompt_version: str | None = None


@dataclass(frozen=True, slots=True)
class ModelAnswer(Generic[Schema]):
    """A model's answer, already validated. `cost` is in US dollars, None where no price is known."""

    data: Schema
    text: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    latency_ms: float = 0.0


class ModelError(Exception):
    """A model call failed. `reason` is for people and never holds a key.

    `answer` is the raw text where the model did answer, so that a repair prompt can quote it.
    """

    def __init__(self, reason: str, *, kind: ErrorKind, model: str, answer: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind: ErrorKind = kind
        self.model = model
        self.answer = answer

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in RETRYABLE


class LanguageModel(Protocol):
    """Anything that answers a `ModelRequest`."""

    @property
    def name(self) -> str:
        """The model as shown to people and stored beside its answers."""
        ...

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Answer the request with data that fits `request.schema`; raises `ModelError`."""
        ...
