"""Quantities from risk: never more at risk than allowed, never more than the capital."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.matching import Costs, match_market
from broker.positions import ExitReason, apply_exit, on_price, open_position
from broker.rules import SymbolRules
from broker.sizing import LimitedBy, SizingRequest, reward_to_risk, size
from broker.types import Direction, OrderIntent, Purpose, Quote

D = Decimal
RULES = SymbolRules("ETHUSDT", "ETH", "USDT", D("0.01"), D("0.0001"), D("0.0001"), D("5"))
COSTS = Costs()
MONEY = st.decimals("0", "1000000", places=2)


def request(**changes: Any) -> SizingRequest:
    values: dict[str, Any] = {
        "direction": Direction.LONG,
        "quote": Quote.of("ETHUSDT", "3000", 0),
        "stop": D("2940"),
        "capital": D(10_000),
        "available": D(10_000),
        "risk_fraction": D("0.01"),
    }
    return SizingRequest(**{**values, **changes})


@st.composite
def requests(draw: st.DrawFn) -> SizingRequest:
    direction = draw(st.sampled_from(Direction))
    price = draw(st.decimals("0.05", "100000", places=2))
    distance = draw(st.decimals("0.0001", "0.3", places=4))
    return SizingRequest(
        direction=direction,
        quote=Quote("ETHUSDT", price, 0),
        stop=RULES.stop(direction, price * (1 - direction.sign * distance)),
        capital=draw(MONEY),
        available=draw(MONEY),
        risk_fraction=draw(st.decimals("0.0001", "1", places=4)),
    )


@given(requests())
def test_never_risks_more_than_the_limit_nor_exceeds_the_capital(asked: SizingRequest) -> None:
    sized = size(asked, COSTS, RULES)
    assert sized.quantity >= 0
    assert sized.quantity % RULES.step_size == 0
    assert sized.loss_at_stop <= asked.capital * asked.risk_fraction
    assert sized.notional * (1 + COSTS.fee_rate) <= asked.available
    if not sized.refusals:
        assert sized.quantity >= RULES.min_quantity
        assert sized.quantity * asked.quote.price >= RULES.min_notional


@given(requests())
def test_a_trade_stopped_at_its_stop_loses_no_more_than_the_limit(asked: SizingRequest) -> None:
    sized = size(asked, COSTS, RULES)
    if sized.refusals:
        return
    entry = OrderIntent(
        UUID(int=1), "ETHUSDT", asked.direction.opening, sized.quantity, asked.quote.price, Purpose.ENTRY, 0
    )
    fills = match_market(entry, asked.quote, COSTS, RULES, "paper")
    position = open_position(UUID(int=2), asked.direction, fills, asked.stop, [], COSTS)
    decision = on_price(position, asked.stop)
    assert decision is not None
    leave = OrderIntent(UUID(int=3), "ETHUSDT", asked.direction.closing, sized.quantity, asked.stop, Purpose.EXIT, 0)
    exits = match_market(leave, Quote("ETHUSDT", decision.price, 1), COSTS, RULES, "paper")
    closed = apply_exit(position, exits, ExitReason.STOP)
    assert -closed.net_realised <= asked.capital * asked.risk_fraction
    # 28 digits of a Decimal: the two ways of summing may differ in the last.
    assert abs(-closed.net_realised - sized.loss_at_stop) < D("1e-12") or sized.loss_at_stop > -closed.net_realised


def test_risk_sets_the_quantity_when_the_stop_is_far_and_capital_when_it_is_near() -> None:
    far = size(request(stop=D("2700")), COSTS, RULES)
    assert far.limited_by is LimitedBy.RISK
    assert D("99") < far.loss_at_stop <= D(100)
    near = size(request(stop=D("2999")), COSTS, RULES)
    assert near.limited_by is LimitedBy.CAPITAL
    assert D("9990") < near.notional + near.notional * COSTS.fee_rate <= D(10_000)


def test_leverage_carries_more_but_risks_no_more() -> None:
    plain_size = size(request(stop=D("2999")), COSTS, RULES)
    doubled = size(request(stop=D("2999"), leverage=D(2)), COSTS, RULES)
    assert doubled.quantity > plain_size.quantity
    assert doubled.loss_at_stop <= D(100)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stop": D("3001")}, "stop_side"),
        ({"stop": D("3000")}, "stop_side"),
        ({"stop": D("-1")}, "stop_side"),
        ({"direction": Direction.SHORT}, "stop_side"),
        ({"available": D(0)}, "no_capital"),
        ({"capital": D(-5)}, "no_capital"),
        ({"risk_fraction": D(0)}, "risk_fraction"),
        ({"risk_fraction": D(2)}, "risk_fraction"),
        ({"leverage": D("0.5")}, "leverage"),
        ({"capital": D("NaN")}, "bad_amount"),
        ({"available": D("Infinity")}, "bad_amount"),
        ({"available": D("0.001")}, "too_small"),
        ({"capital": D("0.001")}, "too_small"),
        ({"available": D(3)}, "min_notional"),
    ],
)
def test_odd_inputs_are_refused_with_a_sentence(changes: dict[str, object], code: str) -> None:
    sized = size(request(**changes), COSTS, RULES)
    assert code in [r.code for r in sized.refusals]
    assert all(r.message.startswith("Not sent: ") and r.message.endswith(".") for r in sized.refusals)


def test_reward_to_risk_counts_the_fees_of_both_sides() -> None:
    rate = D("0.001")
    assert reward_to_risk(Direction.LONG, D(100), D(99), D(102), D(0)) == 2
    net = reward_to_risk(Direction.LONG, D(100), D(99), D(102), rate)
    assert net == (D(2) - rate * 202) / (D(1) + rate * 199)
    assert reward_to_risk(Direction.SHORT, D(100), D(101), D(98), D(0)) == 2


@pytest.mark.parametrize(
    ("stop", "target"), [("101", "102"), ("99", "98"), ("100", "101"), ("99", "100"), ("-1", "101")]
)
def test_no_reward_to_risk_for_levels_out_of_order(stop: str, target: str) -> None:
    assert reward_to_risk(Direction.LONG, D(100), D(stop), D(target), D(0)) is None
