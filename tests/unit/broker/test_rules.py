"""Tick, lot, minimum quantity and notional."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.rules import SymbolRules, ceil_to, floor_to, on_grid
from broker.types import Direction, Side
from market.types import SymbolInfo

D = Decimal
RULES = SymbolRules("ETHUSDT", "ETH", "USDT", D("0.01"), D("0.0001"), D("0.0001"), D("5"))
PRICES = st.decimals("0.000001", "1000000", places=8, allow_nan=False)
STEPS = st.sampled_from([D("0.00000001"), D("0.0001"), D("0.05"), D("0.3"), D("1"), D("10")])


@given(PRICES, STEPS)
def test_rounding_lands_on_the_grid_and_less_than_a_step_away(value: Decimal, step: Decimal) -> None:
    low, high = floor_to(value, step), ceil_to(value, step)
    assert low <= value <= high
    assert value - low < step
    assert high - value < step
    assert on_grid(low, step)
    assert on_grid(high, step)


@given(PRICES, st.sampled_from(Direction))
def test_rounding_never_moves_a_stop_or_target_further_from_the_entry(price: Decimal, direction: Direction) -> None:
    assert (RULES.stop(direction, price) - price) * direction.sign >= 0
    assert (RULES.target(direction, price) - price) * direction.sign <= 0


@given(PRICES)
def test_a_fill_is_never_better_than_its_price_except_at_the_lowest_tick(price: Decimal) -> None:
    assert RULES.worse(Side.BUY, price) >= price
    sold = RULES.worse(Side.SELL, price)
    assert sold <= price or sold == RULES.tick_size
    assert sold > 0


def test_a_step_of_zero_means_no_grid() -> None:
    assert floor_to(D("1.2345"), D(0)) == D("1.2345")
    assert ceil_to(D("1.2345"), D(0)) == D("1.2345")


@pytest.mark.parametrize(
    ("quantity", "price", "codes"),
    [
        ("0.01", "3000", []),
        ("0.00005", "3000", ["min_quantity", "min_notional"]),
        ("0", "3000", ["min_quantity", "min_notional"]),
        ("-1", "3000", ["min_quantity", "min_notional"]),
        ("0.00015", "300000", ["lot_size"]),
        ("0.001", "3000", ["min_notional"]),
    ],
)
def test_orders_that_the_venue_would_refuse(quantity: str, price: str, codes: list[str]) -> None:
    assert [r.code for r in RULES.check_order(D(quantity), D(price))] == codes


def test_refusals_are_sentences() -> None:
    [refusal] = RULES.check_order(D("0.001"), D("3000"))
    assert refusal.message == "Not sent: 3 USDT is below the smallest order value, 5 USDT."


def test_rules_come_from_exchange_information() -> None:
    info = SymbolInfo("ETHUSDT", "ETH", "USDT", "BREAK", D("0.01"), D("0.0001"), D("0.0001"), D("5"))
    rules = SymbolRules.of(info)
    assert not rules.trading
    assert [r.code for r in rules.check_order(D(1), D(3000))] == ["not_trading"]
