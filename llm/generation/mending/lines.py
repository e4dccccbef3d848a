"""A program's lines as rules see them: what stands in texts and comments is hidden, and stays."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from screener.language.parse import parse

HIDDEN: Final = "\0"
_ASSIGNED: Final = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
_STRING: Final = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|#.*")


def hidden(line: str) -> str:
    """The line with everything inside texts, and its comment, replaced by as many `HIDDEN`."""
    return _STRING.sub(lambda m: _covered(m.group()), line)


def _covered(found: str) -> str:
    if found.startswith("#"):
        return HIDDEN * len(found)
    return f"{found[0]}{HIDDEN * (len(found) - 2)}{found[-1]}"


@dataclass(frozen=True, slots=True)
class Lines:
    """A program, line by line; line numbers begin at 1."""

    rows: tuple[str, ...]

    @staticmethod
    def of(text: str) -> Lines:
        """The lines of a text, ended as the compiler ends them."""
        return Lines(tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))

    @property
    def text(self) -> str:
        """The program."""
        return "\n".join(self.rows)

    def row(self, number: int) -> str:
        """A line; empty where there is none."""
        return self.rows[number - 1] if 0 < number <= len(self.rows) else ""

    def seen(self, number: int) -> str:
        """A line without what is hidden."""
        return hidden(self.row(number))

    def with_row(self, number: int, *new: str) -> Lines:
        """With other lines, or none, in the place of one."""
        return Lines((*self.rows[: number - 1], *new, *self.rows[number:]))

    def cut(self, number: int, first: int, last: int, new: str) -> Lines:
        """With `new` in the place of the characters [first, last) of a line."""
        row = self.row(number)
        return self.with_row(number, row[:first] + new + row[last:])

    def replaced(self, number: int, pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str]) -> Lines:
        """With `new` in the place of what the pattern finds in a line, outside of texts and comments."""
        row, result, at = self.row(number), "", 0
        for found in pattern.finditer(self.seen(number)):
            said = new(found) if callable(new) else found.expand(new)
            result += row[at : found.start()] + said
            at = found.end()
        return self.with_row(number, result + row[at:])

    def assigned(self) -> dict[str, int]:
        """The names that lines assign, each with the line that does so first."""
        found: dict[str, int] = {}
        for number in range(1, len(self.rows) + 1):
            if name := _ASSIGNED.match(self.seen(number)):
                found.setdefault(name.group(1), number)
        return found

    def calls_at(self, number: int, column: int) -> Iterator[ast.Call]:
        """The calls of one line around its character `column` (from 1), the innermost first."""
        around = [
            node
            for assignment in parse(self.text).assignments
            for node in ast.walk(assignment.value)
            if isinstance(node, ast.Call) and node.lineno == node.end_lineno == number and self._around(node, column)
        ]
        yield from sorted(around, key=lambda n: (n.end_col_offset or 0) - n.col_offset)

    def _around(self, node: ast.expr, column: int) -> bool:
        first, last = self.span(node)
        return first < column <= last

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Where an expression of one line stands in it, in characters. Python counts bytes."""
        row = self.row(node.lineno).encode()
        first, last = (len(row[:at].decode("utf-8", "ignore")) for at in (node.col_offset, node.end_col_offset or 0))
        return first, last
