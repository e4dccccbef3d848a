"""What the engine does beside stepping: several base intervals, peeks, refreshed columns, late symbols, totals."""

from __future__ import annotations

import numpy as np
import pytest

from screener import Program, compile_filter
from screener.engine.engine import Addition, Engine
from screener.engine.replay import Candles, replay
from screener.intervals import interval_ms
from tests.unit.engine.support import END, append_closed, market, panel_of

STEP = interval_ms("5m")

TEXTS = {
    "windows": ("5m", "match = close > ta.sma(close, 7) and ta.bbands(close, 11, 1.5).percent > 0.6"),
    "higher": ("5m", 'match = tf("1h").close > ta.ema(tf("1h").close, 9) and close[2] < highest(high, 13)[1]'),
    "quarter": ("15m", 'match = ta.rsi(close, 9) > 50 and tf("1h").close[1] > ta.sma(tf("1h").close, 5)'),
    "hour": ("1h", "match = close > ta.ema(close, 5) and within(close > highest(high, 5)[1], 3)"),
    "events": ("5m", "match = barssince(close > ta.sma(close, 9)) <= 2 and ta.atr(7) / close > 0.001"),
    "rank": ("5m", "match = rank(pct_change(close, 5)) <= 2 and ta.sma(rank(close), 4) < 5"),
    "leader": ("5m", 'match = close / symbol("S0").close > ta.sma(close / symbol("S0").close, 6)'),
    "total": ("5m", "match = ta.obv() > ta.sma(ta.obv(), 8)"),
}


def programs(data: Candles, names: tuple[str, ...] = tuple(TEXTS)) -> dict[str, Program]:
    return {n: compile_filter(TEXTS[n][1], TEXTS[n][0], data.symbols) for n in names}


def test_strategies_of_all_base_intervals_step_together() -> None:
    data = market(seed=21, symbols=9, candles=300)
    start = END - 40 * STEP
    panel = panel_of(data, start)
    engine = Engine(panel)
    wanted = programs(data)
    engine.add_many(Addition(k, p) for k, p in wanted.items())
    assert set(engine.bases) == {"5m", "15m", "1h"}
    histories = {k: replay(p, data) for k, p in wanted.items()}
    seen = dict.fromkeys(wanted, 0)
    for close in range(start + STEP, END + 1, STEP):
        append_closed(panel, data, close)
        result = engine.step(close)
        assert set(result.present) == set(engine.due(close))
        pairs = {(result.keys[r], c) for r, c in result.edge.pairs().tolist()}
        for key in result.keys:
            history = histories[key]
            at = int(np.searchsorted(history.times, close))
            assert history.times[at] == close
            np.testing.assert_array_equal(result.match[key], history.match[at] == 1, key)
            np.testing.assert_array_equal(result.edge[key], history.edges[at], key)
            assert result.unknown[key] == (history.match[at] == -1).sum()
            assert {c for k, c in pairs if k == key} == set(np.flatnonzero(history.edges[at]).tolist())
            seen[key] += 1
    assert seen["windows"] == 40 and seen["hour"] >= 3


def test_a_peek_sees_the_forming_candle_and_leaves_no_trace() -> None:
    data = market(seed=22, symbols=70, candles=300)
    start = END - 20 * STEP
    looked, plain = panel_of(data, start), panel_of(data, start)
    one, two = Engine(looked), Engine(plain)
    wanted = programs(data)
    for engine in (one, two):
        engine.add_many(Addition(k, p) for k, p in wanted.items())
    fives = [k for k, p in wanted.items() if p.base == "5m"]
    opens, fields = data.series["5m"]
    for close in range(start + STEP, END + 1, STEP):
        at = int(np.searchsorted(opens, close - STEP))
        truth = {k: v[at] for k, v in fields.items()}
        for shake in (0.5, 1.01, 1.0):
            forming = {k: v * shake for k, v in truth.items()}
            peek = one.peek(fives, close, forming)
        for panel in (looked, plain):
            append_closed(panel, data, close)
        first, second = one.step(close), two.step(close)
        for key in second.keys:
            np.testing.assert_array_equal(first.match[key], second.match[key], key)
            np.testing.assert_array_equal(first.edge[key], second.edge[key], key)
        hour = close % interval_ms("1h") == 0
        for key in fives:
            # The last peek was at the candle as it closed; where an hour closes with it, its close is not known yet.
            if not (hour and key == "higher"):
                np.testing.assert_array_equal(peek.match[key], first.match[key], key)
                np.testing.assert_array_equal(peek.edge[key], first.edge[key], key)
    for key, program in wanted.items():
        for node in range(len(program.nodes)):
            np.testing.assert_array_equal(one.values(key, node), two.values(key, node))


def test_conditions_within_a_peek_are_those_of_the_forming_candle() -> None:
    data = market(seed=29, symbols=5, candles=200, gaps=0.0)
    panel = panel_of(data, END - STEP)
    engine = Engine(panel)
    for name, program in programs(data, ("windows", "events", "total")).items():
        engine.add(name, program)
    _, fields = data.series["5m"]
    last = {k: v[-1] for k, v in fields.items()}
    keys = [*engine.keys]

    def shown() -> list[object]:
        found: list[object] = [engine.conditions(k, s) for k in keys for s in data.symbols]
        return [*found, *(engine.values(k, n).tolist() for k in keys for n in range(3))]

    before = shown()
    with engine.peeking(keys, END, last) as seen:
        within, matched = shown(), {k: seen.match[k].copy() for k in keys}
    assert shown() == before
    append_closed(panel, data, END)
    stepped = engine.step(END)
    assert within == shown() != before
    for key in keys:
        np.testing.assert_array_equal(matched[key], stepped.match[key], key)


def test_a_peek_that_fails_within_leaves_no_trace() -> None:
    data = market(seed=30, symbols=3, candles=120)
    engine = Engine(panel_of(data))
    engine.add("windows", programs(data, ("windows",))["windows"])
    before = engine.conditions("windows", "S1")
    with pytest.raises(RuntimeError), engine.peeking(["windows"], END + STEP, {"close": np.ones(3)}):
        assert engine.conditions("windows", "S1") != before
        raise RuntimeError
    assert engine.conditions("windows", "S1") == before


def test_peeks_that_cannot_be_are_refused() -> None:
    data = market(seed=23, symbols=3, candles=120)
    engine = Engine(panel_of(data))
    wanted = programs(data, ("windows", "hour"))
    engine.add_many(Addition(k, p) for k, p in wanted.items())
    forming = {"close": np.ones(3)}
    with pytest.raises(ValueError, match="one base interval"):
        engine.peek(["windows", "hour"], END + STEP, forming)
    with pytest.raises(ValueError, match="under way"):
        engine.peek(["windows"], END + 2 * STEP, forming)
    with pytest.raises(KeyError):
        engine.peek(["nobody"], END + STEP, forming)


@pytest.mark.parametrize("symbol", [0, 3, 66])
def test_a_refreshed_column_equals_a_fresh_replay_and_nothing_else_changes(symbol: int) -> None:
    data = market(seed=24, symbols=70, candles=300)
    panel = panel_of(data, END, 400)
    engine = Engine(panel)
    wanted = programs(data)
    engine.add_many(Addition(k, p) for k, p in wanted.items())
    engine.step(END)
    before = {k: [engine.values(k, n) for n in range(len(p.nodes))] for k, p in wanted.items()}
    for interval in ("5m", "15m", "1h"):
        opens, fields = data.series[interval]
        for back in (2, 5, 17):
            fields["close"][-back, symbol] = 123.0 + back
            fields["high"][-back, symbol] = 140.0
        panel.put(interval, symbol, opens, {k: v[:, symbol] for k, v in fields.items()})
    engine.refresh([data.symbols[symbol]])
    fresh = Engine(panel)
    fresh.add_many(Addition(k, p) for k, p in wanted.items())
    changed = 0
    for key, program in wanted.items():
        shared = key == "rank" or (key == "leader" and symbol == 0)
        for node in range(len(program.nodes)):
            now = engine.values(key, node)
            np.testing.assert_array_equal(now, fresh.values(key, node), key)
            others = np.arange(70) != symbol
            if not shared:
                np.testing.assert_array_equal(now[others], before[key][node][others], key)
            changed += int(not np.array_equal(now, before[key][node], equal_nan=True))
    assert changed > 10
    # And both go on alike, which shows that their memory is the same too.
    later = {"close": np.linspace(90, 110, 70), "high": np.linspace(91, 111, 70), "low": np.linspace(89, 109, 70)}
    panel.append("5m", END, {**later, "volume": np.ones(70)})
    first, second = engine.step(END + STEP), fresh.step(END + STEP)
    for key in second.keys:
        np.testing.assert_array_equal(first.match[key], second.match[key], key)


def test_a_late_symbol_is_screened_once_when_it_arrives() -> None:
    data = market(seed=25, symbols=5, candles=200, gaps=0.0)
    start = END - 60 * STEP
    panel, whole = panel_of(data, start), panel_of(data, start)
    engine, reference = Engine(panel), Engine(whole)
    program = compile_filter("match = close > ta.sma(close, 5)", "5m")
    for e in (engine, reference):
        e.add("a", program)
    opens, fields = data.series["5m"]
    rose = 0
    for close in range(start + STEP, END + 1, STEP):
        at = int(np.searchsorted(opens, close - STEP))
        now = {k: v[at].copy() for k, v in fields.items()}
        whole.append("5m", close - STEP, now)
        expected = reference.step(close).edge["a"]
        late = {k: np.where(np.arange(5) == 2, np.nan, v) for k, v in now.items()}
        panel.append("5m", close - STEP, late)
        first = engine.step(close).edge["a"]
        assert not first[2]
        panel.append("5m", close - STEP, now)
        engine.refresh(["S2"])
        second = engine.step(close).edge["a"]
        np.testing.assert_array_equal(second, expected)
        np.testing.assert_array_equal(engine.step(close).edge["a"], expected)
        rose += int(second[2])
    assert rose > 3


def test_totals_that_started_apart_are_not_mixed() -> None:
    data = market(seed=26, symbols=4, candles=300, gaps=0.0)
    start = END - 200 * STEP
    panel = panel_of(data, start, capacity=60)
    engine = Engine(panel)
    wanted = programs(data, ("total",))["total"]
    engine.add("early", wanted)
    for close in range(start + STEP, END + 1, STEP):
        append_closed(panel, data, close)
        engine.step(close)
    engine.add("late", wanted)
    held = replay(wanted, panel)
    for node in range(len(wanted.nodes)):
        np.testing.assert_array_equal(engine.values("late", node), held.values(node)[-1])
    sources = [i for i, n in enumerate(wanted.nodes) if n.op == "cumsum"]
    assert not np.array_equal(engine.values("early", sources[0]), engine.values("late", sources[0]))
    engine.remove("early")
    engine.remove("late")
    assert engine.cell_count == 0


def test_a_late_symbol_of_a_longer_interval_is_screened_when_shorter_candles_have_gone_on() -> None:
    data = market(seed=31, symbols=5, candles=300, gaps=0.0)
    start = END - 60 * STEP
    panel, whole = panel_of(data, start), panel_of(data, start)
    engine, reference = Engine(panel), Engine(whole)
    for e in (engine, reference):
        e.add("quarter", compile_filter("match = close > ta.sma(close, 3)", "15m"))
        e.add("five", compile_filter("match = close > open", "5m"))
    opens, fields = data.series["15m"]
    rose = 0
    expected = true = np.empty(0, np.bool_)
    for close in range(start + STEP, END + 1, STEP):
        append_closed(whole, data, close)
        append_closed(panel, data, close)
        if close % interval_ms("15m"):
            engine.step(close)
            if close % interval_ms("15m") == STEP and len(expected):
                # The quarter before this one, of which one symbol had nothing yet.
                before = close - STEP
                panel.put("15m", 2, opens[opens < before], {k: v[opens < before, 2] for k, v in fields.items()})
                engine.refresh(["S2"])
                late = engine.again(before)
                assert list(late.present) == ["15m"]
                np.testing.assert_array_equal(late.edge["quarter"], expected)
                np.testing.assert_array_equal(late.match["quarter"], true)
                rose += int(late.edge["quarter"][2])
                assert not engine.again(before + 2 * STEP).keys, "no candle closed there yet"
            continue
        reference_step = reference.step(close)
        expected, true = reference_step.edge["quarter"], reference_step.match["quarter"]
        panel.put("15m", 2, np.array([close - 3 * STEP]), {k: np.full(1, np.nan) for k in fields})
        first = engine.step(close).edge["quarter"]
        assert not first[2]
        np.testing.assert_array_equal(first[[0, 1, 3, 4]], expected[[0, 1, 3, 4]])
        # A base whose next candle has closed is past it.
        assert not engine.again(close - 3 * STEP).keys
    assert rose > 2
    assert not Engine(panel).again(END).keys
