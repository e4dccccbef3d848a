"""Markets on which an evaluation runs programs: the made-up one, and recorded candles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from llm.evals.market import SYMBOLS, fingerprint, synthetic
from llm.evals.score import Matches, TradeResults
from market.history import CandleTable, HistoryError, read_folder, symbols_in
from screener import Program, interval_ms
from screener.engine.replay import Candles, replay
from screener.engine.trades import Trade, follow_trades
from screener.intervals import CALENDAR

CANDLES_READ: Final = 10_000
"""Of recorded candles, how many of each interval are taken, the newest."""
SYMBOLS_READ: Final = 40


class MadeUpGround:
    """The market of `llm.evals.market`, which has every interval."""

    symbols = SYMBOLS

    def __init__(self) -> None:
        self.name = f"made-up {fingerprint()}"
        self._candles = lru_cache(maxsize=None)(lambda base: Candles(*synthetic(base)))

    def has(self, base: str) -> bool:
        """Always."""
        return True

    def matches(self, program: Program) -> Matches:
        """The program replayed on its base."""
        return _matches(program, self._candles(program.base))

    def trades(self, program: Program, entries: Sequence[tuple[int, int]]) -> TradeResults:
        """The program's ends of trades bought at the close of these candles."""
        return _trades(program, self._candles(program.base), entries)


class RecordedGround:
    """Candles in `DIR/<SYMBOL>/<interval>.parquet` or `.csv`: the newest of the first symbols, BTC and ETH among them.

    `notes` says what could not be read. Raises HistoryError for a folder without candles.
    """

    def __init__(self, folder: Path) -> None:
        known = symbols_in(folder)
        first = [name for name in known if name in ("BTCUSDT", "ETHUSDT")]
        self.symbols = tuple(dict.fromkeys([*first, *known]))[:SYMBOLS_READ]
        self.notes: list[str] = []
        self.name = f"recorded {folder.resolve().name}, {len(self.symbols)} symbols"
        self._folder = folder
        self._read: dict[str, CandleTable | None] = {}

    def has(self, base: str) -> bool:
        """Whether there are candles of an interval, or such that it is made of."""
        return self._table(base) is not None

    def matches(self, program: Program) -> Matches:
        """The program replayed on its base."""
        return _matches(program, self._candles(program))

    def trades(self, program: Program, entries: Sequence[tuple[int, int]]) -> TradeResults:
        """The program's ends of trades bought at the close of these candles."""
        return _trades(program, self._candles(program), entries)

    def _candles(self, program: Program) -> Candles:
        wanted = {program.base, *program.intervals} - set(CALENDAR)
        if not wanted >= {*program.intervals}:
            wanted.add("1d")
        tables = {label: table for label in wanted if (table := self._table(label)) is not None}
        return Candles(self.symbols, {label: table.series[label] for label, table in tables.items()})

    def _table(self, interval: str) -> CandleTable | None:
        if interval not in self._read:
            try:
                self._read[interval] = self._newest(read_folder(self._folder, interval, self.symbols), interval)
            except (HistoryError, OSError) as error:
                self._read[interval] = None
                self.notes.append(f"no recorded {interval} candles: {error}")
        return self._read[interval]

    @staticmethod
    def _newest(table: CandleTable, interval: str) -> CandleTable | None:
        times, fields = table.series[interval]
        if not len(times):
            return None
        kept = {name: values[-CANDLES_READ:] for name, values in fields.items()}
        return CandleTable(table.symbols, {interval: (times[-CANDLES_READ:], kept)})


def _matches(program: Program, candles: Candles) -> Matches:
    history = replay(program, candles)
    return Matches(history.match == 1, history.edges)


def _trades(program: Program, candles: Candles, entries: Sequence[tuple[int, int]]) -> TradeResults:
    opens, fields = candles.series[program.base]
    step = interval_ms(program.base)
    trades = [
        Trade(candles.symbols[column], int(opens[row]) + step, float(fields["close"][row, column]))
        for row, column in entries
    ]
    found = follow_trades(program, candles, trades)
    return TradeResults(None if found.exit is None else np.equal(found.exit, 1), found.stop, found.target)
