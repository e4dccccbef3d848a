"""Order values: ids, states, numbers."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.types import (
    CLIENT_ORDER_ID,
    Direction,
    OrderIntent,
    OrderState,
    Purpose,
    Quote,
    Side,
    client_order_id,
    plain,
    to_decimal,
)

D = Decimal


@given(st.uuids(), st.uuids())
def test_client_order_ids_are_accepted_by_binance_and_differ_per_intent(a: UUID, b: UUID) -> None:
    assert CLIENT_ORDER_ID.fullmatch(client_order_id(a))
    assert (client_order_id(a) == client_order_id(b)) == (a == b)


def test_final_states_lead_nowhere_and_unknown_never_back_to_intent() -> None:
    final = {s for s in OrderState if s.final}
    assert final == {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED}
    for state in OrderState:
        assert not state.may_become(OrderState.INTENT)
        assert not state.may_become(state)
    assert OrderState.SENT.may_become(OrderState.UNKNOWN)
    assert not OrderState.UNKNOWN.may_become(OrderState.SENT)


@pytest.mark.parametrize("bad", ["0", "-1", "NaN", "Infinity"])
def test_an_intent_takes_only_usable_amounts(bad: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        OrderIntent(UUID(int=1), "ETHUSDT", Side.BUY, D(bad), D(1), Purpose.ENTRY, 0)
    with pytest.raises(ValueError, match="trigger_price"):
        OrderIntent(UUID(int=1), "ETHUSDT", Side.BUY, D(1), D(bad), Purpose.ENTRY, 0)


@pytest.mark.parametrize("bad", [0, -1.0, float("nan"), float("inf"), "x"])
def test_a_quote_takes_only_usable_prices(bad: float | str) -> None:
    with pytest.raises(ValueError, match=r"finite|above zero|not a number"):
        Quote.of("ETHUSDT", bad, 0)


def test_decimals_keep_the_digits_shown() -> None:
    assert to_decimal(0.1) == D("0.1")
    assert plain(D("1E+2")) == "100"
    assert plain(D("0.500")) == "0.5"
    assert plain(D("-0.0")) == "0"


def test_sides_mirror() -> None:
    assert Direction.LONG.opening is Side.BUY
    assert Direction.SHORT.closing is Side.BUY
    assert Side.BUY.opposite is Side.SELL
