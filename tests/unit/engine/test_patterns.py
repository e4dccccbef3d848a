"""Every candlestick pattern against TA-Lib: on drawn candles exactly, on recorded ones but for exact ties."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib
from numpy.typing import NDArray
from talib import abstract

from screener.engine.replay import Candles, replay
from screener.ir import Graph, Node, Program
from screener.vocabulary.formula import CandleTerms, Term
from screener.vocabulary.patterns import PATTERNS, pattern_catalogue, pattern_rows
from tests.unit.engine.candle_shapes import TICK, WINDOW, Ints, Ticks, crowd, found

NAMES = sorted(PATTERNS)
LARGEST = 75
"""Nodes of the largest pattern; a whole filter may have 400."""
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "klines" / "spot_top10"
Prices = tuple[NDArray[np.float64], ...]


def lookback(name: str) -> int:
    """Candles before TA-Lib's first answer."""
    return int(abstract.Function(PATTERNS[name].talib).lookback)  # type: ignore[attr-defined] # not in its types


def programs(name: str) -> Iterator[tuple[str, Program]]:
    """Each side of a pattern and the program of its nodes alone; the side of a one-sided pattern is ""."""
    graph = Graph()
    formula = PATTERNS[name].formula(CandleTerms(graph, "5m", ""))
    for side, term in {"": formula}.items() if isinstance(formula, Term) else formula.items():
        used, waiting = set(), [term.node]
        while waiting:
            node = waiting.pop()
            if node not in used:
                used.add(node)
                waiting.extend(graph.nodes[node].args)
        place = {node: i for i, node in enumerate(sorted(used))}
        nodes = (graph.nodes[n]._replace(args=tuple(place[a] for a in graph.nodes[n].args)) for n in sorted(used))
        yield side, Program(
            "5m", tuple(nodes), place[term.node], None, None, None, None, (), (), name, ("5m",), {}, 0, "", "",
        )  # fmt: skip


def matches(program: Program, prices: Prices) -> NDArray[np.int8]:
    """The engine's answer, `[candles, columns]`: 1, 0, and -1 for unknown."""
    fields = dict(zip(("open", "high", "low", "close"), prices, strict=True))
    opens = np.arange(len(prices[0]), dtype=np.int64) * 300_000
    columns = tuple(f"S{i}" for i in range(prices[0].shape[1]))
    return replay(program, Candles(columns, {"5m": (opens, fields)})).match


def expected(answer: Ints, side: str) -> NDArray[np.bool_]:
    """What TA-Lib's numbers mean for a side."""
    truth: NDArray[np.bool_] = {"": answer != 0, "bullish": answer > 0, "bearish": answer < 0}[side]
    return truth


@cache
def drawn_crowd() -> Ticks:
    return crowd([PATTERNS[name].talib for name in NAMES])


@cache
def answers(name: str) -> Ints:
    return found(PATTERNS[name].talib, drawn_crowd())


def test_every_pattern_of_talib_has_a_name() -> None:
    groups = talib.get_function_groups()
    assert sorted(p.talib for p in PATTERNS.values()) == sorted(groups["Pattern Recognition"])
    assert len(PATTERNS) == 61
    for name, pattern in PATTERNS.items():
        assert name == pattern.name
        assert name.isidentifier() and name == name.lower() and not any(c.isdigit() for c in name)


@pytest.mark.parametrize("name", NAMES)
def test_equals_talib_on_drawn_candles(name: str) -> None:
    prices, first = drawn_crowd().prices(), lookback(name)
    for side, program in programs(name):
        match, truth = matches(program, prices)[first:], expected(answers(name), side)[first:]
        assert truth.sum() > 50, "the drawn candles hold too few of them"
        assert (match >= 0).all()
        np.testing.assert_array_equal(match == 1, truth)


@pytest.mark.parametrize("name", NAMES)
def test_needs_no_more_candles_than_talib(name: str) -> None:
    # Every drawn window for itself, as a column that ends on the candle where TA-Lib's first answer would be.
    columns = [x.reshape(-1, WINDOW, x.shape[1]).swapaxes(0, 1).reshape(WINDOW, -1) for x in drawn_crowd()]
    alone = Ticks(*(x[WINDOW - 1 - lookback(name) :, ::4] for x in columns))
    last = answers(name)[WINDOW - 1 :: WINDOW].reshape(1, -1)[:, ::4]
    for side, program in programs(name):
        np.testing.assert_array_equal(matches(program, alone.prices())[-1:] == 1, expected(last, side))


@pytest.mark.parametrize("name", ["doji", "three_white_soldiers", "hikkake_modified"])
def test_is_not_known_to_be_true_before_its_windows_are_full(name: str) -> None:
    first = lookback(name)
    for _, program in programs(name):
        early = matches(program, drawn_crowd().prices())[:first]
        assert (early == -1).any()
        assert not (early == 1).any()


def test_a_confirmed_hikkake_counts_as_one() -> None:
    for name in ("hikkake", "hikkake_modified"):
        assert {-200, -100, 100, 200} <= set(answers(name).ravel().tolist())


def test_an_engulfing_with_one_equal_end_counts_as_one() -> None:
    for name in ("engulfing", "harami", "harami_cross"):
        assert {-100, -80, 80, 100} <= set(answers(name).ravel().tolist())


@pytest.mark.parametrize("name", NAMES)
def test_sides_are_as_declared(name: str) -> None:
    pattern = PATTERNS[name]
    built = [side for side, _ in programs(name)]
    assert tuple(built) == (pattern.sides or ("",))
    signs = set(np.sign(answers(name)).ravel().tolist()) - {0}
    assert len(signs) == (2 if pattern.sides else 1)
    for word, sign in (("bullish", 1), ("bearish", -1)):
        if not pattern.sides and pattern.meaning.endswith(word):
            assert signs == {sign}


@pytest.mark.parametrize("name", NAMES)
def test_formulas_are_small(name: str) -> None:
    for _, program in programs(name):
        assert len(program.nodes) <= LARGEST


def test_the_catalogue_has_a_line_for_each() -> None:
    lines = pattern_catalogue()
    assert [i.name for i in lines] == NAMES
    assert next(i for i in lines if i.name == "engulfing").signature == "cdl.engulfing()"
    rows = pattern_rows()
    assert len(rows) == len(NAMES)
    assert ("`cdl.hammer()`", "", PATTERNS["hammer"].meaning) in rows
    assert next(r for r in rows if r[0] == "`cdl.harami()`")[1] == "`.bullish` `.bearish`"
    for line in lines:
        assert line.meaning and "|" not in line.meaning and not line.meaning.endswith(".")


# --- recorded candles: where the two differ, exact arithmetic on the decimals must find a tie


Exact = Fraction | bool | None


class ExactCandles:
    """A program on one column in rational arithmetic. A comparison of computed numbers that are equal is None:
    which way it falls in floating point is chance. Prices themselves compare without error."""

    def __init__(self, nodes: tuple[Node, ...], column: Prices) -> None:
        self.nodes = nodes
        self._column = dict(zip(("open", "high", "low", "close"), column, strict=True))
        self._known: dict[tuple[int, int], Exact] = {}
        self._bare = [False] * len(nodes)
        for i, node in enumerate(nodes):
            if node.op in ("src", "shift", "min", "max", "rmax", "rmin"):
                self._bare[i] = all(self._bare[a] for a in node.args)

    def at(self, node: int, row: int) -> Exact:
        key = (node, row)
        if key not in self._known:
            self._known[key] = self._value(node, row)
        return self._known[key]

    def _value(self, index: int, row: int) -> Exact:
        node = self.nodes[index]
        n = int(node.params[0]) if node.params and not isinstance(node.params[0], str) else 0
        match node.op:
            case "src":
                return Fraction(str(self._column[str(node.params[0])][row]))
            case "const":
                return Fraction(str(node.params[0]))
            case "shift":
                return self.at(node.args[0], row - n)
            case "and" | "or":
                return _decided([self.at(a, row) for a in node.args], node.op == "or")
            case "always" | "within":
                return _decided([self.at(node.args[0], row - k) for k in range(n)], node.op == "within")
            case "not":
                value = self.at(node.args[0], row)
                return None if value is None else not value
            case "rsum" | "rmax" | "rmin":
                window = [self._number(node.args[0], row - k) for k in range(n)]
                return REDUCED[node.op](window)
        left, *others = (self._number(a, row) for a in node.args)
        if not others:
            assert node.op == "abs"
            return abs(left)
        if node.op in ("lt", "le"):
            if left == others[0] and not all(self._bare[a] for a in node.args):
                return None
            return left < others[0] or (node.op == "le" and left == others[0])
        return ARITHMETIC[node.op](left, others[0])

    def _number(self, node: int, row: int) -> Fraction:
        value = self.at(node, row)
        assert isinstance(value, Fraction)
        return value


REDUCED: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "rsum": lambda window: sum(window, Fraction(0)),
    "rmax": max,
    "rmin": min,
}
ARITHMETIC: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "min": min,
    "max": max,
}


def _decided(values: list[Exact], decisive: bool) -> bool | None:
    """Kleene's or (`decisive` True) or and (False)."""
    if any(v is decisive for v in values):
        return decisive
    return None if None in values else not decisive


def test_exact_arithmetic_knows_ties_from_differences() -> None:
    # The eleventh body is exactly the mean of the ten before, in decimals but not in floating point.
    bodies = np.array([0.1, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.4, 0.1, 0.9, 0.3, 0.2])[:, None]
    start = np.full_like(bodies, 1.0)
    prices = (start, np.round(start + bodies + 1, 1), start - 0.5, np.round(start + bodies, 1))
    _, program = next(programs("belt_hold"))
    nodes = program.nodes
    long = next(i for i, n in enumerate(nodes) if n.op == "lt" and nodes[n.args[1]].op == "abs")
    exact = ExactCandles(nodes, tuple(x[:, 0] for x in prices))
    assert exact.at(long, 10) is None
    assert exact.at(long, 11) is False


@pytest.mark.realdata
@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded candles are not beside the project")
@pytest.mark.parametrize("name", NAMES)
def test_equals_talib_on_recorded_candles_but_for_exact_ties(name: str) -> None:
    prices, first = recorded(), lookback(name)
    columns = range(prices[0].shape[1])
    call = getattr(talib, PATTERNS[name].talib)
    answer = np.column_stack([call(*(np.ascontiguousarray(x[:, s]) for x in prices)) for s in columns])
    for side, program in programs(name):
        match, truth = matches(program, prices), expected(answer, side)
        assert (match[first:] >= 0).all()
        different = np.argwhere(((match == 1) != truth)[first:]) + np.array([first, 0])
        for row, column in different.tolist():
            exact = ExactCandles(program.nodes, tuple(x[:, column] for x in prices))
            assert exact.at(program.match, row) is None, f"{side} at candle {row} of column {column} is no tie"


@cache
def recorded() -> Prices:
    """Open, high, low, close of some 20,000 hours of each coin, `[candles, columns]`."""
    files = [folder / "1h.parquet" for folder in sorted(RECORDED.iterdir())]
    frames = [pd.read_parquet(file) for file in files]
    size = min(map(len, frames))
    return tuple(
        np.column_stack([f[field].to_numpy(float)[-size:] for f in frames])
        for field in ("open", "high", "low", "close")
    )


def test_prices_are_exact_in_floating_point() -> None:
    for x in drawn_crowd().prices():
        assert (x / TICK == np.round(x / TICK)).all()
        assert abs(x).max() < 2**40
