"""The filters that run: one step engine for all base intervals over the panel that the feed fills.

A strategy is held under the key `id:version`; an edited strategy is a new key, added before the old one leaves. Beside
them runs an observer of each interval that they read (`analysis.table`), which never matches: `table` reads from it
what an analysis may cite.
All calls here are pure numbers, so that the worker may make them in a thread.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.snapshot_parts import IndicatorRow
from analysis.table import observed, observer
from app.forming import Floats, forming_candles
from screener import Program
from screener.engine.engine import Addition, ConditionValue, Engine, StepResult
from screener.engine.panel import Panel
from screener.intervals import CALENDAR, candle_index, close_of, is_close, open_of
from screener.language.plan import used
from screener.ops import OPS

_OBSERVER: Final = "observer:"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A strategy in an engine. `symbols` empty means the whole market; `watermark` is its last screened close, ms;
    `evaluate` minute looks at the forming candle too."""

    strategy_id: str
    version: int
    program: Program
    trigger: Literal["edge", "level"]
    symbols: frozenset[str]
    watermark: int | None
    evaluate: Literal["close", "minute"] = "close"

    @property
    def key(self) -> str:
        """Name of this version inside the engine."""
        return f"{self.strategy_id}:{self.version}"


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition on a candle: text, both sides' values, truth (None: unknown), and its plain-English reading."""

    name: str
    text: str
    left: float | None
    op: str | None
    right: float | None
    value: bool | None
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A strategy that fired on a symbol, with the close price and every condition's values.

    `score` ranks it among the candle's matches; `levels` are the filter's own `stop` and `target`, as prices. Both are
    read on the match candle and do not change afterwards.
    """

    strategy_id: str
    version: int
    symbol: str
    price: float
    conditions: tuple[ConditionRow, ...]
    score: float | None = None
    levels: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        strategy: Loaded,
        symbol: str,
        price: float,
        conditions: Sequence[ConditionValue],
        results: Mapping[str, float],
    ) -> Match:
        """A match of `strategy`; `results` are the values of its `result_nodes`, NaN where unknown."""
        known = {name: value for name, value in results.items() if math.isfinite(value)}
        score = known.pop("score", None)
        rows = condition_rows(conditions, strategy.program)
        return cls(strategy.strategy_id, strategy.version, symbol, price, rows, score, known)

    def rank(self) -> float:
        """Sorts the largest score first and matches without one last."""
        return math.inf if self.score is None else -self.score


@dataclass(slots=True)
class Screened:
    """What one step of one interval gave, or one look at its forming candles, which are then in `forming` (field to
    `[symbols]`). Times in milliseconds."""

    interval: str
    close_time: int
    strategies: list[Loaded] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    matched: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    step_ms: float = 0.0
    explain_ms: float = 0.0
    forming: Mapping[str, Floats] | None = None


class Engines:
    """The engine and the strategies loaded into it."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self._engine = Engine(panel)
        self._loaded: dict[str, Loaded] = {}
        self._observed: set[str] = set()

    @property
    def loaded(self) -> tuple[Loaded, ...]:
        """All strategies held now."""
        return tuple(self._loaded.values())

    def holds(self, key: str) -> bool:
        """Whether this version of a strategy runs."""
        return key in self._loaded

    def add(self, added: Sequence[Loaded]) -> None:
        """Back-fill strategies over the candles held and let them run; their older versions leave."""
        # Months and years are made of days and have no observer.
        named = {interval for s in added for interval in (s.program.base, *s.program.intervals)} - CALENDAR.keys()
        read = named - self._observed
        observers = [Addition(_OBSERVER + interval, observer(interval)) for interval in sorted(read)]
        self._engine.add_many([*(Addition(s.key, s.program, s.watermark) for s in added), *observers])
        self._observed |= read
        edited = {s.strategy_id: s.key for s in added}
        older = [k for k, s in self._loaded.items() if edited.get(s.strategy_id, k) != k]
        self._loaded.update({s.key: s for s in added})
        self.remove(*older)

    def remove(self, *keys: str) -> None:
        """Take versions out of the engine."""
        self._engine.remove_many(keys)
        for key in keys:
            del self._loaded[key]

    def due(self, close_time: int) -> tuple[str, ...]:
        """Base intervals with strategies whose candle closes at `close_time` (ms)."""
        bases = {s.program.base for s in self._loaded.values()}
        return tuple(sorted(bases.intersection(self._engine.due(close_time))))

    def step(self, close_time: int, fresh: Iterable[str]) -> list[Screened]:
        """Step the engine by the candles that just closed and collect its matches, by base interval.

        Only symbols in `fresh` may match: a stale candle is no reason to trade. A strategy whose values cannot be read
        is reported in `failures` and does not disturb the others.
        """
        return self._screened(self._engine.step(close_time), fresh)

    def again(self, close_time: int, late: Iterable[str]) -> list[Screened]:
        """Screen symbols whose candles came after that close was stepped, and whose columns were refreshed; the other
        symbols' matches were collected then. Bases whose next candle has closed since are left out.
        """
        return self._screened(self._engine.again(close_time), late)

    def _screened(self, step: StepResult, symbols: Iterable[str]) -> list[Screened]:
        close_time = step.close_time
        names = self.panel.symbols
        allowed = set(symbols)
        mask = np.fromiter((name in allowed for name in names), dtype=bool, count=len(names))
        hits = self._hits(step, mask)
        results = []
        for interval in sorted(step.present.keys() & {s.program.base for s in self._loaded.values()}):
            begin = time.perf_counter()
            result = Screened(interval, close_time, step_ms=step.timings["step_ms"] + step.timings["edges_ms"])
            result.strategies += [s for s in self._loaded.values() if s.program.base == interval]
            _, closes = self.panel.window(interval, "close", 1, until=close_time)
            self._collect(result, hits, closes[-1] if len(closes) else np.full(len(names), np.nan))
            result.explain_ms = (time.perf_counter() - begin) * 1e3
            results.append(result)
        return results

    def peek(self, now: int) -> list[Screened]:
        """What strategies that are evaluated each minute say of the candles under way at `now` (ms UTC, a minute's
        close), by base interval; `close_time` of a result is when its candles will close.

        Rising edges are relative to the last screened candle, and nothing is remembered: not what was seen, nor that
        it was looked at. Only symbols with all minutes since their candle's open may match. Candles that close at
        `now` are for `step`, and an interval whose last close was not stepped is left out.
        """
        results = []
        wanted = [s for s in self._loaded.values() if s.evaluate == "minute"]
        for interval in sorted({s.program.base for s in wanted}):
            open_time, stepped = open_of(now, interval), self._engine.time
            if is_close(now, interval) or stepped is None or open_of(stepped, interval) != open_time:
                continue
            forming = forming_candles(self.panel, interval, now)
            held = ~np.isnan(forming["close"])
            if not held.any():
                continue
            strategies = [s for s in wanted if s.program.base == interval]
            result = Screened(interval, close_of(open_time, interval), strategies, forming=forming)
            begin = time.perf_counter()
            with self._engine.peeking([s.key for s in strategies], result.close_time, forming) as seen:
                self._collect(result, self._hits(seen, held), forming["close"])
            result.step_ms = (time.perf_counter() - begin) * 1e3
            results.append(result)
        return results

    def _collect(self, result: Screened, hits: Mapping[str, Sequence[int]], closes: Floats) -> None:
        """Read the values behind the hits (symbol indices by strategy) of the result's strategies."""
        names = self.panel.symbols
        for strategy in result.strategies:
            columns = [c for c in hits.get(strategy.key, ()) if not strategy.symbols or names[c] in strategy.symbols]
            try:
                found = [self._match(strategy, names[c], float(closes[c])) for c in columns]
            except (KeyError, ValueError, ArithmeticError) as error:
                result.failures[strategy.key] = f"{type(error).__name__}: {error}"
                continue
            result.matched[strategy.key] = len(found)
            result.matches.extend(found)
        result.matches.sort(key=Match.rank)

    def _hits(self, step: StepResult, mask: NDArray[np.bool_]) -> dict[str, list[int]]:
        """Symbol indices that fired, by strategy: those that rose, or all that match where the trigger is a level."""
        found: dict[str, list[int]] = {}
        for bits, trigger in ((step.edge, "edge"), (step.match, "level")):
            if trigger == "level" and all(s.trigger == "edge" for s in self._loaded.values()):
                continue
            for row, column in bits.pairs().tolist():
                if mask[column] and self._loaded[step.keys[row]].trigger == trigger:
                    found.setdefault(step.keys[row], []).append(column)
        return found

    def table(self, symbol: str, closes: Mapping[str, int]) -> tuple[IndicatorRow, ...] | None:
        """The indicator tables of a symbol on the candles that closed at `closes` (interval to ms UTC), as the engine
        has them; None where an interval is not observed, or the engine has gone past its candle.

        Raises KeyError for a symbol that is not in the market.
        """
        now = self._engine.time
        if now is None or not closes.keys() <= self._observed:
            return None
        if any(candle_index(now, interval) != candle_index(close, interval) for interval, close in closes.items()):
            return None
        rows = [observed(i, self._engine.conditions(_OBSERVER + i, symbol)) for i in closes]
        return tuple(row for table in rows for row in table)

    def seen(self, key: str, symbol: str, close: int) -> Match | None:
        """What a version of a strategy says of a symbol on the candle that closed at `close` (ms UTC), whether it fired
        or not; None where that version does not run, or the engine has gone past its candle or not come to it.

        Raises KeyError for a symbol that is not in the market.
        """
        strategy, now = self._loaded.get(key), self._engine.time
        if strategy is None or now is None:
            return None
        base = strategy.program.base
        if candle_index(now, base) != candle_index(close, base):
            return None
        return self._match(strategy, symbol, math.nan)

    def _match(self, strategy: Loaded, symbol: str, price: float) -> Match:
        extra = result_nodes(strategy.program)
        results = {name: self._engine.value(strategy.key, node, symbol) for name, node in extra.items()}
        return Match.of(strategy, symbol, price, self._engine.conditions(strategy.key, symbol), results)

    def refresh(self, symbols: Iterable[str]) -> None:
        """Step some symbols anew, after a gap was repaired, a candle corrected or a symbol listed."""
        self._engine.refresh(symbols)


def result_nodes(program: Program) -> dict[str, int]:
    """Nodes of the results that a signal stores: `score`, and `stop` and `target` where no open trade is needed."""
    found = {"score": program.score, "stop": program.stop, "target": program.target}
    return {
        name: node
        for name, node in found.items()
        if node is not None and not any(OPS[program.nodes[n].op].kind == "trade" for n in used(program.nodes, [node]))
    }


def condition_rows(values: Sequence[ConditionValue], program: Program) -> tuple[ConditionRow, ...]:
    """The engine's condition values, one for each of the program's conditions, as rows to keep."""
    return tuple(
        ConditionRow(v.name, v.text, v.left, v.op, v.right, v.value, c.reading)
        for v, c in zip(values, program.conditions, strict=True)
    )
