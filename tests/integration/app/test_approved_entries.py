"""What is entered is what was approved, at a price at which it may still be entered, and never late."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from store import analyses, events, orders, profiles, signals, watching
from store.errors import StateConflict
from store.records import Analysis, AnalysisDecision, NewAnalysis
from store.session import Database
from store.trading_records import Order
from tests.fixtures.entering import approve, held, read, signal_to_enter, tick, trader
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.fixtures.queued import ScriptedModel, analyser, fired, matches, stored_strategy

BTC = SYMBOLS[0]
HOUR = 3_600_000


async def said(database: Database, signal_id: UUID, decision: AnalysisDecision, stop: float = 99.0) -> Analysis:
    """One more analysis of a signal."""
    levels = {"entry": 100, "stop_loss": stop, "take_profit": [104]}
    async with database.worker() as conn:
        return await analyses.insert(
            conn, NewAnalysis(decision=decision, confidence=60, model="test", signal_id=signal_id, key_levels=levels)
        )


async def entries(database: Database, owner: UUID) -> list[Order]:
    async with database.worker() as conn:
        return [o for o in await orders.list_orders(conn, owner_id=owner) if o.purpose == "entry"]


async def assert_refused(database: Database, owner: UUID, signal_id: UUID, reason: str) -> None:
    """The signal, the answer and the log say why, and nothing is held."""
    signal = await read(database, signal_id)
    async with database.worker() as conn:
        answer = await signals.answer(conn, signal_id, owner)
        lines = await events.list_events(conn, signal_id=signal_id)
    assert signal.status == "blocked" and reason in (signal.reason or "")
    assert answer is not None and answer.refusal == signal.reason
    assert [e.message for e in lines if e.kind == "TRADE_BLOCKED"] == [signal.reason]
    assert await held(database, owner) == []


async def test_an_entry_takes_the_analysis_that_was_approved(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    """Whatever is stored of the signal later: another entry, or a wait."""
    market.set_price(BTC, 100.0)
    signal_id = await signal_to_enter(database, new_user)
    async with database.worker() as conn:
        seen = await analyses.latest_of_signal(conn, signal_id)
    await approve(database, new_user, signal_id)
    await said(database, signal_id, "enter_trade")
    await said(database, signal_id, "wait")
    working = trader(database, market)
    await tick(working)
    [order] = await entries(database, new_user)
    assert (order.stop, order.targets) == (Decimal(95), [Decimal(110)])
    async with database.worker() as conn:
        answer = await signals.answer(conn, signal_id, new_user)
        [position] = await held(database, new_user)
        managed = await watching.held_one(conn, position.id)
    assert seen is not None and answer is not None and answer.analysis_id == seen.id
    assert managed is not None and managed.analysis_id == seen.id, "it is managed by what it was entered on"


async def test_the_analysis_that_was_seen_must_be_the_newest_and_of_that_signal(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    signal_id, other = [await signal_to_enter(database, new_user, minute=m) for m in (0, 1)]
    async with database.worker() as conn:
        first, of_other = [await analyses.latest_of_signal(conn, s) for s in (signal_id, other)]
    second = await said(database, signal_id, "enter_trade")
    assert first is not None and of_other is not None
    for wrong in (first.id, of_other.id):
        with pytest.raises(StateConflict, match="analysed again since you looked"):
            async with database.user(new_user) as conn:
                await signals.decide(conn, signal_id, approve=True, analysis_id=wrong)
    async with database.user(new_user) as conn:
        assert (await signals.decide(conn, signal_id, approve=True, analysis_id=second.id)).analysis_id == second.id
    waits = await said(database, other, "wait")
    with pytest.raises(StateConflict, match="analysed again since you looked"):
        async with database.user(new_user) as conn:
            await signals.decide(conn, other, approve=True, analysis_id=waits.id)
    async with database.user(new_user) as conn:
        assert (await signals.decide(conn, other, approve=True)).analysis_id == of_other.id


async def test_without_an_analysis_that_says_to_enter_nothing_is_entered(
    database: Database, market: FakeMarket, new_user: UUID, admin_dsn: str
) -> None:
    of = await stored_strategy(database, new_user, auto=False)
    none, waits = await fired(database, matches(of, market, 2))
    market.set_price(BTC, 100.0)
    market.set_price(SYMBOLS[1], 100.0)
    wait = await said(database, waits, "wait")
    for signal_id in (none, waits):
        async with database.worker() as conn:
            await signals.transition(conn, signal_id, "analysing")
            await signals.transition(conn, signal_id, "enter")
        await approve(database, new_user, signal_id)
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("update public.signal_decisions set analysis_id = %s where signal_id = %s", (wait.id, waits))
    await tick(trader(database, market))
    await assert_refused(database, new_user, none, "no analysis of BTCUSDT that says to enter was approved")
    await assert_refused(database, new_user, waits, "the analysis of ETHUSDT that was approved says wait, not to enter")


@pytest.mark.parametrize(
    ("side", "price", "reason"),
    [
        ("long", 106.0, "reward to risk after fees is 0.3"),
        ("long", 95.0001, "is only 0.0001 from its stop 95; less than 0.0002 is noise"),
        ("short", 94.0, "reward to risk after fees is 0.3"),
        ("short", 104.9999, "is only 0.0001 from its stop 105; less than 0.0002 is noise"),
        ("long", 94.0, "the stop 95 is not below the price 94 of BTCUSDT"),
        ("short", 106.0, "the stop 105 is not above the price 106 of BTCUSDT"),
    ],
)
async def test_reward_and_stop_are_judged_at_the_price_that_is_paid(
    database: Database, market: FakeMarket, new_user: UUID, side: str, price: float, reason: str
) -> None:
    signal_id = await signal_to_enter(database, new_user, side=side)
    await approve(database, new_user, signal_id)
    market.set_price(BTC, price)
    await tick(trader(database, market))
    await assert_refused(database, new_user, signal_id, reason)
    assert await entries(database, new_user) == []


@pytest.mark.parametrize(("atr", "enters"), [(0.45, False), (0.55, True)])
async def test_a_stop_is_no_nearer_than_the_analysis_had_to_place_it(
    database: Database, market: FakeMarket, new_user: UUID, atr: float, enters: bool
) -> None:
    """The average range is that of the stored snapshot."""
    of = await stored_strategy(database, new_user, auto=False)
    model: ScriptedModel

    async def script(number: int) -> dict[str, Any]:
        seen = json.loads(model.asked[0].variables["snapshot"])
        price, size = seen["price"], seen["atr"]
        levels = {"entry": price, "stop_loss": price - 4 * size, "take_profit": [price + 10 * size]}
        return {"decision": "enter_trade", "confidence": 70, "reasoning": "It rises.", "key_levels": levels}

    model = ScriptedModel(script)
    [signal_id] = await fired(database, matches(of, market))
    await analyser(database, market, model).analyse(signal_id)
    async with database.worker() as conn:
        found = await analyses.latest_of_signal(conn, signal_id)
    assert found is not None and found.decision == "enter_trade"
    await approve(database, new_user, signal_id)
    market.set_price(BTC, float(found.key_levels["stop_loss"]) + atr * found.snapshot["atr"])
    await tick(trader(database, market))
    if enters:
        assert len(await held(database, new_user)) == 1
    else:
        await assert_refused(database, new_user, signal_id, "is noise")


async def test_an_approval_is_not_entered_after_the_signals_end(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    """The worker was away: the price is a fresh one, and the same."""
    signal_id = await signal_to_enter(database, new_user)
    await approve(database, new_user, signal_id)
    market.clock.now += HOUR
    market.set_price(BTC, 100.0)
    await tick(trader(database, market))
    await assert_refused(database, new_user, signal_id, "good until 2026-01-05 10:59 UTC, which has passed")
    assert await entries(database, new_user) == []


async def kill_switch(database: Database, market: FakeMarket, owner: UUID) -> None:
    async with database.user(owner) as conn:
        await profiles.set_kill_switch(conn, owner, True)


async def under_the_stop(database: Database, market: FakeMarket, owner: UUID) -> None:
    market.set_price(BTC, 90.0)


async def beyond_the_target(database: Database, market: FakeMarket, owner: UUID) -> None:
    market.set_price(BTC, 111.0)


async def too_late(database: Database, market: FakeMarket, owner: UUID) -> None:
    market.clock.now += HOUR
    market.set_price(BTC, 100.0)


@pytest.mark.parametrize("before", ["intent", "sent"])
@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (kill_switch, "entries are paused"),
        (under_the_stop, "the stop 95 is not below the price 90"),
        (beyond_the_target, "has already reached the target 110"),
        (too_late, "which has passed"),
    ],
)
async def test_an_order_left_by_a_killed_worker_is_checked_again_before_it_is_sent(
    database: Database,
    market: FakeMarket,
    new_user: UUID,
    before: str,
    happens: Callable[[Database, FakeMarket, UUID], Awaitable[None]],
    reason: str,
) -> None:
    market.set_price(BTC, 100.0)
    signal_id = await signal_to_enter(database, new_user)
    await approve(database, new_user, signal_id)
    await trader(database, market).enter_approved()
    [order] = await entries(database, new_user)
    if before == "sent":
        async with database.worker() as conn:
            await orders.transition(conn, order.id, "sent")
    await happens(database, market, new_user)
    await tick(trader(database, market))
    [order] = await entries(database, new_user)
    assert order.state == "cancelled" and reason in (order.reason or "")
    await assert_refused(database, new_user, signal_id, reason)


async def test_an_order_that_was_not_sent_in_time_expires(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a price that would do, and without one."""
    ids = [await signal_to_enter(database, new_user, symbol) for symbol in SYMBOLS[:2]]
    for symbol, signal_id in zip(SYMBOLS, ids, strict=False):
        market.set_price(symbol, 100.0)
        await approve(database, new_user, signal_id)
    await trader(database, market).enter_approved()
    del market.prices[BTC]
    monkeypatch.setattr("app.trading.ENTRY_DEADLINE", timedelta())
    await tick(trader(database, market))
    assert [o.state for o in await entries(database, new_user)] == ["expired", "expired"]
    for signal_id in ids:
        await assert_refused(database, new_user, signal_id, "could not be traded within a minute")
