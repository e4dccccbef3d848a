"""Funding of the perpetuals: every eight hours of exchange time, long positions pay short ones, or the other way.

The rate is drawn for each symbol and period: 0.01 % on average, as Binance's interest component, within ±0.3 %.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np

from simexchange.noise import key_of, normals, uniforms

PERIOD: Final = 8 * 3_600
INTEREST_RATE: Final = "0.00010000"
CAP: Final = "0.00300000"


def next_time(now: int) -> int:
    """UTC seconds of the first funding after `now`."""
    return now // PERIOD * PERIOD + PERIOD


def rate(symbol: str, at: int) -> Decimal:
    """What a long position pays at `at` (UTC seconds of a funding), as a fraction of its notional value."""
    key = np.array([key_of(0, f"funding/{symbol}")], dtype=np.uint64)
    normal = float(normals(uniforms(key, np.array([at], dtype=np.int64), PERIOD, 2))[0, 0, 0])
    drawn = Decimal(f"{0.0001 + 0.0002 * normal:.8f}")
    return max(-Decimal(CAP), min(Decimal(CAP), drawn))
