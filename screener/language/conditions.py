"""The conditions a signal records: the conjuncts of `match` and every named boolean under it.

1. `gather` walks `match`'s expression: `and` and chains split, a name becomes a named condition and is
   walked in turn.
2. Anything else is one condition, under its text (`screener.language.spelling`); named booleans within it follow.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from screener.language.expressions import Expressions
from screener.language.shared import Part
from screener.language.spelling import text_of
from screener.language.values import Series

_SIGNS: Final = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class _Gatherer:
    def __init__(self, ex: Expressions, definitions: Mapping[str, ast.expr]) -> None:
        self.ex = ex
        self.definitions = definitions
        self.found: list[Part] = []
        self.roots: set[int] = set()
        self.named: set[str] = set()

    def conjunct(self, node: ast.expr) -> None:
        """Record `node`, split where it joins several, and the named booleans that it uses."""
        # Names lead to names: a stack, because their chain may be long.
        waiting: list[tuple[ast.expr, bool]] = [(node, True)]
        while waiting:
            expr, splits = waiting.pop()
            if not splits:
                waiting.extend(reversed(self._inner(expr)))
            elif isinstance(expr, ast.BoolOp) and isinstance(expr.op, ast.And):
                waiting.extend((value, True) for value in reversed(expr.values))
            elif isinstance(expr, ast.Compare) and len(expr.ops) > 1:
                self._chain(expr)
            elif isinstance(expr, ast.Name) and expr.id in self.definitions:
                if expr.id not in self.named:
                    self.named.add(expr.id)
                    waiting.append(self._named(expr.id, self.definitions[expr.id]))
            else:
                self._record("", expr)
                waiting.append((expr, False))

    def _named(self, name: str, definition: ast.expr) -> tuple[ast.expr, bool]:
        """Record a named boolean. Its definition, and whether that splits further."""
        value = self.ex.names.get(name)
        if not isinstance(value, Series) or value.dtype != "bool":
            return definition, False
        self._record(name, definition)
        joins = isinstance(definition, ast.BoolOp) and isinstance(definition.op, ast.And)
        return definition, joins or isinstance(definition, ast.Name) or _is_chain(definition)

    def _inner(self, node: ast.expr) -> list[tuple[ast.expr, bool]]:
        """The filter's own names that `node` uses."""
        if not self.ex.read:
            return []
        own = self.definitions.keys() - self.named
        return [(child, True) for child in ast.walk(node) if isinstance(child, ast.Name) and child.id in own]

    def _chain(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for i, operator in enumerate(node.ops):
            text = f"{spelled(self.ex, operands[i])} {_SIGNS[type(operator)]} {spelled(self.ex, operands[i + 1])}"
            root, left, sign, right = self.ex.written[(node, i)]
            self._add(Part(text, text, root, left, sign, right))

    def _record(self, name: str, node: ast.expr) -> None:
        part = part_of(self.ex, node)
        self._add(part._replace(name=name) if name else part)

    def _add(self, part: Part) -> None:
        if part.root in self.roots or self.ex.graph.value(part.root) is not None:
            return
        self.roots.add(part.root)
        self.found.append(part)


def part_of(ex: Expressions, node: ast.expr) -> Part:
    """A condition under its own text."""
    text = spelled(ex, node)
    root = ex.nodes_at[node]
    sides = ex.written.get((node, 0))
    if sides is not None and sides[0] == root:
        return Part(text, text, root, *sides[1:])
    return Part(text, text, root)


def spelled(ex: Expressions, node: ast.expr) -> str:
    """The text of an expression in one spelling."""
    written = ex.parsed.segment(node)
    if ex.shared is None or not written:
        return text_of(node)
    text = ex.shared.texts.get(written)
    if text is None:
        text = ex.shared.texts[written] = text_of(node)
    return text


def _is_chain(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and len(node.ops) > 1


def gather(ex: Expressions, definitions: Mapping[str, ast.expr]) -> list[Part]:
    """The conditions of a checked program, in the order in which they are written."""
    gatherer = _Gatherer(ex, definitions)
    gatherer.conjunct(definitions["match"])
    return gatherer.found


def conjuncts(ex: Expressions, definitions: Mapping[str, ast.expr]) -> list[tuple[int, ast.expr]]:
    """The nodes that must hold together for a match, with their place."""
    found: list[tuple[int, ast.expr]] = []
    waiting: list[ast.expr] = [definitions["match"]]
    opened: set[str] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            waiting.extend(reversed(node.values))
        elif isinstance(node, ast.Name) and node.id in definitions and node.id not in opened:
            opened.add(node.id)
            waiting.append(definitions[node.id])
        elif isinstance(node, ast.Compare):
            found.extend((side[0], node) for i in range(len(node.ops)) if (side := ex.written.get((node, i))))
        elif node in ex.nodes_at:
            found.append((ex.nodes_at[node], node))
    return found
