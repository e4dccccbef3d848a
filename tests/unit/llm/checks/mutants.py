"""Programs that are wrong in one way, each with the kind of its fault: a right program with one place changed.

They compile like any other program; only the sentence tells that they are wrong.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from screener import FilterError, compile_filter

_FLIPPED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.Gt(), ast.Gt: ast.Lt(), ast.LtE: ast.GtE(), ast.GtE: ast.LtE(),
}  # fmt: skip
_CROSSES = {"crossover": ast.Gt, "crossunder": ast.Lt}
_OTHER_SIDES = (("upper", "lower"), ("highest", "lowest"), ("bullish", "bearish"), ("rising", "falling"))

Changed = ast.expr | None
Change = Callable[[ast.expr], Changed]


def mutants(code: str, interval: str) -> Iterator[tuple[str, str]]:
    """Kind and program of every fault that can be put into `code`, each program once."""
    seen = {compile_filter(code, interval).hash}
    for kind, text in _changed(code):
        try:
            program = compile_filter(text, interval)
        except FilterError:
            continue
        if program.hash not in seen:
            seen.add(program.hash)
            yield kind, text


def _changed(code: str) -> Iterator[tuple[str, str]]:
    for kind, change in _CHANGES.items():
        for number, node in enumerate(_nodes(ast.parse(code))):
            if change(copy.deepcopy(node)) is not None:
                yield kind, _with(code, number, change)
                if kind in _ONCE:
                    break
    yield from _numbers(code)
    yield from _sides(code)
    yield from _places(code)
    yield from _ends(code)
    yield from _unasked(code)


def _nodes(tree: ast.Module) -> list[ast.expr]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.expr)]


def _with(code: str, number: int, change: Change) -> str:
    tree = ast.parse(code)
    chosen = _nodes(tree)[number]

    class Replaced(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if node is chosen:
                return change(chosen) or chosen
            return self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Replaced().visit(tree)))


def _turned(node: ast.expr) -> Changed:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _FLIPPED and "barssince" not in ast.unparse(node):
        node.ops = [_FLIPPED[type(node.ops[0])]]
        return node
    if _called(node) in _CROSSES:
        return _named(node, "crossunder" if _called(node) == "crossover" else "crossover")
    return None


def _state_for_cross(node: ast.expr) -> Changed:
    if not isinstance(node, ast.Call) or _called(node) not in _CROSSES:
        return None
    return ast.Compare(node.args[0], [_CROSSES[_called(node)]()], [node.args[1]])


def _cross_for_state(node: ast.expr) -> Changed:
    if not isinstance(node, ast.Compare) or type(node.ops[0]) not in _FLIPPED or "barssince" in ast.unparse(node):
        return None
    up = isinstance(node.ops[0], ast.Gt | ast.GtE)
    return ast.Call(ast.Name("crossover" if up else "crossunder"), [node.left, node.comparators[0]], [])


def _other_window(node: ast.expr) -> Changed:
    return _named(node, {"within": "always", "always": "within"}.get(_called(node), ""))


def _no_window(node: ast.expr) -> Changed:
    return node.args[0] if isinstance(node, ast.Call) and _called(node) in ("within", "always") else None


def _longer_window(node: ast.expr) -> Changed:
    if not isinstance(node, ast.Call) or _called(node) not in ("within", "always"):
        return None
    node.args[1] = ast.Constant(2 * int(ast.literal_eval(node.args[1])) + 1)
    return node


def _joined(node: ast.expr) -> Changed:
    if not isinstance(node, ast.BoolOp):
        return None
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return node


def _affirmed(node: ast.expr) -> Changed:
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else None


def _multiple_turned(node: ast.expr) -> Changed:
    match node:
        case ast.Compare(
            left=left, ops=ops, comparators=[ast.BinOp(left=ast.Constant() as times, op=ast.Mult(), right=of)]
        ):
            return ast.Compare(ast.BinOp(times, ast.Mult(), left), ops, [of])
    return None


def _other_field(node: ast.expr) -> Changed:
    """The open for the close that an indicator is of, turnover for volume."""
    match node:
        case ast.Call(args=[ast.Name(id="close") as source, *_], func=ast.Attribute()):
            source.id = "open"
        case ast.Call(args=[ast.Name(id="volume") as source, *_]):
            source.id = "quote_volume"
        case ast.Compare(left=ast.Name(id="close") as source, comparators=[ast.Subscript()]):
            source.id = "high" if isinstance(node.ops[0], ast.Gt) else "low"
        case _:
            return None
    return node


def _a_candle_late(node: ast.expr) -> Changed:
    if not isinstance(node, ast.Compare) or not isinstance(node.left, ast.Call | ast.Name | ast.Attribute):
        return None
    node.left = ast.Subscript(node.left, ast.Constant(1))
    return node


def _other_average(node: ast.expr) -> Changed:
    match node:
        case ast.Call(func=ast.Attribute(attr="ema" | "sma" as kind) as func):
            func.attr = {"ema": "sma", "sma": "ema"}[kind]
            return node
    return None


def _volume_against_price(node: ast.expr) -> Changed:
    match node:
        case ast.Call(func=ast.Attribute(attr="sma"), args=[ast.Name(id="volume") as source, _]):
            source.id = "close"
            return node
    return None


def _highest_for_average(node: ast.expr) -> Changed:
    match node:
        case ast.Call(func=ast.Attribute(attr="sma"), args=[ast.Name(id="volume"), _]):
            return ast.Call(ast.Name("highest"), node.args, [])
    return None


def _share_on_the_other_side(node: ast.expr) -> Changed:
    match node:
        case ast.Compare(comparators=[ast.BinOp(left=ast.Constant(value=float(share)), op=ast.Mult(), right=of)]):
            if 0.5 < share < 1.5:
                node.comparators = [ast.BinOp(ast.Constant(round(2 - share, 8)), ast.Mult(), of)]
                return node
    return None


_ONCE = ("another field", "a candle late")
"""Kinds of which one in each program is enough."""

_CHANGES: dict[str, Change] = {
    "another field": _other_field,
    "a candle late": _a_candle_late,
    "another average": _other_average,
    "volume against price": _volume_against_price,
    "the highest for the average": _highest_for_average,
    "a share on the other side": _share_on_the_other_side,
    "turned round": _turned,
    "state for a cross": _state_for_cross,
    "cross for a state": _cross_for_state,
    "within for for, for for within": _other_window,
    "window lost": _no_window,
    "window longer": _longer_window,
    "and for or, or for and": _joined,
    "not lost": _affirmed,
    "multiple turned": _multiple_turned,
}


def _called(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _named(node: ast.expr, name: str) -> Changed:
    if not name or not isinstance(node, ast.Call):
        return None
    node.func = ast.Name(name)
    return node


def _numbers(code: str) -> Iterator[tuple[str, str]]:
    """Two numbers beside each other in each other's places: RSI(30) below 14."""
    places = list(re.finditer(r"(?<![\w.\"])\d+(?:\.\d+)?(?![\w.])", code))
    for one, two in pairwise(places):
        if one.group() != two.group() and min(float(one.group()), float(two.group())) >= 2:
            between = code[one.end() : two.start()]
            yield "numbers swapped", code[: one.start()] + two.group() + between + one.group() + code[two.end() :]


def _sides(code: str) -> Iterator[tuple[str, str]]:
    for pair in _OTHER_SIDES:
        other = dict(zip(pair, reversed(pair), strict=True))
        changed = "".join(other.get(word, word) for word in re.split(r"\b", code))
        if changed != code:
            yield "other side", changed


def _places(code: str) -> Iterator[tuple[str, str]]:
    """Another interval's indicator on the base, and the base's on the other interval."""
    place = re.search(r'tf\("\w+"\)\.', code)
    if place:
        moved = code.replace(place.group(), "@").replace("ta.", place.group()).replace("@", "ta.")
        yield "interval swapped", re.sub(r"ta\.(?=(?:open|high|low|close)\b)", "", moved)
        yield "interval lost", re.sub(r"ta\.(?=(?:open|high|low|close)\b)", "", code.replace(place.group(), "ta."))


def _ends(code: str) -> Iterator[tuple[str, str]]:
    ends = dict(re.findall(r"^(stop|target) = (.*)$", code, re.MULTILINE))
    for name, value in ends.items():
        yield f"{name} lost", code.replace(f"\n{name} = {value}", "")
        yield f"{name} on the wrong side", code.replace(f"{name} = {value}", f"{name} = 2 * close - ({value})")
    if len(ends) == 2:
        text = code.replace(f"stop = {ends['stop']}", f"stop = 2 * close - ({ends['target']})")
        yield "stop for target", text.replace(f"target = {ends['target']}", f"target = 2 * close - ({ends['stop']})")


def _unasked(code: str) -> Iterator[tuple[str, str]]:
    """One end of the trade that no word asks for, without a number of its own; which one, the code decides."""
    ends = (
        ("exit", "trade.bars >= 1"),
        ("exit", "close > open"),
        ("stop", "low[1]"),
        ("target", "highest(high, 20)[1]"),
    )
    name, value = ends[len(code) % len(ends)]
    if f"\n{name} = " not in code:
        yield f"{name} of its own", f"{code}\n{name} = {value}"
