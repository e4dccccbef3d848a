"""The account's orders against a scripted market: money, prices, quantities, and that no moment is missed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simexchange.errors import ExchangeError
from simexchange.spot.engine import COMMISSION
from simexchange.trading.orders import BUY, PRICED, SELL, STOPS, Order, OrderList
from tests.fixtures.scripted_market import PRICE, START, Step, World

NOTHING = Decimal(0)


def order(world: World, side: str, kind: str, quantity: str = "0.01", **more: Any) -> Order:
    made = Order(
        id=world.engine.ids.next("order"),
        row=0,
        client_id=world.engine.ids.name(),
        side=side,
        kind=kind,
        tif=more.pop("tif", "GTC"),
        quantity=Decimal(quantity),
        time_ms=world.engine.now_ms,
    )
    for name, value in more.items():
        setattr(made, name, Decimal(value) if isinstance(value, str) else value)
    return made


def place(world: World, side: str, kind: str, quantity: str = "0.01", **more: Any) -> Order:
    made = order(world, side, kind, quantity, **more)
    world.engine.check(made)
    world.engine.place(made)
    return made


def reports(world: World, made: Order) -> list[tuple[str, str]]:
    return [(one["x"], one["X"]) for one in world.events if one["e"] == "executionReport" and one["i"] == made.id]


def test_a_market_order_takes_level_after_level_and_pays_commission_in_what_it_receives() -> None:
    world = World({}, lots=400)
    bought = place(world, BUY, "MARKET", "0.01")
    assert [(trade.price, trade.quantity) for trade in bought.trades] == [
        (Decimal("100.01"), Decimal("0.004")),
        (Decimal("100.02"), Decimal("0.004")),
        (Decimal("100.03"), Decimal("0.002")),
    ]
    assert bought.status == "FILLED" and bought.quote == Decimal("1.00018")
    assert world.balances()["USDT"] == (Decimal("9998.99982"), NOTHING)
    assert world.balances()["BTC"] == (Decimal("1.00999"), NOTHING)
    assert all(trade.asset == "BTC" and not trade.maker for trade in bought.trades)
    sold = place(world, SELL, "MARKET", "0.01")
    assert sold.quote == Decimal("0.99990") + Decimal("0.00002") and {trade.asset for trade in sold.trades} == {"USDT"}
    assert reports(world, sold) == [("NEW", "NEW"), *[("TRADE", "PARTIALLY_FILLED")] * 2, ("TRADE", "FILLED")]


def test_what_the_book_does_not_have_of_a_market_order_expires() -> None:
    world = World({}, lots=10)
    made = place(world, BUY, "MARKET", "0.01")
    assert (made.status, made.executed) == ("EXPIRED", Decimal("0.001"))
    assert reports(world, made)[-1] == ("EXPIRED", "EXPIRED") and world.balances()["USDT"][1] == 0


def test_a_market_order_by_quote_spends_no_more_than_asked() -> None:
    world = World({}, lots=100_000)
    made = place(world, BUY, "MARKET", "0", quote_quantity="50")
    assert made.status == "FILLED" and Decimal("49.998") < made.quote <= 50
    assert made.quantity == made.executed
    sold = place(world, SELL, "MARKET", "0", quote_quantity="20")
    assert Decimal("19.998") < sold.quote <= 20


def test_a_limit_order_takes_what_crosses_and_rests_with_the_remainder() -> None:
    world = World({}, lots=400)
    made = place(world, BUY, "LIMIT", "0.01", price="100.02")
    assert (made.status, made.executed, made.quote) == ("PARTIALLY_FILLED", Decimal("0.008"), Decimal("0.80012"))
    assert world.balances()["USDT"] == (
        Decimal("9998.99984") - Decimal("0.20004") + Decimal("0.20004"),
        Decimal("0.20004"),
    )


@pytest.mark.parametrize(("tif", "lots", "status", "executed"), [
    ("IOC", 400, "EXPIRED", "0.008"), ("FOK", 400, "EXPIRED", "0"),
    ("FOK", 500, "FILLED", "0.01"), ("IOC", 900, "FILLED", "0.01"),
])  # fmt: skip
def test_orders_that_may_not_rest(tif: str, lots: int, status: str, executed: str) -> None:
    world = World({}, lots=lots)
    made = place(world, BUY, "LIMIT", "0.01", price="100.02", tif=tif)
    assert (made.status, made.executed) == (status, Decimal(executed))
    assert world.balances()["USDT"][1] == 0


def test_a_resting_order_fills_as_much_as_takers_traded_in_each_second() -> None:
    dip = (PRICE, PRICE, PRICE - 60, PRICE - 10, 900, 300)
    world = World({0: {30: dip, 31: (PRICE - 10, PRICE, PRICE - 49, PRICE, 900, 900), 90: dip, 300: dip}})
    made = place(world, BUY, "LIMIT", "0.0065", price="99.50")
    world.go(29)
    assert made.status == "NEW"
    world.go(2)
    assert (made.status, made.executed) == ("PARTIALLY_FILLED", Decimal("0.003"))
    world.go(1)
    assert made.executed == Decimal("0.003"), "a second that does not fall to the limit fills nothing"
    world.go(1000)
    assert (made.status, made.executed) == ("FILLED", Decimal("0.0065"))
    assert [trade.time_ms - START * 1000 for trade in made.trades] == [31_000, 91_000, 301_000]
    assert all(trade.maker and trade.price == Decimal("99.50") for trade in made.trades)
    assert world.balances()["USDT"] == (Decimal(10_000) - Decimal("0.0065") * Decimal("99.50"), NOTHING)


def test_orders_at_one_price_share_a_second_in_the_order_they_came() -> None:
    world = World({0: {10: (PRICE, PRICE, PRICE - 60, PRICE, 0, 700)}})
    first, second, better = (place(world, BUY, "LIMIT", "0.004", price=price) for price in ("99.50", "99.50", "99.60"))
    world.go(11)
    assert (better.executed, first.executed, second.executed) == (Decimal("0.004"), Decimal("0.003"), NOTHING)


def test_an_order_takes_no_part_in_the_second_it_was_placed_in() -> None:
    world = World({0: {0: (PRICE, PRICE, PRICE - 60, PRICE, 0, 700)}})
    world.clock.advance(500)
    world.engine.advance()
    made = place(world, BUY, "LIMIT", "0.001", price="99.50")
    world.go(60)
    assert made.status == "NEW"


@pytest.mark.parametrize(("side", "kind", "stop", "price", "at"), [
    (SELL, "STOP_LOSS", "99.50", None, 20), (BUY, "STOP_LOSS", "100.50", None, 40),
    (SELL, "TAKE_PROFIT", "100.50", None, 40), (BUY, "TAKE_PROFIT", "99.50", None, 20),
    (SELL, "STOP_LOSS_LIMIT", "99.50", "99.00", 20), (BUY, "TAKE_PROFIT_LIMIT", "99.50", "101.00", 20),
])  # fmt: skip
def test_a_stop_trades_once_the_last_price_reaches_it(
    side: str, kind: str, stop: str, price: str | None, at: int
) -> None:
    world = World(
        {
            0: {
                20: (PRICE, PRICE, PRICE - 60, PRICE - 60, 5, 5),
                40: (PRICE - 60, PRICE + 60, PRICE - 60, PRICE + 60, 5, 5),
            }
        }
    )
    made = place(world, side, kind, stop=stop, **({} if price is None else {"price": price}))
    assert made.working_ms == -1
    world.go(at)
    assert made.status == "NEW" and not made.triggered
    world.go(3600)
    assert made.status == "FILLED" and made.trades[0].time_ms == (START + at + 1) * 1000
    assert reports(world, made) == [("NEW", "NEW"), ("NEW", "NEW"), ("TRADE", "FILLED")]
    assert world.balances()["BTC"][1] == world.balances()["USDT"][1] == 0


def test_a_stop_limit_beyond_its_limit_rests() -> None:
    steps = {
        20: (PRICE, PRICE, PRICE - 200, PRICE - 200, 5, 5),
        50: (PRICE - 200, PRICE - 45, PRICE - 200, PRICE - 50, 2_000, 5),
    }
    world = World({0: steps})
    made = place(world, SELL, "STOP_LOSS_LIMIT", stop="99.50", price="99.40")
    world.go(40)
    assert made.triggered and made.status == "NEW" and made.working_ms == (START + 21) * 1000
    world.go(40)
    assert made.status == "FILLED" and made.trades[0].price == Decimal("99.40")


def test_a_trailing_stop_follows_and_sells() -> None:
    rise = {at: (PRICE + at - 1, PRICE + at, PRICE + at - 1, PRICE + at, 5, 5) for at in range(1, 101)}
    world = World({0: rise | {200: (PRICE + 100, PRICE + 100, PRICE - 5, PRICE - 5, 5, 5)}})
    made = place(world, SELL, "STOP_LOSS", trailing=100)
    world.go(150)
    assert made.status == "NEW" and made.peak == Decimal("101.00")
    world.go(100)
    assert made.status == "FILLED" and made.trades[0].time_ms == (START + 201) * 1000


@pytest.mark.parametrize(("side", "kind", "more", "message"), [
    (BUY, "LIMIT_MAKER", {"price": "100.01"}, "Order would immediately match and take."),
    (SELL, "LIMIT_MAKER", {"price": "100.00"}, "Order would immediately match and take."),
    (BUY, "STOP_LOSS", {"stop": "99.99"}, "Stop price would trigger immediately."),
    (SELL, "TAKE_PROFIT", {"stop": "99.99"}, "Stop price would trigger immediately."),
    (SELL, "STOP_LOSS", {"stop": "100.00"}, "Stop price would trigger immediately."),
    (BUY, "LIMIT", {"price": "100.00", "quantity": "100.01"}, "Account has insufficient balance for requested action."),
    (SELL, "MARKET", {"quantity": "1.00001"}, "Account has insufficient balance for requested action."),
])  # fmt: skip
def test_what_is_refused(side: str, kind: str, more: dict[str, str], message: str) -> None:
    world = World({}, lots=100_000_000)
    before = world.balances()
    with pytest.raises(ExchangeError, match=message) as raised:
        place(world, side, kind, **more)
    assert raised.value.code == -2010
    assert world.balances() == before and world.events == [] and not world.engine.store.open


def test_a_limit_maker_away_from_the_price_is_taken() -> None:
    world = World({})
    assert place(world, BUY, "LIMIT_MAKER", price="100.00").status == "NEW"


def oto(world: World, working: Order, pending: list[Order]) -> OrderList:
    group = OrderList(0, 0, world.engine.ids.name(), "OTO", world.engine.now_ms, [working, *pending], pending)
    world.engine.check(working)
    world.lists.place(group, [working])
    return group


def statuses(group: OrderList) -> list[str]:
    return [one.status for one in group.orders]


DIP = {20: (PRICE, PRICE, PRICE - 60, PRICE, 0, 5_000)}


def test_a_pending_order_opens_when_the_working_one_is_filled_and_not_before() -> None:
    world = World({0: DIP | {40: (PRICE, PRICE + 150, PRICE, PRICE, 5_000, 0)}})
    working = order(world, BUY, "LIMIT", "0.02", price="99.50")
    group = oto(world, working, [order(world, SELL, "LIMIT", "0.01", price="101.00")])
    assert statuses(group) == ["NEW", "PENDING_NEW"] and world.balances()["BTC"][1] == 0
    world.go(21)
    assert statuses(group) == ["FILLED", "NEW"] and world.balances()["BTC"][1] == Decimal("0.01")
    assert group.open
    world.go(60)
    assert statuses(group) == ["FILLED", "FILLED"] and not group.open
    states = [(one["l"], one["L"]) for one in world.events if one["e"] == "listStatus"]
    assert states == [("EXEC_STARTED", "EXECUTING"), ("ALL_DONE", "ALL_DONE")]


def test_pending_orders_end_with_the_working_one() -> None:
    world = World({})
    working = order(world, BUY, "LIMIT", "0.02", price="99.50", tif="IOC")
    group = oto(world, working, [order(world, SELL, "LIMIT", "0.01", price="101.00")])
    assert statuses(group) == ["EXPIRED", "EXPIRED"] and not group.open
    assert world.balances()["USDT"] == (Decimal(10_000), NOTHING)


def test_a_pending_order_that_cannot_be_paid_for_expires() -> None:
    world = World({0: DIP})
    working = order(world, BUY, "LIMIT", "0.02", price="99.50")
    group = oto(world, working, [order(world, SELL, "LIMIT", "2", price="101.00")])
    world.go(21)
    assert statuses(group) == ["FILLED", "EXPIRED"] and not group.open


def test_an_otoco_ends_with_one_of_its_pair() -> None:
    world = World({0: DIP | {40: (PRICE, PRICE, PRICE - 250, PRICE - 250, 10, 10)}})
    working = order(world, BUY, "LIMIT", "0.02", price="99.50")
    pair = [
        order(world, SELL, "LIMIT_MAKER", "0.02", price="101.00"),
        order(world, SELL, "STOP_LOSS", "0.02", stop="98.00"),
    ]
    group = oto(world, working, pair)
    world.go(30)
    assert statuses(group) == ["FILLED", "NEW", "NEW"]
    assert world.balances()["BTC"][1] == Decimal("0.02"), "the two hold the same money once"
    world.go(30)
    assert statuses(group) == ["FILLED", "EXPIRED", "FILLED"] and not group.open
    assert world.balances()["BTC"][1] == 0


def test_cancelling_a_list_cancels_all_of_it() -> None:
    world = World({})
    working = order(world, BUY, "LIMIT", "0.02", price="99.50")
    group = oto(world, working, [order(world, SELL, "LIMIT", "0.01", price="101.00")])
    world.lists.cancel(group, "mine")
    assert statuses(group) == ["CANCELED", "CANCELED"] and group.order_status == "ALL_DONE"
    cancels = [one for one in world.events if one["e"] == "executionReport" and one["x"] == "CANCELED"]
    assert [(one["c"], one["C"]) for one in cancels] == [("mine", one.client_id) for one in group.orders]


# The rules that hold whatever happens.

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
