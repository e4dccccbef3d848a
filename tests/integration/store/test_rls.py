"""Who sees what, and who may change what: decided by the database, whatever the query."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from store import events, generations, orders, positions, profiles, signals, strategies, subscriptions
from store.errors import NotAllowed, NotFound, StateConflict
from store.records import NewGeneration, SignalStatus, Strategy, StrategyChanges
from store.session import Database
from store.trading_records import NewEvent, NewSubscription
from tests.fixtures.database import make_user
from tests.integration.store.factories import order, position, signal, strategy

TABLES = [
    "profiles",
    "admins",
    "strategies",
    "strategy_versions",
    "screen_runs",
    "strategy_runs",
    "signals",
    "signal_decisions",
    "generations",
    "model_spending",
    "model_cache",
    "subscriptions",
    "positions",
    "orders",
    "executions",
    "analyses",
    "analysis_failures",
    "events",
    "eval_runs",
    "eval_cases",
    "outcomes",
    "tiers",
    "analysis_usage",
]


async def make_signal(database: Database, of: Strategy, status: SignalStatus = "new") -> UUID:
    async with database.worker() as conn:
        signal_id = await signals.insert(conn, signal(of, f"{uuid4().hex[:8]}USDT"))
        assert signal_id is not None
        if status != "new":
            await signals.claim_one(conn, signal_id)
            await signals.transition(conn, signal_id, status)
    return signal_id


async def built_in(database: Database) -> Strategy:
    async with database.worker() as conn:
        return await strategies.upsert_built_in(conn, strategy())


async def test_two_people_do_not_see_each_other(database: Database, new_user: UUID, other_user: UUID) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user, visibility="public"))
        await generations.insert(conn, NewGeneration(operation="filter", model="phrasebook", owner_id=new_user))
    signal_id = await make_signal(database, own)
    async with database.worker() as conn:
        made = await orders.create_intent(conn, order(new_user, signal_id=signal_id))
        opened = await positions.open_position(conn, position(new_user))
        await events.append(conn, NewEvent(kind="NOTE", message="m", owner_id=new_user, strategy_id=own.id))
        assert made is not None and opened is not None
    async with database.user(new_user) as conn:
        assert (await orders.list_orders(conn))[0].id == made.id
        assert len(await events.list_events(conn)) == 1 and len(await generations.list_recent(conn)) == 1
    for session in (database.user(other_user), database.anonymous()):
        async with session as conn:
            with pytest.raises(NotFound):
                await strategies.get(conn, own.id)
            with pytest.raises(NotFound):
                await signals.get(conn, signal_id)
            assert (await signals.list_page(conn, strategy_id=own.id)).items == []
            assert await strategies.versions(conn, own.id) == []
    async with database.user(other_user) as conn:
        assert await orders.list_orders(conn) == [] and await positions.list_positions(conn) == []
        assert await events.list_events(conn) == [] and await generations.list_recent(conn) == []
        with pytest.raises(NotFound):
            await strategies.update(conn, own.id, StrategyChanges(name="stolen"))
        with pytest.raises(NotFound):
            await strategies.delete(conn, own.id)
        with pytest.raises(NotFound):
            await positions.request_close(conn, opened.id)
        with pytest.raises(NotFound):
            await profiles.get(conn, new_user)
    with pytest.raises(NotFound):
        async with database.user(other_user) as conn:
            await signals.decide(conn, signal_id, approve=False)


async def test_nobody_writes_in_another_name(database: Database, new_user: UUID, other_user: UUID) -> None:
    with pytest.raises(NotAllowed):
        async with database.user(new_user) as conn:
            await strategies.create(conn, strategy(other_user))
    with pytest.raises(NotAllowed):
        async with database.user(new_user) as conn:
            await generations.insert(conn, NewGeneration(operation="x", model="m", owner_id=other_user))
    with pytest.raises(NotAllowed):
        async with database.user(new_user) as conn:
            await orders.create_intent(conn, order(new_user))
    with pytest.raises(NotAllowed):
        async with database.anonymous() as conn:
            await strategies.create(conn, strategy(new_user))


async def test_public_built_in_signals_are_open_to_all(database: Database, new_user: UUID) -> None:
    shared = await built_in(database)
    signal_id = await make_signal(database, shared)
    async with database.anonymous() as conn:
        assert (await signals.get(conn, signal_id)).strategy_name == shared.name
        assert [item.id for item in (await signals.list_page(conn, strategy_id=shared.id)).items] == [signal_id]
    async with database.user(new_user) as conn:
        assert (await signals.get(conn, signal_id)).owner_id is None
        with pytest.raises(NotFound):
            await strategies.set_enabled(conn, shared.id, False)


async def test_answers_to_a_shared_signal_are_each_persons_own(
    database: Database, new_user: UUID, other_user: UUID
) -> None:
    signal_id = await make_signal(database, await built_in(database), "enter")
    async with database.user(new_user) as conn:
        await signals.decide(conn, signal_id, approve=True)
    async with database.user(other_user) as conn:
        assert (await signals.get(conn, signal_id)).my_decision is None
        await signals.decide(conn, signal_id, approve=False)
        assert (await signals.get(conn, signal_id)).my_decision == "decline"
    with pytest.raises(StateConflict, match="already answered"):
        async with database.user(other_user) as conn:
            await signals.decide(conn, signal_id, approve=True)
    async with database.worker() as conn:
        assert (await signals.get(conn, signal_id)).status == "enter"
        await orders.create_intent(conn, order(new_user, signal_id=signal_id))
        second = await orders.create_intent(conn, order(other_user, signal_id=signal_id))
    assert second is not None


async def test_the_local_person_administers_built_in_strategies(database: Database) -> None:
    shared = await built_in(database)
    signal_id = await make_signal(database, shared, "enter")
    async with database.worker() as conn:
        local = await profiles.ensure_local_user(conn)
        assert await profiles.ensure_local_user(conn) == local == profiles.LOCAL_USER
    async with database.user(local) as conn:
        assert not (await strategies.set_enabled(conn, shared.id, False)).enabled
        await signals.decide(conn, signal_id, approve=True)
        assert (await signals.get(conn, signal_id)).status == "approved"
    with pytest.raises(NotAllowed):
        async with database.user(local) as conn:
            await profiles.ensure_local_user(conn)


async def test_a_signal_that_is_not_an_entry_cannot_be_approved(database: Database, new_user: UUID) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user))
    signal_id = await make_signal(database, own, "wait")
    with pytest.raises(StateConflict, match="a signal that is wait cannot be answered with approve"):
        async with database.user(new_user) as conn:
            await signals.decide(conn, signal_id, approve=True)
    with pytest.raises(NotAllowed):
        async with database.anonymous() as conn:
            await signals.decide(conn, signal_id, approve=False)


async def test_settings_and_subscriptions_are_own(database: Database, new_user: UUID, other_user: UUID) -> None:
    shared = await built_in(database)
    async with database.user(new_user) as conn:
        await profiles.update_settings(conn, new_user, {"capital": "1000", "theme": "dark"})
        profile = await profiles.update_settings(conn, new_user, {"theme": None})
        assert profile.settings == {"capital": "1000"} and not profile.kill_switch
        assert (await profiles.set_kill_switch(conn, new_user, True)).kill_switch
        with pytest.raises(NotFound):
            await profiles.set_kill_switch(conn, other_user, True)
        kept = await subscriptions.create(
            conn, NewSubscription(owner_id=new_user, strategy_id=shared.id, capital=Decimal(1000))
        )
        await subscriptions.set_paused(conn, kept.id, True)
    async with database.user(other_user) as conn:
        assert await subscriptions.list_visible(conn) == []
    with pytest.raises(NotAllowed):
        async with database.user(new_user) as conn:
            await conn.execute("update public.profiles set tier = 'elite' where id = %s", (new_user,))


@pytest.mark.parametrize("table", TABLES)
async def test_forgetting_the_role_reads_nothing(database_dsn: str, table: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_dsn) as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute(f"select 1 from public.{table}")


async def test_a_privileged_address_steps_down(admin_dsn: str) -> None:
    async with Database(admin_dsn, max_size=1) as database:
        async with database._pool.connection() as conn:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute("select 1 from public.strategies")
        user = make_user(admin_dsn)
        async with database.user(user) as conn:
            assert (await profiles.get(conn, user)).id == user
        async with database._pool.connection() as conn:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute("select 1 from public.strategies")


async def test_claims_cannot_choose_the_role(database: Database, new_user: UUID) -> None:
    async with database.user(new_user, {"role": "screener_worker", "sub": str(uuid4()), "email": "a@b"}) as conn:
        cursor = await conn.execute("select current_user, auth.uid(), auth.role(), auth.email()")
        assert await cursor.fetchone() == ("authenticated", new_user, "authenticated", "a@b")


async def test_append_only_rows_stay(admin_dsn: str, database: Database, new_user: UUID) -> None:
    async with database.worker() as conn:
        own = await strategies.create(conn, strategy(new_user))
        event = await events.append(conn, NewEvent(kind="NOTE", message="m", owner_id=new_user))
    with pytest.raises(NotAllowed):
        async with database.worker() as conn:
            await conn.execute("update public.events set message = 'other' where id = %s", (event.id,))
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        for query in (
            "update public.events set message = 'other'",
            "delete from public.events",
            "delete from public.strategy_versions",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner.execute(query)
    async with database.user(new_user) as conn:
        await strategies.delete(conn, own.id)
        assert await strategies.versions(conn, own.id) == []


async def test_every_table_is_guarded(admin_dsn: str) -> None:
    with psycopg.connect(admin_dsn) as owner:
        bare = owner.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'public' and c.relkind = 'r'"
            " and (not c.relrowsecurity or not exists (select from pg_policy p where p.polrelid = c.oid))"
        ).fetchall()
        catch_all = owner.execute("select tablename, policyname from pg_policies where cmd = 'ALL'").fetchall()
        names = {row[0] for row in owner.execute("select tablename from pg_tables where schemaname = 'public'")}
        unindexed = owner.execute(
            "select conrelid::regclass, conname from pg_constraint where contype = 'f' and connamespace ="
            " 'public'::regnamespace and not exists (select from pg_index i where i.indrelid = conrelid"
            " and i.indkey[0] = conkey[1])"
        ).fetchall()
    assert bare == [] and catch_all == [] and names == set(TABLES) and unindexed == []
