"""One real model through litellm, whatever its provider.

1. `complete` runs within one deadline, retries included; litellm is loaded before it, in a thread.
2. What a retry can mend is tried three times in all, with a growing pause, or the one that the provider asks for.
3. A refused feature (`Refusals`) is left out and the call made again; that is no retry.
4. What every try cost is added up, failed ones included.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from typing import Final, TypeVar

from pydantic import BaseModel

from llm.answers import parse_answer
from llm.gateway.calls import Feature, Refusals, Reply, call, count_what_came
from llm.gateway.library import load_litellm
from llm.gateway.prices import Prices
from llm.models import ModelAnswer, ModelError, ModelRequest, total

Schema = TypeVar("Schema", bound=BaseModel)

DEFAULT_TIMEOUT_S = 60.0
TRIES = 3
FIRST_PAUSE_S = 0.25
_REFUSALS = Refusals()
_SETTINGS: Final[dict[str, Feature]] = {"response_format": "schema", "stream_options": "usage", "stream": "stream"}


def timeout_from_environment() -> float:
    """Seconds from SCREENER_MODEL_TIMEOUT, 60 where it is unset or not a positive number."""
    try:
        seconds = float(os.environ.get("SCREENER_MODEL_TIMEOUT", ""))
    except ValueError:
        return DEFAULT_TIMEOUT_S
    return seconds if 0 < seconds < 86_400 else DEFAULT_TIMEOUT_S


class LiteLLMModel:
    """A `LanguageModel` named as litellm names models ("gpt-4o-mini", "anthropic/...", "openai/local-name").

    `timeout_s` bounds one request with its retries, in seconds; None reads SCREENER_MODEL_TIMEOUT. Keys come from
    the environment, as litellm reads them.
    """

    def __init__(
        self,
        name: str,
        *,
        timeout_s: float | None = None,
        prices: Prices | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        self._name = name
        self._timeout_s = timeout_s if timeout_s is not None else timeout_from_environment()
        self._prices = prices or Prices()
        self._refusals = refusals if refusals is not None else _REFUSALS

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Ask the model; raises `ModelError`."""
        await asyncio.to_thread(load_litellm)
        limit = request.timeout_s or self._timeout_s
        started = time.perf_counter()
        tries: list[Reply] = []
        try:
            try:
                async with asyncio.timeout(limit):
                    reply = await self._retried(request, tries, started + limit)
            except TimeoutError as error:
                reason = f"The model gave no answer within {limit:g} s."
                raise ModelError(reason, kind="timeout", model=self._name) from error
            data = self._parsed(reply, request)
        except ModelError as error:
            self._add_up(error, request, tries)
            raise
        return ModelAnswer(
            data=data,
            text=reply.text,
            model=reply.model,
            latency_ms=(time.perf_counter() - started) * 1_000,
            calls=len(tries),
            **total(tries)._asdict(),
        )

    def _parsed(self, reply: Reply, request: ModelRequest[Schema]) -> Schema:
        try:
            return parse_answer(reply.text, request.schema, self._name)
        except ModelError as error:
            if not reply.text.strip() and reply.why_empty:
                raise ModelError(reply.why_empty, kind="bad_answer", model=self._name) from error
            if not reply.cut:
                raise
            reason = f"The model's answer was cut off at its limit of {request.max_tokens:,} tokens."
            raise ModelError(reason, kind="bad_answer", model=self._name, answer=error.answer) from error

    async def _retried(self, request: ModelRequest[Schema], tries: list[Reply], deadline: float) -> Reply:
        pause = FIRST_PAUSE_S
        for attempt in range(1, TRIES + 1):
            try:
                return await self._asked(request, tries, deadline)
            except ModelError as error:
                wait = max(pause * (1 + random.random() / 2), tries[-1].retry_after_s or 0.0)
                left = deadline - time.perf_counter()
                # A time-out already spent the whole allowance.
                if not error.retryable or error.kind == "timeout" or attempt == TRIES:
                    raise
                if wait >= left:
                    error.reason = f"{error.reason} It asks to wait {wait:.0f} s; {max(0.0, left):.0f} s are left."
                    raise
            await asyncio.sleep(wait)
            pause *= 2
        raise AssertionError("the last attempt returns or raises")

    async def _asked(self, request: ModelRequest[Schema], tries: list[Reply], deadline: float) -> Reply:
        """One try, without what the model refuses."""
        known = self._refusals.of(self._name, request.schema)
        without = set(known)
        while True:
            if tries and request.on_text is not None:
                request.on_text("")
            reply = Reply(self._name)
            tries.append(reply)
            left = deadline - time.perf_counter()
            try:
                await call(self._name, request, reply, without=without, timeout_s=left, prices=self._prices)
            except ModelError as error:
                self._estimate(reply, request, timed_out=error.kind == "timeout")
                feature = _to_leave_out(error, reply.unwanted, without, streaming=request.on_text is not None)
                if feature is None:
                    raise
                without.add(feature)
            else:
                known |= without
                return reply

    def _estimate(self, reply: Reply, request: ModelRequest[Schema], *, timed_out: bool) -> None:
        """What a call used of which no answer came: what was heard of it, all that was allowed where it was left."""
        if timed_out and not reply.output_tokens:
            reply.output_tokens = request.max_tokens
        if reply.characters or reply.output_tokens:
            count_what_came(reply, request)
            if reply.cost is None:
                reply.cost = self._prices.estimate(self._name, reply.input_tokens, reply.output_tokens)

    def _add_up(self, error: ModelError, request: ModelRequest[Schema], tries: list[Reply]) -> None:
        """Put on `error` what was spent."""
        if tries and error.kind == "timeout":
            self._estimate(tries[-1], request, timed_out=True)
        error.input_tokens, error.output_tokens, error.cost = total(tries)
        error.calls = len(tries)


def _to_leave_out(error: ModelError, unwanted: str, without: set[Feature], *, streaming: bool) -> Feature | None:
    """What a refused request is to be sent without next: what the provider named, else what is refused most; None
    where nothing is left to leave out."""
    if error.kind != "bad_request":
        return None
    features: tuple[Feature, ...] = ("schema", "usage", "stream") if streaming else ("schema",)
    left = [feature for feature in features if feature not in without]
    named = _SETTINGS.get(unwanted)
    return named if named in left else left[0] if left else None
