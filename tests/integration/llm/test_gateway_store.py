"""Spend caps and kept answers in the database: over processes, restarts and real calls."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.gateway import DatabaseAnswers, gateway
from app.settings import Settings
from app.spending import DatabaseLedger
from llm import Message, ModelError, ModelRequest
from llm.gateway import LiteLLMModel, Prices, Routes
from llm.gateway.budget import BudgetedModel, CapReached, Caps, Hold, LedgerUnavailable, MemoryLedger
from llm.gateway.cache import KeptAnswer
from llm.gateway.prices import Price
from llm.models import Spender
from store import model_cache, spending
from store.session import Database
from tests.fixtures.openai_stub import Reply, Stub, openai_stub
from tests.fixtures.scripted_model import GOOD, REQUEST, Pair, Scripted

DAY = dt.datetime(2031, 3, 1, 23, 59, tzinfo=dt.UTC)


class Clock:
    """A clock that stands until it is set; every test has a day of its own, for the table is shared."""

    days = 0

    def __init__(self) -> None:
        Clock.days += 1
        self.now = DAY + dt.timedelta(days=10 * Clock.days)

    def __call__(self) -> dt.datetime:
        return self.now


def hold(amount: str, user: str | None = None, strategy: str | None = None) -> Hold:
    return Hold(Decimal(amount), Spender(user, strategy), "generate.filter", "openai/m")


async def test_a_cap_outlives_the_process_and_ends_with_the_day(database: Database, database_dsn: str) -> None:
    clock, caps = Clock(), Caps(user=Decimal("1.00"))
    user = str(uuid4())
    ledger = DatabaseLedger(database, caps, clock)
    first = await ledger.reserve(hold("0.90", user))
    await ledger.settle(first, Decimal("0.40"))
    # Never settled: its process died.
    await ledger.reserve(hold("0.50", user))
    async with Database(database_dsn, max_size=1) as again:
        after = DatabaseLedger(again, caps, clock)
        with pytest.raises(CapReached) as reached:
            await after.reserve(hold("0.11", user))
        assert (reached.value.scope, reached.value.spent) == ("user", Decimal("0.90"))
        assert reached.value.resets - clock.now == dt.timedelta(minutes=1)
        await after.reserve(hold("0.10", user))
        await after.reserve(hold("0.90", str(uuid4())))
        clock.now += dt.timedelta(minutes=1)
        await after.reserve(hold("1.00", user))


async def test_strategies_and_days_have_caps_of_their_own(database: Database) -> None:
    clock, strategy = Clock(), str(uuid4())
    ledger = DatabaseLedger(database, Caps(strategy=Decimal(1), all=Decimal(2)), clock)
    await ledger.reserve(hold("0.9", "a", strategy))
    with pytest.raises(CapReached) as reached:
        await ledger.reserve(hold("0.2", "b", strategy))
    assert reached.value.scope == "strategy"
    await ledger.reserve(hold("1.0", "c", str(uuid4())))
    with pytest.raises(CapReached) as reached:
        await ledger.reserve(hold("0.2"))
    assert (reached.value.scope, reached.value.spent) == ("all", Decimal("1.9"))


async def test_reservations_at_the_same_time_stay_below_the_cap(database: Database, database_dsn: str) -> None:
    clock, caps = Clock(), Caps(all=Decimal("1.00"))
    async with Database(database_dsn, max_size=4) as other:
        ledgers = [DatabaseLedger(database, caps, clock), DatabaseLedger(other, caps, clock)]
        results = await asyncio.gather(
            *(ledgers[i % 2].reserve(hold("0.07")) for i in range(40)), return_exceptions=True
        )
    assert sum(isinstance(result, UUID) for result in results) == 14
    assert sum(isinstance(result, CapReached) for result in results) == 26
    async with database.worker() as conn:
        so_far = await spending.totals(conn, clock.now.date(), user_key=None, strategy_key=None)
    assert so_far.all_amount == Decimal("0.98")


async def test_old_days_are_dropped(database: Database) -> None:
    clock = Clock()
    ledger = DatabaseLedger(database, Caps(), clock)
    clock.now = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    await ledger.reserve(hold("0.5"))
    async with database.worker() as conn:
        assert await spending.prune(conn, dt.date(2001, 1, 1)) == 0
        assert await spending.prune(conn, dt.date(2001, 1, 2)) == 1


async def test_people_read_their_own_spending(database: Database, new_user: UUID, other_user: UUID) -> None:
    ledger = DatabaseLedger(database, Caps(), Clock())
    await ledger.reserve(hold("0.5", str(new_user)))
    for user, rows in ((new_user, 1), (other_user, 0)):
        async with database.user(user) as conn:
            cursor = await conn.execute("select amount from public.model_spending")
            assert len(await cursor.fetchall()) == rows


async def test_a_database_that_is_away_is_said(database_dsn: str) -> None:
    closed = Database(database_dsn, max_size=1)
    ledger = DatabaseLedger(closed, Caps(all=Decimal(1)))
    with pytest.raises(LedgerUnavailable):
        await ledger.reserve(hold("0.5"))
    with pytest.raises(LedgerUnavailable):
        await ledger.settle(uuid4(), Decimal(0))
    answers = DatabaseAnswers(closed, dt.timedelta(hours=1))
    await answers.put("0" * 64, KeptAnswer(GOOD, "m"))
    assert await answers.get("0" * 64) is None
    capped = BudgetedModel(Scripted("a"), ledger, Caps(all=Decimal(1)), Routes("a"), Prices())
    with pytest.raises(ModelError):
        await capped.complete(dataclasses.replace(REQUEST, operation="generate.filter"))


async def test_answers_expire_and_their_number_is_bounded(database: Database) -> None:
    clock = Clock()
    answers = DatabaseAnswers(database, dt.timedelta(hours=1), clock)
    keys = [uuid4().hex * 2 for _ in range(4)]
    strange = 'half \ud800 a pair, \x00, and "quotes"'
    await answers.put(keys[0], KeptAnswer(strange, "m"))
    assert await answers.get(keys[0]) == KeptAnswer(strange, "m")
    assert await answers.get(keys[1]) is None
    clock.now += dt.timedelta(minutes=30)
    await answers.put(keys[0], KeptAnswer(GOOD, "n"))
    clock.now += dt.timedelta(minutes=59)
    assert await answers.get(keys[0]) == KeptAnswer(GOOD, "n")
    clock.now += dt.timedelta(minutes=1)
    assert await answers.get(keys[0]) is None
    for key in keys[1:]:
        clock.now += dt.timedelta(seconds=1)
        async with database.worker() as conn:
            row = model_cache.ModelAnswerRow(answer='"x"', model="m")
            await model_cache.put(conn, key, row, now=clock.now, expires=clock.now + dt.timedelta(hours=1), most=2)
    assert [await answers.get(key) is not None for key in keys] == [False, False, True, True]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    with openai_stub() as running:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-unguessable-0123456789abcdef")
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        running.answer_with(Reply(GOOD, usage=(1_000, 500)))
        yield running


def asked(text: str, user: str) -> ModelRequest[Pair]:
    return ModelRequest(
        "generate.filter", (Message("user", text),), Pair, max_tokens=1_000, spender=Spender(user, str(uuid4()))
    )


def chosen(**values: Any) -> Settings:
    return Settings(
        _env_file=None,
        model="openai/test-model",
        model_prices="openai/test-model=1/2",
        **values,
    )


async def test_real_calls_are_kept_counted_and_capped(stub: Stub, database: Database) -> None:
    # A call costs 0.002 dollars, and may cost some more than that.
    settings, user = chosen(spend_per_user_day=Decimal("0.0065")), str(uuid4())
    question = asked(f"a pair for {user}", user)
    first = await gateway(settings, database=database).complete(question)
    assert not first.cached
    assert first.cost == pytest.approx(0.002)
    again = await gateway(settings, database=database).complete(question)
    assert (again.cached, again.cost, again.data) == (True, 0.0, first.data)
    assert len(stub.asked) == 1
    await gateway(settings, database=database).complete(dataclasses.replace(question, fresh=True))
    stub.answer_with(Reply("no JSON", usage=(1_000, 500)))
    with pytest.raises(ModelError, match="JSON") as garbled:
        await gateway(settings, database=database).complete(asked(f"another pair for {user}", user))
    assert garbled.value.cost == pytest.approx(0.002)
    with pytest.raises(ModelError) as capped:
        await gateway(settings, database=database).complete(asked(f"a third pair for {user}", user))
    assert capped.value.kind == "budget"
    assert "SCREENER_SPEND_PER_USER_DAY" in capped.value.reason
    assert len(stub.asked) == 3
    # What was kept is still given.
    assert (await gateway(settings, database=database).complete(question)).cached
    async with database.user(UUID(user)) as conn:
        cursor = await conn.execute("select sum(amount), bool_and(settled_at is not null) from public.model_spending")
        assert await cursor.fetchone() == (Decimal("0.006"), True)


async def test_the_cache_can_be_turned_off(stub: Stub, database: Database) -> None:
    question = asked(f"a pair for {uuid4()}", str(uuid4()))
    for _ in range(2):
        answer = await gateway(chosen(model_cache_hours=0), database=database).complete(question)
        assert not answer.cached
    assert len(stub.asked) == 2


def _unheard(text: str) -> None:
    assert isinstance(text, str)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_server_that_counts_no_tokens_is_capped_too(stub: Stub, streamed: bool) -> None:
    """At 10 to 30 dollars a call no more than the cap of 100 is asked for."""
    prices, caps = Prices({"openai/test-model": Price(20_000.0, 20_000.0)}), Caps(all=Decimal(100))
    ledger = MemoryLedger(caps)
    model = BudgetedModel(
        LiteLLMModel("openai/test-model", prices=prices, timeout_s=30),
        ledger,
        caps,
        Routes("openai/test-model"),
        prices,
    )
    stub.answer_with(Reply(GOOD, usage=None))
    question = ModelRequest(
        "generate.filter",
        (Message("user", "pair " * 600),),
        Pair,
        max_tokens=500,
        on_text=_unheard if streamed else None,
    )
    costs = []
    with pytest.raises(ModelError, match="spend cap"):
        for _ in range(20):
            costs.append((await model.complete(question)).cost)
    assert 2 <= len(costs) <= 8
    assert all(cost is not None and 10 < cost <= 40 for cost in costs)
