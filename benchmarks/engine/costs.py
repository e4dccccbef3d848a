"""What happens beside the step: adding and removing a strategy, a corrected symbol, a look at the candle under way,
history, memory, start.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.distribution import drawn
from benchmarks.engine.bench import FULL, SYMBOLS, Bench, Beside
from benchmarks.machine import median_ms, no_collector
from benchmarks.reference import Hits
from benchmarks.rows import Row
from benchmarks.synthetic import LENGTH, MARKET_START, Market
from screener import compile_filter
from screener.engine.replay import Candles, replay, replay_edges
from screener.gate.gate import check

_HISTORY = 500
_CHECKED = 16


def changing(bench: Bench) -> Iterator[Row]:
    """`engine.add.one`, `engine.remove.one`: strategies that share little with the 10,000 that run."""
    screening = bench.filled
    programs = [compile_filter(text, base) for base, text, _ in drawn(16, 99, wild=True)]
    added, removed = [], []
    with no_collector():
        for program in programs:
            added.append(screening.add([(10_000, program)]))
            removed.append(_ms(partial(screening.engine.remove, "10000")))
    size = {"strategies": 10_000, "nodes": screening.nodes, "candles": FULL}
    yield Row("engine.add.one", statistics.median(added[1:]), "ms", 50.0, {"worst": max(added[1:]), **size})
    yield Row("engine.remove.one", statistics.median(removed[1:]), "ms", None, {"worst": max(removed[1:]), **size})


def correcting(bench: Bench) -> Iterator[Row]:
    """`engine.rebuild.column`: everything of one symbol anew, after a correction of its past."""
    screening = bench.filled
    names = screening.market.symbols
    times = iter(range(len(names)))
    value = median_ms(lambda: screening.engine.refresh([names[next(times)]]), 5)
    details = {"strategies": 10_000, "nodes": screening.nodes, "candles": FULL}
    yield Row("engine.rebuild.column", value, "ms", None, details)


def peeking(bench: Bench) -> Iterator[Row]:
    """`engine.peek`: what the strategies on 1h would say if their candle closed now."""
    screening = bench.filled
    strategies = bench.compiled(10_000).drawn
    keys = [str(i) for i, s in enumerate(strategies) if s.base == "1h"]
    close = MARKET_START + LENGTH["1h"]
    _, _, forming = next(c for c in screening.market.closing(close) if c[0] == "1h")
    value = median_ms(lambda: screening.engine.peek(keys, close, forming).edge.count, 9)
    one = median_ms(lambda: screening.engine.peek(keys[:1], close, forming).edge.count, 9)
    yield Row("engine.peek", value, "ms", None, {"strategies": len(keys), "one_ms": one})


def gating(bench: Bench) -> Iterator[Row]:
    """`engine.gate`: the check before a strategy is enabled, on all symbols and 1,500 candles: a usual filter, and one
    of 22 conditions on 66 indicators."""
    candles = _candles(bench.market(candles=FULL, minutes=60))
    usual = compile_filter("match = ta.rsi(close, 14) < 30 and close > tf('1h').ema(close, 200)", "15m")
    parts = [f"ta.ema(close, {n + 5}) > ta.sma(close, {n + 9}) or ta.rsi(close, {n + 3}) > 50" for n in range(22)]
    wide = compile_filter("match = " + " and ".join(f"({part})" for part in parts), "15m")
    for name, program in (("engine.gate", usual), ("engine.gate.wide", wide)):
        report = check(program, candles)
        worked = time.process_time()
        value = _ms(partial(check, program, candles)) / 1e3
        details = {"cpu_s": time.process_time() - worked, "symbols": report.symbols, "candles": report.candles}
        yield Row(name, value, "s", 2.0, details)


def history(bench: Bench) -> Iterator[Row]:
    """`engine.history.*`: 500 candles of each interval, from nothing, with every rising edge; and 500 minutes, the
    higher intervals as they close within them."""
    reference = Beside(strategies=10_000, candles=540, held=_HISTORY, minutes=0, until=0, checked=_CHECKED)
    candles = _candles(bench.market(candles=540, minutes=0).newest(_HISTORY))
    compiled = bench.compiled(10_000)
    answer = reference.answer()
    singles = [p for p, s in zip(compiled.programs, compiled.drawn, strict=True) if s.base == "1m"][:21]
    with no_collector():
        one = [_ms(partial(replay, program, candles)) for program in singles]
    yield Row("engine.history.1x500", statistics.median(one[1:]), "ms", 20.0, {"worst": max(one[1:])})
    runs = []
    with no_collector():
        for _ in range(3):
            began = time.perf_counter()
            edges = replay_edges(compiled.programs, candles)
            runs.append(time.perf_counter() - began)
    hits = Hits()
    late = edges[edges[:, 1] > MARKET_START - _CHECKED * LENGTH["1m"]]
    hits.add(late[:, 0], late[:, 2], late[:, 1], edges=True)
    checksum = hits.checksum(edges_only=True)
    agrees = checksum == answer["edge_checksum"]
    details = {
        "best": min(runs),
        "edges": len(edges),
        "checked_edges": hits.edges,
        "checksum": checksum,
        "reference": "equal" if agrees else answer["edge_checksum"],
    }
    failure = None if agrees else f"{hits.edges} edges, the reference has {answer['edges']}"
    yield Row("engine.history.10000x500", statistics.median(runs), "s", 2.0, details, failure)
    span = _since(candles, MARKET_START - _HISTORY * LENGTH["1m"])
    with no_collector():
        spent = [_ms(partial(replay_edges, compiled.programs, span)) / 1e3 for _ in range(3)]
    yield Row("engine.history.10000x500.minutes", statistics.median(spent), "s", None, {"best": min(spent)})


def _since(candles: Candles, start: int) -> Candles:
    """The candles that open at or after `start` (ms UTC)."""
    series = {}
    for interval, (opens, fields) in candles.series.items():
        kept = opens >= start
        series[interval] = (opens[kept], {name: values[kept] for name, values in fields.items()})
    return Candles(candles.symbols, series)


def memory(bench: Bench) -> Iterator[Row]:
    """`engine.memory.10000`: the whole process, libraries and compiled strategies included."""
    with tempfile.TemporaryDirectory() as folder:
        _save(bench.market(candles=FULL, minutes=60), Path(folder))
        found, _ = _child("memory", folder, "10000")
    yield Row("engine.memory.10000", found["private_mib"], "MiB", 1536.0, found)


def start(bench: Bench) -> Iterator[Row]:
    """`engine.start`: from the process's start to the first step done, the machine code in its cache."""
    with tempfile.TemporaryDirectory() as folder:
        _save(bench.market(candles=FULL, minutes=60), Path(folder))
        for count in (100, 1000):
            runs = [_child("start", folder, str(count)) for _ in range(4)][1:]
            value = statistics.median(total for _, total in runs)
            details = {"strategies": count, "candles": FULL, **runs[-1][0]}
            yield Row("engine.start" if count == 100 else f"engine.start.{count}", value, "s", 3.0, details)


def cold_start(bench: Bench) -> Iterator[Row]:
    """`engine.start.cold`: the same without any machine code, which is made and kept."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        _save(bench.market(candles=FULL, minutes=60), Path(folder))
        found, total = _child("start", folder, "100", {"NUMBA_CACHE_DIR": cache})
    yield Row("engine.start.cold", total, "s", None, found)


def _candles(market: Market) -> Candles:
    return Candles(market.symbols, {i: market.held(i) for i in market.series})


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def _save(market: Market, folder: Path) -> None:
    for interval in market.series:
        count = market.candles + (interval == "1m")
        opens, fields = market.series[interval]
        np.save(folder / f"{interval}.opens.npy", opens[:count])
        for name, values in fields.items():
            np.save(folder / f"{interval}.{name}.npy", values[:count])


def _child(what: str, folder: str, count: str, env: dict[str, str] | None = None) -> tuple[dict[str, Any], float]:
    """What a fresh process reports of itself, and seconds from its start to that report."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.child", what, folder, count, str(SYMBOLS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
    assert process.stdout is not None
    line = process.stdout.readline()
    spent = time.perf_counter() - began
    process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:4])} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(line)
    return found, spent
