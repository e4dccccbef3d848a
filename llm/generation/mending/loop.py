"""Compile, correct what is certain, and again, until the filter compiles or nothing is certain any more."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from llm.generation.mending import signs, words
from llm.generation.mending.lines import Lines
from screener import Diagnostic, FilterError, Program, compile_filter
from screener.language.parse import parse

MOST_ROUNDS: Final = 40
MOST_COMPILED: Final = 80
_HIDING: Final = ("F001", "F003", "F006", "F007")
"""Errors that keep the compiler from seeing others."""
_TOO_MUCH: Final = ("F002", "F004")
"""More than a program may hold, or more errors than the compiler names: what became of the rest is not known."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed: the lines as they were, from `line` of the first program on, as they are, and why.

    `after` is empty where they were left out.
    """

    line: int
    before: str
    after: str
    reason: str

    def __str__(self) -> str:
        now = f"`{self.after}`" if self.after else "left out"
        return f"Line {self.line}: `{self.before}` → {now} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Mended:
    """A program after its corrections: `program` where it compiles, else `left`, what is still wrong, on the lines of
    the program as it was given."""

    code: str
    changes: tuple[Change, ...]
    program: Program | None
    left: FilterError | None = None


class _Compiler:
    """Compiles each text once, and no more than `MOST_COMPILED`."""

    def __init__(self, interval: str, symbols: Collection[str] | None) -> None:
        self._interval = interval
        self._symbols = symbols
        self._done: dict[str, Program | FilterError] = {}

    def of(self, text: str) -> Program | FilterError | None:
        """What a text compiles to, or what is wrong with it; None where no more is compiled."""
        if text not in self._done:
            if len(self._done) == MOST_COMPILED:
                return None
            try:
                self._done[text] = compile_filter(text, self._interval, self._symbols)
            except FilterError as error:
                self._done[text] = error
        return self._done[text]


def mended(code: str, interval: str, symbols: Collection[str] | None = None) -> Mended:
    """A program with every correction that is certain, each told in `changes`."""
    compiler = _Compiler(interval, symbols)
    program, changes = Lines.of(code), list[Change]()
    origins = list(range(1, len(program.rows) + 1))
    seen = {program.text}
    found = compiler.of(program.text)
    rounds = 0
    while isinstance(found, FilterError) and rounds < MOST_ROUNDS:
        for wrong in found.diagnostics:
            better = _certain(wrong, found, program, compiler)
            if better is not None and better.text not in seen:
                break
        else:
            break
        changes += _changes(program, better, wrong, origins)
        rounds += 1
        program = better
        seen.add(program.text)
        found = compiler.of(program.text)
    told = tuple(_together(changes))
    if isinstance(found, Program):
        return Mended(program.text, told, found)
    rows = () if found is None else found.diagnostics
    lines = (origins[d.line - 1] if d.line <= len(origins) else d.line for d in rows)
    return Mended(program.text, told, None, FilterError([replace(d, line=n) for d, n in zip(rows, lines, strict=True)]))


def _certain(wrong: Diagnostic, all_: FilterError, program: Lines, compiler: _Compiler) -> Lines | None:
    """The program with the one correction that `wrong` leaves; None where there is none, or several that differ."""
    fitting: list[tuple[int, str, Lines]] = []
    for meant in _meant(wrong, program):
        if meant.text == program.text:
            continue
        found = compiler.of(meant.text)
        if found is None:
            return None
        if isinstance(found, Program):
            fitting.append((0, found.hash, meant))
        elif _better(wrong, all_, found):
            fitting.append((len(found.diagnostics), _shape(meant), meant))
    if not fitting:
        return None
    least = min(errors for errors, _, _ in fitting)
    best = [(shape, meant) for errors, shape, meant in fitting if errors == least]
    # Two texts of one program are one correction.
    return best[-1][1] if len({shape for shape, _ in best}) == 1 else None


def _meant(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    yield from signs.meant(wrong, program)
    yield from words.meant(wrong, program)


def _better(wrong: Diagnostic, before: FilterError, after: FilterError) -> bool:
    """Whether less is wrong than before; where it could not be read, whether it is another thing that is wrong."""
    if any(d.code in _TOO_MUCH for d in after.diagnostics):
        return False
    if wrong.code in _HIDING:
        return (wrong.code, wrong.message, wrong.line, wrong.column) not in {
            (d.code, d.message, d.line, d.column) for d in after.diagnostics
        }
    said, left = ([(d.code, d.message) for d in error.diagnostics] for error in (before, after))
    return len(left) <= len(said) and left.count((wrong.code, wrong.message)) < said.count((wrong.code, wrong.message))


def _shape(program: Lines) -> str:
    """What a program says as far as it can be read, its text where it cannot."""
    read = parse(program.text)
    return program.text if read.errors else str([(a.name, ast.dump(a.value)) for a in read.assignments])


def _together(changes: Sequence[Change]) -> list[Change]:
    """The changes by line, those that go on with a former one as one with it."""
    found: list[Change] = []
    for change in changes:
        former = next((n for n, c in enumerate(found) if c.after == change.before and c.line == change.line), None)
        if former is None:
            found.append(change)
        else:
            first = found[former]
            reasons = dict.fromkeys((*first.reason.split(" · "), change.reason))
            found[former] = replace(first, after=change.after, reason=" · ".join(reasons))
    return sorted(found, key=lambda c: c.line)


def _changes(before: Lines, after: Lines, wrong: Diagnostic, origins: list[int]) -> list[Change]:
    """What differs between two programs: line by line where there are as many, else from the first to the last that
    does. `origins`, the line of the first program that each line was, goes on to the second."""
    old, new = before.rows, after.rows
    why = wrong.message if not wrong.hint else f"{wrong.message}; {wrong.hint}"
    if len(old) == len(new):
        return [Change(line, a, b, why) for line, a, b in zip(origins, old, new, strict=True) if a != b]
    first = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    line = origins[first]
    origins[first : len(old) - last] = [line] * (len(new) - last - first)
    was, now = ("\n".join(rows[first : len(rows) - last]) for rows in (old, new))
    return [Change(line, was, now, why)]
