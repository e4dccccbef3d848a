"""The running engine's indicator table equals a replay, is given for its own candle alone, and never fires."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.snapshot import replayed_table
from analysis.table import NAMES
from app.engines import Engines, Loaded
from screener import compile_filter
from screener.engine.panel import Panel

from .conftest import MINUTE_15, make_candles

SYMBOLS = ("ETHUSDT", "BTCUSDT")


def held() -> tuple[Panel, int]:
    """A panel with two walks, and the close of the last candle but one."""
    panel = Panel(SYMBOLS, 300)
    for column, seed in enumerate((1, 2)):
        candles = make_candles(seed)
        times = np.array([c.open_time for c in candles], dtype=np.int64)
        fields = {name: np.array([getattr(c, name) for c in candles]) for name in ("open", "high", "low", "close")}
        panel.put("15m", column, times, {**fields, "volume": np.array([c.volume for c in candles])})
    return panel, candles[-2].close_time


def test_the_engines_table_is_that_of_a_replay() -> None:
    panel, close = held()
    engines = Engines(panel)
    program = compile_filter("match = close > 0", "15m")
    engines.add([Loaded("one", 1, program, "level", frozenset(), None)])
    last = close + MINUTE_15
    [screened] = engines.step(last, SYMBOLS)
    # The observer is no strategy: it is neither due nor among the matches.
    assert engines.due(last) == ("15m",)
    assert {m.strategy_id for m in screened.matches} == {"one"}
    table = engines.table("ETHUSDT", {"15m": last})
    assert table is not None
    replayed = replayed_table("ETHUSDT", {"15m": make_candles(1)})
    assert [row.name for row in table] == [row.name for row in replayed] == list(NAMES)
    assert [row.value for row in table] == pytest.approx([row.value for row in replayed], rel=1e-9)
    assert engines.table("ETHUSDT", {"15m": close}) is None
    assert engines.table("ETHUSDT", {"15m": last, "4h": last}) is None
    assert [row.value for row in engines.table("BTCUSDT", {"15m": last}) or ()] != [row.value for row in table]


def test_months_have_no_table_and_do_no_harm() -> None:
    panel, close = held()
    engines = Engines(panel)
    engines.add([Loaded("one", 1, compile_filter("match = close > tf('1M').close", "15m"), "edge", frozenset(), None)])
    assert engines.table("ETHUSDT", {"15m": close + MINUTE_15}) is not None
