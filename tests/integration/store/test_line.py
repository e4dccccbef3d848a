"""A signal's whole way through the repositories, and that nothing on it happens twice."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid4

import pytest

from store import analyses, chain, decisions, events, orders, positions, runs, signals, strategies
from store.errors import Duplicate, InvalidRow, NotAllowed, NotFound, StateConflict, StoreError
from store.records import NewAnalysis, NewStrategyRun, RunOutcome, StrategyChanges
from store.session import Database
from store.trading_records import NewEvent
from tests.integration.store.factories import CLOSE, fill, order, position, signal, strategy


async def test_from_candle_to_closed_position(database: Database, new_user: UUID) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user))
    async with database.worker() as conn:
        run_id = await runs.claim(conn, "15m", CLOSE, 4711, "w1")
        assert run_id is not None
        signal_id = await signals.insert(conn, signal(own, screen_run_id=run_id))
        assert signal_id is not None
        assert await strategies.advance_watermark(conn, {own.id: own.version}, CLOSE) == 1
        await runs.record_strategies(
            conn, [NewStrategyRun(strategy_id=own.id, candle_close=CLOSE, screen_run_id=run_id, matched=1)]
        )
        assert await runs.finish(conn, run_id, "w1", RunOutcome(symbols_fresh=200, matches=1))
    async with database.worker() as conn:
        assert await signals.claim_one(conn, signal_id) is not None
        analysis = await analyses.insert(
            conn,
            NewAnalysis(signal_id=signal_id, decision="enter_trade", confidence=70, model="offline analyst"),
        )
        assert analysis.owner_id == new_user
        await signals.transition(conn, signal_id, "enter")
    async with database.user(new_user) as conn:
        view = await signals.get(conn, signal_id)
        assert (view.analysis_decision, view.analysis_confidence, view.my_decision) == (
            "enter_trade",
            70,
            None,
        )
        decision = await signals.decide(conn, signal_id, approve=True)
        assert (await signals.decide(conn, signal_id, approve=True)).id == decision.id
        assert (await signals.get(conn, signal_id)).my_decision == "approve"
    async with database.worker() as conn:
        assert decision.id in [row.id for row in await decisions.approved_without_order(conn, limit=1000)]
        intent = await orders.create_intent(conn, order(new_user, signal_id=signal_id, strategy_id=own.id))
        assert intent is not None and intent.state == "intent" and intent.targets == [Decimal("3300.10")]
        assert await orders.create_intent(conn, order(new_user, signal_id=signal_id)) is None
        assert decision.id not in [row.id for row in await decisions.approved_without_order(conn, limit=1000)]
        await signals.transition(conn, signal_id, "ordered")
    async with database.worker() as conn:
        await orders.transition(conn, intent.id, "sent")
        first = await orders.record_fill(conn, fill(intent, "100", "1", trade_id=f"{intent.id}-1"))
        assert first is not None and first.owner_id == new_user
        assert await orders.record_fill(conn, fill(intent, "100", "1", trade_id=f"{intent.id}-1")) is None
        assert (await orders.get(conn, intent.id)).state == "partially_filled"
        await orders.record_fill(conn, fill(intent, "102", "1", trade_id=f"{intent.id}-2"))
        filled = await orders.get(conn, intent.id)
        assert (filled.state, filled.average_price, filled.filled_quantity) == (
            "filled",
            Decimal(101),
            Decimal(2),
        )
        opened = await positions.open_position(conn, position(new_user, signal_id=signal_id, strategy_id=own.id))
        assert opened is not None
        await orders.attach_position(conn, intent.id, opened.id)
        await signals.transition(conn, signal_id, "in_position")
        await events.append(
            conn, NewEvent(kind="TRADE_EXECUTED", message="filled", owner_id=new_user, signal_id=signal_id)
        )
    async with database.user(new_user) as conn:
        assert (await positions.request_close(conn, opened.id)).close_requested_at is not None
    async with database.worker() as conn:
        leave = await orders.create_intent(conn, order(new_user, purpose="exit", side="sell", position_id=opened.id))
        assert leave is not None
        closed = await positions.close_position(
            conn, opened.id, price=Decimal("110"), fee=Decimal("0.3"), reason="target", closed_at=CLOSE
        )
        await signals.transition(conn, signal_id, "closed")
    assert closed.realised_profit == Decimal("19.5") and closed.fees == Decimal("0.5")
    async with database.user(new_user) as conn:
        whole = await chain.chain(conn, signal_id)
        assert await positions.realised_since(conn, new_user, "paper", CLOSE) == Decimal("19.5")
        assert await positions.realised_since(conn, new_user, "paper", CLOSE + timedelta(seconds=1)) == 0
    assert whole.candle == "ETHUSDT/15m/2026-01-05T12:00:00Z"
    assert whole.screen_run_id == run_id and whole.analyses == [analysis.id] and whole.decisions == [decision.id]
    assert [item.id for item in whole.orders] == [intent.id, leave.id] and len(whole.orders[0].executions) == 2
    assert whole.positions[0].id == opened.id and whole.positions[0].realised_profit == Decimal("19.5")
    assert whole.status == "closed" and len(whole.events) == 1 and whole.conditions[0]["left"] == 28.4


async def test_a_signal_is_stored_once(database: Database, new_user: UUID) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user))
    async with database.worker() as conn:
        first = await signals.insert_many(conn, [signal(own, "AUSDT"), signal(own, "BUSDT")])
        again = await signals.insert_many(conn, [signal(own, "AUSDT"), signal(own, "CUSDT")])
    assert len(first) == 2 and len(again) == 1


async def test_a_run_is_claimed_once(database: Database) -> None:
    shard = uuid4().int % 1_000_000 + 10
    async with database.worker() as conn:
        run_id = await runs.claim(conn, "1m", CLOSE, shard, "one")
        assert run_id is not None
        assert await runs.claim(conn, "1m", CLOSE, shard, "two") is None
        # The same worker comes back after a crash; another one when the lease has ended.
        assert await runs.claim(conn, "1m", CLOSE, shard, "one", lease_seconds=-1) == run_id
        assert await runs.claim(conn, "1m", CLOSE, shard, "two") == run_id
        assert not await runs.finish(conn, run_id, "one", RunOutcome(symbols_fresh=1))
        assert await runs.fail(conn, run_id, "two", {"message": "no market"})
        assert await runs.claim(conn, "1m", CLOSE, shard, "one") == run_id
        assert await runs.finish(conn, run_id, "one", RunOutcome(symbols_fresh=1))
        assert await runs.claim(conn, "1m", CLOSE, shard, "one", lease_seconds=-1) is None
        done = await runs.last_done(conn, "1m", shard)
    assert done is not None and done.attempts == 4


async def test_pages_of_signals(database: Database, new_user: UUID) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user))
    async with database.worker() as conn:
        await signals.insert_many(
            conn, [signal(own, f"S{i}USDT", CLOSE + timedelta(minutes=15 * (i // 2))) for i in range(5)]
        )
    async with database.user(new_user) as conn:
        first = await signals.list_page(conn, limit=2, strategy_id=own.id)
        second = await signals.list_page(conn, limit=2, strategy_id=own.id, cursor=first.next)
        third = await signals.list_page(conn, limit=2, strategy_id=own.id, cursor=second.next)
        one = await signals.list_page(conn, symbol="S3USDT", strategy_id=own.id, status="new")
        with pytest.raises(InvalidRow, match="cursor"):
            await signals.list_page(conn, cursor="nonsense")
    symbols = [item.symbol for page in (first, second, third) for item in page.items]
    assert sorted(symbols) == [f"S{i}USDT" for i in range(5)] and symbols[0] == "S4USDT"
    assert third.next is None and [item.symbol for item in one.items] == ["S3USDT"]


async def test_an_edit_is_a_new_version_and_starts_over(database: Database, new_user: UUID) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user))
        assert (own.version, own.state, own.watermark) == (1, "warming", None)
    async with database.worker() as conn:
        assert await strategies.set_state(conn, own.id, 1, "live")
        await strategies.advance_watermark(conn, {own.id: 1}, CLOSE)
        assert await strategies.advance_watermark(conn, {own.id: 1}, CLOSE - timedelta(minutes=1)) == 0
    async with database.user(new_user) as conn:
        tagged = await strategies.update(conn, own.id, StrategyChanges(tags=["a"]))
        assert (tagged.version, tagged.state, tagged.watermark) == (1, "live", CLOSE)
        edited = await strategies.update(
            conn, own.id, StrategyChanges(filter_code="match = close > 1", filter_hash="h2")
        )
        assert (edited.version, edited.state, edited.watermark) == (2, "warming", None)
        paused = await strategies.set_enabled(conn, own.id, False)
        assert (paused.version, paused.state) == (2, "paused")
        assert [item.version for item in await strategies.versions(conn, own.id)] == [2, 1]
    async with database.worker() as conn:
        assert await strategies.advance_watermark(conn, {own.id: 1}, CLOSE) == 0
        assert not await strategies.set_state(conn, own.id, 1, "live")


async def test_repeated_failures_disable_a_strategy(database: Database, new_user: UUID) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user))
    async with database.worker() as conn:
        assert not await strategies.record_failure(conn, own.id, 1, {"message": "x"}, pause_after=2)
        assert await strategies.record_failure(conn, own.id, 1, {"message": "y"}, pause_after=2)
        failed = await strategies.get(conn, own.id)
        assert (failed.enabled, failed.state, failed.error) == (False, "failed", {"message": "y"})
    async with database.user(new_user) as conn:
        again = await strategies.set_enabled(conn, own.id, True)
    assert (again.state, again.failures, again.error) == ("warming", 0, None)


async def test_built_in_strategies_are_refreshed_by_code(database: Database) -> None:
    new = strategy(enabled=True)
    async with database.worker() as conn:
        first = await strategies.upsert_built_in(conn, new)
        await strategies.set_enabled(conn, first.id, False)
        second = await strategies.upsert_built_in(conn, new.model_copy(update={"name": "Renamed"}))
        await strategies.upsert_built_in(conn, new.model_copy(update={"name": "Renamed"}))
        versions = await strategies.versions(conn, first.id)
    assert (second.id, second.name, second.enabled, second.built_in) == (first.id, "Renamed", False, True)
    assert len(versions) == 2


async def test_state_machines_refuse(database: Database, new_user: UUID) -> None:
    async with database.worker() as conn:
        own = await strategies.create(conn, strategy(new_user))
        signal_id = await signals.insert(conn, signal(own))
        assert signal_id is not None
        with pytest.raises(StateConflict, match="a signal that is new cannot become ordered"):
            await signals.transition(conn, signal_id, "ordered")
        with pytest.raises(NotFound):
            await signals.transition(conn, uuid4(), "ordered")
        made = await orders.create_intent(conn, order(new_user))
        assert made is not None
        await orders.transition(conn, made.id, "cancelled", reason="kill switch")
        with pytest.raises(StateConflict, match="an order that is cancelled cannot become sent"):
            await orders.transition(conn, made.id, "sent")
        with pytest.raises(StateConflict, match="cannot be filled"):
            await orders.record_fill(conn, fill(made, "1", "1"))
        opened = await positions.open_position(conn, position(new_user))
        assert opened is not None
        assert await positions.open_position(conn, position(new_user)) is None
        close = partial(positions.close_position, price=Decimal(1), fee=Decimal(0), reason="stop", closed_at=CLOSE)
        await close(conn, opened.id)
        with pytest.raises(StateConflict):
            await close(conn, opened.id)
        assert await positions.open_position(conn, position(new_user)) is not None


@pytest.mark.parametrize(("until", "left"), [(CLOSE, "expired"), (CLOSE - timedelta(seconds=1), "wait")])
async def test_signals_expire_with_the_reason(database: Database, new_user: UUID, until: datetime, left: str) -> None:
    async with database.worker() as conn:
        own = await strategies.create(conn, strategy(new_user, analysis={"expires": 3}))
        signal_id = await signals.insert(conn, signal(own))
        assert signal_id is not None
        await signals.claim_one(conn, signal_id)
        await signals.transition(conn, signal_id, "wait", reason="No retest yet.")
        [mine] = [u for u in await signals.unanswered(conn) if u.strategy_id == own.id]
        assert (mine.interval, mine.settings) == (own.base_interval, {"expires": 3})
        assert await signals.expire(conn, own.id, "another", until) == 0
        assert await signals.expire(conn, own.id, mine.interval, until) == (left == "expired")
        one = await signals.get(conn, signal_id)
    assert one.status == left and "No retest yet." in (one.reason or "")


async def test_a_refused_approval_blocks_the_signal(database: Database, new_user: UUID) -> None:
    async with database.worker() as conn:
        own = await strategies.create(conn, strategy(new_user))
        signal_id = await signals.insert(conn, signal(own))
        assert signal_id is not None
        await signals.claim_one(conn, signal_id)
        await signals.transition(conn, signal_id, "enter")
    async with database.user(new_user) as conn:
        decision = await signals.decide(conn, signal_id, approve=True)
    async with database.worker() as conn:
        await decisions.refuse(conn, decision.id, "daily loss reached")
        blocked = await signals.get(conn, signal_id)
        assert decision.id not in [row.id for row in await decisions.approved_without_order(conn, limit=1000)]
    assert (blocked.status, blocked.reason) == ("blocked", "daily loss reached")


async def test_bad_rows_have_names(database: Database, new_user: UUID) -> None:
    new = strategy(new_user)
    cases: list[tuple[type[StoreError], dict[str, object]]] = [
        (Duplicate, {}),
        (InvalidRow, {"code": "Not A Code"}),
    ]
    async with database.user(new_user) as conn:
        await strategies.create(conn, new)
    for kind, changes in cases:
        with pytest.raises(kind):
            async with database.user(new_user) as conn:
                await strategies.create(conn, new.model_copy(update=changes))
    with pytest.raises(NotAllowed):
        async with database.user(new_user) as conn:
            await strategies.upsert_built_in(conn, strategy())


async def test_many_workers_at_once_claim_a_candle_once(database: Database) -> None:
    shard = uuid4().int % 1_000_000 + 10

    async def tick(worker: str) -> UUID | None:
        async with database.worker() as conn:
            return await runs.claim(conn, "1m", CLOSE, shard, worker)

    claimed = await asyncio.gather(*(tick(f"w{number}") for number in range(8)))
    assert len([run_id for run_id in claimed if run_id is not None]) == 1


async def test_a_lost_transaction_keeps_nothing(database: Database, new_user: UUID) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user))

    class Killed(Exception):
        pass

    with pytest.raises(Killed):
        async with database.worker() as conn:
            await signals.insert(conn, signal(own))
            await strategies.advance_watermark(conn, {own.id: own.version}, CLOSE)
            raise Killed
    async with database.user(new_user) as conn:
        assert (await signals.list_page(conn, strategy_id=own.id)).items == []
        assert (await strategies.get(conn, own.id)).watermark is None
