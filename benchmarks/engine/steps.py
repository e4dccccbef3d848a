"""One step of thousands of strategies: `engine.step.*`, and compiling them.

The market is filled to an hour's close and stepped minute by minute. The value is the median of the minutes in which
all four intervals close, the most work that a minute can bring; `minute` is the median of those in which only the
minute's candle closes. A step counts from the candles being in the panel to all rising edges being listed. What the
last minutes matched is compared with the reference, hit by hit and edge by edge.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from benchmarks.engine.adapter import Screening, Stepped
from benchmarks.engine.bench import HELD, WILD_HELD, Bench, Beside, fastest
from benchmarks.machine import no_collector
from benchmarks.reference import Hits
from benchmarks.rows import Row
from benchmarks.synthetic import LENGTH, MARKET_START

MINUTE = LENGTH["1m"]


def thousand(bench: Bench) -> Iterator[Row]:
    """`engine.step.1000`."""
    yield _line(bench, "engine.step.1000", 1000, wait=1.0)


def ten_thousand(bench: Bench) -> Iterator[Row]:
    """`engine.step.10000`."""
    yield _line(bench, "engine.step.10000", 10_000, wait=5.0)


def wild(bench: Bench) -> Iterator[Row]:
    """`engine.step.10000.wild`: strategies that share next to nothing."""
    yield _line(bench, "engine.step.10000.wild", 10_000, held=WILD_HELD, minutes=120, checked=5, wait=10.0)


def wild_settled(bench: Bench) -> Iterator[Row]:
    """`engine.step.10000.wild.settled`: the same with as many candles as the others, which takes longer to fill."""
    yield _line(bench, "engine.step.10000.wild.settled", 10_000, minutes=120, checked=5)


def compiling(bench: Bench) -> Iterator[Row]:
    """`engine.compile.10000`: from text to programs."""
    for name, kind in (("engine.compile.10000", False), ("engine.compile.10000.wild", True)):
        found = bench.compiled(10_000, kind)
        yield Row(
            name,
            found.wall,
            "s",
            None if kind else 2.0,
            details={"cpu_s": found.cpu, "parse_s": found.parse, "each_us": found.wall * 100},
        )


def _line(
    bench: Bench, name: str, count: int, held: int = HELD, minutes: int = 360, checked: int = 16, wait: float = 60.0
) -> Row:
    any_number = ".wild" in name
    candles = bench.market(candles=held)
    reference = Beside(
        strategies=count, wild=any_number, candles=held, held=held, minutes=360, until=minutes, checked=checked
    )
    bench.start_vectorbt()
    compiled = bench.compiled(count, any_number)
    screening = Screening(candles)
    filled = screening.add(enumerate(compiled.programs))
    answer = reference.answer()
    steps, hits, unknown = stepped(screening, minutes, checked)
    full = [s for s in steps if s.close % LENGTH["1h"] == 0]
    plain = [s for s in steps if s.close % LENGTH["5m"]]
    checksum = hits.checksum()
    peers = bench.peers(count, any_number, held, wait)
    agrees = checksum == answer["checksum"]
    return Row(
        name,
        statistics.median(s.wall_ms for s in full),
        "ms",
        fastest(peers),
        {
            "cpu": statistics.median(s.cpu_ms for s in full),
            "best": min(s.wall_ms for s in full),
            "minute": statistics.median(s.wall_ms for s in plain),
            "mean_minute": statistics.fmean(s.wall_ms for s in steps),
            "nodes": screening.nodes,
            "unknown": unknown,
            "hits": hits.hits,
            "edges": hits.edges,
            "checksum": checksum,
            "reference": "equal" if agrees else answer["checksum"],
            "fill_s": filled / 1e3,
            "held": held,
            **peers,
            "load": bench.load,
        },
        None
        if agrees
        else f"{hits.hits} hits and {hits.edges} edges, the reference has {answer['hits']} and {answer['edges']}",
    )


def stepped(screening: Screening, minutes: int, checked: int) -> tuple[Sequence[Stepped], Hits, float]:
    """Step `minutes` minutes; hits and edges of the last `checked`, and the share of unknown results among those."""
    steps: list[Stepped] = []
    hits = Hits()
    unknown = results = 0
    end = MARKET_START + minutes * MINUTE
    with no_collector():
        for close in range(MARKET_START + MINUTE, end + 1, MINUTE):
            step = screening.step(close)
            if close > end - checked * MINUTE:
                matches, edges = step.matches(), step.edges
                hits.add(matches[:, 0], matches[:, 1], close, edges=False)
                hits.add(edges[:, 0], edges[:, 1], close, edges=True)
                unknown, results = unknown + step.unknown()[0], results + step.unknown()[1]
            # What was listed is not kept: memory that grows would be measured, too.
            steps.append(Stepped(close, step.wall_ms, step.cpu_ms, step.edges[:0], []))
    return steps, hits, unknown / max(1, results)
