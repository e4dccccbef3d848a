"""A match as it is stored with its signal: conditions, candles, and the levels that the filter itself sets."""

from __future__ import annotations

import math
from typing import cast

from app.engines import ConditionRow
from market.types import Candle


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
    return cast("list[object]", [candle.open_time, *numbers])
