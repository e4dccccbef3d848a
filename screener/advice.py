"""What the graph shows about a comparison: it can never hold, or is likely not what was meant."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from screener.intervals import INTERVAL_MS
from screener.ir import Graph, Node

if TYPE_CHECKING:
    from screener.expressions import Expressions

_CANDLE: Final = ("low", "open", "close", "high")
_FIXES: Final = {"rmax": "highest", "rmin": "lowest"}


def _within_candle(graph: Graph, small: int, large: int) -> bool:
    """Whether `small` can never exceed `large`: the same node, or such as low and close of one candle."""
    if small == large:
        return True
    a, b = graph.nodes[small], graph.nodes[large]
    if a.op != "src" or b.op != "src" or a.params[1:] != b.params[1:]:
        return False
    if a.params[0] not in _CANDLE or b.params[0] not in _CANDLE:
        return False
    return bool(a.params[0] == "low" or b.params[0] == "high")


def _extreme(graph: Graph, small: int, large: int) -> Node | None:
    """The window because of which `large < small` can never hold: it includes this candle."""
    high, low = graph.nodes[large], graph.nodes[small]
    if high.op == "rmax" and _within_candle(graph, small, high.args[0]):
        return high
    if low.op == "rmin" and _within_candle(graph, low.args[0], large):
        return low
    return None


def comparison(ex: Expressions, at: ast.AST, pair: int, left: int, right: int) -> None:
    """Look at one comparison, whose sides are nodes `left` and `right`."""
    never(ex, at, pair)
    _percent(ex, at, left, right)


def never(ex: Expressions, at: ast.AST, pair: int) -> None:
    """Report a strict comparison that no candle can satisfy."""
    graph = ex.graph
    node = graph.nodes[pair]
    if node.op != "lt":
        return
    large, small = node.args
    if large == small:
        ex.fail(at, "F022", "this can never be true: both sides are the same", "compare with x[1]")
        return
    window = _extreme(graph, small, large)
    if window is not None:
        name, n = _FIXES[window.op], window.params[0]
        source = graph.nodes[window.args[0]]
        inner = str(source.params[0]) if source.op == "src" else "x"
        hint = f"this candle is included; leave it out: {name}({inner}, {n})[1]"
        ex.fail(at, "F022", "this can never be true", hint)
    elif _within_candle(graph, small, large):
        hint = "compare with the candle before: x[1]"
        ex.fail(at, "F022", "this can never be true within one candle", hint)


def _percent(ex: Expressions, at: ast.AST, left: int, right: int) -> None:
    """`pct_change(close, 1) > 0.02`: the function is in percent."""
    for side, other in ((left, right), (right, left)):
        value = ex.graph.value(other)
        if value is None or isinstance(value, bool) or not 0.0 < abs(value) < 0.2:
            continue
        if side in ex.percents:
            hint = f"2 is two percent; for {value * 100:g} percent write {value * 100:g}"
            ex.warn(at, "W104", f"the change is in percent, so {value:g} is very little", hint)


def moving_level(ex: Expressions, at: ast.AST, cond: int) -> None:
    """`count(close > highest(high, 20)[1], 5)`: each candle is compared with its own level."""
    node = ex.graph.nodes[cond]
    if node.op not in ("lt", "le"):
        return
    sides = [ex.graph.nodes[a].op for a in node.args]
    if "const" not in sides and any(op not in ("src", "shift") for op in sides):
        message = "the level moves: each candle is compared with its own level, not with the newest one"
        ex.warn(at, "W106", message, "")


def crossing(ex: Expressions, at: ast.AST, left: int, right: int) -> None:
    """A level on a higher interval jumps at its close, which looks like a cross."""
    a, b = ex.graph.nodes[left].interval, ex.graph.nodes[right].interval
    if a is not None and b is not None and INTERVAL_MS[b] > INTERVAL_MS[a]:
        message = f"the level moves only when a {b} candle closes, and its jump counts as a cross"
        ex.warn(at, "W105", message, "for a state instead of an event write a > b")


def contradictions(ex: Expressions, parts: Sequence[tuple[int, ast.AST]]) -> None:
    """Report conjuncts that cannot hold on one candle together: x < 30 and x > 70."""
    lows: dict[int, tuple[float, bool]] = {}
    highs: dict[int, tuple[float, bool]] = {}
    graph = ex.graph
    for number, at in parts:
        node = graph.nodes[number]
        if node.op not in ("lt", "le", "eq"):
            continue
        first, second = node.args
        for side, other, is_low in ((first, second, False), (second, first, True)):
            value = graph.value(other)
            if value is None or isinstance(value, bool) or graph.value(side) is not None:
                continue
            bound = (value, node.op == "lt")
            if is_low or node.op == "eq":
                lows[side] = max(lows.get(side, bound), bound)
            if not is_low or node.op == "eq":
                highs[side] = min(highs.get(side, bound), bound, key=lambda b: (b[0], not b[1]))
            low, high = lows.get(side), highs.get(side)
            if low and high and (low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))):
                what = ex.english.of(side)
                message = f"these cannot hold together: {what} above {low[0]:g} and below {high[0]:g}"
                ex.fail(at, "F022", message, "write or, or look back: within(cond, n)")
                return
