"""Milliseconds UTC, as the market counts, and datetimes, as the database keeps them."""

from __future__ import annotations

from datetime import UTC, datetime

DAY_MS = 86_400_000


def at(time_ms: int) -> datetime:
    """Milliseconds UTC as a datetime."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """A datetime as milliseconds UTC."""
    return round(moment.timestamp() * 1000)


def day_start(time_ms: int) -> datetime:
    """The UTC midnight before a moment."""
    return at(time_ms // DAY_MS * DAY_MS)
