"""Exit, stop and target for open trades, against loops over the candles."""

from __future__ import annotations

import numpy as np
import pytest

from screener import compile_filter
from screener.engine.replay import replay
from screener.engine.trades import Trade, follow_trades
from screener.intervals import interval_ms
from tests.unit.engine.support import END, market, panel_of

STEP = interval_ms("5m")
DATA = market(seed=31, symbols=6, candles=200, gaps=0.0)
PANEL = panel_of(DATA)
TRADES = [
    Trade("S1", END - 60 * STEP, 101.5),
    Trade("S4", END - 20 * STEP, 99.0),
    Trade("S1", END - 5 * STEP, 97.0),
    Trade("S0", END, 100.0),
]
MATCH = "match = close > open\n"


def column(field: str, symbol: str) -> np.ndarray:
    return DATA.series["5m"][1][field][:, DATA.find(symbol)]


def entry(trade: Trade) -> int:
    return int(np.searchsorted(DATA.series["5m"][0] + STEP, trade.entry_close))


def test_a_trailing_stop_follows_the_highest_close_since_entry() -> None:
    program = compile_filter(MATCH + "stop = trade.highest(close - 1.5 * ta.atr(5))", "5m")
    atr = compile_filter("match = ta.atr(5) > 0", "5m")
    node = next(i for i, n in enumerate(atr.nodes) if n.op == "rma")
    spans = replay(atr, DATA).values(node)
    found = follow_trades(program, PANEL, TRADES)
    assert found.exit is None and found.target is None and found.stop is not None
    for k, trade in enumerate(TRADES):
        at, close = entry(trade), column("close", trade.symbol)
        span = spans[:, DATA.find(trade.symbol)]
        best = -np.inf
        for i in range(len(close)):
            if i < at:
                assert np.isnan(found.stop[i, k])
                continue
            best = max(best, close[i] - 1.5 * span[i])
            assert found.stop[i, k] == pytest.approx(best, rel=1e-12)


def test_exit_is_tested_from_the_candle_after_entry() -> None:
    text = MATCH + "exit = trade.bars >= 3 and close > trade.price or crossunder(close, trade.at_entry(low))"
    found = follow_trades(compile_filter(text, "5m"), PANEL, TRADES)
    assert found.exit is not None
    fired = 0
    for k, trade in enumerate(TRADES):
        at, close, low = entry(trade), column("close", trade.symbol), column("low", trade.symbol)
        for i in range(len(close)):
            if i <= at:
                assert found.exit[i, k] == -1
                continue
            under = close[i] < low[at] and close[i - 1] >= low[at]
            wanted = (i - at >= 3 and close[i] > trade.price) or under
            assert found.exit[i, k] == int(wanted), (k, i - at)
            fired += wanted
    assert fired > 5


def test_levels_without_trade_are_frozen_at_entry() -> None:
    text = MATCH + "stop = lowest(low, 4)\ntarget = close * 1.02\nexit = rank(close) == 1"
    program = compile_filter(text, "5m")
    found = follow_trades(program, PANEL, TRADES)
    assert found.stop is not None and found.target is not None and found.exit is not None
    ranks = np.argsort(-DATA.series["5m"][1]["close"], axis=1)[:, 0]
    for k, trade in enumerate(TRADES):
        at, low, close = entry(trade), column("low", trade.symbol), column("close", trade.symbol)
        assert np.isnan(found.stop[:at, k]).all()
        assert (found.stop[at:, k] == low[at - 3 : at + 1].min()).all()
        assert (found.target[at:, k] == close[at] * 1.02).all()
        # The market's rank, not that among the trades.
        np.testing.assert_array_equal(found.exit[at + 1 :, k], ranks[at + 1 :] == DATA.find(trade.symbol))


def test_booleans_of_the_market_meet_the_trade() -> None:
    text = MATCH + "up = close > ta.sma(close, 4)\nexit = not up and trade.bars > 1"
    found = follow_trades(compile_filter(text, "5m"), PANEL, TRADES)
    assert found.exit is not None
    close = DATA.series["5m"][1]["close"]
    for k, trade in enumerate(TRADES):
        at, column_ = entry(trade), close[:, DATA.find(trade.symbol)]
        for i in range(at + 1, len(close)):
            up = column_[i] > column_[i - 3 : i + 1].mean()
            assert found.exit[i, k] == int(not up and i - at > 1)


def test_an_unknown_symbol_and_an_entry_that_is_not_held() -> None:
    program = compile_filter(MATCH + "stop = close * 0.9", "5m")
    with pytest.raises(KeyError):
        follow_trades(program, PANEL, [Trade("NONE", END, 1.0)])
    old = follow_trades(program, PANEL, [Trade("S1", END - 5000 * STEP, 1.0)])
    assert old.stop is not None and np.isnan(old.stop).all()
