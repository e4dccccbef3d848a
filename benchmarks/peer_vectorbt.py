"""vectorbt on the indicators of drawn strategies, for `benchmarks.peers`: it runs under the Python that has vectorbt.

Arguments: candles held, symbols. Prints by indicator the milliseconds (processor time) of one call over all symbols at
once, which is how vectorbt works.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import vectorbt as vbt


def main() -> None:
    """Measure and print."""
    shape = int(sys.argv[1]), int(sys.argv[2])
    rng = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.001, shape), axis=0))
    spread = close * rng.uniform(0.0, 0.001, shape)
    high, low, volume = close + spread, close - spread, rng.lognormal(5.0, 1.0, shape)
    calls: dict[str, Callable[[], Any]] = {
        "rsi": lambda: vbt.RSI.run(close, 14),
        "ema": lambda: vbt.MA.run(close, 26, ewm=True),
        "sma": lambda: vbt.MA.run(close, 26),
        "bbands": lambda: vbt.BBANDS.run(close, 20),
        "macd": lambda: vbt.MACD.run(close, 12, 26, 9),
        "stoch": lambda: vbt.STOCH.run(high, low, close, 14),
        "atr": lambda: vbt.ATR.run(high, low, close, 14),
        "obv": lambda: vbt.OBV.run(close, volume),
    }
    print(json.dumps({name: _ms(call) for name, call in calls.items()}))


def _ms(call: Callable[[], Any]) -> float:
    call()
    found = []
    for _ in range(3):
        began = time.process_time()
        call()
        found.append(time.process_time() - began)
    return statistics.median(found) * 1e3


if __name__ == "__main__":
    main()
