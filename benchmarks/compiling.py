"""Strategies compiled by a process of their own, beside what is measured.

`python -m benchmarks.compiling COUNT SEED` compiles wild strategies and writes `Compiled` to standard output, pickled.
"""

from __future__ import annotations

import ast
import gc
import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.distribution import Drawn, drawn
from screener import Program, compile_filter


@dataclass(frozen=True)
class Compiled:
    """Strategies, their programs, and how long compiling took: seconds by the clock and of the processor; `parse` is
    what Python's own parser needs for the same texts."""

    drawn: Sequence[Drawn]
    programs: Sequence[Program]
    wall: float
    cpu: float
    parse: float


def compiled(count: int, seed: int, wild: bool) -> Compiled:
    """Draw and compile `count` strategies, one by one."""
    strategies = drawn(count, seed, wild)
    gc.collect()
    gc.disable()
    try:
        began, worked = time.perf_counter(), time.process_time()
        programs = [compile_filter(text, base) for base, text, _ in strategies]
        wall, cpu = time.perf_counter() - began, time.process_time() - worked
        worked = time.process_time()
        for _, text, _ in strategies:
            ast.parse(text)
        parse = time.process_time() - worked
    finally:
        gc.enable()
    return Compiled(strategies, programs, wall, cpu, parse)


if __name__ == "__main__":
    # Under its own name, so that what is pickled can be found again.
    from benchmarks import compiling

    pickle.dump(compiling.compiled(int(sys.argv[1]), int(sys.argv[2]), wild=True), sys.stdout.buffer, protocol=5)
