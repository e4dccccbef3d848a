"""A position from its first fill to its last: profit, excursions, and when a price closes it.

1. `open_position` from the entry's fills; its risk is what the stop would lose, fees of both sides included.
2. `mark` records each price seen in the excursions.
3. `on_price` says whether a price closes it: stop first, then the first target.
4. `apply_exit` takes the exit's fills, wholly or in part.

One R is the risk at opening, so a position stopped exactly at its stop has earned about -1 R.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from broker.matching import Costs
from broker.sizing import loss_per_unit
from broker.types import ZERO, Direction, Fill


class PositionState(StrEnum):
    """Where a position stands; `closing` means that an exit order is on its way."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class ExitReason(StrEnum):
    """Why a position, or a part of it, is closed.

    `exit`: its filter's own `exit` became true; `managed`: decided at a candle's close; `reduce`: a part, likewise.
    """

    STOP = "stop"
    TARGET = "target"
    MANUAL = "manual"
    EXIT = "exit"
    MANAGED = "managed"
    REDUCE = "reduce"

    @classmethod
    def of(cls, stored: str | None) -> ExitReason:
        """The reason as it was stored; a person gives none, and any other words count as a person's."""
        return cls(stored) if stored is not None and stored in cls._value2member_map_ else cls.MANUAL


@dataclass(frozen=True, slots=True)
class Position:
    """A holding in one symbol. Money in the quote asset.

    `entry_price` is the average of the entry's fills; `quantity` is what is still open, `initial_quantity`
    what was opened. `realised` is the closed part's profit before fees; `fees` is all that was paid so far.
    `risk` is one R in money. `highest_price` and `lowest_price` are the extremes seen since opening.
    """

    id: UUID
    symbol: str
    direction: Direction
    entry_price: Decimal
    quantity: Decimal
    initial_quantity: Decimal
    stop: Decimal | None
    targets: tuple[Decimal, ...]
    risk: Decimal
    fees: Decimal
    opened_ms: int
    highest_price: Decimal
    lowest_price: Decimal
    realised: Decimal = ZERO
    exit_price: Decimal | None = None
    exit_reason: ExitReason | None = None
    closed_ms: int | None = None
    state: PositionState = PositionState.OPEN

    @property
    def net_realised(self) -> Decimal:
        """Profit of the closed part less every fee paid so far."""
        return self.realised - self.fees

    @property
    def favourable(self) -> Decimal:
        """Maximum favourable excursion (MFE): the furthest move for us, quote per unit, never negative."""
        best = self.highest_price if self.direction is Direction.LONG else self.lowest_price
        return max((best - self.entry_price) * self.direction.sign, ZERO)

    @property
    def adverse(self) -> Decimal:
        """Maximum adverse excursion (MAE): the furthest move against us, quote per unit, never negative."""
        worst = self.lowest_price if self.direction is Direction.LONG else self.highest_price
        return max((self.entry_price - worst) * self.direction.sign, ZERO)

    def r_multiple(self, money: Decimal) -> Decimal | None:
        """An amount of money in units of the first risk; None where there was none."""
        return money / self.risk if self.risk > ZERO else None


@dataclass(frozen=True, slots=True)
class Profit:
    """Profit of a position: `gross` before fees, `net` after all of them, `r` is `net` in units of R."""

    gross: Decimal
    net: Decimal
    r: Decimal | None


@dataclass(frozen=True, slots=True)
class ExitDecision:
    """A price closes the position. `trigger_price` is the level crossed; the exit is priced from `price`.

    For a stop `price` is the price seen, which after a gap is beyond the stop. For a target it is the
    target, even when the price seen is better: a paper result must not gain from how seldom prices arrive.
    """

    reason: ExitReason
    trigger_price: Decimal
    price: Decimal


def open_position(
    position_id: UUID,
    direction: Direction,
    fills: Sequence[Fill],
    stop: Decimal | None,
    targets: Sequence[Decimal],
    costs: Costs,
) -> Position:
    """The position that an entry's fills make.

    Raises ValueError without fills, for fills of another side or of several symbols. Targets are kept
    nearest first.
    """
    if not fills:
        raise ValueError("a position needs at least one fill")
    if any(f.side is not direction.opening or f.symbol != fills[0].symbol for f in fills):
        raise ValueError(f"every fill of a {direction} entry must be a {direction.opening} of one symbol")
    quantity = sum((f.quantity for f in fills), ZERO)
    entry = sum((f.notional for f in fills), ZERO) / quantity
    fees = sum((f.fee for f in fills), ZERO)
    return Position(
        id=position_id,
        symbol=fills[0].symbol,
        direction=direction,
        entry_price=entry,
        quantity=quantity,
        initial_quantity=quantity,
        stop=stop,
        targets=tuple(sorted(targets, key=lambda t: t * direction.sign)),
        risk=planned_loss(direction, entry, stop, quantity, fees, costs),
        fees=fees,
        opened_ms=max(f.time_ms for f in fills),
        highest_price=entry,
        lowest_price=entry,
    )


def planned_loss(
    direction: Direction,
    entry: Decimal,
    stop: Decimal | None,
    quantity: Decimal,
    entry_fees: Decimal,
    costs: Costs,
) -> Decimal:
    """One R in money: what the stop loses, with the fees paid at entry and those due at the stop.

    Zero without a stop, or when the stop is beyond the entry; then there is no R. A stored position that
    keeps its first stop gets its risk back from here.
    """
    if stop is None:
        return ZERO
    loss = (entry - stop) * direction.sign * quantity + entry_fees + costs.fee_rate * stop * quantity
    return max(loss, ZERO) if (entry - stop) * direction.sign > ZERO else ZERO


def mark(position: Position, price: Decimal) -> Position:
    """The position with `price` in its excursions; the same object when nothing changed."""
    if price > position.highest_price:
        return replace(position, highest_price=price)
    if price < position.lowest_price:
        return replace(position, lowest_price=price)
    return position


def on_price(position: Position, price: Decimal) -> ExitDecision | None:
    """Whether `price` closes an open position, and from what price; None too for an unusable price."""
    if position.state is not PositionState.OPEN or not price.is_finite() or price <= ZERO:
        return None
    sign = position.direction.sign
    if position.stop is not None and (price - position.stop) * sign <= ZERO:
        return ExitDecision(ExitReason.STOP, position.stop, price)
    if position.targets:
        target = position.targets[0]
        if (price - target) * sign >= ZERO:
            return ExitDecision(ExitReason.TARGET, target, target)
    return None


def unrealised(position: Position, price: Decimal, costs: Costs) -> Profit:
    """Profit of the whole position if the open part closed at `price` now, what is realised included."""
    gross = position.realised + (price - position.entry_price) * position.direction.sign * position.quantity
    net = gross - position.fees - costs.fee_rate * price * position.quantity
    return Profit(gross, net, position.r_multiple(net))


def profit(position: Position) -> Profit:
    """Profit of what is closed, after all fees paid."""
    return Profit(position.realised, position.net_realised, position.r_multiple(position.net_realised))


def apply_exit(position: Position, fills: Sequence[Fill], reason: ExitReason) -> Position:
    """The position after an exit's fills; closed when nothing is left.

    Raises ValueError for fills of another side or symbol, or of more than is open: a position never turns
    around.
    """
    if any(f.side is not position.direction.closing or f.symbol != position.symbol for f in fills):
        raise ValueError(f"an exit of a {position.direction} in {position.symbol} takes its own closing fills only")
    quantity = sum((f.quantity for f in fills), ZERO)
    if not ZERO < quantity <= position.quantity:
        raise ValueError(f"an exit of {quantity} does not fit an open quantity of {position.quantity}")
    notional = sum((f.notional for f in fills), ZERO)
    left = position.quantity - quantity
    gone = position.initial_quantity - position.quantity
    earlier = gone * position.exit_price if position.exit_price is not None else ZERO
    gain = (notional - position.entry_price * quantity) * position.direction.sign
    exit_price = (earlier + notional) / (gone + quantity)
    after = replace(
        mark(position, notional / quantity),
        quantity=left,
        realised=position.realised + gain,
        fees=position.fees + sum((f.fee for f in fills), ZERO),
        exit_price=exit_price,
        exit_reason=reason,
    )
    if left > ZERO:
        return after
    return replace(after, state=PositionState.CLOSED, closed_ms=max(f.time_ms for f in fills))


def loss_at_stop(position: Position, costs: Costs) -> Decimal | None:
    """What the open part would lose at its stop, fees included; below zero once it locks a gain in."""
    if position.stop is None:
        return None
    per_unit = loss_per_unit(position.direction, position.entry_price, position.stop, costs)
    return per_unit * position.quantity
