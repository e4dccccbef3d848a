"""The HTTP API over a real database and the worker's internal endpoint: shapes, refusals, hostile requests."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import httpx
import pytest

from api.main import create_app
from api.schemas.base import INTERVALS
from app.screening import Screener
from app.settings import SettingsError
from screener.intervals import INTERVAL_MS, is_close
from store.session import Database
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.integration.api.calling import ABOVE, assert_problem, body, serve, settings

JSON = {"content-type": "application/json"}


async def test_health_ready_status(client: httpx.AsyncClient, market: FakeMarket) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}
    assert (await client.get("/ready")).json() == {"status": "ready"}
    status = (await client.get("/api/v1/status")).json()
    assert status["market"] == "simulated"
    assert status["worker_alive"] is True
    assert status["symbols"] == len(SYMBOLS)
    assert status["coverage"]["fresh"] == len(SYMBOLS)
    assert (await client.get("/openapi.json")).status_code == 200


async def test_without_a_worker(lonely: httpx.AsyncClient) -> None:
    assert (await lonely.get("/health")).status_code == 200
    assert "worker" in assert_problem(await lonely.get("/ready"), 503)["detail"]
    assert (await lonely.get("/api/v1/status")).json()["worker_alive"] is False
    assert_problem(await lonely.get("/api/v1/coverage"), 503)
    assert (await lonely.post("/api/v1/filters/compile", json={"filter_code": ABOVE})).json()["ok"] is True


async def test_strategies_from_creation_to_deletion(client: httpx.AsyncClient) -> None:
    made = await client.post("/api/v1/strategies", json=body(description="d", risk={"stop": 1}))
    assert made.status_code == 201, made.text
    strategy = made.json()
    path = f"/api/v1/strategies/{strategy['id']}"
    assert strategy["enabled"] is False
    assert strategy["state"] == "paused"
    assert strategy["reading"]
    assert (await client.get(path)).json() == strategy
    assert strategy["id"] in {s["id"] for s in (await client.get("/api/v1/strategies")).json()["items"]}
    changed = (await client.put(path, json=body(filter_code="match = close > open"))).json()
    assert changed["version"] == strategy["version"] + 1
    assert changed["filter_hash"] != strategy["filter_hash"]
    assert (await client.post(f"{path}/enable")).json()["enabled"] is True
    assert (await client.post(f"{path}/pause")).json()["state"] == "paused"
    assert len((await client.get(f"{path}/versions")).json()["items"]) == 2
    history = (await client.get(f"{path}/history")).json()
    assert history["total"] > 0
    assert set(history["matches"][0]) >= {"symbol", "candle_close", "price", "outcome", "conditions"}
    assert (await client.get(f"{path}/runs")).json() == {"items": []}
    assert (await client.get(f"{path}/errors")).json() == {"items": []}
    assert (await client.delete(path)).status_code == 204
    assert_problem(await client.get(path), 404)
    assert_problem(await client.delete(path), 404)


@pytest.mark.parametrize(
    "code",
    [
        "match = ta.nothing(close, 5) > 1",
        "match = close >",
        "",
        "match = symbol('NOSUCH').close > 1",
        "import os",
        "match = __import__('os')",
        "match = " + "(" * 3000 + "close" + ")" * 3000 + " > 1",
        "match = close > 1\x00",
        "match = " + "not " * 2000 + "(close > 1)",
    ],
)
async def test_broken_filters_are_problems_with_places(client: httpx.AsyncClient, code: str) -> None:
    problem = assert_problem(await client.post("/api/v1/strategies", json=body(filter_code=code)), 422)
    assert problem["errors"]
    assert problem["errors"][0]["message"]
    scan = await client.post("/api/v1/filters/scan", json={"filter_code": code, "interval": "1m"})
    assert_problem(scan, 422)
    report = await client.post("/api/v1/filters/compile", json={"filter_code": code, "interval": "1m"})
    assert report.status_code == 200, report.text
    assert report.json()["ok"] is False


async def test_compile_reads_back(client: httpx.AsyncClient) -> None:
    report = (await client.post("/api/v1/filters/compile", json={"filter_code": ABOVE, "interval": "1m"})).json()
    assert report["ok"]
    assert report["rows"][0]["reading"]
    assert (await client.get("/api/v1/filters/catalogue")).json()["items"]


async def test_generate(client: httpx.AsyncClient) -> None:
    sentence = "RSI below 30 on 15m while price is above the 4h 200 EMA"
    made = await client.post("/api/v1/generate/strategy", json={"prompt": sentence})
    assert made.status_code == 200, made.text
    found = made.json()
    assert found["interval"] == "15m"
    assert len(found["rows"]) == 2
    assert found["not_understood"] == []
    assert found["model"]


async def test_generate_names_what_it_cannot_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/generate/strategy", json={"prompt": "when the moon is in Aquarius"})
    problem = assert_problem(answer, 422)
    assert problem["errors"]
    assert "moon" in " ".join(e["message"] for e in problem["errors"])


async def test_generate_streamed(client: httpx.AsyncClient) -> None:
    stream = {"accept": "text/event-stream"}
    good = await client.post("/api/v1/generate/strategy", json={"prompt": "RSI below 30 on 15m"}, headers=stream)
    assert "event: progress" in good.text
    result = good.text.split("event: result\ndata: ")[1].splitlines()[0]
    assert json.loads(result)["interval"] == "15m"
    bad = await client.post("/api/v1/generate/strategy", json={"prompt": "the moon in Aquarius"}, headers=stream)
    error = json.loads(bad.text.split("event: error\ndata: ")[1].splitlines()[0])
    assert error["status"] == 422
    assert error["errors"]


async def test_generate_with_an_interval_that_does_not_exist(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/generate/strategy", json={"prompt": "RSI below 30", "interval": "7q"})
    assert_problem(answer, 422)


async def test_status_names_the_intervals_of_running_strategies(client: httpx.AsyncClient) -> None:
    made = (await client.post("/api/v1/strategies", json=body(enabled=True, interval="4h"))).json()
    intervals = (await client.get("/api/v1/status")).json()["intervals"]
    assert "4h" in intervals
    assert intervals == sorted(intervals, key=INTERVALS.index)
    await client.delete(f"/api/v1/strategies/{made['id']}")


async def test_when_a_strategy_is_evaluated(client: httpx.AsyncClient) -> None:
    made = (await client.post("/api/v1/strategies", json=body(interval="5m", evaluate="minute"))).json()
    path = f"/api/v1/strategies/{made['id']}"
    assert (made["evaluate"], made["version"]) == ("minute", 1)
    changed = (await client.put(path, json=body(interval="5m", evaluate="close"))).json()
    assert (changed["evaluate"], changed["version"]) == ("close", 2)
    refused = await client.put(path, json=body(interval="1w", evaluate="minute"))
    assert_problem(refused, 422)
    assert "3m to 1d" in refused.text
    await client.delete(path)


async def test_a_signal_says_whether_its_candle_was_forming(
    client: httpx.AsyncClient, database: Database, market: FakeMarket
) -> None:
    sent = body(filter_code="match = close > 0", interval="5m", evaluate="minute", trigger="level", enabled=True)
    strategy = (await client.post("/api/v1/strategies", json={**sent, "confirm": True})).json()
    screener = Screener(database, market, f"w-{uuid4().hex[:6]}")
    await screener.sync()
    assert is_close(market.newest_close, "5m")
    shown = []
    for _ in range(5):
        await screener.screen(market.advance())
        page = (await client.get("/api/v1/signals", params={"strategy_id": strategy["id"], "limit": 1})).json()
        shown.append(page["items"][0]["provisional"])
    detail = (await client.get(f"/api/v1/signals/{page['items'][0]['id']}")).json()
    assert shown == [True, True, True, True, False]
    assert detail["provisional"] is False
    await client.delete(f"/api/v1/strategies/{strategy['id']}")


async def test_signals(client: httpx.AsyncClient, database: Database, market: FakeMarket) -> None:
    strategy = (await client.post("/api/v1/strategies", json=body(enabled=True))).json()
    screener = Screener(database, market, f"w-{uuid4().hex[:6]}")
    await screener.sync()
    while not market.edges(ABOVE, market.newest_close, market.newest_close + 60_000):
        market.advance()
    screener = Screener(database, market, f"w-{uuid4().hex[:6]}")
    await screener.sync()
    assert await screener.screen(market.advance())
    page = (await client.get("/api/v1/signals", params={"strategy_id": strategy["id"], "limit": 1})).json()
    assert set(page) == {"items", "next"}
    (item,) = page["items"]
    wanted = {"id", "strategy_id", "symbol", "candle_close", "price", "side", "status", "conditions"}
    assert wanted <= set(item)
    assert {"text", "left", "right", "value"} <= set(item["conditions"][0])
    assert item["strategy_id"] == strategy["id"]
    if page["next"]:
        rest = await client.get("/api/v1/signals", params={"strategy_id": strategy["id"], "cursor": page["next"]})
        assert item["id"] not in {s["id"] for s in rest.json()["items"]}
    detail = (await client.get(f"/api/v1/signals/{item['id']}")).json()
    assert detail["candles"]
    assert detail["analysis"] is None
    assert_problem(await client.post(f"/api/v1/signals/{item['id']}/approve", json={"price_seen": 1}), 409)
    declined = await client.post(f"/api/v1/signals/{item['id']}/decline")
    assert declined.status_code == 200, declined.text
    await client.delete(f"/api/v1/strategies/{strategy['id']}")


@pytest.mark.parametrize(
    "params",
    [
        {"cursor": "nonsense"},
        {"cursor": "\x00"},
        {"limit": "0"},
        {"limit": "1e9"},
        {"status": "odd"},
        {"state": "odd"},
        {"strategy_id": "x"},
        {"symbol": "\x00"},
    ],
)
async def test_odd_questions_about_signals(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    answer = await client.get("/api/v1/signals", params=params)
    assert_problem(answer, 422)


async def test_market_and_trading_pages(client: httpx.AsyncClient) -> None:
    candles = await client.get("/api/v1/market/candles", params={"symbol": "BTCUSDT", "interval": "1m", "limit": 5})
    assert len(candles.json()["items"]) == 5
    assert_problem(await client.get("/api/v1/market/candles", params={"symbol": "NO", "interval": "1m"}), 404)
    assert_problem(await client.get("/api/v1/market/candles", params={"symbol": "BTCUSDT", "interval": "9x"}), 422)
    assert len((await client.get("/api/v1/market/quotes")).json()["items"]) == len(SYMBOLS)
    for path in ("positions", "orders", "executions", "events", "coverage", "market/symbols"):
        answer = await client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        assert "items" in answer.json()
    assert (await client.post("/api/v1/kill-switch", json={"on": True})).json() == {"on": True}
    assert (await client.get("/api/v1/status")).json()["entries_paused"] is True
    assert (await client.post("/api/v1/kill-switch", json={"on": False})).json() == {"on": False}
    assert_problem(await client.post(f"/api/v1/positions/{uuid4()}/close"), 404)
    assert_problem(await client.get(f"/api/v1/signals/{UUID(int=0)}"), 404)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:8000"},
        {"host": "localhost@evil.example"},
        {"host": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"sec-fetch-site": "cross-site"},
    ],
)
async def test_other_sites_are_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    for answer in (
        await client.get("/api/v1/strategies", headers=headers),
        await client.post("/api/v1/kill-switch", json={"on": True}, headers=headers),
    ):
        assert_problem(answer, 403)


async def test_own_pages_are_served(client: httpx.AsyncClient) -> None:
    for headers in ({"origin": "http://localhost:8501"}, {"host": "[::1]:8000"}, {"sec-fetch-site": "same-origin"}):
        assert (await client.get("/api/v1/strategies", headers=headers)).status_code == 200


async def test_an_unreadable_host_is_a_problem(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/health", headers={"host": "[::1"}), 400)


def test_intervals_are_those_of_the_engine() -> None:
    assert tuple(INTERVAL_MS) == INTERVALS


def test_beyond_loopback_nothing_starts_without_a_token(database_dsn: str) -> None:
    for token in (None, "short"):
        with pytest.raises(SettingsError, match="SCREENER_TOKEN"):
            create_app(settings(database_dsn, host="0.0.0.0", token=token))


async def test_beyond_loopback_the_token_is_asked_for(database_dsn: str) -> None:
    token = "a-token-of-sufficient-length"
    chosen = settings(database_dsn, host="0.0.0.0", token=token)
    async with serve(chosen, "http://screener.example") as client:
        assert (await client.get("/health")).status_code == 200
        for given in ("", token, "Bearer", f"Bearer {token}x", "Bearer ü"):
            answer = await client.get("/api/v1/strategies", headers={b"authorization": given.encode()})
            assert_problem(answer, 401)
        answer = await client.get("/api/v1/strategies", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200


HOSTILE: list[bytes] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"name": "\\u0000", "interval": "1m", "filter_code": "match = close > 1"}',
    b'{"name": "\\ud800", "interval": "1m", "filter_code": "match = close > 1"}',
    b'{"name": "x", "interval": "1m", "filter_code": "match = close > 1", "conditions": ["\\u0000"]}',
    b'{"name": "x", "interval": "1m", "filter_code": "match = close > 1", "risk": {"a": NaN}}',
    b'{"name": "x", "interval": "1m", "filter_code": "match = close > 1", "risk": {"a": 1e999}}',
    b'{"name": "x", "interval": "1m", "filter_code": "match = close > 1", "risk": {"a": "\\u0000"}}',
    b'{"name": "x", "interval": "1m", "filter_code": "match = close > 1", "surplus": 1}',
    b'{"name": "x", "interval": "one", "filter_code": "match = close > 1"}',
    b'{"name": "x", "interval": "1m", "filter_code": "match = close > 1", "symbols": ["\\u0000"]}',
    json.dumps({"name": "x" * 3_000_000, "interval": "1m", "filter_code": ""}).encode(),
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_bodies_are_problems(client: httpx.AsyncClient, content: bytes) -> None:
    for path in ("strategies", "generate/strategy", "filters/scan", "kill-switch", "filters/compile"):
        answer = await client.post(f"/api/v1/{path}", content=content, headers=JSON)
        found = assert_problem(answer, answer.status_code)
        assert found["status"] in (400, 413, 422), (path, answer.text[:300])


@pytest.mark.parametrize("prompt", ["\x00", "\ud800", "ü" * 4000, "(" * 4000, "rsi " * 1000, "   "])
async def test_hostile_sentences_are_problems(client: httpx.AsyncClient, prompt: str) -> None:
    content = json.dumps({"prompt": prompt}).encode()
    answer = await client.post("/api/v1/generate/strategy", content=content, headers=JSON)
    assert_problem(answer, 422)


async def test_unknown_paths_and_verbs_are_problems(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/v1/nothing"), 404)
    assert_problem(await client.delete("/api/v1/signals"), 405)
    assert_problem(await client.get("/api/v1/signals/not-an-id"), 422)
