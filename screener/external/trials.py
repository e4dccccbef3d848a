"""Measures whether a function of the library looks ahead, on synthetic candles. The survey and `check` use it.

1. `market` makes candles from a seed.
2. `floor` finds how many candles the library wants before it answers at all. Replayed over a long history, a
   function knows values on candles where it would have been silent live; those are made unknown.
3. `prefix_fault` compares the values on a prefix with those on the whole, and with those after extreme candles.
4. `flags` such as 0 and 1 are never unknown in this library, not even before their inputs are; `quick_trial` makes
   them unknown for as long as they depend on where the history begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screener.external.library import NoResult, Values, call
from screener.external.model import Constant, Row

Candles = Mapping[str, Values]

TOLERANCE: Final = 1e-9
_SIZES: Final = (420, 1_300, 4_200)
_KNOWN: Final = 100
_STARTS: Final = (3, 11, 29, 47, 61, 83)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial found: why the use is refused, or the unknown leading candles of each output."""

    refusal: str | None
    starts: Mapping[str, int]


def market(
    seed: int, candles: int, price: float = 100.0, volatility: float = 0.01, empty: float = 0.01
) -> dict[str, Values]:
    """Candles of a random market, `[candles]` a field: trends, calm and wild spells, ties, a share without volume."""
    rng = np.random.default_rng(seed)
    spell = np.repeat(rng.choice([0.3, 1.0, 2.5], candles // 40 + 1), 40)[:candles]
    drift = np.repeat(rng.normal(0.0, 0.08, candles // 60 + 1), 60)[:candles]
    steps = (rng.standard_normal(candles) + drift) * spell * volatility
    steps[rng.random(candles) < 0.02] = 0.0
    tick = price * 1e-4
    close = np.maximum(np.round(price * np.exp(np.cumsum(steps)) / tick), 1.0) * tick
    open_ = np.concatenate(([close[0]], close[:-1]))
    reach = np.abs(rng.standard_normal((2, candles))) * volatility * 0.5 * spell
    high = np.maximum(open_, close) * (1.0 + reach[0])
    low = np.minimum(open_, close) * (1.0 - np.minimum(reach[1], 0.5))
    volume = np.exp(rng.normal(6.0, 0.8, candles)) * (1.0 + 4.0 * np.abs(steps) / volatility)
    volume[rng.random(candles) < empty] = 0.0
    return {"open": open_, "high": high, "low": low, "close": close, "volume": volume}


def part(candles: Candles, start: int, stop: int | None = None) -> dict[str, Values]:
    """Candles from `start` to before `stop`."""
    return {name: values[start:stop] for name, values in candles.items()}


def extended(candles: Candles, extra: int = 30) -> dict[str, Values]:
    """The candles and then absurd ones: a thousandfold price, then next to nothing."""
    factor = np.where(np.arange(extra) % 2 == 0, 1_000.0, 0.001)
    return {name: np.concatenate((values, values[-1] * factor + 1.0)) for name, values in candles.items()}


def differ(a: Values, b: Values, tolerance: float, scale: float) -> NDArray[np.bool_]:
    """Where two values are not the same: one unknown, or apart by more than `tolerance` of the larger or `scale`."""
    both = ~(np.isnan(a) | np.isnan(b))
    with np.errstate(all="ignore"):
        limit = tolerance * np.maximum(np.maximum(np.abs(a), np.abs(b)), scale)
        apart: NDArray[np.bool_] = np.where(both, np.abs(a - b) > limit, np.isnan(a) != np.isnan(b))
    return apart


def scale_of(values: Values) -> float:
    """The usual size of the known values."""
    known = values[~np.isnan(values)]
    return float(np.median(np.abs(known))) if len(known) else 0.0


def answers(row: Row, arguments: Mapping[str, Constant], candles: Candles) -> dict[str, Values] | None:
    """Outputs, or None where the library has none."""
    try:
        return call(row, arguments, candles)
    except NoResult:
        return None


def floor(row: Row, arguments: Mapping[str, Constant], candles: Candles) -> int:
    """The fewest candles on which the library answers. It must answer on all of `candles`."""
    low, high = 0, len(candles["close"])
    while high - low > 1:
        middle = (low + high) // 2
        if answers(row, arguments, part(candles, 0, middle)) is None:
            low = middle
        else:
            high = middle
    return high


def is_flag(values: Values) -> bool:
    """Whether the values are a few whole numbers, such as 0 and 1."""
    known = np.unique(values[~np.isnan(values)])
    return len(known) <= 16 and bool(np.all(known == np.round(known)))


def first_known(values: Values) -> int:
    """Index of the first known value; the length if there is none."""
    known = np.flatnonzero(~np.isnan(values))
    return int(known[0]) if len(known) else len(values)


def settled(whole: Values, later: Values, start: int, tolerance: float) -> int:
    """Candles from `start` until a history that begins there agrees with the whole for good."""
    wrong = np.flatnonzero(differ(whole[start:], later, tolerance, scale_of(whole)))
    return int(wrong[-1]) + 1 if len(wrong) else 0


def leading(
    row: Row, arguments: Mapping[str, Constant], candles: Candles, whole: Mapping[str, Values]
) -> dict[str, int]:
    """The leading candles of each output that are made unknown."""
    least = floor(row, arguments, candles) - 1
    starts = dict.fromkeys(whole, least)
    named = [name for name, values in whole.items() if is_flag(values)]
    if not named:
        return starts
    siblings = max((first_known(values) for name, values in whole.items() if name not in named), default=0)
    size = len(candles["close"])
    memory = 0
    for start in _STARTS:
        later = answers(row, arguments, part(candles, start)) or {}
        for name in later.keys() & set(named):
            found = settled(whole[name], later[name], start, TOLERANCE)
            # Past half of the series it never settles; it then starts with the first candle held.
            memory = max(memory, found if found < size // 2 else 0)
    return starts | dict.fromkeys(named, max(least, siblings, memory))


def prefix_fault(
    row: Row,
    arguments: Mapping[str, Constant],
    candles: Candles,
    cuts: Iterable[int],
    starts: Mapping[str, int],
) -> str | None:
    """What changes when later candles arrive, or None. `cuts` are lengths of prefixes."""
    whole = answers(row, arguments, candles)
    stretched = answers(row, arguments, extended(candles))
    if whole is None or stretched is None:
        return "no value on these candles"
    longer = []
    for cut in cuts:
        shorter = answers(row, arguments, part(candles, 0, cut))
        if shorter is None:
            if any(bool(np.any(~np.isnan(whole[name][starts[name] : cut]))) for name in whole):
                return f"no value on the first {cut} candles alone"
            continue
        longer.append(("candles", whole, shorter, cut))
    longer.append(("extreme candles", stretched, whole, len(candles["close"])))
    for what, later, before, cut in longer:
        for name, values in before.items():
            start = min(starts[name], cut)
            scale = scale_of(later[name][:cut])
            wrong = np.flatnonzero(differ(later[name][start:cut], values[start:], TOLERANCE, scale))
            if len(wrong):
                back = cut - (start + int(wrong[-1]))
                which = f"'{name}' " if name else ""
                return f"the value {which}{_ago(back)} changes when later {what} arrive"
    return None


def _ago(candles: int) -> str:
    return "of the newest candle" if candles == 1 else f"{candles - 1} candles back"


def quick_trial(row: Row, arguments: Mapping[str, Constant]) -> Trial:
    """A trial on one fixed market, long enough for the arguments; cached."""
    return _trial(row.name, tuple(sorted(arguments.items())), _Held(row))


@dataclass(frozen=True)
class _Held:
    """A row as a cache key that is equal to any other: its name is in the key already."""

    row: Row

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@lru_cache(maxsize=4_096)
def _trial(name: str, given: tuple[tuple[str, Constant], ...], held: _Held) -> Trial:
    arguments = dict(given)
    for size in _SIZES:
        candles = market(7, size, empty=0.0)
        whole = answers(held.row, arguments, candles)
        if whole is None or any(np.count_nonzero(~np.isnan(v)) < _KNOWN for v in whole.values()):
            continue
        starts = leading(held.row, arguments, candles, whole)
        first = max(max(starts.values()), min(first_known(v) for v in whole.values())) + 1
        cuts = sorted({min(first, size - 2), min(first + 7, size - 2), (first + size) // 2, size - 1})
        fault = prefix_fault(held.row, arguments, candles, cuts, starts)
        return Trial(f"it looks ahead: {fault}" if fault else None, starts)
    return Trial(f"it gives no value within {_SIZES[-1]:,} candles", {})
