"""Positions: what a fill does to them, what they are worth, what margin they need.

A position remembers what its lots cost, exactly, and not their average price: what part of the cost leaves with a fill
is taken from it to the last digit. So wallet + unrealised profit changes by nothing but prices, fees and funding.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from simexchange.futures.contracts import Contract

ZERO: Final = Decimal(0)
BOTH, LONG, SHORT = "BOTH", "LONG", "SHORT"
BUY, SELL = "BUY", "SELL"
_CENT: Final = Decimal("0.00000001")


def rounded(value: Decimal) -> Decimal:
    """To the eight decimals of a wallet."""
    return value.quantize(_CENT, ROUND_HALF_EVEN)


@dataclass(slots=True)
class Settings:
    """Of one symbol."""

    leverage: int = 20
    isolated: bool = False


@dataclass(slots=True, eq=False)
class Position:
    """What is held of a contract on one position side.

    lots: positive for long, negative for short; cost: quote currency paid for them, of the sign of `lots`;
    isolated: quote currency set aside for it, 0 in cross margin; realised: profit of all that was closed.
    """

    contract: Contract
    side: str
    lots: int = 0
    cost: Decimal = ZERO
    isolated: Decimal = ZERO
    realised: Decimal = ZERO
    updated_ms: int = 0

    @property
    def entry(self) -> Decimal:
        """Average price of what is held; 0 for nothing."""
        return self.cost / self.contract.quantity(self.lots) if self.lots else ZERO

    def closes(self, side: str) -> bool:
        """True where an order of this side makes the position smaller."""
        return (self.lots > 0 and side == SELL) or (self.lots < 0 and side == BUY)

    def fill(self, lots: int, ticks: int, settings: Settings) -> Decimal:
        """Take a fill of `lots` (negative for a sale) at a price; gives the profit of the part that it closed."""
        profit = ZERO
        if self.lots and (lots > 0) != (self.lots > 0):
            part = min(abs(lots), abs(self.lots)) * (1 if self.lots > 0 else -1)
            whole = part == self.lots
            removed = self.cost if whole else rounded(self.cost * part / self.lots)
            self.isolated -= self.isolated if whole else rounded(self.isolated * part / self.lots)
            profit = self.contract.value(part * ticks) - removed
            self.cost -= removed
            self.lots -= part
            self.realised += profit
            lots += part
        if lots:
            value = self.contract.value(lots * ticks)
            self.lots += lots
            self.cost += value
            if settings.isolated:
                self.isolated += rounded(abs(value) / settings.leverage)
        return profit

    def unrealised(self, mark: int) -> Decimal:
        """Profit if it were closed at `mark` (ticks)."""
        return self.contract.value(self.lots * mark) - self.cost

    def notional(self, mark: int) -> Decimal:
        """What it is worth at `mark` (ticks), of the sign of the position."""
        return self.contract.value(self.lots * mark)

    def maintenance(self, mark: int) -> Decimal:
        """Margin below which it is liquidated: notional × the bracket's rate − the bracket's deduction."""
        notional = abs(self.notional(mark))
        bracket = self.contract.bracket(notional)
        return max(ZERO, notional * bracket.rate - bracket.deduction)

    def liquidation(self, mark: int, backing: Decimal) -> Decimal:
        """The mark price at which `backing` (quote currency, beside its own profit) no longer covers maintenance.

        From backing + q·p − cost = |q|·p·rate − deduction with q the signed quantity: p = (cost − deduction −
        backing) / (q − |q|·rate), Binance's published formula for one position. 0 where no price does it.
        """
        if not self.lots:
            return ZERO
        bracket = self.contract.bracket(abs(self.notional(mark)))
        quantity = self.contract.quantity(self.lots)
        price = (self.cost - bracket.deduction - backing) / (quantity - abs(quantity) * bracket.rate)
        return max(ZERO, price)


def pressing(margin: Decimal, maintenance: Decimal) -> bool:
    """True where margin is so low that a position is liquidated."""
    return maintenance > ZERO and margin <= maintenance
