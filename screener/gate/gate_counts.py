"""How often a filter matches, and which of its conditions is to blame where that is never or always."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from screener.engine.near import requirements
from screener.engine.replay import History
from screener.gate.findings import Finding, GateReport, count_text, percent_text, rate_text, span_text, with_finding
from screener.gate.gate_candles import work_of
from screener.intervals import interval_ms
from screener.ir import Program

Trigger = Literal["edge", "level"]

BLAME_NS: Final = 200e6
"""Nanoseconds that finding blame on all that is counted may take, about; beyond, the sample has to do."""
LEAST_CANDLES: Final = 300
"""Base candles below which nothing is said about how often it matches."""
OFTEN_SHARE: Final = 0.5
OFTEN_A_DAY: Final = 1000
DAY_MS: Final = 86_400_000


def frequency(
    report: GateReport,
    program: Program,
    history: History,
    sample: History,
    trigger: Trigger,
    symbols: Collection[str],
) -> GateReport:
    hits, chosen = hits_of(history, trigger, symbols)
    match = history.match[:, chosen]
    present = np.isfinite(history.price[:, chosen])
    known, true, signals = int((match >= 0).sum()), int((match == 1).sum()), int(hits.sum())
    candles = len(history.times)
    days = candles * interval_ms(program.base) / DAY_MS
    own = len(symbols) or report.held_symbols
    scale = own / max(1, len(chosen))
    report = replace(
        report,
        symbols=len(chosen),
        candles=candles,
        known_share=known / max(1, int(present.sum())),
        true_share=true / max(1, known),
        signals=signals,
        days=days,
        signals_a_day=signals / days * scale,
    )
    newest = "newest " if candles < report.held_candles else ""
    span = f"{candles:,} candles of {program.base} held ({span_text(days)})"
    where = f"the {newest}{span} on {count_text(report.symbols, 'symbol')}"
    work = work_of(program) * len(program.conditions) * history.match.size
    truths = _Truths(program, history if work <= BLAME_NS else sample, symbols)
    if not known:
        return with_finding(
            report,
            Finding(
                "G124",
                "warns",
                f"It is unknown on all of {where}, so it cannot fire yet.",
                "Shorten its windows, or wait until more history is held.",
                truths.never_known(),
            ),
        )
    if candles < LEAST_CANDLES:
        message = f"Only {candles} candles of {program.base} are held: too few to say how often it will fire."
        return with_finding(report, Finding("G126", "info", message))
    if not true:
        fault, why, hint = truths.never_true()
        return with_finding(
            report, Finding("G121", "warns", f"It never matched on {where}. {why}".strip(), hint, fault)
        )
    over = f" on all {own:,}" if scale > 1 else ""
    a_day = f"{rate_text(report.signals_a_day)} signals a day{over}"
    counted = f"{report.signals:,} on {where}"
    if report.true_share > OFTEN_SHARE:
        message = f"It is true on {report.true_share:.0%} of {where}: it says how the market usually is."
        hint = "Add a condition that is seldom true, or make one stricter."
        report = with_finding(report, Finding("G122", "warns", message, hint, truths.loosest()))
    if report.signals_a_day > OFTEN_A_DAY:
        message = f"It fires absurdly often, about {a_day}: {counted}."
        hint = "Make a condition stricter, use a longer interval, or name fewer symbols."
        if trigger == "level":
            hint = "Let it fire on the edge (when it becomes true) instead of on every candle, or make it stricter."
        report = with_finding(report, Finding("G123", "warns", message, hint, truths.loosest()))
    if not report.warns:
        report = with_finding(report, Finding("G125", "info", f"Expect about {a_day}: {counted}."))
    return report


def hits_of(history: History, trigger: Trigger, symbols: Collection[str]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Where it fires, `[candles, chosen]`, and the columns of the symbols chosen: `symbols`, empty for all."""
    chosen = _chosen(history, symbols)
    return history.edges[:, chosen] if trigger == "edge" else history.match[:, chosen] == 1, chosen


def _chosen(history: History, symbols: Collection[str]) -> NDArray[np.intp]:
    return np.array([i for i, name in enumerate(history.symbols) if not symbols or name in symbols], dtype=np.intp)


class _Truths:
    """How often each condition that `match` needs is true and known; computed when first asked."""

    def __init__(self, program: Program, history: History, symbols: Collection[str]) -> None:
        self._program = program
        self._history = history
        self._chosen = _chosen(history, symbols)
        self._found: list[tuple[str, float, float]] | None = None

    def _all(self) -> list[tuple[str, float, float]]:
        if self._found is None:
            self._found = []
            for condition in requirements(self._program):
                values = self._history.values(condition.root)[:, self._chosen]
                known = np.isfinite(values)
                share = float((values == 1.0).sum()) / max(1, int(known.sum()))
                self._found.append((condition.text, share, float(known.mean())))
        return self._found

    def never_true(self) -> tuple[str, str, str]:
        """The rarest condition, a sentence about it, and what to do."""
        found = self._all()
        hint = "Loosen a condition, or enable it if you wait for something rare."
        if len(found) < 2:
            return "", "", hint
        if blind := self.never_known():
            why = "One condition was never known: it looks back further than the history held."
            return blind, why, "Shorten its windows, or enable it and wait until more history is held."
        text, share, _ = min(found, key=lambda row: row[1])
        if share == 0.0:
            return text, "One condition was never true by itself.", hint
        rarest = f"the rarest on {percent_text(share)} of candles"
        return text, f"Each condition was true at times, {rarest}, but never all together.", hint

    def never_known(self) -> str:
        """A condition that was never known, or nothing."""
        text, _, known = min(self._all(), key=lambda row: row[2])
        return text if known == 0.0 else ""

    def loosest(self) -> str:
        """The condition that is true most often, where there are several."""
        return max(self._all(), key=lambda row: row[1])[0] if len(self._all()) > 1 else ""
