"""Where a filter would have matched: its past matches, what came after them, and who fails by one condition.

1. `look_back` replays the program over a copy of the candles held, with the kernels that screening uses; however many
   conditions there are, in four passes.
2. `_outcomes` follows every match, listed or not, until one risk unit (1.5 ATR, the mean true range of 14 candles) is
   won or lost.
3. `_shares` counts how often each condition held, and names those that never did, alone or two together.
4. `_near_misses` names the symbols on which all conditions but one hold, as `screener.engine.near` ranks them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.engines import ConditionRow, condition_rows
from screener import Program
from screener.engine.machine import Words
from screener.engine.near import Failing, near_misses
from screener.engine.panel import Panel
from screener.engine.replay import Candles, History, replay
from screener.gate.gate_candles import held
from screener.intervals import interval_ms
from screener.ir import implied

FloatArray = npt.NDArray[np.float64]
RISK_ATR = 1.5
ATR_CANDLES = 14
MAX_MATCHES = 500
MAX_NEAR_MISSES = 8
MAX_COUNTED = 12
"""Conditions counted one by one, and two by two."""
_DAY_MS = 86_400_000
_OUTCOMES: tuple[Literal["target", "stop", "open"], ...] = ("target", "stop", "open")
_WON, _LOST, _OPEN = range(3)


@dataclass(frozen=True, slots=True)
class PastMatch:
    """One match: `candle_close` ms UTC; `outcome` is which of +1 R and -1 R came first."""

    symbol: str
    candle_close: int
    price: float
    outcome: Literal["target", "stop", "open"]
    conditions: tuple[ConditionRow, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchDay:
    """How many matches of a UTC day (`day` its first millisecond) ended how; days without a match are left out."""

    day: int
    target: int
    stop: int
    open: int


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A symbol on which all conditions but one hold: `failing` as written, `reading` in plain English, `op` between its
    sides; its distance in percent, and in spreads as `screener.engine.near` measures it.
    """

    symbol: str
    candle_close: int
    held: int
    of: int
    failing: str
    left: float | None
    right: float | None
    distance_percent: float | None
    reading: str = ""
    distance: float | None = None
    op: str | None = None


@dataclass(frozen=True, slots=True)
class ConditionShare:
    """A condition that a match needs: on what share of the candles on which it is known it held; None where it never
    was, or was not counted."""

    text: str
    reading: str
    share: float | None


@dataclass(frozen=True, slots=True)
class LookBack:
    """What the candles held say about a filter. Times ms UTC; `per_day` are all symbols' matches in 24 hours.

    `matches` are the newest alone; `total`, `days` and `by_symbol` are of all. `never` says in words which conditions
    held nowhere, and which two nowhere together.
    """

    interval: str
    candles: int
    symbols: int
    since: int | None
    until: int | None
    total: int
    milliseconds: float
    days: list[MatchDay] = field(default_factory=list)
    by_symbol: dict[str, int] = field(default_factory=dict)
    matches: list[PastMatch] = field(default_factory=list)
    true_now: list[str] = field(default_factory=list)
    near_misses: list[NearMiss] = field(default_factory=list)
    per_day: float | None = None
    conditions: list[ConditionShare] = field(default_factory=list)
    never: list[str] = field(default_factory=list)


def look_back(
    program: Program,
    candles: Candles,
    direction: str,
    trigger: str = "edge",
    symbols: frozenset[str] = frozenset(),
    limit: int = MAX_MATCHES,
) -> LookBack:
    """Replay `program` over `candles` (`to_look_back`) and report the newest `limit` matches, newest first."""
    begin = time.perf_counter()
    history = replay(program, candles, program.base)
    names = list(candles.symbols)
    times = np.asarray(history.times)
    if len(times) == 0:
        return LookBack(program.base, 0, len(names), None, None, 0, (time.perf_counter() - begin) * 1e3)
    hits = np.array(history.edges if trigger == "edge" else history.match == 1)[:, : len(names)]
    if symbols:
        hits &= np.array([name in symbols for name in names])
    rows, columns = np.nonzero(hits)
    total = len(rows)
    ended = _outcomes(_aligned(candles, program.base, times), rows, columns, 1 if direction == "long" else -1)
    by_day, by_symbol = _by_day(times[rows], ended), np.bincount(columns, minlength=len(names))
    rows, columns, ended = rows[-limit:][::-1], columns[-limit:][::-1], ended[-limit:][::-1]
    values = history.conditions([(int(r), int(c)) for r, c in zip(rows, columns, strict=True)])
    matches = [
        PastMatch(names[c], int(times[r]), float(history.price[r, c]), _OUTCOMES[end], condition_rows(found, program))
        for r, c, end, found in zip(rows, columns, ended, values, strict=True)
    ]
    days = (int(times[-1]) - int(times[0]) + interval_ms(program.base)) / _DAY_MS
    shares, never = _shares(history)
    now = [names[c] for c in np.flatnonzero(np.asarray(history.match)[-1, : len(names)] == 1)]
    return LookBack(
        interval=program.base,
        candles=len(times),
        symbols=len(names),
        since=int(times[0]),
        until=int(times[-1]),
        total=total,
        milliseconds=(time.perf_counter() - begin) * 1e3,
        days=by_day,
        by_symbol={names[c]: int(by_symbol[c]) for c in np.argsort(-by_symbol, kind="stable") if by_symbol[c]},
        matches=matches,
        true_now=now,
        near_misses=_near_misses(history),
        per_day=total / days,
        conditions=shares,
        never=never,
    )


def to_look_back(program: Program, panel: Panel) -> Candles:
    """A copy of what a look-back at `program` reads of `panel`, so that the panel's lock is held for the copy alone."""
    return held(program, panel, ("high", "low"))


def _shares(history: History) -> tuple[list[ConditionShare], list[str]]:
    """How often each condition of `match` held, and what never did."""
    program = history.program
    necessary = set(implied(program.nodes, program.match))
    needed = [c for c in program.conditions if c.root in necessary]
    counted = needed[:MAX_COUNTED]
    true, false = history.truths([condition.root for condition in counted])
    shares, never = [], []
    for condition, yes, no in zip(counted, true, false, strict=True):
        held_on, known = _count(yes), _count(yes | no)
        shares.append(ConditionShare(condition.text, str(condition.reading), held_on / known if known else None))
        if known and not held_on:
            never.append(f"{condition.reading}: not once in {known:,} values held.")
    shares += [ConditionShare(condition.text, str(condition.reading), None) for condition in needed[MAX_COUNTED:]]
    for i, j in combinations(range(len(counted)), 2):
        both = ((true[i] | false[i]) & (true[j] | false[j])).any()
        if both and true[i].any() and true[j].any() and not (true[i] & true[j]).any():
            never.append(f"{counted[i].reading}, and {_lower(counted[j].reading)}: not once together.")
    return shares, never


def _count(bits: Words) -> int:
    return int(np.bitwise_count(bits).sum())


def _lower(reading: object) -> str:
    text = str(reading)
    return text if text[:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _aligned(candles: Candles, interval: str, closes: npt.NDArray[Any]) -> dict[str, FloatArray]:
    """Candles of `interval` on the rows of `closes` (close times, ms), `[candles, symbols]`."""
    opens, fields = candles.series[interval]
    at = np.minimum(np.searchsorted(opens, closes - interval_ms(interval)), len(opens) - 1)
    there = opens[at] == closes - interval_ms(interval)
    return {name: np.where(there[:, None], fields[name][at], np.nan) for name in ("high", "low", "close")}


def _outcomes(
    candles: dict[str, FloatArray], rows: npt.NDArray[Any], columns: npt.NDArray[Any], side: int
) -> npt.NDArray[np.int8]:
    """Of each match at `rows`, `columns` the place in `_OUTCOMES`; all are followed together, a candle at a time."""
    high, low, close = candles["high"], candles["low"], candles["close"]
    risk = side * RISK_ATR * _mean_true_range(high, low, close, rows, columns)
    best, worst = (high, low) if side > 0 else (low, high)
    price = close[rows, columns]
    result = np.full(len(rows), _OPEN, np.int8)
    waiting = np.flatnonzero(np.isfinite(risk))
    after = 1
    while len(waiting := waiting[rows[waiting] + after < len(close)]):
        at, symbol = rows[waiting] + after, columns[waiting]
        lost = side * (price[waiting] - risk[waiting] - worst[at, symbol]) >= 0
        won = side * (best[at, symbol] - price[waiting] - risk[waiting]) >= 0
        # Both on one candle counts as lost: which came first is not known.
        result[waiting[won]] = _WON
        result[waiting[lost]] = _LOST
        waiting = waiting[~(won | lost)]
        after += 1
    return result


def _mean_true_range(
    high: FloatArray, low: FloatArray, close: FloatArray, rows: npt.NDArray[Any], columns: npt.NDArray[Any]
) -> FloatArray:
    """The mean of the true ranges known of the last 14 candles up to each match; NaN where none is."""
    total, known = np.zeros(len(rows)), np.zeros(len(rows))
    for back in range(ATR_CANDLES):
        at = np.maximum(rows - back, 1)
        before = close[at - 1, columns]
        true_range = np.maximum(high[at, columns], before) - np.minimum(low[at, columns], before)
        counts = np.isfinite(true_range) & (rows - back >= 1)
        total += np.where(counts, true_range, 0.0)
        known += counts
    mean: FloatArray = np.divide(total, known, out=np.full(len(rows), np.nan), where=known > 0)
    return mean


def _by_day(closes: npt.NDArray[Any], ended: npt.NDArray[np.int8]) -> list[MatchDay]:
    """The matches of each UTC day, oldest first; `closes` ms UTC."""
    days, which = np.unique(closes // _DAY_MS, return_inverse=True)
    counts = np.zeros((len(days), len(_OUTCOMES)), np.int64)
    np.add.at(counts, (which, ended), 1)
    return [
        MatchDay(int(day) * _DAY_MS, int(row[_WON]), int(row[_LOST]), int(row[_OPEN]))
        for day, row in zip(days, counts, strict=True)
    ]


def _near_misses(history: History) -> list[NearMiss]:
    return [
        NearMiss(
            symbol=near.symbol,
            candle_close=near.candle_close,
            held=near.held,
            of=near.of,
            failing=near.failing[0].text,
            left=near.failing[0].left,
            right=near.failing[0].right,
            distance_percent=near.failing[0].distance_percent,
            reading=near.failing[0].reading,
            distance=near.distance,
            op=near.failing[0].op,
        )
        for near in near_misses(history, MAX_NEAR_MISSES)
        if near.held == near.of - 1 and near.failing[0].value is False and _is_near(near.failing[0], near.of)
    ]


def _is_near(failing: Failing, of: int) -> bool:
    """Whether the one condition that fails may be close: no cross from beyond its line, and of a filter of a single
    condition, which nearly every symbol fails, one whose distance is known.
    """
    crosses = failing.op in ("crosses above", "crosses below")
    return failing.distance_percent is not None or not (crosses or of == 1)
