"""A match as it is stored with its signal: conditions, candles, and the line that tells its confirmation."""

from __future__ import annotations

import math
from collections.abc import Mapping

from app.engines import ConditionRow
from app.forming import Floats
from market.types import Candle
from store.records import Signal
from store.trading_records import NewEvent


def condition_json(row: ConditionRow) -> dict[str, object]:
    """A condition row as stored: unknown numbers are null."""

    def known(value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None

    return {
        "name": row.name,
        "text": row.text,
        "left": known(row.left),
        "op": row.op,
        "right": known(row.right),
        "value": row.value,
        "reading": row.reading,
    }


def candle_json(candle: Candle) -> list[object]:
    """A candle of a signal's snapshot: `[open time ms, open, high, low, close, volume]`."""
    numbers = (candle.open, candle.high, candle.low, candle.close, candle.volume)
    return [candle.open_time, *numbers]


def forming_json(open_time: int, forming: Mapping[str, Floats], column: int) -> list[object]:
    """The same of one symbol's candle under way; `forming` is field to `[symbols]`."""
    numbers = (float(forming[name][column]) for name in ("open", "high", "low", "close", "volume"))
    return [open_time, *numbers]


def confirmed(signal: Signal) -> NewEvent:
    """The line for a provisional signal whose filter held when the candle closed."""
    return NewEvent(
        kind="SIGNAL_CONFIRMED",
        message=f"{signal.symbol} {signal.interval}: the filter held when the candle closed.",
        detail={"symbol": signal.symbol, "candle_close": signal.candle_close.isoformat()},
        owner_id=signal.owner_id,
        strategy_id=signal.strategy_id,
        signal_id=signal.id,
    )
