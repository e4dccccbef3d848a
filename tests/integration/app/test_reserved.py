"""What an entry may cost is set aside with its intent: two at the same moment never spend the same money."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app import entering
from app.account import Account, read_account
from app.bootstrap import paper_broker
from app.settings import Settings
from app.trading import Trader
from broker.types import Fill, OrderInDoubt, OrderIntent, OrderReport, Quote
from store import decisions, orders, profiles, signals
from store.records import SignalDecision
from store.session import Database
from store.trading_records import Order
from tests.fixtures.entering import SETTINGS, approve, held, read, signal_to_enter, tick, trader
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.integration.store.factories import fill

BTC, ETH, SOL = SYMBOLS[:3]
# What may be lost sets no size here, so that capital does.
BOLD = Settings(_env_file=None, risk_per_trade=Decimal(1), max_positions=3)


def bold(database: Database, market: FakeMarket, settings: Settings = BOLD) -> Trader:
    return Trader(database, market, paper_broker(settings, database, market.infos), settings)


async def account(database: Database, market: FakeMarket, owner: UUID, settings: Settings = BOLD) -> Account:
    marks = {s: Decimal(repr(p.price)) for s, p in market.prices.items()}
    async with database.worker() as conn:
        return await read_account(conn, owner, settings, marks, market.clock.now_ms())


async def entries(database: Database, owner: UUID) -> list[Order]:
    """Oldest first."""
    async with database.worker() as conn:
        return [o for o in reversed(await orders.list_orders(conn, owner_id=owner)) if o.purpose == "entry"]


async def approved(database: Database, market: FakeMarket, owner: UUID, symbols: Sequence[str]) -> list[UUID]:
    ids = []
    for symbol in symbols:
        market.set_price(symbol, 100.0)
        ids.append(await signal_to_enter(database, owner, symbol))
        await approve(database, owner, ids[-1])
    return ids


async def answered(database: Database, signal_id: UUID, owner: UUID) -> SignalDecision:
    async with database.worker() as conn:
        found = await signals.answer(conn, signal_id, owner)
    assert found is not None
    return found


async def test_two_approvals_at_once_spend_no_more_than_is_free(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    """An open profit makes the account worth more than the money that is left: a third of it, twice, is too much."""
    working = bold(database, market)
    await approved(database, market, new_user, [BTC])
    await tick(working)
    market.set_price(BTC, 109.0)
    before = await account(database, market, new_user)
    assert 2 * before.equity / 3 > before.free > 0
    await approved(database, market, new_user, [ETH, SOL])
    await working.enter_approved()
    pending = (await entries(database, new_user))[1:]
    between = await account(database, market, new_user)
    assert len(pending) == 2 and all(o.state == "intent" and o.reserved > 0 for o in pending)
    assert between.free == before.free - sum(o.reserved for o in pending) >= 0
    assert between.pending == (ETH, SOL)
    await working.resolve()
    after = await account(database, market, new_user)
    assert {p.symbol for p in await held(database, new_user)} == {BTC, ETH, SOL}
    # What was reserved is what it cost, at the price that it was reserved at.
    assert after.pending == () and after.free == pytest.approx(between.free, abs=Decimal("1e-6"))
    assert after.free >= 0


async def test_two_workers_at_once_keep_to_the_most_positions(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Settings(_env_file=None, max_positions=1)
    ids = await approved(database, market, new_user, [BTC, ETH])

    async def slowly(*args: Any, **named: Any) -> Account:
        read = await read_account(*args, **named)
        # Time for another worker to read the same.
        await asyncio.sleep(0.1)
        return read

    monkeypatch.setattr(entering, "read_account", slowly)
    workers = [bold(database, market, one)._entering for _ in ids]
    told = [await answered(database, signal_id, new_user) for signal_id in ids]
    await asyncio.gather(*(worker.enter(decision) for worker, decision in zip(workers, told, strict=True)))
    assert len(await entries(database, new_user)) == 1
    refusals = [(await answered(database, signal_id, new_user)).refusal for signal_id in ids]
    assert sorted(map(str, refusals)) == ["None", "Not sent: 1 position is open, and your limit is 1."]


async def test_a_worker_that_comes_second_refuses_nothing(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    """Both read the same list of approvals; the first has written the intent when the second looks."""
    [signal_id] = await approved(database, market, new_user, [BTC])
    async with database.worker() as conn:
        [decision] = await decisions.approved_without_order(conn)
    for _ in range(2):
        await bold(database, market)._entering.enter(decision)
    assert len(await entries(database, new_user)) == 1
    assert (await answered(database, signal_id, new_user)).refusal is None
    assert (await read(database, signal_id)).status == "ordered"


@pytest.mark.parametrize("end", ["cancelled", "expired", "rejected"])
async def test_an_order_that_ends_gives_back_what_it_reserved(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    working = bold(database, market)
    await approved(database, market, new_user, [BTC])
    before = await account(database, market, new_user)
    await working.enter_approved()
    assert (await account(database, market, new_user)).free < before.free == BOLD.paper_capital
    if end == "cancelled":
        async with database.user(new_user) as conn:
            await profiles.set_kill_switch(conn, new_user, True)
    elif end == "expired":
        monkeypatch.setattr("app.trading.ENTRY_DEADLINE", timedelta())
    else:
        monkeypatch.setattr(working._broker, "_rules", lambda symbol: None)
    await working.resolve()
    assert [o.state for o in await entries(database, new_user)] == [end]
    assert (await account(database, market, new_user)).free == before.free


async def test_an_order_in_doubt_keeps_what_it_reserved(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = bold(database, market)
    await approved(database, market, new_user, [BTC])

    async def doubtful(*_: object) -> list[Fill]:
        raise OrderInDoubt("no answer")

    async def silent(client_order_id: str) -> OrderReport | None:
        raise OrderInDoubt("no answer")

    await working.enter_approved()
    monkeypatch.setattr(working._broker, "submit", doubtful)
    monkeypatch.setattr(working._broker, "query", silent)
    for _ in range(3):
        await working.resolve()
        [order] = await entries(database, new_user)
        assert order.state == "unknown"
        assert (await account(database, market, new_user)).free == BOLD.paper_capital - order.reserved


async def test_a_part_that_was_filled_is_reserved_no_more(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    await approved(database, market, new_user, [BTC])
    await bold(database, market).enter_approved()
    [order] = await entries(database, new_user)
    async with database.worker() as conn:
        await orders.transition(conn, order.id, "sent")
        await orders.record_fill(conn, fill(order, "100", str(order.quantity / 4)))
    [order] = await entries(database, new_user)
    assert order.state == "partially_filled" and order.held == order.reserved * 3 / 4
    assert (await account(database, market, new_user)).free == BOLD.paper_capital - order.held


async def test_an_intent_shrinks_with_the_risk_that_the_price_now_means(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    """It was made at 100 with the stop at 95; at 101 the same quantity would lose a fifth more."""
    await approved(database, market, new_user, [BTC])
    working = trader(database, market)
    await working.enter_approved()
    [intent] = await entries(database, new_user)
    market.set_price(BTC, 101.0)
    await working.resolve()
    [sent] = await entries(database, new_user)
    [position] = await held(database, new_user)
    assert sent.state == "filled" and sent.filled_quantity == sent.quantity == position.quantity < intent.quantity
    lost = position.quantity * (position.entry_price - 95) + 2 * position.fees
    assert lost <= SETTINGS.paper_capital * SETTINGS.risk_per_trade * Decimal("1.001")


async def test_an_intent_never_grows_and_one_that_may_have_been_sent_keeps_its_size(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await approved(database, market, new_user, [BTC, ETH])
    working = trader(database, market)
    await working.enter_approved()
    first, second = await entries(database, new_user)
    async with database.worker() as conn:
        await orders.transition(conn, second.id, "sent")
    market.set_price(BTC, 99.0)
    market.set_price(ETH, 100.02)
    asked: list[OrderIntent] = []
    submit = working._broker.submit

    async def seen(intent: OrderIntent, quote: Quote) -> list[Fill]:
        asked.append(intent)
        return await submit(intent, quote)

    monkeypatch.setattr(working._broker, "submit", seen)
    await working.resolve()
    assert [(i.symbol, i.quantity) for i in asked] == [(BTC, first.quantity), (ETH, second.quantity)]


@pytest.mark.parametrize("changed", ["price", "balance"])
async def test_one_that_may_have_been_sent_is_not_sent_again_in_a_size_it_may_not_have_now(
    database: Database, market: FakeMarket, new_user: UUID, changed: str
) -> None:
    """At 101 the stop at 95 would cost a fifth more than may be lost; so it would with a fifth of the money gone."""
    [signal_id] = await approved(database, market, new_user, [BTC])
    await trader(database, market).enter_approved()
    [order] = await entries(database, new_user)
    async with database.worker() as conn:
        await orders.transition(conn, order.id, "sent")
    poorer = Settings(_env_file=None, paper_capital=Decimal(8_000))
    if changed == "price":
        market.set_price(BTC, 101.0)
    working = bold(database, market, poorer if changed == "balance" else SETTINGS)
    await working.resolve()
    [order] = await entries(database, new_user)
    assert order.state == "cancelled" and await held(database, new_user) == []
    answer = await answered(database, signal_id, new_user)
    assert answer.refusal == order.reason
    assert f"Not sent again: {order.quantity.normalize():f} BTC was ordered" in (order.reason or "")
    assert (await account(database, market, new_user, SETTINGS)).free == SETTINGS.paper_capital


async def test_one_that_may_have_been_sent_is_not_sent_again_for_more_than_is_free(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    all_in = Settings(_env_file=None, risk_per_trade=Decimal(1), max_positions=1)
    await approved(database, market, new_user, [BTC])
    working = bold(database, market, all_in)
    await working.enter_approved()
    [order] = await entries(database, new_user)
    async with database.worker() as conn:
        await orders.transition(conn, order.id, "sent")
    market.set_price(BTC, 102.0)
    await working.resolve()
    [order] = await entries(database, new_user)
    assert order.state == "cancelled" and "it needs 10,2" in (order.reason or "")
