"""Tiers: what each person may have, counted and refused by the database however many ask at once."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app.quota import quota_of
from app.settings import Settings
from app.spending import DatabaseLedger
from llm.gateway.budget import CapReached, Caps, Hold
from llm.models import Spender
from screener import compile_filter
from store import jobs, profiles, signals, strategies, tiers
from store.errors import InvalidRow, LimitReached, NotAllowed, NotFound
from store.records import Strategy
from store.session import Database
from tests.fixtures.database import make_user
from tests.integration.store.factories import signal, strategy


@pytest.fixture
def tier(admin_dsn: str) -> Any:
    """Changes a tier for the test's time: the tests share the table."""
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        before = owner.execute("select name, analyses_a_day, spend_a_day, engine_cost from public.tiers").fetchall()

        def change(name: str, column: str, value: object) -> None:
            owner.execute(f"update public.tiers set {column} = %s where name = %s", (value, name))

        yield change
        for name, *values in before:
            query = "update public.tiers set (analyses_a_day, spend_a_day, engine_cost) = (%s, %s, %s) where name = %s"
            owner.execute(query, (*values, name))


async def shared_signals(database: Database, count: int) -> list[UUID]:
    """Signals of a public strategy that is analysed on demand only."""
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, strategy(analysis={"auto": False}))
        return await signals.insert_many(conn, [signal(shared, f"{uuid4().hex[:8]}USDT") for _ in range(count)])


async def ask(database: Database, person: UUID, signal_id: UUID) -> bool:
    async with database.user(person) as conn:
        return await jobs.request_analysis(conn, signal_id)


async def used(database: Database, person: UUID) -> int:
    async with database.user(person) as conn:
        return (await tiers.used(conn, person)).analyses


async def test_there_are_four_and_everybody_may_read_them(database: Database, new_user: UUID) -> None:
    for session in (database.user(new_user), database.anonymous(), database.worker()):
        async with session as conn:
            found = await tiers.list_all(conn)
        assert [t.name for t in found] == ["anonymous", "free", "pro", "elite"]
        assert [t.custom_strategies for t in found] == [0, 0, 10, None]
        assert [t.automatic_analysis for t in found] == [False, False, True, True]


async def test_only_administrators_change_what_a_tier_allows(database: Database, new_user: UUID, tier: Any) -> None:
    async with database.worker() as conn:
        local = await profiles.ensure_local_user(conn)
    with pytest.raises(NotFound):
        async with database.user(new_user) as conn:
            await tiers.change(conn, "free", {"analyses_a_day": 1_000})
    for session in (database.anonymous(), database.worker()):
        with pytest.raises(NotAllowed):
            async with session as conn:
                await tiers.change(conn, "free", {"analyses_a_day": 1_000})
    async with database.user(local) as conn:
        assert (await tiers.change(conn, "free", {"analyses_a_day": 3})).analyses_a_day == 3
    for wrong in ({"analyses_a_day": -1}, {}):
        with pytest.raises(InvalidRow):
            async with database.user(local) as conn:
                await tiers.change(conn, "free", wrong)


async def test_those_who_ask_at_once_get_no_more_than_the_tier_has(
    database: Database, admin_dsn: str, tier: Any
) -> None:
    tier("free", "analyses_a_day", 3)
    person, other = make_user(admin_dsn, "free"), make_user(admin_dsn, "free")
    *wanted, one_more = await shared_signals(database, 9)
    answers = await asyncio.gather(*(ask(database, person, s) for s in wanted), return_exceptions=True)
    refused = [a for a in answers if isinstance(a, LimitReached)]
    assert answers.count(True) == 3 and len(refused) == 5 and await used(database, person) == 3
    midnight = dt.datetime.combine(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1), dt.time(), dt.UTC)
    assert refused[0].resets == midnight
    assert "free, has 3 analyses a day" in str(refused[0]) and f"{midnight:%Y-%m-%d} at 00:00 UTC" in str(refused[0])
    assert sum([len(await queued_for(admin_dsn, s)) for s in wanted]) == 3
    assert await ask(database, other, one_more) and await used(database, other) == 1


async def test_what_waits_its_turn_already_counts_once(database: Database, admin_dsn: str) -> None:
    person = make_user(admin_dsn, "free")
    [wanted] = await shared_signals(database, 1)
    assert await ask(database, person, wanted) and await ask(database, person, wanted)
    assert await used(database, person) == 1
    [another] = await shared_signals(database, 1)
    assert all(await asyncio.gather(*(ask(database, person, another) for _ in range(4))))
    assert await used(database, person) == 2
    with pytest.raises(NotFound):
        await ask(database, person, uuid4())
    assert await used(database, person) == 2


async def test_a_new_day_begins_anew_and_nobody_sees_anothers_use(
    database: Database, admin_dsn: str, tier: Any
) -> None:
    tier("free", "analyses_a_day", 1)
    person, other = make_user(admin_dsn, "free"), make_user(admin_dsn, "free")
    first, second, third = await shared_signals(database, 3)
    assert await ask(database, person, first)
    with pytest.raises(LimitReached):
        await ask(database, person, second)
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute("update public.analysis_usage set day = day - 1 where user_id = %s", (person,))
    assert await ask(database, person, third)
    async with database.user(other) as conn:
        assert (await tiers.used(conn, person)).analyses == 0
    with pytest.raises(NotAllowed):
        async with database.user(person) as conn:
            await conn.execute("delete from public.analysis_usage")


@pytest.mark.parametrize(("name", "auto", "queued"), [("free", None, 0), ("pro", None, 1), ("pro", False, 0)])
async def test_signals_are_analysed_unasked_where_the_owners_tier_has_it(
    database: Database, admin_dsn: str, name: str, auto: bool | None, queued: int
) -> None:
    owner = make_user(admin_dsn, "pro")
    async with database.worker() as conn:
        made = await strategies.create(conn, strategy(owner, analysis={} if auto is None else {"auto": auto}))
    with psycopg.connect(admin_dsn, autocommit=True) as conn_of_owner:
        conn_of_owner.execute("update public.profiles set tier = %s where id = %s", (name, owner))
    async with database.worker() as conn:
        signal_id = await signals.insert(conn, signal(made, f"{uuid4().hex[:8]}USDT"))
        assert await jobs.analyse_automatic(conn, [signal_id] if signal_id else []) == queued
        assert signal_id is not None and (signal_id in await jobs.unqueued(conn)) is False
    assert len(await queued_for(admin_dsn, signal_id)) == queued
    # On demand it is analysed all the same.
    assert await ask(database, owner, signal_id)


async def queued_for(admin_dsn: str, signal_id: UUID) -> list[Any]:
    with psycopg.connect(admin_dsn) as owner:
        query = "select id from jobs.procrastinate_jobs where lock = %s"
        return owner.execute(query, (f"signal:{signal_id}",)).fetchall()


async def test_built_in_strategies_are_the_operators_alone(database: Database, admin_dsn: str) -> None:
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, strategy())
        signal_id = await signals.insert(conn, signal(shared, f"{uuid4().hex[:8]}USDT"))
    assert signal_id is not None and len(await queued_for(admin_dsn, signal_id)) == 1


async def test_own_strategies_are_as_many_as_the_tier_has(database: Database, admin_dsn: str) -> None:
    async def make(person: UUID) -> Strategy:
        async with database.user(person) as conn:
            return await strategies.create(conn, strategy(person, enabled=False))

    with pytest.raises(NotAllowed, match="free, has no strategies of one's own"):
        await make(make_user(admin_dsn, "free"))
    person = make_user(admin_dsn, "pro")
    made = await asyncio.gather(*(make(person) for _ in range(12)), return_exceptions=True)
    kept = [row for row in made if isinstance(row, Strategy)]
    assert len(kept) == 10 and all(isinstance(row, NotAllowed) for row in made if row not in kept)
    async with database.user(person) as conn:
        await strategies.delete(conn, kept[0].id)
    assert (await make(person)).owner_id == person


async def test_the_lower_of_tier_and_settings_caps_cost_and_spend(
    database: Database, admin_dsn: str, tier: Any
) -> None:
    tier("pro", "engine_cost", 7)
    tier("pro", "spend_a_day", Decimal("0.5"))
    person, program = make_user(admin_dsn, "pro"), compile_filter("match = close > ta.sma(close, 5)", "15m")
    for most, limit in ((5, 5), (5000, 7)):
        async with database.user(person) as conn:
            found = await quota_of(conn, Settings(_env_file=None, max_cost_per_user=most), person, program)
        assert found.limit == limit
    for caps, dollars in ((Caps(), "0.5"), (Caps(user=Decimal(9)), "0.5"), (Caps(user=Decimal("0.2")), "0.2")):
        with pytest.raises(CapReached) as caught:
            hold = Hold(Decimal("0.6"), Spender(str(person), None), "analysis.decide", "m")
            await DatabaseLedger(database, caps).reserve(hold)
        assert (caught.value.scope, caught.value.limit) == ("user", Decimal(dollars))


async def test_the_local_person_has_the_highest_tier_and_keeps_what_the_operator_gives(
    database: Database, admin_dsn: str
) -> None:
    local = profiles.LOCAL_USER

    async def tier_now() -> str:
        async with database.worker() as conn:
            await profiles.ensure_local_user(conn)
            return (await tiers.of(conn, local)).name

    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute("delete from auth.users where id = %s", (local,))
        assert await tier_now() == "elite"
        owner.execute("update public.profiles set tier = 'free' where id = %s", (local,))
        assert await tier_now() == "free"
        owner.execute("update public.profiles set tier = 'elite' where id = %s", (local,))
