"""Strategies that were stored, over HTTP: their sentence, name, versions, and what they are at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from store import positions, signals, strategies
from store.errors import NotFound, StateConflict
from store.profiles import LOCAL_USER
from store.records import StrategyChanges
from store.session import Database
from tests.integration.api.calling import assert_problem, body
from tests.integration.store import factories

SENTENCE = "close above its 5 minute average"


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/strategies", json=body(**changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_sentence_and_the_indicators_come_back(client: httpx.AsyncClient) -> None:
    own = await made(client, prompt=SENTENCE, description="In short.", indicators=["sma"])
    path = f"/api/v1/strategies/{own['id']}"
    found = (await client.get(path)).json()
    assert (found["prompt"], found["description"], found["indicators"]) == (SENTENCE, "In short.", ["sma"])
    (listed,) = [s for s in (await client.get("/api/v1/strategies")).json()["items"] if s["id"] == own["id"]]
    assert listed["prompt"] == SENTENCE
    assert (await client.put(path, json=body())).json()["prompt"] == SENTENCE, "who does not name it keeps it"
    assert (await client.put(path, json=body(prompt="Another."))).json()["prompt"] == "Another."


async def test_a_draft_was_never_enabled_and_a_paused_one_was(client: httpx.AsyncClient) -> None:
    own = await made(client)
    path = f"/api/v1/strategies/{own['id']}"
    assert own["enabled_at"] is None and own["state"] == "paused"
    enabled = (await client.post(f"{path}/enable", json={"confirm": True})).json()
    assert datetime.now(UTC) - datetime.fromisoformat(enabled["enabled_at"]) < timedelta(minutes=5)
    paused = (await client.post(f"{path}/pause")).json()
    assert (paused["enabled"], paused["enabled_at"]) == (False, enabled["enabled_at"])
    changed = (await client.put(path, json=body(filter_code="match = close < open"))).json()
    assert (changed["enabled"], changed["enabled_at"]) == (False, enabled["enabled_at"])
    assert (await client.post(f"{path}/enable", json={"confirm": True})).json()["enabled_at"] > enabled["enabled_at"]


async def test_another_name_changes_nothing_else_of_one_that_runs(client: httpx.AsyncClient) -> None:
    own = await made(client, enabled=True, confirm=True, indicators=["sma"], symbols=["BTCUSDT"])
    path = f"/api/v1/strategies/{own['id']}"
    answer = await client.patch(path, json={"name": "Above its average"})
    assert answer.status_code == 200, answer.text
    now = (await client.get(path)).json()
    differ = {name for name, value in now.items() if value != own[name]}
    assert differ <= {"name", "version", "updated_at", "state", "watermark"}
    assert (now["name"], now["version"], now["enabled"]) == ("Above its average", 2, True)
    assert_problem(await client.patch(path, json={"name": ""}), 422)
    assert_problem(await client.patch(path, json={"nmae": "x"}), 422)
    assert_problem(await client.patch(f"/api/v1/strategies/{UUID(int=7)}", json={"name": "x"}), 404)


async def test_an_edit_of_a_version_that_is_gone_is_refused(client: httpx.AsyncClient) -> None:
    own = await made(client)
    path = f"/api/v1/strategies/{own['id']}"
    assert (await client.put(path, json=body(version=1))).json()["version"] == 2
    refused = assert_problem(await client.put(path, json=body(version=1)), 409)
    assert "it is at version 2, and what was edited is version 1" in refused["detail"]
    assert (await client.get(path)).json()["version"] == 2


async def test_the_database_refuses_the_edit_of_an_older_version(database: Database) -> None:
    async with database.worker() as conn:
        row = await strategies.create(conn, factories.strategy(LOCAL_USER))
        await strategies.update(conn, row.id, StrategyChanges(name="Second"), row.version)
        with pytest.raises(StateConflict, match="it is at version 2"):
            await strategies.update(conn, row.id, StrategyChanges(name="Third"), row.version)
        with pytest.raises(NotFound):
            await strategies.update(conn, UUID(int=7), StrategyChanges(name="Third"), 1)
        assert (await strategies.get(conn, row.id)).name == "Second"


async def activity(client: httpx.AsyncClient, strategy_id: str) -> dict[str, Any]:
    path = "/api/v1/strategies/activity"
    everything = (await client.get(path)).json()["items"]
    (one,) = (await client.get(path, params={"strategy_id": strategy_id})).json()["items"]
    assert one in everything
    found: dict[str, Any] = one
    return found


async def test_what_a_strategy_is_at_is_counted(
    client: httpx.AsyncClient, lonely: httpx.AsyncClient, database: Database
) -> None:
    own, other = await made(client), await made(client)
    assert await activity(client, own["id"]) == {
        "strategy_id": own["id"],
        "signals": 0,
        "signals_today": 0,
        "last_signal": None,
        "undecided": 0,
        "to_approve": 0,
        "entering": 0,
        "open_positions": 0,
    }
    now = datetime.fromisoformat((await client.get("/api/v1/status")).json()["market_time"])
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    statuses = ("new", "analysing", "wait", "enter", "approved", "ordered", "in_position", "closed", "rejected")
    async with database.worker() as conn:
        row = await strategies.get(conn, UUID(own["id"]))
        await signals.insert(conn, factories.signal(await strategies.get(conn, UUID(other["id"]))))
        ids = []
        for number, _ in enumerate(statuses):
            # The candle that closes at midnight is the last one of yesterday.
            close = midnight + timedelta(minutes=number - 1)
            ids.append(await signals.insert(conn, factories.signal(row, candle_close=close, interval="1m")))
        for signal_id, status in zip(ids, statuses, strict=True):
            await conn.execute("update public.signals set status = %s where id = %s", (status, signal_id))
        kept = {"strategy_id": row.id, "signal_id": ids[6]}
        await positions.open_position(conn, factories.position(LOCAL_USER, symbol="ETHUSDT", **kept))
    found = await activity(client, own["id"])
    counts = (await client.get("/api/v1/signals/counts")).json()["items"]
    of_own = {c["state"]: (c["strategy"], c["count"]) for c in counts if c["strategy_id"] == own["id"]}
    assert of_own == dict.fromkeys(statuses, (own["name"], 1))
    of_some = {"strategy_id": own["id"], "state": ["wait", "enter"], "limit": 1}
    page = (await client.get("/api/v1/signals", params=of_some)).json()
    assert [s["status"] for s in page["items"]] == ["enter"]
    page = (await client.get("/api/v1/signals", params={**of_some, "cursor": page["next"]})).json()
    assert ([s["status"] for s in page["items"]], page["next"]) == (["wait"], None)
    assert (found["signals"], found["signals_today"]) == (9, 7)
    assert datetime.fromisoformat(found["last_signal"]) == midnight + timedelta(minutes=7)
    assert [found[name] for name in ("undecided", "to_approve", "entering", "open_positions")] == [4, 1, 2, 1]
    (held,) = (await client.get("/api/v1/positions", params={"state": "open"})).json()["items"]
    assert held["strategy_id"] == own["id"]
    assert (await activity(lonely, own["id"]))["signals_today"] is None, "no worker says what time it is"
    assert (await client.delete(f"/api/v1/strategies/{own['id']}")).status_code == 204
    (held,) = (await client.get("/api/v1/positions", params={"state": "open"})).json()["items"]
    assert (held["strategy_id"], held["strategy"]) == (None, "")
    async with database.worker() as conn:
        await conn.execute("delete from public.positions where id = %s", (UUID(held["id"]),))


async def test_who_administers_is_told(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/me")).json()["administrator"] is True
