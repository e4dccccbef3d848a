"""A pandas condition in the filter language, where every part of it has an exact counterpart.

`df["close"]` and `df.close` are series, `.rolling(n).mean()` a simple average, `.shift(n)` looks back; `&`, `|`, `~`
are and, or, not. Anything else ends the translation.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from llm.phrasebook.dialects.pine import is_prose

_OF_SERIES = frozenset({"rsi", "sma", "ema", "wma", "hma", "dema", "tema", "cmo"})
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
MAX_CODE = 8_192


class _Unknown(Exception):
    """A part with no exact counterpart."""


@dataclass(frozen=True, slots=True)
class Pandas:
    """A program made of pandas, and whether what it is called goes short."""

    code: str
    short: bool


def from_pandas(text: str) -> Pandas | None:
    """The program of one expression, or of assignments of which the last is the condition; None where it cannot be told
    exactly. Lines of prose before the code are passed over."""
    lines = [line for line in text.splitlines() if not is_prose(line)]
    names: dict[str, str] = {}
    try:
        body = ast.parse("\n".join(lines).strip(), mode="exec").body
        name, code = "", ""
        for node in body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if not isinstance(node, ast.Assign | ast.Expr):
                return None
            name = _target(node.targets[0]) if isinstance(node, ast.Assign) and len(node.targets) == 1 else ""
            code = _code(node.value, names, 0)
            if len(code) > MAX_CODE:
                return None
            names[name] = code
        if not code:
            return None
        return Pandas(f"match = {_bare(code)}\n", any(word in name.lower() for word in ("short", "sell")))
    except (SyntaxError, ValueError, RecursionError, MemoryError, _Unknown):
        return None


def _target(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(), attr=name):
            return name
        case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str() as name)):
            return name
        case _:
            raise _Unknown


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


def _code(node: ast.expr, names: dict[str, str], depth: int) -> str:
    if depth > MAX_DEPTH:
        raise _Unknown
    deeper = depth + 1
    match node:
        case ast.Constant(value=bool()):
            raise _Unknown
        case ast.Constant(value=int() | float() as number):
            return repr(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_code(operand, names, deeper)}"
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return f"(not {_code(operand, names, deeper)})"
        case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as op, right=right):
            word = "and" if isinstance(op, ast.BitAnd) else "or"
            return f"({_code(left, names, deeper)} {word} {_code(right, names, deeper)})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return f"({_code(left, names, deeper)} {_BINARY[type(op)]} {_code(right, names, deeper)})"
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return f"({_bare(_code(left, names, deeper))} {_COMPARE[type(op)]} {_bare(_code(right, names, deeper))})"
        case (
            ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str() as name))
            | ast.Attribute(value=ast.Name(), attr=name)
        ):
            return _named(name, names)
        case ast.Name(id=name):
            return _named(name, names)
        case ast.BoolOp(op=op, values=values):
            word = " and " if isinstance(op, ast.And) else " or "
            return f"({word.join(_code(value, names, deeper) for value in values)})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"(not {_code(operand, names, deeper)})"
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=args, keywords=keywords):
            return _call(inner, name, args, keywords, names, deeper)
        case _:
            raise _Unknown


def _named(name: str, names: dict[str, str]) -> str:
    if name in names:
        return names[name]
    if name.lower() not in _SERIES:
        raise _Unknown
    return name.lower()


def _indicator(name: str, args: list[ast.expr], keywords: list[ast.keyword], names: dict[str, str], depth: int) -> str:
    """ "talib.RSI(df.close, 14)", "ta.ema(df['close'], length=20)"."""
    if name.lower() not in _OF_SERIES or not args:
        raise _Unknown
    given = [keyword for keyword in keywords if keyword.arg in ("length", "timeperiod", "window", "period")]
    if len(given) != len(keywords):
        raise _Unknown
    named = given[0].arg if given else ""
    return f"ta.{name.lower()}({_code(args[0], names, depth)}, {_length(args[1:], given, named or '')})"


def _call(
    inner: ast.expr, name: str, args: list[ast.expr], keywords: list[ast.keyword], names: dict[str, str], depth: int
) -> str:
    if isinstance(inner, ast.Name) and inner.id in ("ta", "talib", "pandas_ta", "pta"):
        return _indicator(name, args, keywords, names, depth)
    window = inner if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) else None
    if window is not None and isinstance(window.func, ast.Attribute) and window.func.attr == "rolling":
        if name not in _ROLLING or args or keywords:
            raise _Unknown
        return _ROLLING[name].format(
            _code(window.func.value, names, depth), _length(window.args, window.keywords, "window")
        )
    if window is not None and isinstance(window.func, ast.Attribute) and window.func.attr == "ewm":
        spans = [keyword for keyword in window.keywords if keyword.arg == "span"]
        if name != "mean" or args or keywords or len(spans) != 1 or window.args:
            raise _Unknown
        return f"ta.ema({_code(window.func.value, names, depth)}, {_length([], spans, 'span')})"
    if name == "pct_change" and not keywords:
        return f"(pct_change({_code(inner, names, depth)}, {_length(args, keywords, 'periods') if args else 1}) / 100)"
    if name == "between" and len(args) == 2 and not keywords:
        low, high = (_code(arg, names, depth) for arg in args)
        return f"between({_code(inner, names, depth)}, {low}, {high})"
    if name == "shift":
        return f"{_code(inner, names, depth)}[{_length(args, keywords, 'periods') if args or keywords else 1}]"
    if name == "diff" and not keywords:
        return f"change({_code(inner, names, depth)}, {_length(args, keywords, 'periods') if args else 1})"
    if name == "abs" and not args and not keywords:
        return f"abs({_code(inner, names, depth)})"
    comparing = {"gt": ">", "lt": "<", "ge": ">=", "le": "<="}
    if name in comparing and len(args) == 1 and not keywords:
        return f"({_code(inner, names, depth)} {comparing[name]} {_code(args[0], names, depth)})"
    raise _Unknown


def _length(args: list[ast.expr], keywords: list[ast.keyword], name: str) -> int:
    values = [*args, *(keyword.value for keyword in keywords if keyword.arg == name)]
    if len(values) != 1 or len(args) + len(keywords) != 1:
        raise _Unknown
    value = values[0]
    if not isinstance(value, ast.Constant) or type(value.value) is not int or not 1 <= value.value <= 4_000:
        raise _Unknown
    return value.value
