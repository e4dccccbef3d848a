"""Plans followed candle by candle, each in its own order, from wherever it stopped.

1. `Following.add` takes plans with what an earlier life saw of them; `advance` takes all candles up to a close.
2. A plan takes its symbol's candles in order. Where one is missing it waits for `patience_ms`, so that a late candle
   counts as if it had come in time; then it goes on without. What is settled stays settled, whatever is corrected.
3. `Read` gives the candles; a plan whose symbol has none waits, until somebody drops it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.outcomes import Outcome, Plan, Plans
from screener.intervals import interval_ms, open_of

Floats = NDArray[np.float64]

Read = Callable[[int, int, Sequence[str]], Floats]
"""Candles of `symbols` (third argument) from an open time (first, ms UTC) on, so many (second): open, high, low and
close `[4, candles, symbols]`, NaN where none is held."""

BLOCK = 1_500


@dataclass(frozen=True, slots=True)
class Start:
    """A plan of a symbol that began at `begun`, and where to go on: from the candle that opens at `since` (both in ms).
    It was entered at `filled`, None where it is not yet; `best_r` and `worst_r` are what was reached until then."""

    key: str
    symbol: str
    side: Literal["long", "short"]
    entry: float
    stop: float
    target: float
    since: int
    until: int
    best_r: float = 0.0
    worst_r: float = 0.0
    begun: int | None = None
    filled: float | None = None

    @property
    def plan(self) -> Plan:
        """The plan, of the first symbol."""
        return Plan(self.key, 0, self.side, self.entry, self.stop, self.target, self.since, self.until, self.filled)

    def at(self, r: float) -> float:
        """The price that is `r` times the risk away from where it was entered, in its direction; NaN before that."""
        if self.filled is None:
            return float("nan")
        return self.filled + r * abs(self.entry - self.stop) * (1 if self.side == "long" else -1)


class Following:
    """Open plans on candles of `interval`, which `read` gives. `fee_bps` of one side are taken off every result."""

    def __init__(self, read: Read, interval: str = "1m", *, fee_bps: float = 10.0, patience_ms: int = 0) -> None:
        self._read = read
        self._interval = interval
        self._step = interval_ms(interval)
        self._patience = patience_ms
        self._symbols: dict[str, int] = {}
        self._starts: dict[str, Start] = {}
        self.plans = Plans(fee_bps)

    def __len__(self) -> int:
        return len(self.plans)

    def __contains__(self, key: object) -> bool:
        return key in self._starts

    def __getitem__(self, key: str) -> Start:
        """A plan that is followed, as it was added."""
        return self._starts[key]

    def add(self, starts: Sequence[Start]) -> None:
        """Follow these too. Raises ValueError for a plan with a problem, and for times off the candles' grid."""
        if off := [s.key for s in starts if open_of(s.since, self._interval) != s.since]:
            raise ValueError(f"{off[0]}: no candle opens then")
        plans = [replace(s.plan, symbol=self._symbols.setdefault(s.symbol, len(self._symbols))) for s in starts]
        self.plans.add(plans, [s.at(s.best_r) for s in starts], [s.at(s.worst_r) for s in starts])
        self._starts.update((s.key, s) for s in starts)

    def advance(self, close: int) -> list[Outcome]:
        """Take every candle that closed until `close` (ms UTC); returns what it settled, in the order of time."""
        found: list[Outcome] = []
        names = list(self._symbols)
        while (start := self.plans.behind()) is not None and start + self._step <= close:
            count = min((close - start) // self._step, BLOCK)
            block = self._read(start, count, names)
            for i in range(count):
                opened, closed = start + i * self._step, start + (i + 1) * self._step
                found += self.plans.step(opened, closed, *block[:, i], in_order=True)
                if closed <= close - self._patience:
                    self.plans.pass_over(opened, closed)
            if count < BLOCK:
                break
        for outcome in found:
            del self._starts[outcome.key]
        return found

    def drop(self, keys: Collection[str]) -> None:
        """Follow these no longer."""
        self.plans.drop(set(keys))
        for key in keys:
            self._starts.pop(key, None)

    def unfinished(self, since: int) -> list[Start]:
        """Every open plan, to be followed elsewhere from `since` on, ms UTC."""
        found = self.plans.standing(np.full(len(self._symbols), np.nan), since)
        return [
            replace(
                self._starts[o.key],
                since=since,
                best_r=max(o.mfe_r, 0.0),
                worst_r=min(o.mae_r, 0.0),
                filled=None if np.isnan(o.filled) else o.filled,
            )
            for o in found
        ]
