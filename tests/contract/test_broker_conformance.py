"""What every broker must do, run on each implementation.

A venue joins by adding its name to `VENUES` and a builder to `BUILDERS`. The builder returns a `Bench`: the
broker, a quote near the venue's price, and a way to build the broker anew over the same venue, as after a
restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid5

import pytest

from broker import (
    Broker,
    Costs,
    Fill,
    OrderIntent,
    OrderRejected,
    OrderState,
    PaperBroker,
    Purpose,
    Quote,
    Side,
    SymbolRules,
    client_order_id,
)

D = Decimal
SPACE = UUID(int=7)
RULES = SymbolRules("ETHUSDT", "ETH", "USDT", D("0.01"), D("0.0001"), D("0.0001"), D("5"))
VENUES = ("paper",)


@dataclass
class Bench:
    """A broker under test, and what the suite needs around it."""

    broker: Broker
    quote: Quote
    restarted: Callable[[], Broker]
    store: Callable[[Sequence[Fill]], None]


def _paper() -> Bench:
    stored: dict[str, list[Fill]] = {}

    async def lookup(order_id: str) -> Sequence[Fill]:
        return stored.get(order_id, [])

    def store(fills: Sequence[Fill]) -> None:
        for fill in fills:
            stored.setdefault(fill.client_order_id, []).append(fill)

    def build() -> PaperBroker:
        return PaperBroker({"ETHUSDT": RULES}.get, Costs(), lookup)

    return Bench(build(), Quote.of("ETHUSDT", "3000", 1_000), build, store)


BUILDERS: dict[str, Callable[[], Bench]] = {"paper": _paper}


@pytest.fixture(params=VENUES)
def bench(request: pytest.FixtureRequest) -> Bench:
    return BUILDERS[request.param]()


def intent(name: str, side: Side = Side.BUY, quantity: str = "0.5", symbol: str = "ETHUSDT") -> OrderIntent:
    return OrderIntent(uuid5(SPACE, name), symbol, side, D(quantity), D("3000"), Purpose.ENTRY, 1_000)


@pytest.mark.parametrize("side", Side)
async def test_a_market_order_fills_in_full_and_names_its_intent(bench: Bench, side: Side) -> None:
    order = intent(f"full {side}", side)
    fills = await bench.broker.submit(order, bench.quote)
    assert sum(f.quantity for f in fills) == order.quantity
    assert len({f.trade_id for f in fills}) == len(fills)
    for fill in fills:
        assert fill.venue == bench.broker.venue
        assert fill.client_order_id == order.client_order_id
        assert (fill.symbol, fill.side, fill.trigger_price) == (order.symbol, side, order.trigger_price)
        assert fill.fee >= 0
        assert fill.fee_asset
        assert fill.price % RULES.tick_size == 0


async def test_submitting_again_trades_once(bench: Bench) -> None:
    order = intent("again")
    first = await bench.broker.submit(order, bench.quote)
    later = Quote.of("ETHUSDT", "3500", 9_000)
    assert await bench.broker.submit(order, later) == first


async def test_submitting_at_the_same_time_trades_once(bench: Bench) -> None:
    order = intent("together")
    answers = await asyncio.gather(*(bench.broker.submit(order, bench.quote) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)


async def test_submitting_after_a_restart_trades_once(bench: Bench) -> None:
    order = intent("restart")
    first = await bench.broker.submit(order, bench.quote)
    bench.store(first)
    again = bench.restarted()
    assert await again.submit(order, Quote.of("ETHUSDT", "2500", 9_000)) == first
    report = await again.query(order.client_order_id)
    assert report is not None
    assert list(report.fills) == first


async def test_two_intents_are_two_trades(bench: Bench) -> None:
    first = await bench.broker.submit(intent("one"), bench.quote)
    second = await bench.broker.submit(intent("two"), bench.quote)
    assert not {f.trade_id for f in first} & {f.trade_id for f in second}


async def test_a_query_tells_what_happened(bench: Bench) -> None:
    order = intent("query")
    fills = await bench.broker.submit(order, bench.quote)
    report = await bench.broker.query(order.client_order_id)
    assert report is not None
    assert report.state is OrderState.FILLED
    assert report.filled_quantity == order.quantity
    assert list(report.fills) == fills


async def test_a_query_for_an_order_never_sent_finds_nothing(bench: Bench) -> None:
    assert await bench.broker.query(client_order_id(uuid5(SPACE, "never"))) is None


@pytest.mark.parametrize(
    ("quantity", "symbol", "code"),
    [
        ("0.00001", "ETHUSDT", "min_quantity"),
        ("0.00015", "ETHUSDT", "lot_size"),
        ("0.001", "ETHUSDT", "min_notional"),
        ("1", "NOSUCHUSDT", "unknown_symbol"),
    ],
)
async def test_an_order_against_the_rules_is_rejected_and_leaves_nothing(
    bench: Bench, quantity: str, symbol: str, code: str
) -> None:
    order = intent(f"reject {code}", quantity=quantity, symbol=symbol)
    with pytest.raises(OrderRejected) as caught:
        await bench.broker.submit(order, bench.quote)
    assert code in [r.code for r in caught.value.refusals]
    assert await bench.broker.query(order.client_order_id) is None
