"""Every path under /generate answers what /openapi.json says of it: JSON, events and problems.

With the offline translator and with a model behind the wire format of OpenAI. A shape may have no field that is not
described.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped] # it has no types

from tests.fixtures.openai_stub import Reply, Stub, openai_stub
from tests.fixtures.writers import BAD, CONDITIONS, GOOD, SENTENCE, draft, writer
from tests.integration.api.calling import serve, settings

PREFIX = "/api/v1/generate/"
EVENTS = {"accept": "text/event-stream"}
EDITED = [CONDITIONS[0].replace("30", "25"), CONDITIONS[1]]
LINES: dict[str, dict[str, Any]] = {
    "strategy": {"prompt": SENTENCE},
    "metadata": {"prompt": f"{SENTENCE}, long", "interval": "15m"},
    "filter": {"prompt": SENTENCE, "conditions": CONDITIONS, "direction": "long"},
    "regenerate": {"conditions": EDITED, "interval": "15m", "filter_code": GOOD, "prompt": SENTENCE},
    "explain": {"filter_code": GOOD, "interval": "15m", "prompt": SENTENCE},
    "mend": {"filter_code": GOOD, "interval": "15m", "error": "ValueError: too few candles", "prompt": SENTENCE},
}
"""A request that each path can answer."""

REFUSED: list[tuple[str, dict[str, Any], int]] = [
    ("strategy", {"prompt": "the moon in Aquarius"}, 422),
    ("strategy", {"prompt": " "}, 422),
    ("strategy", {"prompt": SENTENCE, "interval": "7m"}, 422),
    ("metadata", {"prompt": "x" * 20_000}, 422),
    ("metadata", {}, 422),
    ("filter", {"prompt": SENTENCE, "conditions": [""]}, 422),
    ("filter", {"prompt": "the moon in Aquarius"}, 422),
    ("regenerate", {"conditions": [], "interval": "15m"}, 422),
    ("regenerate", {"conditions": ["The moon is in Aquarius"], "interval": "15m"}, 422),
    ("explain", {"filter_code": BAD, "interval": "15m"}, 422),
    ("mend", {"error": "it failed"}, 422),
    ("mend", {"filter_code": GOOD, "interval": "15m", "error": "it failed"}, 422),
    ("mend", {"strategy_id": str(uuid4())}, 404),
]
"""What the offline translator refuses, and how."""


@pytest.fixture
async def offline(database_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings(database_dsn)) as opened:
        yield opened


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    with openai_stub() as running:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-test-0123456789")
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


@pytest.fixture
async def modelled(database_dsn: str, stub: Stub) -> AsyncIterator[httpx.AsyncClient]:
    # A model of this test alone: answers are kept in the database, where others' would be found.
    async with serve(settings(database_dsn, model=f"openai/writer-{uuid4().hex[:8]}")) as opened:
        yield opened


class Described:
    """The application's own description."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.components = _closed(document["components"])
        self.paths = {
            path.removeprefix(PREFIX): verbs["post"]["responses"]
            for path, verbs in document["paths"].items()
            if path.startswith(PREFIX)
        }

    def check(self, schema: dict[str, Any], value: Any) -> None:
        """The value fits, and has nothing that is not described."""
        Draft202012Validator({**schema, "components": self.components}).validate(value)

    def fits(self, path: str, answer: httpx.Response) -> Any:
        """Status, content type and body are described; returns the body, of a stream the events."""
        found = self.paths[path].get(str(answer.status_code))
        assert found is not None, (path, answer.status_code, answer.text)
        kind = answer.headers["content-type"].split(";")[0]
        assert kind in found["content"], (path, kind)
        if kind != "text/event-stream":
            self.check(found["content"][kind]["schema"], answer.json())
            return answer.json()
        events = list(_events(answer.text))
        for event in events:
            self._fits_event(found["content"][kind]["itemSchema"], event)
        assert [event["event"] for event in events].count("progress") == len(events) - 1
        return events

    def _fits_event(self, item: dict[str, Any], event: dict[str, str]) -> None:
        self.check(item, event)
        kind = next(one for one in item["oneOf"] if one["properties"]["event"]["const"] == event["event"])
        data = kind["properties"]["data"]
        assert data["contentMediaType"] == "application/json"
        self.check(data["contentSchema"], json.loads(event["data"]))


def _closed(schema: Any) -> Any:
    """The schema with every object closed to further fields."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: _closed(value) for name, value in schema.items()}
    if inner.get("type") == "object" and "properties" in inner:
        inner.setdefault("additionalProperties", False)
    return inner


def _events(text: str) -> Any:
    """The events of a stream; comments are left out."""
    for block in text.strip().split("\n\n"):
        lines = [line for line in block.split("\n") if not line.startswith(":")]
        if lines:
            yield {name: value for name, _, value in (line.partition(": ") for line in lines)}


async def described(client: httpx.AsyncClient) -> Described:
    """What the running application says of itself."""
    return Described((await client.get("/openapi.json")).json())


async def test_every_path_is_tried(offline: httpx.AsyncClient) -> None:
    assert set((await described(offline)).paths) == set(LINES)


async def test_the_offline_translators_answers_fit(offline: httpx.AsyncClient) -> None:
    page = await described(offline)
    for path in [path for path in LINES if path != "mend"]:
        whole = await offline.post(PREFIX + path, json=LINES[path])
        assert whole.status_code == 200, whole.text
        answer = page.fits(path, whole)
        assert answer["model"] == "offline translator" and answer["cost"] == 0
        events = page.fits(path, await offline.post(PREFIX + path, json=LINES[path], headers=EVENTS))
        assert events[-1]["event"] == "result"
        assert json.loads(events[-1]["data"]) == answer
        assert len(events) > 1 or path == "explain"


async def test_a_models_answers_fit(modelled: httpx.AsyncClient, stub: Stub) -> None:
    page = await described(modelled)
    code = GOOD.replace("30", "25")
    for path, body in LINES.items():
        stub.script = writer(draft(BAD), draft(code))
        whole = await modelled.post(PREFIX + path, json={**body, "fresh": True})
        assert whole.status_code == 200, (path, whole.text)
        answer = page.fits(path, whole)
        if path not in ("metadata", "explain"):
            assert (answer["first_try"], answer["filter_code"]) == (False, code), path
        assert answer["calls"] >= 1 and answer["input_tokens"] >= 50, path
        events = page.fits(path, await modelled.post(PREFIX + path, json=body, headers=EVENTS))
        assert events[-1]["event"] == "result", events[-1]


async def test_a_models_text_is_streamed_as_it_comes(modelled: httpx.AsyncClient, stub: Stub) -> None:
    stub.script = writer()
    page = await described(modelled)
    events = page.fits("filter", await modelled.post(PREFIX + "filter", json=LINES["filter"], headers=EVENTS))
    told = [json.loads(event["data"]) for event in events if event["event"] == "progress"]
    pieces = [row["text"] for row in told if row["kind"] == "text"]
    assert json.loads("".join(pieces))["filter_code"] == GOOD
    assert len(pieces) > 3
    assert [row["step"] for row in told if row["kind"] == "step"] == ["Wrote and compiled the filter, first try"]


async def test_refusals_fit(offline: httpx.AsyncClient) -> None:
    page = await described(offline)
    for path, body, status in REFUSED:
        answer = await offline.post(PREFIX + path, json=body)
        assert answer.status_code == status, (path, body, answer.text)
        found = page.fits(path, answer)
        assert found["detail"]
        streamed = await offline.post(PREFIX + path, json=body, headers=EVENTS)
        again = page.fits(path, streamed)
        if streamed.status_code == 200:
            again = json.loads(again[-1]["data"])
        assert (again["status"], again["title"]) == (status, found["title"]), (path, body)


async def test_a_model_that_is_away_fits(modelled: httpx.AsyncClient, stub: Stub) -> None:
    page = await described(modelled)
    stub.answer_with(Reply(status=401, error="no"))
    for path, body in LINES.items():
        answer = await modelled.post(PREFIX + path, json=body)
        assert answer.status_code == 502, path
        assert "refused the key" in page.fits(path, answer)["detail"]
        streamed = page.fits(path, await modelled.post(PREFIX + path, json=body, headers=EVENTS))
        assert streamed[-1]["event"] == "error"
        assert json.loads(streamed[-1]["data"])["status"] == 502


async def test_a_spend_cap_fits(database_dsn: str, stub: Stub) -> None:
    name = f"openai/writer-{uuid4().hex[:8]}"
    caps = {"spend_per_user_day": "0.000001", "model_prices": f"{name}=10/10"}
    async with serve(settings(database_dsn, model=name, **caps)) as opened:
        page = await described(opened)
        for path, body in LINES.items():
            answer = await opened.post(PREFIX + path, json=body)
            assert answer.status_code == 429, answer.text
            found = page.fits(path, answer)
            assert "SCREENER_SPEND_PER_USER_DAY" in found["detail"] and found["again_at"].endswith("00:00:00Z")
            assert 0 < int(answer.headers["retry-after"]) <= 86_400
            streamed = page.fits(path, await opened.post(PREFIX + path, json=body, headers=EVENTS))
            assert json.loads(streamed[-1]["data"])["status"] == 429
    assert stub.asked == []


async def test_a_field_that_nobody_described_is_noticed(offline: httpx.AsyncClient) -> None:
    page = await described(offline)
    answer = await offline.post(PREFIX + "explain", json=LINES["explain"])
    more = httpx.Response(200, json={**answer.json(), "more": 1})
    with pytest.raises(ValidationError):
        page.fits("explain", more)
