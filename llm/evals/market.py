"""A made-up market to score programs on: the same candles on every machine, from one seed.

Each base interval has walks of its own with quiet and wild stretches, long enough that the patterns and averages of
the dataset occur. The intervals above are made of the base's candles; months and years the engine makes of days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from screener.intervals import INTERVAL_MS, interval_ms, is_multiple, open_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", *(f"S{i:02}USDT" for i in range(22)))
SEED: Final = 5
END: Final = open_of(1_731_628_800_000, "1w")
"""Where all candles end, ms UTC."""
COUNT: Final = 1200
FINE: Final = {"1m": 4000, "5m": 9000, "15m": 6000, "1h": 3000}
"""Candles of a base where `COUNT` is too few, for averages of higher intervals."""


class Market(NamedTuple):
    """Candles as `screener.engine.replay.Candles` takes them: for each interval open times `[candles]` (ms UTC) and
    fields `[candles, symbols]`."""

    symbols: tuple[str, ...]
    series: Mapping[str, tuple[Ints, Mapping[str, Floats]]]


def synthetic(base: str) -> Market:
    """The market on `base` and on every interval made of it. Raises ValueError for an unknown interval."""
    step = interval_ms(base)
    count = FINE.get(base, COUNT)
    rng = np.random.default_rng(SEED)
    shape = (count, len(SYMBOLS))
    calm = np.exp(np.repeat(rng.normal(0, 0.9, (count // 25 + 1, len(SYMBOLS))), 25, axis=0)[:count])
    drift = np.repeat(rng.normal(0, 0.002, (count // 60 + 1, len(SYMBOLS))), 60, axis=0)[:count]
    close = 100 * np.exp(np.cumsum(drift + 0.012 * calm * rng.standard_t(5, shape), axis=0))
    first = np.vstack([np.full((1, len(SYMBOLS)), 100.0), close[:-1]]) * (1 + rng.normal(0, 0.001, shape))
    reach = 0.008 * calm
    high = np.maximum(first, close) * (1 + rng.exponential(1, shape) * reach)
    low = np.minimum(first, close) * (1 - rng.uniform(0, 1, shape) * np.minimum(reach * 2, 0.3))
    volume = rng.lognormal(8, 0.9, shape)
    fields: dict[str, Floats] = {
        "open": first, "high": high, "low": low, "close": close, "volume": volume, "quote_volume": volume * close,
        "trades": rng.lognormal(5, 0.9, shape), "buy_volume": volume * rng.beta(6, 6, shape),
    }  # fmt: skip
    end = open_of(END, base)
    opens = np.arange(end - count * step, end, step)
    series: dict[str, tuple[Ints, Mapping[str, Floats]]] = {base: (opens, fields)}
    for above in INTERVAL_MS:
        if above != base and is_multiple(above, base):
            series[above] = _above(opens, fields, base, above)
    return Market(SYMBOLS, series)


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Names the made-up market: another name where a number library draws other candles."""
    digest = hashlib.sha256()
    for base in INTERVAL_MS:
        opens, fields = synthetic(base).series[base]
        digest.update(opens.astype("<i8").tobytes())
        for name in sorted(fields):
            # Rounded: the last bit of a logarithm is the machine's own.
            digest.update(np.char.mod("%.9g", fields[name][::97]).tobytes())
    return digest.hexdigest()[:12]


def _above(opens: Ints, fields: Mapping[str, Floats], base: str, above: str) -> tuple[Ints, Mapping[str, Floats]]:
    """Whole candles of `above`, made of those of `base`."""
    step, parts = interval_ms(base), interval_ms(above) // interval_ms(base)
    last = int(np.searchsorted(opens, open_of(int(opens[-1]) + step, above)))
    first = last % parts
    take = {name: values[first:last].reshape(-1, parts, values.shape[1]) for name, values in fields.items()}
    made = {name: values.sum(axis=1) for name, values in take.items()}
    made |= {"open": take["open"][:, 0], "close": take["close"][:, -1]}
    made |= {"high": take["high"].max(axis=1), "low": take["low"].min(axis=1)}
    return opens[first:last:parts], made
