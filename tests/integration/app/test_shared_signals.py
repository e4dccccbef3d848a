"""A signal of a built-in strategy is everybody's: it follows its owner's order, and what becomes of a follower's own
approval is told to the follower alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest

from api.routes.signals import signal_out
from app.trading import Trader
from broker.types import Fill, OrderIntent, OrderRejected, Quote, Refusal
from store import analyses, events, orders, positions, profiles, signals
from store.records import NewAnalysis
from store.session import Database
from tests.fixtures.database import make_user
from tests.fixtures.entering import approve, held, read, tick, trader
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.fixtures.queued import built_in_signal

BTC = SYMBOLS[0]


@pytest.fixture
def owner(admin_dsn: str) -> UUID:
    """An administrator, to whom signals of built-in strategies belong."""
    made = make_user(admin_dsn)
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("insert into public.admins (user_id) values (%s)", (made,))
    return made


@pytest.fixture
async def shared(database: Database, market: FakeMarket) -> UUID:
    """A signal of a built-in strategy that may be entered at 100 with its stop at 97."""
    market.set_price(BTC, 100.0)
    signal_id = await built_in_signal(database, market)
    levels = {"entry": 100, "stop_loss": 97, "take_profit": [104]}
    said = NewAnalysis(decision="enter_trade", confidence=60, model="test", signal_id=signal_id, key_levels=levels)
    async with database.worker() as conn:
        await signals.transition(conn, signal_id, "analysing")
        await analyses.insert(conn, said)
        await signals.transition(conn, signal_id, "enter")
    return signal_id


async def status(database: Database, signal_id: UUID) -> tuple[str, str | None]:
    signal = await read(database, signal_id)
    return signal.status, signal.reason


async def refusal(database: Database, signal_id: UUID, person: UUID) -> str:
    """Why nothing came of a person's approval; the log says the same, to that person."""
    async with database.worker() as conn:
        answer = await signals.answer(conn, signal_id, person)
        lines = [e for e in await events.list_events(conn, signal_id=signal_id) if e.kind == "TRADE_BLOCKED"]
    assert answer is not None and [(e.owner_id, e.message) for e in lines] == [(person, answer.refusal)]
    return answer.refusal or ""


async def test_a_followers_position_moves_no_shared_signal(
    database: Database, market: FakeMarket, shared: UUID, new_user: UUID, other_user: UUID
) -> None:
    working = trader(database, market)
    for person in (new_user, other_user):
        await approve(database, person, shared)
        await tick(working)
        assert [p.stop for p in await held(database, person)] == [Decimal(97)]
        assert await status(database, shared) == ("enter", None)
    market.set_price(BTC, 96.0)
    await tick(working)
    assert [p.close_reason for p in await held(database, new_user)] == ["stop"]
    assert await status(database, shared) == ("enter", None)


async def shown(database: Database, person: UUID, signal_id: UUID) -> tuple[str, str | None, str | None]:
    """A signal as its page has it for a person: its state, why nothing came of the approval, and in the list; it is
    found and counted under that state.
    """
    async with database.user(person) as conn:
        view = await signals.get(conn, signal_id)
        one = signal_out(view)
        [listed] = [signal_out(row) for row in (await signals.list_page(conn)).items if row.id == signal_id]
        there = await signals.list_page(conn, strategy_id=view.strategy_id, states=[view.state, "ordered"])
        others = [state for state in signals.SOURCES if state != view.state]
        elsewhere = await signals.list_page(conn, strategy_id=view.strategy_id, states=others)
        counted = [(c.state, c.count) for c in await signals.counts(conn) if c.strategy_id == view.strategy_id]
    assert listed == one
    assert ([row.id for row in there.items], elsewhere.items) == ([signal_id], [])
    assert counted == [(view.state, 1)]
    return one.state, one.refusal, one.status


async def test_a_followers_refusal_is_on_the_followers_page_alone(
    database: Database, market: FakeMarket, shared: UUID, new_user: UUID, other_user: UUID
) -> None:
    assert await shown(database, new_user, shared) == ("enter", None, "enter")
    async with database.user(new_user) as conn:
        await profiles.set_kill_switch(conn, new_user, True)
    await approve(database, new_user, shared)
    assert await shown(database, new_user, shared) == ("approved", None, "enter")
    await tick(trader(database, market))
    told = await refusal(database, shared, new_user)
    assert "entries are paused" in told
    assert await shown(database, new_user, shared) == ("blocked", told, "enter")
    assert await shown(database, other_user, shared) == ("enter", None, "enter")
    async with database.user(other_user) as conn:
        await signals.decide(conn, shared, approve=False)
    assert await shown(database, other_user, shared) == ("declined", None, "enter")
    async with database.worker() as conn:
        assert signal_out(await signals.get(conn, shared)).state == "enter"
        assert [row.id for row in (await signals.list_page(conn, states=["enter"])).items if row.id == shared]
    async with database.anonymous() as conn:
        assert signal_out(await signals.get(conn, shared)).state == "enter"


async def test_the_owners_order_moves_it_all_the_way(
    database: Database, market: FakeMarket, shared: UUID, owner: UUID, new_user: UUID, other_user: UUID
) -> None:
    working = trader(database, market)
    await approve(database, new_user, shared)
    await tick(working)
    await approve(database, owner, shared)
    await working.enter_approved()
    assert await status(database, shared) == ("ordered", None)
    await tick(working)
    assert await status(database, shared) == ("in_position", None)
    assert await shown(database, owner, shared) == ("in_position", None, "in_position")
    assert await shown(database, new_user, shared) == ("approved", None, "in_position")
    assert await shown(database, other_user, shared) == ("enter", None, "in_position"), "who has not entered still may"
    async with database.user(new_user) as conn:
        await positions.request_close(conn, (await held(database, new_user))[0].id)
    await tick(working)
    assert await status(database, shared) == ("in_position", None), "the follower's position is closed, not the owner's"
    async with database.user(owner) as conn:
        await positions.request_close(conn, (await held(database, owner))[0].id)
    await tick(working)
    assert await status(database, shared) == ("closed", None)


async def test_a_follower_who_is_refused_leaves_the_owners_approval_alone(
    database: Database, market: FakeMarket, shared: UUID, owner: UUID, new_user: UUID
) -> None:
    async with database.user(new_user) as conn:
        await profiles.set_kill_switch(conn, new_user, True)
    await approve(database, new_user, shared)
    await approve(database, owner, shared)
    working = trader(database, market)
    await working.enter_approved()
    assert "entries are paused" in await refusal(database, shared, new_user)
    assert await status(database, shared) == ("ordered", None)
    await tick(working)
    assert await status(database, shared) == ("in_position", None)
    assert await held(database, new_user) == [] and len(await held(database, owner)) == 1


async def cancelled(database: Database, working: Trader, person: UUID, patch: pytest.MonkeyPatch) -> None:
    async with database.user(person) as conn:
        await profiles.set_kill_switch(conn, person, True)


async def rejected(database: Database, working: Trader, person: UUID, patch: pytest.MonkeyPatch) -> None:
    fill = working._broker.submit
    async with database.worker() as conn:
        [theirs] = [o for o in await orders.unfinished(conn) if o.owner_id == person]

    async def submit(intent: OrderIntent, quote: Quote) -> list[Fill]:
        if intent.client_order_id == theirs.client_order_id:
            raise OrderRejected([Refusal("halted", "Not sent: BTCUSDT is halted.")])
        return await fill(intent, quote)

    patch.setattr(working._broker, "submit", submit)


async def expired(database: Database, working: Trader, person: UUID, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("app.trading.ENTRY_DEADLINE", timedelta())


@pytest.mark.parametrize("ends", [cancelled, rejected, expired])
async def test_a_followers_order_that_ends_leaves_the_owners_signal_alone(
    database: Database,
    market: FakeMarket,
    shared: UUID,
    owner: UUID,
    new_user: UUID,
    monkeypatch: pytest.MonkeyPatch,
    ends: Callable[[Database, Trader, UUID, pytest.MonkeyPatch], Awaitable[None]],
) -> None:
    working = trader(database, market)
    await approve(database, new_user, shared)
    await approve(database, owner, shared)
    await working.enter_approved()
    async with database.worker() as conn:
        [theirs] = await orders.list_orders(conn, owner_id=new_user)
    await ends(database, working, new_user, monkeypatch)
    await working._send(theirs)
    async with database.worker() as conn:
        [ended] = await orders.list_orders(conn, owner_id=new_user)
    assert ended.state == ends.__name__ and ended.reason == await refusal(database, shared, new_user)
    assert await status(database, shared) == ("ordered", None)
    monkeypatch.undo()
    await tick(working)
    assert await status(database, shared) == ("in_position", None)


async def test_an_owners_order_that_ends_blocks_the_signal_for_nobody_else(
    database: Database, market: FakeMarket, shared: UUID, owner: UUID, new_user: UUID
) -> None:
    working = trader(database, market)
    await approve(database, owner, shared)
    await approve(database, new_user, shared)
    await working.enter_approved()
    await cancelled(database, working, owner, pytest.MonkeyPatch())
    await tick(working)
    told = await refusal(database, shared, owner)
    assert await status(database, shared) == ("blocked", told) and "entries are paused" in told
    assert len(await held(database, new_user)) == 1 and await held(database, owner) == []


async def test_an_approval_of_a_shared_signal_that_expired_meanwhile_is_told_so(
    database: Database, market: FakeMarket, shared: UUID, new_user: UUID
) -> None:
    """The worker was away while the signal's time ended."""
    await approve(database, new_user, shared)
    market.clock.now += 3 * 3_600_000
    market.set_price(BTC, 100.0)
    signal = await read(database, shared)
    async with database.worker() as conn:
        assert await signals.expire(conn, signal.strategy_id, "1m", signal.candle_close) == 1
    await tick(trader(database, market))
    assert "which has passed" in await refusal(database, shared, new_user)
    assert await status(database, shared) == ("expired", "Its time to be entered is over.")
