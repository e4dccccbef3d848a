"""Every operator against the slow interpreter, on candles with gaps and on two intervals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from screener.engine.replay import replay
from screener.ir import Graph
from tests.unit.engine.support import Reference, market, program

NUMBERS = ["neg", "abs", "sqrt", "log", "exp", "round", "sign"]
PAIRS = ["add", "sub", "mul", "div", "floordiv", "mod", "min", "max", "nz"]
COMPARISONS = ["lt", "le", "eq", "ne"]
CASES = [
    *[(op, "num", ()) for op in NUMBERS],
    *[(op, "num num", ()) for op in PAIRS + COMPARISONS],
    *[("pow", "num", (p,)) for p in (2.0, 3.0, 0.5, -1.0)],
    ("na", "num", ()),
    *[(op, "bool bool", ()) for op in ("and", "or")],
    ("not", "bool", ()),
    ("where", "bool num num", ()),
    ("whereb", "bool bool bool", ()),
    *[("shift", kind, (n,)) for kind in ("num", "bool") for n in (1, 2, 7)],
    *[(op, "num", (n,)) for op in ("rsum", "rmax", "rmin", "stdev") for n in (2, 3, 20)],
    *[(op, "bool", (n,)) for op in ("count", "within", "always") for n in (2, 3, 11)],
    *[(op, "num", (n,)) for op in ("ema", "rma") for n in (2, 3, 14)],
    ("cumsum", "num", ()),
    ("cumsum_since", "num bool", ()),
    ("barssince", "bool", ()),
    *[("valuewhen", "bool num", (k,)) for k in (0, 1, 3)],
]


def inputs(graph: Graph, kinds: str, interval: str) -> list[int]:
    """Numbers around zero, whole numbers among them so that equality happens, and booleans; all with gaps."""
    close, start, low = (graph.add("src", (), (f, interval, "")) for f in ("close", "open", "low"))
    move = graph.add("sub", (close, start))
    whole = graph.add("round", (graph.add("mul", (graph.add("sub", (low, start)), graph.const(1.5))),))
    rising = graph.add("lt", (start, close))
    deep = graph.add("lt", (whole, graph.const(-1.0)))
    numbers, booleans = (
        itertools.cycle([move, whole]),
        itertools.cycle([rising, deep, graph.add("not", (deep,))]),
    )
    return [next(numbers) if k == "num" else next(booleans) for k in kinds.split()]


@pytest.mark.parametrize("interval", ["5m", "1h"])
@pytest.mark.parametrize(("op", "kinds", "params"), CASES, ids=lambda v: str(v))
def test_equals_reference(op: str, kinds: str, params: tuple[float, ...], interval: str) -> None:
    data = market(seed=len(op), symbols=3, candles=90, intervals=("5m", "1h"), gaps=0.05)
    graph = Graph()
    node = graph.add(op, inputs(graph, kinds, interval), params)
    gate = graph.add("lt", (graph.add("src", (), ("close", "5m", "")), graph.const(1e9)))
    history = replay(program(graph, gate), data)
    expected = Reference(graph.nodes, data, "5m").on(node, "5m")
    np.testing.assert_allclose(history.values(node), expected, rtol=1e-9, atol=1e-9)
    assert np.isfinite(expected).any()


@pytest.mark.parametrize("field", ["open", "close", "volume", "buy_volume", "sell_volume", "trades"])
@pytest.mark.parametrize("symbol", ["", "S1", "NOSUCH"])
def test_sources(field: str, symbol: str) -> None:
    data = market(symbols=3, candles=40)
    graph = Graph()
    node = graph.add("src", (), (field, "15m", symbol))
    gate = graph.add("lt", (graph.add("src", (), ("close", "5m", "")), node))
    history = replay(program(graph, gate), data)
    np.testing.assert_array_equal(history.values(node), Reference(graph.nodes, data, "5m").on(node, "5m"))


def test_unknown_symbol_is_unknown_everywhere() -> None:
    graph = Graph()
    other = graph.add("src", (), ("close", "5m", "NOSUCH"))
    gate = graph.add("lt", (graph.add("src", (), ("close", "5m", "")), other))
    history = replay(program(graph, gate), market(symbols=2, candles=20))
    assert (history.match == -1).all()
    assert not history.edges.any()


def test_time_parts_and_anchors() -> None:
    data = market(symbols=2, candles=700, intervals=("1h",), gaps=0.0)
    graph = Graph()
    parts = [graph.add("time", (), (p, "1h", "")) for p in ("minute", "hour", "weekday", "day", "month")]
    new_york = graph.add("time", (), ("hour", "1h", "America/New_York"))
    week = graph.add("first", (), ("1w", "1h"))
    gate = graph.add("lt", (graph.add("src", (), ("close", "1h", "")), graph.const(1e9)))
    history = replay(program(graph, gate, "1h"), data)
    opens = np.array(history.times - 3_600_000, dtype="datetime64[ms]")
    import pandas as pd

    stamps = pd.DatetimeIndex(opens, tz="UTC")
    expected = [stamps.minute, stamps.hour, stamps.weekday, stamps.day, stamps.month]
    for node, values in zip(parts, expected, strict=True):
        np.testing.assert_array_equal(history.values(node)[:, 0], values)
    np.testing.assert_array_equal(history.values(new_york)[:, 1], stamps.tz_convert("America/New_York").hour)
    np.testing.assert_array_equal(history.values(week)[:, 0] == 1.0, (stamps.weekday == 0) & (stamps.hour == 0))


VALUES = {"T": 1.0, "F": 0.0, "U": float("nan")}


@pytest.mark.parametrize(
    ("op", "table"),
    [
        ("and", {"TT": "T", "TF": "F", "TU": "U", "FF": "F", "FU": "F", "UU": "U"}),
        ("or", {"TT": "T", "TF": "T", "TU": "T", "FF": "F", "FU": "U", "UU": "U"}),
    ],
)
def test_kleene_tables(op: str, table: dict[str, str]) -> None:
    pairs = [(a, b) for a in "TFU" for b in "TFU"]
    series = {
        "open": np.array([[VALUES[a] for a, _ in pairs]]),
        "low": np.array([[VALUES[b] for _, b in pairs]]),
        "close": np.ones((1, 9)),
    }
    from screener.engine.replay import Candles

    data = Candles(tuple(str(i) for i in range(9)), {"5m": (np.array([0]), series)})
    graph = Graph()
    half = graph.const(0.5)
    a, b = (graph.add("lt", (half, graph.add("src", (), (f, "5m", "")))) for f in ("open", "low"))
    node = graph.add(op, (a, b))
    found = replay(program(graph, node), data).match[0]
    expected = [table.get(x + y) or table[y + x] for x, y in pairs]
    assert found.tolist() == [{"T": 1, "F": 0, "U": -1}[e] for e in expected]


def test_infinity_never_escapes() -> None:
    graph = Graph()
    close = graph.add("src", (), ("close", "5m", ""))
    huge = graph.add("exp", (graph.add("mul", (close, graph.const(1e9))),))
    powers = [
        huge,
        graph.add("pow", (close,), (1e6,)),
        graph.add("div", (close, graph.add("sub", (close, close)))),
    ]
    data = market(symbols=2, candles=10, gaps=0.0)
    history = replay(program(graph, graph.add("lt", (huge, close))), data)
    for node in powers:
        assert np.isnan(history.values(node)).all()


def test_large_value_leaves_no_trace_in_a_sum() -> None:
    n = 200
    close = np.full((n, 1), 1.1)
    close[50] = 1e17
    from screener.engine.replay import Candles

    data = Candles(("A",), {"5m": (300_000 * np.arange(n), {"close": close})})
    graph = Graph()
    source = graph.add("src", (), ("close", "5m", ""))
    total, spread = graph.add("rsum", (source,), (10,)), graph.add("stdev", (source,), (10,))
    history = replay(program(graph, graph.add("lt", (total, spread))), data)
    np.testing.assert_allclose(history.values(total)[60:], 11.0, rtol=1e-14)
    np.testing.assert_allclose(history.values(spread)[60:], 0.0, atol=1e-15)
