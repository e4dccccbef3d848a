"""Trading on paper against a real database: entry, exits, refusals, and a kill at every step of an order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.times import at
from app.trading import Trader
from broker.types import Fill, OrderInDoubt, OrderIntent, OrderRejected, Quote, Refusal
from store import events, orders, positions, profiles
from store.session import Database
from tests.fixtures.entering import SETTINGS, approve, held, read, signal_to_enter, tick, trader
from tests.fixtures.fake_market import FakeMarket

FEE = SETTINGS.fee_bps / 10_000
SLIP = SETTINGS.slippage_bps / 10_000


class Killed(BaseException):
    """Stands for the end of the process."""


async def entered(database: Database, market: FakeMarket, owner: UUID, side: str = "long") -> tuple[Trader, UUID]:
    market.set_price("BTCUSDT", 100.0)
    signal_id = await signal_to_enter(database, owner, side=side)
    await approve(database, owner, signal_id)
    working = trader(database, market)
    await tick(working)
    return working, signal_id


async def assert_one_entry(database: Database, owner: UUID, signal_id: UUID) -> None:
    async with database.worker() as conn:
        sent = await orders.list_orders(conn, owner_id=owner)
        fills = await orders.executions(conn, owner_id=owner)
    assert [o.state for o in sent] == ["filled"]
    assert len(fills) == 1
    assert [p.state for p in await held(database, owner)] == ["open"]
    assert (await read(database, signal_id)).status == "in_position"


async def test_an_approval_becomes_a_position(database: Database, market: FakeMarket, new_user: UUID) -> None:
    working, signal_id = await entered(database, market, new_user)
    for _ in range(3):
        await tick(working)
    await assert_one_entry(database, new_user, signal_id)
    (position,) = await held(database, new_user)
    # Slippage and half the spread, against the one who trades at market.
    assert Decimal(100) * (1 + SLIP) <= position.entry_price <= Decimal("100.05")
    assert position.stop == 95
    assert position.fees == pytest.approx(position.entry_price * position.quantity * FEE)
    planned = position.quantity * (position.entry_price - 95)
    assert planned <= SETTINGS.paper_capital * SETTINGS.risk_per_trade
    async with database.worker() as conn:
        kinds = [e.kind for e in await events.list_events(conn, limit=10)]
    assert "TRADE_TRIGGER" in kinds
    assert "TRADE_EXECUTED" in kinds


async def test_a_fill_at_an_old_price_is_not_older_than_its_order(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    market.set_price("BTCUSDT", 100.0)
    signal_id = await signal_to_enter(database, new_user)
    await approve(database, new_user, signal_id)
    market.clock.now += 40_000
    working = trader(database, market)
    await tick(working)
    market.set_price("BTCUSDT", 94.0)
    market.clock.now += 40_000
    await tick(working)
    async with database.worker() as conn:
        lines = await events.list_events(conn, signal_id=signal_id)
        fills = await orders.executions(conn, owner_id=new_user)
    times = [e.detail["time"] for e in reversed(lines) if e.kind.startswith("TRADE_")]
    assert len(times) == 4
    assert times == sorted(times)
    assert max(f.executed_at for f in fills) == at(market.clock.now_ms())


@pytest.mark.parametrize(
    ("side", "price", "reason"),
    [("long", 94.0, "stop"), ("long", 111.0, "target"), ("short", 106.0, "stop"), ("short", 89.0, "target")],
)
async def test_stop_and_target_close_with_the_right_profit(
    database: Database, market: FakeMarket, new_user: UUID, side: str, price: float, reason: str
) -> None:
    working, signal_id = await entered(database, market, new_user, side)
    market.set_price("BTCUSDT", 101.0 if side == "long" else 99.0)
    await tick(working)
    assert [p.state for p in await held(database, new_user)] == ["open"]
    market.set_price("BTCUSDT", price)
    await tick(working)
    await tick(working)
    (position,) = await held(database, new_user)
    assert position.state == "closed"
    assert reason in (position.close_reason or "")
    async with database.worker() as conn:
        entry, out = sorted(await orders.executions(conn, owner_id=new_user), key=lambda e: e.executed_at)
        both = {e.side: e for e in (entry, out)}
    profit = position.quantity * (both["sell"].price - both["buy"].price) - entry.fee - out.fee
    assert position.realised_profit == pytest.approx(profit, abs=Decimal("0.0001"))
    assert position.fees == pytest.approx(entry.fee + out.fee)
    assert (profit > 0) == (reason == "target")
    assert (await read(database, signal_id)).status == "closed"


async def test_a_wish_to_close_is_carried_out(database: Database, market: FakeMarket, new_user: UUID) -> None:
    working, _ = await entered(database, market, new_user)
    (position,) = await held(database, new_user)
    async with database.user(new_user) as conn:
        await positions.request_close(conn, position.id)
    await tick(working)
    (position,) = await held(database, new_user)
    assert position.state == "closed"
    assert position.close_reason == "manual"


async def test_a_refused_exit_is_tried_again_less_and_less_often(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, signal_id = await entered(database, market, new_user)
    halted = True

    async def submit(intent: OrderIntent, quote: Quote) -> list[Fill]:
        if halted:
            raise OrderRejected([Refusal("halted", "Not sent: BTCUSDT is halted.")])
        return await fill(intent, quote)

    fill = working._broker.submit
    monkeypatch.setattr(working._broker, "submit", submit)
    market.set_price("BTCUSDT", 94.0)
    for _ in range(5):
        await tick(working)
    async with database.worker() as conn:
        sent = await orders.list_orders(conn, owner_id=new_user)
    assert [o.state for o in sent if o.purpose == "exit"] == ["rejected"]
    monkeypatch.setattr("app.trading.EXIT_PAUSE", timedelta())
    # More often than a list of orders is long: a night's halt.
    for _ in range(110):
        await working.watch()
    halted = False
    await tick(working)
    async with database.worker() as conn:
        sent = await orders.list_orders(conn, owner_id=new_user, limit=500)
    assert sorted(o.state for o in sent if o.purpose == "exit") == ["filled", *["rejected"] * 111]
    assert [p.state for p in await held(database, new_user)] == ["closed"]
    assert (await read(database, signal_id)).status == "closed"


async def test_a_second_signal_in_the_symbol_is_blocked(
    database: Database, market: FakeMarket, new_user: UUID, other_user: UUID
) -> None:
    working, _ = await entered(database, market, new_user)
    second = await signal_to_enter(database, new_user, minute=1)
    elsewhere = await signal_to_enter(database, other_user, minute=1)
    await approve(database, new_user, second)
    await approve(database, other_user, elsewhere)
    await tick(working)
    blocked = await read(database, second)
    assert blocked.status == "blocked"
    assert "BTCUSDT already has an open position" in (blocked.reason or "")
    async with database.worker() as conn:
        (event,) = await events.list_events(conn, signal_id=second)
    assert event.detail["symbol"] == "BTCUSDT"
    assert event.detail["time"] == at(market.clock.now_ms()).isoformat()
    assert len(await held(database, new_user)) == 1
    assert len(await held(database, other_user)) == 1


async def test_two_approvals_of_one_symbol_at_once_make_one_position(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    market.set_price("BTCUSDT", 100.0)
    both = [await signal_to_enter(database, new_user, minute=m) for m in (0, 1)]
    for signal_id in both:
        await approve(database, new_user, signal_id)
    working = trader(database, market)
    await tick(working)
    assert sorted([(await read(database, s)).status for s in both]) == ["blocked", "in_position"]
    assert len(await held(database, new_user)) == 1


async def test_the_kill_switch_blocks_entries_and_not_exits(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    working, _ = await entered(database, market, new_user)
    async with database.user(new_user) as conn:
        await profiles.set_kill_switch(conn, new_user, True)
    market.set_price("ETHUSDT", 100.0)
    second = await signal_to_enter(database, new_user, "ETHUSDT")
    await approve(database, new_user, second)
    market.set_price("BTCUSDT", 90.0)
    await tick(working)
    refused = await read(database, second)
    assert refused.status == "blocked"
    assert refused.reason
    assert [p.state for p in await held(database, new_user)] == ["closed"]


async def test_no_price_is_a_reason(database: Database, market: FakeMarket, new_user: UUID) -> None:
    signal_id = await signal_to_enter(database, new_user)
    market.prices.clear()
    await approve(database, new_user, signal_id)
    await tick(trader(database, market))
    assert "there is no price for BTCUSDT" in ((await read(database, signal_id)).reason or "")
    assert (await read(database, signal_id)).status == "blocked"


async def _killed(*_: Any, **__: Any) -> Any:
    raise Killed


ENTRY_KILLS = ["intent", "sent", "filled", "half booked"]


def kill_at(moment: str, working: Trader, patch: pytest.MonkeyPatch) -> None:
    """Let the process end at a step of an order."""
    if moment == "intent":
        patch.setattr(orders, "send", _killed)
        patch.setattr(orders, "transition", _killed)
    elif moment == "sent":
        patch.setattr(working._broker, "submit", _killed)
    elif moment == "filled":
        patch.setattr(orders, "record_fill", _killed)
    else:
        patch.setattr(events, "append", _killed)


@pytest.mark.parametrize("moment", ENTRY_KILLS)
async def test_a_kill_on_the_way_in_leaves_one_fill(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    market.set_price("BTCUSDT", 100.0)
    signal_id = await signal_to_enter(database, new_user)
    await approve(database, new_user, signal_id)
    first = trader(database, market)
    await first.enter_approved()
    with monkeypatch.context() as patch:
        kill_at(moment, first, patch)
        with pytest.raises(Killed):
            await first.resolve()
    market.set_price("BTCUSDT", 100.02)
    again = trader(database, market)
    await again.resolve()
    await tick(again)
    await assert_one_entry(database, new_user, signal_id)


@pytest.mark.parametrize("moment", ENTRY_KILLS)
async def test_a_kill_on_the_way_out_leaves_one_exit(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    first, signal_id = await entered(database, market, new_user)
    market.set_price("BTCUSDT", 94.0)
    with monkeypatch.context() as patch:
        kill_at(moment, first, patch)
        with pytest.raises(Killed):
            await first.watch()
    again = trader(database, market)
    await again.resolve()
    await tick(again)
    (position,) = await held(database, new_user)
    assert position.state == "closed"
    async with database.worker() as conn:
        fills = await orders.executions(conn, owner_id=new_user)
    assert sorted(f.side for f in fills) == ["buy", "sell"]
    assert (await read(database, signal_id)).status == "closed"


async def test_an_exit_in_doubt_keeps_why_it_was_sent(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue's answers are lost again and again, the last after it had sold: the position is closed at its stop."""
    working, _ = await entered(database, market, new_user)
    submit = working._broker.submit
    sold = False

    async def lost(intent: OrderIntent, quote: Quote) -> list[Fill]:
        if sold:
            await submit(intent, quote)
        raise OrderInDoubt("no answer")

    monkeypatch.setattr(working._broker, "submit", lost)
    market.set_price("BTCUSDT", 94.0)
    await working.watch()
    for _ in range(2):
        await working.resolve()
        async with database.worker() as conn:
            [order] = [o for o in await orders.list_orders(conn, owner_id=new_user) if o.purpose == "exit"]
        assert (order.state, order.reason) == ("unknown", "stop")
    sold = True
    await working.resolve()
    await working.resolve()
    [position] = await held(database, new_user)
    assert (position.state, position.close_reason) == ("closed", "stop")


async def test_what_fails_keeps_no_other_waiting(
    database: Database,
    market: FakeMarket,
    new_user: UUID,
    other_user: UUID,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    working, _ = await entered(database, market, new_user)
    broken = await signal_to_enter(database, other_user)
    await approve(database, other_user, broken)

    def unforeseen(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.entering.unfit", unforeseen)
    market.set_price("BTCUSDT", 94.0)
    await tick(working)
    (position,) = await held(database, new_user)
    assert (position.state, position.close_reason) == ("closed", "stop")
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    market.set_price("BTCUSDT", 100.0)
    await tick(working)
    assert [p.state for p in await held(database, other_user)] == ["open"]
