"""The futures account: wallet, settings, positions, and how its margin stands.

1. The wallet's balance changes by realised profit, fees and funding only (`change`). Isolated positions set a part
   of it aside; the rest backs all cross positions of the same asset together.
2. `initial` is the margin a symbol's position and open orders need: the larger of what they are worth after all buys
   and after all sells, by leverage. Orders that only reduce need none.
3. `available` is what new orders may use, `standing` what decides about liquidation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from simexchange.futures.contracts import MARGIN_ASSETS, Contract
from simexchange.futures.orders import Order, plain8
from simexchange.futures.positions import BOTH, BUY, LONG, SHORT, ZERO, Position, Settings
from simexchange.trading.ledger import Wallet

_INCOMES_KEPT: Final = 100_000
Mark = Callable[[Contract], int]
"""Gives a contract's mark price in ticks."""


@dataclass(frozen=True, slots=True)
class Income:
    """One change of the wallet."""

    id: int
    symbol: str
    kind: str
    amount: Decimal
    asset: str
    time_ms: int
    info: str
    trade_id: str

    def answer(self) -> dict[str, Any]:
        """As `income` lists it."""
        return {
            "symbol": self.symbol,
            "incomeType": self.kind,
            "income": plain8(self.amount),
            "asset": self.asset,
            "time": self.time_ms,
            "info": self.info,
            "tranId": self.id,
            "tradeId": self.trade_id,
        }


class FuturesAccount:
    """Wallet, positions and settings; `mark` gives prices now, `orders` the open orders of a contract."""

    def __init__(self, wallet: Wallet, mark: Mark, orders: Callable[[Contract], Iterable[Order]]) -> None:
        self.hedge = False
        self.multi = False
        self.incomes: list[Income] = []
        self.updated_ms = 0
        self._wallet = wallet
        self._mark = mark
        self._orders = orders
        self._settings: dict[str, Settings] = {}
        self._positions: dict[tuple[str, str], Position] = {}
        self._transfers = 0

    def settings(self, contract: Contract) -> Settings:
        """Leverage and margin type of a symbol."""
        return self._settings.setdefault(contract.symbol, Settings())

    def position(self, contract: Contract, side: str) -> Position:
        """What is held on a position side."""
        key = (contract.symbol, side)
        if key not in self._positions:
            self._positions[key] = Position(contract, side)
        return self._positions[key]

    def sides(self) -> tuple[str, ...]:
        """Position sides of the mode."""
        return (LONG, SHORT) if self.hedge else (BOTH,)

    def of(self, contract: Contract) -> list[Position]:
        """All positions of a contract, in both modes."""
        return [self.position(contract, side) for side in (BOTH, LONG, SHORT)]

    def held(self) -> Iterator[Position]:
        """Positions that are not empty."""
        return (position for position in self._positions.values() if position.lots)

    def balance(self, asset: str) -> Decimal:
        """The wallet's balance, what isolated positions hold included."""
        return self._wallet.balance(asset).free

    def isolated(self, asset: str) -> Decimal:
        """What isolated positions hold."""
        return sum((one.isolated for one in self.held() if one.contract.asset == asset), ZERO)

    def cross(self, asset: str) -> Decimal:
        """What backs cross positions, without their profit."""
        return self.balance(asset) - self.isolated(asset)

    def change(self, asset: str, amount: Decimal) -> Decimal:
        """Add to the balance, or take from it, to zero at most; gives what was done."""
        if amount < ZERO:
            amount = max(amount, -self.balance(asset))
            self._wallet.debit(asset, -amount)
        else:
            self._wallet.credit(asset, amount)
        return amount

    def earn(
        self, contract: Contract, kind: str, amount: Decimal, time_ms: int, info: str = "", trade_id: str = ""
    ) -> Decimal:
        """Change the balance and write it down; gives what was done."""
        done = self.change(contract.asset, amount)
        self._transfers += 1
        self.updated_ms = time_ms
        self.incomes.append(
            Income(self._transfers, contract.symbol, kind, done, contract.asset, time_ms, info, trade_id)
        )
        del self.incomes[:-_INCOMES_KEPT]
        return done

    def unrealised(self, asset: str, *, cross_only: bool = False) -> Decimal:
        """Profit of open positions at mark prices."""
        return sum(
            (
                one.unrealised(self._mark(one.contract))
                for one in self.held()
                if one.contract.asset == asset and not (cross_only and self.settings(one.contract).isolated)
            ),
            ZERO,
        )

    def initial(self, contract: Contract, extra: Order | None = None) -> tuple[Decimal, Decimal]:
        """Margin that the positions of a contract need, and what its open orders need beyond; `extra` is an order
        that is about to be placed.
        """
        mark, leverage = self._mark(contract), self.settings(contract).leverage
        orders = [*self._orders(contract), *([extra] if extra else [])]
        held = needed = ZERO
        for side in self.sides():
            worth = self.position(contract, side).notional(mark)
            bought = sold = ZERO
            for order in orders:
                if order.position_side == side and not order.reduces:
                    value = contract.value(order.left * (order.ticks or mark))
                    bought, sold = (bought + value, sold) if order.side == BUY else (bought, sold + value)
            held += abs(worth) / leverage
            needed += max(abs(worth + bought), abs(worth - sold), abs(worth)) / leverage
        return held, needed - held

    def exposure(self, contract: Contract, extra: Order | None = None) -> Decimal:
        """Notional value of a contract's positions and of the orders that may add to them."""
        held, ordered = self.initial(contract, extra)
        return (held + ordered) * self.settings(contract).leverage

    def available(self, asset: str) -> Decimal:
        """What new orders may use: cross balance and profit, less the margin in use."""
        used, seen = ZERO, set[str]()
        for contract in (*(one.contract for one in self.held()), *self._ordered()):
            if contract.asset == asset and contract.symbol not in seen:
                seen.add(contract.symbol)
                held, ordered = self.initial(contract)
                # An isolated position's margin has left the cross balance already.
                used += ordered if self.settings(contract).isolated else held + ordered
        return max(ZERO, self.cross(asset) + self.unrealised(asset, cross_only=True) - used)

    def standing(self, position: Position) -> tuple[Decimal, Decimal]:
        """Margin balance behind a position, and the maintenance margin it has to cover."""
        mark, contract = self._mark, position.contract
        if self.settings(contract).isolated:
            price = mark(contract)
            return position.isolated + position.unrealised(price), position.maintenance(price)
        together = [
            one
            for one in self.held()
            if one.contract.asset == contract.asset and not self.settings(one.contract).isolated
        ]
        profit = sum((one.unrealised(mark(one.contract)) for one in together), ZERO)
        return self.cross(contract.asset) + profit, sum((one.maintenance(mark(one.contract)) for one in together), ZERO)

    def liquidation_price(self, position: Position) -> Decimal:
        """See Position.liquidation; other cross positions stay at their mark prices."""
        if not position.lots:
            return ZERO
        mark = self._mark(position.contract)
        margin, maintenance = self.standing(position)
        others = maintenance - position.maintenance(mark)
        return position.liquidation(mark, margin - position.unrealised(mark) - others)

    def assets(self) -> Iterable[str]:
        """Assets of the account."""
        return dict.fromkeys((*MARGIN_ASSETS, *self._wallet.assets()))

    def _ordered(self) -> Iterator[Contract]:
        """Contracts that have settings, which every one has that was ever ordered."""
        return (position.contract for position in self._positions.values())
