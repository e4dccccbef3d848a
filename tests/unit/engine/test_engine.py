"""Adding, stepping, removing, edges; and stepping equals replay."""

from __future__ import annotations

import re

import numpy as np
import pytest

from screener.engine.engine import Addition, Engine
from screener.engine.kernels.fingerprint import fingerprint
from screener.engine.panel import Panel
from screener.engine.replay import Candles, replay
from screener.intervals import interval_ms
from screener.ir import Condition, Graph, Program
from tests.unit.engine.support import END, append_closed, market, panel_of, program

STEP = interval_ms("5m")


def trend(length: int = 10, base: str = "5m") -> Program:
    """Close above its mean and the hourly close above its average, written out."""
    graph = Graph()
    close, hour = (graph.add("src", (), ("close", i, "")) for i in ("5m", "1h"))
    mean = graph.add("div", (graph.add("rsum", (close,), (length,)), graph.const(float(length))))
    above = graph.add("lt", (mean, close))
    higher = graph.add("lt", (graph.add("ema", (hour,), (12,)), hour))
    match = graph.add("and", (above, higher))
    conditions = (
        Condition("above", "close > mean", above, close, ">", mean),
        Condition("higher", "hour > ema", higher),
    )
    return program(graph, match, base, conditions)


def threshold(level: float) -> Program:
    graph = Graph()
    close = graph.add("src", (), ("close", "5m", ""))
    return program(graph, graph.add("lt", (graph.const(level), close)))


def closes_panel(rows: list[list[float]]) -> tuple[Panel, int]:
    """A panel of 5m closes, rows by candle; returns the close time of the last."""
    panel = Panel([f"S{i}" for i in range(len(rows[0]))], 50)
    opens = STEP * np.arange(len(rows))
    panel.put("5m", slice(None), opens, {"close": np.array(rows)})
    return panel, int(opens[-1]) + STEP


def push(panel: Panel, close_time: int, values: list[float]) -> None:
    panel.append("5m", close_time - STEP, {"close": np.array(values)})


NO = float("nan")


def test_stepping_equals_replay() -> None:
    data = market(seed=3, symbols=70, candles=200)
    start = END - 80 * STEP
    panel = panel_of(data, start)
    engine = Engine(panel)
    wanted = trend()
    engine.add("a", wanted)
    history = replay(wanted, data)
    row = {int(t): i for i, t in enumerate(history.times)}
    for close in range(start + STEP, END + 1, STEP):
        append_closed(panel, data, close)
        result = engine.step(close)
        np.testing.assert_array_equal(result.match["a"], history.match[row[close]] == 1)
        np.testing.assert_array_equal(result.edge["a"], history.edges[row[close]])
        assert result.unknown["a"] == (history.match[row[close]] == -1).sum()
    for node in range(len(wanted.nodes)):
        np.testing.assert_array_equal(engine.values("a", node), history.values(node)[-1])
    for symbol in range(0, 70, 9):
        assert engine.conditions("a", f"S{symbol}") == history.conditions_at(len(history.times) - 1, symbol)


def test_added_while_running_equals_present_from_the_start() -> None:
    data = market(seed=4, symbols=6, candles=160)
    start = END - 60 * STEP
    one, two = panel_of(data, start), panel_of(data, start)
    from_start, later = Engine(one), Engine(two)
    from_start.add("a", trend(10))
    from_start.add("b", trend(7))
    later.add("a", trend(10))
    for k, close in enumerate(range(start + STEP, END + 1, STEP)):
        append_closed(one, data, close)
        append_closed(two, data, close)
        if k == 30:
            later.add("b", trend(7), screened_until=close - STEP)
        first, second = from_start.step(close), later.step(close)
        for key in second.match:
            np.testing.assert_array_equal(first.match[key], second.match[key])
            np.testing.assert_array_equal(first.edge[key], second.edge[key])
    assert later.cell_count == from_start.cell_count


def test_removing_leaves_the_others_unchanged() -> None:
    data = market(seed=5, symbols=6, candles=160)
    start = END - 60 * STEP
    one, two = panel_of(data, start), panel_of(data, start)
    both, alone = Engine(one), Engine(two)
    both.add_many([Addition("b", trend(7)), Addition("a", trend(10)), Addition("c", threshold(100.0))])
    alone.add("a", trend(10))
    for k, close in enumerate(range(start + STEP, END + 1, STEP)):
        append_closed(one, data, close)
        append_closed(two, data, close)
        if k == 20:
            both.remove_many(["b", "c"])
        first, second = both.step(close), alone.step(close)
        np.testing.assert_array_equal(first.edge["a"], second.edge["a"])
        np.testing.assert_array_equal(both.values("a", 5), alone.values("a", 5))
    assert both.cell_count == alone.cell_count
    assert both.keys == ("a",)
    with pytest.raises(KeyError):
        both.remove("b")


def test_equal_programs_share_all_nodes_and_replacing_keeps_one() -> None:
    panel, _ = closes_panel([[1.0, 2.0]])
    engine = Engine(panel)
    engine.add("a", threshold(1.0))
    count = engine.cell_count
    engine.add("b", threshold(1.0))
    assert engine.cell_count == count
    engine.add("b", threshold(2.0))
    assert engine.keys == ("a", "b")
    engine.remove("a")
    engine.remove("b")
    assert engine.cell_count == 0


def test_a_level_is_no_edge_and_back_fill_makes_none() -> None:
    panel, end = closes_panel([[1.0, 5.0], [5.0, 5.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0))
    assert not engine.step(end).edge["a"].any()
    push(panel, end + STEP, [5.0, 1.0])
    assert not engine.step(end + STEP).edge["a"].any()
    push(panel, end + 2 * STEP, [5.0, 5.0])
    assert engine.step(end + 2 * STEP).edge["a"].tolist() == [False, True]


def test_first_known_value_is_a_level() -> None:
    panel = Panel(["A"], 10)
    engine = Engine(panel)
    engine.add("a", threshold(3.0))
    for k, (value, edge) in enumerate([(5.0, False), (1.0, False), (5.0, True), (5.0, False)]):
        push(panel, (k + 1) * STEP, [value])
        assert engine.step((k + 1) * STEP).edge["a"].tolist() == [edge], k


def test_downtime_neither_makes_nor_loses_an_edge() -> None:
    # Screened at the first candle; down while the next two closed, then started again.
    panel, end = closes_panel([[1.0, 5.0, 1.0, 5.0], [5.0, 1.0, 5.0, 5.0], [5.0, 5.0, 1.0, 5.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0), screened_until=end - 2 * STEP)
    result = engine.step(end)
    # S1 fell and rose again while nobody looked: against the last screened candle nothing changed.
    assert result.edge["a"].tolist() == [True, False, False, False]


def test_steps_missed_while_running_count_as_downtime() -> None:
    panel, end = closes_panel([[1.0, 5.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0))
    engine.step(end)
    for k, values in enumerate([[5.0, 1.0], [5.0, 5.0]]):
        push(panel, end + (k + 1) * STEP, values)
    assert engine.step(end + 2 * STEP).edge["a"].tolist() == [True, False]


def test_a_missing_candle_is_not_screened() -> None:
    panel, end = closes_panel([[1.0, 5.0, 1.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0))
    push(panel, end + STEP, [NO, NO, 1.0])
    gap = engine.step(end + STEP)
    assert gap.unknown["a"] == 2
    assert gap.present["5m"].tolist() == [False, False, True]
    push(panel, end + 2 * STEP, [5.0, 5.0, 5.0])
    assert engine.step(end + 2 * STEP).edge["a"].tolist() == [True, False, True]


def test_memory_of_a_symbol_without_the_last_screened_candle() -> None:
    panel, end = closes_panel([[1.0, 1.0], [NO, 1.0], [5.0, 5.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0), screened_until=end - STEP)
    assert engine.step(end).edge["a"].tolist() == [True, True]


def test_screened_until_beyond_what_is_held() -> None:
    panel, end = closes_panel([[1.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0), screened_until=end + STEP)
    push(panel, end + STEP, [5.0])
    assert not engine.step(end + STEP).edge["a"].any()
    push(panel, end + 2 * STEP, [5.0])
    assert not engine.step(end + 2 * STEP).edge["a"].any()


def test_the_same_close_answers_the_same() -> None:
    panel, end = closes_panel([[1.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0))
    push(panel, end + STEP, [5.0])
    for _ in range(3):
        assert engine.step(end + STEP).edge["a"].tolist() == [True]
    engine.add("b", threshold(3.0), screened_until=end)
    result = engine.step(end + STEP)
    assert result.edge["a"].tolist() == [True]
    assert result.edge["b"].tolist() == [True]


def test_rebuild_takes_a_correction_in_and_reports_no_past() -> None:
    data = market(seed=6, symbols=3, candles=100, gaps=0.0)
    panel = panel_of(data)
    engine = Engine(panel)
    wanted = trend()
    engine.add("a", wanted)
    engine.step(END)
    opens, fields = data.series["5m"]
    panel.put("5m", 1, opens[-3:-2], {"close": np.array([500.0])})
    engine.rebuild()
    assert not engine.step(END).edge["a"].any()
    fields["close"][-3, 1] = 500.0
    history = replay(wanted, data)
    for node in range(len(wanted.nodes)):
        np.testing.assert_array_equal(engine.values("a", node), history.values(node)[-1])


def test_a_new_symbol_and_a_new_interval_while_running() -> None:
    data = market(seed=7, symbols=64, candles=100, gaps=0.0)
    panel = panel_of(Candles(data.symbols, {"5m": data.series["5m"]}))
    engine = Engine(panel)
    engine.add("a", threshold(100.0))
    engine.step(END)
    assert panel.add_symbol("NEW") == 64
    panel.put("5m", 64, np.array([END - STEP]), {"close": np.array([1.0])})
    engine.rebuild()
    opens, fields = data.series["1h"]
    panel.put("1h", slice(0, 64), opens, fields)
    engine.add("b", trend())
    panel.append("5m", END, {"close": np.full(65, 200.0)})
    result = engine.step(END + STEP)
    assert result.match["a"].shape == (65,)
    # Rebuilt over held candles, but this one was never screened: its first value is a level.
    assert not result.edge["a"][64]
    assert (result.match["b"][:64] | ~result.match["b"][:64]).all()
    assert "1h" in engine.intervals


def test_a_long_gap_is_replayed() -> None:
    panel, end = closes_panel([[1.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0))
    engine.step(end)
    later = end + 200 * STEP
    push(panel, later, [5.0])
    assert engine.step(later).edge["a"].tolist() == [True]


def test_refusals() -> None:
    panel, end = closes_panel([[1.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0))
    with pytest.raises(ValueError, match="no candle closes"):
        engine.step(end + 1)
    with pytest.raises(ValueError, match="passed already"):
        engine.step(end - STEP)


def test_conditions_in_batches() -> None:
    data = market(seed=8, symbols=4, candles=120)
    history = replay(trend(), data)
    cells = [(119, 0), (60, 2), (60, 1), (0, 3)]
    batch = history.conditions(cells)
    assert batch == [history.conditions_at(i, s) for i, s in cells]
    at = np.argwhere(history.edges)
    assert len(at)
    for i, s in at:
        assert all(c.value for c in history.conditions_at(int(i), int(s)))


def test_a_program_that_cannot_run_leaves_the_others_alone() -> None:
    panel, end = closes_panel([[1.0, 5.0]])
    engine = Engine(panel)
    engine.add("a", threshold(3.0))
    count = engine.cell_count
    graph = Graph()
    close = graph.add("src", (), ("close", "5m", ""))
    hour = graph.add("time", (), ("century", "5m", ""))
    strange = program(graph, graph.add("lt", (close, graph.add("rsum", (hour,), (3,)))))
    with pytest.raises(ValueError, match="century"):
        engine.add("a", strange)
    assert engine.keys == ("a",)
    assert engine.cell_count == count
    push(panel, end + STEP, [5.0, 5.0])
    assert engine.step(end + STEP).edge["a"].tolist() == [True, False]


def test_kernels_are_named_by_their_source() -> None:
    assert re.fullmatch("[0-9a-f]{16}", fingerprint())
