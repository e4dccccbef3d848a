"""Tiers over HTTP: what one has and used, who changes them, and what an analysis too many is answered with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from store import profiles, signals, strategies
from store.session import Database
from tests.integration.api.calling import assert_problem, body
from tests.integration.store.factories import signal, strategy


@pytest.fixture
def client(lonely: httpx.AsyncClient) -> httpx.AsyncClient:
    return lonely


@pytest.fixture
def free(client: httpx.AsyncClient, admin_dsn: str) -> Any:
    """The local person has the tier free with two analyses a day, for the test's time."""
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute("update public.profiles set tier = 'free' where id = %s", (profiles.LOCAL_USER,))
        owner.execute("update public.tiers set analyses_a_day = 2 where name = 'free'")
        owner.execute("delete from public.analysis_usage where user_id = %s", (profiles.LOCAL_USER,))
        yield
        owner.execute("update public.profiles set tier = 'elite' where id = %s", (profiles.LOCAL_USER,))
        owner.execute("update public.tiers set analyses_a_day = 10 where name = 'free'")


async def test_out_of_the_box_nothing_is_limited(client: httpx.AsyncClient) -> None:
    me = (await client.get("/api/v1/me")).json()
    assert me["tier"]["name"] == "elite" and me["tier"]["automatic_analysis"] is True
    assert [me["tier"][n] for n in ("custom_strategies", "analyses_a_day", "spend_a_day", "engine_cost")] == [None] * 4
    midnight = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    assert datetime.fromisoformat(me["resets"]) == midnight
    assert (await client.post("/api/v1/strategies", json=body())).status_code == 201


async def test_an_analysis_too_many_is_refused_with_when_it_begins_anew(
    client: httpx.AsyncClient, database: Database, free: None
) -> None:
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, strategy(analysis={"auto": False}))
        wanted = await signals.insert_many(conn, [signal(shared, f"{uuid4().hex[:8]}USDT") for _ in range(3)])
    answers = [await client.post(f"/api/v1/signals/{signal_id}/analyse") for signal_id in wanted]
    assert [answer.is_success for answer in answers] == [True, True, False]
    said = assert_problem(answers[2], 429)
    me = (await client.get("/api/v1/me")).json()
    assert said["again_at"] == me["resets"] and "2 analyses a day" in said["detail"]
    assert 0 < int(answers[2].headers["retry-after"]) <= 86_400
    assert me["analyses_today"] == 2
    # What was asked for before waits its turn: to ask again is no other analysis.
    assert (await client.post(f"/api/v1/signals/{wanted[0]}/analyse")).is_success


async def test_strategies_of_ones_own_are_the_tiers(client: httpx.AsyncClient, free: None) -> None:
    said = assert_problem(await client.post("/api/v1/strategies", json=body()), 403)
    assert "free" in said["detail"]


async def test_an_administrator_changes_a_tier(client: httpx.AsyncClient, free: None) -> None:
    path = "/api/v1/tiers/free"
    changed = await client.patch(path, json={"analyses_a_day": 5, "spend_a_day": "2.50"})
    assert changed.status_code == 200, changed.text
    try:
        shown = next(t for t in (await client.get("/api/v1/tiers")).json()["items"] if t["name"] == "free")
        assert shown == changed.json() and (shown["analyses_a_day"], shown["spend_a_day"]) == (5, "2.50")
        assert shown["execution"] is True and shown["custom_strategies"] == 0
    finally:
        await client.patch(path, json={"spend_a_day": "1"})
    for wrong in ({"analyses_a_day": -1}, {"colour": 1}, {}):
        assert_problem(await client.patch(path, json=wrong), 422)
    assert_problem(await client.patch("/api/v1/tiers/gold", json={"live": True}), 404)
