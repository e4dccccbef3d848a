"""Orders of the perpetuals: taken, filled, refused, triggered; margin."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simexchange.errors import ExchangeError
from tests.unit.simexchange.futures_line import DEPOSIT, Desk

PRICE = 500_000  # 50,000.0


def refusal(call: Any, *arguments: Any, **more: Any) -> int:
    with pytest.raises(ExchangeError) as caught:
        call(*arguments, **more)
    return caught.value.code


def test_a_market_order_takes_the_book_level_by_level() -> None:
    desk = Desk(PRICE)
    order = desk.order("BUY", 20)
    assert (order.status, order.spent) == ("FILLED", 20 * (PRICE + 1))
    assert desk.balance == DEPOSIT - desk.contract.value(order.spent) * Decimal("0.0005")
    kinds = [event["e"] for event in desk.events]
    assert kinds == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
    body = desk.events[-1]["o"]
    assert (body["x"], body["X"], body["z"], body["L"]) == ("TRADE", "FILLED", "0.020", "50000.1")


def test_a_limit_order_waits_until_the_price_comes() -> None:
    desk = Desk(PRICE)
    order = desk.order("BUY", 10, PRICE - 100)
    desk.move(PRICE + 50, PRICE - 99)
    assert order.status == "NEW"
    desk.move(PRICE, low=PRICE - 100)
    assert (order.status, order.trades[0].ticks, order.trades[0].maker) == ("FILLED", PRICE - 100, True)
    assert not list(desk.engine.all_open())


@pytest.mark.parametrize(("tif", "code"), [("GTX", -5022), ("FOK", -5021)])
def test_an_order_that_cannot_be_as_asked_is_not_recorded(tif: str, code: int) -> None:
    desk = Desk(PRICE)
    lots = 10 if tif == "GTX" else 100_001
    if tif == "FOK":
        desk.engine.account.change("USDT", Decimal(10**9))
    assert refusal(desk.order, "BUY", lots, PRICE + 1, tif=tif) == code
    assert not desk.engine.orders
    assert desk.balance in (DEPOSIT, DEPOSIT + 10**9)


def test_what_an_immediate_order_cannot_take_expires() -> None:
    desk = Desk(PRICE)
    desk.engine.account.change("USDT", Decimal(10**9))
    order = desk.order("BUY", 100_500, PRICE + 1, tif="IOC")
    assert (order.status, order.executed) == ("EXPIRED", 100_000)
    assert desk.events[-1]["o"]["er"] == "2"


def test_margin_decides_what_may_be_ordered() -> None:
    desk = Desk(PRICE)
    # 10,000 USDT at 20x carry 200,000: 4 BTC at 50,000, and not 4.001.
    assert refusal(desk.order, "BUY", 4_001, place=True) == -2019
    desk.order("BUY", 2_000, PRICE - 10)
    assert refusal(desk.order, "BUY", 2_001, PRICE - 10) == -2019
    # Sales up to what would be bought need no more margin.
    desk.order("SELL", 2_000, PRICE + 10)
    assert desk.engine.account.available("USDT") == 10_000 - desk.contract.value(2_000 * (PRICE + 10)) / 20


def test_a_position_may_not_outgrow_its_leverage() -> None:
    desk = Desk(PRICE)
    desk.engine.account.change("USDT", Decimal(10**9))
    desk.engine.account.settings(desk.contract).leverage = 125
    assert refusal(desk.order, "BUY", 7_000) == -2027
    desk.order("BUY", 5_000)


@pytest.mark.parametrize(("side", "ticks", "code"), [("BUY", 525_001, -4016), ("SELL", 474_999, -4024)])
def test_limit_prices_stay_near_the_mark(side: str, ticks: int, code: int) -> None:
    desk = Desk(PRICE)
    assert refusal(desk.order, side, 10, ticks) == code
    desk.order(side, 10, ticks + (-1 if side == "BUY" else 1))


def test_small_orders_and_known_names_are_refused() -> None:
    desk = Desk(PRICE)
    assert refusal(desk.order, "BUY", 1) == -4164
    desk.order("BUY", 10, PRICE - 10, client_id="mine")
    assert refusal(desk.order, "BUY", 10, PRICE - 20, client_id="mine") == -4116


def test_orders_that_reduce_need_something_to_reduce() -> None:
    desk = Desk(PRICE)
    assert refusal(desk.order, "SELL", 10, reduce_only=True) == -2022
    desk.order("BUY", 10)
    assert refusal(desk.order, "BUY", 10, reduce_only=True) == -2022
    order = desk.order("SELL", 25, reduce_only=True)
    assert (order.status, order.executed, desk.position().lots) == ("EXPIRED", 10, 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(-3_000, 3_000)),
        st.tuples(
            st.just("order"),
            st.tuples(st.sampled_from(("BUY", "SELL")), st.integers(1, 400), st.integers(-800, 800), st.booleans()),
        ),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60)
@given(STEPS)
def test_money_is_neither_made_nor_lost_but_by_prices_and_fees(steps: list[Any]) -> None:
    desk = Desk(PRICE)
    price = PRICE
    for kind, what in steps:
        before = desk.position().lots
        if kind == "move":
            price += what
            desk.move(price)
            continue
        side, lots, offset, reduces = what
        try:
            order = desk.order(side, lots, max(1, price + offset) if offset else 0, reduce_only=reduces)
        except ExchangeError:
            continue
        if reduces:
            after = desk.position().lots
            assert abs(after) <= abs(before)
            assert before * after >= 0
        assert order.executed <= order.lots
    trades = desk.engine.trades
    value = desk.contract.value
    paid = value(sum(trade.order.signed * trade.lots * trade.ticks for trade in trades))
    held = sum(trade.order.signed * trade.lots for trade in trades)
    fees = sum(trade.commission for trade in trades)
    assert desk.position().lots == held
    assert desk.equity() == DEPOSIT - paid + value(held * desk.line.last(0, desk.now)) - fees
    assert desk.balance == DEPOSIT + sum(income.amount for income in desk.engine.account.incomes)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-4_000, 4_000), st.booleans()), min_size=1, max_size=20))
def test_resting_orders_that_reduce_never_open(moves: list[tuple[int, bool]]) -> None:
    desk = Desk(PRICE)
    desk.order("BUY", 50)
    price = PRICE
    for number, (change, more) in enumerate(moves):
        if desk.position().lots > 0:
            desk.order("SELL", 30, price + 20 + number, reduce_only=True)
        price += change
        desk.move(price)
        assert 0 <= desk.position().lots <= 50
        if more and desk.position().lots:
            desk.move(price + 100)
        assert 0 <= desk.position().lots <= 50


def test_conditional_orders_wait_for_their_price() -> None:
    desk = Desk(PRICE)
    desk.order("BUY", 20)
    stop = desk.algo("SELL", "STOP_MARKET", 0, PRICE - 200, close_position=True)
    goal = desk.algo("SELL", "TAKE_PROFIT", 10, PRICE + 300, ticks=PRICE + 290, reduce_only=True)
    desk.move(PRICE + 299)
    assert (stop.status, goal.status) == ("NEW", "NEW")
    desk.move(PRICE + 301)
    assert goal.status == "FINISHED"
    assert goal.order is not None
    assert (goal.order.status, desk.position().lots) == ("FILLED", 10)
    desk.move(PRICE - 201)
    assert (stop.status, desk.position().lots) == ("FINISHED", 0)
    states = [event["o"]["X"] for event in desk.told("ALGO_UPDATE") if event["o"]["aid"] == stop.id]
    assert states == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]


def test_a_stop_without_a_position_is_ended_with_the_reason() -> None:
    desk = Desk(PRICE)
    algo = desk.algo("SELL", "STOP_MARKET", 10, PRICE - 10, reduce_only=True)
    desk.move(PRICE - 11)
    assert (algo.status, algo.reason) == ("REJECTED", "Reduce Only reject")
    assert not desk.engine.orders


def test_a_conditional_order_that_waits_for_the_position_goes_with_it() -> None:
    desk = Desk(PRICE)
    desk.order("BUY", 10)
    algo = desk.algo("SELL", "STOP_MARKET", 0, PRICE - 100, close_position=True, tif="GTE_GTC")
    assert refusal(desk.algo, "SELL", "STOP_MARKET", 0, PRICE - 200, close_position=True) == -4130
    desk.order("SELL", 10)
    assert algo.status == "EXPIRED"


@pytest.mark.parametrize(
    ("side", "kind", "trigger"),
    [
        ("BUY", "STOP_MARKET", PRICE),
        ("SELL", "STOP_MARKET", PRICE + 1),
        ("BUY", "TAKE_PROFIT_MARKET", PRICE + 1),
        ("SELL", "TAKE_PROFIT_MARKET", PRICE),
    ],
)
def test_a_price_that_has_come_already_is_refused(side: str, kind: str, trigger: int) -> None:
    assert refusal(Desk(PRICE).algo, side, kind, 10, trigger) == -2021


def test_a_trailing_stop_follows_and_strikes() -> None:
    desk = Desk(PRICE)
    desk.order("BUY", 10)
    algo = desk.algo("SELL", "TRAILING_STOP_MARKET", 10, activate=PRICE + 1_000, callback=Decimal("0.01"))
    desk.move(PRICE - 20_000, PRICE + 999)
    assert (algo.status, algo.peak) == ("NEW", 0)
    desk.move(PRICE + 2_000, PRICE + 4_000)
    assert (algo.peak, algo.trigger) == (PRICE + 4_000, int((PRICE + 4_000) * Decimal("0.99")))
    desk.move(algo.trigger + 1)
    assert algo.status == "NEW"
    desk.move(algo.trigger)
    assert (algo.status, desk.position().lots) == ("FINISHED", 0)


def test_an_order_is_amended_or_left_as_it_was() -> None:
    desk = Desk(PRICE)
    order = desk.order("BUY", 10, PRICE - 100)
    assert refusal(desk.engine.modify, order, PRICE - 100, 10, 1) == -5027
    assert refusal(desk.engine.modify, order, PRICE - 100, 10_000, 1) == -2019
    assert (order.lots, order.status) == (10, "NEW")
    desk.engine.modify(order, PRICE - 50, 20, 2)
    assert (order.ticks, order.lots, order.amendments) == (PRICE - 50, 20, 1)
    assert desk.events[-1]["o"]["x"] == "AMENDMENT"
    desk.engine.modify(order, PRICE + 10, 20, 3)
    assert order.status == "FILLED"


def test_in_hedge_mode_both_sides_are_held_and_closed_apart() -> None:
    desk = Desk(PRICE)
    desk.engine.account.hedge = True
    desk.order("BUY", 10, position_side="LONG")
    desk.order("SELL", 20, position_side="SHORT")
    assert (desk.position("LONG").lots, desk.position("SHORT").lots) == (10, -20)
    assert refusal(desk.order, "SELL", 10, position_side="SHORT", reduce_only=True) == -2022
    order = desk.order("BUY", 30, position_side="SHORT")
    assert (order.status, order.executed, desk.position("SHORT").lots) == ("EXPIRED", 20, 0)
    assert desk.position("LONG").lots == 10


def test_no_more_orders_than_the_filter_allows() -> None:
    desk = Desk(PRICE)
    for number in range(200):
        desk.order("BUY", 3, PRICE - 10 - number)
    assert refusal(desk.order, "BUY", 3, PRICE - 300) == -2025
    for number in range(10):
        desk.algo("SELL", "STOP_MARKET", 10, PRICE - 10 - number)
    assert refusal(desk.algo, "SELL", "STOP_MARKET", 10, PRICE - 300) == -4045
