"""Candles for the save gate: a copy of what a program reads, a sample of it, and the same candles cut short.

Nothing here copies a candle but `held` and `columns_of`: cuts are views.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from screener.intervals import CALENDAR, SERIES, interval_ms
from screener.ir import Program
from screener.ops import OPS
from screener.panel import Panel
from screener.replay import Candles

SAMPLED_SYMBOLS: Final = 200
SAMPLED_CELLS: Final = 200_000
"""Symbol-candles at most that are replayed again and again."""
SAMPLED_WORK: Final = 6_000_000
"""Nodes times symbol-candles of one such replay at most: a costly filter is tried on fewer."""
LEAST_SYMBOLS: Final = 8


def held(program: Program, panel: Panel) -> Candles:
    """A copy of the candles of `panel` that `program` reads, all that are held of each interval it names."""
    fields: dict[str, set[str]] = {program.base: {"close"}}
    for name in program.intervals:
        fields.setdefault("1d" if name in CALENDAR else name, {"close"})
    for node in program.nodes:
        interval = "1d" if node.interval in CALENDAR else node.interval
        if interval is None:
            continue
        wanted = fields.setdefault(interval, {"close"})
        if node.op == "src":
            field = str(node.params[0])
            wanted |= {"volume", "buy_volume"} if field == "sell_volume" else {field}
        elif node.op == "external":
            wanted |= set(SERIES) - {"sell_volume"}
    series = {}
    for interval, names in fields.items():
        count = panel.capacity(interval) if interval in panel.intervals else 0
        found = {name: panel.window(interval, name, count) for name in sorted(names)}
        times = found["close"][0]
        if len(times):
            series[interval] = (times, {name: values for name, (_, values) in found.items()})
    return Candles(panel.symbols, series)


def sample_of(program: Program, candles: Candles, symbols: Collection[str]) -> Candles:
    """Symbols and a stretch of candles drawn by the program's hash, small enough to replay again and again."""
    total = len(candles.series[program.base][0])
    size = len(candles.symbols)
    cells = min(SAMPLED_CELLS, SAMPLED_WORK // max(1, program.cost)) * 3 // 2
    random = np.random.default_rng(int(program.hash, 16))
    kept = size
    if not any(OPS[node.op].cross for node in program.nodes):
        # Across the market every symbol counts; otherwise each is by itself, but for those that are named.
        kept = min(size, max(LEAST_SYMBOLS, min(SAMPLED_SYMBOLS, cells // min(total, 1500))))
    if kept < size:
        named = {str(n.params[2]) for n in program.nodes if n.op in ("src", "external") and n.params[2]}
        own = [i for i, name in enumerate(candles.symbols) if not symbols or name in symbols]
        drawn = {int(i) for i in random.permutation(own)[:kept]}
        columns = sorted(drawn | {i for i, name in enumerate(candles.symbols) if name in named})
        candles = columns_of(candles, columns)
        kept = len(columns)
    return newest(candles, program.base, max(200, min(1500, cells // max(1, kept))))


def columns_of(candles: Candles, columns: Sequence[int]) -> Candles:
    index = np.array(columns, dtype=np.intp)
    series = {
        name: (times, {field: np.ascontiguousarray(values[:, index]) for field, values in fields.items()})
        for name, (times, fields) in candles.series.items()
    }
    return Candles(tuple(candles.symbols[i] for i in columns), series)


def newest(candles: Candles, base: str, count: int) -> Candles:
    """With the newest `count` candles of the base interval; other intervals keep what they have."""
    return _rows(candles, {base: slice(max(0, len(candles.series[base][0]) - count), None)})


def until(candles: Candles, close: int) -> Candles:
    """What was held when the candle closing at `close` (ms UTC) had just closed."""
    return _rows(
        candles,
        {
            name: slice(0, int(np.searchsorted(times + interval_ms(name), close, side="right")))
            for name, (times, _) in candles.series.items()
        },
    )


def without_first(candles: Candles, share: float, drop: int) -> Candles:
    """Without the oldest `share` of each interval, and the first `drop` candles of the one with most of them."""
    most = max(len(times) for times, _ in candles.series.values())
    return _rows(
        candles,
        {
            name: slice(drop if len(times) == most else int(len(times) * share), None)
            for name, (times, _) in candles.series.items()
        },
    )


def _rows(candles: Candles, rows: dict[str, slice]) -> Candles:
    series = {
        name: (times[rows[name]], {f: v[rows[name]] for f, v in fields.items()}) if name in rows else (times, fields)
        for name, (times, fields) in candles.series.items()
    }
    return Candles(candles.symbols, series)


def length(candles: Candles, interval: str) -> int:
    return len(candles.series[interval][0]) if interval in candles.series else 0
