"""What follows from a fill follows once, however many workers report it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from broker.types import Fill, OrderIntent
from store import events, orders
from store.session import Database
from store.trading_records import Order
from tests.fixtures.fake_market import FakeMarket
from tests.fixtures.held_position import Bench, Model


async def test_two_workers_that_overlap_book_a_sold_part_once(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    """The former worker got the fill and stands still; the new one finds the order sent, and asks for it."""
    bench = Bench(database, new_user, market, Model({"decision": "reduce", "reduce_fraction": 0.3}))
    opened = await bench.enter()
    await bench.manage()
    former = bench.trader
    bench.restart()
    got, go_on = asyncio.Event(), asyncio.Event()
    book = former._filled

    async def stands_still(order: Order, intent: OrderIntent, fills: Sequence[Fill]) -> None:
        got.set()
        await go_on.wait()
        await book(order, intent, fills)

    former._filled = stands_still  # type: ignore[method-assign]
    task = asyncio.create_task(former.resolve())
    await got.wait()
    await bench.trader.resolve()
    once = await bench.position()
    go_on.set()
    await task
    twice = await bench.position()
    async with database.worker() as conn:
        fills = await orders.executions(conn, owner_id=new_user)
        lines = await events.list_events(conn, limit=20)
    sold = [f.quantity for f in fills if f.side == "sell"]
    assert len(sold) == 1 and once.quantity == opened.quantity - sold[0]
    assert (twice.quantity, twice.realised_profit, twice.fees) == (once.quantity, once.realised_profit, once.fees)
    assert [e.kind for e in lines if e.position_id == opened.id].count("TRADE_EXECUTED") == 2
