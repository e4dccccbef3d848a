"""Who may trade, and with real money: held by the database whoever writes, and given by administrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from app.cli import cli
from store import orders, profiles, signals, strategies, subscriptions
from store.errors import InvalidRow, NotAllowed, NotFound
from store.session import Database
from store.trading_records import NewSubscription, Order
from tests.fixtures.database import make_user
from tests.integration.store.factories import order, position, signal, strategy

NO_TRADING = "your tier, free, has no trading; ask an administrator for another"
NO_LIVE = "your tier, pro, has no live trading; ask an administrator for another"


async def ordered(database: Database, person: UUID, **changes: Any) -> Order | None:
    async with database.worker() as conn:
        return await orders.create_intent(conn, order(person, **changes))


async def test_no_worker_enters_for_a_tier_without_trading(database: Database, admin_dsn: str, no_trading: str) -> None:
    nobody, paper, live = (make_user(admin_dsn, tier) for tier in (no_trading, "pro", "elite"))
    with pytest.raises(NotAllowed, match=NO_TRADING):
        await ordered(database, nobody)
    assert await ordered(database, paper) and await ordered(database, live, mode="live")
    with pytest.raises(NotAllowed, match=NO_LIVE):
        await ordered(database, paper, mode="live")
    made = await ordered(database, paper)
    assert made is not None
    with pytest.raises(NotAllowed, match=NO_LIVE):
        async with database.worker() as conn:
            await conn.execute("update public.orders set mode = 'live' where id = %s", (made.id,))


@pytest.mark.parametrize("purpose", ["exit", "reduce"])
async def test_what_is_open_may_be_left_with_any_tier(
    database: Database, admin_dsn: str, no_trading: str, purpose: str
) -> None:
    person = make_user(admin_dsn, no_trading)
    for mode in ("paper", "live"):
        assert await ordered(database, person, purpose=purpose, side="sell", mode=mode)


async def test_an_order_under_way_ends_as_it_does_with_any_tier(
    database: Database, admin_dsn: str, new_user: UUID, no_trading: str
) -> None:
    made = await ordered(database, new_user, mode="live")
    assert made is not None
    give(admin_dsn, new_user, no_trading)
    async with database.worker() as conn:
        await orders.transition(conn, made.id, "sent")
        assert (await orders.transition(conn, made.id, "cancelled")).state == "cancelled"


async def test_an_approval_needs_a_tier_that_trades_and_declining_none(
    database: Database, admin_dsn: str, no_trading: str
) -> None:
    person = make_user(admin_dsn, no_trading)
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, strategy())
        signal_id = await signals.insert(conn, signal(shared, f"{uuid4().hex[:8]}USDT"))
        assert signal_id is not None
        await signals.claim_one(conn, signal_id)
        await signals.transition(conn, signal_id, "enter")
    with pytest.raises(NotAllowed, match=NO_TRADING):
        async with database.user(person) as conn:
            await signals.decide(conn, signal_id, approve=True)
    async with database.user(person) as conn:
        assert (await signals.decide(conn, signal_id, approve=False)).decision == "decline"


@pytest.mark.parametrize(
    ("tier", "terms", "told"),
    [
        ("free", {}, None),
        ("free", {"approval": "automatic"}, NO_TRADING),
        ("pro", {"approval": "automatic"}, None),
        ("pro", {"mode": "live"}, NO_LIVE),
        ("elite", {"mode": "live", "approval": "automatic"}, None),
    ],
)
async def test_terms_that_would_trade_unasked_or_live_need_a_tier_that_does(
    database: Database, admin_dsn: str, no_trading: str, tier: str, terms: dict[str, Any], told: str | None
) -> None:
    person = make_user(admin_dsn, tier)
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, strategy(visibility="public"))
    wanted = NewSubscription(owner_id=person, strategy_id=shared.id, capital=position(person).entry_price, **terms)

    async def subscribe() -> str:
        async with database.user(person) as conn:
            return (await subscriptions.create(conn, wanted)).approval

    if told is None:
        assert await subscribe() == terms.get("approval", "manual")
        return
    with pytest.raises(NotAllowed, match=told):
        await subscribe()


def give(admin_dsn: str, person: UUID, tier: str) -> None:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("update public.profiles set tier = %s where id = %s", (tier, person))


async def test_only_administrators_give_tiers(database: Database, new_user: UUID, other_user: UUID) -> None:
    for session in (database.user(new_user), database.anonymous(), database.worker()):
        with pytest.raises(NotAllowed):
            async with session as conn:
                await profiles.set_tier(conn, str(new_user), "elite")
    async with database.worker() as conn:
        local = await profiles.ensure_local_user(conn)
    async with database.user(local) as conn:
        assert (await profiles.set_tier(conn, str(new_user), "pro")).id == new_user
        assert (await profiles.set_tier(conn, f" {other_user}@EXAMPLE.org ", "free")).id == other_user
    for wrong, error, told in (
        ((str(uuid4()), "pro"), NotFound, "nobody has the id or e-mail address"),
        ((str(new_user), "anonymous"), InvalidRow, "a person has the tier free, pro or elite, not anonymous"),
    ):
        with pytest.raises(error, match=told):
            async with database.user(local) as conn:
                await profiles.set_tier(conn, *wrong)
    async with database.worker() as conn:
        assert [(await profiles.get(conn, p)).tier for p in (new_user, other_user)] == ["pro", "free"]


def test_the_command_gives_a_tier_by_address_or_id(
    database_dsn: str, admin_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_dsn)
    person = make_user(admin_dsn, "free")

    def run(who: str, tier: str) -> Result:
        return CliRunner().invoke(cli, ["user", "tier", who, tier])

    for who, tier in ((f"{person}@example.org", "pro"), (str(person), "elite")):
        done = run(who, tier)
        assert (done.exit_code, done.stdout) == (0, f"{who} has the tier {tier} now\n")
        with psycopg.connect(admin_dsn) as connection:
            found = connection.execute("select tier from public.profiles where id = %s", (person,)).fetchone()
        assert found == (tier,)
    unknown = run("nobody@example.org", "pro")
    assert unknown.exit_code == 1 and "nobody has the id or e-mail address nobody@example.org" in unknown.stderr
