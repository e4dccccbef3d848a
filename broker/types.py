"""Orders, fills and quotes as values.

Prices, quantities, fees and money are `Decimal`; times are milliseconds UTC; money is in the symbol's quote
asset unless a field says otherwise. Basis points (bps) are hundredths of a percent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final
from uuid import UUID

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
BPS: Final = Decimal(10_000)

CLIENT_ORDER_ID: Final = re.compile(r"^[.A-Z:/a-z0-9_-]{1,36}$")
"""What Binance accepts as a client order id."""


class Direction(StrEnum):
    """Which way a signal or a position earns."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short."""
        return 1 if self is Direction.LONG else -1

    @property
    def opening(self) -> Side:
        """The order side that opens a position of this direction."""
        return Side.BUY if self is Direction.LONG else Side.SELL

    @property
    def closing(self) -> Side:
        """The order side that closes a position of this direction."""
        return self.opening.opposite


class Side(StrEnum):
    """The side of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for buy, -1 for sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order is priced."""

    MARKET = "market"


class Purpose(StrEnum):
    """Whether an order opens a position, closes what is left of it, or sells a part of it."""

    ENTRY = "entry"
    EXIT = "exit"
    REDUCE = "reduce"


class OrderState(StrEnum):
    """Where an order stands; `unknown` is resolved by a query, never by sending again."""

    INTENT = "intent"
    SENT = "sent"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        """Whether nothing follows this state."""
        return not _NEXT[self]

    def may_become(self, other: OrderState) -> bool:
        """Whether `other` may follow this state."""
        return other in _NEXT[self]


_ENDS: Final = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED})
_WORKING: Final = frozenset({OrderState.OPEN, OrderState.PARTIALLY_FILLED})
_NEXT: Final[dict[OrderState, frozenset[OrderState]]] = {
    OrderState.INTENT: frozenset({OrderState.SENT, OrderState.CANCELLED, OrderState.REJECTED}),
    OrderState.SENT: _WORKING | _ENDS | {OrderState.UNKNOWN},
    # A query may find an order further along than we knew, never further back.
    OrderState.UNKNOWN: _WORKING | _ENDS,
    OrderState.OPEN: _ENDS | {OrderState.PARTIALLY_FILLED, OrderState.UNKNOWN},
    OrderState.PARTIALLY_FILLED: (_ENDS | {OrderState.UNKNOWN}) - {OrderState.REJECTED},
    **{end: frozenset[OrderState]() for end in _ENDS},
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason not to do something, as a code for programs and one sentence for people."""

    code: str
    message: str


class BrokerError(Exception):
    """What goes wrong between us and a venue."""


class OrderRejected(BrokerError):
    """The venue refused the order; nothing was executed.

    `refusals` has at least one entry.
    """

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__(" ".join(r.message for r in refusals))


class OrderInDoubt(BrokerError):
    """The venue gave no clear answer; the order's state is `unknown` until a query resolves it."""


def client_order_id(intent_id: UUID) -> str:
    """The client order id of an intent: always the same for the same intent, 35 characters."""
    return f"ss-{intent_id.hex}"


def to_decimal(value: float | int | str | Decimal) -> Decimal:
    """A finite decimal with exactly the digits that `value` shows (0.1 gives 0.1).

    Raises ValueError when it is not a finite number.
    """
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"not a number: {value!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return number


def plain(value: Decimal) -> str:
    """A decimal as text without exponent or trailing zeros: 1E+2 gives 100, 0.50 gives 0.5."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


@dataclass(frozen=True, slots=True)
class Quote:
    """The last price of a symbol, with bid and ask where the source has them."""

    symbol: str
    price: Decimal
    time_ms: int
    bid: Decimal | None = None
    ask: Decimal | None = None

    @classmethod
    def of(cls, symbol: str, price: float | int | str | Decimal, time_ms: int) -> Quote:
        """A quote from a plain last price; raises ValueError when it is not finite and positive."""
        number = to_decimal(price)
        if number <= ZERO:
            raise ValueError(f"price of {symbol} must be above zero, not {plain(number)}")
        return cls(symbol, number, time_ms)


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What we mean to send, stored before it is sent.

    `trigger_price` is the price that caused the order: the price seen at approval for an entry, the stop or
    target for an exit. Slippage is measured against it.
    """

    id: UUID
    symbol: str
    side: Side
    quantity: Decimal
    trigger_price: Decimal
    purpose: Purpose
    created_ms: int
    type: OrderType = OrderType.MARKET

    def __post_init__(self) -> None:
        for name, value in (("quantity", self.quantity), ("trigger_price", self.trigger_price)):
            if not value.is_finite() or value <= ZERO:
                raise ValueError(f"{name} of an order must be a finite number above zero, not {value}")

    @property
    def client_order_id(self) -> str:
        """Derived from the intent's id, so that a second attempt carries the same one."""
        return client_order_id(self.id)


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. `fee` is never negative; `trade_id` is unique per venue."""

    venue: str
    trade_id: str
    client_order_id: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    trigger_price: Decimal
    time_ms: int

    @property
    def notional(self) -> Decimal:
        """Price times quantity, quote asset."""
        return self.price * self.quantity

    @property
    def slippage(self) -> Decimal:
        """How much worse than the trigger this filled, quote asset per unit; negative is better."""
        return (self.price - self.trigger_price) * self.side.sign

    @property
    def slippage_fraction(self) -> Decimal:
        """Slippage as a fraction of the trigger price."""
        return self.slippage / self.trigger_price

    @property
    def slippage_bps(self) -> Decimal:
        """Slippage in basis points of the trigger price."""
        return self.slippage_fraction * BPS


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What a venue says about one order."""

    client_order_id: str
    state: OrderState
    fills: tuple[Fill, ...] = ()

    @property
    def filled_quantity(self) -> Decimal:
        """The sum over the fills."""
        return sum((f.quantity for f in self.fills), ZERO)
