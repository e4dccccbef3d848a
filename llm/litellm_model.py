"""Real models through litellm: one protocol over every provider it knows.

1. `complete` runs within one deadline, retries included; `_import_litellm` loads the library outside it, in
   a thread, because that takes seconds.
2. `_attempt` asks one model, with the schema as structured output; a model that refuses the schema is asked
   again for plain JSON, and remembered.
3. `_mapped` turns litellm's exceptions into `ModelError` in our own words, so that no key can slip into a
   message.
4. What a retry can mend is retried twice with a growing pause; after that the fall-back models have their
   turn.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import re
import time
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from llm.answers import parse_answer
from llm.models import ErrorKind, Message, ModelAnswer, ModelError, ModelRequest

Schema = TypeVar("Schema", bound=BaseModel)

DEFAULT_TIMEOUT_S = 60.0
RETRIES = 2
FIRST_PAUSE_S = 0.25
_SECRET = re.compile(r"(?i)(sk-[\w-]{4,}|bearer\s+\S+|api[_ -]?key[\"'\s:=]+\S+|key-[\w-]{6,})")


def timeout_from_environment() -> float:
    """Seconds from SCREENER_MODEL_TIMEOUT, 60 where it is unset or not a positive number."""
    try:
        seconds = float(os.environ.get("SCREENER_MODEL_TIMEOUT", ""))
    except ValueError:
        return DEFAULT_TIMEOUT_S
    return seconds if 0 < seconds < 86_400 else DEFAULT_TIMEOUT_S


class LiteLLMModel:
    """A `LanguageModel` named as litellm names models ("gpt-4o-mini", "anthropic/...",
    "openai/local-name").

    `fallbacks` are tried in order when `name` fails for a reason another model may not share. `timeout_s`
    bounds one call with its retries, in seconds; None reads SCREENER_MODEL_TIMEOUT. Keys come from the
    environment, as litellm reads them.
    """

    def __init__(self, name: str, *, fallbacks: Sequence[str] = (), timeout_s: float | None = None) -> None:
        self._names = (name, *fallbacks)
        self._timeout_s = timeout_s if timeout_s is not None else timeout_from_environment()
        self._plain: set[str] = set()

    @property
    def name(self) -> str:
        """The first model's name."""
        return self._names[0]

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Ask the model, then the fall-backs; raises the last `ModelError`."""
        await asyncio.to_thread(_import_litellm)
        last: ModelError | None = None
        for name in self._names:
            try:
                return await self._bounded(name, request)
            except ModelError as error:
                last = error
        assert last is not None
        raise last

    async def _bounded(self, name: str, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        limit = request.timeout_s or self._timeout_s
        started = time.perf_counter()
        try:
            async with asyncio.timeout(limit):
                text, response, model = await self._retried(name, request, started + limit)
        except TimeoutError as error:
            raise ModelError(f"The model gave no answer within {limit:g} s.", kind="timeout", model=name) from error
        data = parse_answer(text, request.schema, name)
        usage = getattr(response, "usage", None)
        return ModelAnswer(
            data=data,
            text=text or "",
            model=model,
            input_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
            output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
            cost=_cost(response),
            latency_ms=(time.perf_counter() - started) * 1_000,
        )

    async def _retried(self, name: str, request: ModelRequest[Schema], deadline: float) -> tuple[str | None, Any, str]:
        pause = FIRST_PAUSE_S
        for attempt in range(RETRIES + 1):
            try:
                return await self._attempt(name, request, deadline)
            except ModelError as error:
                # A time-out already spent the whole allowance.
                if not error.retryable or error.kind == "timeout" or attempt == RETRIES:
                    raise
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, name: str, request: ModelRequest[Schema], deadline: float) -> tuple[str | None, Any, str]:
        if name not in self._plain:
            try:
                return await self._call(name, request, deadline, plain=False)
            except ModelError as error:
                if error.kind != "bad_request":
                    raise
        answer = await self._call(name, request, deadline, plain=True)
        self._plain.add(name)
        return answer

    async def _call(
        self, name: str, request: ModelRequest[Schema], deadline: float, *, plain: bool
    ) -> tuple[str | None, Any, str]:
        litellm = _import_litellm()
        messages = _with_schema(request) if plain else request.messages
        options: dict[str, Any] = {} if plain else {"response_format": request.schema}
        try:
            response = await litellm.acompletion(
                model=name,
                messages=[{"role": m.role, "content": m.content} for m in messages],
                temperature=request.temperature,
                max_tokens=request.max_tokens,
                timeout=max(0.1, deadline - time.perf_counter()),
                num_retries=0,
                max_retries=0,
                drop_params=True,
                **options,
            )
        except litellm.exceptions.JSONSchemaValidationError as error:
            raise ModelError("The model's answer does not fit.", kind="bad_answer", model=name) from error
        except _failures(litellm) as error:
            raise _mapped(error, name, litellm) from None
        try:
            text = response.choices[0].message.content
        except (AttributeError, IndexError, TypeError):
            text = None
        return text, response, str(getattr(response, "model", None) or name)


def _import_litellm() -> Any:
    """litellm, set so that importing it fetches nothing and failing calls print and log nothing."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    litellm: Any = importlib.import_module("litellm")
    if not getattr(litellm, "suppress_debug_info", False):
        litellm.suppress_debug_info = True
        litellm.telemetry = False
        for logger in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx"):
            # Their error lines quote requests, and with them keys.
            logging.getLogger(logger).setLevel(logging.CRITICAL)
    return litellm


def _failures(litellm: Any) -> tuple[type[Exception], ...]:
    """What a call may raise: the provider's errors, and transport errors that slip past litellm's mapping."""
    openai = importlib.import_module("openai")
    httpx = importlib.import_module("httpx")
    return (
        openai.OpenAIError,
        httpx.HTTPError,
        litellm.exceptions.APIError,
        ConnectionError,
        ValueError,
        KeyError,
        TypeError,
    )


_KINDS: tuple[tuple[str, ErrorKind, str], ...] = (
    ("Timeout", "timeout", "The model gave no answer in time."),
    (
        "AuthenticationError",
        "authentication",
        "The provider refused the key (401). Check the provider's key in your settings.",
    ),
    (
        "PermissionDeniedError",
        "authentication",
        "The provider does not allow this key to use the model (403).",
    ),
    ("RateLimitError", "rate_limit", "The provider's rate limit or quota is used up (429)."),
    ("ContextWindowExceededError", "bad_request", "The request is longer than the model reads."),
    ("ContentPolicyViolationError", "bad_request", "The provider refused the text by its content policy."),
    ("NotFoundError", "unsupported", "The provider does not know this model (404). Check SCREENER_MODEL."),
    ("UnsupportedParamsError", "bad_request", "The model does not take a setting we sent."),
    ("UnprocessableEntityError", "bad_request", "The provider refused the request (422)."),
    ("BadRequestError", "bad_request", "The provider refused the request (400)."),
    ("ServiceUnavailableError", "server", "The provider is not available (503)."),
    ("InternalServerError", "server", "The provider failed (500)."),
    ("BadGatewayError", "server", "The provider failed (502)."),
    ("APIConnectionError", "connection", "The provider could not be reached."),
)


def _mapped(error: Exception, name: str, litellm: Any) -> ModelError:
    """Our own words for a provider's error; its text is quoted only for refused requests, without secrets."""
    names = [parent.__name__ for parent in type(error).__mro__]
    for wanted, kind, reason in _KINDS:
        if wanted not in names and wanted.replace("Timeout", "APITimeoutError") not in names:
            continue
        if wanted == "BadRequestError" and "LLM Provider NOT provided" in str(error):
            reason = f"'{name}' does not name a provider; write 'provider/model', such as 'openai/gpt-4o-mini'."
            return ModelError(reason, kind="unsupported", model=name)
        if kind == "server" and "Missing credentials" in str(error):
            reason = "No key is set for this provider. Set the provider's variable, such as OPENAI_API_KEY."
            return ModelError(reason, kind="authentication", model=name)
        if kind == "server" and "Connection error" in str(error):
            # litellm reports a refused connection as a server's failure.
            return ModelError("The provider could not be reached.", kind="connection", model=name)
        if wanted == "BadRequestError":
            reason = f"{reason} {redacted(str(error))[:200]}"
        return ModelError(reason, kind=kind, model=name)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status >= 500:
        return ModelError(f"The provider failed ({status}).", kind="server", model=name)
    if isinstance(error, ValueError | KeyError | TypeError):
        return ModelError("The provider's answer could not be read.", kind="bad_answer", model=name)
    return ModelError("The provider could not be reached.", kind="connection", model=name)


def redacted(text: str) -> str:
    """`text` without anything that looks like a key, or equals one from the environment."""
    for variable, value in os.environ.items():
        if len(value) >= 6 and re.search(r"(?i)(key|token|secret|password)", variable):
            text = text.replace(value, "…")
    return _SECRET.sub("…", text)


def _with_schema(request: ModelRequest[Schema]) -> tuple[Message, ...]:
    """The messages with the schema in words, for models without structured output."""
    schema = json.dumps(request.schema.model_json_schema(), ensure_ascii=False)
    text = f"Answer with one JSON object that fits this JSON schema, and nothing else:\n{schema}"
    return (Message("system", text), *request.messages)


def _cost(response: Any) -> float | None:
    """The call's price in US dollars from litellm's table, None for models it has no price for."""
    hidden = getattr(response, "_hidden_params", None)
    cost = hidden.get("response_cost") if isinstance(hidden, dict) else None
    return float(cost) if isinstance(cost, int | float) else None
