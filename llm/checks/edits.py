"""Changes to a program's text, made through its syntax tree: everything that is not changed stays as it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

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
        self._lines = self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        tree = ast.parse("\n".join(self._lines))
        self.expressions = {
            line.targets[0].id: line.value
            for line in tree.body
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
        }

    def walk(self) -> Iterator[ast.expr]:
        """Every expression of the program, in the order of the text."""
        found = [n for value in self.expressions.values() for n in ast.walk(value) if isinstance(n, ast.expr)]
        yield from sorted(found, key=lambda n: (n.lineno, n.col_offset))

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call with its last name: `rsi` of `tf("1h").rsi(close, 14)`."""
        for node in self.walk():
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func).rpartition(".")[2], node

    def said(self, node: ast.expr) -> str:
        """The text of an expression as it is written."""
        return ast.get_source_segment("\n".join(self._lines), node) or ast.unparse(node)

    def changed(self, changes: Changes) -> str:
        """The text with other expressions in the places of these."""
        text = "\n".join(self._lines).encode()
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line.encode()) + 1)
        for node, new in sorted(changes.items(), key=lambda c: (-c[0].lineno, -c[0].col_offset)):
            first = starts[node.lineno - 1] + node.col_offset
            last = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
            text = text[:first] + new.encode() + text[last:]
        return text.decode()

    def compiling(self, code: str, base: str = "") -> str | None:
        """`code` where it compiles to another program than this one; else None. `base` where that changes."""
        try:
            program = compile_filter(code, base or self.base)
        except FilterError:
            return None
        return code if program.hash != self.hash else None


def constant(node: ast.expr) -> float | None:
    """The number that an expression is, sign included; None for anything else."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
