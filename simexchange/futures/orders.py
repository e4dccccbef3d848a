"""Orders, conditional orders and trades of the perpetuals, and what REST says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from simexchange.futures.contracts import Contract, plain, text
from simexchange.futures.positions import BUY, ZERO

OPEN: Final = ("NEW", "PARTIALLY_FILLED")
#: Why an order expired, as ORDER_TRADE_UPDATE numbers it.
NO_REASON, UNFILLED, KNOCKED_OUT, LIQUIDATED = "0", "2", "4", "5"


@dataclass(slots=True, eq=False)
class Trade:
    """One fill."""

    id: int
    order: Order
    ticks: int
    lots: int
    profit: Decimal
    commission: Decimal
    maker: bool
    time_ms: int

    def answer(self) -> dict[str, Any]:
        """As `userTrades` lists it."""
        order, contract = self.order, self.order.contract
        listing = contract.listing
        return {
            "symbol": contract.symbol,
            "id": self.id,
            "orderId": order.id,
            "side": order.side,
            "price": text(self.ticks, listing.price_decimals),
            "qty": text(self.lots, listing.lot_decimals),
            "realizedPnl": plain8(self.profit),
            "quoteQty": text(self.ticks * self.lots, listing.quote_decimals),
            "commission": plain8(self.commission),
            "commissionAsset": contract.asset,
            "time": self.time_ms,
            "positionSide": order.position_side,
            "buyer": order.side == BUY,
            "maker": self.maker,
        }


@dataclass(slots=True, eq=False)
class Order:
    """One order in whole ticks and lots.

    kind: LIMIT or MARKET; ticks: 0 for a market order; spent: ticks × lots traded; since: the first second (UTC)
    whose trades may fill it.
    """

    id: int
    contract: Contract
    client_id: str
    side: str
    position_side: str
    kind: str
    tif: str
    lots: int
    time_ms: int
    ticks: int = 0
    reduce_only: bool = False
    close_position: bool = False
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    price_match: str = "NONE"
    stp: str = "EXPIRE_MAKER"
    good_till_ms: int = 0
    status: str = "NEW"
    executed: int = 0
    spent: int = 0
    since: int = 0
    updated_ms: int = 0
    amendments: int = 0
    algo: AlgoOrder | None = None
    trades: list[Trade] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """True while it may still trade."""
        return self.status in OPEN

    @property
    def left(self) -> int:
        """Lots not yet traded."""
        return self.lots - self.executed

    @property
    def reduces(self) -> bool:
        """True where it can only make a position smaller."""
        closes = (self.position_side == "LONG" and self.side != BUY) or (
            self.position_side == "SHORT" and self.side == BUY
        )
        return self.reduce_only or self.close_position or closes

    @property
    def signed(self) -> int:
        """1 for a purchase, -1 for a sale."""
        return 1 if self.side == BUY else -1

    @property
    def average(self) -> str:
        """Average price of what was traded."""
        decimals = self.contract.listing.price_decimals
        price = Decimal(self.spent) / self.executed if self.executed else ZERO
        return f"{price.scaleb(-decimals):.{max(decimals, 5) if self.executed else 2}f}"

    def answer(self, *, placed: bool = False) -> dict[str, Any]:
        """As REST gives it; `placed` for the answers of new and cancelled orders, which carry no time."""
        listing = self.contract.listing
        executed = text(self.executed, listing.lot_decimals)
        answer: dict[str, Any] = {
            "orderId": self.id,
            "symbol": self.contract.symbol,
            "status": self.status,
            "clientOrderId": self.client_id,
            "price": text(self.ticks, listing.price_decimals),
            "avgPrice": self.average,
            "origQty": text(self.lots, listing.lot_decimals),
            "executedQty": executed,
            "cumQuote": text(self.spent, listing.quote_decimals),
            "timeInForce": self.tif,
            "type": self.kind,
            "reduceOnly": self.reduce_only,
            "closePosition": self.close_position,
            "side": self.side,
            "positionSide": self.position_side,
            "stopPrice": text(0, listing.price_decimals),
            "workingType": self.working_type,
            "priceProtect": self.price_protect,
            "origType": self.kind,
            "priceMatch": self.price_match,
            "selfTradePreventionMode": self.stp,
            "goodTillDate": self.good_till_ms,
            "updateTime": self.updated_ms,
        }
        return answer | ({"cumQty": executed} if placed else {"time": self.time_ms})


@dataclass(slots=True, eq=False)
class AlgoOrder:
    """A conditional order: waits for a price, then becomes an order.

    trigger, ticks, activate: ticks, 0 where it has none; callback: fraction of a trailing stop; peak: the best price
    since it began to follow, 0 before.
    """

    id: int
    contract: Contract
    client_id: str
    side: str
    position_side: str
    kind: str
    tif: str
    lots: int
    time_ms: int
    trigger: int = 0
    ticks: int = 0
    activate: int = 0
    callback: Decimal = ZERO
    peak: int = 0
    reduce_only: bool = False
    close_position: bool = False
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    price_match: str = "NONE"
    stp: str = "EXPIRE_MAKER"
    good_till_ms: int = 0
    status: str = "NEW"
    updated_ms: int = 0
    triggered_ms: int = 0
    since: int = 0
    reason: str = ""
    order: Order | None = None

    @property
    def open(self) -> bool:
        """True while it waits."""
        return self.status == "NEW"

    @property
    def trailing(self) -> bool:
        """True for one that follows the price."""
        return self.kind == "TRAILING_STOP_MARKET"

    @property
    def rises(self) -> bool:
        """True where a rising price triggers it: a buy's stop, a sell's take profit."""
        return (self.side == BUY) != self.kind.startswith("TAKE_PROFIT")

    def follow(self, ticks: int) -> None:
        """Move a trailing stop's trigger after the price, once it is active."""
        buys = self.side == BUY
        if not self.peak and self.activate and (ticks > self.activate if buys else ticks < self.activate):
            return
        self.peak = (min(self.peak, ticks) if buys else max(self.peak, ticks)) if self.peak else ticks
        share = 1 + self.callback if buys else 1 - self.callback
        self.trigger = max(1, int(self.peak * share))

    def answer(self) -> dict[str, Any]:
        """As REST gives it."""
        listing, order = self.contract.listing, self.order
        answer: dict[str, Any] = {
            "algoId": self.id,
            "clientAlgoId": self.client_id,
            "algoType": "CONDITIONAL",
            "orderType": self.kind,
            "symbol": self.contract.symbol,
            "side": self.side,
            "positionSide": self.position_side,
            "timeInForce": self.tif,
            "quantity": text(self.lots, listing.lot_decimals),
            "algoStatus": self.status,
            "actualOrderId": str(order.id) if order else "",
            "actualPrice": order.average if order else text(0, 5),
            "triggerPrice": text(self.trigger, listing.price_decimals),
            "price": text(self.ticks, listing.price_decimals),
            "icebergQuantity": None,
            "tpTriggerPrice": text(0, 3),
            "tpPrice": text(0, 3),
            "slTriggerPrice": text(0, 3),
            "slPrice": text(0, 3),
            "tpOrderType": "",
            "selfTradePreventionMode": self.stp,
            "workingType": self.working_type,
            "priceMatch": self.price_match,
            "closePosition": self.close_position,
            "priceProtect": self.price_protect,
            "reduceOnly": self.reduce_only,
            "createTime": self.time_ms,
            "updateTime": self.updated_ms,
            "triggerTime": self.triggered_ms,
            "goodTillDate": self.good_till_ms,
        }
        if self.trailing:
            answer["activatePrice"] = text(self.activate, listing.price_decimals)
            answer["callbackRate"] = plain(self.callback * 100)
        return answer


def plain8(value: Decimal) -> str:
    """With eight decimals."""
    return f"{value:.8f}"
