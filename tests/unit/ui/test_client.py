"""The HTTP caller: shapes in, sentences out when something is wrong."""

import json
from collections.abc import Callable

import httpx
import pytest

from api.schemas import FillingOut, GeneratedStrategyOut, HistoryOut
from tests.fixtures.fake_api import history
from ui.caller import ApiProblem, ApiUnreachable, Progress
from ui.client import ApiClient

GENERATED = (
    '{"name":"n","description":"d","direction":"long","interval":"15m","conditions":[],"instructions":"",'
    '"indicators":[],"risk":{},"filter_code":"match = close > 1","reading":"r","model":"m"}'
)


def client(handler: Callable[[httpx.Request], httpx.Response], token: str = "") -> ApiClient:
    return ApiClient("http://api.test", token, httpx.MockTransport(handler))


def test_a_problem_document_becomes_its_detail() -> None:
    body = {"title": "Not sent", "status": 409, "detail": "ETHUSDT already has an open position."}
    api = client(lambda request: httpx.Response(409, json=body))
    with pytest.raises(ApiProblem, match="already has an open position") as caught:
        api.approve("s1", 2310.5)
    assert caught.value.status == 409


def test_an_error_that_is_no_problem_document_keeps_its_text() -> None:
    api = client(lambda request: httpx.Response(502, text="bad gateway"))
    with pytest.raises(ApiProblem, match="bad gateway"):
        api.status()


@pytest.mark.parametrize(
    ("kind", "content"), [("text/html", b"<html>"), ("text/event-stream", b"event: result\ndata: {\n\n")]
)
def test_an_answer_that_is_no_json_says_so_where_steps_are_awaited_too(kind: str, content: bytes) -> None:
    api = client(lambda request: httpx.Response(200, content=content, headers={"content-type": kind}))
    with pytest.raises(ApiUnreachable, match="the answer is not JSON"):
        list(api.generate("rsi below 30"))


def test_no_answer_names_the_address() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    with pytest.raises(ApiUnreachable, match=r"http://api\.test: connection refused"):
        client(refuse).status()


def test_an_answer_of_another_shape_says_which_field() -> None:
    api = client(lambda request: httpx.Response(200, json={"market": "simulated"}))
    with pytest.raises(ApiUnreachable, match="StatusOut"):
        api.status()


def test_the_token_is_sent_as_bearer() -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        return httpx.Response(200, json={"items": []})

    client(answer, "secret").events()
    client(answer).events()
    assert seen == ["Bearer secret", None]


def test_generation_streams_steps_then_the_strategy() -> None:
    stream = (
        ": hello\n\n"
        'event: progress\ndata: {"step": "Read the sentence", "seconds": 0.2}\n\n'
        f"event: result\ndata: {GENERATED}\n\n"
    )
    headers = {"content-type": "text/event-stream"}
    api = client(lambda request: httpx.Response(200, text=stream, headers=headers))
    items = list(api.generate("RSI below 30"))
    assert items[0] == Progress(step="Read the sentence", seconds=0.2)
    assert isinstance(items[1], GeneratedStrategyOut)
    assert items[1].interval == "15m"


def test_an_error_in_the_stream_is_a_problem() -> None:
    stream = 'event: error\ndata: {"title": "No filter was written", "detail": "I could not read whales."}\n\n'
    headers = {"content-type": "text/event-stream"}
    api = client(lambda request: httpx.Response(200, text=stream, headers=headers))
    with pytest.raises(ApiProblem, match="whales"):
        list(api.generate("whales"))


def test_a_look_back_says_how_far_its_candles_are_fetched() -> None:
    found = json.dumps(history("1d"))
    content = f'event: progress\ndata: {{"interval": "1d", "done": 40, "of": 200}}\n\nevent: result\ndata: {found}\n\n'
    events = httpx.Response(200, content=content, headers={"content-type": "text/event-stream"})
    told, last = client(lambda request: events).scan("match = close > 1", "1d", "long")
    assert told == FillingOut(interval="1d", done=40, of=200)
    assert isinstance(last, HistoryOut)
