"""Rows as frozen values: orders, executions, positions, the event log and a signal's whole chain."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from store.records import Direction, Json, Mode, Record, SignalStatus

OrderSide = Literal["buy", "sell"]
OrderType = Literal["market", "limit", "stop", "stop_limit"]
OrderState = Literal[
    "intent", "sent", "open", "partially_filled", "filled", "cancelled", "rejected", "expired", "unknown"
]
OrderPurpose = Literal["entry", "exit", "reduce"]
EventLevel = Literal["debug", "info", "warning", "error"]


class NewOrder(Record):
    """An intent, written before anything is sent. `stop` and `targets` are the levels the position shall
    have; `reserved` is the money that an entry sets aside, in quote currency, its fee included.
    """

    owner_id: UUID
    purpose: OrderPurpose
    symbol: str
    side: OrderSide
    quantity: Decimal
    reserved: Decimal = Decimal(0)
    client_order_id: str
    type: OrderType = "market"
    mode: Mode = "paper"
    venue: str = "paper"
    signal_id: UUID | None = None
    strategy_id: UUID | None = None
    subscription_id: UUID | None = None
    position_id: UUID | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    stop: Decimal | None = None
    targets: list[Decimal] = Field(default_factory=list)
    reason: str | None = None


class Order(NewOrder):
    """A stored order. `average_price` is over the fills so far."""

    id: UUID
    exchange_order_id: str | None
    state: OrderState
    filled_quantity: Decimal
    average_price: Decimal | None
    created_at: datetime
    updated_at: datetime

    @property
    def held(self) -> Decimal:
        """What an unfinished entry still sets aside, in quote currency: what was filled is a position's."""
        return self.reserved * (1 - self.filled_quantity / self.quantity)


class NewExecution(Record):
    """One fill. `slippage` is a fraction of the trigger price, against the trader when positive."""

    order_id: UUID
    venue: str
    trade_id: str
    symbol: str
    side: OrderSide
    price: Decimal
    quantity: Decimal
    executed_at: datetime
    fee: Decimal = Decimal(0)
    fee_asset: str = "USDT"
    slippage: Decimal | None = None


class Execution(NewExecution):
    """A stored fill, never changed."""

    id: UUID
    owner_id: UUID
    created_at: datetime


class NewPosition(Record):
    """A position to open; times are market time."""

    owner_id: UUID
    symbol: str
    side: Direction
    quantity: Decimal
    entry_price: Decimal
    opened_at: datetime
    mode: Mode = "paper"
    signal_id: UUID | None = None
    strategy_id: UUID | None = None
    subscription_id: UUID | None = None
    stop: Decimal | None = None
    targets: list[Decimal] = Field(default_factory=list)
    fees: Decimal = Decimal(0)
    protected_since: datetime | None = None


class Position(NewPosition):
    """A stored position. `realised_profit` is in quote currency after fees; extremes are prices since the
    entry. `quantity` is what is open (or was closed last), `initial_quantity` what was opened; one R is measured from
    `initial_stop`. `thesis` is what it is held for (app.managing), None before it was looked at. `close_reason` of an
    open position is why the worker was asked to close it.
    """

    id: UUID
    state: Literal["open", "closed"]
    initial_stop: Decimal | None = None
    initial_quantity: Decimal
    thesis: Json | None = None
    highest_price: Decimal | None
    lowest_price: Decimal | None
    close_price: Decimal | None
    close_reason: str | None
    close_requested_at: datetime | None
    realised_profit: Decimal
    closed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class NewEvent(Record):
    """A line of the log; `kind` is a word like TRADE_TRIGGER or TRADE_EXECUTED."""

    kind: str
    message: str
    level: EventLevel = "info"
    detail: Json = Field(default_factory=dict)
    owner_id: UUID | None = None
    strategy_id: UUID | None = None
    signal_id: UUID | None = None
    order_id: UUID | None = None
    execution_id: UUID | None = None
    position_id: UUID | None = None


class Event(NewEvent):
    """A stored line of the log, never changed."""

    id: UUID
    created_at: datetime


class NewSubscription(Record):
    """A person's terms for following a strategy; risk and loss are fractions of `capital`. `manage`: open positions
    are looked at again at each candle close.
    """

    owner_id: UUID
    strategy_id: UUID
    capital: Decimal
    risk_per_trade: Decimal = Decimal("0.01")
    leverage: Decimal = Decimal(1)
    max_positions: int = 5
    max_daily_loss: Decimal = Decimal("0.05")
    stop_atr: Decimal | None = None
    target_atr: Decimal | None = None
    approval: Literal["manual", "automatic"] = "manual"
    mode: Mode = "paper"
    paused: bool = False
    manage: bool = True


class Subscription(NewSubscription):
    """A stored subscription."""

    id: UUID
    created_at: datetime
    updated_at: datetime


class ChainOrder(Record):
    """An order of a chain with the ids of its fills."""

    id: UUID
    client_order_id: str
    purpose: OrderPurpose
    state: OrderState
    executions: list[UUID]


class ChainPosition(Record):
    """A position of a chain."""

    id: UUID
    state: Literal["open", "closed"]
    realised_profit: Decimal
    close_reason: str | None


class Chain(Record):
    """Everything that follows from one signal, by id, from its candle to the closed position.

    `candle` names the candle (`SYMBOL/interval/close time`), `conditions` are the rows that were true.
    """

    signal_id: UUID
    status: SignalStatus
    candle: str
    candle_close: datetime
    price: Decimal
    screen_run_id: UUID | None
    strategy_id: UUID
    strategy_code: str
    strategy_version: int
    strategy_version_id: UUID
    conditions: list[dict[str, Any]]
    analyses: list[UUID]
    decisions: list[UUID]
    orders: list[ChainOrder]
    positions: list[ChainPosition]
    events: list[UUID]
