"""What time does to positions and orders of the perpetuals: funding, liquidation, the order of events."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from simexchange.futures import funding
from simexchange.futures.account import Income
from tests.unit.simexchange.futures_line import BEGIN, Desk

PRICE = 500_000  # 50,000.0


def test_within_a_second_that_falls_the_high_comes_first() -> None:
    desk = Desk(PRICE)
    desk.order("BUY", 10)
    goal = desk.algo("SELL", "TAKE_PROFIT_MARKET", 10, PRICE + 100, reduce_only=True)
    stop = desk.algo("SELL", "STOP_MARKET", 10, PRICE - 100, reduce_only=True)
    desk.move(PRICE - 50, high=PRICE + 100, low=PRICE - 100)
    assert (goal.status, stop.status) == ("FINISHED", "REJECTED")
    assert goal.order is not None
    assert goal.order.trades[0].ticks == PRICE + 100 - 1


def test_funding_is_paid_by_the_long_side_where_the_rate_is_positive() -> None:
    desk = Desk(PRICE)
    desk.order("BUY", 100)
    due = funding.next_time(BEGIN)
    before, rate = desk.balance, funding.rate("BTCUSDT", due)
    desk.course.advance(due, due * 1000)
    assert rate
    assert desk.balance == before - desk.contract.value(100 * PRICE) * rate
    found = [one for one in desk.engine.account.incomes if one.kind == "FUNDING_FEE"]
    assert [one.time_ms for one in found] == [due * 1000]
    assert isinstance(found[0], Income)
    update = desk.told("ACCOUNT_UPDATE")[-1]["a"]
    assert (update["m"], Decimal(update["B"][0]["bc"])) == ("FUNDING_FEE", desk.balance - before)


def test_a_cross_position_is_liquidated_when_the_mark_passes_its_price() -> None:
    desk = Desk(PRICE)
    desk.order("BUY", 3_900)
    desk.order("SELL", 10, PRICE + 20_000)
    price = int(desk.engine.account.liquidation_price(desk.position()) * 10)
    assert 470_000 < price < PRICE
    desk.move(price + 10)
    assert desk.position().lots == 3_900
    assert desk.told("MARGIN_CALL")
    desk.move(price - 1)
    assert desk.position().lots == 0
    assert 0 <= desk.balance < 1_000
    order = next(one for one in desk.engine.orders.values() if one.client_id.startswith("autoclose-"))
    assert (order.kind, order.status) == ("LIQUIDATION", "FILLED")
    assert not list(desk.engine.all_open())
    assert [event["o"]["x"] for event in desk.told("ORDER_TRADE_UPDATE")][-1] == "CALCULATED"


def test_an_isolated_position_loses_its_own_margin_at_most() -> None:
    desk = Desk(PRICE)
    settings_ = desk.engine.account.settings(desk.contract)
    settings_.isolated, settings_.leverage = True, 50
    desk.order("BUY", 1_000)
    margin, before = desk.position().isolated, desk.balance
    assert margin == desk.contract.value(1_000 * (PRICE + 1)) / 50
    desk.move(PRICE - 100_000)
    assert desk.position().lots == 0
    assert desk.balance == before - margin


def test_a_loss_beyond_the_wallet_is_borne_by_insurance() -> None:
    desk = Desk(PRICE)
    desk.order("SELL", 3_900)
    desk.move(PRICE + 200_000)
    assert (desk.balance, desk.position().lots) == (Decimal(0), 0)
    desk.move(PRICE)
    assert desk.balance == 0


def test_two_cross_positions_stand_or_fall_together() -> None:
    desk = Desk(PRICE, 30_000)
    ether = desk.contracts[1]
    desk.order("BUY", 1_900)
    desk.order("SELL", 30_000, contract=ether)
    assert len(list(desk.engine.account.held())) == 2
    desk.move(PRICE - 60_000)
    assert desk.position().lots == 0
    assert desk.balance == 0 or desk.equity() > 0


def test_orders_end_by_the_clock() -> None:
    desk = Desk(PRICE)
    dated = desk.order("BUY", 10, PRICE - 100, tif="GTD", good_till_ms=(BEGIN + 3) * 1000)
    other = desk.order("BUY", 10, PRICE - 100)
    desk.move(PRICE, PRICE)
    assert dated.open
    desk.move(PRICE)
    assert dated.status == "EXPIRED"
    desk.course.count_down(desk.contract, (BEGIN + 5) * 1000)
    desk.move(PRICE)
    assert other.open
    desk.move(PRICE)
    assert other.status == "CANCELED"


def test_what_happens_between_two_looks_happens_in_order() -> None:
    desk = Desk(PRICE, 30_000)
    ether = desk.contracts[1]
    first = desk.order("BUY", 10, 29_900, contract=ether)
    second = desk.order("BUY", 10, PRICE - 100)
    third = desk.order("SELL", 10, PRICE + 300)
    goal = desk.algo("SELL", "TAKE_PROFIT_MARKET", 10, PRICE + 200, reduce_only=True)
    # Bitcoin falls in the fourth second and rises in the sixth and seventh, ether falls in the second.
    falls = [PRICE, PRICE, PRICE, PRICE - 150, PRICE, PRICE + 250, PRICE + 350]
    for row, closes in ((0, falls), (1, [30_000, 29_800, 30_000, 30_000, 30_000, 30_000, 30_000])):
        before = desk.line.seconds[row][-1][3]
        for close in closes:
            desk.line.seconds[row].append((before, max(before, close), min(before, close), close))
            before = close
    desk.course.advance(BEGIN + 7, (BEGIN + 7) * 1000)
    assert goal.order is not None
    assert [(trade.order.id, trade.time_ms // 1000 - BEGIN) for trade in desk.engine.trades] == [
        (first.id, 1), (second.id, 3), (goal.order.id, 5), (third.id, 6),
    ]  # fmt: skip
    assert desk.position().lots == -10


@settings(max_examples=30)
@given(st.lists(st.integers(-9_000, 9_000), min_size=1, max_size=30), st.integers(4, 3_900), st.booleans())
def test_looking_rarely_sees_the_same_as_looking_often(moves: list[int], lots: int, long: bool) -> None:
    """Stops, resting orders and liquidation do not depend on how often the exchange looks."""
    found = []
    for often in (True, False):
        desk = Desk(PRICE)
        side, other, way = ("BUY", "SELL", 1) if long else ("SELL", "BUY", -1)
        desk.order(side, lots)
        desk.algo(other, "STOP_MARKET", lots, PRICE - way * 20_000, reduce_only=True)
        desk.order(other, max(3, lots // 2), PRICE + way * 9_000, reduce_only=True)
        desk.algo(other, "TRAILING_STOP_MARKET", lots, callback=Decimal("0.03"), reduce_only=True)
        price = PRICE
        for number, move in enumerate(moves):
            price += move
            before = desk.line.seconds[0][-1][3]
            desk.line.seconds[0].append((before, max(before, price), min(before, price), price))
            if often or number == len(moves) - 1:
                desk.course.advance(BEGIN + number + 1, (BEGIN + number + 1) * 1000)
        found.append(
            [(one.order.kind, one.ticks, one.lots, one.time_ms // 1000) for one in desk.engine.trades]
            + [(str(desk.balance), desk.position().lots, 0, 0)]
        )
    assert found[0] == found[1]
