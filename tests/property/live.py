"""The engine as a worker drives it: candles close, the panel holds them, the engine steps."""

from __future__ import annotations

import numpy as np

from screener.engine.engine import Engine, StepResult
from screener.engine.panel import Panel
from screener.engine.replay import Candles
from screener.intervals import close_of, interval_ms
from screener.ir import Program
from tests.property.markets import head


class Live:
    """An engine over a panel that is fed from `data`, from the close `start` (ms UTC) on."""

    def __init__(self, data: Candles, base: str, start: int, capacity: int = 400) -> None:
        self.data = data
        self.base = base
        self.panel = Panel(data.symbols, capacity)
        for interval, (opens, fields) in head(data, start).series.items():
            self.panel.put(interval, slice(None), opens, fields)
        self.engine = Engine(self.panel)

    def add(self, key: str, program: Program, screened_until: int | None = None) -> None:
        self.engine.add(key, program, screened_until=screened_until)

    def feed(self, close: int) -> None:
        """Give the panel every candle that closes at `close`."""
        for interval, (opens, fields) in self.data.series.items():
            for i, opened in enumerate(opens.tolist()):
                if close_of(opened, interval) == close:
                    self.panel.append(interval, opened, {k: v[i] for k, v in fields.items()})

    def step(self, close: int) -> StepResult:
        """Feed and screen one close."""
        self.feed(close)
        return self.engine.step(close)

    def correct(self, symbol: int, fields: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]) -> None:
        """Write one symbol's candles of some intervals again, and have the engine take them in."""
        for interval, (opens, values) in fields.items():
            self.panel.put(interval, symbol, opens, values)
        self.engine.refresh([self.data.symbols[symbol]])


def closes(data: Candles, base: str) -> list[int]:
    """Closes of the base candles."""
    return [int(t) + interval_ms(base) for t in data.series[base][0]]
