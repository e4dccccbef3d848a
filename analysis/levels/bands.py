"""Levels that are computed rather than traded: ATR bands about a mean, and round numbers."""

from __future__ import annotations

import math
from typing import Final

BANDS: Final = (1.0, 2.0, 3.0)
ROUND_ATR: Final = 2.0
"""Round numbers are at least so many ATR apart: closer ones stop nobody."""


def atr_bands(mean: float, atr: float) -> dict[str, float]:
    """The mean plus and minus 1, 2 and 3 ATR, by name; those not above zero are left out."""
    named = {f"mean {sign} {k:g} ATR": mean + (k if sign == "+" else -k) * atr for k in BANDS for sign in "+-"}
    return {name: price for name, price in named.items() if price > 0}


def round_step(price: float, atr: float) -> float:
    """The distance of round numbers about a price: the smallest of 1, 2, 5 times a power of ten that is at least
    `ROUND_ATR` ATR, and at least a thousandth of the price. NaN where either is not above zero."""
    wanted = max(ROUND_ATR * atr, price / 1000)
    if not (price > 0 and atr > 0 and math.isfinite(wanted)):
        return math.nan
    power: float = 10.0 ** math.floor(math.log10(wanted))
    return next(power * unit for unit in (1, 2, 5, 10) if power * unit >= wanted * (1 - 1e-12))


def round_numbers(price: float, atr: float, each_side: int = 2) -> list[float]:
    """The round numbers next to a price, `each_side` below (or at it) and above, ascending; only those above zero."""
    step = round_step(price, atr)
    if math.isnan(step):
        return []
    below = math.floor(price / step)
    # Rounded to twelve digits: 3 x 0.1 is 0.3 to a trader.
    numbers = (float(f"{step * (below + k):.12g}") for k in range(1 - each_side, each_side + 1))
    return [number for number in numbers if number > 0]
