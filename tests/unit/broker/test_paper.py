"""The paper venue's own promises: price, costs, determinism."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from broker import Costs, OrderIntent, OrderRejected, PaperBroker, Purpose, Quote, Side, SymbolRules
from broker.matching import fill_price
from broker.paper import _REMEMBERED

D = Decimal
RULES = SymbolRules("ETHUSDT", "ETH", "USDT", D("0.01"), D("0.0001"), D("0.0001"), D("5"))


def intent(number: int = 1, side: Side = Side.BUY) -> OrderIntent:
    return OrderIntent(UUID(int=number), "ETHUSDT", side, D("0.5"), D("2999"), Purpose.ENTRY, 0)


def paper() -> PaperBroker:
    return PaperBroker({"ETHUSDT": RULES}.get, Costs(D(10), D(1), D(2)))


async def test_costs_go_against_the_taker() -> None:
    quote = Quote.of("ETHUSDT", "3000", 5)
    [bought] = await paper().submit(intent(), quote)
    assert bought.price == D("3000.90")
    assert bought.fee == D("1.50045")
    assert bought.slippage == D("1.90")
    [sold] = await paper().submit(intent(2, Side.SELL), quote)
    assert sold.price == D("2999.10")
    assert sold.slippage == D("-0.10")


async def test_two_venues_agree_to_the_last_digit() -> None:
    quote = Quote.of("ETHUSDT", 3123.456, 5)
    assert await paper().submit(intent(), quote) == await paper().submit(intent(), quote)


def test_bid_and_ask_replace_the_assumed_spread() -> None:
    quote = Quote("ETHUSDT", D(3000), 0, bid=D("2990"), ask=D("3010"))
    none = Costs(D(0), D(50), D(0))
    assert fill_price(Side.BUY, quote, none, RULES) == 3010
    assert fill_price(Side.SELL, quote, none, RULES) == 2990


def test_a_price_of_one_tick_can_still_be_sold() -> None:
    assert fill_price(Side.SELL, Quote.of("ETHUSDT", "0.01", 0), Costs(), RULES) == D("0.01")


async def test_a_quote_of_another_symbol_is_refused() -> None:
    with pytest.raises(OrderRejected, match="not of ETHUSDT"):
        await paper().submit(intent(), Quote.of("BTCUSDT", 3000, 0))


async def test_memory_is_bounded() -> None:
    broker = paper()
    quote = Quote.of("ETHUSDT", 3000, 0)
    for number in range(_REMEMBERED + 5):
        await broker.submit(intent(number), quote)
    assert len(broker._fills) == _REMEMBERED


@pytest.mark.parametrize("bad", ["-1", "NaN", "9999"])
def test_costs_that_make_no_sense_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="fee_bps"):
        Costs(fee_bps=D(bad))
