"""The reference itself, by numbers worked on paper and by TA-Lib where it has the operator."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import talib

from screener.engine.replay import Candles
from screener.ir import Graph, Program
from screener.ops import OPS
from tests.reference.evaluator import as_array, as_table, evaluate, evaluate_text
from tests.reference.operators import OPERATORS, Value

T, F, U = True, False, None
ELSEWHERE = {"src", "const", "time", "first", "external"} | {op.name for op in OPS.values() if op.cross}
ELSEWHERE |= {op.name for op in OPS.values() if op.kind == "trade"}

WORKED: list[tuple[str, tuple[float | str, ...], list[list[Value]], list[Value]]] = [
    ("add", (), [[1, U, 1e308], [2, 2, 1e308]], [3, U, U]),
    ("div", (), [[1, 1, 0, -6], [4, 0, 0, 3]], [0.25, U, U, -2]),
    ("floordiv", (), [[7, -7, 7, 1], [2, 2, -2, 0]], [3, -4, -4, U]),
    ("mod", (), [[7, -7, 7, 1], [3, 3, -3, 0]], [1, 2, -2, U]),
    ("min", (), [[1, U], [2, 2]], [1, U]),
    ("pow", (0.5,), [[9, -9, U]], [3, U, U]),
    ("pow", (-1.0,), [[4, 0]], [0.25, U]),
    ("log", (), [[1, 0, -1]], [0, U, U]),
    ("round", (), [[0.5, 1.5, 2.4, -0.6]], [0, 2, 2, -1]),
    ("sign", (), [[5, 0, -2, U]], [1, 0, -1, U]),
    ("nz", (), [[U, 1, U], [7, 7, U]], [7, 1, U]),
    ("na", (), [[U, 1]], [T, F]),
    ("lt", (), [[1, 2, U], [2, 2, 1]], [T, F, U]),
    ("and", (), [[T, T, T, F, F, U], [T, F, U, F, U, U]], [T, F, U, F, F, U]),
    ("or", (), [[T, T, T, F, F, U], [T, F, U, F, U, U]], [T, T, T, F, U, U]),
    ("not", (), [[T, F, U]], [F, T, U]),
    ("where", (), [[T, F, U, T], [1, 1, 1, U], [2, 2, 2, 2]], [1, 2, U, U]),
    ("shift", (2,), [[1, 2, U, 4, 5]], [U, U, 1, 2, U]),
    ("rsum", (2,), [[1, 2, U, 4, 5]], [U, 3, U, U, 9]),
    ("rmean", (3,), [[0.1, 0.1, 0.1, 1.0]], [U, U, 0.1, 0.4]),
    ("rmax", (2,), [[1, 3, 2, U, 4, 1]], [U, 3, 3, U, U, 4]),
    ("rmin", (2,), [[1, 3, 2, U, 4, 1]], [U, 1, 2, U, U, 1]),
    # Deviations of 1 and 5 from 3: 2 and 2; of 1, 1, 7 from 3: 2, 2, 4.
    ("stdev", (2,), [[1, 5]], [U, 2]),
    ("rmad", (3,), [[1, 1, 7]], [U, U, 8 / 3]),
    ("argmax", (3,), [[3, 1, 3, 2, 1]], [U, U, 0, 1, 2]),
    ("argmin", (3,), [[3, 1, 1, 2, U, 1]], [U, U, 0, 1, U, U]),
    # Of 1 2 3 the values 1 and 2 are at or below 2; of 2 3 2 all are at or below 9.
    ("percentrank", (3,), [[1, 2, 3, 2, 9]], [U, U, U, 200 / 3, 100]),
    ("count", (2,), [[T, T, F, U, T, T]], [U, 2, 1, U, U, 2]),
    ("within", (2,), [[F, T, F, F, U, F, T]], [U, T, T, F, U, U, T]),
    ("always", (2,), [[T, T, F, T, U, T, F]], [U, T, F, F, U, U, F]),
    # Seeds: (2 + 4) / 2 and, over the gap, the mean of the first two known; then 2 / 3 and 1 / 2 of the way.
    ("ema", (2,), [[2, 4, U, 9, 6]], [U, 3, U, 7, 6 + 1 / 3]),
    ("ema", (2,), [[2, U, 4]], [U, U, 3]),
    ("rma", (2,), [[2, 4, 9, 6]], [U, 3, 6, 6]),
    # One way up: er is 1, sc is (2 / 3) ** 2; then back: er is 0, sc is (2 / 31) ** 2.
    ("kama", (2, 2, 30), [[1, 2, 3, 2]], [U, U, 2 + 4 / 9, 2 + 4 / 9 - 4 / 9 * (2 / 31) ** 2]),
    ("cumsum", (), [[1, U, 2, -5]], [1, U, 3, -2]),
    ("cumsum_since", (), [[1, 2, 3, U, 5, 6], [F, T, F, F, U, F]], [U, 2, 5, U, U, 11]),
    ("cumsum_since", (), [[U, 2, 3, 4], [T, F, T, F]], [U, 2, 3, 7]),
    ("rmax_since", (), [[9, 2, 5, U, 8, 3, 1], [F, T, F, F, U, F, T]], [U, 2, 5, U, U, 5, 1]),
    ("rmin_since", (), [[0, 7, 5, U, 1, 6, 9], [F, T, F, F, U, F, T]], [U, 7, 5, U, U, 5, 9]),
    ("barssince", (), [[F, T, F, U, F, T]], [U, 0, 1, U, 3, 0]),
    ("valuewhen", (0,), [[F, T, F, U, T, T], [1, 2, 3, 4, U, 6]], [U, 2, 2, U, U, 6]),
    ("valuewhen", (1,), [[T, F, T, F, T], [1, 2, 3, 4, 5]], [U, U, 1, 1, 3]),
    # 8 and 9 lie within: up, and the lower band does not fall. 6 is below 7: down, with the upper band as it is. 8 lies
    # within: that band does not rise. 10 is above 9: up, with the lower band as it is.
    ("supertrend", ("line",), [[10, 11, 9, 12, 13], [6, 7, 5, 4, 3], [8, 9, 6, 8, 10]], [6, 7, 9, 9, 3]),
    ("supertrend", ("direction",), [[10, 11, 9, 12, 13], [6, 7, 5, 4, 3], [8, 9, 6, 8, 10]], [1, 1, -1, -1, 1]),
    # Starts up from the first low; the extreme is 12, so the stop moves 0.02 of the way from 8, but not past a low.
    ("psar", (0.02, 0.2), [[10, 12, 13], [8, 9, 10]], [U, 8, 8 + 0.02 * (12 - 8)]),
]  # fmt: skip


@pytest.mark.parametrize(("op", "params", "args", "expected"), WORKED, ids=lambda v: v if isinstance(v, str) else "")
def test_worked(op: str, params: tuple[float | str, ...], args: list[list[Value]], expected: list[Value]) -> None:
    found = OPERATORS[op](params, *args)
    assert [v is None for v in found] == [v is None for v in expected]
    assert [type(v) is bool for v in found if v is not None] == [type(v) is bool for v in expected if v is not None]
    for value, wanted in zip(found, expected, strict=True):
        assert value is None or value == pytest.approx(wanted, rel=1e-15)


def test_every_operator_has_a_definition() -> None:
    assert set(OPERATORS) | ELSEWHERE == set(OPS)


@pytest.mark.parametrize(("step", "limit"), [(0.02, 0.2), (0.05, 0.1), (0.3, 0.2)])
def test_parabolic_stop_is_talibs(step: float, limit: float) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        middle = 100 + np.cumsum(rng.integers(-3, 4, 80)).astype(float)
        high, low = (middle + s * rng.integers(0, 4, 80).astype(float) for s in (1, -1))
        found = OPERATORS["psar"]((step, limit), high.tolist(), low.tolist())
        np.testing.assert_allclose(as_array([found])[:, 0], talib.SAR(high, low, step, limit), rtol=1e-12)


def test_adaptive_average_is_talibs_after_its_start() -> None:
    x = 100 + np.cumsum(np.random.default_rng(3).normal(0, 1, 300))
    found = as_array([OPERATORS["kama"]((10, 2, 30), x.tolist())])[:, 0]
    np.testing.assert_allclose(found[10:], talib.KAMA(x, 10)[10:], rtol=1e-12)


def test_supertrend_is_that_of_pandas_ta() -> None:
    import pandas_ta_classic as pta

    for seed in range(5):
        rng = np.random.default_rng(seed)
        close = pd.Series(100 + np.cumsum(rng.normal(0, 1, 200)))
        high, low = close + rng.uniform(0, 1, 200), close - rng.uniform(0, 1, 200)
        theirs = pta.supertrend(high, low, close, 7, 2.0)
        reach = 2.0 * pta.atr(high, low, close, 7)
        bands = [((high + low) / 2 + reach).tolist(), ((high + low) / 2 - reach).tolist(), close.tolist()]
        known = [[None if math.isnan(v) else v for v in column] for column in bands]
        line, direction = (OPERATORS["supertrend"]((what,), *known) for what in ("line", "direction"))
        np.testing.assert_allclose(as_array([line])[20:, 0], theirs.iloc[20:, 0], rtol=1e-12)
        np.testing.assert_array_equal(as_array([direction])[20:, 0], theirs.iloc[20:, 1])
        assert len(set(direction[20:])) == 2


U_ = math.nan


def across(op: str, x: list[float], where: list[float], dtype: str = "num") -> list[Value]:
    """A cross-sectional operator at one moment; `where` as 1, 0 and NaN."""
    data = Candles(
        tuple(f"S{i}" for i in range(len(x))),
        {"5m": (np.array([0]), {"close": np.ones((1, len(x))), "high": np.array([x]), "low": np.array([where])})},
    )
    graph = Graph()
    half = graph.const(0.5)
    value, among = (graph.add("src", (), (f, "5m", "")) for f in ("high", "low"))
    among = graph.add("lt", (half, among))
    if dtype == "bool":
        value = graph.add("lt", (half, value))
    node = graph.add(op, (value, among))
    match = graph.add("lt", (node, half))
    program = Program("5m", tuple(graph.nodes), match, None, None, None, None, (), (), "", ("5m",), {}, 0, "", "")
    return [column[0] for column in as_table(evaluate(program, data).values[node], False)]


def test_across_the_market() -> None:
    x, all_ = [3.0, 1.0, 3.0, U_, 2.0], [1.0] * 5
    assert across("rank", x, all_) == [1, 4, 1, U, 3]
    assert across("market_percentile", x, all_) == [1, 0.25, 1, U, 0.5]
    assert across("market_mean", x, all_) == [2.25] * 5
    assert across("breadth", [1.0, 0.0, 1.0, U_, 0.0], all_, "bool") == [0.5] * 5
    # The population's deviation of 3 and 1 is 1.
    assert across("market_zscore", [3.0, 1.0], [1.0, 1.0]) == [1, -1]
    assert across("market_zscore", [3.0, 3.0], [1.0, 1.0]) == [U, U]
    # Only the first two take part; an unknown `where` is not true.
    some = [1.0, 1.0, 0.0, 1.0, U_]
    assert across("rank", x, some) == [1, 2, U, U, U]
    assert across("market_mean", x, some) == [2] * 5
    assert across("market_mean", x, [0.0] * 5) == [U] * 5


def test_the_open_trade() -> None:
    high = np.array([[9.0, 9.0], [2.0, 1.0], [5.0, 1.0], [U_, 1.0], [4.0, 1.0]])
    data = Candles(("A", "B"), {"5m": (300_000 * np.arange(5), {"close": np.ones((5, 2)), "high": high})})
    graph = Graph()
    x = graph.add("src", (), ("high", "5m", ""))
    bars = graph.add("trade_bars", (), ("bars", "5m"))
    price = graph.add("trade_price", (), ("price", "5m"))
    entry, top, low = (graph.add(op, (x,), ("5m",)) for op in ("at_entry", "trade_max", "trade_min"))
    match = graph.add("lt", (x, bars))
    program = Program("5m", tuple(graph.nodes), match, None, None, None, None, (), (), "", ("5m",), {}, 0, "", "")
    found = evaluate(program, data, [600_000, None], [1.5, None])

    def column(node: int, symbol: int = 0) -> list[Value]:
        return as_table(found.values[node], False)[symbol]

    assert column(bars) == [U, 0, 1, 2, 3]
    assert column(price) == [U, 1.5, 1.5, 1.5, 1.5]
    assert column(entry) == [U, 2, 2, 2, 2]
    assert column(top) == [U, 2, 5, U, 5]
    assert column(low) == [U, 2, 2, U, 2]
    assert column(bars, 1) == [U] * 5


def test_conditions_and_matches() -> None:
    data = Candles(("A",), {"5m": (300_000 * np.arange(3), {"close": np.array([[1.0], [3.0], [U_]])})})
    found = evaluate_text("up = close > 2\nmatch = up and na(close[1])", "5m", data)
    # The second conjunct is true before the first candle; the third candle is missing.
    assert found.match[:, 0].tolist() == [0, 0, -1]
    assert found.conditions(1, 0) == [
        ("up", 3.0, ">", 2.0, True),
        ("na(close[1])", None, None, None, False),
    ]
    assert found.conditions(2, 0)[0] == ("up", None, ">", 2.0, None)
