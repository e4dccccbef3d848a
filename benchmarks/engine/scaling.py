"""How a step's time (of the processor) grows, and what memory allows.

1. `growth` steps the same market with more strategies, more symbols, more candles held.
2. `nodes` fits a straight line through steps of more and more different nodes: what one costs for one symbol.
3. `bandwidth` adds up the bytes that a step must read and write, and divides by how fast this machine copies memory.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import numpy as np

from benchmarks.engine.adapter import Screening
from benchmarks.engine.bench import HELD, SYMBOLS, Bench
from benchmarks.engine.steps import stepped
from benchmarks.machine import copy_rate
from benchmarks.rows import Row
from benchmarks.synthetic import LENGTH

_MINUTES = 180


def growth(bench: Bench) -> Iterator[Row]:
    """`engine.scale.strategies.*`, `engine.scale.symbols.*`, `engine.scale.held.*`."""
    for count in (100, 1000, 10_000):
        yield _row(f"engine.scale.strategies.{count}", _measured(bench, count))
    for symbols in (100, 300, 600, 1200):
        yield _row(f"engine.scale.symbols.{symbols}", _measured(bench, 1000, symbols=symbols))
    for held in (HELD, 1500):
        yield _row(f"engine.scale.held.{held}", _measured(bench, 1000, held=held))


def nodes(bench: Bench) -> Iterator[Row]:
    """`engine.scale.node`: nanoseconds for one node of one symbol in a step of all intervals."""
    points = [_measured(bench, count) for count in (100, 300, 1000, 3000, 10_000)]
    slope, fixed = np.polyfit([n for _, n in points], [ms for ms, _ in points], 1)
    details = {"fixed_ms": float(fixed), "from": points[0][1], "to": points[-1][1]}
    yield Row("engine.scale.node", float(slope) * 1e6 / SYMBOLS, "ns", None, details)


def bandwidth(bench: Bench) -> Iterator[Row]:
    """`engine.bound`: the milliseconds that moving a step's bytes takes at least."""
    screening = _screening(bench, 10_000, SYMBOLS, HELD)
    measured = _full(screening)
    touched = screening.bytes_per_step()
    state = screening.engine.bytes_used
    # Copying half the state's size to another half moves through as much memory as the state takes.
    near, like, far = copy_rate(256 << 10), copy_rate(state // 2), copy_rate(256 << 20)
    bound = touched / like * 1e3
    yield Row(
        "engine.bound",
        bound,
        "ms",
        measured,
        {
            "mb_per_step": touched / 1e6,
            "state_mb": state / 1e6,
            "copy_gb_s": like / 1e9,
            "in_cache_gb_s": near / 1e9,
            "in_memory_gb_s": far / 1e9,
            "in_memory_bound_ms": touched / far * 1e3,
            "share": bound / measured,
        },
    )


def _row(name: str, measured: tuple[float, int]) -> Row:
    return Row(name, measured[0], "ms", None, {"nodes": measured[1]})


def _measured(bench: Bench, count: int, symbols: int = SYMBOLS, held: int = HELD) -> tuple[float, int]:
    """Processor milliseconds of a step at which all intervals close, and the nodes it has."""
    screening = _screening(bench, count, symbols, held)
    return _full(screening), screening.nodes


def _screening(bench: Bench, count: int, symbols: int, held: int) -> Screening:
    screening = Screening(bench.market(symbols, held, _MINUTES))
    screening.add(enumerate(bench.compiled(10_000).programs[:count]))
    return screening


def _full(screening: Screening) -> float:
    # Processor time: many short runs follow each other here, and another process must not pass for growth.
    steps, _, _ = stepped(screening, _MINUTES, 0)
    return statistics.median(s.cpu_ms for s in steps if s.close % LENGTH["1h"] == 0)
