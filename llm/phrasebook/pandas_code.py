"""A pandas condition in the filter language, where every part of it has an exact counterpart.

`df["close"]` and `df.close` are series, `.rolling(n).mean()` a simple average, `.shift(n)` looks back; `&`, `|`, `~`
are and, or, not. Anything else ends the translation.
"""

from __future__ import annotations

import ast

_SERIES = frozenset({"open", "high", "low", "close", "volume"})
_ROLLING = {"mean": "ta.sma({0}, {1})", "max": "highest({0}, {1})", "min": "lowest({0}, {1})", "sum": "sum({0}, {1})"}
_BINARY: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
MAX_DEPTH = 40


class _Unknown(Exception):
    """A part with no exact counterpart."""


def from_pandas(text: str) -> str | None:
    """The program of one expression, or of one assignment; None where it cannot be told exactly."""
    try:
        body = ast.parse(text.strip(), mode="exec").body
        if len(body) != 1:
            return None
        node = body[0]
        value = node.value if isinstance(node, ast.Assign | ast.Expr) else None
        return None if value is None else f"match = {_bare(_code(value, 0))}\n"
    except (SyntaxError, ValueError, RecursionError, MemoryError, _Unknown):
        return None


def _bare(text: str) -> str:
    """Without the brackets around the whole, where they close only at its end."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and at < len(text) - 1:
            return text
    return text[1:-1]


def _code(node: ast.expr, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise _Unknown
    deeper = depth + 1
    match node:
        case ast.Constant(value=bool()):
            raise _Unknown
        case ast.Constant(value=int() | float() as number):
            return repr(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_code(operand, deeper)}"
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return f"(not {_code(operand, deeper)})"
        case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as op, right=right):
            word = "and" if isinstance(op, ast.BitAnd) else "or"
            return f"({_code(left, deeper)} {word} {_code(right, deeper)})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return f"({_code(left, deeper)} {_BINARY[type(op)]} {_code(right, deeper)})"
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return f"({_bare(_code(left, deeper))} {_COMPARE[type(op)]} {_bare(_code(right, deeper))})"
        case (
            ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str() as name))
            | ast.Attribute(value=ast.Name(), attr=name)
        ):
            if name.lower() not in _SERIES:
                raise _Unknown
            return name.lower()
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=args, keywords=keywords):
            return _call(inner, name, args, keywords, deeper)
        case _:
            raise _Unknown


def _call(inner: ast.expr, name: str, args: list[ast.expr], keywords: list[ast.keyword], depth: int) -> str:
    window = inner if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) else None
    if window is not None and isinstance(window.func, ast.Attribute) and window.func.attr == "rolling":
        if name not in _ROLLING or args or keywords:
            raise _Unknown
        return _ROLLING[name].format(_code(window.func.value, depth), _length(window.args, window.keywords, "window"))
    if window is not None and isinstance(window.func, ast.Attribute) and window.func.attr == "ewm":
        spans = [keyword for keyword in window.keywords if keyword.arg == "span"]
        if name != "mean" or args or keywords or len(spans) != 1 or window.args:
            raise _Unknown
        return f"ta.ema({_code(window.func.value, depth)}, {_length([], spans, 'span')})"
    if name == "shift":
        return f"{_code(inner, depth)}[{_length(args, keywords, 'periods') if args or keywords else 1}]"
    if name == "diff" and not keywords:
        return f"change({_code(inner, depth)}, {_length(args, keywords, 'periods') if args else 1})"
    if name == "abs" and not args and not keywords:
        return f"abs({_code(inner, depth)})"
    comparing = {"gt": ">", "lt": "<", "ge": ">=", "le": "<="}
    if name in comparing and len(args) == 1 and not keywords:
        return f"({_code(inner, depth)} {comparing[name]} {_code(args[0], depth)})"
    raise _Unknown


def _length(args: list[ast.expr], keywords: list[ast.keyword], name: str) -> int:
    values = [*args, *(keyword.value for keyword in keywords if keyword.arg == name)]
    if len(values) != 1 or len(args) + len(keywords) != 1:
        raise _Unknown
    value = values[0]
    if not isinstance(value, ast.Constant) or type(value.value) is not int or not 1 <= value.value <= 4_000:
        raise _Unknown
    return value.value
