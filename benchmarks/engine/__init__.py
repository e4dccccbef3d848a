"""The engine's benchmarks. `LINES` has every line and what measures it, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.engine import costs, scaling, steps
from benchmarks.engine.bench import Bench
from benchmarks.machine import one_core
from benchmarks.rows import Row

LINES: Final[tuple[tuple[tuple[str, ...], Callable[[Bench], Iterator[Row]]], ...]] = (
    (("engine.step.1000",), steps.thousand),
    (("engine.step.10000",), steps.ten_thousand),
    (("engine.step.10000.wild",), steps.wild),
    (("engine.compile.10000", "engine.compile.10000.wild"), steps.compiling),
    (("engine.history.1x500", "engine.history.10000x500", "engine.history.10000x500.minutes"), costs.history),
    (("engine.add.one", "engine.remove.one"), costs.changing),
    (("engine.rebuild.column",), costs.correcting),
    (("engine.peek",), costs.peeking),
    (("engine.gate", "engine.gate.wide"), costs.gating),
    (("engine.start", "engine.start.1000"), costs.start),
    (("engine.memory.10000",), costs.memory),
    (("engine.scale.strategies", "engine.scale.symbols", "engine.scale.held"), scaling.growth),
    (("engine.scale.node",), scaling.nodes),
    (("engine.bound",), scaling.bandwidth),
    (("engine.step.10000.wild.settled",), steps.wild_settled),
)
ON_REQUEST: Final = ((("engine.start.cold",), costs.cold_start),)
"""Lines that take long and are printed only when named."""


def run(wanted: str = "engine") -> Iterator[Row]:
    """The rows named `wanted`, or whose names begin with it and a dot."""
    bench = Bench()
    chosen = [(names, line) for names, line in (*LINES, *ON_REQUEST) if wanted in names]
    chosen = chosen or [(names, line) for names, line in LINES if any(_under(n, wanted) for n in names)]
    try:
        if len(chosen) > 1 and any("engine.step.10000.wild" in names for names, _ in chosen):
            bench.compile_beside(10_000)
        with one_core():
            for names, line in chosen:
                if not {"engine.add.one", "engine.rebuild.column", "engine.peek"} & set(names):
                    bench.release()
                yield from (row for row in line(bench) if row.name == wanted or _under(row.name, wanted))
    finally:
        bench.stop()


def names() -> list[str]:
    """Every line that can be asked for."""
    return [name for group, _ in (*LINES, *ON_REQUEST) for name in group]


def _under(name: str, wanted: str) -> bool:
    return name.startswith(f"{wanted}.") or name == wanted
