"""Near misses: which symbols come closest to a match, and what keeps each from it.

1. `requirements` are the conditions that must hold together: the parts of `match`, without their own parts.
2. `near_misses` counts on the newest candle how many hold for each symbol.
3. The distance of one that fails is the difference of its sides in units of its usual size for that symbol: the
   standard deviation of left less right over the last `WINDOW` candles. So 0.1 is a hair's breadth whether the sides
   are prices or an RSI, of a calm symbol or of a wild one.
4. A cross is near only from the side it starts at: what is beyond the line already has to come back first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screener.engine.replay import History
from screener.ir import Condition, Program

WINDOW: Final = 100
"""Base candles over which a difference's usual size is measured; at least `LEAST` of them must be known."""
LEAST: Final = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Failing:
    """A condition that does not hold: both sides where it compares numbers, `value` False or None for unknown.

    `distance` is in spreads (see the module), `distance_percent` in percent of the larger side; None where the
    condition has no two sides, they are unknown, or it is a cross to a side where the left one is already.
    """

    text: str
    reading: str
    left: float | None
    op: str | None
    right: float | None
    value: bool | None
    distance: float | None
    distance_percent: float | None


@dataclass(frozen=True, slots=True)
class Near:
    """A symbol that does not match on the newest candle: `held` of its `of` conditions hold, the rest are `failing`,
    the nearest first. `distance` is their sum; None where one of them is not known. `candle_close` is ms UTC."""

    symbol: str
    candle_close: int
    price: float
    held: int
    of: int
    distance: float | None
    failing: tuple[Failing, ...]


def requirements(program: Program) -> tuple[Condition, ...]:
    """The conditions that must hold together for a match. A condition made of others gives way to them."""
    by_root = {condition.root: condition for condition in program.conditions}
    found: dict[int, Condition] = {}
    waiting = [program.match]
    while waiting:
        number = waiting.pop()
        node = program.nodes[number]
        parts = _joined(program, number)
        if node.op == "and" and (number not in by_root or any(part in by_root for part in parts)):
            waiting.extend(reversed(node.args))
        else:
            found.setdefault(number, by_root.get(number) or Condition("match", "match", number))
    written = {condition.root: place for place, condition in enumerate(program.conditions)}
    return tuple(sorted(found.values(), key=lambda c: written.get(c.root, len(written))))


def _joined(program: Program, root: int) -> list[int]:
    """Nodes under `root` that its outermost `and`s join."""
    found: list[int] = []
    waiting = list(program.nodes[root].args) if program.nodes[root].op == "and" else []
    while waiting:
        number = waiting.pop()
        found.append(number)
        if program.nodes[number].op == "and":
            waiting.extend(program.nodes[number].args)
    return found


def near_misses(history: History, limit: int = 20, symbols: Collection[str] = ()) -> list[Near]:
    """The `limit` symbols that come closest on the newest candle, nearest first; `symbols` empty means all.

    Most conditions held first, then the smaller distance; symbols without the newest candle are left out.
    """
    if not len(history.times):
        return []
    program = history.program
    parts = requirements(program)
    sides = [side for part in parts if part.right is not None for side in (part.left, part.right) if side is not None]
    values = _Values(history, [*(part.root for part in parts), *sides])
    truths = np.stack([values.newest(part.root) for part in parts])
    held = (truths == 1.0).sum(axis=0)
    open_ = np.isfinite(history.price[-1]) & (history.match[-1] != 1)
    chosen = np.array([not symbols or name in symbols for name in history.symbols], dtype=np.bool_)
    columns = np.flatnonzero(open_ & chosen)
    if len(columns) > limit:
        # Distances matter only among those that hold as many conditions as the last one listed.
        least = np.sort(held[columns])[-limit]
        columns = columns[held[columns] >= least]
    compared = [_sides(values, part, columns) for part in parts]
    found = [
        _near(
            history,
            int(column),
            parts,
            truths[:, column],
            [None if s is None else s.at(i) for s in compared],
            int(held[column]),
        )
        for i, column in enumerate(columns)
    ]
    found.sort(key=lambda n: (-n.held, float("inf") if n.distance is None else n.distance, n.symbol))
    return found[:limit]


@dataclass(frozen=True, slots=True)
class _Sides:
    left: Floats
    right: Floats
    spread: Floats

    def at(self, i: int) -> tuple[float, float, float]:
        return float(self.left[i]), float(self.right[i]), float(self.spread[i])


class _Values:
    """Values of nodes over the newest candles, all of them read in one pass."""

    def __init__(self, history: History, nodes: Sequence[int]) -> None:
        rows = history.program.nodes
        shape = history.price[-WINDOW:].shape
        steady: dict[int, Floats] = {
            n: np.full(shape, float(rows[n].params[0])) for n in nodes if rows[n].op == "const"
        }
        moving = [n for n in dict.fromkeys(nodes) if n not in steady]
        self._found: dict[int, Floats] = {**steady, **history.newest(moving, WINDOW)}

    def window(self, node: int) -> Floats:
        return self._found[node]

    def newest(self, node: int) -> Floats:
        newest: Floats = self.window(node)[-1]
        return newest


def _sides(values: _Values, part: Condition, columns: NDArray[np.intp]) -> _Sides | None:
    if part.left is None or part.right is None:
        return None
    left, right = values.window(part.left)[:, columns], values.window(part.right)[:, columns]
    apart = left - right
    known = np.isfinite(apart)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, apart, 0.0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, apart - mean, 0.0) ** 2).sum(axis=0) / count)
    spread[count < LEAST] = np.nan
    return _Sides(left[-1], right[-1], spread)


def _near(
    history: History,
    column: int,
    parts: Sequence[Condition],
    truth: Floats,
    sides: Sequence[tuple[float, float, float] | None],
    held: int,
) -> Near:
    failing = [
        _failing(part, float(value), side)
        for part, value, side in zip(parts, truth, sides, strict=True)
        if value != 1.0
    ]
    failing.sort(key=lambda f: float("inf") if f.distance is None else f.distance)
    distances = [f.distance for f in failing]
    return Near(
        symbol=history.symbols[column],
        candle_close=int(history.times[-1]),
        price=float(history.price[-1, column]),
        held=held,
        of=len(parts),
        distance=None if None in distances else sum(d for d in distances if d is not None),
        failing=tuple(failing),
    )


def _failing(part: Condition, value: float, side: tuple[float, float, float] | None) -> Failing:
    left, right, spread = side or (np.nan, np.nan, np.nan)
    # How far the left side is beyond the right one, where that is the way it has to go.
    beyond = {"crosses above": left - right, "crosses below": right - left}.get(part.op or "", np.nan)
    apart, larger = np.nan if beyond > 0 else abs(left - right), max(abs(left), abs(right))
    return Failing(
        text=part.text,
        reading=part.reading,
        left=_known(left),
        op=part.op,
        right=_known(right),
        value=None if np.isnan(value) else value == 1.0,
        distance=_known(apart / spread) if spread > 0 else None,
        distance_percent=_known(apart / larger * 100) if larger > 0 else None,
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
