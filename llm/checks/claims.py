"""What a program claims, one comparison or event at a time, in the language's own spelling.

1. A program is taken as `canonical_source` spells it, so that one meaning has one form.
2. Its match is opened at every `and`, `or` and `not`; windows (`within`, `always`) are kept beside what they hold.
3. The joins are kept as a tree over the numbers of the claims.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from llm.checks.syntax import compared, constant, definitions

Window = tuple[Literal["within", "always"], float]
Joined = int | tuple[str, tuple["Joined", ...]]
"""The number of a claim, or "and" or "or" with what it joins."""

_PLACE: Final = re.compile(r"""(?:symbol\((?P<q>['"])[^'"]*(?P=q)\)\.)?(?:tf\((?P<t>['"])[^'"]*(?P=t)\)\.)?""")
_ALSO: Final = {"crossunder": "crossover", "falling": "rising"}


@dataclass(frozen=True)
class Claim:
    """A comparison (`kind` "state": `low < high`), a cross ("cross": `high` crosses above `low`), or anything else
    ("other": `text`), with the windows around it, outermost first. `text` is it all as code."""

    kind: Literal["state", "cross", "other"]
    text: str
    windows: tuple[Window, ...] = ()
    low: ast.expr | None = None
    high: ast.expr | None = None
    inner: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The words of it that say what is looked at, without those of its windows."""
        found = set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", placeless(self.inner)))
        return frozenset(_ALSO.get(word, word) for word in found)

    @property
    def numbers(self) -> list[float]:
        """Its numbers, those of its windows left out."""
        return sorted(float(text) for text in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", placeless(self.inner)))


@dataclass
class Claims:
    """What a program claims of the entry, joined as in `joined`, and of the exit; its stop and target as code."""

    entry: list[Claim] = field(default_factory=list)
    joined: Joined | None = None
    exit: list[Claim] = field(default_factory=list)
    exit_joined: Joined | None = None
    stop: ast.expr | None = None
    target: ast.expr | None = None


def claims_of(spelled: str) -> Claims:
    """The claims of a program that is spelled as `canonical_source` does it."""
    found = Claims()
    given = definitions(ast.parse(spelled))
    opened = {name: _Opened(given).visit(value) for name, value in given.items()}
    if "match" in opened:
        found.joined = _open(opened["match"], False, (), found.entry)
    if "exit" in opened:
        found.exit_joined = _open(opened["exit"], False, (), found.exit)
    found.stop, found.target = opened.get("stop"), opened.get("target")
    return found


def placeless(text: str) -> str:
    """Code without its intervals and symbols: all of it on the base, of the symbol itself."""
    return _PLACE.sub("", text).replace("ta.", "")


class _Opened(ast.NodeTransformer):
    """Names that stand for an expression of the program, written out."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name with what it stands for in its place."""
        value = self._given.get(node.id)
        return node if value is None else self.visit(value)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """A comparison of candles before as one of the values before."""
        inner = self.visit(node.value)
        shift = constant(node.slice)
        if not isinstance(inner, ast.Compare) or shift is None:
            return ast.Subscript(inner, node.slice, ast.Load())
        sides = [
            side if constant(side) is not None else ast.Subscript(side, ast.Constant(int(shift)), ast.Load())
            for side in (inner.left, *inner.comparators)
        ]
        return ast.Compare(sides[0], inner.ops, sides[1:])


def _open(node: ast.expr, turned: bool, windows: tuple[Window, ...], into: list[Claim]) -> Joined:
    """Open a condition (its contrary, where `turned`) into claims; returns how they hang together."""
    match node:
        case ast.UnaryOp(op=ast.Not()):
            return _open(node.operand, not turned, windows, into)
        case ast.BoolOp() if not windows or (len(windows) == 1 and windows[0][0] == "always"):
            joint = "and" if isinstance(node.op, ast.And) != turned else "or"
            if joint == "or" and windows:
                return _add(_claim(node, turned, windows), into)
            parts = node.values if turned else _crosses_joined(node)
            return (joint, tuple(_open(part, turned, windows, into) for part in parts))
        case ast.Compare(ops=[_, _, *_]):
            sides = [node.left, *node.comparators]
            pairs = [ast.Compare(sides[n], [op], [sides[n + 1]]) for n, op in enumerate(node.ops)]
            return ("or" if turned else "and", tuple(_open(pair, turned, windows, into) for pair in pairs))
        case ast.Subscript(value=inner) if _is_condition(inner):
            return _open(inner, turned, windows, into)
        case ast.Call(func=ast.Name(id="between"), args=[value, low, high]):
            bounds: list[ast.expr] = [
                ast.Compare(value, [ast.GtE()], [low]),
                ast.Compare(value, [ast.LtE()], [high]),
            ]
            return ("or" if turned else "and", tuple(_open(pair, turned, windows, into) for pair in bounds))
    window = _window(node)
    if window is not None:
        word, inner, count = window
        kind: Literal["within", "always"] = "always" if (word == "always") != turned else "within"
        return (
            _open(inner, turned, (*windows, (kind, count)), into) if count > 1 else _open(inner, turned, windows, into)
        )
    return _add(_claim(node, turned, windows), into)


def _crosses_joined(node: ast.BoolOp) -> list[ast.expr]:
    """The parts of a join; of an `and`, "above now and not above one candle ago" is one part, a cross."""
    parts = list(node.values)
    if isinstance(node.op, ast.Or):
        return parts
    before = {(ast.unparse(low), ast.unparse(high)): part for part in parts for low, high in _sides(part)}
    for now in list(parts):
        if not isinstance(now, ast.Compare):
            continue
        for low, high in _sides(now):
            # What was above is below now: "high is above low, and one candle ago it was not".
            ways = ((above, below) for above in _one_ago(high) for below in _one_ago(low))
            other = next((before[way] for way in ways if way in before), None)
            if other is None or other is now or other not in parts or now not in parts:
                continue
            word = "crossover" if isinstance(now.ops[0], ast.Gt | ast.GtE) else "crossunder"
            cross = ast.Call(ast.Name(word, ast.Load()), [now.left, now.comparators[0]], [])
            parts = [cross if part is now else part for part in parts if part is not other]
    return parts


def _one_ago(node: ast.expr) -> set[str]:
    """How the value of the candle before may be written."""
    if constant(node) is not None:
        return {ast.unparse(node)}
    if isinstance(node, ast.Subscript) and (shift := constant(node.slice)) is not None:
        return {ast.unparse(ast.Subscript(node.value, ast.Constant(int(shift) + 1), ast.Load()))}
    whole = ast.unparse(ast.Subscript(node, ast.Constant(1), ast.Load()))
    if not isinstance(node, ast.BinOp):
        return {whole}
    sides = [(left, right) for left in _one_ago(node.left) for right in _one_ago(node.right)]
    return {whole, *(ast.unparse(ast.BinOp(_parsed(left), node.op, _parsed(right))) for left, right in sides)}


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _add(claim: Claim, into: list[Claim]) -> int:
    into.append(claim)
    return len(into) - 1


def _window(node: ast.expr) -> tuple[str, ast.expr, float] | None:
    """The window, what it holds and its length in candles: of `within`, `always`, and what says the same."""
    match node:
        case ast.Call(func=ast.Name(id="within" | "always" as word), args=[inner, count]):
            length = constant(count)
            return None if length is None else (word, inner, length)
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="barssince"), args=[inner]),
            ops=[ast.Lt() | ast.LtE() as op],
            comparators=[n],
        ):
            length = constant(n)
            return None if length is None else ("within", inner, length + isinstance(op, ast.LtE))
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="count"), args=[inner, count]), ops=[ast.Gt() | ast.GtE() as op],
            comparators=[n],
        ):  # fmt: skip
            length, least = constant(count), constant(n)
            if length is None or least is None:
                return None
            least += isinstance(op, ast.Gt)
            return ("always", inner, length) if least == length else ("within", inner, length) if least == 1 else None
    return None


def _is_condition(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare | ast.BoolOp) or (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("within", "always", "crossover", "crossunder", "cross", "rising", "falling")
    )


def _claim(node: ast.expr, turned: bool, windows: tuple[Window, ...]) -> Claim:
    inner = ast.unparse(node)
    shown = f"not ({inner})" if turned else inner
    for word, count in reversed(windows):
        shown = f"{word}({shown}, {count:g})"
    for low, high in _sides(node):
        sides = (high, low) if turned else (low, high)
        if isinstance(node, ast.Compare):
            return Claim("state", shown, windows, *sides, inner)
        if not turned:
            return Claim("cross", shown, windows, *sides, inner)
    return Claim("other", shown, windows, inner=f"not {inner}" if turned else inner)


def _sides(node: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is below and what is above, of one comparison or a cross."""
    found = [comparison.below_and_above for comparison in compared(node)]
    if len(found) == 1 and found[0] is not None:
        yield found[0]
