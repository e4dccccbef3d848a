"""Approving over HTTP: what was on the screen is what is approved, and why it would not be sent is said at once."""

from __future__ import annotations

from uuid import UUID

import httpx
import psycopg
import pytest

from store import analyses, profiles, signals
from store.records import NewAnalysis
from store.session import Database
from tests.fixtures.entering import read, signal_to_enter
from tests.fixtures.fake_market import FakeMarket
from tests.integration.api.calling import assert_problem

BTC = "BTCUSDT"


@pytest.fixture
async def owner(database: Database) -> UUID:
    """Whom the API takes everybody for."""
    async with database.worker() as conn:
        return await profiles.ensure_local_user(conn)


async def test_an_analysis_that_is_not_on_the_screen_any_more_is_not_approved(
    client: httpx.AsyncClient, database: Database, market: FakeMarket, owner: UUID
) -> None:
    market.set_price(BTC, 100.0)
    signal_id = await signal_to_enter(database, owner)
    seen = (await client.get(f"/api/v1/signals/{signal_id}")).json()["analysis"]["id"]
    async with database.worker() as conn:
        levels = {"stop_loss": 97, "take_profit": [112]}
        new = NewAnalysis(decision="enter_trade", confidence=1, model="m", signal_id=signal_id, key_levels=levels)
        newer = await analyses.insert(conn, new)
    body = {"price_seen": 100.0, "analysis_id": seen}
    refused = assert_problem(await client.post(f"/api/v1/signals/{signal_id}/approve", json=body), 409)
    assert "was analysed again since you looked" in refused["detail"]
    assert (await read(database, signal_id)).status == "enter"
    shown = (await client.get(f"/api/v1/signals/{signal_id}")).json()
    assert (shown["analysis"]["id"], shown["preview"]["refusals"]) == (str(newer.id), [])


@pytest.mark.parametrize(
    ("price", "hours", "reason"),
    [(107.0, 0, "reward to risk after fees is 0."), (95.0001, 0, "is noise"), (100.0, 1, "which has passed")],
)
async def test_why_an_entry_would_not_be_sent_is_shown_and_answered(
    client: httpx.AsyncClient,
    database: Database,
    market: FakeMarket,
    owner: UUID,
    price: float,
    hours: int,
    reason: str,
) -> None:
    signal_id = await signal_to_enter(database, owner)
    market.clock.now += hours * 3_600_000
    market.set_price(BTC, price)
    [shown] = (await client.get(f"/api/v1/signals/{signal_id}")).json()["preview"]["refusals"]
    body = {"price_seen": price}
    refused = assert_problem(await client.post(f"/api/v1/signals/{signal_id}/approve", json=body), 409)
    assert reason in shown and shown in refused["detail"]
    async with database.worker() as conn:
        assert await signals.answer(conn, signal_id, owner) is None


async def test_a_tier_without_trading_is_told_before_and_after_the_click(
    client: httpx.AsyncClient, database: Database, market: FakeMarket, owner: UUID, admin_dsn: str, no_trading: str
) -> None:
    market.set_price(BTC, 100.0)
    signal_id = await signal_to_enter(database, owner)
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("update public.profiles set tier = %s where id = %s", (no_trading, owner))
        try:
            shown = (await client.get(f"/api/v1/signals/{signal_id}")).json()["preview"]["refusals"]
            refused = await client.post(f"/api/v1/signals/{signal_id}/approve", json={"price_seen": 100.0})
        finally:
            connection.execute("update public.profiles set tier = 'elite' where id = %s", (owner,))
    assert shown == [
        "Not sent: your tier, free, has no trading; ask an administrator for another (screener user tier)."
    ]
    assert assert_problem(refused, 409)["detail"] == shown[0]
