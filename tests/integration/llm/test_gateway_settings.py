"""Models by settings alone: any server of OpenAI's format, Ollama, tiers, prices, streaming."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from app.bootstrap import analysing_model, writing_model
from app.gateway import gateway
from app.settings import Settings, SettingsError
from llm import LiteLLMModel, Message, ModelError, ModelRequest
from llm.gateway import Price, Prices, Refusals, litellm_model
from tests.fixtures.ollama_stub import Ollama, ollama_stub
from tests.fixtures.openai_stub import Reply, Stub, completion, openai_stub
from tests.fixtures.scripted_model import GOOD, REQUEST, Pair

KEY = "sk-unguessable-0123456789abcdef"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr(litellm_model, "FIRST_PAUSE_S", 0.01)
    with openai_stub() as running:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        running.answer_with(Reply(GOOD))
        yield running


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ollama]:
    monkeypatch.setattr(litellm_model, "FIRST_PAUSE_S", 0.01)
    with ollama_stub() as running:
        monkeypatch.setenv("OLLAMA_API_BASE", running.url)
        running.text = GOOD
        yield running


def settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    """Settings as the environment gives them."""
    for name, value in values.items():
        monkeypatch.setenv(f"SCREENER_{name.upper()}", value)
    return Settings(_env_file=None)


async def test_one_setting_adds_a_model(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    model = writing_model(settings(monkeypatch, model="openai/some-local-model"))
    answer = await model.complete(REQUEST)
    assert (answer.data.number, model.name) == (3, "openai/some-local-model")
    assert stub.asked[0]["model"] == "some-local-model"
    assert stub.asked[0]["max_tokens"] == 1_000
    assert answer.cost is None
    analyst = analysing_model(settings(monkeypatch))
    assert analyst is not None
    assert (await analyst.complete(REQUEST)).data.number == 3


async def test_all_of_it_may_stand_in_the_file_of_settings(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["SCREENER_MODEL=openai/m", "OPENAI_API_KEY=sk-of-the-file", f"OPENAI_BASE_URL={stub.url}"]
    (tmp_path / ".env").write_text("\n".join(lines))
    for name in ("SCREENER_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        # Set first, so that what the file sets is taken back at the end.
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)
    assert (await writing_model(Settings()).complete(REQUEST)).data.number == 3
    assert stub.keys == ["Bearer sk-of-the-file"]


async def test_each_operation_goes_to_its_model(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings(
        monkeypatch,
        model="openai/big",
        model_fast="openai/small",
        model_operations="generate.metadata=openai/own temperature=0.5 max_tokens=77, analysis.decide=fast",
    )
    fast = dataclasses.replace(REQUEST, tier="fast")
    for asked in (REQUEST, fast, dataclasses.replace(fast, operation="generate.metadata")):
        await gateway(chosen).complete(asked)
    await gateway(chosen).complete(dataclasses.replace(REQUEST, operation="analysis.decide"))
    await gateway(chosen, "openai/named").complete(fast)
    assert [body["model"] for body in stub.asked] == ["big", "small", "own", "small", "named"]
    assert (stub.asked[2]["temperature"], stub.asked[2]["max_tokens"]) == (0.5, 77)


async def test_a_fall_back_of_another_provider_answers(
    stub: Stub, ollama: Ollama, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.answer_with(Reply(status=503))
    chosen = settings(monkeypatch, model="openai/big", model_fallbacks="ollama/llama9")
    answer = await gateway(chosen).complete(REQUEST)
    assert (answer.fallback, answer.calls, answer.data.number) == (True, 4, 3)
    assert answer.cost == 0.0


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("model_operations", "generate.everything=x", "no operation 'generate.everything'"),
        ("model_prices", "openai/x=free", "is not a price"),
    ],
)
def test_a_wrong_setting_says_what_to_change(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem) as failed:
        gateway(settings(monkeypatch, model="openai/x", **{name: value}))
    assert f"SCREENER_{name.upper()}" in str(failed.value)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("name", "path"), [("ollama/llama9", "/api/generate"), ("ollama_chat/llama9", "/api/chat")])
async def test_ollama_answers_by_its_address_alone(ollama: Ollama, name: str, path: str, streamed: bool) -> None:
    pieces: list[str] = []
    asked = dataclasses.replace(REQUEST, on_text=pieces.append) if streamed else REQUEST
    answer = await LiteLLMModel(name, timeout_s=20, refusals=Refusals()).complete(asked)
    assert answer.data == Pair(word="up", number=3)
    assert (answer.input_tokens, answer.output_tokens, answer.cost, answer.calls) == (31, 11, 0.0, 1)
    # It is not asked what it is: that request would hold up the whole program.
    assert [asked_path for asked_path, _ in ollama.asked] == [path]
    body = ollama.asked[0][1]
    assert body["model"] == "llama9"
    assert body["format"]["properties"].keys() == {"word", "number"}
    # Ollama cuts what does not fit into its window, which is small unless it is told.
    assert body["options"]["num_ctx"] == 16_384
    if streamed:
        assert "".join(pieces) == GOOD
        # litellm holds the JSON of the older way back until it is whole.
        assert (len(pieces) > 2) == (name == "ollama_chat/llama9")


async def test_a_long_prompt_gets_a_window_that_holds_it(ollama: Ollama) -> None:
    long = dataclasses.replace(REQUEST, messages=(Message("user", "word " * 12_000),))
    await LiteLLMModel("ollama_chat/llama9", timeout_s=20, refusals=Refusals()).complete(long)
    assert ollama.asked[0][1]["options"]["num_ctx"] == 32_768


async def test_a_model_that_ollama_has_not_is_said(ollama: Ollama) -> None:
    ollama.status = 404
    with pytest.raises(ModelError) as failed:
        await LiteLLMModel("ollama/llama9", timeout_s=20, refusals=Refusals()).complete(REQUEST)
    assert failed.value.kind == "unsupported"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ["ollama/llama9", "ollama_chat/llama9"])
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json\n",
        b"7\n",
        b"{}\n",
        b'{"error": "out of memory"}\n',
        b'{"response": "{", "message": {"content": "{"}, "done": false}\n{"response": ',
        b'{"response": 5, "message": {"content": 5}, "done": true}\n',
        b"x" * 20_000_000,
    ],
    ids=["nothing", "text", "number", "object", "error", "cut", "types", "huge"],
)
async def test_what_ollama_does_wrong_is_a_model_error(ollama: Ollama, raw: bytes, name: str, streamed: bool) -> None:
    ollama.raw = raw
    asked = dataclasses.replace(REQUEST, on_text=lambda piece: None) if streamed else REQUEST
    with pytest.raises(ModelError) as failed:
        await LiteLLMModel(name, timeout_s=20, refusals=Refusals()).complete(asked)
    assert failed.value.kind in ("bad_answer", "connection", "server", "bad_request")
    assert len(ollama.asked) <= 6


async def test_an_answer_is_streamed_in_pieces(stub: Stub) -> None:
    pieces: list[str] = []
    model = LiteLLMModel("openai/m", timeout_s=20, prices=Prices({"openai/m": Price(10, 100)}), refusals=Refusals())
    answer = await model.complete(dataclasses.replace(REQUEST, on_text=pieces.append))
    assert pieces == [GOOD[at : at + 8] for at in range(0, len(GOOD), 8)]
    assert answer.data.number == 3
    assert (answer.input_tokens, answer.output_tokens) == (50, 20)
    assert answer.cost == pytest.approx(0.0025)
    assert stub.asked[0]["stream_options"] == {"include_usage": True}
    assert stub.asked[0]["response_format"]["type"] == "json_schema"


REFUSING: dict[str, list[str]] = {
    "response_format": ["response_format"],
    "stream_options": ["stream_options"],
    "both": ["response_format", "stream_options"],
    "stream": ["stream"],
    "all": ["response_format", "stream_options", "stream"],
}


@pytest.mark.parametrize("refused", REFUSING.values(), ids=REFUSING.keys())
async def test_what_a_server_refuses_is_left_out_and_remembered(stub: Stub, refused: list[str]) -> None:
    def script(body: dict[str, Any], count: int) -> Reply:
        wrong = next((name for name in refused if name in body), None)
        return Reply(status=400, error=f"unknown field {wrong}") if wrong else Reply(f"Here:\n```json\n{GOOD}\n```")

    stub.script = script
    heard: list[str] = []
    model = LiteLLMModel("openai/m", timeout_s=20, refusals=Refusals())
    asked = dataclasses.replace(REQUEST, on_text=heard.append)
    assert (await model.complete(asked)).data.number == 3
    tries = len(stub.asked)
    assert tries == 1 + len(refused)
    assert (await model.complete(asked)).data.number == 3
    assert len(stub.asked) == tries + 1
    last = stub.asked[-1]
    assert not set(refused) & {name for name, value in last.items() if value}
    # What was not refused is still used.
    assert ("response_format" in last) == ("response_format" not in refused)


class Single(BaseModel):
    word: str


async def test_one_schema_refused_says_nothing_of_another(stub: Stub) -> None:
    stub.script = lambda body, count: (
        Reply(status=400, error="schema Pair is not supported")
        if "'Pair'" in str(body.get("response_format"))
        else Reply(GOOD)
    )
    model = LiteLLMModel("openai/m", timeout_s=20, refusals=Refusals())
    for _ in range(2):
        await model.complete(REQUEST)
        await model.complete(ModelRequest("generate.filter", REQUEST.messages, Single))
    assert ["response_format" in body for body in stub.asked] == [True, False, True, False, True]


async def test_a_server_that_does_not_stream_is_asked_for_all_at_once(stub: Stub) -> None:
    whole = json.dumps(completion(Reply(GOOD), "m")).encode()
    stub.answer_with(Reply(raw=whole))
    heard: list[str] = []
    model = LiteLLMModel("openai/m", timeout_s=20, refusals=Refusals())
    for tries in (2, 3):
        assert (await model.complete(dataclasses.replace(REQUEST, on_text=heard.append))).data.number == 3
        assert len(stub.asked) == tries
    assert "".join(heard) == GOOD * 2


COSTS = [
    ("openai/gpt-4o-mini", None, {}, 50 * 0.15e-6 + 20 * 0.6e-6),
    ("openai/unheard-of", None, {}, None),
    ("openai/unheard-of", 0.0123, {}, 0.0123),
    ("openai/gpt-4o-mini", 0.0123, {"openai/gpt-4o-mini": Price(1, 1)}, 70e-6),
]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("name", "told", "own", "cost"), COSTS)
async def test_where_a_cost_comes_from(
    stub: Stub, name: str, told: float | None, own: dict[str, Price], cost: float | None, streamed: bool
) -> None:
    stub.answer_with(Reply(GOOD, cost=told))
    asked = dataclasses.replace(REQUEST, on_text=lambda piece: None) if streamed else REQUEST
    answer = await LiteLLMModel(name, timeout_s=20, prices=Prices(own), refusals=Refusals()).complete(asked)
    assert answer.cost == (None if cost is None else pytest.approx(cost))


async def test_keys_stay_out_of_logs_errors_and_output(
    stub: Stub, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    said = []
    for reply in (Reply(GOOD), Reply(status=400, error=f"key {KEY}"), Reply(status=500, error=KEY), Reply(KEY)):
        stub.answer_with(reply)
        for asked in (REQUEST, dataclasses.replace(REQUEST, on_text=lambda piece: None)):
            try:
                await LiteLLMModel("openai/m", timeout_s=20, refusals=Refusals()).complete(asked)
            except ModelError as error:
                said.append(f"{error!r} {error.reason} {error.__cause__!r} {error.__context__!r}")
    printed = capfd.readouterr()
    assert len(said) == 6
    assert KEY not in caplog.text + printed.out + printed.err + "".join(said)


def test_nothing_loads_litellm_before_a_call() -> None:
    program = (
        "import os, sys; os.environ['SCREENER_MODEL'] = 'openai/x'\n"
        "from app.settings import Settings\n"
        "from app.bootstrap import analysing_model, writing_model\n"
        "writing_model(Settings(_env_file=None)), analysing_model(Settings(_env_file=None))\n"
        "print([name for name in ('litellm', 'openai') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    assert run.stdout.strip() == "[]"
