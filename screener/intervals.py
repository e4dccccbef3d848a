"""Candle intervals and the fields of a candle.

All times are milliseconds since 1970-01-01 UTC. A candle covers `[open, open + interval)`
and closes at its end.
"""

from __future__ import annotations

from typing import Final

_MINUTE: Final = 60_000
_DAY: Final = 86_400_000

INTERVAL_MS: Final[dict[str, int]] = {
    "1m": _MINUTE,
    "3m": 3 * _MINUTE,
    "5m": 5 * _MINUTE,
    "15m": 15 * _MINUTE,
    "30m": 30 * _MINUTE,
    "1h": 60 * _MINUTE,
    "2h": 120 * _MINUTE,
    "4h": 240 * _MINUTE,
    "6h": 360 * _MINUTE,
    "8h": 480 * _MINUTE,
    "12h": 720 * _MINUTE,
    "1d": _DAY,
    "3d": 3 * _DAY,
    "1w": 7 * _DAY,
}
"""Length in milliseconds of every interval, shortest first."""

SERIES: Final[tuple[str, ...]] = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "trades",
    "buy_volume",
    "sell_volume",
)
"""Fields that a `src` node may name; buy and sell volume are the taker's side."""

# 1970-01-01 was a Thursday; the first Monday came four days later.
_WEEK_ORIGIN: Final = 4 * _DAY


def interval_ms(label: str) -> int:
    """Length of an interval in milliseconds; raises ValueError for an unknown label."""
    try:
        return INTERVAL_MS[label]
    except KeyError:
        raise ValueError(f"unknown interval {label!r}; known are {' '.join(INTERVAL_MS)}") from None


def open_of(t_ms: int, label: str) -> int:
    """Open time of the candle that contains `t_ms`. Weeks start on Monday; 3d counts from the epoch."""
    length = interval_ms(label)
    origin = _WEEK_ORIGIN if label == "1w" else 0
    return (t_ms - origin) // length * length + origin


def is_close(t_ms: int, label: str) -> bool:
    """Whether a candle of `label` closes, and the next one opens, at `t_ms`."""
    return open_of(t_ms, label) == t_ms


def is_multiple(label: str, base: str) -> bool:
    """Whether candles of `label` are made of whole candles of `base` (1w on a 3d base is not)."""
    return interval_ms(label) % interval_ms(base) == 0 and (label != "1w" or base != "3d")
