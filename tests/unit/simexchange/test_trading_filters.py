"""Each filter of a symbol, at its bounds and beyond them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simexchange.errors import ExchangeError
from simexchange.trading.filters import Counts, Draft, Filters
from simexchange.trading.orders import BUY, SELL

ENTRIES: list[dict[str, Any]] = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000.00", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "500", "stepSize": "0.001"},
    {"filterType": "ICEBERG_PARTS", "limit": 10},
    {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "100", "stepSize": "0.00000000"},
    {"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000,
     "minTrailingBelowDelta": 20, "maxTrailingBelowDelta": 1000},
    {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "1.2", "bidMultiplierDown": "0.2",
     "askMultiplierUp": "5", "askMultiplierDown": "0.8", "avgPriceMins": 5},
    {"filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": True, "maxNotional": "20000",
     "applyMaxToMarket": False, "avgPriceMins": 5},
    {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 20},
    {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 2},
    {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
]  # fmt: skip
FILTERS = Filters(ENTRIES)
DRAFT = Draft(BUY, "LIMIT", Decimal(1), Decimal(100), Decimal(0), None, None, Decimal(0), Decimal(100))
MARKET = replace(DRAFT, kind="MARKET", price=Decimal(0))


def failed(draft: Draft, counts: Counts = Counts(), filters: Filters = FILTERS) -> str | None:  # noqa: B008
    try:
        filters.check(draft, counts)
    except ExchangeError as error:
        assert error.code == -1013 and error.status == 400
        return error.message.removeprefix("Filter failure: ")
    return None


def number(text: str) -> Decimal:
    return Decimal(text)


@pytest.mark.parametrize(("change", "name"), [
    ({}, None),
    ({"price": "100.01"}, None),
    ({"price": "100.001"}, "PRICE_FILTER"),
    ({"price": "1000.01"}, "PRICE_FILTER"),
    ({"price": "0.005"}, "PRICE_FILTER"),
    ({"kind": "STOP_LOSS", "price": "0", "stop": "90.005"}, "PRICE_FILTER"),
    ({"price": "120.00"}, None),
    ({"price": "120.01"}, "PERCENT_PRICE_BY_SIDE"),
    ({"price": "20.00"}, None),
    ({"price": "19.99"}, "PERCENT_PRICE_BY_SIDE"),
    ({"side": SELL, "price": "79.99"}, "PERCENT_PRICE_BY_SIDE"),
    ({"side": SELL, "price": "500.00"}, None),
    ({"side": SELL, "price": "500.01"}, "PERCENT_PRICE_BY_SIDE"),
    ({"quantity": "0.0005"}, "LOT_SIZE"),
    ({"quantity": "0.0015"}, "LOT_SIZE"),
    ({"quantity": "500.001"}, "LOT_SIZE"),
    ({"quantity": "200.000"}, None),
    ({"quantity": "200.001"}, "NOTIONAL"),
    ({"quantity": "0.050"}, None),
    ({"quantity": "0.049"}, "NOTIONAL"),
    ({"iceberg": "0.100"}, None),
    ({"iceberg": "0.099"}, "ICEBERG_PARTS"),
    ({"iceberg": "0.0995"}, "LOT_SIZE"),
])  # fmt: skip
def test_limit_orders(change: dict[str, str], name: str | None) -> None:
    values: dict[str, Any] = {key: value if key in ("side", "kind") else number(value) for key, value in change.items()}
    assert failed(replace(DRAFT, **values)) == name


@pytest.mark.parametrize(("quantity", "quote", "name"), [
    ("100", "0", None), ("100.001", "0", "MARKET_LOT_SIZE"), ("0.049", "0", "NOTIONAL"),
    ("0", "4.99", "NOTIONAL"), ("0", "5", None), ("0", "30000", None),
])  # fmt: skip
def test_market_orders(quantity: str, quote: str, name: str | None) -> None:
    draft = replace(MARKET, quantity=number(quantity), quote_quantity=number(quote))
    assert failed(draft) == name


@pytest.mark.parametrize(("side", "kind", "delta", "good"), [
    (BUY, "STOP_LOSS", 10, True), (BUY, "STOP_LOSS", 9, False), (BUY, "STOP_LOSS", 2001, False),
    (SELL, "STOP_LOSS", 19, False), (SELL, "STOP_LOSS", 1000, True), (SELL, "TAKE_PROFIT", 2000, True),
])  # fmt: skip
def test_trailing_deltas(side: str, kind: str, delta: int, good: bool) -> None:
    draft = replace(DRAFT, side=side, kind=kind, price=Decimal(0), trailing=delta)
    assert failed(draft) == (None if good else "TRAILING_DELTA")


@pytest.mark.parametrize(("kind", "counts", "name"), [
    ("LIMIT", Counts(orders=19, algos=5), None),
    ("LIMIT", Counts(orders=20), "MAX_NUM_ORDERS"),
    ("STOP_LOSS", Counts(orders=19, algos=4), None),
    ("STOP_LOSS", Counts(orders=19, algos=5), "MAX_NUM_ALGO_ORDERS"),
])  # fmt: skip
def test_open_orders_are_counted(kind: str, counts: Counts, name: str | None) -> None:
    assert failed(replace(DRAFT, kind=kind, price=Decimal(100)), counts) == name


def test_order_lists_are_counted() -> None:
    FILTERS.check_lists(Counts(lists=1))
    with pytest.raises(ExchangeError, match="MAX_NUM_ORDER_LISTS"):
        FILTERS.check_lists(Counts(lists=2))


def test_older_filters_and_those_of_the_whole_exchange() -> None:
    filters = Filters(
        [
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1", "multiplierDown": "0.9"},
            {"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": False},
        ],
        [{"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 3}],
    )
    assert failed(replace(DRAFT, price=Decimal(111)), filters=filters) == "PERCENT_PRICE"
    assert failed(replace(DRAFT, quantity=Decimal("0.09")), filters=filters) == "MIN_NOTIONAL"
    assert failed(replace(MARKET, quantity=Decimal("0.09")), filters=filters) is None
    assert failed(DRAFT, Counts(everywhere=3), filters) == "EXCHANGE_MAX_NUM_ORDERS"
    assert failed(DRAFT, Counts(everywhere=2), filters) is None


@given(st.decimals(0, 2000, places=3), st.decimals(0, 600, places=4))
def test_what_passes_is_on_the_grid_and_within_bounds(price: Decimal, quantity: Decimal) -> None:
    passes = failed(replace(DRAFT, price=price, quantity=quantity)) is None
    right = (
        number("20") <= price <= number("120")
        and price % number("0.01") == 0
        and number("0.001") <= quantity <= 500
        and quantity % number("0.001") == 0
        and 5 <= price * quantity <= 20_000
    )
    assert passes == right or price == 0
