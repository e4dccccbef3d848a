"""Enabling a strategy over HTTP: the save gate's findings, the second word, the quota; near misses and explanations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app import market_filters
from app.processes import free_port
from app.times import at
from screener.gate.findings import Finding, GateReport
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.integration.api.calling import assert_problem, over_market, serve, settings

SELDOM = "match = crossover(ta.rsi(close, 14), 75) and close > ta.sma(close, 50)"
NEVER = "match = ta.rsi(close, 14) < 1 and close > open"
MOSTLY = "match = close > open or volume > 1"


@pytest.fixture
def market() -> FakeMarket:
    """Enough candles to say how often a filter matches."""
    return FakeMarket(held=400)


@asynccontextmanager
async def served(dsn: str, market: FakeMarket, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with over_market(dsn, market, **changes) as opened:
        for old in (await opened.get("/api/v1/strategies")).json()["items"]:
            if not old["built_in"]:
                await opened.delete(f"/api/v1/strategies/{old['id']}")
        yield opened


@pytest.fixture
async def client(database_dsn: str, market: FakeMarket) -> AsyncIterator[httpx.AsyncClient]:
    async with served(database_dsn, market) as opened:
        yield opened


def body(code: str, **changes: Any) -> dict[str, Any]:
    return {"name": f"T {uuid4().hex[:6]}", "interval": "1m", "filter_code": code, **changes}


async def made(client: httpx.AsyncClient, code: str, **changes: Any) -> str:
    answer = await client.post("/api/v1/strategies", json=body(code, **changes))
    assert answer.status_code == 201, answer.text
    return f"/api/v1/strategies/{answer.json()['id']}"


def codes(found: dict[str, Any]) -> list[str]:
    return [f["code"] for f in found["findings"]]


async def test_an_ordinary_strategy_is_enabled_with_what_was_found(client: httpx.AsyncClient) -> None:
    path = await made(client, SELDOM)
    assert (await client.get(path)).json()["check"] is None
    answer = await client.post(f"{path}/enable")
    assert answer.status_code == 200, answer.text
    check = answer.json()["check"]
    assert answer.json()["enabled"] is True
    assert codes(check) == ["G111", "G125"]
    assert check["symbols"] == len(SYMBOLS) and check["candles"] == 400
    assert check["cost"] > 0 and check["reach"] == {"1m": check["reach"]["1m"]}
    assert check["quota"] == {"used": 0, "after": check["cost"], "limit": 5000, "strategy_limit": 400}
    assert (await client.get(path)).json()["check"] == check, "it can be read later"
    assert (await client.post(f"{path}/enable")).json()["check"] == check, "what runs is not checked again"
    (event,) = [
        e
        for e in (await client.get("/api/v1/events")).json()["items"]
        if e["kind"] == "STRATEGY_CHECKED" and answer.json()["name"] in e["message"]
    ]
    assert event["level"] == "info"


@pytest.mark.parametrize("said", [{"json": {"confirm": True}}, {"params": {"confirm": "true"}}])
@pytest.mark.parametrize(("code", "finding"), [(NEVER, "G121"), (MOSTLY, "G122")])
async def test_a_warning_needs_a_second_word(
    client: httpx.AsyncClient, code: str, finding: str, said: dict[str, Any]
) -> None:
    path = await made(client, code)
    bodies: tuple[dict[str, Any], ...] = ({}, {"json": {}}, {"json": {"confirm": False}})
    for empty in bodies:
        refused = assert_problem(await client.post(f"{path}/enable", **empty), 409)
        assert finding in codes(refused)
        assert finding in [e["code"] for e in refused["errors"]]
        assert '{"confirm": true}' in refused["detail"]
    stored = (await client.get(path)).json()
    assert stored["enabled"] is False
    assert finding in codes(stored["check"])
    enabled = await client.post(f"{path}/enable", **said)
    assert enabled.status_code == 200, enabled.text
    assert enabled.json()["enabled"] is True
    assert finding in codes(enabled.json()["check"])


async def test_a_stop_on_the_wrong_side_needs_a_second_word(client: httpx.AsyncClient) -> None:
    code = f"{SELDOM}\nstop = close * 0.99"
    wrong = body(code, enabled=True, direction="short")
    refused = assert_problem(await client.post("/api/v1/strategies", json=wrong), 409)
    assert "G131" in codes(refused)
    assert "The stop close * 0.99 is not above the entry" in refused["detail"]
    path = await made(client, code, enabled=True)
    assert "G131" not in codes((await client.get(path)).json()["check"])
    assert "G131" in codes(assert_problem(await client.put(path, json=wrong), 409)), "a direction alone changes that"
    asked = {"filter_code": code, "interval": "1m", "direction": "short"}
    assert "G131" in codes((await client.post("/api/v1/filters/check", json=asked)).json())


AVERAGE = f"{SELDOM}\nstop = ta.sma(close, 50)"
ABOVE = "match = close > open\ntarget = lowest(low, 20)\nstop = close * 0.99"


async def test_a_stop_that_the_candles_put_on_the_wrong_side_needs_a_second_word(client: httpx.AsyncClient) -> None:
    path = await made(client, "match = close > open\nstop = ta.sma(close, 50)")
    refused = assert_problem(await client.post(f"{path}/enable"), 409)
    assert "G132" in codes(refused)
    assert "The stop is not below the price on " in refused["detail"]
    assert " of the newest 500 matches, as that of a long has to be" in refused["detail"]
    enabled = await client.post(f"{path}/enable", json={"confirm": True})
    assert enabled.status_code == 200 and "G132" in codes(enabled.json()["check"])
    assert "G132" not in codes((await client.get(await made(client, AVERAGE, enabled=True))).json()["check"])


async def test_a_level_that_is_wrong_on_any_candle_is_told_once(client: httpx.AsyncClient) -> None:
    asked = {"filter_code": ABOVE, "interval": "1m", "direction": "short"}
    found = (await client.post("/api/v1/filters/check", json=asked)).json()["findings"]
    assert [f["message"][:9] for f in found if f["code"] == "G131"] == ["The stop "]
    assert [f["code"] for f in found if f["code"] == "G132"] == [], "the stop is told, the target is right"
    found = (await client.post("/api/v1/filters/check", json={**asked, "direction": "long"})).json()["findings"]
    assert [f["message"][:11] for f in found if f["code"] in ("G131", "G132")] == ["The target "]


async def test_a_draft_with_a_wrong_stop_is_kept_and_warned_of(client: httpx.AsyncClient) -> None:
    wrong = body("match = close > open\nstop = ta.sma(close, 50)")
    answer = await client.post("/api/v1/strategies", json=wrong)
    assert answer.status_code == 201, answer.text
    path = f"/api/v1/strategies/{answer.json()['id']}"
    assert answer.json()["enabled"] is False
    assert "G132" in codes(answer.json()["check"])
    assert codes((await client.get(path)).json()["check"]) == codes(answer.json()["check"]), "it can be read later"
    changed = await client.put(path, json=body("match = close > open\nstop = close * 1.01"))
    assert changed.status_code == 200 and "G131" in codes(changed.json()["check"])
    right = await client.put(path, json=body("match = close > open\nstop = close * 0.99"))
    assert not {"G131", "G132"} & set(codes(right.json()["check"]))


async def test_a_broken_invariant_blocks_whatever_is_said(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = GateReport((Finding("G101", "blocks", "It changes.", "Leave it out.", "close > open"),), "1m")
    monkeypatch.setattr(market_filters, "check", lambda *_: found)
    path = await made(client, SELDOM)
    refused = assert_problem(await client.post(f"{path}/enable", json={"confirm": True}), 409)
    assert refused["findings"][0]["condition"] == "close > open"
    assert "confirm" not in refused["detail"]
    assert (await client.get(path)).json()["enabled"] is False


async def test_creating_and_changing_an_enabled_strategy_is_checked_too(client: httpx.AsyncClient) -> None:
    refused = assert_problem(await client.post("/api/v1/strategies", json=body(NEVER, enabled=True)), 409)
    assert "G121" in codes(refused)
    assert [s for s in (await client.get("/api/v1/strategies")).json()["items"] if not s["built_in"]] == []
    path = await made(client, NEVER, enabled=True, confirm=True)
    assert "G121" in codes((await client.get(path)).json()["check"])
    path = await made(client, SELDOM, enabled=True)
    before = (await client.get(path)).json()
    assert_problem(await client.put(path, json=body(NEVER, enabled=True)), 409)
    assert (await client.get(path)).json() == before, "the former version runs on"
    changed = await client.put(path, json=body(NEVER, enabled=True, confirm=True))
    assert changed.json()["version"] == before["version"] + 1
    renamed = await client.put(path, json=body(NEVER, enabled=True, direction="short"))
    assert renamed.status_code == 200, "what was confirmed is not asked again for another name"
    assert renamed.json()["check"] == changed.json()["check"]
    again = body(NEVER, enabled=True, trigger="level")
    assert_problem(await client.put(path, json=again), 409)
    assert (await client.put(path, json=body(MOSTLY, enabled=False))).status_code == 200, "a draft may be anything"
    assert (await client.get(path)).json()["check"] is None, "another filter was checked"


async def test_without_a_worker_it_is_enabled_unchecked(database_dsn: str) -> None:
    async with serve(settings(database_dsn, worker_url=f"http://127.0.0.1:{free_port()}")) as lonely:
        path = await made(lonely, NEVER)
        answer = await lonely.post(f"{path}/enable")
        assert answer.status_code == 200, answer.text
        (finding,) = answer.json()["check"]["findings"]
        assert (finding["code"], finding["severity"]) == ("G100", "info")
        assert "Not checked yet" in finding["message"]
        await lonely.delete(path)


async def test_an_interval_without_candles_is_enabled_unchecked(client: httpx.AsyncClient) -> None:
    path = await made(client, "match = close > open", interval="1d")
    assert codes((await client.post(f"{path}/enable")).json()["check"]) == ["G100"]


async def test_one_strategy_may_cost_so_much(database_dsn: str, market: FakeMarket) -> None:
    async with served(database_dsn, market, max_cost_per_strategy=5) as client:
        path = await made(client, SELDOM)
        refused = assert_problem(await client.post(f"{path}/enable", json={"confirm": True}), 409)
        assert refused["errors"][0]["code"] == "Q101"
        assert "one strategy may compute 5" in refused["detail"]
        assert refused["errors"][0]["hint"]
        assert (await client.post(f"{await made(client, 'match = close > open * 1.01')}/enable")).status_code == 200


async def test_enabled_strategies_share_a_quota_and_equal_parts_count_once(
    database_dsn: str, market: FakeMarket
) -> None:
    first = "match = crossover(close, ta.sma(close, 50)) and volume > 15"
    alike = "match = crossover(close, ta.sma(close, 50)) and volume > 16"
    async with served(database_dsn, market) as client:
        cost = (await client.post("/api/v1/filters/check", json={"filter_code": first, "interval": "1m"})).json()[
            "cost"
        ]
    async with served(database_dsn, market, max_cost_per_user=cost) as client:
        one = await made(client, first, enabled=True)
        two = await made(client, alike, enabled=True)
        quota = (await client.get(two)).json()["check"]["quota"]
        assert quota["used"] == cost
        assert quota["after"] == cost, "what both compute counts once"
        other = body("match = crossunder(close, ta.sma(close, 30)) and volume > 15", enabled=True, confirm=True)
        refused = assert_problem(await client.post("/api/v1/strategies", json=other), 409)
        assert "Q102" in [e["code"] for e in refused["errors"]]
        assert f"{cost:,} are allowed" in refused["detail"]
        await client.post(f"{one}/pause")
        await client.post(f"{two}/pause")
        assert (await client.post("/api/v1/strategies", json=other)).status_code == 201
        # A new version of what runs replaces its own cost, it does not add to it.
        stored = (await client.get("/api/v1/strategies")).json()["items"][0]
        same = {**other, "name": "Again", "direction": "short"}
        assert (await client.put(f"/api/v1/strategies/{stored['id']}", json=same)).status_code == 200


async def test_a_draft_is_checked_without_being_stored(client: httpx.AsyncClient) -> None:
    asked = {"filter_code": NEVER, "interval": "1m", "symbols": ["BTCUSDT", "ETHUSDT"]}
    found = (await client.post("/api/v1/filters/check", json=asked)).json()
    assert "G121" in codes(found)
    assert found["symbols"] == 2
    assert found["quota"]["limit"] == 5000
    assert_problem(await client.post("/api/v1/filters/check", json={**asked, "filter_code": "match = 1"}), 422)
    assert_problem(await client.post("/api/v1/filters/check", json={**asked, "interval": "2m"}), 422)


async def test_near_misses_are_ranked_and_say_what_fails(client: httpx.AsyncClient, market: FakeMarket) -> None:
    code = "match = close > highest(high, 50)[1] and volume > 5"
    asked = {"filter_code": code, "interval": "1m", "limit": 4}
    page = (await client.post("/api/v1/filters/near-misses", json=asked)).json()
    assert page["interval"] == "1m" and page["symbols"] == len(SYMBOLS) and page["reading"]
    assert 0 < len(page["items"]) <= 4
    ranks = [(-row["held"], row["distance"]) for row in page["items"]]
    assert ranks == sorted(ranks)
    row = page["items"][0]
    column = SYMBOLS.index(row["symbol"])
    newest = float(market.fields["close"][market.held - 1, column])
    high = float(market.fields["high"][market.held - 51 : market.held - 1, column].max())
    (failing,) = row["failing"]
    assert (failing["left"], failing["right"]) == (newest, high)
    assert failing["value"] is False and failing["op"] == ">" and failing["reading"]
    assert row["price"] == newest
    only = (await client.post("/api/v1/filters/near-misses", json={**asked, "symbols": [row["symbol"]]})).json()
    assert [r["symbol"] for r in only["items"]] == [row["symbol"]]
    assert_problem(await client.post("/api/v1/filters/near-misses", json={**asked, "limit": 0}), 422)


async def test_any_candle_of_any_symbol_is_explained(client: httpx.AsyncClient, market: FakeMarket) -> None:
    code = "busy = volume > 15\nmatch = busy and close > open\nscore = volume"
    asked = {"filter_code": code, "interval": "1m", "symbol": "SOLUSDT"}
    column = SYMBOLS.index("SOLUSDT")
    history = market.history(code)
    for row in (market.held - 1, 200, 17):
        close = int(history.times[row])
        given = asked if row == market.held - 1 else {**asked, "at": _iso(close)}
        found = (await client.post("/api/v1/filters/explain", json=given)).json()
        assert found["candle_close"] == _iso(close)
        assert found["match"] is bool(history.match[row, column] == 1)
        assert found["edge"] is bool(history.edges[row, column])
        assert found["price"] == market.fields["close"][row, column]
        assert found["score"] == market.fields["volume"][row, column]
        busy, up = found["conditions"]
        assert (busy["name"], busy["left"], busy["op"], busy["right"]) == ("busy", found["score"], ">", 15.0)
        assert busy["value"] is (found["score"] > 15)
        assert busy["reading"] and up["reading"]
        assert found["reading"]
    assert_problem(await client.post("/api/v1/filters/explain", json={**asked, "symbol": "NO"}), 404)
    early = {**asked, "at": "2001-01-01T00:00:00Z"}
    assert_problem(await client.post("/api/v1/filters/explain", json=early), 404)
    assert_problem(await client.post("/api/v1/filters/explain", json={**asked, "at": "noon"}), 422)


def _iso(ms: int) -> str:
    return at(ms).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("path", ["filters/check", "filters/near-misses", "filters/explain"])
@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{", b'{"filter_code": "\\u0000", "interval": "1m"}'])
async def test_hostile_questions_are_problems(client: httpx.AsyncClient, path: str, content: bytes) -> None:
    answer = await client.post(f"/api/v1/{path}", content=content, headers={"content-type": "application/json"})
    assert_problem(answer, 422)


async def test_the_versions_of_a_strategy_under_change_are_not_mixed(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await made(client, SELDOM)
    from api.routes import strategies as routes
    from app import enabling

    async def edited_meanwhile(*args: Any, **more: Any) -> Any:
        found = await enabling.examine(*args, **more)
        await client.put(path, json=body(NEVER))
        return found

    monkeypatch.setattr(routes, "examine", edited_meanwhile)
    refused = assert_problem(await client.post(f"{path}/enable"), 409)
    assert "edited" in refused["detail"]
    assert (await client.get(path)).json()["enabled"] is False
