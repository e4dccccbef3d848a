"""Candles for the save gate: a copy of what a program reads, a sample of it, and the same candles cut short.

Nothing here copies a candle but `held` and `columns_of`: cuts are views.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from screener.engine.panel import Panel
from screener.engine.replay import Candles
from screener.external.catalogue import EXTERNALS
from screener.intervals import CALENDAR, SERIES, interval_ms
from screener.ir import Program
from screener.ops import OPS

WINDOW: Final = 1500
"""Candles that a sample should have before it has more symbols."""
LEAST_SYMBOLS: Final = 8
LEAST_CANDLES: Final = 200
NODE_NS: Final = 4
"""Nanoseconds that a node takes for a symbol and candle, about."""
EXTERNAL_CANDLES: Final = 500
"""Candles that the cost of an indicator of the slow path is told for."""


def held(program: Program, panel: Panel, also: Collection[str] = ()) -> Candles:
    """A copy of the candles of `panel` that `program` reads, all that are held of each interval it names; of its base
    interval `also` these fields."""
    fields: dict[str, set[str]] = {program.base: {"close", *also}}
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


def work_of(program: Program) -> float:
    """Nanoseconds that a replay takes for each symbol and candle, about: told by the program alone."""
    external = {node.params for node in program.nodes if node.op == "external"}
    names = [str(params[0]).partition(":")[0] for params in external]
    slow = sum(EXTERNALS[name].cost * 1e6 / EXTERNAL_CANDLES for name in names if name in EXTERNALS)
    return slow + NODE_NS * max(1, sum(node.op not in ("const", "src", "external") for node in program.nodes))


def sample_of(program: Program, candles: Candles, symbols: Collection[str], cells: int, most: int) -> Candles:
    """About `cells` symbol-candles, of `most` symbols at most: those drawn by the program's hash, the newest candles.

    Where the program looks across the market all symbols are kept. Drawn are the strategy's own (`symbols`; empty
    means all), and those that the program names come with them.
    """
    total, size = length(candles, program.base), len(candles.symbols)
    kept = size
    if not any(OPS[node.op].cross for node in program.nodes):
        kept = min(size, most, max(LEAST_SYMBOLS, cells // min(total, WINDOW)))
    if kept < size:
        named = {str(n.params[2]) for n in program.nodes if n.op in ("src", "external") and n.params[2]}
        own = [i for i, name in enumerate(candles.symbols) if not symbols or name in symbols]
        random = np.random.default_rng(int(program.hash, 16))
        drawn = {int(i) for i in random.permutation(own)[:kept]}
        columns = sorted(drawn | {i for i, name in enumerate(candles.symbols) if name in named})
        candles = columns_of(candles, columns)
    return newest(candles, program.base, max(LEAST_CANDLES, cells // max(1, len(candles.symbols))))


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
