"""What fills do to a position, and the margin it needs."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from simexchange.futures.contracts import contract_info, contract_of, text
from simexchange.futures.positions import Position, Settings
from simexchange.universe import Listing
from tests.unit.simexchange.futures_line import made_contract

FILLS = st.lists(st.tuples(st.integers(-500, 500).filter(bool), st.integers(1, 2_000_000)), min_size=1, max_size=30)


@given(FILLS, st.booleans(), st.integers(1, 2_000_000))
def test_profit_taken_and_to_come_is_what_was_paid_and_got(
    fills: list[tuple[int, int]], isolated: bool, mark: int
) -> None:
    contract = made_contract()
    position, settings = Position(contract, "BOTH"), Settings(20, isolated)
    taken = sum((position.fill(lots, ticks, settings) for lots, ticks in fills), Decimal(0))
    paid = contract.value(sum(lots * ticks for lots, ticks in fills))
    held = sum(lots for lots, _ in fills)
    assert position.lots == held
    assert taken + position.unrealised(mark) == contract.value(held * mark) - paid
    assert position.isolated >= 0
    if not held or not isolated:
        assert position.isolated == 0
    if not held:
        assert position.cost == 0 == position.entry


@given(FILLS)
def test_a_smaller_position_keeps_its_entry_price(fills: list[tuple[int, int]]) -> None:
    position, settings = Position(made_contract(), "BOTH"), Settings()
    for lots, ticks in fills:
        position.fill(lots, ticks, settings)
    if abs(position.lots) < 2:
        return
    before = position.entry
    position.fill(-1 if position.lots > 0 else 1, 12_345, settings)
    assert abs(position.entry - before) <= Decimal("0.00001") * 1000 / abs(position.lots)


def test_a_flip_closes_and_opens() -> None:
    position, settings = Position(made_contract(), "BOTH"), Settings(10, isolated=True)
    assert position.fill(1_000, 500_000, settings) == 0
    assert position.entry == 50_000
    assert position.isolated == 5_000
    # 1 BTC bought at 50,000; 1.5 sold at 51,000: 1,000 profit, and 0.5 short at 51,000.
    assert position.fill(-1_500, 510_000, settings) == 1_000
    assert (position.lots, position.entry, position.isolated) == (-500, Decimal(51_000), Decimal(2_550))
    assert position.realised == 1_000


@given(
    st.integers(1, 50_000).flatmap(lambda lots: st.sampled_from((lots, -lots))),
    st.integers(10_000, 1_000_000),
    st.integers(1, 100),
)
def test_at_its_liquidation_price_the_margin_is_the_maintenance(lots: int, entry: int, leverage: int) -> None:
    contract = made_contract()
    position = Position(contract, "BOTH")
    position.fill(lots, entry, Settings(leverage, isolated=True))
    price = position.liquidation(entry, position.isolated)
    bracket = contract.bracket(abs(position.notional(entry)))
    quantity = contract.quantity(lots)
    if not price:
        assert lots > 0
        return
    margin = position.isolated + quantity * price - position.cost
    maintenance = abs(quantity) * price * bracket.rate - bracket.deduction
    assert abs(margin - maintenance) < Decimal("0.000001")


def test_maintenance_rises_without_steps() -> None:
    contract = made_contract()
    position = Position(contract, "BOTH")
    for bracket in contract.brackets[:-1]:
        lots = int(bracket.cap)  # at a mark of 1,000.0 a lot is worth one
        position.lots = lots
        below = position.maintenance(10_000)
        position.lots = lots + 1
        assert 0 < position.maintenance(10_000) - below < 1


def test_leverage_decides_how_much_may_be_held() -> None:
    contract = made_contract()
    assert contract.most_notional(125) == 300_000
    assert contract.most_notional(20) == 100_000_000
    assert contract.most_notional(1) == contract.brackets[-1].cap


def test_contracts_are_of_symbols_quoted_in_margin_assets() -> None:
    assert contract_of(Listing("ETHBTC", "ETH", 6, 4, "BTC"), 0) is None
    found = contract_of(Listing("DOGEUSDT", "DOGE", 5, 0), 3)
    assert found is not None
    assert found.brackets[0].leverage == 75
    info = contract_info(found, 1)
    assert info["contractType"] == "PERPETUAL"
    assert {one["filterType"]: one for one in info["filters"]}["LOT_SIZE"]["stepSize"] == "1"


def test_numbers_are_printed_with_the_contracts_decimals() -> None:
    assert text(1_234, 2) == "12.34"
    assert text(-5, 3) == "-0.005"
    assert text(7, 0) == "7"
