"""Balances: what is free, what orders hold, and that nothing appears or vanishes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simexchange.trading.ledger import InsufficientBalance, Wallet

AMOUNTS = st.decimals(min_value=0, max_value=1000, places=8)
MOVES = st.lists(st.tuples(st.sampled_from(("credit", "debit", "lock", "unlock", "spend")), AMOUNTS), max_size=40)


@given(MOVES)
def test_every_amount_is_accounted_for(moves: list[tuple[str, Decimal]]) -> None:
    wallet = Wallet({"USDT": Decimal(500)})
    free, locked = Decimal(500), Decimal(0)
    for name, amount in moves:
        if name in ("unlock", "spend"):
            amount = min(amount, locked)
        if name in ("debit", "lock") and amount > free:
            with pytest.raises(InsufficientBalance):
                getattr(wallet, name)("USDT", amount)
        else:
            getattr(wallet, name)("USDT", amount)
            free += {"credit": amount, "unlock": amount, "debit": -amount, "lock": -amount}.get(name, Decimal(0))
            locked += {"lock": amount, "unlock": -amount, "spend": -amount}.get(name, Decimal(0))
        balance = wallet.balance("USDT")
        assert (balance.free, balance.locked) == (free, locked)
        assert balance.free >= 0 and balance.locked >= 0


def test_more_than_is_locked_cannot_be_spent() -> None:
    wallet = Wallet({"USDT": Decimal(5)})
    wallet.lock("USDT", Decimal(2))
    with pytest.raises(AssertionError):
        wallet.spend("USDT", Decimal(3))
    assert wallet.balance("USDT").locked == 2


def test_changed_assets_are_named_once() -> None:
    wallet = Wallet({"USDT": Decimal(5)})
    assert wallet.take_changed() == []
    wallet.credit("BTC", Decimal(1))
    wallet.lock("USDT", Decimal(1))
    wallet.credit("BTC", Decimal(1))
    assert wallet.take_changed() == ["BTC", "USDT"]
    assert wallet.take_changed() == []
    assert wallet.balance("NONE").free == 0 and "NONE" not in wallet.assets()
