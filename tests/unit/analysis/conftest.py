"""Candles and snapshots for the analysis tests."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from analysis.snapshot import Snapshot, build_snapshot, replayed_table
from analysis.snapshot_parts import IndicatorRow
from market.types import Candle

# A busy machine is no failure.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")

MINUTE_15 = 900_000


def make_candles(seed: int = 1, count: int = 200, price: float = 3000.0, drift: float = 0.0) -> list[Candle]:
    """A seeded random walk of 15-minute candles."""
    rng = np.random.default_rng(seed)
    closes = price * np.exp(np.cumsum(rng.normal(drift, 0.004, count)))
    opens = np.concatenate([[price], closes[:-1]])
    candles = []
    for i in range(count):
        top, bottom = max(opens[i], closes[i]), min(opens[i], closes[i])
        candles.append(
            Candle(
                symbol="ETHUSDT",
                interval="15m",
                open_time=1_700_000_100_000 + i * MINUTE_15,
                open=round(float(opens[i]), 2),
                high=round(float(top * (1 + rng.random() * 0.002)), 2),
                low=round(float(bottom * (1 - rng.random() * 0.002)), 2),
                close=round(float(closes[i]), 2),
                volume=float(rng.lognormal(3, 0.5)),
                quote_volume=float("nan"),
                trades=float("nan"),
                taker_buy_base=float("nan"),
                taker_buy_quote=float("nan"),
            )
        )
    return candles


ROWS = [
    {"name": "c1", "text": "rsi(close, 14) < 30", "left": 28.4, "op": "<", "right": 30.0, "value": True},
    {"text": "volume > sma(volume, 20)", "left": float("nan"), "right": 12.5, "value": None, "reading": "x"},
]


@cache
def table_of(seed: int, drift: float) -> tuple[IndicatorRow, ...]:
    """The indicators of a seeded walk; replayed once."""
    return replayed_table("ETHUSDT", {"15m": make_candles(seed, drift=drift)})


def make_snapshot(seed: int = 1, direction: str = "long", **changes: Any) -> Snapshot:
    """The snapshot of a seeded walk."""
    drift = float(changes.pop("drift", 0.0))
    candles = make_candles(seed, drift=drift)
    return build_snapshot(
        "ETHUSDT",
        "15m",
        direction,
        candles,
        ROWS,
        tick_size=Decimal("0.01"),
        table=table_of(seed, drift),
        **changes,
    )


@pytest.fixture
def snapshot() -> Snapshot:
    return make_snapshot()


@pytest.fixture
def snapshot_of() -> Callable[..., Snapshot]:
    return make_snapshot


@pytest.fixture
def candles_of() -> Callable[..., list[Candle]]:
    return make_candles
