"""Traces as they leave for Langfuse, through its own client: a trace an action, a generation a call, scores, and no
harm where the host is down."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, TypeVar, cast
from uuid import uuid4

import pytest
from pydantic import BaseModel

from llm import ModelAnswer, ModelError, ModelRequest, PhrasebookModel, TracedModel, generate_strategy
from llm.langfuse_client import MAX_TEXT, WAITING_SPANS, connection, masked
from llm.models import Message
from llm.tracing import NoTracer, Tracer, tracer_from_environment
from tests.fixtures.langfuse_stub import LangfuseStub, langfuse_stub


@pytest.fixture
def langfuse() -> Iterator[LangfuseStub]:
    with langfuse_stub(uuid4().hex) as stub:
        yield stub


@pytest.fixture
def tracer(langfuse: LangfuseStub) -> Tracer:
    return tracer_from_environment(langfuse.environment())


class Word(BaseModel):
    word: str


Schema = TypeVar("Schema", bound=BaseModel)


class Says:
    """A model that answers, or fails, in one way."""

    name = "scripted"

    def __init__(self, said: ModelAnswer[Word] | ModelError | None = None, pieces: tuple[str, ...] = ()) -> None:
        self._said = said
        self._pieces = pieces

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        for piece in self._pieces:
            if request.on_text is not None:
                request.on_text(piece)
        if self._said is None:
            await asyncio.sleep(60)
            raise AssertionError("not cancelled")
        if isinstance(self._said, ModelError):
            raise self._said
        return cast(ModelAnswer[Schema], self._said)


def asked(**changes: Any) -> ModelRequest[Word]:
    base: dict[str, Any] = {
        "operation": "generate.filter",
        "messages": (Message("system", "You write."), Message("user", "RSI below 30")),
        "schema": Word,
        "temperature": 0.2,
        "max_tokens": 900,
        "prompt_version": "3",
    }
    return ModelRequest(**{**base, **changes})


async def test_an_action_is_one_trace_with_a_generation_a_call(langfuse: LangfuseStub, tracer: Tracer) -> None:
    with tracer.action(
        "generate.strategy", user_id="user-1", session_id="strategy-9", tags=["app"], input="RSI below 30 on 15m"
    ) as span:
        await generate_strategy(TracedModel(PhrasebookModel(), tracer), "RSI below 30 on 15m")
        span.update(output={"name": "Dip"})
    assert tracer.flush(10)
    [root] = langfuse.named("generate.strategy")
    calls = langfuse.named("generate.metadata") + langfuse.named("generate.filter")
    assert len(calls) == 2
    assert {found.trace_id for found in langfuse.spans} == {span.trace_id}
    assert root.parent_id == ""
    assert {call.parent_id for call in calls} == {root.span_id}
    assert root.of("type") == "span"
    assert (root.of("input"), root.of("output")) == ("RSI below 30 on 15m", {"name": "Dip"})
    for found in (root, *calls):
        assert found.attributes["user.id"] == "user-1"
        assert found.attributes["session.id"] == "strategy-9"
        assert found.attributes["langfuse.trace.tags"] == ["app"]
        assert found.attributes["langfuse.trace.name"] == "generate.strategy"
    assert {call.of("type") for call in calls} == {"generation"}
    assert {call.of("model.name") for call in calls} == {"offline translator"}
    assert langfuse.refused == []


async def test_a_generation_says_what_was_asked_answered_and_spent(langfuse: LangfuseStub, tracer: Tracer) -> None:
    answer = ModelAnswer(Word(word="up"), '{"word": "up"}', "big/one", 700, 50, 0.004, 812.34, calls=2)
    given = await TracedModel(Says(answer, ("", '{"word"', ': "up"}')), tracer).complete(
        asked(on_text=lambda piece: None)
    )
    assert tracer.flush(10)
    [found] = langfuse.named("generate.filter")
    assert given.trace_id == found.trace_id
    assert found.of("input") == [
        {"role": "system", "content": "You write."},
        {"role": "user", "content": "RSI below 30"},
    ]
    assert found.of("output") == {"word": "up"}
    assert found.of("model.name") == "big/one"
    assert found.of("model.parameters") == {"temperature": 0.2, "max_tokens": 900, "tier": "standard"}
    assert found.of("usage_details") == {"input": 700, "output": 50, "total": 750}
    assert found.of("cost_details") == {"total": 0.004}
    assert found.of("metadata.prompt_name") == "generate.filter"
    assert found.of("metadata.prompt_version") == "3"
    assert found.of("metadata.latency_ms") == 812.3
    assert found.of("metadata.calls") == 2
    assert found.of("metadata.cached") is False
    assert found.of("completion_start_time") is not None
    assert "langfuse.observation.prompt.name" not in found.attributes
    assert found.begin_ns <= found.end_ns


async def test_a_managed_prompt_is_linked(langfuse: LangfuseStub, tracer: Tracer) -> None:
    answer = ModelAnswer(Word(word="up"), "{}", "m")
    await TracedModel(Says(answer), tracer).complete(asked(prompt_version="langfuse 7"))
    assert tracer.flush(10)
    [found] = langfuse.named("generate.filter")
    assert found.of("prompt.name") == "generate.filter"
    assert found.of("prompt.version") == 7


async def test_a_failed_call_says_why_and_what_it_cost(langfuse: LangfuseStub, tracer: Tracer) -> None:
    failure = ModelError(
        "It is no JSON.", kind="bad_answer", model="m", answer="Sure!", input_tokens=90, output_tokens=3, cost=0.001
    )
    with pytest.raises(ModelError) as raised, tracer.action("generate.strategy"):
        await TracedModel(Says(failure), tracer).complete(asked())
    assert raised.value is failure
    assert tracer.flush(10)
    [call] = langfuse.named("generate.filter")
    [action] = langfuse.named("generate.strategy")
    assert (call.of("level"), call.of("status_message")) == ("ERROR", "bad_answer: It is no JSON.")
    assert call.of("output") == "Sure!"
    assert call.of("usage_details") == {"input": 90, "output": 3, "total": 93}
    assert call.of("cost_details") == {"total": 0.001}
    assert (action.of("level"), action.of("status_message")) == ("ERROR", "It is no JSON.")
    assert call.events == action.events == ()


async def test_a_cancelled_call_is_told(langfuse: LangfuseStub, tracer: Tracer) -> None:
    call = asyncio.create_task(TracedModel(Says(), tracer).complete(asked()))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert tracer.flush(10)
    [found] = langfuse.named("generate.filter")
    assert (found.of("level"), found.of("status_message")) == ("WARNING", "cancelled")


async def test_two_actions_at_once_stay_two_traces(langfuse: LangfuseStub, tracer: Tracer) -> None:
    async def act(name: str) -> str | None:
        with tracer.action(name, user_id=name) as span:
            await asyncio.sleep(0.01)
            await TracedModel(Says(ModelAnswer(Word(word=name), "{}", "m")), tracer).complete(asked(operation="call"))
            return span.trace_id

    first, second = await asyncio.gather(act("one"), act("two"))
    assert tracer.flush(10)
    assert first != second
    assert {(s.trace_id, s.attributes["user.id"]) for s in langfuse.named("call")} == {(first, "one"), (second, "two")}


def test_scores_are_of_the_trace(langfuse: LangfuseStub, tracer: Tracer) -> None:
    with tracer.action("generate.strategy") as span:
        span.score("compiled", True)
        span.score("attempts", 2, "one repair")
        span.score("outcome", "approved")
        span.score("worth", float("nan"))
    assert span.trace_id is not None
    tracer.score(span.trace_id, "approved", 0.5, "by hand")
    assert tracer.flush(10)
    assert {score["traceId"] for score in langfuse.scores} == {span.trace_id}
    assert [(s["name"], s["value"], s["dataType"], s.get("comment")) for s in langfuse.scores] == [
        ("compiled", 1.0, "BOOLEAN", None),
        ("attempts", 2.0, "NUMERIC", "one repair"),
        ("outcome", "approved", "CATEGORICAL", None),
        ("approved", 0.5, "NUMERIC", "by hand"),
    ]
    assert all(score["timestamp"] and score["id"] for score in langfuse.scores)
    assert langfuse.refused == []


async def test_no_key_leaves_the_process(
    langfuse: LangfuseStub, tracer: Tracer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAMPLE_API_KEY", "plain-value-4711")
    secrets = ["plain-value-4711", "sk-abcdefghijklmnop1234", "hunter2"]
    told = f"use {secrets[0]} and {secrets[1]} at postgres://me:{secrets[2]}@db/x"
    answer = ModelAnswer(Word(word="up"), told, told)
    with (
        pytest.raises(ValueError, match="4711"),
        tracer.action(told, user_id=told, tags=[told], input={told: told}) as span,
    ):
        span.update(output=[told], metadata={"where": told}, status_message=told)
        span.score(told, told, told)
        request = asked(operation=told, messages=(Message("user", told),), prompt_version=told)
        await TracedModel(Says(answer), tracer).complete(request)
        raise ValueError(told)
    assert tracer.flush(10)
    assert len(langfuse.spans) == 2
    assert len(langfuse.scores) == 1
    for secret in secrets:
        assert not [body for body in langfuse.bodies if secret.encode() in body]
    assert langfuse.secret_key.encode() not in b"".join(langfuse.bodies)


def test_what_is_sent_is_bounded_and_json() -> None:
    endless: list[object] = []
    endless.append(endless)
    shown = masked(
        {"text": "x" * 10 * MAX_TEXT, "list": range(10**6), "nan": float("nan"), "deep": endless, "o": object}
    )
    assert len(shown["text"]) < MAX_TEXT + 50
    assert len(shown["list"]) == 500
    assert shown["nan"] is None
    assert "object" in shown["o"]
    assert masked("\ud800") == "?"


def test_a_dead_host_costs_no_time_and_bounded_memory(langfuse: LangfuseStub, tracer: Tracer) -> None:
    with tracer.action("first"):
        pass
    langfuse.close()
    began = time.perf_counter()
    for _ in range(WAITING_SPANS + 200):
        with tracer.action("lost", input="x" * 2_000) as span:
            span.score("value", 1)
    assert time.perf_counter() - began < 5
    began = time.perf_counter()
    assert not tracer.flush(0.2)
    assert time.perf_counter() - began < 2
    found = connection(langfuse.environment())
    assert found is not None
    processor = found.client._resources.tracer_provider._active_span_processor._span_processors[0]
    assert len(processor._batch_processor._queue) <= WAITING_SPANS


def test_a_slow_host_is_waited_for_no_longer_than_said(langfuse: LangfuseStub, tracer: Tracer) -> None:
    with langfuse.hold():
        with tracer.action("slow"):
            pass
        assert not tracer.flush(0.1)
    assert tracer.flush(10)
    assert len(langfuse.named("slow")) == 1


_EXITING = """
import time
from llm.tracing import tracer_from_environment
tracer = tracer_from_environment()
with tracer.action("at the end", input="x") as span:
    span.score("value", 1)
print("trace", span.trace_id, flush=True)
"""


def test_a_process_ends_in_time_though_the_host_hangs(langfuse: LangfuseStub) -> None:
    langfuse.delay_s = 60
    env = {**os.environ, **langfuse.environment(), "LANGFUSE_TIMEOUT": "30"}
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", _EXITING], env=env, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("trace ")
    assert time.perf_counter() - began < 25


def test_a_process_sends_what_waits_as_it_ends(langfuse: LangfuseStub) -> None:
    env = {**os.environ, **langfuse.environment()}
    done = subprocess.run([sys.executable, "-c", _EXITING], env=env, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert [span.name for span in langfuse.spans] == ["at the end"]
    assert [score["name"] for score in langfuse.scores] == ["value"]


_UNCONFIGURED = """
import asyncio, sys
from llm import PhrasebookModel, TracedModel, generate_strategy
from llm.tracing import tracer_from_environment
tracer = tracer_from_environment({"LANGFUSE_PUBLIC_KEY": "pk"})
with tracer.action("x") as span:
    span.score("a", 1)
    asyncio.run(generate_strategy(TracedModel(PhrasebookModel(), tracer), "RSI below 30 on 15m"))
assert span.trace_id is None and tracer.flush()
print([name for name in ("langfuse", "opentelemetry", "litellm") if name in sys.modules])
"""


def test_nothing_is_loaded_where_nothing_is_traced() -> None:
    done = subprocess.run([sys.executable, "-c", _UNCONFIGURED], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_setting_that_is_not_valid_traces_nothing_and_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LANGFUSE_SAMPLE_RATE", "often")
    keys = {"LANGFUSE_PUBLIC_KEY": f"pk-{uuid4().hex}", "LANGFUSE_SECRET_KEY": "sk"}
    tracer = tracer_from_environment(keys)
    for _ in range(2):
        with tracer.action("x") as span:
            span.update(output=1)
        tracer.score("0" * 32, "a", 1)
    assert span.trace_id is None
    assert [r.message for r in caplog.records if "cannot be used" in r.message].__len__() == 1


def test_tracing_is_off_without_both_keys() -> None:
    assert isinstance(tracer_from_environment({}), NoTracer)
    assert isinstance(tracer_from_environment({"LANGFUSE_PUBLIC_KEY": "pk"}), NoTracer)
    assert isinstance(tracer_from_environment({"LANGFUSE_SECRET_KEY": "sk"}), NoTracer)
