"""The account's orders against a scripted market: money, prices, quantities, and that no moment is missed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simexchange.errors import ExchangeError
from simexchange.trading.orders import BUY, SELL, Order, OrderList
from tests.fixtures.scripted_market import PRICE, START, World, order

NOTHING = Decimal(0)


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
    assert (made.status, made.executed) == ("EXPIRED", Decimal("0.0025"))
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
