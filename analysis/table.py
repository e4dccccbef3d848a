"""The indicator table: what a decision may cite beside prices, each value as the filter language writes it.

1. `observer` is a program of one interval whose conditions name every indicator of the table; an engine that runs it
   beside the strategies' programs has the values at each close, and shares their nodes.
2. `observed` reads them from such an engine's conditions.
3. `replayed` steps the same program over candles at hand, in one pass, where no engine runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from analysis.levels import Values
from analysis.snapshot_parts import IndicatorRow
from market.types import Candle
from screener import Program, compile_filter
from screener.engine.cells import Cell, Cells
from screener.engine.engine import ConditionValue
from screener.engine.lower import Lowering
from screener.engine.machine import Ints, Machine
from screener.engine.replay import Candles
from screener.engine.stepper import CandleSource, advance, spans
from screener.intervals import close_of

PRICES: Final = (
    "ta.ema(close, 20)",
    "ta.ema(close, 50)",
    "ta.ema(close, 200)",
    "ta.sma(close, 50)",
    "ta.bbands(close, 20, 2).upper",
    "ta.bbands(close, 20, 2).middle",
    "ta.bbands(close, 20, 2).lower",
    "ta.donchian(20).upper",
    "ta.donchian(20).lower",
    "ta.supertrend(10, 3).line",
    "ta.vwap()",
)
"""Indicators whose values are prices."""

MEASURES: Final = (
    "ta.rsi(close, 14)",
    "ta.adx(14).adx",
    "ta.adx(14).plus_di",
    "ta.adx(14).minus_di",
    "ta.macd(close).macd",
    "ta.macd(close).signal",
    "ta.macd(close).hist",
    "ta.stoch(14, 3, 3).k",
    "ta.stoch(14, 3, 3).d",
    "ta.mfi(14)",
    "ta.cci(20)",
    "ta.roc(close, 20)",
    "ta.atr(14)",
    "ta.natr(14)",
    "ta.chop(14)",
    "ta.supertrend(10, 3).direction",
    "ta.volume_ratio(20)",
)
"""Indicators whose values are not."""

NAMES: Final = (*PRICES, *MEASURES)
FIELDS: Final = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "buy_volume")


@cache
def observer(interval: str) -> Program:
    """The table of one interval as a program that never matches; condition `v0` and so on are `NAMES` in order."""
    rows = "\n".join(f"v{i} = {name} > 0" for i, name in enumerate(NAMES))
    links = " and ".join(f"v{i}" for i in range(len(NAMES)))
    return compile_filter(f"never = close < 0\n{rows}\nmatch = never and {links}", interval)


def observed(interval: str, conditions: Iterable[ConditionValue]) -> tuple[IndicatorRow, ...]:
    """The table of one interval from its observer's conditions on one symbol; what is unknown is left out."""
    values = {c.name: c.left for c in conditions}
    found = ((name, values.get(f"v{i}")) for i, name in enumerate(NAMES))
    return tuple(_row(interval, name, value) for name, value in found if value is not None and math.isfinite(value))


def replayed(
    symbol: str, candles: CandleSource, intervals: Sequence[str], until: int | None = None
) -> tuple[IndicatorRow, ...]:
    """The tables of some intervals as of the close `until` (ms UTC; default: each interval's newest candle)."""
    column = candles.find(symbol)
    rows: list[IndicatorRow] = []
    for interval in intervals if column >= 0 else ():
        last = candles.last_open(interval)
        if last is None:
            continue
        lowered = _lowered(interval)
        machine = Machine(candles.width)
        machine.place(lowered.rows, lowered.depth)
        newest = close_of(last, interval)
        end = newest if until is None else min(until, newest)
        for _ in advance(machine, candles, spans(machine, candles, end, [interval])):
            pass
        values = machine.values[machine.rows_of(lowered.at, lowered.lags), column].tolist()
        rows += [_row(interval, name, v) for name, v in zip(NAMES, values, strict=True) if math.isfinite(v)]
    return tuple(rows)


def source_of(symbol: str, series: Mapping[str, Sequence[Candle]]) -> Candles:
    """Candles of one symbol, oldest first by interval, as a source to replay over."""
    found = {}
    for interval, candles in series.items():
        times = np.array([c.open_time for c in candles], dtype=np.int64)
        columns = np.array(
            [(c.open, c.high, c.low, c.close, c.volume, c.quote_volume, c.trades, c.taker_buy_base) for c in candles],
            dtype=np.float64,
        ).reshape(len(candles), len(FIELDS))
        fields: dict[str, Values] = {name: columns[:, i : i + 1] for i, name in enumerate(FIELDS)}
        found[interval] = (times, fields)
    return Candles((symbol,), found)


@dataclass(frozen=True, slots=True)
class _Lowered:
    rows: Mapping[int, Cell]
    depth: Mapping[int, int]
    at: Ints
    lags: Ints


@cache
def _lowered(interval: str) -> _Lowered:
    program = observer(interval)
    cells = Cells()
    named = {c.name: c.left for c in program.conditions}
    nodes = [node for i in range(len(NAMES)) if (node := named[f"v{i}"]) is not None]
    found = Lowering(cells, lambda name: -1).program(program.nodes, set(nodes))
    refs = [ref for node in nodes if (ref := found[node]) is not None]
    for ref in refs:
        cells.use(ref)
    # What stands only in `match` is not stepped.
    rows = {n: cells.rows[n] for n in cells.under(r.cell for r in refs)}
    at, lags = np.array([(r.cell, r.lag) for r in refs], dtype=np.int64).T
    return _Lowered(rows, cells.depth, at, lags)


def _row(interval: str, name: str, value: float) -> IndicatorRow:
    return IndicatorRow(interval=interval, name=name, value=value, price=name in PRICES)
