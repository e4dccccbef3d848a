"""What decisions were worth: confidence against what came, and the model's lift over the bare filter.

1. `calibration` bins decisions by confidence and says how often each bin won.
2. `lift` compares what the entered signals made on their plans with what the bare filter made on all that were decided
   on, and says how much of it is the selection and how much the plan.
3. Intervals are bootstrapped over blocks of calendar time (analysis.blocks): plans that are open together rise and fall
   together, and counting them as many would make chance look like skill.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from analysis.blocks import Calendar, Floats, Interval, Mean

DRAWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Followed:
    """One signal's end. Results in R after fees; None where that plan did not end or was none.

    `close` is its candle's close and `until` when its plans time out, ms UTC. `decision` is the final one, None where
    nobody decided, or not yet.
    """

    close: int
    until: int
    confidence: int
    decision: Literal["entered", "refused"] | None
    model_r: float | None
    bare_r: float | None

    @property
    def counts(self) -> bool:
        """Whether it was decided on and all its plans ended: these rows make every figure of `Lift` but one."""
        if self.decision is None or self.bare_r is None:
            return False
        return self.decision == "refused" or self.model_r is not None


@dataclass(frozen=True, slots=True)
class Bin:
    """Decisions with a confidence from `low` up to, not including, `high` (the last bin includes 100)."""

    low: int
    high: int
    count: int
    confidence: float
    won: float
    mean_r: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bins with decisions in them; `error` is their mean distance of confidence and share won, weighted by count (0 is
    perfect, as fractions), `brier` the mean squared error of confidence as a probability. None without decisions."""

    bins: tuple[Bin, ...]
    count: int
    error: float | None
    brier: float | None


@dataclass(frozen=True, slots=True)
class Lift:
    """R a signal, over the `signals` that were decided on and whose plans ended, of `closes` candle closes. Each figure
    is None where no signal counts for it.

    `entered` (on their own plans) less `bare` (all of them, on the bare filter's plan) is the `difference`; it is the
    sum of `selection` (the entered less all, both on the bare plan) and `plan` (the entered, own less bare plan).
    `avoided` is the mean on the bare plan of what was not entered: below zero, the refusals were worth it.
    `undecided` is that of the `others`, on which nobody decided, or not yet: no decision is held against them.

    Intervals come from `blocks` blocks of `block_ms`.
    """

    entered: Interval | None
    bare: Interval | None
    difference: Interval | None
    selection: Interval | None
    plan: Interval | None
    avoided: Interval | None
    undecided: Interval | None
    signals: int
    closes: int
    others: int
    blocks: int
    block_ms: int


def calibration(rows: Sequence[Followed], width: int = 10) -> Calibration:
    """Entered decisions by confidence, in bins of `width` percent. What did not end yet is left out."""
    ended = [(row.confidence, row.model_r) for row in rows if row.decision == "entered" and row.model_r is not None]
    if not ended:
        return Calibration((), 0, None, None)
    confidence = np.array([c for c, _ in ended], dtype=np.float64)
    result = np.array([r for _, r in ended])
    won = (result > 0).astype(np.float64)
    number = np.minimum(confidence // width, 100 // width - 1).astype(np.int64)
    bins = []
    for n in np.unique(number):
        mine = number == n
        bins.append(
            Bin(
                int(n) * width,
                int(n + 1) * width,
                int(mine.sum()),
                float(confidence[mine].mean()),
                float(won[mine].mean()),
                float(result[mine].mean()),
            )
        )
    error = sum(b.count * abs(b.confidence / 100 - b.won) for b in bins) / len(ended)
    brier = float(((confidence / 100 - won) ** 2).mean())
    return Calibration(tuple(bins), len(ended), float(error), brier)


def lift(rows: Sequence[Followed], seed: int = 0, draws: int = DRAWS) -> Lift:
    """What the decisions added to the bare filter, with bootstrap intervals; the same rows give the same figures."""
    decided = _by_time([row for row in rows if row.counts])
    others = _by_time([row for row in rows if row.decision is None and row.bare_r is not None])
    calendar = _calendar(decided, draws, seed)

    def mean(value: Callable[[Followed], float | None]) -> Mean | None:
        return calendar.mean(_column(decided, value))

    entered = mean(lambda row: row.model_r if row.decision == "entered" else None)
    entered_bare = mean(lambda row: row.bare_r if row.decision == "entered" else None)
    bare = mean(lambda row: row.bare_r)
    return Lift(
        entered=_interval(entered),
        bare=_interval(bare),
        difference=_interval(entered and entered.less(bare)),
        selection=_interval(entered_bare and entered_bare.less(bare)),
        plan=_interval(entered and entered.less(entered_bare)),
        avoided=_interval(mean(lambda row: row.bare_r if row.decision == "refused" else None)),
        undecided=_interval(_calendar(others, draws, seed).mean(_column(others, lambda row: row.bare_r))),
        signals=len(decided),
        closes=len({row.close for row in decided}),
        others=len(others),
        blocks=calendar.blocks,
        block_ms=calendar.block_ms,
    )


def _by_time(rows: Sequence[Followed]) -> list[Followed]:
    return sorted(rows, key=lambda row: row.close)


def _calendar(rows: Sequence[Followed], draws: int, seed: int) -> Calendar:
    longest = max((row.until - row.close for row in rows), default=0)
    return Calendar([row.close for row in rows], longest, draws=draws, seed=seed)


def _column(rows: Sequence[Followed], value: Callable[[Followed], float | None]) -> Floats:
    return np.array([np.nan if (found := value(row)) is None else found for row in rows], dtype=np.float64)


def _interval(found: Mean | None) -> Interval | None:
    return found.interval() if found is not None else None
