"""Levels that lie on the wrong side of the price on past matches, and exits that are true at once."""

from __future__ import annotations

import numpy as np
import pytest

from screener import compile_filter
from screener.engine.replay import replay
from screener.gate import gate
from screener.gate.findings import Finding
from tests.unit.engine.walks import market

ANY = "match = close > open\n"


def found(code: str, direction: str = "long", kind: str = "G132", **more: str) -> list[Finding]:
    report = gate.check(compile_filter(code, "15m"), market(), direction=direction, **more)  # type: ignore[arg-type]
    return [f for f in report.findings if f.code == kind]


def test_an_average_as_a_stop_is_counted_on_the_matches() -> None:
    code = f"{ANY}stop = ta.sma(close, 50)"
    [finding] = found(code)
    program = compile_filter(code, "15m")
    assert program.stop is not None
    history = replay(program, market())
    cells = np.argwhere(history.edges)[-500:]
    stops = history.values(program.stop)[cells[:, 0], cells[:, 1]]
    wrong = int((history.price[cells[:, 0], cells[:, 1]] <= stops).sum())
    known = int(np.isfinite(stops).sum())
    assert 0.2 < wrong / known < 0.8
    assert finding.severity == "warns"
    assert finding.message == (
        f"The stop is not below the price on {wrong:,} of the newest {known:,} matches, as that of a long has to be: "
        "such a signal is not entered."
    )
    assert "below the price" in finding.hint


@pytest.mark.parametrize(
    ("level", "direction"),
    [
        ("stop = lowest(low, 20)", "short"),
        ("stop = highest(high, 20)", "long"),
        ("target = lowest(low, 20)", "long"),
        ("target = highest(high, 20)", "short"),
        ("target = ta.sma(close, 50)", "short"),
    ],
)
def test_the_wrong_end_of_a_range_warns_and_the_right_one_does_not(level: str, direction: str) -> None:
    [finding] = found(ANY + level, direction)
    name = level.split()[0]
    side = "above" if (name == "stop") == (direction == "short") else "below"
    assert finding.severity == "warns"
    assert finding.message.startswith(f"The {name} is not {side} the price on ")
    if "sma" not in level:
        assert found(ANY + level, "short" if direction == "long" else "long") == []


def test_a_level_that_is_seldom_wrong_is_told_without_a_warning() -> None:
    match = "match = close > ta.sma(close, 50) and crossover(ta.rsi(close, 14), 45)\n"
    assert found(f"{match}stop = ta.sma(close, 50)") == [], "its condition sees to it"
    [finding] = found(f"{ANY}stop = ta.sma(close, 50) * 0.93")
    assert finding.severity == "info"


def test_a_level_of_the_open_trade_is_followed_from_its_entry() -> None:
    assert found(f"{ANY}stop = trade.price - 2 * ta.atr(14)") == []
    [finding] = found(f"{ANY}stop = trade.price - 2 * ta.atr(14)", "short")
    assert "not above the price on 60 of the newest 60 matches" in finding.message
    assert finding.message.endswith("such a trade is closed at the next close.")


def test_without_a_direction_or_a_match_no_side_is_wrong() -> None:
    assert found(f"{ANY}stop = highest(high, 20)", "") == []
    assert found("match = close > 2 * open\nstop = highest(high, 20)") == []


@pytest.mark.parametrize("exit", ["close < 1000000", "trade.bars >= 1"])
def test_an_exit_that_is_true_already_warns(exit: str) -> None:
    [finding] = found(f"{ANY}exit = {exit}", kind="G133")
    assert finding.severity == "warns"
    assert "such a trade lasts one candle" in finding.message
    assert "the entry's own candle" in finding.hint


@pytest.mark.parametrize("exit", ["ta.rsi(close, 14) > 75", "trade.bars >= 2", "crossunder(close, ta.sma(close, 50))"])
def test_an_exit_that_comes_later_does_not(exit: str) -> None:
    assert found(f"{ANY}exit = {exit}", kind="G133") == []
