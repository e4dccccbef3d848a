"""Changes to a program's text, made through its syntax tree: everything that is not changed stays as it is written."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from llm.checks.syntax import called, definitions
from screener import FilterError, canonical_source, compile_filter
from screener.ir import Program

Changes = Mapping[ast.expr, str]
"""New texts for expressions of a tree, none of which lies inside another."""


class Source:
    """A program's text and its syntax tree. `expressions` are what each name is, in order."""

    def __init__(self, program: Program) -> None:
        self.text = program.source or canonical_source(program)
        self.base = program.base
        self.hash = program.hash
        text = self.text.replace("\r\n", "\n").replace("\r", "\n")
        self._text = text.encode()
        self._starts = list(accumulate((len(line.encode()) + 1 for line in text.split("\n")), initial=0))
        self._compiled: dict[tuple[str, str], str | None] = {(self.text, self.base): None}
        tree = ast.parse(text)
        self.expressions = definitions(tree)

    def walk(self) -> Sequence[ast.expr]:
        """Every expression of the program, in the order of the text."""
        return self._walked

    @cached_property
    def _walked(self) -> tuple[ast.expr, ...]:
        found = [n for value in self.expressions.values() for n in ast.walk(value) if isinstance(n, ast.expr)]
        return tuple(sorted(found, key=lambda n: (n.lineno, n.col_offset)))

    def calls(self) -> Sequence[tuple[str, ast.Call]]:
        """Every call with its last name: `rsi` of `tf("1h").rsi(close, 14)`."""
        return self._calls

    @cached_property
    def _calls(self) -> tuple[tuple[str, ast.Call], ...]:
        calls = (node for node in self.walk() if isinstance(node, ast.Call))
        return tuple((called(node), node) for node in calls)

    def said(self, node: ast.expr) -> str:
        """The text of an expression as it is written."""
        if getattr(node, "end_lineno", None) is None:
            return ast.unparse(node)
        first, last = self._span(node)
        return self._text[first:last].decode()

    def _span(self, node: ast.expr) -> tuple[int, int]:
        """Where an expression stands in the text, in bytes."""
        last = self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        return self._starts[node.lineno - 1] + node.col_offset, last

    def changed(self, changes: Changes) -> str:
        """The text with other expressions in the places of these."""
        text = self._text
        for node, new in sorted(changes.items(), key=lambda c: (-c[0].lineno, -c[0].col_offset)):
            first, last = self._span(node)
            text = text[:first] + new.encode() + text[last:]
        return text.decode()

    def compiling(self, code: str, base: str = "") -> str | None:
        """`code` where it compiles to another program than this one; else None. `base` where that changes."""
        key = (code, base or self.base)
        if key not in self._compiled:
            try:
                other = compile_filter(*key).hash != self.hash
            except FilterError:
                other = False
            self._compiled[key] = code if other else None
        return self._compiled[key]
