"""The one account of the simulated exchange: its key, its secret and its wallets."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Final

from aiohttp import web

from simexchange.trading.ledger import Wallet

#: What the account begins with.
SPOT_DEPOSITS: Final = {
    "USDT": Decimal(10_000),
    "BTC": Decimal("0.5"),
    "ETH": Decimal(5),
    "BNB": Decimal(10),
}
FUTURES_DEPOSITS: Final = {"USDT": Decimal(10_000)}


def credential(seed: int, name: str) -> str:
    """The account's "key" or "secret" for a seed, 64 hexadecimal digits."""
    return hashlib.sha256(f"simexchange/{seed}/{name}".encode()).hexdigest()


class Account:
    """One account; spot and futures share its key and secret, and each has a wallet of its own."""

    def __init__(self, seed: int = 7) -> None:
        self.key = credential(seed, "key")
        self.secret = credential(seed, "secret").encode()
        self.uid = 354_937_868
        self.spot = Wallet(SPOT_DEPOSITS)
        self.futures = Wallet(FUTURES_DEPOSITS)


#: Where an application holds its account.
ACCOUNT: Final = web.AppKey("account", Account)
