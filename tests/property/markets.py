"""Random markets: several symbols on three intervals that agree with each other.

1. A symbol has a temper: a walk on a grid, ties on a coarse one, constant, tiny (1e-12), huge (1e12), both by turns,
   prices in decimals, never listed; it may be listed late, have gaps and trade nothing for a while.
2. Prices and volumes are whole multiples of a power of two (decimals apart), so sums and differences are exact.
3. Candles of the higher intervals are made of the base's; one that lacks some of its candles is made of the rest, and
   a few are missing altogether.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from screener.engine.replay import Candles
from screener.intervals import close_of, interval_ms, open_of
from tests.property.programs import SYMBOLS, Setting

# A Friday; candles end about here, at whatever time of the day.
_AROUND = 1_709_251_200_000
_TEMPERS = ("walk", "walk", "ties", "constant", "tiny", "huge", "wild", "decimal", "never")
FIELDS = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "buy_volume")


@dataclass(frozen=True, repr=False)
class Market(Candles):
    """Candles that a failing test shows by their recipe: the arguments of `market`."""

    recipe: str = ""

    def __repr__(self) -> str:
        return self.recipe

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


@st.composite
def markets(draw: st.DrawFn, setting: Setting, most: int = 70) -> Market:
    """A market of `len(SYMBOLS)` symbols and at most `most` base candles."""
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    count = int(rng.integers(12, draw(st.sampled_from([most, most, 16])) + 1))
    offset = int(rng.integers(0, 40))
    tempers = [str(t) for t in rng.choice(_TEMPERS, len(SYMBOLS))]
    gaps = float(rng.choice([0.0, 0.0, 0.05, 0.3]))
    late = bool(rng.random() < 0.4)
    step = interval_ms(setting.base)
    first = open_of(_AROUND, setting.base) - (count - offset) * step
    return market(seed, setting, first, count, tempers, gaps, late)


def market(seed: int, setting: Setting, first: int, count: int, tempers: list[str], gaps: float, late: bool) -> Market:
    """A market whose base candles open at `first` (ms UTC) and after."""
    rng = np.random.default_rng(seed)
    step = interval_ms(setting.base)
    opens = first + step * np.arange(count, dtype=np.int64)
    columns = [_symbol(rng, count, temper) for temper in tempers]
    base = {name: np.column_stack([c[name] for c in columns]) for name in FIELDS}
    missing = rng.random((count, len(tempers))) < gaps
    # Now and then nobody has a candle.
    missing |= (rng.random(count) < gaps / 4)[:, None]
    if late:
        missing |= np.arange(count)[:, None] < rng.integers(0, count, len(tempers)) * (rng.random(len(tempers)) < 0.4)
    missing |= np.array([t == "never" for t in tempers])
    base = {name: np.where(missing, np.nan, values) for name, values in base.items()}
    series = {setting.base: (opens, base)}
    for interval in setting.higher:
        series[interval] = _made_of(rng, interval, opens, step, base, gaps)
    return Market(SYMBOLS, series, f"market({seed}, {setting}, {first}, {count}, {tempers}, {gaps}, {late})")


def _symbol(rng: np.random.Generator, count: int, temper: str) -> dict[str, np.ndarray]:
    moves = rng.integers(-6, 7, (count, 4))
    level = 1000
    if temper == "ties":
        moves, level = rng.integers(-1, 2, (count, 4)), 8
    elif temper == "constant":
        moves = np.zeros((count, 4), dtype=np.int64)
    path = np.maximum(1, level + np.cumsum(moves.reshape(-1))).reshape(count, 4).astype(np.float64)
    scale = np.full((count, 1), 2.0**-3)
    if temper == "tiny":
        scale[:] = 2.0**-50
    elif temper == "huge":
        scale[:] = 2.0**30
    elif temper == "wild":
        scale = np.exp2(rng.choice([-45.0, -3.0, 30.0], (count, 1)))
    elif temper == "decimal":
        scale[:] = 0.01
    path = path * scale
    volume = rng.integers(0, 40, count).astype(np.float64) * (rng.random(count) < 0.9)
    if temper in ("ties", "constant"):
        volume = np.minimum(volume, 2.0)
    return {
        "open": path[:, 0],
        "high": path.max(axis=1),
        "low": path.min(axis=1),
        "close": path[:, 3],
        "volume": volume,
        "quote_volume": volume * path[:, 3],
        "trades": np.ceil(volume / 4),
        "buy_volume": np.floor(volume * rng.random(count)),
    }


def _made_of(
    rng: np.random.Generator,
    interval: str,
    opens: np.ndarray,
    step: int,
    base: dict[str, np.ndarray],
    gaps: float,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Candles of a higher interval: those that begin and end within the base candles."""
    starts = sorted({open_of(int(t), interval) for t in opens})
    last = int(opens[-1]) + step
    starts = [t for t in starts if t >= int(opens[0]) and close_of(t, interval) <= last]
    size = base["close"].shape[1]
    found = {name: np.full((len(starts), size), np.nan) for name in FIELDS}
    for i, start in enumerate(starts):
        inside = np.flatnonzero((opens >= start) & (opens < close_of(start, interval)))
        for s in range(size):
            held = inside[~np.isnan(base["close"][inside, s])]
            if not held.size or rng.random() < gaps / 4:
                continue
            found["open"][i, s] = base["open"][held[0], s]
            found["high"][i, s] = base["high"][held, s].max()
            found["low"][i, s] = base["low"][held, s].min()
            found["close"][i, s] = base["close"][held[-1], s]
            for name in ("volume", "quote_volume", "trades", "buy_volume"):
                found[name][i, s] = base[name][held, s].sum()
    return np.array(starts, dtype=np.int64), found


def head(data: Candles, until: int) -> Candles:
    """The candles that closed at or before `until` (ms UTC)."""
    series = {}
    for interval, (opens, fields) in data.series.items():
        held = np.array([close_of(int(t), interval) <= until for t in opens], dtype=np.bool_)
        series[interval] = (opens[held], {k: v[held] for k, v in fields.items()})
    return Candles(data.symbols, series)
