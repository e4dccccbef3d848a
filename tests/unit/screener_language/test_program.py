"""What a compiled program holds: structure, identity, reach, conditions."""

from __future__ import annotations

import pytest

from screener import INTERVAL_MS, Program, compile_filter, compile_report, results_of
from screener.ops import OPS

EXAMPLE = """\
# Oversold bounce inside a daily up-trend
day   = tf("1d")
trend = day.close > ta.ema(day.close, 200)
turn  = crossover(ta.rsi(close, 14), 30)
busy  = volume > 1.5 * ta.sma(volume, 20)

match = trend and turn and busy
"""


def program(text: str, base: str = "15m") -> Program:
    return compile_filter(text, base, {"BTCUSDT", "ETHUSDT"})


def ops(text: str) -> list[str]:
    return [node.op for node in program(text).nodes]


SAME = [
    ("match = close > open", "match = open < close"),
    ("match = close > open and high > 5", "match = high > 5 and close > open"),
    ("a = close > open\nb = high > 5\nmatch = a and b", "match = close > open and high > 5"),
    (
        "match = (close > 1 and open > 2) and high > 3",
        "match = close > 1 and (open > 2 and high > 3)",
    ),
    ("match = close > 1 or close > 1", "match = close > 1"),
    ("match = not close > open", "match = close <= open"),
    ("match = not (not close > open)", "match = close > open"),
    ("match = not close == open", "match = close != open"),
    ("match = 20 < close < 30", "match = close > 20 and close < 30"),
    ("match = between(close, 2, 3)", "match = 2 <= close and close <= 3"),
    ("match = close > 2 * 10", "n = 20\nmatch = close > n"),
    ("match = close + open > 1", "match = open + close > 1"),
    ("match = max(close, open, 3) > 4", "match = max(3, max(open, close)) > 4"),
    ("match = close[1][2] > 1", "match = close[3] > 1"),
    ("match = close[0] > 1", "match = close > 1"),
    ("match = tf('15m').close > 1", "match = close > 1"),
    ("match = ta.rsi(close, 14) < 30", "match = ta.rsi(x=close, length=14) < 30"),
    ("match = ta.rsi(close) < 30", "rsi = ta.rsi(close, 14)\nmatch = rsi < 30.0"),
    ("match = avg(close, 20) > 1", "match = ta.sma(close, 20) > 1"),
    ("match = highest(high, 20) > 1", "match = highest(high, length=20) > 1"),
    ("match = ta.atr(14) > 1", "match = ta.atr(high, low, close, 14) > 1"),
    ('match = tf("4h").ema(close, 9) > 1', 'match = ta.ema(tf("4h").close, 9) > 1'),
    ('match = symbol("BTCUSDT").tf("4h").close > 1', 'match = tf("4h").symbol("BTCUSDT").close > 1'),
    ("match = ta.bbands(close, 20, 2).middle > 1", "match = ta.sma(close, 20) > 1"),
    (
        "match = crossover(close, open)",
        "match = close > open and close[1] <= open[1]",
    ),
    ("match = close > 1 if True else close > 2", "match = close > 1"),
    ("match = close > 1 and True", "match = close > 1"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_structure_one_hash(one: str, other: str) -> None:
    assert program(one).hash == program(other).hash


DIFFERENT = [
    ("match = close > open", "match = close >= open"),
    ("match = close > 1", "match = close > 2"),
    ("match = close - open > 1", "match = open - close > 1"),
    ("match = close > 1 and open > 1", "match = close > 1 or open > 1"),
    ("match = close > 1", "match = close > 1\nexit = close < 1"),
    ("match = close > 1", "match = tf('1h').close > 1"),
    ("match = close > 1", "match = symbol('BTCUSDT').close > 1"),
    ("match = hour > 1", 'match = hour("America/New_York") > 1'),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_structure_other_hash(one: str, other: str) -> None:
    assert program(one).hash != program(other).hash


def test_names_comments_and_texts_do_not_count() -> None:
    assert program(EXAMPLE).hash == program(EXAMPLE.replace("busy", "loud").replace("#", "# x")).hash


def test_the_base_interval_counts() -> None:
    text = 'match = tf("4h").close > 1'
    assert program(text, "15m").hash != program(text, "1h").hash


def test_children_come_before_parents_and_all_are_used() -> None:
    found = program(EXAMPLE)
    for number, node in enumerate(found.nodes):
        assert all(arg < number for arg in node.args)
        row = OPS[node.op]
        assert (len(node.args), len(node.params)) == (len(row.args), len(row.params))
    used = {a for node in found.nodes for a in node.args} | {found.match}
    assert used == set(range(len(found.nodes)))


def test_interval_of_a_node_is_the_finest_of_its_arguments() -> None:
    found = program('match = tf("4h").sma(close, 3) > close')
    intervals = {(node.op, node.interval) for node in found.nodes}
    assert intervals == {("src", "15m"), ("src", "4h"), ("rmean", "4h"), ("lt", "15m")}


def test_lowering_shares_nodes() -> None:
    one = program("match = close > ta.bbands(close, 20).upper")
    both = program("match = close > ta.bbands(close, 20).upper and close > ta.sma(close, 20)")
    assert len(both.nodes) == len(one.nodes) + 2
    # A comparison more, and `and`: neither is a number to compute.
    assert both.cost == one.cost


LOWERED = {
    "ta.sma(close, 20)": ["rmean", "src"],
    "ta.cci(20)": ["add", "add", "const", "const", "div", "div", "mul", "rmad", "rmean", "src", "src", "src", "sub"],
    "ta.ema(close, 20)": ["ema", "src"],
    "ta.rma(close, 20)": ["rma", "src"],
    "ta.atr(14)": ["abs", "abs", "max", "max", "rma", "shift", "src", "src", "src", "sub", "sub", "sub"],
    "ta.macd(close).macd": ["ema", "ema", "src", "sub"],
    "ta.stdev(close, 20)": ["src", "stdev"],
    "ta.mom(close, 10)": ["shift", "src", "sub"],
    "change(close)": ["shift", "src", "sub"],
    "highest(high, 20)[1]": ["rmax", "shift", "src"],
    "barssince(close > open)": ["barssince", "lt", "src", "src"],
    "valuewhen(close > open, high, 1)": ["lt", "src", "src", "src", "valuewhen"],
    "volume_delta": ["src", "src", "sub"],
    'sum(volume, tf("1d").first)': ["cumsum_since", "first", "src"],
    "ta.obv()": ["const", "cumsum", "mul", "nz", "shift", "sign", "src", "src", "sub"],
    "nz(close, open)": ["nz", "src", "src"],
    'hour("Asia/Tokyo")': ["time"],
    "close if close > open else open": ["lt", "src", "src", "where"],
}


@pytest.mark.parametrize("expression", LOWERED)
def test_lowering(expression: str) -> None:
    found = program(f"match = ({expression}) > 12345")
    root = found.nodes[found.match].args[1]
    keep = {root}
    for number in range(root, -1, -1):
        if number in keep:
            keep.update(found.nodes[number].args)
    assert sorted(found.nodes[n].op for n in keep) == LOWERED[expression]


def test_reach() -> None:
    assert program(EXAMPLE).reach == {"15m": 189, "1d": 1382}
    assert program("match = ta.sma(close, 20) > 1").reach == {"15m": 19}
    assert program("match = highest(high, 20)[1] < close").reach == {"15m": 20}
    assert program("match = ta.ema(close, 200) > 1").reach == {"15m": 1382}
    assert program("match = ta.atr(14) > 1").reach == {"15m": 188}
    assert program('match = tf("4h").close[2] > close').reach == {"15m": 0, "4h": 2}
    # 20 candles of 15m reach over the closes of at most two of 4h.
    assert program('match = highest(close - tf("4h").close, 20) > 1').reach == {"15m": 19, "4h": 2}
    assert program("match = close > ta.vwap()").reach == {"15m": 95}
    assert program("match = ticker.change_pct > 5").reach == {"15m": 96}


def test_intervals_begin_with_the_base() -> None:
    found = program('match = tf("1d").close > tf("4h").close')
    assert found.intervals == ("15m", "4h", "1d")
    assert list(INTERVAL_MS) == sorted(INTERVAL_MS, key=INTERVAL_MS.__getitem__)


def test_conditions_by_name_else_by_text() -> None:
    found = program("trend = close > open\nmatch = trend and 30 > ta.rsi(close, 14) and 1 < volume < 9")
    assert [(c.name, c.text, c.op) for c in found.conditions] == [
        ("trend", "close > open", ">"),
        ("30 > rsi(close, 14)", "30 > rsi(close, 14)", ">"),
        ("1 < volume", "1 < volume", "<"),
        ("volume < 9", "volume < 9", "<"),
    ]
    first, second = found.conditions[:2]
    assert first.left is not None
    assert found.nodes[first.left].params[0] == "close"
    assert second.left is not None
    assert found.nodes[second.left].params == (30.0,)


def test_named_booleans_under_match() -> None:
    text = "a = close > 1\nb = open > 2 and a\nc = crossover(close, open)\nmatch = (b or c) and high > 3"
    assert [c.name for c in program(text).conditions] == ["b or c", "b", "open > 2", "a", "c", "high > 3"]


def test_sides_of_crosses_and_ranges() -> None:
    found = program("match = crossover(close, open) and crossunder(high, 3) and between(low, 1, 2)")
    assert [c.op for c in found.conditions] == ["crosses above", "crosses below", "between"]
    assert found.conditions[2].right is None
    assert found.conditions[2].left is not None


def test_results() -> None:
    text = (
        "match = close > open\nexit = close < open\nstop = close - 2 * ta.atr(14)\ntarget = close * 1.1\nscore = volume"
    )
    found = program(text)
    assert set(results_of(found)) == {"match", "exit", "stop", "target", "score"}
    assert found.stop is not None
    assert found.nodes[found.stop].dtype == "num"
    assert results_of(program("match = close > open")) == {"match": 1 + 1}


def test_names_behind_ta_are_free_and_time_parts_may_be_taken() -> None:
    program("rsi = ta.rsi(close, 14)\nmatch = rsi < 30")
    program('day = tf("1d")\nmatch = day.close > 1')


def test_report() -> None:
    report = compile_report(EXAMPLE, "15m")
    assert report["ok"] is True
    assert report["conditions"] == ["trend", "turn", "busy"]
    assert report["intervals"] == ["15m", "1d"]
    assert report["errors"] == []
    assert report["cost"] > 0
