"""Orders, fills, positions and the event log."""

from datetime import datetime
from typing import Any

from api.schemas.analyses import AnalysisOut, ThesisOut
from api.schemas.base import DecimalString, Shape


class OrderOut(Shape):
    """An order intent and its state."""

    id: str
    signal_id: str | None
    symbol: str
    side: str
    type: str
    quantity: DecimalString
    client_order_id: str
    state: str
    reason: str = ""
    mode: str
    created_at: datetime


class ExecutionOut(Shape):
    """A fill. `slippage` is a fraction of the trigger price, positive when worse."""

    id: str
    order_id: str
    symbol: str
    side: str
    price: DecimalString
    quantity: DecimalString
    fee: DecimalString
    fee_asset: str
    slippage: float
    executed_at: datetime


class PositionOut(Shape):
    """A position. Profit is after fees in quote currency; `r_multiple` in units of the first risk. `strategy_id` None,
    and `strategy` empty: its strategy was deleted.
    """

    id: str
    signal_id: str | None
    strategy_id: str | None = None
    strategy: str
    symbol: str
    side: str
    mode: str
    quantity: DecimalString
    entry_price: DecimalString
    current_price: DecimalString | None
    stop: DecimalString | None
    targets: tuple[DecimalString, ...]
    profit: DecimalString
    r_multiple: float | None
    fees: DecimalString
    state: str  # open, closing or closed
    close_reason: str = ""
    exit_price: DecimalString | None = None
    opened_at: datetime
    closed_at: datetime | None = None


class PositionDetail(PositionOut):
    """`GET /positions/{id}`: what it is held for and each decision on it, newest first, with what was refused.

    One R is measured from the first stop and the first quantity, whatever both are now. `entry` is the analysis it was
    entered on. `asked_today`: how often a model decided on it today (UTC), of `asks_a_day`; None without a model.
    """

    initial_stop: DecimalString | None = None
    initial_quantity: DecimalString | None = None
    thesis: ThesisOut | None = None
    entry: AnalysisOut | None = None
    decisions: tuple[AnalysisOut, ...] = ()
    asked_today: int = 0
    asks_a_day: int | None = None


class EventOut(Shape):
    """One line of the log, newest first in lists. `time` is market time; `created_at`, when it was stored, is real."""

    id: str
    kind: str
    level: str
    message: str
    detail: dict[str, Any]
    time: datetime
    created_at: datetime
