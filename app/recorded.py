"""The snapshot of a moment in recorded candles: nothing that closed after it is in it."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from analysis import Snapshot, SnapshotError, build_snapshot
from analysis.context import BREADTH_MEAN, LEADER_CANDLES, LEADERS, Surroundings
from analysis.levels import Values
from analysis.snapshot import MOST_CANDLES
from app.engines import condition_rows, result_nodes
from app.signal_rows import condition_json
from market.history import CandleTable, HistoryError, read_folder, symbols_in
from market.types import Candle
from screener import Program, compile_filter
from screener.engine.replay import Candles, replay
from screener.intervals import INTERVAL_MS, interval_ms

SYMBOLS_READ: Final = 60
"""Breadth counts so many of a folder's symbols at most."""
QUOTE: Final = "USDT"
"""Recorded candles do not say which quote asset a symbol has: leaders are sought against this one."""


def recorded_snapshot(
    folder: Path,
    symbol: str,
    interval: str,
    direction: str,
    *,
    until: int | None = None,
    filter_code: str = "",
    bars: int = 100,
) -> Snapshot:
    """The snapshot of a symbol at the newest candle that closed by `until` (ms UTC), with the conditions and levels of
    a filter where one is given.

    Raises HistoryError for a folder without such candles, FilterError for a filter that is not valid, and SnapshotError
    where there is nothing to analyse.
    """
    known = symbols_in(folder)
    program = compile_filter(filter_code, interval, known) if filter_code.strip() else None
    others = [i for i in (program.intervals if program else ()) if i != interval and i in INTERVAL_MS]
    step = interval_ms(interval)
    own = read_folder(folder, [interval, *others], [symbol])
    times, _ = own.series[interval]
    closed = times + step if until is None else times[times + step <= until] + step
    if not len(closed):
        raise SnapshotError(f"{folder}: no {interval} candle of {symbol} closed by then")
    close = int(closed[-1])
    candles = candles_of(own, symbol, interval, close)
    conditions, levels = _of_filter(program, own, folder, symbol, close) if program else ([], {})
    return build_snapshot(
        symbol,
        interval,
        direction,
        candles,
        conditions,
        levels_set=levels,
        tick_size=tick_of([c.close for c in candles]),
        bars=bars,
        higher={i: candles_of(own, symbol, i, close) for i in others},
        around=_around(folder, known, interval, close),
    )


def leaders_in(symbols: Collection[str]) -> tuple[str, ...]:
    """Those of the symbols that lead the others, the first before the next."""
    return tuple(name for base in LEADERS if (name := f"{base}{QUOTE}") in symbols)


def tick_of(prices: list[float]) -> Decimal:
    """A tick size that fits recorded prices, which carry none: one unit of the last decimal that any of them has."""
    exponents = [Decimal(repr(price)).normalize().as_tuple().exponent for price in prices[-MOST_CANDLES:]]
    return Decimal(1).scaleb(min([e for e in exponents if isinstance(e, int)] + [0]))


def candles_of(
    table: CandleTable | Candles, symbol: str, interval: str, close: int, count: int = MOST_CANDLES
) -> list[Candle]:
    """The newest candles of a symbol that had closed by `close` (ms UTC), oldest first; without those it has not."""
    times, fields = table.series[interval]
    column = table.symbols.index(symbol)
    until = int(np.searchsorted(times, close - interval_ms(interval), side="right"))
    span = slice(max(0, until - count), until)
    nothing = np.full(until, np.nan)

    def of(name: str) -> Values:
        return fields[name][:, column] if name in fields else nothing

    names = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "buy_volume")
    rows = np.stack([*(of(name)[span] for name in names), nothing[span]], axis=1).tolist()
    opened = times[span].tolist()
    return [
        Candle(symbol, interval, t, *row) for t, row in zip(opened, rows, strict=True) if np.isfinite(row[:4]).all()
    ]


def _of_filter(
    program: Program, own: CandleTable, folder: Path, symbol: str, close: int
) -> tuple[list[dict[str, object]], dict[str, float]]:
    """The filter's condition rows and its own stop and target on the candle that closed at `close`."""
    reads_others = any(node.op == "src" and node.params[2] for node in program.nodes)
    table = read_folder(folder, list(dict.fromkeys([program.base, *program.intervals]))) if reads_others else own
    history = replay(program, Candles(table.symbols, table.series), program.base, close)
    cell = (len(history.times) - 1, table.symbols.index(symbol))
    rows = condition_rows(history.conditions([cell])[0], program)
    extra = result_nodes(program)
    picked = history.pick(list(extra.values()), [cell])
    levels = {name: float(picked[node][0]) for name, node in extra.items() if name != "score"}
    return [condition_json(row) for row in rows], {n: v for n, v in levels.items() if v == v}


def _around(folder: Path, known: tuple[str, ...], interval: str, close: int) -> Surroundings:
    """The leader and the breadth of a folder's symbols; none where their candles cannot be read."""
    leader = next(iter(leaders_in(known)), None)
    names = list(dict.fromkeys([*([leader] if leader else []), *known]))[:SYMBOLS_READ]
    first = close - (LEADER_CANDLES + 1) * interval_ms(interval)
    try:
        table = read_folder(folder, interval, names, start=first, end=close)
    except (HistoryError, OSError):
        return Surroundings()
    _, fields = table.series[interval]
    led = candles_of(table, leader, interval, close, LEADER_CANDLES) if leader else []
    return Surroundings(led, fields["close"][-BREADTH_MEAN:])
