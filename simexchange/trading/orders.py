"""An order, what it holds of the wallet, and its trades."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from simexchange.trading.ledger import ZERO

BUY: Final = "BUY"
SELL: Final = "SELL"

STOPS: Final = ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
LOSSES: Final = ("STOP_LOSS", "STOP_LOSS_LIMIT")
#: Types that have a price of their own, at which they may rest.
PRICED: Final = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
TYPES: Final = ("LIMIT", "MARKET", "LIMIT_MAKER", *STOPS)

#: Statuses of an order that may still trade.
OPEN: Final = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")


@dataclass(slots=True, eq=False)
class Trade:
    """One fill; `commission` is in the asset received."""

    id: int
    order_id: int
    price: Decimal
    quantity: Decimal
    quote: Decimal
    commission: Decimal
    asset: str
    time_ms: int
    maker: bool


@dataclass(slots=True, eq=False)
class Hold:
    """What one order, or the two of an OCO pair together, hold of an asset."""

    asset: str
    amount: Decimal = ZERO
    orders: list[Order] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class OrderList:
    """Orders that belong together.

    contingency: OCO, OTO (OTOCO is one too). `working` is the order of an OTO that the `pending` wait for.
    """

    id: int
    row: int
    client_id: str
    contingency: str
    time_ms: int
    orders: list[Order] = field(default_factory=list)
    pending: list[Order] = field(default_factory=list)
    status_type: str = "EXEC_STARTED"
    order_status: str = "EXECUTING"

    @property
    def open(self) -> bool:
        """True until all its orders are done."""
        return self.order_status == "EXECUTING"


@dataclass(slots=True, eq=False)
class Order:
    """One order.

    row: of its symbol; kind: its type; price and stop: 0 where it has none; trailing: basis points; peak: the
    best price since a trailing stop began to follow; triggered: its stop has been reached; since: the first
    second (UTC) whose trades it may take part in; amends: how often its quantity was lowered.
    """

    id: int
    row: int
    client_id: str
    side: str
    kind: str
    tif: str
    quantity: Decimal
    time_ms: int
    price: Decimal = ZERO
    stop: Decimal = ZERO
    quote_quantity: Decimal = ZERO
    iceberg: Decimal | None = None
    trailing: int | None = None
    trailing_ms: int = -1
    peak: Decimal | None = None
    stp: str = "EXPIRE_MAKER"
    strategy_id: int | None = None
    strategy_type: int | None = None
    status: str = "NEW"
    executed: Decimal = ZERO
    quote: Decimal = ZERO
    triggered: bool = False
    working_ms: int = -1
    updated_ms: int = 0
    amends: int = 0
    since: int = 0
    hold: Hold | None = None
    group: OrderList | None = None
    trades: list[Trade] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """True while it may still trade."""
        return self.status in OPEN

    @property
    def left(self) -> Decimal:
        """Quantity not yet traded."""
        return self.quantity - self.executed

    @property
    def waits(self) -> bool:
        """True for a stop that has not been reached."""
        return self.kind in STOPS and not self.triggered

    @property
    def rises(self) -> bool:
        """True where a stop is reached by a rising price: a buy's stop loss, a sell's take profit."""
        return (self.side == BUY) == (self.kind in LOSSES)

    @property
    def needs(self) -> Decimal:
        """What it has to hold of the quote asset (buys) or the base asset (sells)."""
        if not self.open or self.status == "PENDING_NEW":
            return ZERO
        if self.side == SELL:
            return self.left
        return self.left * (self.price or self.stop or (self.peak or ZERO))
