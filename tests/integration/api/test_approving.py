"""Approving over HTTP: what was on the screen is what is approved, and why it would not be sent is said at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from store import analyses, positions, profiles, signals
from store.records import NewAnalysis
from store.session import Database
from tests.fixtures.entering import read, signal_to_enter
from tests.fixtures.fake_market import FakeMarket
from tests.integration.api.calling import assert_problem
from tests.integration.store import factories

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


async def test_the_day_loss_that_is_shown_is_the_one_that_stops_entries(
    client: httpx.AsyncClient, database: Database, market: FakeMarket, owner: UUID
) -> None:
    async def shown(signal_id: UUID) -> tuple[bool, list[str], dict[str, Any]]:
        status = (await client.get("/api/v1/status")).json()
        refusals = (await client.get(f"/api/v1/signals/{signal_id}")).json()["preview"]["refusals"]
        return status["loss_stops_entries"], [line for line in refusals if "today's loss" in line], status

    market.set_price(BTC, 100.0)
    signal_id = await signal_to_enter(database, owner)
    _, _, before = await shown(signal_id)
    # Open at a loss of more than the day may cost, at a price that the market has for it.
    async with database.worker() as conn:
        new = factories.position(owner, symbol="ETHUSDT", quantity=Decimal(1), entry_price=Decimal(100_000))
        kept = await positions.open_position(conn, new)
    assert kept is not None
    try:
        stopped, refusals, status = await shown(signal_id)
        assert Decimal(status["open_profit"]) < -Decimal(status["max_daily_loss"])
        assert (stopped, refusals) == (False, [])
        assert Decimal(status["lost_today"]) == Decimal(before["lost_today"])
        assert Decimal(status["max_daily_loss"]) == 300, "three percent of the starting capital"
        closed_at = datetime.fromisoformat(status["market_time"])
        async with database.worker() as conn:
            await conn.execute(
                "update public.positions set state = 'closed', closed_at = %s, realised_profit = -310, close_price = 1"
                " where id = %s",
                (closed_at, kept.id),
            )
        stopped, refusals, status = await shown(signal_id)
        lost = Decimal(status["lost_today"])
        assert lost == 310 - Decimal(before["realised_today"])
        assert stopped
        assert refusals == [f"Not sent: today's loss is {lost:,.2f} of 300.00 USDT. New entries stop until 00:00 UTC."]
    finally:
        async with database.worker() as conn:
            await conn.execute("delete from public.positions where id = %s", (kept.id,))
