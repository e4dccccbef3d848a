"""A symbol's trading rules: tick, lot, minimum quantity and notional.

Rounding goes toward safety: a stop never moves away from the entry and a target never moves further off, so
neither risk nor expectation grows by rounding; quantities round down.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from broker.types import ZERO, Direction, Refusal, Side, plain
from market.types import SymbolInfo


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The greatest multiple of `step` that is not above `value`; a step of zero means no grid."""
    if step <= ZERO:
        return value
    return (value / step).to_integral_value(rounding=ROUND_FLOOR) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The least multiple of `step` that is not below `value`; a step of zero means no grid."""
    if step <= ZERO:
        return value
    return (value / step).to_integral_value(rounding=ROUND_CEILING) * step


def on_grid(value: Decimal, step: Decimal) -> bool:
    """Whether `value` is a multiple of `step`."""
    return step <= ZERO or value % step == ZERO


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """What a venue accepts for one symbol. Zero in a size or minimum means no limit."""

    symbol: str
    base_asset: str
    quote_asset: str
    tick_size: Decimal
    step_size: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    trading: bool = True

    @classmethod
    def of(cls, info: SymbolInfo) -> SymbolRules:
        """The rules in a symbol's exchange information."""
        return cls(
            symbol=info.symbol,
            base_asset=info.base_asset,
            quote_asset=info.quote_asset,
            tick_size=info.tick_size,
            step_size=info.step_size,
            min_quantity=info.min_quantity,
            min_notional=info.min_notional,
            trading=info.status == "TRADING",
        )

    def quantity(self, value: Decimal) -> Decimal:
        """`value` rounded down to the lot step."""
        return floor_to(value, self.step_size)

    def stop(self, direction: Direction, price: Decimal) -> Decimal:
        """A stop price on the tick, never further from the entry than `price`."""
        if direction is Direction.LONG:
            return ceil_to(price, self.tick_size)
        return floor_to(price, self.tick_size)

    def target(self, direction: Direction, price: Decimal) -> Decimal:
        """A target price on the tick, never further from the entry than `price`."""
        if direction is Direction.LONG:
            return floor_to(price, self.tick_size)
        return ceil_to(price, self.tick_size)

    def worse(self, side: Side, price: Decimal) -> Decimal:
        """A fill price on the tick, never better for the taker than `price`, and never below one tick."""
        if side is Side.BUY:
            return ceil_to(price, self.tick_size)
        return max(floor_to(price, self.tick_size), self.tick_size)

    def check_order(self, quantity: Decimal, price: Decimal) -> list[Refusal]:
        """Why a venue would refuse a market order of `quantity` at about `price`; empty if it would not."""
        refusals: list[Refusal] = []
        if not self.trading:
            refusals.append(Refusal("not_trading", f"Not sent: {self.symbol} is not trading now."))
        if quantity <= ZERO or quantity < self.min_quantity:
            refusals.append(
                Refusal(
                    "min_quantity",
                    f"Not sent: {plain(quantity)} {self.base_asset} is below the smallest order, "
                    f"{plain(self.min_quantity)} {self.base_asset}.",
                )
            )
        elif not on_grid(quantity, self.step_size):
            refusals.append(
                Refusal(
                    "lot_size",
                    f"Not sent: {plain(quantity)} {self.base_asset} is not a multiple of {plain(self.step_size)}.",
                )
            )
        notional = quantity * price
        if notional < self.min_notional:
            refusals.append(
                Refusal(
                    "min_notional",
                    f"Not sent: {plain(round(notional, 2))} {self.quote_asset} is below "
                    f"the smallest order value, {plain(self.min_notional)} {self.quote_asset}.",
                )
            )
        return refusals
