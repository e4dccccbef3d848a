"""What clients may ask about the account: balances, orders and trades of the past, use of limits, and the wallet
endpoints under /sapi that clients need in order to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simexchange import errors
from simexchange.errors import ExchangeError
from simexchange.spot import events, shapes
from simexchange.spot.drafts import Fields
from simexchange.spot.engine import COMMISSION, no_funds
from simexchange.spot.events import text
from simexchange.spot.trade import Parameters, Trade
from simexchange.trading.account import Account
from simexchange.trading.ledger import ZERO, InsufficientBalance
from simexchange.universe import Listing

_USUAL: Final = 500
_MOST: Final = 1_000
_DAY_MS: Final = 86_400_000


class Accounts:
    """The account's side of spot trading."""

    def __init__(self, trade: Trade, account: Account, listings: Sequence[Listing], publish: events.Publish) -> None:
        self._trade = trade
        self._engine = trade.engine
        self._account = account
        self._listings = listings
        self._publish = publish
        bases = (listing.base for listing in listings)
        quotes = (listing.quote for listing in listings)
        self._assets = list(dict.fromkeys((*account.spot.assets(), *quotes, *bases)))

    def account(self, parameters: Parameters) -> Any:
        """Balances and commissions."""
        self._engine.advance()
        wallet = self._account.spot
        assets = self._assets
        if Fields(parameters).get("omitZeroBalances") == "true":
            assets = [one for one in assets if wallet.balance(one).free or wallet.balance(one).locked]
        return shapes.account(wallet, assets, self._account.uid, self._engine.now_ms)

    def commission(self, parameters: Parameters) -> Any:
        """Commission rates on a symbol."""
        row = self._trade.row(parameters)
        none = {"maker": text(ZERO), "taker": text(ZERO), "buyer": text(ZERO), "seller": text(ZERO)}
        return {
            "symbol": self._engine.symbol(row),
            "standardCommission": {**none, "maker": text(COMMISSION), "taker": text(COMMISSION)},
            "specialCommission": none,
            "taxCommission": none,
            "discount": {
                "enabledForAccount": False,
                "enabledForSymbol": False,
                "discountAsset": "BNB",
                "discount": text(ZERO),
            },
        }

    def order_use(self, parameters: Parameters) -> Any:
        """How many orders were placed, by window."""
        return self._trade.limit.state()

    def all_orders(self, parameters: Parameters) -> Any:
        """Orders of a symbol, open or not, oldest first."""
        self._engine.advance()
        row = self._trade.row(parameters)
        first = Fields(parameters).long("orderId")
        start, end, limit = _span(parameters)
        found = [
            order
            for order in self._engine.store.orders(row)
            if (first is None or order.id >= first)
            and (start is None or order.time_ms >= start)
            and (end is None or order.time_ms <= end)
        ]
        kept = found[:limit] if first is not None or start is not None else found[-limit:]
        return [shapes.queried(order, self._engine.symbol(row)) for order in kept]

    def trades(self, parameters: Parameters) -> Any:
        """Trades of a symbol, oldest first."""
        self._engine.advance()
        row = self._trade.row(parameters)
        fields = Fields(parameters)
        number, first = fields.long("orderId"), fields.long("fromId")
        start, end, limit = _span(parameters)
        if first is not None and (start is not None or end is not None):
            raise errors.bad_combination()
        store, symbol = self._engine.store, self._engine.symbol(row)
        found = [
            trade
            for trade in store.trades(row)
            if (number is None or trade.order_id == number)
            and (first is None or trade.id >= first)
            and (start is None or trade.time_ms >= start)
            and (end is None or trade.time_ms <= end)
        ]
        kept = found[:limit] if first is not None or start is not None else found[-limit:]
        answers = []
        for trade in kept:
            order = store.find(row, trade.order_id, None)
            assert order is not None, "a trade has its order"
            answers.append(shapes.trade(trade, order, symbol))
        return answers

    def nothing(self, parameters: Parameters) -> Any:
        """What this account never has: prevented matches, allocations, margin pairs."""
        return []

    def coins(self, parameters: Parameters) -> Any:
        """All coins, with the account's balances; none can be deposited or withdrawn."""
        wallet = self._account.spot
        return [
            {
                "coin": asset,
                "depositAllEnable": False,
                "withdrawAllEnable": False,
                "name": asset,
                "free": text(wallet.balance(asset).free),
                "locked": text(wallet.balance(asset).locked),
                "freeze": "0",
                "withdrawing": "0",
                "ipoing": "0",
                "ipoable": "0",
                "storage": "0",
                "isLegalMoney": False,
                "trading": True,
                "networkList": [],
            }
            for asset in self._assets
        ]

    def assets(self, parameters: Parameters) -> Any:
        """Assets of which the account has any."""
        wallet = self._account.spot
        wanted = Fields(parameters).get("asset")
        return [
            {
                "asset": asset,
                "free": text(wallet.balance(asset).free),
                "locked": text(wallet.balance(asset).locked),
                "freeze": "0",
                "withdrawing": "0",
                "ipoable": "0",
                "btcValuation": "0",
            }
            for asset in self._assets
            if (wallet.balance(asset).free or wallet.balance(asset).locked) and wanted in (None, asset)
        ]

    def fees(self, parameters: Parameters) -> Any:
        """Commission rates of a symbol or of all."""
        rows = [self._trade.row(parameters)] if "symbol" in parameters else range(len(self._listings))
        rate = f"{COMMISSION.normalize():f}"
        return [
            {"symbol": self._listings[row].symbol, "makerCommission": rate, "takerCommission": rate} for row in rows
        ]

    def status(self, parameters: Parameters) -> Any:
        """The account is well."""
        return {"data": "Normal"}

    def restrictions(self, parameters: Parameters) -> Any:
        """What the key may do."""
        return {
            "ipRestrict": False,
            "createTime": 1_500_000_000_000,
            "enableReading": True,
            "enableWithdrawals": False,
            "enableInternalTransfer": False,
            "enableMargin": False,
            "enableFutures": True,
            "permitsUniversalTransfer": True,
            "enableVanillaOptions": False,
            "enableFixApiTrade": False,
            "enableFixReadOnly": False,
            "enableSpotAndMarginTrading": True,
            "enablePortfolioMarginTrading": False,
        }

    def system(self, parameters: Parameters) -> Any:
        """The exchange is well."""
        return {"status": 0, "msg": "normal"}

    def transfer(self, parameters: Parameters) -> Any:
        """Move an asset between the spot and the futures wallet. Raises -2010 where there is too little."""
        self._engine.advance()
        fields = Fields(parameters)
        kind, asset = fields.need("type"), fields.need("asset")
        fields.need("amount")
        amount = fields.decimal("amount") or ZERO
        spot, futures = self._account.spot, self._account.futures
        if kind not in ("MAIN_UMFUTURE", "UMFUTURE_MAIN"):
            raise errors.bad_value("type")
        if asset not in self._assets:
            raise errors.bad_value("asset")
        away = kind == "MAIN_UMFUTURE"
        source, target = (spot, futures) if away else (futures, spot)
        try:
            source.debit(asset, amount)
        except InsufficientBalance as error:
            raise no_funds() from error
        target.credit(asset, amount)
        self._publish(events.balance_update(asset, -amount if away else amount, self._engine.now_ms))
        self._engine.flush()
        return {"tranId": self._trade.ids.next("transfer")}


def _span(parameters: Parameters) -> tuple[int | None, int | None, int]:
    """startTime, endTime and limit. Raises -1127, -1130."""
    fields = Fields(parameters)
    start, end = fields.long("startTime"), fields.long("endTime")
    if start is not None and end is not None and end - start > _DAY_MS:
        raise ExchangeError(-1127, "More than 24 hours between startTime and endTime.")
    limit = fields.long("limit")
    if limit == 0:
        raise errors.bad_value("limit")
    return start, end, min(limit or _USUAL, _MOST)
