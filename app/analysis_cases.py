"""Past signals to decide on again: a filter's matches over recorded candles, each with what was known then.

1. `Ground` holds the candles: of a folder, or the made-up market on which no decision can be better than chance.
2. `find` replays strategies over them and takes matches evenly over time, none so late that its plans could not end.
3. `Ground.snapshot` cuts every series at the signal's close; `Ground.follow` shows what came after, to the ledger's
   rules, on the candles of the strategy's interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from analysis import Snapshot, build_snapshot
from analysis.context import BREADTH_MEAN, LEADER_CANDLES, Surroundings
from analysis.following import Floats, Following, Start
from analysis.outcomes import Outcome
from app.engines import result_nodes
from app.recorded import candles_of, leaders_in, tick_of
from llm.evals.market import fingerprint, synthetic
from llm.schemas import Risk
from market.history import HistoryError, read_folder, symbols_in
from screener import Program, interval_ms
from screener.engine.replay import Candles, replay
from screener.intervals import CALENDAR

Ints = NDArray[np.int64]

LEAST_BEFORE: Final = 100
"""Candles that a signal must have behind it."""
TICK_CANDLES: Final = 300
CANDLES_READ: Final = 20_000
SYMBOLS_READ: Final = 40
FIELDS: Final = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class PastStrategy:
    """A strategy whose past signals are decided on. `code` names it."""

    code: str
    name: str
    description: str
    instructions: str
    direction: Literal["long", "short"]
    program: Program
    risk: Risk = field(default_factory=lambda: Risk.model_validate({}))


@dataclass(frozen=True, slots=True)
class PastSignal:
    """A match: `close` of its candle, ms UTC; `row` and `column` where it is in the base's arrays."""

    id: str
    strategy: PastStrategy
    symbol: str
    close: int
    row: int
    column: int
    conditions: tuple[Mapping[str, object], ...]
    levels: Mapping[str, float]

    @property
    def until(self) -> int:
        """When its plans time out, ms UTC."""
        return self.close + self.strategy.risk.max_hold_candles * interval_ms(self.strategy.program.base)


class Ground:
    """Candles of a market, by interval. Without a folder it is made up, the same on every machine."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        known = symbols_in(folder) if folder is not None else ()
        self._symbols = tuple(dict.fromkeys([*leaders_in(known), *known]))[:SYMBOLS_READ]
        self._held: dict[tuple[str, ...], Candles] = {}

    @cached_property
    def name(self) -> str:
        """Names the market; another name where its candles are others."""
        if self.folder is None:
            return f"made-up {fingerprint()}"
        return f"recorded {self.folder.resolve().name}, {len(self._symbols)} symbols"

    def candles(self, program: Program) -> Candles:
        """The series that a program reads, and those of its base. Raises HistoryError where there are none."""
        wanted = {program.base, *program.intervals}
        if wanted & set(CALENDAR):
            wanted = (wanted - set(CALENDAR)) | {"1d"}
        key = (program.base, *sorted(wanted))
        if key not in self._held:
            self._held[key] = self._load(program.base, wanted)
        return self._held[key]

    def _load(self, base: str, wanted: set[str]) -> Candles:
        if self.folder is None:
            return Candles(*synthetic(base))
        table = read_folder(self.folder, sorted(wanted), self._symbols)
        times = table.series[base][0]
        if not len(times):
            raise HistoryError(f"{self.folder}: holds no {base} candles")
        first = int(times[-CANDLES_READ:][0])
        return Candles(table.symbols, {**table.series, base: _since(table.series[base], first)})

    def snapshot(self, signal: PastSignal, bars: int = 100) -> Snapshot:
        """The signal as it was seen at its close: nothing later is in it. Raises SnapshotError."""
        source = self.candles(signal.strategy.program)
        base = signal.strategy.program.base
        own = candles_of(source, signal.symbol, base, signal.close)
        higher = {
            label: candles_of(source, signal.symbol, label, signal.close)
            for label in source.series
            if label != base and label in signal.strategy.program.intervals
        }
        leader = next(iter(leaders_in(source.symbols)), None)
        led = () if leader is None else candles_of(source, leader, base, signal.close, LEADER_CANDLES)
        closes = source.series[base][1]["close"][max(0, signal.row + 1 - BREADTH_MEAN) : signal.row + 1]
        return build_snapshot(
            signal.symbol,
            base,
            signal.strategy.direction,
            own,
            signal.conditions,
            levels_set=signal.levels,
            tick_size=tick_of([c.close for c in own[-TICK_CANDLES:]]) if self.folder is not None else Decimal(0),
            bars=bars,
            higher=higher,
            around=Surroundings(led, closes),
        )

    def follow(self, signal: PastSignal, plans: Sequence[Start], fee_bps: float) -> dict[str, Outcome]:
        """What became of plans that begin at the signal's close, by key."""
        base = signal.strategy.program.base
        fields = self.candles(signal.strategy.program).series[base][1]
        opens, step = self.candles(signal.strategy.program).series[base][0], interval_ms(base)

        def read(first: int, count: int, symbols: Sequence[str]) -> Floats:
            found = np.full((len(FIELDS), count, len(symbols)), np.nan)
            rows = np.searchsorted(opens, first + step * np.arange(count, dtype=np.int64))
            there = rows < len(opens)
            there[there] &= opens[rows[there]] == (first + step * np.arange(count, dtype=np.int64))[there]
            for i, name in enumerate(FIELDS):
                found[i, there, 0] = fields[name][rows[there], signal.column]
            return found

        following = Following(read, base, fee_bps=fee_bps)
        following.add([plan for plan in plans if plan.plan.problem() is None])
        return {outcome.key: outcome for outcome in following.advance(int(opens[-1]) + step)}


def find(ground: Ground, strategies: Sequence[PastStrategy], limit: int, notes: list[str]) -> list[PastSignal]:
    """At most `limit` signals of the strategies, evenly over time; what could not be read is added to `notes`."""
    found: list[PastSignal] = []
    for strategy in strategies:
        try:
            found += _signals(ground, strategy, max(1, limit // len(strategies)))
        except HistoryError as error:
            notes.append(f"{strategy.code} is left out: {error}")
    return sorted(found, key=lambda signal: (signal.close, signal.id))


def _signals(ground: Ground, strategy: PastStrategy, limit: int) -> list[PastSignal]:
    source = ground.candles(strategy.program)
    history = replay(strategy.program, source)
    base = strategy.program.base
    opens = source.series[base][0]
    last = len(history.times) - strategy.risk.max_hold_candles - 1
    cells = [(int(i), int(c)) for i, c in np.argwhere(history.edges) if LEAST_BEFORE <= i < last]
    cells = [cells[k * len(cells) // limit] for k in range(limit)] if len(cells) > limit else cells
    rows = history.conditions(cells)
    own = {name: node for name, node in result_nodes(strategy.program).items() if name != "score"}
    picked = history.pick(list(own.values()), cells)
    found = []
    for k, (i, column) in enumerate(cells):
        close = int(history.times[i])
        symbol = source.symbols[column]
        found.append(
            PastSignal(
                id=f"{strategy.code} {symbol} {base} {close}",
                strategy=strategy,
                symbol=symbol,
                close=close,
                row=int(np.searchsorted(opens, close - interval_ms(base))),
                column=column,
                conditions=tuple(
                    {"name": c.name, "text": c.text, "left": c.left, "op": c.op, "right": c.right, "value": c.value}
                    for c in rows[k]
                ),
                levels={name: float(picked[node][k]) for name, node in own.items() if np.isfinite(picked[node][k])},
            )
        )
    return found


def _since(series: tuple[Ints, Mapping[str, Floats]], first: int) -> tuple[Ints, Mapping[str, Floats]]:
    times, fields = series
    keep = times >= first
    return times[keep], {name: values[keep] for name, values in fields.items()}
