"""How long signals live that nobody decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.expiry import deadline, lifetime
from app.times import to_ms

CLOSE = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("interval", "stored", "lives"),
    [
        ("1m", {}, timedelta(hours=1)),
        ("15m", {}, timedelta(hours=5)),
        ("1m", {"expires": 3}, timedelta(minutes=3)),
        ("1h", {"expires": 500}, timedelta(hours=500)),
        ("1m", {"expires": None}, timedelta(hours=1)),
        # Settings that cannot be used are told of where signals are analysed.
        ("1m", {"expires": "soon"}, timedelta(minutes=20)),
    ],
)
def test_a_strategy_may_say_how_long_its_signals_live(interval: str, stored: dict[str, Any], lives: timedelta) -> None:
    assert lifetime(interval, stored) == lives
    assert deadline(CLOSE, interval, stored) == to_ms(CLOSE + lives)
