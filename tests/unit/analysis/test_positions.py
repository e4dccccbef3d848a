"""Decisions about open positions: whatever is answered, risk never grows; the rules are what they say they are."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from analysis import Snapshot
from analysis.positions import MIN_STOP_ATR, Holding, PositionDecision, Ruling, by_rules, judge
from analysis.snapshot_parts import CandleRow
from broker.rules import SymbolRules
from broker.types import Direction

D = Decimal
RULES = SymbolRules("ETHUSDT", "ETH", "USDT", D("0.01"), D("0.001"), D("0.001"), D("5"))
LONG = Holding(
    direction=Direction.LONG,
    entry=D(100),
    quantity=D(2),
    initial_quantity=D(2),
    stop=D(95),
    initial_stop=D(95),
    targets=(D(110),),
    price=D(103),
    best=D(104),
    fee_rate=D("0.001"),
)
SHORT = replace(
    LONG, direction=Direction.SHORT, stop=D(105), initial_stop=D(105), targets=(D(90),), price=D(97), best=D(96)
)


def decision(**answer: Any) -> PositionDecision:
    return PositionDecision.model_validate({"decision": "adjust", "confidence": 50, "reasoning": "x", **answer})


def snapshot(
    price: float, atr: float | None = 2.0, lows: tuple[float, ...] = (), highs: tuple[float, ...] = ()
) -> Snapshot:
    return Snapshot(
        symbol="ETHUSDT",
        interval="1h",
        direction="long",
        candle_close=1_767_600_000_000,
        price=price,
        tick_size="0.01",
        conditions=(),
        supports=(),
        resistances=(),
        swing_lows=lows,
        swing_highs=highs,
        pivot_period=None,
        atr=atr,
        trend="up",
        candles=(CandleRow(1_767_596_400_000, price, price, price, price, 1.0),),
    )


odd = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(min_value=-(10**12), max_value=10**12),
    st.sampled_from(["97.5", "1e9", "NaN", "-3", "N/A", "101,5", "50%", True, [], {}]),
)
# Mostly numbers that could stand, or the checks would never be reached.
near = st.floats(min_value=80, max_value=120)
numbers = st.integers(0, 4).flatmap(lambda n: odd if n == 0 else near)
shares = st.integers(0, 4).flatmap(lambda n: odd if n == 0 else st.floats(min_value=-0.1, max_value=1.1))
prices = st.decimals(min_value=80, max_value=120, places=2)


@st.composite
def holdings(draw: st.DrawFn) -> Holding:
    quantity = draw(st.decimals(min_value="0.001", max_value=5, places=3))
    return Holding(
        direction=draw(st.sampled_from(Direction)),
        entry=draw(prices),
        quantity=quantity,
        initial_quantity=quantity,
        stop=draw(st.none() | prices),
        initial_stop=draw(st.none() | prices),
        targets=tuple(draw(st.lists(prices, max_size=3))),
        price=draw(prices),
        best=draw(prices),
        fee_rate=D("0.001"),
        invalidated=draw(st.sampled_from([True, False, None])),
    )


def check_no_more_risk(ruling: Ruling, held: Holding, atr: float | None) -> None:
    sign = held.direction.sign
    if ruling.stop is not None:
        assert ruling.stop > 0
        assert ruling.stop % RULES.tick_size == 0
        assert held.stop is None or (ruling.stop - held.stop) * sign > 0
        assert atr is not None
        assert float((held.price - ruling.stop) * sign) >= MIN_STOP_ATR * atr
    if ruling.quantity is not None:
        assert 0 < ruling.quantity < held.quantity
        assert RULES.check_order(ruling.quantity, held.price) == []
        assert RULES.check_order(held.quantity - ruling.quantity, held.price) == []
    for target in ruling.targets or ():
        assert target > 0
        assert (target - held.price) * sign > 0
    assert ruling.targets != ()
    if ruling.decision == "hold":
        assert (ruling.stop, ruling.targets, ruling.quantity) == (None, None, None)
    if ruling.decision == "reduce":
        assert ruling.quantity is not None


@given(
    held=holdings(),
    choice=st.sampled_from(["hold", "adjust", "adjust", "Reduce", "reduce", "close"]),
    stop=numbers,
    targets=st.one_of(numbers, st.lists(numbers, max_size=12)),
    share=shares,
    atr=st.one_of(st.sampled_from([None, math.nan, 0.0]), st.floats(min_value=0.01, max_value=5)),
)
def test_risk_never_grows(held: Holding, choice: str, stop: Any, targets: Any, share: Any, atr: float | None) -> None:
    try:
        proposed = decision(decision=choice, stop=stop, targets=targets, reduce_fraction=share)
    except ValidationError:
        return
    check_no_more_risk(judge(proposed, held, RULES, atr), held, atr)


@given(
    held=holdings(),
    atr=st.one_of(st.none(), st.floats(min_value=0.01, max_value=5)),
    swings=st.lists(near, max_size=3),
)
def test_the_rules_never_add_risk_and_are_never_refused(held: Holding, atr: float | None, swings: list[float]) -> None:
    proposed = by_rules(held, snapshot(float(held.price), atr, tuple(swings), tuple(swings)))
    ruling = judge(proposed, held, RULES, atr)
    check_no_more_risk(ruling, held, atr)
    if held.invalidated:
        assert ruling.decision == "close"
    if atr is not None:
        assert ruling.refusals == ()


@pytest.mark.parametrize(
    ("held", "stop", "stands", "why"),
    [
        (LONG, 98.004, D("98.01"), ""),
        (SHORT, 101.999, D("101.99"), ""),
        (LONG, 94, None, "further away"),
        (SHORT, 106, None, "further away"),
        (LONG, 103.5, None, "not below the price"),
        (SHORT, 96, None, "not above the price"),
        (LONG, 102.9, None, "0.05 ATR"),
        (LONG, -5, None, "not a price above zero"),
        (LONG, 1e300, None, "not a price above zero"),
        (replace(LONG, stop=None), 50, D(50), ""),
    ],
)
def test_a_stop_stands_or_is_refused_with_the_reason(
    held: Holding, stop: float, stands: Decimal | None, why: str
) -> None:
    ruling = judge(decision(stop=stop), held, RULES, 2.0)
    assert ruling.stop == stands
    assert ruling.decision == ("adjust" if stands is not None else "hold")
    assert (why in " ".join(ruling.refusals)) if why else ruling.refusals == ()


def test_good_targets_stand_beside_a_bad_stop() -> None:
    ruling = judge(decision(stop=90, targets=[120.009, 108, 102, 108.0001, 5000]), LONG, RULES, 2.0)
    assert (ruling.stop, ruling.targets) == (None, (D(108), D(120)))
    assert ruling.decision == "adjust"
    assert len(ruling.refusals) == 3


@pytest.mark.parametrize(
    ("share", "quantity", "why"),
    [
        (0.5, D(1), ""),
        ("25%", D("0.5"), ""),
        (0.3333, D("0.666"), ""),
        (0, None, "between 0 and 1"),
        (1, None, "between 0 and 1"),
        (-0.5, None, "between 0 and 1"),
        (None, None, "between 0 and 1"),
        (0.01, None, "The part could not be sold"),
        (0.99, None, "The rest could not be sold"),
    ],
)
def test_a_part_is_smaller_than_the_whole_and_both_can_be_sold(share: Any, quantity: Decimal | None, why: str) -> None:
    ruling = judge(decision(decision="reduce", reduce_fraction=share), LONG, RULES, 2.0)
    assert ruling.quantity == quantity
    assert ruling.decision == ("hold" if quantity is None else "reduce")
    assert (why in " ".join(ruling.refusals)) if why else ruling.refusals == ()


def test_the_same_levels_are_no_adjustment_and_nothing_named_is_said() -> None:
    same = judge(decision(stop=95, targets=[110]), LONG, RULES, 2.0)
    assert (same.decision, same.refusals) == ("hold", ())
    assert judge(decision(), LONG, RULES, 2.0).refusals == ("Nothing to adjust was named: no stop and no target.",)


def test_after_one_r_the_rules_move_the_stop_to_break_even_after_fees() -> None:
    held = replace(LONG, price=D(106), best=D("106.5"))
    proposed = by_rules(held, snapshot(106.0))
    ruling = judge(proposed, held, RULES, 2.0)
    assert ruling.stop == D("100.21")
    gain = (ruling.stop - held.entry) - held.fee_rate * (ruling.stop + held.entry)
    assert D(0) <= gain < D("0.02")
    assert by_rules(replace(held, best=D("104.9")), snapshot(106.0)).decision == "hold"


def test_then_the_rules_trail_behind_the_newest_swing() -> None:
    held = replace(LONG, price=D(112), best=D(112), stop=D("100.21"))
    assert by_rules(held, snapshot(112.0, lows=(107.0, 104.0))).stop == 106.5
    assert by_rules(held, snapshot(112.0, lows=(99.0, 111.0))).decision == "hold"
    short = replace(SHORT, price=D(88), best=D(88), stop=D(99))
    assert by_rules(short, snapshot(88.0, highs=(93.0,))).stop == 93.5


def test_without_a_first_stop_the_rules_hold() -> None:
    held = replace(LONG, initial_stop=None, best=D(200))
    assert by_rules(held, snapshot(103.0)).decision == "hold"


@pytest.mark.parametrize(
    ("said", "share"), [(0.25, 0.25), ("0.5", 0.5), (25, 0.25), ("25%", 0.25), ("0.5%", 0.005), (1.0001, 1.0001)]
)
def test_a_share_is_read_as_it_was_meant(said: object, share: float) -> None:
    assert decision(decision="reduce", reduce_fraction=said).reduce_fraction == pytest.approx(share)
