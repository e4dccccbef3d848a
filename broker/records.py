"""The two records every trade leaves: what triggered it, and how it was executed.

Details hold plain JSON values: prices and quantities as strings, times as ISO 8601 UTC, slippage per
unit and in bps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from broker.positions import Position
from broker.types import BPS, ZERO, Fill, OrderIntent, Purpose, plain

TRADE_TRIGGER: Final = "TRADE_TRIGGER"
TRADE_EXECUTED: Final = "TRADE_EXECUTED"


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """An entry for the event log."""

    kind: str
    level: str
    message: str
    detail: dict[str, Any]


def trade_trigger(
    intent: OrderIntent,
    conditions: Sequence[Mapping[str, Any]],
    reason: str,
    *,
    stop: Decimal | None = None,
    targets: Sequence[Decimal] = (),
) -> TradeRecord:
    """The record of what caused an order, written with the intent and before it is sent.

    `conditions` are the signal's rows as stored (all of them, the false ones too; empty for a manual exit);
    `reason` is `signal`, `stop`, `target` or `manual`.
    """
    message = (
        f"{intent.symbol}: {intent.side} {plain(intent.quantity)} because of {_cause(reason)}, "
        f"trigger {plain(intent.trigger_price)}"
    )
    return TradeRecord(
        TRADE_TRIGGER,
        "info",
        message,
        {
            **_order(intent),
            "reason": reason,
            "conditions": [dict(row) for row in conditions],
            "stop": None if stop is None else plain(stop),
            "targets": [plain(t) for t in targets],
            "time": _iso(intent.created_ms),
        },
    )


def trade_executed(
    intent: OrderIntent,
    fills: Sequence[Fill],
    conditions: Sequence[Mapping[str, Any]],
    reason: str,
    *,
    position: Position | None = None,
) -> TradeRecord:
    """The record of an order's execution: average price, slippage against the trigger, fees, every fill.

    With `position` (after the fills) an exit's record also has its profit in money and in R. Raises
    ValueError without fills.
    """
    if not fills:
        raise ValueError("nothing was executed, so there is nothing to record")
    quantity = sum((f.quantity for f in fills), ZERO)
    price = sum((f.notional for f in fills), ZERO) / quantity
    fees = sum((f.fee for f in fills), ZERO)
    slippage = (price - intent.trigger_price) * intent.side.sign
    fraction = slippage / intent.trigger_price
    verb = "Bought" if intent.side.sign > 0 else "Sold"
    message = (
        f"{intent.symbol}: {verb} {plain(quantity)} at {_price(price)}, "
        f"trigger {plain(intent.trigger_price)}, "
        f"slippage {fraction * 100:+.3f} %, fee {fees:.4f} {fills[0].fee_asset}"
    )
    detail: dict[str, Any] = {
        **_order(intent),
        "reason": reason,
        "conditions": [dict(row) for row in conditions],
        "venue": fills[0].venue,
        "fill_price": _price(price),
        "filled_quantity": plain(quantity),
        "slippage": _price(slippage),
        "slippage_bps": float(round(fraction * BPS, 4)),
        "fees": _price(fees),
        "fee_asset": fills[0].fee_asset,
        "fills": [
            {
                "trade_id": f.trade_id,
                "price": plain(f.price),
                "quantity": plain(f.quantity),
                "fee": plain(f.fee),
                "time": _iso(f.time_ms),
            }
            for f in fills
        ],
        "time": _iso(max(f.time_ms for f in fills)),
    }
    if position is not None:
        detail["position_id"] = str(position.id)
        if intent.purpose is not Purpose.ENTRY:
            r = position.r_multiple(position.net_realised)
            detail["profit"] = _price(position.net_realised)
            detail["r_multiple"] = None if r is None else float(round(r, 4))
            message += f", profit {position.net_realised:+.2f}"
    return TradeRecord(TRADE_EXECUTED, "info", message, detail)


def _order(intent: OrderIntent) -> dict[str, Any]:
    return {
        "order_id": str(intent.id),
        "client_order_id": intent.client_order_id,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "purpose": intent.purpose.value,
        "quantity": plain(intent.quantity),
        "trigger_price": plain(intent.trigger_price),
    }


def _cause(reason: str) -> str:
    return {
        "signal": "an approved signal",
        "stop": "its stop",
        "target": "its target",
        "manual": "a close by hand",
        "exit": "its filter's exit",
        "managed": "a decision on the position",
        "reduce": "a decision to sell a part of it",
    }.get(reason, reason)


def _price(value: Decimal) -> str:
    # Averages of several fills can have 28 digits; 12 places are beyond any tick.
    return plain(round(value, 12))


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
