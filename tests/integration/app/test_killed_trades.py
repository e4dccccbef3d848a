"""Kills, doubts and refusals at random while positions are entered and closed: no order twice, no position unknown, and
the money adds up."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app import fills, intents
from app.account import read_account
from app.trading import Trader
from broker.matching import Costs, match_market
from broker.rules import SymbolRules
from broker.types import Fill, OrderInDoubt, OrderIntent, OrderRejected, OrderReport, OrderState, Quote, Refusal
from store import decisions, events, orders, positions, profiles
from store.errors import StoreError
from store.session import Database
from tests.fixtures.entering import SETTINGS, approve, signal_to_enter, tick
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.fixtures.held_position import Killed

STEPS, SOME, MOST_TICKS = 12, 0.06, 12
KILLED_IN = (
    (orders, "create_intent"),
    (orders, "transition"),
    (orders, "send"),
    (orders, "record_fill"),
    (orders, "attach_position"),
    (positions, "open_position"),
    (positions, "close_position"),
    (decisions, "follow"),
    (events, "append"),
    (intents, "log_record"),
    (fills, "log_record"),
)


class Venue:
    """A venue that outlives the worker, executes an order once, and whose answers get lost."""

    venue = "paper"

    def __init__(self, market: FakeMarket, chance: random.Random) -> None:
        self.market, self.chance = market, chance
        self.costs = Costs(fee_bps=SETTINGS.fee_bps, slippage_bps=SETTINGS.slippage_bps)
        self.fills: dict[str, list[Fill]] = {}
        self.calm = False
        self.happened: Counter[str] = Counter()

    def _happens(self, what: str) -> bool:
        happens = not self.calm and self.chance.random() < 2 * SOME
        self.happened[what] += happens
        return happens

    async def submit(self, intent: OrderIntent, quote: Quote) -> list[Fill]:
        if self._happens("killed before it was sent"):
            raise Killed
        if self._happens("lost before"):
            raise OrderInDoubt("no answer")
        known = self.fills.get(intent.client_order_id)
        if known is None and self._happens("refused"):
            raise OrderRejected([Refusal("venue", "Not sent: the venue is closed.")])
        if known is None:
            rules = SymbolRules.of(self.market.infos[intent.symbol])
            known = match_market(intent, quote, self.costs, rules, self.venue)
            self.fills[intent.client_order_id] = known
        if self._happens("killed after it was executed"):
            raise Killed
        if self._happens("lost after"):
            raise OrderInDoubt("no answer")
        return list(known)

    async def query(self, client_order_id: str) -> OrderReport | None:
        if self._happens("query lost"):
            raise OrderInDoubt("no answer")
        known = self.fills.get(client_order_id)
        return OrderReport(client_order_id, OrderState.FILLED, tuple(known)) if known else None


@contextmanager
def killing(chance: random.Random, venue: Venue) -> Iterator[None]:
    """Every write of trading may be the last of its process."""

    def deadly(write: Callable[..., Any], name: str) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            after = chance.random() < 0.5
            if chance.random() >= SOME:
                return await write(*args, **kwargs)
            venue.happened[f"killed in {name}"] += 1
            if after:
                await write(*args, **kwargs)
            raise Killed

        return call

    with pytest.MonkeyPatch.context() as patch:
        for module, name in KILLED_IN:
            patch.setattr(module, name, deadly(getattr(module, name), name))
        yield


async def day(database: Database, market: FakeMarket, people: list[UUID], seed: int, steps: int) -> Venue:
    """Trade, be killed and start again; in the end all is calm, and every position is closed."""
    chance = random.Random(seed)
    venue = Venue(market, chance)
    for symbol in SYMBOLS:
        market.set_price(symbol, 100.0)
    working = Trader(database, market, venue, SETTINGS)
    for _ in range(steps):
        for symbol in SYMBOLS:
            market.set_price(symbol, round(market.prices[symbol].price * chance.uniform(0.985, 1.015), 4))
        with suppress(StoreError):
            await act(database, market, people, chance)
        try:
            with killing(chance, venue):
                await tick(working)
        except Killed:
            working = Trader(database, market, venue, SETTINGS)
    venue.calm = True
    await settle(database, market, working)
    return venue


async def act(database: Database, market: FakeMarket, people: list[UUID], chance: random.Random) -> None:
    """Somebody approves an entry, closes a position, or pauses."""
    person, symbol = chance.choice(people), chance.choice(SYMBOLS)
    if chance.random() < 0.8:
        market.set_price(symbol, 100.0)
        side = chance.choice(["long", "short"])
        await approve(database, person, await signal_to_enter(database, person, symbol, side))
    async with database.worker() as conn:
        held = await positions.list_positions(conn, owner_id=person, state="open")
    async with database.user(person) as conn:
        if held and chance.random() < 0.2:
            await positions.request_close(conn, chance.choice(held).id)
        await profiles.set_kill_switch(conn, person, chance.random() < 0.05)


async def settle(database: Database, market: FakeMarket, working: Trader) -> None:
    for number in range(MOST_TICKS):
        await tick(working)
        async with database.worker() as conn:
            if number > 2:
                for row in await positions.all_open(conn):
                    await positions.ask_close(conn, row.id, "manual")
            if number > 3 and not await positions.all_open(conn) and not await orders.unfinished(conn):
                return


async def assert_adds_up(database: Database, market: FakeMarket, people: list[UUID], venue: Venue) -> int:
    """Hold what is stored against the venue's own record; returns how many positions there were."""
    count = 0
    stored: list[str] = []
    for person in people:
        async with database.worker() as conn:
            own = await orders.list_orders(conn, owner_id=person, limit=1000)
            executed = await orders.executions(conn, owner_id=person, limit=1000)
            held = await positions.list_positions(conn, owner_id=person, limit=1000)
            account = await read_account(conn, person, SETTINGS, {}, market.clock.now_ms())
        stored += [e.trade_id for e in executed]
        ended = {"filled", "cancelled", "rejected", "expired"}
        assert [o.state for o in own if o.state not in ended] == []
        assert [o.id for o in own if o.state != "filled" and not o.reason] == []
        entered = Counter(o.signal_id for o in own if o.purpose == "entry")
        assert [signal for signal, times in entered.items() if times > 1] == []
        filled = {o.id: o for o in own if o.state == "filled"}
        assert Counter(e.order_id for e in executed) == Counter(filled.keys())
        assert {o.position_id for o in filled.values()} == {p.id for p in held}
        assert [p.id for p in held if p.state != "closed"] == []
        for position in held:
            mine = [(filled[e.order_id].purpose, e) for e in executed if filled[e.order_id].position_id == position.id]
            assert sorted(purpose for purpose, _ in mine) == ["entry", "exit"]
            assert len({e.quantity for _, e in mine}) == 1
        flow = sum((e.price * e.quantity * (1 if e.side == "sell" else -1) - e.fee for e in executed), Decimal(0))
        assert account.free == account.equity
        assert round(account.free, 2) == round(SETTINGS.paper_capital + flow, 2)
        assert abs(account.free - SETTINGS.paper_capital - flow) < Decimal("0.000001")
        count += len(held)
    assert sorted(stored) == sorted(f.trade_id for made in venue.fills.values() for f in made)
    return count


@pytest.mark.parametrize("seed", [1])
async def test_whatever_is_killed_or_lost_the_money_adds_up(
    database: Database,
    market: FakeMarket,
    new_user: UUID,
    other_user: UUID,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A refused exit is tried again after a pause of the world's time, which no seed knows.
    monkeypatch.setattr("app.trading.EXIT_PAUSE", timedelta())
    people = [new_user, other_user]
    venue = await day(database, market, people, seed, STEPS)
    traded = await assert_adds_up(database, market, people, venue)
    assert traded >= 3 and venue.happened.total() >= 5, venue.happened
