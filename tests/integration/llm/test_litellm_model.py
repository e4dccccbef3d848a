"""The real-model path against an OpenAI-shaped server: structured answers, repair, time-outs, refusals, garbage."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from llm import (
    GenerationFailed,
    LiteLLMModel,
    Message,
    ModelError,
    ModelRequest,
    generate_strategy,
)
from llm.gateway import Refusals, RoutedModel, Routes
from tests.fixtures.openai_stub import Reply, Stub, openai_stub

KEY = "sk-unguessable-0123456789abcdef"
SENTENCE = "RSI below 30 on 15m while price is above the 4h 200 EMA"
METADATA = json.dumps(
    {
        "name": "Dip in an up-trend",
        "description": "Buys dips.",
        "direction": "long",
        "interval": "15m",
        "conditions": ["The 15m RSI(14) is below 30", "The 15m close is above the 4h EMA(200)"],
        "instructions": "Enter at the close.",
        "indicators": ["RSI(14)", "EMA(200)"],
        "risk": {"stop_atr": 1.5, "target_atr": 3, "max_hold_candles": 48},
        "assumptions": [],
        "not_understood": [],
        "sources": [],
    }
)
GOOD = 'match = ta.rsi(close, 14) < 30 and close > tf("4h").ema(close, 200)'
BAD = "match = ta.rsii(close, 14) < 30"


def draft(code: str) -> str:
    return json.dumps({"filter_code": code, "assumptions": [], "not_understood": []})


class Pair(BaseModel):
    word: str
    number: int


REQUEST = ModelRequest("test.pair", (Message("user", "Give a pair."),), Pair)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    with openai_stub() as running:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


def model(timeout_s: float = 20.0, **options: Any) -> LiteLLMModel:
    return LiteLLMModel("openai/test-model", timeout_s=timeout_s, refusals=Refusals(), **options)


async def test_an_answer_is_validated_and_counted(stub: Stub) -> None:
    stub.answer_with(Reply('{"word": "up", "number": 3}'))
    answer = await model().complete(REQUEST)
    assert answer.data == Pair(word="up", number=3)
    assert (answer.input_tokens, answer.output_tokens) == (50, 20)
    assert answer.latency_ms > 0
    assert stub.asked[0]["response_format"]["type"] == "json_schema"
    assert stub.keys == [f"Bearer {KEY}"]


async def test_a_model_without_structured_output_is_asked_for_plain_json(stub: Stub) -> None:
    def script(body: dict[str, object], count: int) -> Reply:
        if "response_format" in body:
            return Reply(status=400, error="response_format is not supported by this model")
        return Reply('Here you are:\n```json\n{"word": "up", "number": 3}\n```')

    stub.script = script
    asked = model()
    assert (await asked.complete(REQUEST)).data.number == 3
    assert len(stub.asked) == 2
    assert "JSON schema" in stub.asked[1]["messages"][0]["content"]
    # Remembered: the next call asks plainly at once.
    await asked.complete(REQUEST)
    assert len(stub.asked) == 3


async def test_a_refused_key_fails_at_once_and_is_never_shown(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stub.answer_with(Reply(status=401, error=f"Incorrect API key provided: {KEY}"))
    with pytest.raises(ModelError) as failed:
        await model().complete(REQUEST)
    assert failed.value.kind == "authentication"
    assert not failed.value.retryable
    assert len(stub.asked) == 1
    assert KEY not in str(failed.value) + repr(failed.value) + caplog.text


async def test_a_refused_request_quotes_the_reason_without_the_key(stub: Stub) -> None:
    stub.answer_with(Reply(status=400, error=f"unknown model for key {KEY}"))
    with pytest.raises(ModelError) as failed:
        await model().complete(REQUEST)
    assert failed.value.kind == "bad_request"
    assert "unknown model" in failed.value.reason
    assert KEY not in failed.value.reason


async def test_an_unreachable_server_is_a_connection_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(ModelError) as failed:
        await model().complete(REQUEST)
    assert failed.value.kind == "connection"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai/x", "OPENAI_API_KEY"),
        ("anthropic/x", "ANTHROPIC_API_KEY"),
        ("azure/x", "AZURE_API_KEY"),
        ("gemini/x", "GOOGLE_API_KEY or GEMINI_API_KEY"),
    ],
)
async def test_no_key_at_all_says_which_is_missing(name: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AZURE_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(ModelError) as failed:
        await LiteLLMModel(name, timeout_s=20).complete(REQUEST)
    assert (failed.value.kind, failed.value.calls) == ("authentication", 1)
    assert failed.value.reason == f"No key is set for this provider. Set {variable}."


async def test_a_name_without_a_provider_says_how_to_write_it() -> None:
    with pytest.raises(ModelError) as failed:
        await LiteLLMModel("no-such-model-anywhere", timeout_s=20).complete(REQUEST)
    assert "provider/model" in failed.value.reason


async def test_a_fallback_answers_when_the_first_model_fails(stub: Stub) -> None:
    stub.script = lambda body, count: (
        Reply(status=401) if body["model"] == "test-model" else Reply('{"word": "up", "number": 3}')
    )
    routes = Routes("openai/test-model", fallbacks=("openai/second",))
    answer = await RoutedModel(routes, LiteLLMModel).complete(REQUEST)
    assert answer.data.number == 3
    assert answer.model.endswith("second")


async def test_a_strategy_is_generated(stub: Stub) -> None:
    stub.answer_with(Reply(METADATA), Reply(draft(GOOD)))
    made = await generate_strategy(model(), SENTENCE)
    assert made.filter_code.strip() == GOOD
    assert (made.interval, made.direction, made.attempts) == ("15m", "long", 1)
    assert made.model == "test-model"
    assert SENTENCE in stub.asked[0]["messages"][1]["content"]


async def test_diagnostics_go_back_word_for_word(stub: Stub) -> None:
    from screener import FilterError, compile_filter

    with pytest.raises(FilterError) as diagnosed:
        compile_filter(BAD, "15m")
    steps: list[str] = []

    async def progress(step: str) -> None:
        steps.append(step)

    stub.answer_with(Reply(METADATA), Reply(draft(BAD)), Reply(f"```json\n{draft(GOOD)}\n```"))
    made = await generate_strategy(model(), SENTENCE, progress=progress)
    assert made.attempts == 2
    assert str(diagnosed.value.diagnostics[0]) in stub.asked[2]["messages"][-1]["content"]
    assert stub.asked[2]["messages"][-2] == {"role": "assistant", "content": BAD}
    assert steps == [
        "Read the sentence",
        "Wrote a filter that does not compile, first try",
        "Wrote and compiled the filter, second try",
    ]


async def test_repair_is_bounded_and_says_why(stub: Stub) -> None:
    stub.answer_with(Reply(METADATA), Reply(draft(BAD)))
    with pytest.raises(GenerationFailed) as failed:
        await generate_strategy(model(), SENTENCE)
    assert len(stub.asked) == 4
    assert "rsii" in failed.value.reason
    assert failed.value.problems


async def test_garbage_then_a_filter_is_repaired(stub: Stub) -> None:
    stub.answer_with(Reply("sorry?"), Reply(METADATA), Reply("no JSON here"), Reply(draft(GOOD)))
    made = await generate_strategy(model(), SENTENCE)
    assert made.attempts == 2


async def test_a_refused_key_fails_the_generation_with_the_reason(stub: Stub) -> None:
    stub.answer_with(Reply(status=401, error=KEY))
    with pytest.raises(GenerationFailed) as failed:
        await generate_strategy(model(), SENTENCE)
    assert "refused the key" in failed.value.reason
    assert KEY not in failed.value.reason


async def test_the_sentences_interval_and_direction_win(stub: Stub) -> None:
    other = json.dumps({**json.loads(METADATA), "interval": "1d", "direction": "long"})
    stub.answer_with(Reply(other), Reply(draft("match = ta.rsi(close, 14) > 70")))
    made = await generate_strategy(model(), "short when RSI is above 70 on 15m")
    assert (made.interval, made.direction) == ("15m", "short")
    assert any("15m" in note for note in made.assumptions)
