"""A tier without trading enters nothing, says so to its person, and leaves what is open."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from store import orders, signals
from store.session import Database
from tests.fixtures.entering import approve, held, read, signal_to_enter, tick, trader
from tests.fixtures.fake_market import FakeMarket

TOLD = "Not sent: your tier, free, has no trading; ask an administrator for another (screener user tier)."


def give(admin_dsn: str, person: UUID, tier: str) -> None:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("update public.profiles set tier = %s where id = %s", (tier, person))


@pytest.mark.parametrize("when", ["approved", "intent", "sent"])
async def test_nothing_is_entered_with_a_tier_that_lost_trading(
    database: Database, market: FakeMarket, new_user: UUID, admin_dsn: str, no_trading: str, when: str
) -> None:
    market.set_price("BTCUSDT", 100.0)
    signal_id = await signal_to_enter(database, new_user)
    await approve(database, new_user, signal_id)
    if when != "approved":
        await trader(database, market).enter_approved()
    async with database.worker() as conn:
        made = await orders.list_orders(conn, owner_id=new_user)
        if when == "sent":
            await orders.transition(conn, made[0].id, "sent")
    give(admin_dsn, new_user, no_trading)
    await tick(trader(database, market))
    async with database.worker() as conn:
        answer = await signals.answer(conn, signal_id, new_user)
        ended = await orders.list_orders(conn, owner_id=new_user)
    assert answer is not None and answer.refusal == TOLD and await held(database, new_user) == []
    assert [o.state for o in ended] == ([] if when == "approved" else ["cancelled"])
    assert (await read(database, signal_id)).reason == TOLD


async def test_a_position_is_closed_at_its_stop_whatever_the_tier(
    database: Database, market: FakeMarket, new_user: UUID, admin_dsn: str, no_trading: str
) -> None:
    market.set_price("BTCUSDT", 100.0)
    await approve(database, new_user, await signal_to_enter(database, new_user))
    working = trader(database, market)
    await tick(working)
    give(admin_dsn, new_user, no_trading)
    market.set_price("BTCUSDT", 94.0)
    await tick(working)
    assert [p.close_reason for p in await held(database, new_user)] == ["stop"]
