"""Operators of expressions: arithmetic, logic, comparison, choice."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from screener.language import advice
from screener.language.values import Series, Value
from screener.ops import Dtype

if TYPE_CHECKING:
    from screener.language.expressions import Expressions

_BINARY: Final[dict[type[ast.operator], str]] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv", ast.Mod: "mod",
}  # fmt: skip
_COMPARE: Final[dict[type[ast.cmpop], tuple[str, str, bool]]] = {
    ast.Lt: ("<", "lt", False),
    ast.LtE: ("<=", "le", False),
    ast.Gt: (">", "lt", True),
    ast.GtE: (">=", "le", True),
    ast.Eq: ("==", "eq", False),
    ast.NotEq: ("!=", "ne", False),
}
_NOT_COMPARE: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.In: ("in", "write between(x, lo, hi), or x == a or x == b"),
    ast.NotIn: ("not in", "write not between(x, lo, hi), or x != a and x != b"),
    ast.Is: ("is", "write =="),
    ast.IsNot: ("is not", "write !="),
}
_BITS: Final[dict[type[ast.operator], tuple[str, str]]] = {
    ast.BitAnd: ("&", "write and"),
    ast.BitOr: ("|", "write or"),
    ast.BitXor: ("^", "write a ** n for powers"),
}


def arithmetic(ex: Expressions, node: ast.BinOp) -> Value | None:
    """`a + b` and its kin."""
    kind = type(node.op)
    op = _BINARY.get(kind)
    if op is None and kind is not ast.Pow:
        sign, hint = _BITS.get(kind, ("this operator", ""))
        ex.fail(node, "F006", f"'{sign}' cannot be used in a filter", hint)
        ex.visit(node.left)
        ex.visit(node.right)
        return None
    left = ex.typed(node.left, "num", "arithmetic")
    right = ex.typed(node.right, "num", "arithmetic")
    if left is None or right is None:
        return None
    if op is not None:
        return ex.add(node, op, (left.node, right.node))
    exponent = ex.constant(right)
    if exponent is None:
        hint = "exp(y * log(x)) is x to the y"
        ex.fail(node.right, "F014", "the exponent must be a constant", hint)
        return None
    return ex.add(node, "pow", (left.node,), (exponent,))


def unary(ex: Expressions, node: ast.UnaryOp) -> Value | None:
    """`-a` and `not a`."""
    if isinstance(node.op, ast.Not):
        value = ex.typed(node.operand, "bool", "'not'")
        return None if value is None else ex.add(node, "not", (value.node,))
    if isinstance(node.op, ast.Invert):
        ex.fail(node, "F006", "'~' cannot be used in a filter", "write not")
        ex.visit(node.operand)
        return None
    value = ex.typed(node.operand, "num", "a sign")
    if value is None or isinstance(node.op, ast.UAdd):
        return value
    return ex.add(node, "neg", (value.node,))


def logic(ex: Expressions, node: ast.BoolOp) -> Value | None:
    """`a and b`, `a or b`."""
    op = "and" if isinstance(node.op, ast.And) else "or"
    parts = [ex.typed(value, "bool", f"'{op}'") for value in node.values]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    result: Series | None = known[0]
    for part in known[1:]:
        if result is not None:
            result = ex.add(node, op, (result.node, part.node))
    return result


def comparison(ex: Expressions, node: ast.Compare) -> Value | None:
    """`a < b`, and chains: `20 < x < 30` is both comparisons."""
    operands = [node.left, *node.comparators]
    for operator in node.ops:
        if type(operator) in _NOT_COMPARE:
            word, hint = _NOT_COMPARE[type(operator)]
            ex.fail(node, "F006", f"'{word}' cannot be used in a filter", hint)
            ex.visit(node.left)
            return None
    values = [ex.visit(operand) for operand in operands]
    pairs = []
    for i, operator in enumerate(node.ops):
        left, right = values[i], values[i + 1]
        if left is not None and right is not None:
            pairs.append(_pair(ex, node, i, left, operator, right))
    known = [pair for pair in pairs if pair is not None]
    if len(known) < len(node.ops):
        return None
    result: Series | None = known[0]
    for pair in known[1:]:
        if result is not None:
            result = ex.add(node, "and", (result.node, pair.node))
    return result


def _pair(ex: Expressions, node: ast.Compare, i: int, left: Value, operator: ast.cmpop, right: Value) -> Series | None:
    sign, op, swapped = _COMPARE[type(operator)]
    at = node.left if i == 0 else node.comparators[i - 1]
    at_right = node.comparators[i]
    for where, value in ((at, left), (at_right, right)):
        if isinstance(value, Series) and value.dtype == "bool":
            hint = "write the condition itself, or not cond"
            ex.fail(where, "F015", f"'{sign}' compares numbers, not conditions", hint)
            return None
    a = ex.as_type(at, left, "num", f"'{sign}'")
    b = ex.as_type(at_right, right, "num", f"'{sign}'")
    if a is None or b is None:
        return None
    pair = ex.add(at, op, (b.node, a.node) if swapped else (a.node, b.node))
    if pair is not None:
        ex.written[(node, i)] = (pair.node, a.node, sign, b.node)
        ex.english.compare(pair.node, a.node, sign, b.node)
        advice.comparison(ex, at, pair.node, a.node, b.node)
    return pair


def choice(ex: Expressions, node: ast.IfExp) -> Value | None:
    """`a if cond else b`."""
    cond = ex.typed(node.test, "bool", "'if'")
    yes, no = ex.visit(node.body), ex.visit(node.orelse)
    if cond is None or yes is None or no is None:
        return None
    dtype: Dtype = yes.dtype if isinstance(yes, Series) else "num"
    a = ex.as_type(node.body, yes, dtype, "'if'")
    b = ex.as_type(node.orelse, no, dtype, "'else'")
    if a is None or b is None:
        return None
    return ex.add(node, "where" if dtype == "num" else "whereb", (cond.node, a.node, b.node))
