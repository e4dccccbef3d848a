"""The conditions a signal records: the conjuncts of `match` and every named boolean under it.

1. `gather` walks `match`'s expression: `and` and chains split, a name becomes a named condition and is
   walked in turn.
2. Anything else is one condition, under its text; named booleans within it follow.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from typing import Final

from screener.expressions import Expressions
from screener.ir import Condition
from screener.values import Series

_SIGNS: Final = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class _WithoutPrefix(ast.NodeTransformer):
    """`ta.rsi(...)` reads `rsi(...)`."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "ta":
            return ast.copy_location(ast.Name(node.attr, ast.Load()), node)
        return node


def text_of(node: ast.expr) -> str:
    """An expression as text in one spelling: `rsi(close, 14) < 30`."""
    text = ast.unparse(_WithoutPrefix().visit(copy.deepcopy(node)))
    return text.replace("'", '"') if '"' not in text else text


class _Gatherer:
    def __init__(self, ex: Expressions, definitions: Mapping[str, ast.expr]) -> None:
        self.ex = ex
        self.definitions = definitions
        self.found: list[Condition] = []
        self.roots: set[int] = set()
        self.named: set[str] = set()

    def conjunct(self, node: ast.expr) -> None:
        """Record `node`, split where it joins several."""
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            for value in node.values:
                self.conjunct(value)
        elif isinstance(node, ast.Compare) and len(node.ops) > 1:
            self._chain(node)
        elif isinstance(node, ast.Name) and node.id in self.definitions:
            self._named(node.id)
        else:
            self._record("", node)
            self._inner(node)

    def _named(self, name: str) -> None:
        value = self.ex.names.get(name)
        if name in self.named or not isinstance(value, Series) or value.dtype != "bool":
            return
        self.named.add(name)
        definition = self.definitions[name]
        self._record(name, definition)
        joins = isinstance(definition, ast.BoolOp) and isinstance(definition.op, ast.And)
        if joins or isinstance(definition, ast.Name) or _is_chain(definition):
            self.conjunct(definition)
        else:
            self._inner(definition)

    def _inner(self, node: ast.expr) -> None:
        """Named booleans that `node` uses, also through named numbers."""
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and child.id in self.definitions and child.id not in self.named:
                value = self.ex.names.get(child.id)
                if isinstance(value, Series) and value.dtype == "bool":
                    self._named(child.id)
                else:
                    self.named.add(child.id)
                    self._inner(self.definitions[child.id])

    def _chain(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for i, operator in enumerate(node.ops):
            text = f"{text_of(operands[i])} {_SIGNS[type(operator)]} {text_of(operands[i + 1])}"
            root, left, sign, right = self.ex.written[(node, i)]
            self._add(Condition(text, text, root, left, sign, right))

    def _record(self, name: str, node: ast.expr) -> None:
        text = text_of(node)
        root = self.ex.nodes_at[node]
        sides = self.ex.written.get((node, 0))
        if sides is not None and sides[0] == root:
            self._add(Condition(name or text, text, root, *sides[1:]))
        else:
            self._add(Condition(name or text, text, root))

    def _add(self, condition: Condition) -> None:
        if condition.root in self.roots or self.ex.graph.value(condition.root) is not None:
            return
        self.roots.add(condition.root)
        self.found.append(condition)


def _is_chain(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and len(node.ops) > 1


def gather(ex: Expressions, definitions: Mapping[str, ast.expr]) -> list[Condition]:
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
