"""What decisions were worth: confidence against what came, and the model's lift over the bare filter.

1. `calibration` bins decisions by confidence and says how often each bin won.
2. `lift` compares what the entered signals made on their plans with what the bare filter made on all signals.
3. Intervals are bootstrapped over candle closes, not over signals: signals of one close rise and fall together, and
   counting them as many would make chance look like skill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS: Final = 2_000
FEWEST_CLOSES: Final = 10
"""With fewer candle closes that count, an estimate gets no interval: it would promise what so few cannot hold."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One signal's end. Results in R after fees; None where that plan did not end or was none.

    `entered`: the decision was to enter. `close` is its candle's close, ms UTC.
    """

    close: int
    confidence: int
    entered: bool
    model_r: float | None
    bare_r: float | None


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
class Interval:
    """An estimate with the bounds that 95 % of the bootstrap's draws lie between; None with too few closes."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Lift:
    """R for each signal: of the entered on their own plans, of all on the bare filter's plan, and the difference.

    `avoided` is the mean R on the bare plan of what was not entered: below zero, the refusals were worth it. Each is
    None where no signal counts for it.
    """

    entered: Interval | None
    bare: Interval | None
    difference: Interval | None
    avoided: Interval | None
    signals: int
    closes: int


def calibration(rows: Sequence[Followed], width: int = 10) -> Calibration:
    """Entered decisions by confidence, in bins of `width` percent. What did not end yet is left out."""
    ended = [(row.confidence, row.model_r) for row in rows if row.entered and row.model_r is not None]
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
    ended = [row for row in rows if row.bare_r is not None and (not row.entered or row.model_r is not None)]
    by_close: dict[int, list[Followed]] = defaultdict(list)
    for row in ended:
        by_close[row.close].append(row)
    groups = [by_close[close] for close in sorted(by_close)]
    entered = _sums(groups, lambda row: row.model_r if row.entered else None)
    bare = _sums(groups, lambda row: row.bare_r)
    avoided = _sums(groups, lambda row: None if row.entered else row.bare_r)
    picks = _picks(len(groups), draws, seed)
    difference = None
    if entered[1].sum() and bare[1].sum():
        # Both of one draw: the same closes made both, so their chance is shared.
        enough = picks is not None and _closes(entered) >= FEWEST_CLOSES
        drawn = _mean(entered, picks) - _mean(bare, picks) if enough else None
        difference = _interval(_mean(entered, None) - _mean(bare, None), drawn)
    return Lift(
        _estimate(entered, picks),
        _estimate(bare, picks),
        difference,
        _estimate(avoided, picks),
        len(ended),
        len(groups),
    )


def _sums(groups: Sequence[Sequence[Followed]], value: Callable[[Followed], float | None]) -> tuple[Floats, Floats]:
    """Sum and count of a value over the rows of each group; None does not count."""
    held = [[v for row in group if (v := value(row)) is not None] for group in groups]
    return np.array([sum(values) for values in held], dtype=np.float64), np.array(
        [len(values) for values in held], dtype=np.float64
    )


def _picks(groups: int, draws: int, seed: int) -> NDArray[np.int64] | None:
    """How often each group is drawn, `[draws, groups]`; None with too few groups."""
    if groups < FEWEST_CLOSES:
        return None
    rng = np.random.default_rng(seed)
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=draws)


def _mean(sums: tuple[Floats, Floats], picks: NDArray[np.int64] | None) -> Floats:
    """The mean over rows, `[1]`, or for each draw; NaN where a draw holds no row."""
    total, count = sums
    if picks is None:
        return np.array([total.sum() / count.sum()])
    drawn = picks @ count
    means: Floats = np.divide(picks @ total, drawn, out=np.full(len(picks), np.nan), where=drawn > 0)
    return means


def _estimate(sums: tuple[Floats, Floats], picks: NDArray[np.int64] | None) -> Interval | None:
    if not sums[1].sum():
        return None
    enough = picks is not None and _closes(sums) >= FEWEST_CLOSES
    return _interval(_mean(sums, None), _mean(sums, picks) if enough else None)


def _closes(sums: tuple[Floats, Floats]) -> int:
    """How many closes have a row that counts."""
    return int((sums[1] > 0).sum())


def _interval(value: Floats, drawn: Floats | None) -> Interval:
    if drawn is None or np.isnan(drawn).all():
        return Interval(float(value[0]), None, None)
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(float(value[0]), float(low), float(high))
