"""A provider with a wire format of its own: the gateway's bounds and meanings hold for Anthropic's too."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest

from llm import LiteLLMModel, ModelError
from llm.gateway import Refusals, litellm_model
from tests.fixtures.loopback import Handler, serving
from tests.fixtures.scripted_model import GOOD, REQUEST

NAME = "anthropic/claude-sonnet-4-5"


class Server:
    """What it answers with, and what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.raw: bytes | None = None
        self.asked: list[dict[str, Any]] = []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()

    class Anthropic(Handler):
        def do_POST(self) -> None:
            body = self.body()
            state.asked.append(body)
            payload = state.raw
            if state.status != 200:
                error = {"type": "overloaded_error", "message": "Overloaded"}
                payload = json.dumps({"type": "error", "error": error}).encode()
            elif payload is None:
                payload = _streamed(body["model"]) if body.get("stream") else _whole(body["model"])
            kind = "text/event-stream" if body.get("stream") else "application/json"
            self.answer(payload, kind, state.status, **{"retry-after": "0"})

    monkeypatch.setattr(litellm_model, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-unguessable-0123")
    with serving(Anthropic) as url:
        for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"):
            monkeypatch.setenv(name, url)
        yield state


def _message(model: str, content: list[dict[str, Any]], usage: dict[str, int], stop: str | None) -> dict[str, Any]:
    said = {"id": "m", "type": "message", "role": "assistant", "model": model}
    return {**said, "content": content, "stop_reason": stop, "usage": usage}


def _whole(model: str) -> bytes:
    usage = {"input_tokens": 25, "output_tokens": 15}
    return json.dumps(_message(model, [{"type": "text", "text": GOOD}], usage, "end_turn")).encode()


def _streamed(model: str) -> bytes:
    start = _message(model, [], {"input_tokens": 25, "output_tokens": 1}, None)
    pieces = [GOOD[at : at + 6] for at in range(0, len(GOOD), 6)]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": p}} for p in pieces),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 15}},
        {"type": "message_stop"},
    ]
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_an_answer_with_its_tokens_and_cost(server: Server, streamed: bool) -> None:
    heard: list[str] = []
    asked = dataclasses.replace(REQUEST, on_text=heard.append) if streamed else REQUEST
    answer = await LiteLLMModel(NAME, timeout_s=20, refusals=Refusals()).complete(asked)
    assert answer.data.number == 3
    assert (answer.input_tokens, answer.output_tokens, len(server.asked)) == (25, 15, 1)
    # Three dollars for a million tokens read, fifteen for a million written.
    assert answer.cost == pytest.approx(25 * 3e-6 + 15 * 15e-6)
    assert "".join(heard) == (GOOD if streamed else "")


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("status", "kind", "tries"), [(529, "overloaded", 3), (429, "rate_limit", 3), (401, "authentication", 1)]
)
async def test_its_statuses_mean_the_same(server: Server, status: int, kind: str, tries: int, streamed: bool) -> None:
    server.status = status
    asked = dataclasses.replace(REQUEST, on_text=lambda piece: None) if streamed else REQUEST
    with pytest.raises(ModelError) as failed:
        await LiteLLMModel(NAME, timeout_s=20, refusals=Refusals()).complete(asked)
    assert (failed.value.kind, failed.value.calls, len(server.asked)) == (kind, tries, tries)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_its_replies_are_bounded_too(server: Server, streamed: bool) -> None:
    server.raw = b"x" * 20_000_000
    asked = dataclasses.replace(REQUEST, on_text=lambda piece: None) if streamed else REQUEST
    with pytest.raises(ModelError, match="more than 8 MB"):
        await LiteLLMModel(NAME, timeout_s=20, refusals=Refusals()).complete(asked)
