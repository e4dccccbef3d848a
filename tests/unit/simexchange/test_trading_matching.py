"""Taking from a book, waiting for a price, walking the market, following it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simexchange.candles import HIGH, LOW
from simexchange.trading import trailing
from simexchange.trading.matching import Watch, path, take, take_quote
from simexchange.trading.orders import Order
from simexchange.trading.walk import ALWAYS, Walker
from tests.fixtures.scripted_market import PRICE, START, ScriptedMarket, Step

ASKS = st.lists(st.integers(1, 50), min_size=1, max_size=8).map(
    lambda lots: [(100 + at, lot) for at, lot in enumerate(lots)]
)


@given(ASKS, st.integers(0, 300), st.none() | st.integers(95, 112))
def test_an_order_takes_the_best_prices_and_none_beyond_its_limit(
    asks: list[tuple[int, int]], lots: int, limit: int | None
) -> None:
    fills = take(asks, lots, limit, buys=True)
    offered = [level for level in asks if limit is None or level[0] <= limit]
    assert sum(part for _, part in fills) == min(lots, sum(lot for _, lot in offered))
    assert fills == [(price, part) for price, part in fills if part > 0]
    # All but the last level are taken whole, in order.
    assert [price for price, _ in fills] == [price for price, _ in offered[: len(fills)]]
    assert all(part == dict(asks)[price] for price, part in fills[:-1])
    bids = [(-price, lot) for price, lot in asks]
    mirrored = take(bids, lots, None if limit is None else -limit, buys=False)
    assert mirrored == [(-price, part) for price, part in fills]


@given(ASKS, st.integers(0, 30_000))
def test_a_budget_is_never_exceeded_and_no_affordable_lot_is_left(asks: list[tuple[int, int]], budget: int) -> None:
    fills = take_quote(asks, budget)
    spent = sum(price * part for price, part in fills)
    assert spent <= budget
    taken = dict(fills)
    following = next((price for price, lots in asks if taken.get(price, 0) < lots), None)
    assert following is None or budget - spent < following


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 40), st.booleans(), st.booleans()), max_size=60),
    st.integers(1, 40),
)
def test_a_watch_is_a_sorted_list(moves: list[tuple[int, int, bool, bool]], price: int) -> None:
    watch: Watch[int] = Watch()
    known: dict[int, tuple[int, bool]] = {}
    for number, level, rises, keeps in moves:
        if keeps:
            watch.add(number, number, level, rises=rises)
            known[number] = (level, rises)
        else:
            watch.remove(number)
            known.pop(number, None)
    assert len(watch) == len(known)
    up = sorted((level, number) for number, (level, rises) in known.items() if rises)
    down = sorted((-level, number) for number, (level, rises) in known.items() if not rises)
    assert watch.lowest == (up[0][0] if up else None) and watch.highest == (-down[0][0] if down else None)
    assert watch.reached(price, rises=True) == [number for level, number in up if level <= price]
    assert watch.reached(price, rises=False) == [number for level, number in down if -level >= price]


STEPS = st.dictionaries(
    st.integers(0, 400),
    st.tuples(*[st.integers(PRICE - 40, PRICE + 40)] * 4).map(
        lambda four: (four[0], max(four), min(four), four[3], 5, 5)
    ),
    max_size=12,
)


@given(
    STEPS,
    st.integers(0, 300),
    st.integers(1, 200),
    st.none() | st.integers(PRICE - 40, PRICE),
    st.none() | st.integers(PRICE, PRICE + 40),
)
def test_no_second_is_missed(
    steps: dict[int, Step], begin: int, length: int, falls: int | None, rises: int | None
) -> None:
    market = ScriptedMarket({0: steps})
    walker = Walker(market)
    seconds = market.candles(np.array([0]), 1, START, 600)
    first = next(
        (
            at
            for at in range(begin, begin + length)
            if (falls is not None and seconds.fields[LOW, 0, at] <= falls)
            or (rises is not None and seconds.fields[HIGH, 0, at] >= rises)
        ),
        None,
    )
    found = walker.next(0, START + begin, START + begin + length, (falls, rises))
    assert (found and found.at - START) == first
    several = walker.firsts({0: (falls, rises), 1: ALWAYS}, START + begin, START + begin + length)
    assert several.get(0) == found and several[1].at == START + begin


def test_a_walk_crosses_hours() -> None:
    market = ScriptedMarket({0: {5 * 3600 + 61: (PRICE, PRICE + 9, PRICE - 9, PRICE, 1, 1)}})
    found = Walker(market).next(0, START + 17, START + 9 * 3600, (PRICE - 5, None))
    assert found is not None and found.at == START + 5 * 3600 + 61 and (found.high, found.low) == (PRICE + 9, PRICE - 9)
    assert Walker(market).next(0, START + 17, START + 5 * 3600 + 61, (PRICE - 5, None)) is None


def test_the_average_price_is_weighted_by_quantity() -> None:
    market = ScriptedMarket({0: {10: (PRICE, PRICE, PRICE, PRICE, 30, 0), 70: (12_000, 12_000, 12_000, 12_000, 10, 0)}})
    quote, lots = Walker(market).average(0, START + 130, 2)
    assert (quote, lots) == (30 * PRICE + 10 * 12_000, 40)
    assert Walker(market).average(0, START + 600, 5) == (0, 0)


def test_a_rising_second_dips_first() -> None:
    assert path(5, 6) == (False, True) and path(6, 5) == (True, False) and path(5, 5) == (False, True)


def _trailing(side: str, kind: str, stop: int = 0) -> Order:
    return Order(1, 0, "t", side, kind, "GTC", Decimal(1), 0, stop=Decimal(stop), trailing=100)


def test_a_trailing_stop_follows_up_and_is_reached_a_percent_below() -> None:
    order = _trailing("SELL", "STOP_LOSS")
    trailing.begin(order, Decimal(1000), 5)
    assert order.trailing_ms == 5
    for price, rises, reached in ((1100, True, False), (1090, False, False), (1050, True, False), (1089, False, True)):
        assert trailing.follow(order, Decimal(price), 9, rises=rises) is reached
    assert order.peak == 1100


def test_a_trailing_buy_follows_down() -> None:
    order = _trailing("BUY", "STOP_LOSS")
    trailing.begin(order, Decimal(1000), 5)
    for price, rises, reached in ((900, False, False), (908, True, False), (909, True, True)):
        assert trailing.follow(order, Decimal(price), 9, rises=rises) is reached


def test_a_trailing_stop_with_a_stop_price_waits_for_it() -> None:
    order = _trailing("SELL", "TAKE_PROFIT", stop=1200)
    trailing.begin(order, Decimal(1000), 5)
    assert order.peak is None and order.trailing_ms == -1
    assert not trailing.follow(order, Decimal(1190), 9, rises=True) and order.peak is None
    assert not trailing.follow(order, Decimal(1210), 9, rises=True)
    assert order.peak == 1210 and order.trailing_ms == 9
    assert not trailing.follow(order, Decimal(1150), 9, rises=False)
    assert not trailing.follow(order, Decimal(1160), 9, rises=True)
    assert trailing.follow(order, Decimal("1161.5"), 9, rises=True)
