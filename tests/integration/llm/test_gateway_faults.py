"""What providers do wrong, over real HTTP and through litellm itself: statuses, broken, huge and slow answers."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from llm import LiteLLMModel, Message, ModelError, ModelRequest
from llm.gateway import Price, Prices, Refusals, litellm_model
from llm.gateway.wire import SLICE_BYTES
from tests.fixtures.openai_stub import End, Reply, Stub, openai_stub

KEY = "sk-unguessable-0123456789abcdef"
NAME = "openai/test-model"
GOOD = '{"word": "up", "number": 3}'


class Pair(BaseModel):
    word: str
    number: int


REQUEST = ModelRequest("test.pair", (Message("user", "Give a pair."),), Pair)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr(litellm_model, "FIRST_PAUSE_S", 0.01)
    with openai_stub() as running:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


class Heard:
    """What `on_text` was told: an empty piece begins anew."""

    def __init__(self) -> None:
        self.text = ""
        self.pieces = 0

    def __call__(self, piece: str) -> None:
        self.text = self.text + piece if piece else ""
        self.pieces += 1


def model(timeout_s: float = 20.0) -> LiteLLMModel:
    prices = Prices({NAME: Price(1.0, 2.0)})
    return LiteLLMModel(NAME, timeout_s=timeout_s, prices=prices, refusals=Refusals())


def request(streamed: bool) -> ModelRequest[Pair]:
    return dataclasses.replace(REQUEST, on_text=Heard()) if streamed else REQUEST


async def failure(asked: ModelRequest[Pair], timeout_s: float = 20.0) -> ModelError:
    with pytest.raises(ModelError) as failed:
        await model(timeout_s).complete(asked)
    assert KEY not in repr(failed.value) + failed.value.reason
    return failed.value


STATUSES = [
    (400, "bad_request"),
    (401, "authentication"),
    (402, "authentication"),
    (403, "authentication"),
    (404, "unsupported"),
    (408, "server"),
    (413, "bad_request"),
    (422, "bad_request"),
    (429, "rate_limit"),
    (500, "server"),
    (502, "server"),
    (503, "server"),
    (504, "server"),
    (529, "overloaded"),
]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_each_status_has_its_meaning(stub: Stub, status: int, kind: str, streamed: bool) -> None:
    stub.answer_with(Reply(status=status, error=f"no, not with {KEY}"))
    error = await failure(request(streamed))
    assert error.kind == kind
    assert error.retryable == (kind in ("rate_limit", "server", "overloaded"))
    # A refused request is sent again without what may be refused; a provider's fault is tried three times in all.
    refusals = {"bad_request": 4 if streamed else 2}
    assert len(stub.asked) == error.calls == refusals.get(kind, 3 if error.retryable else 1)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_provider_that_recovers_is_asked_again(stub: Stub, streamed: bool) -> None:
    stub.answer_with(Reply(status=529), Reply(status=429, headers={"retry-after": "0"}), Reply(GOOD))
    answer = await model().complete(request(streamed))
    assert answer.data.number == 3
    assert answer.calls == 3


async def test_the_wait_that_the_provider_asks_for_is_kept(stub: Stub) -> None:
    stub.answer_with(Reply(status=429, headers={"retry-after": "1"}), Reply(GOOD))
    started = time.perf_counter()
    await model().complete(REQUEST)
    assert time.perf_counter() - started >= 1.0


async def test_a_wait_beyond_the_time_limit_is_not_begun(stub: Stub) -> None:
    stub.answer_with(Reply(status=429, headers={"retry-after": "3600"}))
    started = time.perf_counter()
    error = await failure(REQUEST)
    assert error.kind == "rate_limit"
    assert "3600 s" in error.reason
    assert len(stub.asked) == 1
    assert time.perf_counter() - started < 15


@pytest.mark.parametrize("setting", ["response_format", "stream_options", "stream"])
async def test_the_setting_that_a_provider_names_as_refused_is_left_out_first(stub: Stub, setting: str) -> None:
    error = {"message": "Unsupported value.", "type": "invalid_request_error", "param": setting, "code": None}
    refused = Reply(status=400, raw=json.dumps({"error": error}).encode())
    stub.script = lambda body, count: refused if setting in body else Reply(GOOD)
    assert (await model().complete(request(True))).calls == 2
    gone = {"stream", "stream_options"} if setting == "stream" else {setting}
    assert stub.asked[0].keys() - stub.asked[1].keys() == gone


@pytest.mark.parametrize("error", [KeyError("ours"), ValueError("ours"), AttributeError("ours")])
@pytest.mark.parametrize("whole", [False, True], ids=["streamed", "in one piece"])
async def test_a_mistake_of_our_own_is_no_failure_of_the_provider(stub: Stub, error: Exception, whole: bool) -> None:
    def broken(piece: str) -> None:
        raise error

    refusals = Refusals()
    if whole:
        refusals.of(NAME, Pair).add("stream")
    stub.answer_with(Reply(GOOD))
    with pytest.raises(type(error), match="ours"):
        await LiteLLMModel(NAME, timeout_s=20, refusals=refusals).complete(dataclasses.replace(REQUEST, on_text=broken))
    assert len(stub.asked) == 1


GARBAGE = {
    "empty": Reply(""),
    "prose": Reply("I cannot do that."),
    "truncated": Reply('{"word": "up", "num'),
    "wrong types": Reply('{"word": ["up"], "number": "three"}'),
    "a list": Reply("[1, 2, 3]"),
    "half an object": Reply('{"word": "up"}'),
    "a number nobody reads": Reply('{"word": "up", "number": ' + "7" * 5_000 + "}"),
    "deep": Reply("{" * 5_000),
    "html": Reply(raw=b"<html>gateway</html>"),
    "no choices": Reply(raw=b'{"choices": []}'),
    "no object": Reply(raw=b"{}"),
    "null": Reply(raw=b"null"),
    "a number": Reply(raw=b"7"),
    "nothing": Reply(raw=b""),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_a_bad_answer(stub: Stub, reply: Reply, streamed: bool) -> None:
    stub.answer_with(reply)
    error = await failure(request(streamed))
    assert error.kind == "bad_answer"
    # JSON where a stream was asked for may be an answer: it is asked for once more, in one piece.
    assert len(stub.asked) == (2 if streamed and reply.raw is not None else 1)


CALL = {"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
FILTERED = ("content filter withheld", Reply(finish="content_filter"))
TOOL = ("called a tool", Reply(finish="tool_calls", message={"tool_calls": [CALL]}))
# litellm hands on no refusal that is streamed.
REFUSED = ("The model refused: I will not say that.", Reply(message={"refusal": "I will not\n say that."}))
WITHHELD = [(*FILTERED, False), (*FILTERED, True), (*TOOL, False), (*TOOL, True), (*REFUSED, False)]


@pytest.mark.parametrize(("reason", "reply", "streamed"), WITHHELD)
async def test_an_answer_that_was_withheld_says_by_whom(stub: Stub, reason: str, reply: Reply, streamed: bool) -> None:
    stub.answer_with(reply)
    error = await failure(request(streamed))
    assert error.kind == "bad_answer"
    assert reason in error.reason


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_an_answer_cut_off_at_its_limit_says_so_and_what_it_cost(stub: Stub, streamed: bool) -> None:
    stub.answer_with(Reply('{"word": "up", "num', finish="length"))
    error = await failure(request(streamed))
    assert "cut off at its limit of 2,000 tokens" in error.reason
    assert error.answer == '{"word": "up", "num'
    assert (error.input_tokens, error.output_tokens) == (50, 20)
    assert error.cost == pytest.approx(90e-6)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("end", ["cut", "silent"])
async def test_a_broken_connection_is_a_failure_in_bounded_time(stub: Stub, end: End, streamed: bool) -> None:
    await _warm(stub)
    stub.answer_with(Reply(GOOD[:12], end=end))
    started = time.perf_counter()
    error = await failure(request(streamed), timeout_s=20 if end == "cut" else 0.8)
    assert error.kind == ("connection" if end == "cut" else "timeout")
    assert time.perf_counter() - started < 10


async def test_a_stream_that_ends_in_the_middle_is_no_answer(stub: Stub) -> None:
    stub.answer_with(Reply('{"word": "up", "num', end="bare"))
    assert (await failure(request(True))).kind in ("bad_answer", "connection")


async def test_a_stream_that_ends_without_its_mark_is_one_where_it_is_whole(stub: Stub) -> None:
    stub.answer_with(Reply(GOOD, end="bare"))
    assert (await model().complete(request(True))).data.number == 3


async def test_a_stream_that_breaks_is_asked_for_again(stub: Stub) -> None:
    stub.answer_with(Reply(GOOD[:16], end="cut"), Reply(GOOD))
    heard = Heard()
    answer = await model().complete(dataclasses.replace(REQUEST, on_text=heard))
    assert answer.text == heard.text == GOOD
    assert answer.calls == 2
    # The provider is paid for what came before it broke off, too.
    assert answer.input_tokens > 50 and answer.output_tokens > 20
    assert answer.cost == pytest.approx((answer.input_tokens + 2 * answer.output_tokens) / 1e6)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("reply", [Reply(delay_s=30), Reply(GOOD, drip=True)], ids=["slow", "drip"])
async def test_a_slow_answer_is_left_at_the_time_limit(stub: Stub, reply: Reply, streamed: bool) -> None:
    await _warm(stub)
    stub.answer_with(reply)
    started = time.perf_counter()
    error = await failure(request(streamed), timeout_s=0.6)
    assert error.kind == "timeout"
    assert time.perf_counter() - started < 6
    # Nobody knows what was written until then: all that was allowed counts.
    assert error.output_tokens == 2_000
    assert error.cost is not None and error.cost > 0.004


async def test_an_endless_stream_is_left_at_the_length_of_an_answer(stub: Stub) -> None:
    await _warm(stub)
    stub.answer_with(Reply("x" * 1_000, endless=True, piece=1_000))
    heard = Heard()
    error = await failure(dataclasses.replace(REQUEST, on_text=heard))
    assert error.kind == "bad_answer"
    assert "64,000 characters" in error.reason
    assert len(heard.text) <= 64_000
    assert error.output_tokens > 20_000
    assert error.cost is not None and error.cost > 0


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_huge_reply_is_not_read_to_its_end(stub: Stub, streamed: bool) -> None:
    await _warm(stub)
    stub.answer_with(Reply(raw=b"data: " + b"x" * 60_000_000))
    tracemalloc.start()
    try:
        error = await failure(request(streamed))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.kind == "bad_answer"
    assert "more than 8 MB" in error.reason
    # The server's own copy is made before.
    assert peak < 45_000_000


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_an_answer_longer_than_any_is_refused(stub: Stub, streamed: bool) -> None:
    stub.answer_with(Reply(json.dumps({"word": "x" * 200_000, "number": 1}), piece=5_000))
    error = await failure(request(streamed))
    assert error.kind == "bad_answer"
    assert "64,000" in error.reason


async def test_a_stream_without_text_ends_at_the_bytes_of_a_reply(stub: Stub) -> None:
    await _warm(stub)
    stub.answer_with(Reply(raw=b": keep-alive\n\n" * 1_000_000))
    error = await failure(request(True))
    assert error.kind == "bad_answer"


async def test_others_get_their_turn_while_a_server_sends_without_a_pause(stub: Stub) -> None:
    await _warm(stub)
    stub.answer_with(Reply(raw=b": keep-alive\n\n" * 200_000))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await failure(request(True))
    beside.cancel()
    assert turns > 2_800_000 / SLICE_BYTES


async def _warm(stub: Stub) -> None:
    """Import and first call outside the measured time."""
    stub.answer_with(Reply(GOOD))
    await model().complete(REQUEST)
    stub.asked.clear()
