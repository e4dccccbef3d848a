"""Balances of assets, free and locked, in exact decimals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)


class InsufficientBalance(Exception):
    """More was asked of an asset than is free."""


@dataclass(slots=True)
class Balance:
    """One asset: what may be used, and what open orders hold."""

    free: Decimal = ZERO
    locked: Decimal = ZERO


class Wallet:
    """Balances by asset; `changed` gathers the assets touched since `take_changed`."""

    def __init__(self, deposits: Mapping[str, Decimal]) -> None:
        self._balances = {asset: Balance(amount) for asset, amount in deposits.items()}
        self._changed: dict[str, None] = {}

    def balance(self, asset: str) -> Balance:
        """The balance of an asset; zero where it was never held. For reading only."""
        return self._balances.get(asset, Balance())

    def assets(self) -> Iterable[str]:
        """Assets that were ever held."""
        return self._balances.keys()

    def credit(self, asset: str, amount: Decimal) -> None:
        """Add to what is free."""
        assert amount >= ZERO, "a credit is not negative"
        self._touch(asset).free += amount

    def debit(self, asset: str, amount: Decimal) -> None:
        """Take from what is free. Raises InsufficientBalance."""
        assert amount >= ZERO, "a debit is not negative"
        if self.balance(asset).free < amount:
            raise InsufficientBalance(asset)
        self._touch(asset).free -= amount

    def lock(self, asset: str, amount: Decimal) -> None:
        """Set free money aside for an order. Raises InsufficientBalance."""
        self.debit(asset, amount)
        self._touch(asset).locked += amount

    def unlock(self, asset: str, amount: Decimal) -> None:
        """Give back what an order held."""
        self.spend(asset, amount)
        self._touch(asset).free += amount

    def spend(self, asset: str, amount: Decimal) -> None:
        """Pay out of what an order holds."""
        held = self._touch(asset)
        assert ZERO <= amount <= held.locked, f"{asset}: {amount} of {held.locked} locked"
        held.locked -= amount

    def take_changed(self) -> list[str]:
        """Assets touched since this was last asked."""
        changed = list(self._changed)
        self._changed.clear()
        return changed

    def _touch(self, asset: str) -> Balance:
        self._changed[asset] = None
        return self._balances.setdefault(asset, Balance())
