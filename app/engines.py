"""The filters that run: one step engine per base interval over the panel that the feed fills.

A strategy is held under the key `id:version`; an edited strategy is a new key, added before the old one leaves.
All calls here are pure numbers, so that the worker may make them in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from screener import Program
from screener.engine import Addition, ConditionValue, Engine
from screener.intervals import is_close
from screener.panel import Panel


@dataclass(frozen=True, slots=True)
class Loaded:
    """A strategy in an engine. `symbols` empty means the whole market; `watermark` is its last screened close, ms."""

    strategy_id: str
    version: int
    program: Program
    trigger: Literal["edge", "level"]
    symbols: frozenset[str]
    watermark: int | None

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
    """A strategy that fired on a symbol, with the close price and every condition's values."""

    strategy_id: str
    version: int
    symbol: str
    price: float
    conditions: tuple[ConditionRow, ...]


@dataclass(slots=True)
class Screened:
    """What one step of one interval gave. Times in milliseconds."""

    interval: str
    close_time: int
    strategies: list[Loaded] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    matched: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    step_ms: float = 0.0
    explain_ms: float = 0.0


class Engines:
    """Engines by base interval and the strategies loaded into them."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self._engines: dict[str, Engine] = {}
        self._loaded: dict[str, Loaded] = {}

    @property
    def loaded(self) -> tuple[Loaded, ...]:
        """All strategies held now."""
        return tuple(self._loaded.values())

    def holds(self, key: str) -> bool:
        """Whether this version of a strategy runs."""
        return key in self._loaded

    def add(self, added: Sequence[Loaded]) -> None:
        """Back-fill strategies over the candles held and let them run; their older versions leave."""
        for base in {s.program.base for s in added}:
            engine = self._engines.setdefault(base, Engine(self.panel, base))
            engine.add_many(Addition(s.key, s.program, s.watermark) for s in added if s.program.base == base)
        for strategy in added:
            for key in [k for k, s in self._loaded.items() if s.strategy_id == strategy.strategy_id]:
                if key != strategy.key:
                    self.remove(key)
            self._loaded[strategy.key] = strategy

    def remove(self, key: str) -> None:
        """Take one version out of its engine."""
        strategy = self._loaded.pop(key)
        self._engines[strategy.program.base].remove(key)

    def due(self, close_time: int) -> tuple[str, ...]:
        """Base intervals with strategies whose candle closes at `close_time` (ms)."""
        bases = {s.program.base for s in self._loaded.values()}
        return tuple(sorted(b for b in bases if is_close(close_time, b)))

    def step(self, interval: str, close_time: int, fresh: Iterable[str]) -> Screened:
        """Step one interval's engine by the candle that just closed and collect its matches.

        Only symbols in `fresh` may match: a stale candle is no reason to trade. A strategy whose values cannot be read
        is reported in `failures` and does not disturb the others.
        """
        engine = self._engines[interval]
        result = Screened(interval, close_time)
        begin = time.perf_counter()
        step = engine.step(close_time)
        result.step_ms = (time.perf_counter() - begin) * 1e3
        begin = time.perf_counter()
        names = self.panel.symbols
        allowed = set(fresh)
        mask = np.fromiter((name in allowed for name in names), dtype=bool, count=len(names))
        _, closes = self.panel.window(interval, "close", 1)
        for strategy in [s for s in self._loaded.values() if s.program.base == interval]:
            result.strategies.append(strategy)
            hits = step.edge if strategy.trigger == "edge" else step.match
            columns = np.flatnonzero(hits[strategy.key][: len(names)] & mask)
            try:
                found = [
                    self._match(engine, strategy, names[c], float(closes[-1, c]))
                    for c in columns
                    if not strategy.symbols or names[c] in strategy.symbols
                ]
            except (KeyError, ValueError, ArithmeticError) as error:
                result.failures[strategy.key] = f"{type(error).__name__}: {error}"
                continue
            result.matched[strategy.key] = len(found)
            result.matches.extend(found)
        result.explain_ms = (time.perf_counter() - begin) * 1e3
        return result

    def _match(self, engine: Engine, strategy: Loaded, symbol: str, price: float) -> Match:
        rows = condition_rows(engine.conditions(strategy.key, symbol), strategy.program)
        return Match(strategy.strategy_id, strategy.version, symbol, price, rows)

    def rebuild(self) -> None:
        """Replay every engine over the panel, after a gap was repaired or a candle corrected."""
        for engine in self._engines.values():
            engine.rebuild()


def condition_rows(values: Sequence[ConditionValue], program: Program) -> tuple[ConditionRow, ...]:
    """The engine's condition values, one for each of the program's conditions, as rows to keep."""
    return tuple(
        ConditionRow(v.name, v.text, v.left, v.op, v.right, v.value, c.reading)
        for v, c in zip(values, program.conditions, strict=True)
    )
