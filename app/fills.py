"""What an order's fills change: executions, position, signal and log line, in the caller's one transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from app.account import as_position
from app.times import at
from broker.matching import Costs
from broker.positions import ExitReason, apply_exit
from broker.records import TradeRecord, trade_executed
from broker.types import Fill, OrderIntent
from store import decisions, events, orders, positions, signals
from store.session import Connection
from store.trading_records import NewEvent, NewExecution, NewPosition, Order

log = logging.getLogger(__name__)


async def book(conn: Connection, order: Order, intent: OrderIntent, fills: Sequence[Fill], costs: Costs) -> None:
    """Store the fills of `order` and all that follows from them.

    What followed from a known fill was stored with it: it changes nothing, whoever reports it again.
    """
    new = [fill for fill in fills if await _record(conn, order, fill)]
    if not new:
        return
    if order.purpose == "entry":
        await _entered(conn, order, intent, new, costs)
    elif order.purpose == "reduce":
        await _reduced(conn, order, intent, new, costs)
    else:
        await _exited(conn, order, intent, new, costs)


async def _record(conn: Connection, order: Order, fill: Fill) -> bool:
    """Store a fill; False where it is known."""
    stored = await orders.record_fill(
        conn,
        NewExecution(
            order_id=order.id,
            venue=fill.venue,
            trade_id=fill.trade_id,
            symbol=fill.symbol,
            side=fill.side.value,
            price=fill.price,
            quantity=fill.quantity,
            executed_at=at(fill.time_ms),
            fee=fill.fee,
            fee_asset=fill.fee_asset,
            slippage=fill.slippage_fraction,
        ),
    )
    return stored is not None


async def _entered(conn: Connection, order: Order, intent: OrderIntent, fills: Sequence[Fill], costs: Costs) -> None:
    quantity = sum((f.quantity for f in fills), Decimal(0))
    opened = at(max(f.time_ms for f in fills))
    position = await positions.open_position(
        conn,
        NewPosition(
            owner_id=order.owner_id,
            symbol=order.symbol,
            side="long" if order.side == "buy" else "short",
            quantity=quantity,
            entry_price=sum((f.notional for f in fills), Decimal(0)) / quantity,
            opened_at=opened,
            signal_id=order.signal_id,
            strategy_id=order.strategy_id,
            stop=order.stop,
            targets=order.targets,
            fees=sum((f.fee for f in fills), Decimal(0)),
            protected_since=opened,
        ),
    )
    if position is None:
        log.error("order %s filled, but %s has an open position", order.client_order_id, order.symbol)
        return
    await orders.attach_position(conn, order.id, position.id)
    rows: Sequence[Mapping[str, object]] = ()
    if order.signal_id is not None:
        rows = (await signals.get(conn, order.signal_id)).conditions
        await decisions.follow(conn, order.signal_id, order.owner_id, "in_position", expected=["ordered"])
    record = trade_executed(intent, fills, rows, "signal", position=as_position(position, costs))
    await log_record(conn, record, order, position.id)


async def _exited(conn: Connection, order: Order, intent: OrderIntent, fills: Sequence[Fill], costs: Costs) -> None:
    if order.position_id is None:
        raise ValueError(f"exit order {order.id} names no position")
    quantity = sum((f.quantity for f in fills), Decimal(0))
    reason = ExitReason.of(order.reason)
    before = await positions.get(conn, order.position_id)
    await positions.close_position(
        conn,
        order.position_id,
        price=sum((f.notional for f in fills), Decimal(0)) / quantity,
        fee=sum((f.fee for f in fills), Decimal(0)),
        reason=reason.value,
        closed_at=at(max(f.time_ms for f in fills)),
    )
    rows: Sequence[Mapping[str, object]] = ()
    if order.signal_id is not None:
        rows = (await signals.get(conn, order.signal_id)).conditions
        await decisions.follow(conn, order.signal_id, order.owner_id, "closed", expected=["in_position"])
    after = apply_exit(as_position(before, costs), fills, reason)
    record = trade_executed(intent, fills, rows, reason.value, position=after)
    await log_record(conn, record, order, order.position_id)


async def _reduced(conn: Connection, order: Order, intent: OrderIntent, fills: Sequence[Fill], costs: Costs) -> None:
    if order.position_id is None:
        raise ValueError(f"order {order.id} names no position to reduce")
    quantity = sum((f.quantity for f in fills), Decimal(0))
    before = await positions.get(conn, order.position_id)
    await positions.reduce_position(
        conn,
        order.position_id,
        quantity=quantity,
        price=sum((f.notional for f in fills), Decimal(0)) / quantity,
        fee=sum((f.fee for f in fills), Decimal(0)),
    )
    after = apply_exit(as_position(before, costs), fills, ExitReason.REDUCE)
    record = trade_executed(intent, fills, (), ExitReason.REDUCE.value, position=after)
    await log_record(conn, record, order, order.position_id)


async def log_record(conn: Connection, record: TradeRecord, order: Order, position_id: UUID | None = None) -> None:
    """Write a trade record to the event log, linked to its order."""
    await events.append(
        conn,
        NewEvent(
            kind=record.kind,
            level="info",
            message=record.message,
            detail=record.detail,
            owner_id=order.owner_id,
            strategy_id=order.strategy_id,
            signal_id=order.signal_id,
            order_id=order.id,
            position_id=position_id,
        ),
    )
