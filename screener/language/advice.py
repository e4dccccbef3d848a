"""What the graph shows about a comparison: it can never hold, or is likely not what was meant."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from screener.intervals import LENGTH_MS
from screener.ir import Graph, Node, implied

if TYPE_CHECKING:
    from screener.language.expressions import Expressions

_CANDLE: Final = ("low", "open", "close", "high")
_HIGHEST: Final = ("rmax", "rmax_since")
_LOWEST: Final = ("rmin", "rmin_since")
_JUMPING: Final = frozenset({*_HIGHEST, *_LOWEST, "valuewhen"})
_SHARE: Final = (0.0, 1.0, "a share is from 0 to 1: 60 percent is 0.6")
_RANGES: Final = {
    "market_percentile": _SHARE,
    "breadth": _SHARE,
    "percentrank": (0.0, 100.0, "the top tenth is percentrank(x, n) > 90"),
    "rank": (1.0, float("inf"), "1 is the largest: the first ten are rank(x) <= 10"),
}


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
    if high.op in _HIGHEST and _within_candle(graph, small, high.args[0]):
        return high
    if low.op in _LOWEST and _within_candle(graph, low.args[0], large):
        return low
    return None


def comparison(ex: Expressions, at: ast.AST, pair: int, left: int, right: int) -> None:
    """Look at one comparison, whose sides are nodes `left` and `right`."""
    never(ex, at, pair)
    _percent(ex, at, left, right)
    _range(ex, at, pair)


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
        name = "highest" if window.op in _HIGHEST else "lowest"
        event = graph.nodes[window.args[1]] if len(window.args) > 1 else None
        n = window.params[0] if event is None else "cond"
        if event is not None and event.op == "first":
            n = f'tf("{event.params[0]}").first'
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


def _range(ex: Expressions, at: ast.AST, pair: int) -> None:
    """`breadth(cond) > 60`: a share is 0 to 1. `percentrank(close, 50) > 0.9`: this one is 0 to 100."""
    node = ex.graph.nodes[pair]
    for side, other in (node.args, node.args[::-1]) if len(node.args) == 2 else ():
        value = ex.graph.value(other)
        op = ex.graph.nodes[side].op
        if value is None or isinstance(value, bool) or op not in _RANGES:
            continue
        low, high, hint = _RANGES[op]
        above = node.op in ("lt", "le") and other == node.args[0]
        strict = node.op == "lt"
        if node.op in ("eq", "ne"):
            outside = not low <= value <= high
        else:
            outside = (
                (value > high or (strict and value == high)) if above else value < low or (strict and value == low)
            )
        if outside and node.op != "ne":
            limits = f"never below {low:g}" if high == float("inf") else f"from {low:g} to {high:g}"
            ex.fail(at, "F022", f"this can never be true: {ex.english.of(side)} is {limits}", hint)
        elif op == "percentrank" and 0.0 < value <= 1.0:
            ex.warn(at, "W104", f"the percent rank is from 0 to 100, so {value:g} is very little", hint)


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
    """A level on a higher interval jumps at its close, an extreme when a candle leaves it: both look like a cross."""
    nodes = ex.graph.nodes
    a, b = nodes[left].interval, nodes[right].interval
    if a is not None and b is not None and LENGTH_MS[b] > LENGTH_MS[a]:
        message = f"the level moves only when a {b} candle closes, and its jump counts as a cross"
        ex.warn(at, "W105", message, "for a state instead of an event write a > b")
        return
    level = nodes[right]
    while level.op == "shift":
        level = nodes[level.args[0]]
    if level.op in _JUMPING:
        message = "the level jumps, when a candle leaves its window or an event renews it, and that counts as a cross"
        ex.warn(at, "W105", message, "for a state instead of an event write a > b")


def contradictions(ex: Expressions, parts: Sequence[tuple[int, ast.AST]]) -> None:
    """Report conjuncts that cannot hold on one candle together: x < 30 and x > 70, a > b and a < b."""
    held: dict[int, ast.AST] = {}
    for number, at in parts:
        for node in implied(ex.graph.nodes, number):
            held.setdefault(node, at)
    nodes = ex.graph.nodes
    comparisons = {(nodes[n].op, nodes[n].args): n for n in held}
    for node, at in held.items():
        other = _opposite(ex.graph, node, comparisons)
        if nodes[node].op == "not" and nodes[node].args[0] in held:
            other = nodes[node].args[0]
        if other is not None:
            later = max((at, held[other]), key=lambda a: (getattr(a, "lineno", 0), getattr(a, "col_offset", 0)))
            message = f"these cannot hold together: {ex.english.of(other)}, and {ex.english.of(node)}"
            ex.fail(later, "F022", message, "write or, or look back: within(cond, n)")
            return
    _bounds(ex, held)


def _opposite(graph: Graph, number: int, comparisons: Mapping[tuple[str, tuple[int, ...]], int]) -> int | None:
    """A condition among those that hold which is false where this one is true."""
    node = graph.nodes[number]
    swapped = node.args[::-1]
    against: list[tuple[str, tuple[int, ...]]] = []
    if node.op == "lt":
        against = [("lt", swapped), ("le", swapped), ("eq", node.args), ("eq", swapped)]
    elif node.op == "eq":
        against = [("ne", node.args), ("ne", swapped)]
    return next((other for key in against if (other := comparisons.get(key)) not in (None, number)), None)


def _bounds(ex: Expressions, held: Mapping[int, ast.AST]) -> None:
    """Report limits of one value that leave nothing between them."""
    lows: dict[int, tuple[float, bool]] = {}
    highs: dict[int, tuple[float, bool]] = {}
    graph = ex.graph
    for number, at in held.items():
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
                sides = (("above" if low[1] else "at or above"), ("below" if high[1] else "at or below"))
                message = f"these cannot hold together: {what} {sides[0]} {low[0]:g} and {sides[1]} {high[0]:g}"
                ex.fail(at, "F022", message, "write or, or look back: within(cond, n)")
                return
