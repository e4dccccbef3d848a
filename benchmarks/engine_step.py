"""One screening step: how long it takes, and that it does not depend on the candles held.

1. `strategies` draws programs as people write them: three to five conditions with the usual periods, on
   four intervals.
2. For each number of symbols, strategies and candles held, an engine is filled and stepped by an hour of
   minutes (`_measure`).
3. The peer recomputes the same distinct indicators for every symbol with TA-Lib over the candles held
   (`_peer`), as a screener does that calls an indicator library on each tick; comparisons and edges are not
   even counted against it.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import talib
from numpy.typing import NDArray
from talib._ta_lib import MA_Type

from screener import Program, compile_filter
from screener.engine import Addition, Engine
from screener.intervals import interval_ms
from screener.panel import Panel

MINUTE = 60_000
INTERVALS = ("1m", "5m", "15m", "1h")
END = 1_700_006_400_000
Floats = NDArray[np.float64]
Spec = tuple[str, str, int]

PERIODS = (7, 9, 12, 14, 20, 21, 26, 50, 100, 200)
WEIGHTS = np.array([4, 8, 5, 10, 14, 8, 4, 14, 5, 10]) / 82

TEXT: dict[str, tuple[str, str]] = {
    "rsi": ("{t}.rsi({t}.close, {n}) < {k}", "25 30 35 40"),
    "ema": ("{t}.close > {t}.ema({t}.close, {n})", "0"),
    "sma": ("crossover({t}.close, {t}.sma({t}.close, {n}))", "0"),
    "bbands": ("{t}.close < {t}.bbands({t}.close, {n}, {k}).lower", "1.5 2 2.5"),
    "macd": ("{t}.macd({t}.close, 12, 26, 9).hist > {k}", "0"),
    "adx": ("{t}.adx(14).adx > {k}", "20 25 30"),
    "volume": ("{t}.volume > {k} * {t}.sma({t}.volume, {n})", "1.5 2 3"),
    "highest": ("{t}.close > highest({t}.high, {n})[1]", "0"),
    "stoch": ("{t}.stoch(14, 3, 3).k < {k}", "20 80"),
    "atr": ("{t}.atr({n}) / {t}.close > {k}", "0.005 0.01 0.02"),
}

ORACLE: dict[str, Callable[[dict[str, Floats], int], Any]] = {
    "rsi": lambda c, n: talib.RSI(c["close"], n),
    "ema": lambda c, n: talib.EMA(c["close"], n),
    "sma": lambda c, n: talib.SMA(c["close"], n),
    "bbands": lambda c, n: talib.BBANDS(c["close"], n, 2.0, 2.0),
    "macd": lambda c, n: talib.MACD(c["close"], 12, 26, 9),
    "adx": lambda c, n: talib.ADX(c["high"], c["low"], c["close"], 14),
    "volume": lambda c, n: talib.SMA(c["volume"], n),
    "highest": lambda c, n: talib.MAX(c["high"], n),
    "stoch": lambda c, n: talib.STOCH(c["high"], c["low"], c["close"], 14, 3, MA_Type.SMA, 3, MA_Type.SMA),
    "atr": lambda c, n: talib.ATR(c["high"], c["low"], c["close"], n),
}
PERIODLESS = {"macd", "adx", "stoch"}


def strategies(count: int, seed: int = 1) -> tuple[list[Program], set[Spec]]:
    """Programs of base 1m, and the distinct (interval, indicator, period) that they need."""
    rng = np.random.default_rng(seed)
    programs, needed = [], set()
    for _ in range(count):
        parts = []
        for _ in range(int(rng.integers(3, 6))):
            kind = str(rng.choice(list(TEXT)))
            interval = str(rng.choice(INTERVALS))
            n = 14 if kind in PERIODLESS else int(rng.choice(PERIODS, p=WEIGHTS))
            text, thresholds = TEXT[kind]
            parts.append(text.format(t=f'tf("{interval}")', n=n, k=rng.choice(thresholds.split())))
            needed.add((interval, kind, n))
        programs.append(compile_filter("match = " + " and ".join(parts), "1m"))
    return programs, needed


def _candles(rng: np.random.Generator, candles: int, symbols: int) -> dict[str, Floats]:
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.003, (candles, symbols)), axis=0))
    spread = close * rng.uniform(0, 0.003, close.shape)
    return {
        "open": close, "high": close + spread, "low": close - spread, "close": close,
        "volume": rng.lognormal(5, 1, close.shape),
    }  # fmt: skip


def _filled(symbols: int, held: int) -> Panel:
    rng = np.random.default_rng(0)
    panel = Panel([f"S{i}" for i in range(symbols)], held)
    for interval in INTERVALS:
        step = interval_ms(interval)
        opens = np.arange(END - held * step, END, step, dtype=np.int64)
        panel.put(interval, slice(None), opens, _candles(rng, held, symbols))
    return panel


def _measure(engine: Engine, panel: Panel) -> tuple[float, float, float]:
    """Median milliseconds of a step, of its edges, and of the step on which all intervals close."""
    rng = np.random.default_rng(9)
    symbols = panel.size
    steps, edges, full = [], [], 0.0
    gc.collect()
    for k in range(1, 121):
        close = END + k * MINUTE
        for interval in INTERVALS:
            if close % interval_ms(interval) == 0:
                fields = {name: v[0] for name, v in _candles(rng, 1, symbols).items()}
                panel.append(interval, close - interval_ms(interval), fields)
        result = engine.step(close)
        steps.append(result.timings["step_ms"])
        edges.append(result.timings["edges_ms"])
        if close % interval_ms("1h") == 0:
            full = result.timings["step_ms"]
    return statistics.median(steps), statistics.median(edges), full


def _peer(panel: Panel, needed: set[Spec], closing: tuple[str, ...]) -> float:
    """Milliseconds to recompute the indicators of the closing intervals for every symbol; at most 20 symbols
    are timed.
    """
    wanted = [s for s in needed if s[0] in closing]
    timed = min(panel.size, 20)
    columns = {
        i: {f: np.ascontiguousarray(panel.window(i, f, 10**6)[1].T) for f in ("high", "low", "close", "volume")}
        for i in closing
    }
    began = time.perf_counter()
    for s in range(timed):
        for interval, kind, n in wanted:
            ORACLE[kind]({f: v[s] for f, v in columns[interval].items()}, n)
    return (time.perf_counter() - began) * 1e3 * panel.size / timed


def run(sizes: tuple[int, ...] = (200, 600), counts: tuple[int, ...] = (14, 1000)) -> list[dict[str, Any]]:
    """Rows `{name, value, unit, peer, ratio}`; `peer` in the same unit, `ratio` how many times faster than
    it.
    """
    rows: list[dict[str, Any]] = []
    drawn = {count: strategies(count) for count in counts}
    for symbols in sizes:
        for count in counts:
            programs, needed = drawn[count]
            for held in (1000, 5000):
                panel = _filled(symbols, held)
                peer_minute = _peer(panel, needed, ("1m",))
                peer_hour = _peer(panel, needed, INTERVALS)
                engine = Engine(panel, "1m")
                began = time.perf_counter()
                engine.add_many([Addition(str(i), p) for i, p in enumerate(programs)])
                fill = (time.perf_counter() - began) * 1e3
                step, edge, full = _measure(engine, panel)
                size = f"{count} strategies ({engine.node_count} nodes), {symbols} symbols"
                what = f"{size}, {held} candles held"
                rows += [
                    _row(f"step, {what}", step, peer_minute),
                    _row(f"step when all intervals close, {what}", full, peer_hour),
                    _row(f"edges, {what}", edge, None),
                    _row(f"adding all, {what}", fill, None),
                ]
                del panel, engine
    return rows


def _row(name: str, value: float, peer: float | None) -> dict[str, Any]:
    ratio = None if peer is None else round(peer / value, 1)
    return {
        "name": name, "value": round(value, 3), "unit": "ms",
        "peer": None if peer is None else round(peer, 2), "ratio": ratio,
    }  # fmt: skip


if __name__ == "__main__":
    for row in run():
        print(json.dumps(row))
