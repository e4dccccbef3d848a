"""Positions from first to last fill: profit with fees, excursions, stops, targets and gaps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from broker.matching import Costs
from broker.positions import (
    ExitReason,
    Position,
    PositionState,
    apply_exit,
    loss_at_stop,
    mark,
    on_price,
    open_position,
    profit,
    unrealised,
)
from broker.records import trade_executed, trade_trigger
from broker.types import Direction, Fill, OrderIntent, Purpose, Side

D = Decimal
FREE = Costs(D(0), D(0), D(0))
COSTS = Costs(fee_bps=D(10))


def fill(side: Side, price: str, quantity: str, costs: Costs = COSTS, number: int = 1) -> Fill:
    notional = D(price) * D(quantity)
    return Fill(
        "paper",
        f"t{number}",
        "ss-1",
        "ETHUSDT",
        side,
        D(price),
        D(quantity),
        notional * costs.fee_rate,
        "USDT",
        D(price),
        number,
    )


def make(direction: Direction, stop: str, targets: list[str], costs: Costs = COSTS) -> Position:
    fills = [fill(direction.opening, "100", "2", costs)]
    return open_position(UUID(int=1), direction, fills, D(stop), [D(t) for t in targets], costs)


LONG = make(Direction.LONG, "98", ["106", "104"])
SHORT = make(Direction.SHORT, "102", ["94", "96"])


@pytest.mark.parametrize(
    ("position", "price", "expected"),
    [
        (LONG, "100", None),
        (LONG, "98.01", None),
        (LONG, "98", (ExitReason.STOP, "98", "98")),
        (LONG, "91", (ExitReason.STOP, "98", "91")),
        (LONG, "103.99", None),
        (LONG, "104", (ExitReason.TARGET, "104", "104")),
        (LONG, "120", (ExitReason.TARGET, "104", "104")),
        (SHORT, "101.99", None),
        (SHORT, "102", (ExitReason.STOP, "102", "102")),
        (SHORT, "109", (ExitReason.STOP, "102", "109")),
        (SHORT, "96", (ExitReason.TARGET, "96", "96")),
        (SHORT, "90", (ExitReason.TARGET, "96", "96")),
        (LONG, "0", None),
        (LONG, "NaN", None),
    ],
)
def test_which_prices_close_a_position(
    position: Position, price: str, expected: tuple[ExitReason, str, str] | None
) -> None:
    decision = on_price(position, D(price))
    if expected is None:
        assert decision is None
    else:
        assert decision is not None
        assert (decision.reason, str(decision.trigger_price), str(decision.price)) == expected


def test_a_position_that_is_closing_decides_nothing_again() -> None:
    assert on_price(replace(LONG, state=PositionState.CLOSING), D(50)) is None


def test_targets_are_kept_nearest_first() -> None:
    assert LONG.targets == (D(104), D(106))
    assert SHORT.targets == (D(96), D(94))


@pytest.mark.parametrize(("position", "stop"), [(LONG, "98"), (SHORT, "102")])
def test_a_stop_that_fills_exactly_is_minus_one_r(position: Position, stop: str) -> None:
    closed = apply_exit(position, [fill(position.direction.closing, stop, "2", number=2)], ExitReason.STOP)
    assert closed.state is PositionState.CLOSED
    assert profit(closed).r == -1
    assert closed.net_realised == -position.risk
    assert loss_at_stop(position, COSTS) == position.risk
    assert closed.closed_ms == 2


def test_profit_counts_the_fees_of_both_sides() -> None:
    now = unrealised(LONG, D(104), COSTS)
    assert now.gross == 8
    assert now.net == D(8) - D("0.2") - D("0.208")
    closed = apply_exit(LONG, [fill(Side.SELL, "104", "2", number=2)], ExitReason.TARGET)
    assert closed.net_realised == now.net
    assert closed.fees == D("0.408")
    assert closed.exit_price == 104


def test_closing_in_parts_sums_up_to_closing_at_once() -> None:
    part = apply_exit(LONG, [fill(Side.SELL, "104", "0.5", number=2)], ExitReason.TARGET)
    assert part.state is PositionState.OPEN
    assert part.quantity == D("1.5")
    whole = apply_exit(part, [fill(Side.SELL, "108", "1.5", number=3)], ExitReason.MANUAL)
    assert whole.state is PositionState.CLOSED
    assert whole.exit_price == D(107)
    assert whole.realised == 14
    assert whole.exit_reason is ExitReason.MANUAL


def test_excursions_follow_the_direction_and_never_shrink() -> None:
    for position, good, bad in ((LONG, "103", "99"), (SHORT, "97", "101")):
        moved = mark(mark(position, D(good)), D(bad))
        assert moved.favourable == 3
        assert moved.adverse == 1
        assert mark(moved, D(100)) is moved


def test_a_position_without_a_stop_has_no_r_and_only_its_targets() -> None:
    fills = [fill(Side.BUY, "100", "2")]
    position = open_position(UUID(int=1), Direction.LONG, fills, None, [D(104)], COSTS)
    assert position.risk == 0
    assert unrealised(position, D(50), COSTS).r is None
    assert loss_at_stop(position, COSTS) is None
    assert on_price(position, D(50)) is None
    assert on_price(position, D(105)) is not None


def test_average_entry_over_several_fills() -> None:
    fills = [fill(Side.BUY, "100", "1", FREE), fill(Side.BUY, "103", "2", FREE, 2)]
    position = open_position(UUID(int=1), Direction.LONG, fills, D(99), [], FREE)
    assert position.entry_price == 102
    assert position.risk == 9
    assert position.opened_ms == 2


@pytest.mark.parametrize(
    "fills",
    [
        [],
        [fill(Side.SELL, "100", "1")],
        [replace(fill(Side.BUY, "100", "1"), symbol="X"), fill(Side.BUY, "1", "1")],
    ],
)
def test_fills_that_make_no_position(fills: list[Fill]) -> None:
    with pytest.raises(ValueError, match="fill"):
        open_position(UUID(int=1), Direction.LONG, fills, D(98), [], COSTS)


@pytest.mark.parametrize("fills", [[], [fill(Side.BUY, "100", "1")], [fill(Side.SELL, "100", "2.1")]])
def test_a_position_never_turns_around(fills: list[Fill]) -> None:
    with pytest.raises(ValueError, match="exit"):
        apply_exit(LONG, fills, ExitReason.MANUAL)


def intent(side: Side, purpose: Purpose) -> OrderIntent:
    return OrderIntent(UUID(int=9), "ETHUSDT", side, D("2"), D("99.9"), purpose, 1_700_000_000_000)


ROWS = [{"text": "rsi(close, 14) < 30", "left": 28.4, "right": 30.0, "value": True}]


def test_the_trigger_record_has_every_condition_row() -> None:
    record = trade_trigger(intent(Side.BUY, Purpose.ENTRY), ROWS, "signal", stop=D(98), targets=[D("104.0")])
    assert record.kind == "TRADE_TRIGGER"
    assert record.detail["conditions"] == ROWS
    assert record.detail["trigger_price"] == "99.9"
    assert (record.detail["stop"], record.detail["targets"]) == ("98", ["104"])
    assert record.detail["time"] == "2023-11-14T22:13:20Z"
    assert record.message == "ETHUSDT: buy 2 because of an approved signal, trigger 99.9"


def test_the_execution_record_has_slippage_and_fees() -> None:
    order = intent(Side.BUY, Purpose.ENTRY)
    record = trade_executed(order, [fill(Side.BUY, "100", "2")], ROWS, "signal", position=LONG)
    assert record.kind == "TRADE_EXECUTED"
    assert (record.detail["fill_price"], record.detail["slippage"], record.detail["fees"]) == (
        "100",
        "0.1",
        "0.2",
    )
    assert record.detail["slippage_bps"] == pytest.approx(10.01)
    assert record.detail["conditions"] == ROWS
    assert "slippage +0.100 %" in record.message
    assert "profit" not in record.detail


def test_the_record_of_an_exit_has_the_profit() -> None:
    closed = apply_exit(LONG, [fill(Side.SELL, "104", "2", number=2)], ExitReason.TARGET)
    order = replace(intent(Side.SELL, Purpose.EXIT), trigger_price=D(104))
    record = trade_executed(order, [fill(Side.SELL, "104", "2")], [], "target", position=closed)
    assert record.detail["profit"] == "7.592"
    assert record.detail["r_multiple"] == pytest.approx(7.592 / 4.396, abs=1e-4)
    with pytest.raises(ValueError, match="nothing"):
        trade_executed(order, [], [], "target")
