"""The rules of the account's orders, whatever is ordered and whatever the market does."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simexchange.errors import ExchangeError
from simexchange.spot.engine import COMMISSION
from simexchange.trading.orders import BUY, PRICED, SELL, STOPS, Order, OrderList
from tests.fixtures.scripted_market import PRICE, START, Step, World, order

TICKS = st.integers(PRICE - 300, PRICE + 300)
STEPS = st.dictionaries(
    st.integers(0, 1500),
    st.tuples(TICKS, TICKS, TICKS, TICKS, st.integers(0, 900), st.integers(0, 900)).map(
        lambda six: (six[0], max(six[:4]), min(six[:4]), six[3], six[4], six[5])
    ),
    max_size=25,
)
PRICES = st.integers(PRICE - 250, PRICE + 250).map(lambda ticks: Decimal(ticks).scaleb(-2))
ORDERS = st.tuples(
    st.sampled_from((BUY, SELL)),
    st.sampled_from(("LIMIT", "MARKET", "LIMIT_MAKER", *STOPS)),
    st.sampled_from(("GTC", "GTC", "IOC", "FOK")),
    st.integers(1, 60_000).map(lambda lots: Decimal(lots).scaleb(-5)),
    PRICES,
    PRICES,
    st.none() | st.integers(10, 300),
)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("go"), st.integers(1, 300)),
        st.tuples(st.just("place"), ORDERS),
        st.tuples(st.just("cancel"), st.integers(0, 20)),
        st.tuples(
            st.just("oco"), st.tuples(st.booleans(), st.integers(1, 30_000), st.integers(1, 200), st.integers(1, 200))
        ),
    ),
    max_size=25,
)


def act(world: World, actions: Sequence[tuple[str, Any]], stride: int | None = None) -> list[Order]:
    """Carry actions out; time passes in strides of so many seconds."""
    made: list[Order] = []
    for name, what in actions:
        if name == "go":
            left = what
            while left:
                part = min(left, stride or left)
                world.go(part)
                left -= part
        elif name == "cancel":
            openly = [one for one in made if one.open]
            if openly:
                chosen = openly[what % len(openly)]
                if chosen.group is not None:
                    world.lists.cancel(chosen.group, None)
                else:
                    world.engine.cancel(chosen, None)
                    world.engine.flush()
        elif name == "oco":
            made += place_oco(world, *what)
        else:
            side, kind, tif, quantity, price, stop, trailing = what
            one = order(world, side, kind, str(quantity), tif=tif if kind in ("LIMIT", "STOP_LOSS_LIMIT") else "GTC")
            one.price = price if kind in PRICED else Decimal(0)
            one.trailing = trailing if kind in STOPS else None
            one.stop = stop if kind in STOPS and trailing is None else Decimal(0)
            try:
                world.engine.check(one)
            except ExchangeError as error:
                assert error.code == -2010
                continue
            world.engine.place(one)
            made.append(one)
        check_rules(world, made)
    return made


def place_oco(world: World, sells: bool, lots: int, up: int, down: int) -> list[Order]:
    last = world.engine.last(0)
    over, under = last + Decimal(up).scaleb(-2), last - Decimal(down).scaleb(-2)
    quantity = str(Decimal(lots).scaleb(-5))
    if sells:
        pair = [
            order(world, SELL, "LIMIT_MAKER", quantity, price=over),
            order(world, SELL, "STOP_LOSS", quantity, stop=under),
        ]
    else:
        pair = [
            order(world, BUY, "STOP_LOSS_LIMIT", quantity, stop=over, price=over + 1),
            order(world, BUY, "LIMIT_MAKER", quantity, price=under),
        ]
    group = OrderList(0, 0, world.engine.ids.name(), "OCO", world.engine.now_ms, pair)
    try:
        for one in pair:
            world.engine.check(one)
        world.lists.check_pair(pair)
        world.lists.place(group, pair)
    except ExchangeError as error:
        assert error.code == -2010
        return []
    return pair


def check_rules(world: World, made: list[Order]) -> None:
    held: dict[str, Decimal] = {}
    for hold in {id(one.hold): one.hold for one in made if one.open and one.hold is not None}.values():
        held[hold.asset] = held.get(hold.asset, Decimal(0)) + hold.amount
    for asset, (free, locked) in world.balances().items():
        assert free >= 0 and locked == held.get(asset, Decimal(0))
    trades = [(one, trade) for one in made for trade in one.trades]
    sign = {BUY: 1, SELL: -1}
    paid = {
        asset: sum((trade.commission for _, trade in trades if trade.asset == asset), Decimal(0))
        for asset in ("BTC", "USDT")
    }
    totals = {asset: sum(both) for asset, both in world.balances().items()}
    assert totals["BTC"] == 1 + sum(sign[one.side] * trade.quantity for one, trade in trades) - paid["BTC"]
    assert totals["USDT"] == 10_000 - sum(sign[one.side] * trade.quote for one, trade in trades) - paid["USDT"]
    for one in made:
        assert one.executed == sum(trade.quantity for trade in one.trades) <= one.quantity
        assert one.quote == sum(trade.price * trade.quantity for trade in one.trades)
        assert (one.status == "FILLED") == (one.left == 0)
        assert one.open == (one.id in world.engine.store.open)
        for trade in one.trades:
            received = trade.quantity if one.side == BUY else trade.quote
            assert 0 <= received * COMMISSION - trade.commission < Decimal("0.00000001")
            if one.kind in PRICED:
                assert trade.price <= one.price if one.side == BUY else trade.price >= one.price
        if one.tif == "FOK":
            assert one.executed in (0, one.quantity)
        if one.tif != "GTC" and (one.kind not in STOPS or one.triggered):
            assert not one.open
        if one.group is not None and one.group.contingency == "OCO":
            assert sum(bool(other.executed) for other in one.group.orders) <= 1
            assert one.group.open == any(other.open for other in one.group.orders)


@settings(max_examples=150)
@given(STEPS, ACTIONS, st.sampled_from((300, 5_000, 100_000)))
def test_money_and_quantities_always_add_up(steps: dict[int, Step], actions: list[tuple[str, Any]], lots: int) -> None:
    world = World({0: steps}, lots=lots)
    made = act(world, actions)
    positions = {
        entry["a"]: entry for event in world.events if event["e"] == "outboundAccountPosition" for entry in event["B"]
    }
    for asset, entry in positions.items():
        assert (Decimal(entry["f"]), Decimal(entry["l"])) == tuple(
            amount.quantize(Decimal("0.00000001"), "ROUND_DOWN") for amount in world.balances()[asset]
        )
    last = {event["i"]: event for event in world.events if event["e"] == "executionReport"}
    for one in made:
        assert (last[one.id]["X"], Decimal(last[one.id]["z"])) == (one.status, one.executed)
    taken: dict[tuple[int, str], Decimal] = {}
    for one in made:
        for trade in one.trades:
            if trade.maker:
                key = (trade.time_ms // 1000 - 1 - START, one.side)
                taken[key] = taken.get(key, Decimal(0)) + trade.quantity
    for (second, side), quantity in taken.items():
        assert quantity <= Decimal(steps[second][5 if side == BUY else 4]).scaleb(-5)
    times = [event["E"] for event in world.events]
    assert times == sorted(times)


@settings(max_examples=60)
@given(STEPS, ACTIONS, st.sampled_from((1, 7, 61)))
def test_looking_seldom_misses_nothing(steps: dict[int, Step], actions: list[tuple[str, Any]], stride: int) -> None:
    often, seldom = World({0: steps}), World({0: steps})
    one, other = act(often, actions, stride), act(seldom, actions)
    assert often.events == seldom.events
    assert [made.status for made in one] == [made.status for made in other]
    assert often.balances() == seldom.balances()
