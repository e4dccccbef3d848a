"""A direction against the sentence's, and stops and targets on the other side of the entry where a long is made a short
or the other way round."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from llm.checks.alike import worth
from llm.checks.asked import Asked, choice, question
from llm.checks.contradictions import wrong_sides
from llm.checks.edits import Source
from llm.checks.shapes import Disagreement, Question
from llm.checks.syntax import called, constant
from llm.phrasebook.translate import sentence_direction
from screener import Program, compile_filter

_PAIRS: Final = (("low", "high"), ("lowest", "highest"), ("lower", "upper"), ("min", "max"))
_TURNED: Final = {one: two for pair in _PAIRS for one, two in (pair, pair[::-1])}
_SIGNS: Final[dict[type[ast.operator], ast.operator]] = {ast.Add: ast.Sub(), ast.Sub: ast.Add()}
_DIGITS: Final = 8
_SIDES: Final = {
    "long": re.compile(r"\b(?:longs?|longing|buy|buys|buying|bought|bullish)\b", re.IGNORECASE),
    "short": re.compile(
        r"\b(?:sell(?:s|ing)? short|short\w*|sell|sells|selling|fad(?:e|es|ing)|bearish)\b", re.IGNORECASE
    ),
}


def side_said(sentence: str, direction: str) -> Disagreement | None:
    """The words of a sentence for the other direction than `direction`, where it has none for this one."""
    other = sentence_direction(sentence)
    if other is None or direction not in _SIDES or other == direction or _SIDES[direction].search(sentence):
        return None
    found = _SIDES[other].search(sentence)
    if found is None:
        return None
    return Disagreement(words=found.group(), start=found.start(), end=found.end(), asked=other, said=direction)


def turned(program: Program, direction: str) -> str | None:
    """The program's text with its stop and target on the side that `direction` ("long" or "short") needs.

    None where there is nothing to turn, or something that has no plain counterpart.
    """
    source = Source(program)
    changes: dict[ast.expr, str] = {}
    for name in ("stop", "target"):
        node = source.expressions.get(name)
        if node is None or (worth(node) is not None and not any(wrong_sides(_only(name, node, program), direction))):
            continue
        other = _mirrored(node)
        if other is None:
            return None
        changes[node] = ast.unparse(other)
    if not changes:
        return None
    code = source.compiling(source.changed(changes))
    if code is None or any(wrong_sides(compile_filter(code, program.base), direction)):
        return None
    return code


def sides_question(asked: Asked, direction: str) -> Question | None:
    """Whether a stop or target on the wrong side is to be turned round."""
    wrong = list(wrong_sides(asked.program, direction))
    if not wrong:
        return None
    choices = [
        choice("As they are", None, True),
        choice(f"On the side of a {direction}", turned(asked.program, direction), False),
    ]
    return question("sides", f"Stop and target of a {direction}?", " ".join(wrong), choices)


def _only(name: str, node: ast.expr, program: Program) -> Program:
    """A program of nothing but this stop or target."""
    return compile_filter(f"match = close > 0\n{name} = {ast.unparse(node)}", program.base)


def _mirrored(node: ast.expr) -> ast.expr | None:
    """A price as far on the other side of the entry; None for what has no other side."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            price = _mirrored(node.left) or node.left
            return ast.BinOp(price, _SIGNS[type(node.op)], node.right)
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return _scaled(node)
        case ast.Name(id=name) if name in _TURNED:
            return ast.Name(_TURNED[name])
        case ast.Attribute(attr=name) if name in _TURNED:
            return ast.Attribute(node.value, _TURNED[name])
        case ast.Subscript():
            series = _mirrored(node.value)
            return None if series is None else ast.Subscript(series, node.slice)
        case ast.Call():
            return _called(node)
    return None


def _scaled(node: ast.BinOp) -> ast.expr | None:
    """`close * 0.98` as `close * 1.02`, whichever side the number stands on."""
    for number, price in ((node.right, node.left), (node.left, node.right)):
        factor = _number(number)
        if factor is None:
            continue
        if isinstance(node.op, ast.Div):
            if number is node.left or factor <= 0:
                return None
            factor = 1 / factor
        if not 0 < factor < 2:
            return None
        other = ast.Constant(round(2 - factor, _DIGITS))
        price = _mirrored(price) or price
        return ast.BinOp(price, ast.Mult(), other) if number is node.right else ast.BinOp(other, ast.Mult(), price)
    return None


def _number(node: ast.expr) -> float | None:
    """A number, also one that is worked out: `(1 - 2 / 100)`."""
    return worth(node) if constant(node) is not None or not any(_names(node)) else None


def _names(node: ast.expr) -> Iterator[str]:
    yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def _called(node: ast.Call) -> ast.expr | None:
    """`lowest(low, 10)` as `highest(high, 10)`, `max(a, b)` as `min` of both mirrored."""
    name = called(node)
    args = [_mirrored(arg) or arg for arg in node.args]
    func = _mirrored(node.func) if name in _TURNED else None
    if func is None and all(new is old for new, old in zip(args, node.args, strict=True)):
        return None
    return ast.Call(func or node.func, args, node.keywords)
