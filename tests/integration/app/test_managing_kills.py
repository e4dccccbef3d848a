"""Decisions on positions are carried out once, whatever is killed when, and beside exits that are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest

from app.jobs import Jobs
from app.worker import Worker
from broker.types import Fill
from store import analyses, events, orders, positions
from store.session import Database
from tests.fixtures.fake_market import FakeMarket
from tests.fixtures.held_position import SYMBOL, Bench, Killed, Model


@pytest.fixture
def bench(database: Database, market: FakeMarket, new_user: UUID) -> Bench:
    return Bench(database, new_user, market)


async def _killed(*_: Any, **__: Any) -> Any:
    raise Killed


KILLS = {
    "decision": (analyses, "insert_once"),
    "thesis": (positions, "keep_thesis"),
    "intent": (orders, "create_intent"),
    "logged": (events, "append"),
}


@pytest.mark.parametrize("moment", sorted(KILLS))
async def test_a_kill_while_deciding_leaves_nothing_half_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    bench.model = Model({"decision": "reduce", "reduce_fraction": 0.25, "stop": 97.0})
    bench.restart()
    opened = await bench.enter()
    bench.model.answers[0]["stop"] = float(opened.stop or 0) * 1.005  # type: ignore[index]
    await bench.close()
    with monkeypatch.context() as patch:
        patch.setattr(*KILLS[moment], _killed)
        with pytest.raises(Killed):
            await bench.manage()
    assert await bench.decisions() == []
    assert (await bench.position()).stop == opened.stop
    assert len(await bench.orders()) == 1
    bench.restart()
    for _ in range(2):
        await bench.manage()
        await bench.tick()
    assert [d.decision for d in await bench.decisions()] == ["reduce"]
    assert [o.state for o in await bench.orders()] == ["filled", "filled"]
    held = await bench.position()
    assert held.stop is not None
    assert opened.stop is not None
    assert held.stop > opened.stop
    assert held.quantity == pytest.approx(opened.quantity * Decimal("0.75"), abs=Decimal("0.0001"))


@pytest.mark.parametrize("moment", ["intent", "sent", "filled", "half booked"])
async def test_a_kill_while_a_part_is_sold_sells_it_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    bench.model = Model({"decision": "reduce", "reduce_fraction": 0.5})
    bench.restart()
    opened = await bench.enter()
    await bench.close()
    await bench.manage()
    where = {
        "intent": (orders, "transition"),
        "sent": (bench.trader._broker, "submit"),
        "filled": (orders, "record_fill"),
        "half booked": (events, "append"),
    }[moment]
    with monkeypatch.context() as patch:
        patch.setattr(*where, _killed)
        with pytest.raises(Killed):
            await bench.trader.resolve()
    bench.restart()
    for _ in range(3):
        await bench.tick()
    assert [(o.purpose, o.state) for o in await bench.orders()] == [("entry", "filled"), ("reduce", "filled")]
    async with bench.database.worker() as conn:
        fills: Sequence[Any] = await orders.executions(conn, owner_id=bench.owner)
    assert sorted(f.side for f in fills) == ["buy", "sell"]
    held = await bench.position()
    assert held.state == "open"
    assert held.quantity == opened.quantity - next(f.quantity for f in fills if f.side == "sell")


async def test_the_stop_is_reached_before_a_part_was_sent(bench: Bench) -> None:
    bench.model = Model({"decision": "reduce", "reduce_fraction": 0.5})
    bench.restart()
    opened = await bench.enter()
    await bench.close()
    await bench.manage()
    bench.market.set_price(SYMBOL, float(opened.stop or 0) * 0.98)
    await bench.trader.watch()
    await bench.tick()
    assert [(o.purpose, o.state) for o in await bench.orders()] == [
        ("entry", "filled"),
        ("reduce", "cancelled"),
        ("exit", "filled"),
    ]
    closed = await bench.position()
    assert (closed.state, closed.close_reason) == ("closed", "stop")
    async with bench.database.worker() as conn:
        fills = await orders.executions(conn, owner_id=bench.owner)
    assert sum(f.quantity for f in fills if f.side == "sell") == opened.quantity


async def test_an_exit_waits_for_a_part_under_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.model = Model({"decision": "reduce", "reduce_fraction": 0.5})
    bench.restart()
    opened = await bench.enter()
    await bench.close()
    await bench.manage()

    async def never(*_: Any) -> list[Fill]:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(bench.trader._broker, "submit", never)
        with pytest.raises(Killed):
            await bench.trader.resolve()
    bench.market.set_price(SYMBOL, float(opened.stop or 0) * 0.98)
    await bench.trader.watch()
    assert [(o.purpose, o.state) for o in await bench.orders()] == [("entry", "filled"), ("reduce", "sent")]
    bench.restart()
    await bench.tick()
    await bench.tick()
    closed = await bench.position()
    assert closed.state == "closed"
    async with bench.database.worker() as conn:
        fills = await orders.executions(conn, owner_id=bench.owner)
    assert sum(f.quantity for f in fills if f.side == "sell") == opened.quantity


async def test_the_queue_looks_decides_and_a_dead_workers_job_is_done_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the close to the order, by jobs; the first worker ends while it decides."""
    bench.model = Model({"decision": "reduce", "reduce_fraction": 0.5})
    bench.restart()
    await bench.enter(settings={"recheck": 1})
    bench.market.advance()
    await bench.manager.holdings.told("1m", bench.market.newest_close)
    deciding = asyncio.Event()

    async def hangs(*_: Any) -> Any:
        deciding.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(bench.manager, "_carry_out", hangs)
        first = asyncio.create_task(Jobs(bench.database.dsn, cast(Worker, bench)).run())
        await asyncio.wait_for(deciding.wait(), 30)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert await bench.decisions() == []
    bench.restart()
    second = asyncio.create_task(Jobs(bench.database.dsn, cast(Worker, bench)).run())
    try:
        async with asyncio.timeout(30):
            while not await bench.decisions():
                await asyncio.sleep(0.05)
    finally:
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
    await bench.tick()
    await bench.tick()
    assert [d.decision for d in await bench.decisions()] == ["reduce"]
    assert [(o.purpose, o.state) for o in await bench.orders()] == [("entry", "filled"), ("reduce", "filled")]
