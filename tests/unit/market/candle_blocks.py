"""Blocks of candles by number: the scripted market's, for tests of what is stored and made of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from market.source import FIELDS, CandleBlock
from screener.intervals import interval_ms
from tests.unit.market.market_fake import T0, candle


def block(first: int, count: int, interval: str = "1m", symbol: str = "AUSDT", scale: float = 1.0) -> CandleBlock:
    """`count` candles from number `first` after T0."""
    step = interval_ms(interval)
    times = T0 + step * np.arange(first, first + count, dtype=np.int64)
    rows = [[getattr(candle(symbol, interval, int(t)), name) for name in FIELDS] for t in times]
    return CandleBlock(symbol, interval, times, np.array(rows, np.float64).reshape(count, len(FIELDS)) * scale)


def end(number: int, interval: str = "1m") -> int:
    """The open time of candle `number`, which is the close of the one before."""
    return T0 + number * interval_ms(interval)


def numbers(times: npt.NDArray[np.int64], interval: str = "1m") -> list[int]:
    """The numbers of the candles that open at these times."""
    return [(int(t) - T0) // interval_ms(interval) for t in times]
