"""When two computations of one node agree.

1. `check_nodes` asks, node by node: given what the engine had for the arguments, is its result the reference's? So
   rounding cannot pile up, and the truth of a comparison must agree exactly. By induction the whole graph agrees.
2. `sure` are the cells whose match the reference finds whatever the last digits of its numbers are: it is computed
   three times, with results of inexact operators moved by 1e-11.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from screener.engine.replay import Candles, History
from screener.ir import Node, Program
from tests.property.programs import words
from tests.reference.evaluator import ALWAYS, Market, Reference, Table, as_array, as_table, compute, evaluate

EXACT = {
    *words("src const time first add sub mul div floordiv mod min max neg abs sqrt round sign nz na"),
    *words("lt le eq ne and or not where whereb shift rmax rmin argmax argmin percentrank count within always"),
    *words("rmax_since rmin_since barssince valuewhen rank market_percentile breadth"),
}
"""Operators whose result has to be the same number; the others add in their own order."""


def check_nodes(program: Program, data: Candles, history: History) -> None:
    """Assert that every node of the engine follows from its arguments as the reference says."""
    market = Market(data, program.base)
    base = market.closes(program.base)
    seen = [history.values(n) if node.op != "const" else None for n, node in enumerate(program.nodes)]
    own: list[tuple[NDArray[np.int64], Table]] = []
    for number, node in enumerate(program.nodes):
        closes = market.closes(node.interval) if node.interval else ALWAYS
        values = seen[number]
        if values is None:
            own.append((np.array(closes), compute(node, [], closes, market)))
            continue
        if not closes:
            assert np.isnan(values).all(), f"{program.source}\nnode {number} {node} has no candles"
            own.append((np.empty(0, dtype=np.int64), [[] for _ in data.symbols]))
            continue
        # The base candle that shows a candle of the node's interval first; the first may hide the one before it.
        row = np.searchsorted(base, closes)
        shown = np.array(
            [r < len(base) and (i + 1 == len(closes) or base[r] < closes[i + 1]) for i, r in enumerate(row)], dtype=bool
        )
        args = [_on(*own[a], closes) for a in node.args]
        wanted = as_array(compute(node, args, closes, market))
        got = np.where(shown[:, None], values[np.minimum(row, len(base) - 1)], wanted)
        _same(program, node, number, got, wanted, [as_array(a) for a in args])
        own.append((np.array(closes), as_table(got, node.dtype == "bool")))
        # Between its candles the value stands still.
        last = np.searchsorted(closes, base, side="right") - 1
        still = np.where((last >= 0)[:, None], got[np.maximum(last, 0)], np.nan)
        np.testing.assert_array_equal(values, still, err_msg=f"{program.source}\nnode {number} {node} between closes")


def _on(closes: NDArray[np.int64], table: Table, at: list[int]) -> Table:
    last = np.searchsorted(closes, at, side="right") - 1
    return [[column[k] if k >= 0 else None for k in last] for column in table]


def _same(
    program: Program,
    node: Node,
    number: int,
    got: NDArray[np.float64],
    wanted: NDArray[np.float64],
    args: list[NDArray[np.float64]],
) -> None:
    what = f"{program.source}\nnode {number}: {node}"
    if node.op in EXACT:
        np.testing.assert_array_equal(got, wanted, err_msg=what)
        return
    # What was ever added bounds the rounding that is left.
    size = np.max([np.fmax.accumulate(np.abs(a), axis=0) for a in args if a.dtype == np.float64], axis=0)
    size = np.where(np.isnan(size), 0.0, size)
    if node.op in ("pow", "exp", "log"):
        size = np.abs(wanted)
    if node.op == "cumsum" or node.op == "cumsum_since":
        size = size * len(size)
    elif node.op in ("rsum", "rmean"):
        size = size * int(node.params[0])
    elif node.op == "kama":
        # A ratio of small differences: its error is that of the differences.
        size = size * 1e3
    doubt = np.zeros(got.shape, dtype=np.bool_)
    if node.op == "market_zscore":
        spread = _spread(args[0], args[1])[:, None]
        doubt |= spread <= 1e-9 * size
        size = np.divide(size.max(axis=1, keepdims=True), spread, out=np.zeros_like(size), where=spread > 0) + np.abs(
            wanted
        )
    elif node.op == "market_mean":
        size = np.broadcast_to(size.max(axis=1, keepdims=True), size.shape)
    doubt |= np.isinf(size)
    unlike = (np.isnan(got) != np.isnan(wanted)) & ~doubt
    assert not unlike.any(), (
        f"{what}\nunknown at {np.argwhere(unlike)[:3]}: {got[unlike][:3]}, wanted {wanted[unlike][:3]}"
    )
    with np.errstate(over="ignore"):
        off = (np.abs(got - wanted) > 1e-12 * size) & ~doubt
    assert not off.any(), f"{what}\nat {np.argwhere(off)[:3]}: {got[off][:3]}, wanted {wanted[off][:3]}"


def _spread(x: NDArray[np.float64], where: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = []
    for values, among in zip(x, where, strict=True):
        part = values[~np.isnan(values) & (among == 1.0)]
        rows.append(float(np.std(part)) if part.size else 0.0)
    return np.array(rows)


def nudge(sign: float) -> Callable[[int, Node, Table], Table]:
    """Moves the numbers of inexact operators by about 1e-11, some up and some down. A sign of 0 makes what is that
    small against what was there before nothing, since a division by it may be one by zero in another order."""

    def adjust(number: int, node: Node, table: Table) -> Table:
        if node.dtype == "bool" or node.op in ("src", "const", "time", "count", "barssince", "rank", "sign", "round"):
            return table
        found = as_array(table)
        if sign:
            noise = np.random.default_rng(zlib.crc32(f"{number}{sign}".encode())).uniform(-1, 1, found.shape)
            return as_table(found * (1.0 + 1e-11 * noise), boolean=False)
        before = np.fmax.accumulate(np.abs(found), axis=0)
        return as_table(np.where(np.abs(found) < 1e-9 * before, 0.0, found), boolean=False)

    return adjust


NUDGES = (1.0, -1.0, 0.0)


def sure(program: Program, data: Candles) -> tuple[Reference, NDArray[np.bool_]]:
    """The reference, and the cells `[candles, symbols]` whose match no rounding can change."""
    plain = evaluate(program, data)
    same = np.ones(plain.match.shape, dtype=np.bool_)
    for sign in NUDGES:
        same &= evaluate(program, data, adjust=nudge(sign)).match == plain.match
    return plain, same
