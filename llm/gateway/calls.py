"""One call of one model through litellm, streamed or in one piece, and what it came to.

A model or server that refuses the schema, the usage of a stream or streaming itself is asked without it, and
remembered (`Refusals`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from llm.answers import MAX_ANSWER_CHARACTERS
from llm.gateway.failures import failures, model_error, too_large, unwanted_setting
from llm.gateway.library import load_litellm
from llm.gateway.prices import Prices, local
from llm.gateway.wire import Wire, watched
from llm.models import Message, ModelError, ModelRequest

Schema = TypeVar("Schema", bound=BaseModel)
Feature = Literal["schema", "usage", "stream"]

# Counts of tokens and costs in US dollars beyond these are a provider's mistake.
MAX_COUNTED = 100_000_000
MAX_COST = 10_000.0
# Tokens that Ollama is told to make room for. Its own default is less than a prompt that holds the language, which it
# would cut without a word; and another number from call to call would load the model anew.
OLLAMA_WINDOW = 16_384
# Characters of a refusal that are told.
MAX_REFUSAL = 300


@dataclass
class Refusals:
    """What a model was seen to refuse with a schema. One for the process, so that it is asked in vain once.

    By schema, because a provider may refuse one and take another.
    """

    seen: dict[tuple[str, type[BaseModel]], set[Feature]] = field(default_factory=dict)

    def of(self, name: str, schema: type[BaseModel]) -> set[Feature]:
        """What model `name` refuses with answers of `schema`."""
        return self.seen.setdefault((name, schema), set())


@dataclass
class Reply:
    """What a call brought so far. `cost` is in US dollars, None where no price is known; `cut` says that the model
    stopped at its limit of tokens, `filtered` that the provider withheld the answer, `refusal` is the model's own,
    `retry_after_s` the seconds that the provider asks to wait, `unwanted` the setting that it does not take."""

    model: str
    pieces: list[str] = field(default_factory=list)
    characters: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    cut: bool = False
    filtered: bool = False
    called_tool: bool = False
    refusal: str = ""
    retry_after_s: float | None = None
    unwanted: str = ""

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(self.pieces)

    @property
    def why_empty(self) -> str:
        """Why there is no text, as far as the provider said it."""
        if refusal := " ".join(self.refusal.split()):
            return f"The model refused: {refusal[:MAX_REFUSAL]}"
        if self.filtered:
            return "The provider's content filter withheld the answer."
        return "The model called a tool instead of answering; it was offered none." if self.called_tool else ""

    def note(self, finish: str | None, message: Any) -> None:
        """What a part of the answer says besides its text."""
        self.cut = self.cut or finish == "length"
        self.filtered = self.filtered or finish == "content_filter"
        self.called_tool = self.called_tool or bool(
            getattr(message, "tool_calls", None) or getattr(message, "function_call", None)
        )
        if len(self.refusal) < MAX_REFUSAL:
            # litellm keeps here what its own types have no field for.
            others = getattr(message, "provider_specific_fields", None)
            refusal = getattr(message, "refusal", None) or (others.get("refusal") if isinstance(others, dict) else None)
            self.refusal += refusal if isinstance(refusal, str) else ""

    def add(self, piece: str) -> None:
        """One more piece of the text."""
        self.pieces.append(piece)
        self.characters += len(piece)


async def call(
    name: str, request: ModelRequest[Schema], reply: Reply, *, without: set[Feature], timeout_s: float, prices: Prices
) -> None:
    """Ask model `name` and fill `reply`, which holds what came even where this is cancelled. Raises ModelError."""
    litellm = load_litellm()
    if local(name):
        # Else litellm asks the server about the model, and waits for the answer with the whole program.
        _known(litellm, name)
    messages = request.messages if "schema" not in without else _with_schema(request)
    stream = request.on_text is not None and "stream" not in without
    options: dict[str, Any] = {} if "schema" in without else {"response_format": request.schema}
    if local(name):
        options["num_ctx"] = window_of(request)
    if stream:
        options["stream"] = True
        if "usage" not in without:
            options["stream_options"] = {"include_usage": True}
    with watched() as wire:
        asked = litellm.acompletion(
            model=name,
            messages=[{"role": m.role, "content": m.content} for m in messages],
            temperature=request.temperature,
            max_tokens=request.max_tokens,
            timeout=max(0.1, timeout_s),
            num_retries=0,
            max_retries=0,
            drop_params=True,
            **options,
        )
        response = await _theirs(asked, name, reply, wire)
        if stream:
            assert request.on_text is not None
            await _read(response, name, reply, request.on_text, wire)
        else:
            _take(response, reply)
            if request.on_text is not None and reply.pieces:
                request.on_text(reply.text)
    told = reply.input_tokens > 0 and (reply.output_tokens > 0 or reply.characters == 0)
    count_what_came(reply, request)
    # What the provider or litellm says of the cost comes from the same count: with none it says that it was free.
    said = response if told and not stream else None
    reply.cost = _cost(said, name, reply, prices)


async def _theirs(awaited: Awaitable[Any], name: str, reply: Reply, wire: Wire) -> Any:
    """What litellm gives. Raises ModelError where the provider failed; a failure of our own elsewhere is no provider's,
    and is raised as it is."""
    try:
        return await awaited
    except failures() as error:
        reply.retry_after_s, reply.unwanted = wire.retry_after_s, unwanted_setting(error)
        failed = model_error(error, name, wire)
    # Here, so that it carries no context: a provider's own error may quote the key.
    raise failed


async def _read(stream: Any, name: str, reply: Reply, on_text: Callable[[str], None], wire: Wire) -> None:
    """The pieces of a streamed answer, up to what any answer may have."""
    try:
        while (chunk := await _theirs(anext(stream, None), name, reply, wire)) is not None:
            _count(chunk, reply)
            if not chunk.choices:
                continue
            choice = chunk.choices[0]
            reply.note(choice.finish_reason, choice.delta)
            piece = choice.delta.content
            if not piece or not isinstance(piece, str):
                continue
            reply.add(piece)
            if reply.characters > MAX_ANSWER_CHARACTERS:
                limit = f"{MAX_ANSWER_CHARACTERS:,}"
                reason = f"The model's answer is longer than {limit} characters; it was not read to its end."
                raise ModelError(reason, kind="bad_answer", model=name)
            on_text(piece)
    finally:
        await _theirs(stream.aclose(), name, reply, wire)
    if wire.too_large:
        raise too_large(name)
    if not reply.pieces and wire.content_type.startswith("application/json"):
        reply.unwanted = "stream"
        raise ModelError("The provider did not stream (it sent JSON).", kind="bad_request", model=name)


def _take(response: Any, reply: Reply) -> None:
    """An answer that came in one piece."""
    _count(response, reply)
    if not response.choices:
        return
    choice = response.choices[0]
    reply.note(choice.finish_reason, choice.message)
    reply.add(str(choice.message.content or ""))


def _count(response: Any, reply: Reply) -> None:
    """The model's name and the tokens, where this part of the answer says them."""
    reply.model = str(getattr(response, "model", None) or reply.model)
    usage = getattr(response, "usage", None)
    if usage is not None:
        reply.input_tokens = _whole(getattr(usage, "prompt_tokens", 0)) or reply.input_tokens
        reply.output_tokens = _whole(getattr(usage, "completion_tokens", 0)) or reply.output_tokens
        cost = getattr(usage, "cost", None)
        if isinstance(cost, int | float) and 0 <= cost <= MAX_COST:
            reply.cost = float(cost)


def _whole(number: object) -> int:
    """A count of tokens as a provider says it; one that no call can have is as good as none."""
    return number if isinstance(number, int) and 0 < number <= MAX_COUNTED else 0


def _cost(response: Any, name: str, reply: Reply, prices: Prices) -> float | None:
    """US dollars: by the operator's price, else as the provider said, else by litellm's table."""
    if name in prices.own or local(name):
        return prices.estimate(name, reply.input_tokens, reply.output_tokens)
    if reply.cost is not None:
        return reply.cost
    hidden = getattr(response, "_hidden_params", None)
    cost = hidden.get("response_cost") if isinstance(hidden, dict) else None
    if isinstance(cost, int | float):
        return float(cost)
    return prices.estimate(name, reply.input_tokens, reply.output_tokens)


def _known(litellm: Any, name: str) -> None:
    if name not in litellm.model_cost:
        free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
        # Not by `register_model`: that asks the server first.
        litellm.model_cost[name] = {**free, "litellm_provider": name.split("/")[0], "mode": "chat"}


def _with_schema(request: ModelRequest[Schema]) -> tuple[Message, ...]:
    """The messages with the schema in words, for models without structured output."""
    schema = json.dumps(request.schema.model_json_schema(), ensure_ascii=False)
    text = f"Answer with one JSON object that fits this JSON schema, and nothing else:\n{schema}"
    return (Message("system", text), *request.messages)


def count_what_came(reply: Reply, request: ModelRequest[Schema]) -> None:
    """Estimate the tokens, rather too many, where the provider did not count them: no call is free for that."""
    reply.input_tokens = reply.input_tokens or tokens_of(request.messages, request.schema)
    reply.output_tokens = reply.output_tokens or math.ceil(len(reply.text.encode("utf-8", "replace")) / 3)


def window_of(request: ModelRequest[Schema]) -> int:
    """Tokens that a model on one's own machine needs room for: `OLLAMA_WINDOW`, doubled until question and answer
    fit."""
    needed, window = tokens_of(request.messages, request.schema) + request.max_tokens, OLLAMA_WINDOW
    while window < needed:
        window *= 2
    return window


def tokens_of(messages: tuple[Message, ...], schema: type[BaseModel]) -> int:
    """About how many tokens a model reads for a request, rather too many: a third of the bytes of text and schema."""
    size = sum(len(message.content.encode("utf-8", "replace")) + 12 for message in messages)
    return math.ceil((size + len(json.dumps(schema.model_json_schema()))) / 3)
