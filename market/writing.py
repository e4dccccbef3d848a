"""Candles into the panel: a minute as it closes, and what comes in for minutes past.

1. `advance` writes a minute and folds the higher candles that close with it.
2. `correct` writes what the panel lacks or holds otherwise, makes the higher candles of it anew, and says what
   changed (`Corrected`): the symbols whose columns the engine must step again, and which candles came late.
3. A candle is late while it is its interval's newest and no older than the limit. One that comes later still repairs
   the column and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from market.clock import Clock
from market.inbox import Arrival, Inbox
from market.source import CandleBlock
from market.store import MINUTE_MS, MarketStore, Mask
from screener.intervals import close_of, interval_ms, is_close, open_of

Ask = Callable[[str, str, int, int], None]
"""Asks for candles by REST: interval, symbol, open times of the first and the last (ms UTC)."""


@dataclass(slots=True)
class Corrected:
    """What a round of corrections changed. `late` holds by close (ms UTC) the symbols whose candles came late, with
    market seconds from the close.
    """

    symbols: set[str] = field(default_factory=set)
    late: dict[int, dict[str, float]] = field(default_factory=dict)


@dataclass(slots=True)
class Counts:
    """Candles by what became of them: `corrected` had other values, `filled` were lacking, `too_late` of those came
    after the limit.
    """

    corrected: int = 0
    filled: int = 0
    too_late: int = 0


class Writer:
    """Writes `inbox` into `store`; whoever calls holds the panel's lock."""

    def __init__(self, store: MarketStore, inbox: Inbox, clock: Clock, ask: Ask, late_limit_s: float) -> None:
        self.counts = Counts()
        self.on_changed: Callable[[CandleBlock], None] = lambda block: None
        self._store = store
        self._inbox = inbox
        self._clock = clock
        self._ask = ask
        self._late_limit_ms = int(late_limit_s * 1000)

    def advance(self, close_time: int, intervals: Sequence[str], live: Mask) -> Mask:
        """Write what is in for this minute; returns which symbols have it, bool [S]."""
        store, inbox = self._store, self._inbox
        store.append("1m", close_time - MINUTE_MS, inbox.take("1m", close_time))
        for label in sorted(intervals, key=interval_ms):
            if label == "1m" or not is_close(close_time, label):
                continue
            open_time = close_time - interval_ms(label)
            store.fold(label, close_time)
            rows = inbox.take(label, close_time)
            rows[store.known(label, open_time)] = np.nan
            store.append(label, open_time, rows)
            lacking = ~store.known(label, open_time) & live
            for column in np.flatnonzero(lacking):
                self._ask(label, store.symbols[column], open_time, open_time)
        inbox.advance(close_time)
        return store.known("1m", close_time - MINUTE_MS)

    def correct(self, arrivals: Sequence[Arrival], intervals: Sequence[str]) -> Corrected:
        """Write what came in for minutes past, as far as it is new."""
        result = Corrected()
        labels = sorted(intervals, key=interval_ms)
        for arrival in arrivals:
            if arrival.block.interval not in labels:
                continue
            symbol = arrival.block.symbol
            before = self._newest_held(symbol, labels)
            if not self._write(arrival.block, labels, news=arrival.news):
                continue
            result.symbols.add(symbol)
            now = self._newest_held(symbol, labels)
            for label, close_time in now.items():
                seconds = (self._clock.now_ms() - close_time) / 1000
                if label not in before and seconds * 1000 <= self._late_limit_ms:
                    result.late.setdefault(close_time, {})[symbol] = max(seconds, 0.0)
        return result

    def _newest_held(self, symbol: str, labels: Sequence[str]) -> dict[str, int]:
        """The intervals whose newest closed candle is held of a symbol, with that candle's close (ms UTC)."""
        column = self._store.column[symbol]
        found = {}
        for label in labels:
            close_time = open_of(self._inbox.boundary, label)
            if self._store.known(label, close_time - interval_ms(label))[column]:
                found[label] = close_time
        return found

    def _write(self, block: CandleBlock, labels: Sequence[str], *, news: bool) -> bool:
        """Write the rows of a block that change something, and the higher candles they are part of; False where
        nothing changed.
        """
        lacking, differing = self._store.compare(block)
        wanted = lacking | differing
        if not wanted.any():
            return False
        part = CandleBlock(block.symbol, block.interval, block.open_times[wanted], block.values[wanted])
        if news:
            newest = open_of(self._inbox.boundary, block.interval) - interval_ms(block.interval)
            self.counts.corrected += int(differing.sum())
            self.counts.filled += int(lacking.sum())
            self.counts.too_late += int((lacking & (block.open_times < newest)).sum())
        self._store.put(part)
        self.on_changed(part)
        if block.interval == "1m":
            self._fold_again(part, block.open_times[differing].tolist(), labels)
        return True

    def _fold_again(self, minutes: CandleBlock, differing: Sequence[int], labels: Sequence[str]) -> None:
        """Make the closed candles anew that these minutes are part of. Where their minutes are no longer all held, one
        that was made of other values is asked for.
        """
        symbol = minutes.symbol
        for label in labels:
            if label == "1m":
                continue
            changed = {open_of(t, label) for t in differing}
            for open_time in sorted({open_of(t, label) for t in minutes.open_times.tolist()}):
                if close_of(open_time, label) > self._inbox.boundary:
                    continue
                made = self._store.folded(label, symbol, open_time)
                if made is None:
                    if open_time in changed:
                        self._ask(label, symbol, open_time, open_time)
                    continue
                lacking, other = self._store.compare(made)
                if lacking.any() or other.any():
                    self._store.put(made)
                    self.on_changed(made)
