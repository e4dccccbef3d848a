"""Expressions as text in one spelling, as `ast.unparse` writes them, with double quotes and without `ta.`.

`ast.unparse` serves everything, at a hundred microseconds an expression; `_write` writes the same for what filters
are made of, and hands the rest to it.
"""

from __future__ import annotations

import ast
import copy
from typing import Final

_OR, _AND, _NOT, _COMPARE, _BITS, _ARITH, _TERM, _FACTOR, _POWER, _AWAIT, _ATOM = range(5, 16)
_TEST: Final = 4

_SIGNS: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: " < ", ast.LtE: " <= ", ast.Gt: " > ", ast.GtE: " >= ", ast.Eq: " == ", ast.NotEq: " != ",
}  # fmt: skip
_BINARY: Final[dict[type[ast.operator], tuple[str, int]]] = {
    ast.Add: (" + ", _ARITH), ast.Sub: (" - ", _ARITH), ast.Mult: (" * ", _TERM), ast.Div: (" / ", _TERM),
    ast.FloorDiv: (" // ", _TERM), ast.Mod: (" % ", _TERM),
}  # fmt: skip


class _WithoutPrefix(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "ta":
            return ast.copy_location(ast.Name(node.attr, ast.Load()), node)
        return node


class _OtherForm(Exception):
    """An expression that `_write` leaves to `ast.unparse`."""


def text_of(node: ast.expr) -> str:
    """An expression as text in one spelling: `rsi(close, 14) < 30`."""
    try:
        text = _write(node, _TEST)
    except _OtherForm:
        text = ast.unparse(_WithoutPrefix().visit(copy.deepcopy(node)))
    return text.replace("'", '"') if '"' not in text else text


def _write(node: ast.expr, level: int) -> str:
    """`node` where what binds less than `level` needs parentheses; the levels are those of `ast.unparse`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        value = node.value
        if node.kind is not None or not isinstance(value, int | str | float) or value in (float("inf"), float("-inf")):
            raise _OtherForm
        return repr(value)
    if isinstance(node, ast.Attribute):
        if type(node.value) is ast.Name and node.value.id == "ta":
            return node.attr
        if type(node.value) is ast.Constant:
            raise _OtherForm
        return f"{_write(node.value, _ATOM)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{_write(node.func, _ATOM)}({_arguments(node)})"
    if isinstance(node, ast.Compare):
        parts = [_write(node.left, _BITS)]
        for operator, operand in zip(node.ops, node.comparators, strict=True):
            sign = _SIGNS.get(type(operator))
            if sign is None:
                raise _OtherForm
            parts += [sign, _write(operand, _BITS)]
        return _wrapped("".join(parts), level > _COMPARE)
    if isinstance(node, ast.BinOp):
        return _binary(node, level)
    if isinstance(node, ast.BoolOp):
        own = _AND if type(node.op) is ast.And else _OR
        # Oddly, `ast.unparse` raises the level with every operand.
        texts = [_write(value, _raised(own, i + 1)) for i, value in enumerate(node.values)]
        return _wrapped((" and " if own == _AND else " or ").join(texts), level > own)
    if isinstance(node, ast.UnaryOp):
        if type(node.op) is ast.Not:
            return _wrapped(f"not {_write(node.operand, _NOT)}", level > _NOT)
        if type(node.op) is ast.USub:
            return _wrapped(f"-{_write(node.operand, _FACTOR)}", level > _FACTOR)
        raise _OtherForm
    if isinstance(node, ast.Subscript):
        if type(node.slice) in (ast.Slice, ast.Tuple, ast.Starred):
            raise _OtherForm
        return f"{_write(node.value, _ATOM)}[{_write(node.slice, _TEST)}]"
    if isinstance(node, ast.IfExp):
        inner = _TEST + 1
        text = f"{_write(node.body, inner)} if {_write(node.test, inner)} else {_write(node.orelse, _TEST)}"
        return _wrapped(text, level > _TEST)
    raise _OtherForm


def _raised(level: int, steps: int) -> int:
    """`ast.unparse` has bitwise or, xor, and, shift below arithmetic; nothing here tells those apart."""
    table = (_OR, _AND, _NOT, _COMPARE, _BITS, _BITS, _BITS, _BITS, _ARITH, _TERM, _FACTOR, _POWER, _AWAIT, _ATOM)
    return table[min(table.index(level) + steps, len(table) - 1)]


def _binary(node: ast.BinOp, level: int) -> str:
    if type(node.op) is ast.Pow:
        return _wrapped(f"{_write(node.left, _AWAIT)} ** {_write(node.right, _POWER)}", level > _POWER)
    found = _BINARY.get(type(node.op))
    if found is None:
        raise _OtherForm
    sign, own = found
    return _wrapped(f"{_write(node.left, own)}{sign}{_write(node.right, own + 1)}", level > own)


def _arguments(node: ast.Call) -> str:
    parts = [_write(arg, _TEST) for arg in node.args]
    for keyword in node.keywords:
        if keyword.arg is None:
            raise _OtherForm
        parts.append(f"{keyword.arg}={_write(keyword.value, _TEST)}")
    return ", ".join(parts)


def _wrapped(text: str, wrap: bool) -> str:
    return f"({text})" if wrap else text
