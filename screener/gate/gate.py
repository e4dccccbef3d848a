"""The save gate: a filter tried on real candles before it is enabled.

1. `gate_candles.held` copies the candles that the program reads out of a panel, so that the check needs no lock.
2. `gate_counts.frequency` counts how often it matches, and names the condition at fault where it never does.
3. `_invariance` replays over candles cut at random closes: what was true then must still be true, bit for bit.
4. `_warm_up` replays from later starts: how many candles until the answers agree with those of the whole history.
5. `gate_ends.ends_at_once` looks at stop, target and exit on the matches that were counted.

Cuts and the sample are drawn from the program's hash, so the same filter on the same candles always gives the same
findings. Only a broken invariant blocks: past matches of such a filter prove nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from screener.engine.panel import Panel
from screener.engine.replay import Candles, ConditionValue, History, replay
from screener.gate.findings import (
    TRUTH,
    Finding,
    GateReport,
    moment_text,
    nearly,
    sides_text,
    unchecked,
    with_finding,
)
from screener.gate.gate_candles import WINDOW, held, length, newest, sample_of, until, without_first, work_of
from screener.gate.gate_counts import Trigger, frequency
from screener.gate.gate_ends import ends_at_once
from screener.intervals import CALENDAR
from screener.ir import Program
from screener.language import plan

Cell = tuple[int, int]

COUNTED_CELLS: Final = 1_500_000
"""Symbol-candles at most over which matches are counted."""
COUNTED_NS: Final = 400e6
"""Nanoseconds that counting may take, about: a costly filter is counted on fewer."""
SAMPLED_SYMBOLS: Final = 200
SAMPLED_CELLS: Final = 300_000
"""Symbol-candles at most that are replayed again and again."""
SAMPLED_NS: Final = 36e6
"""The same for each of those replays."""
CUTS: Final = 5
STARTS: Final = (0.25, 0.5, 0.75)
COMPARED: Final = 3
"""Newest candles of a cut whose conditions are compared; `match` is compared on all."""

_PATHS: Final = {
    "cumsum": "a running total (such as obv or ad)",
    "cumsum_since": "a total since an event",
    "rmax_since": "the highest since an event",
    "rmin_since": "the lowest since an event",
    "psar": "psar",
    "supertrend": "supertrend",
    "barssince": "barssince",
    "valuewhen": "valuewhen",
}


def check(
    program: Program,
    source: Panel | Candles,
    trigger: Trigger = "edge",
    symbols: Collection[str] = (),
    direction: str = "",
) -> GateReport:
    """Try `program` on the candles of `source`. `symbols` are the strategy's own; empty means the whole market. Of a
    `direction` ("long" or "short") the sides of its stop and target are looked at, too.
    """
    begin = time.perf_counter()
    candles = source if isinstance(source, Candles) else held(program, source)
    base = candles.series.get(program.base)
    total = 0 if base is None else len(base[0])
    if total < 2 or not candles.symbols:
        return unchecked(program.base, f"only {total} candles of {program.base} are held.")
    work = work_of(program)
    counted = sample_of(program, candles, symbols, int(min(COUNTED_CELLS, COUNTED_NS / work)), len(candles.symbols))
    report = GateReport((), program.base, held_symbols=len(candles.symbols), held_candles=total)
    cells = int(min(SAMPLED_CELLS, SAMPLED_NS / work))
    sample = newest(sample_of(program, counted, symbols, cells, SAMPLED_SYMBOLS), program.base, WINDOW)
    full = replay(program, sample)
    report = replace(
        report,
        until=int(full.times[-1]),
        sampled_symbols=len(sample.symbols),
        sampled_candles=len(full.times),
    )
    history = replay(program, counted)
    report = frequency(report, program, history, full, trigger, symbols)
    report = ends_at_once(report, program, counted, history, trigger, symbols, direction)
    random = np.random.default_rng(int(program.hash, 16))
    report = _invariance(report, program, sample, full, random)
    report = _warm_up(report, program, sample, full)
    rank = {"blocks": 0, "warns": 1, "info": 2}
    ordered = tuple(sorted(report.findings, key=lambda f: (rank[f.severity], f.code)))
    return replace(report, findings=ordered, milliseconds=(time.perf_counter() - begin) * 1e3)


def _invariance(
    report: GateReport, program: Program, candles: Candles, full: History, random: np.random.Generator
) -> GateReport:
    count = len(full.times)
    # The newest candle is always taken away once: most mistakes show there.
    early = np.arange(max(1, count // 3), count - 1)
    drawn = random.choice(early, size=min(CUTS - 1, len(early)), replace=False)
    cuts = sorted({count - 1, *(int(k) for k in drawn)})
    columns = range(len(candles.symbols))
    cells = {k: [(row, c) for row in range(max(0, k - COMPARED), k) for c in columns] for k in cuts}
    later = iter(full.conditions([cell for k in cuts for cell in cells[k]]))
    for k in cuts:
        cut = replay(program, until(candles, int(full.times[k - 1])))
        now = [next(later) for _ in cells[k]]
        then = cut.conditions(cells[k]) if len(cut.times) == k else []
        finding = _compare(program, full, cut, k, cells[k], then, now)
        if finding is not None:
            return replace(with_finding(report, finding), cuts=len(cuts))
    return replace(report, cuts=len(cuts))


def _compare(
    program: Program,
    full: History,
    cut: History,
    k: int,
    cells: Sequence[Cell],
    then: Sequence[list[ConditionValue]],
    now: Sequence[list[ConditionValue]],
) -> Finding | None:
    """What differs between the answers of the first `k` candles then and now; the gravest thing only."""
    hint = (
        "Something in it looks into the future, so its past matches prove nothing. Leave that condition out, or "
        "report it: no word of the language should be able to."
    )
    if len(cut.times) != k:
        message = f"Cut after {k:,} candles, it answered for {len(cut.times):,}."
        return Finding("G101", "blocks", message, hint)
    changed = np.argwhere((cut.match != full.match[:k]) | (cut.edges != full.edges[:k]))
    if len(changed):
        row, column = int(changed[-1][0]), int(changed[-1][1])
        before, after = cut.conditions([(row, column)])[0], full.conditions([(row, column)])[0]
        fault = next((a.text for b, a in zip(before, after, strict=True) if b != a), "")
        where = f"{full.symbols[column]} on the candle closed {moment_text(int(full.times[row]))}"
        was, is_ = (TRUTH[int(h.match[row, column])] for h in (cut, full))
        message = f"Its answer for a past candle changes when later ones arrive: {where} was {was}, then {is_}."
        return Finding("G101", "blocks", message, hint, fault)
    last_digits = ""
    for (row, column), before, after in zip(cells, then, now, strict=True):
        for b, a in zip(before, after, strict=True):
            if b == a:
                continue
            if b.value == a.value and nearly(b.left, a.left) and nearly(b.right, a.right):
                last_digits = last_digits or a.text
                continue
            where = f"{full.symbols[column]} on the candle closed {moment_text(int(full.times[row]))}"
            became = f"{sides_text(b)} became {sides_text(a)}"
            message = f"A value of a past candle changes when later ones arrive: {where}, {became}."
            return Finding("G101", "blocks", message, hint, a.text)
    if last_digits:
        message = "Values of past candles differ in their last digits when later candles arrive; no answer changes."
        return Finding("G102", "info", message, "", last_digits)
    return None


def _warm_up(report: GateReport, program: Program, candles: Candles, full: History) -> GateReport:
    count = len(full.times)
    settled, unsettled = 0, False
    fault = ""
    for share in STARTS:
        drop = int(count * share)
        if drop < 1 or count - drop < 4:
            continue
        late = replay(program, without_first(candles, share, drop))
        offset = count - len(late.times)
        whole = full.match[offset:]
        apart = late.match != whole
        rows = np.flatnonzero(apart.any(axis=1))
        if not len(rows):
            continue
        settled = max(settled, int(rows[-1]) + 1)
        # Unknown for want of candles is no contradiction; true where the whole history says false is.
        wrong = apart & (late.match >= 0) & (whole >= 0)
        newest = wrong[-max(1, len(late.times) // 4) :]
        if newest.any() and share <= 0.5:
            unsettled = True
            row, column = (int(i) for i in np.argwhere(wrong)[-1])
            before = late.conditions([(row, column)])[0]
            after = full.conditions([(row + offset, column)])[0]
            fault = next((a.text for b, a in zip(before, after, strict=True) if b.value != a.value), fault)
    report = replace(report, settled_after=settled)
    paths = _paths(program)
    words = f"It uses {' and '.join(paths)}, which starts at the first candle held. " if paths else ""
    if unsettled:
        message = f"{words}Started with less history, its answers still differ on the newest candles."
        hint = "A restart may change when it fires. Compare such a value with its own average or earlier value."
        report = with_finding(report, Finding("G112", "warns" if paths else "info", message, hint, fault))
    elif settled or paths:
        message = f"{words}Started with less history, it gives the same answers after {settled:,} candles at most."
        report = with_finding(report, Finding("G111", "info", message))
    short = [
        f"{have:,} of {reach + 1:,} candles of {name}"
        for name, reach in program.reach.items()
        if name not in CALENDAR and (have := length(candles, name)) <= reach
    ]
    if short:
        message = f"Less history is held than it looks back: {', '.join(short)}."
        hint = "A window is unknown until it is full; an exponential average is close, not exact, until all is held."
        report = with_finding(report, Finding("G113", "info", message, hint))
    return report


def _paths(program: Program) -> list[str]:
    """Words for the operators whose value depends on the first candle held, each once."""
    under = set(plan.used(program.nodes, [program.match]))
    found = []
    for number in sorted(under):
        node = program.nodes[number]
        if plan.is_path(program.nodes, node):
            name = str(node.params[0]).split(":")[0] if node.op == "external" else _PATHS.get(node.op, node.op)
            found.append(name)
    return list(dict.fromkeys(found))
