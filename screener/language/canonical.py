"""Canonical source: a filter's text made from its graph alone.

1. `canonical_source` normalises the graph (`screener.language.templates`): two programs of one hash give one text.
2. `Wording.form` says each node that the text needs, from the results down (`_Writer._in_order`).
3. `_Writer.text` gives a name to what is used twice and long, or nested deeply, and writes the results.

The text compiles, on the same base, to the same hash (tested).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from keyword import iskeyword, issoftkeyword
from typing import Final

from screener.ir import Program
from screener.language.check import results_of
from screener.language.expressions import BUILT_IN
from screener.language.shared import Lasting
from screener.language.templates import normalised
from screener.language.wording import CannotSpell, Form, Slot, Wording

_LONG: Final = 24
_DEEP: Final = 20


def canonical_source(program: Program) -> str:
    """The program in the filter language, from its graph alone. Raises CannotSpell for an operator that only a word's
    inside has, such as a running sum that is no indicator's; no text compiles to that."""
    return _Writer(program).text()


class _Writer:
    def __init__(self, program: Program) -> None:
        pool = Lasting()
        results = results_of(program)
        number = normalised(program.nodes, results.values(), pool)
        self.results = {name: number[node] for name, node in results.items()}
        self.wording = Wording(pool, program.base, list(self.results.values()))
        self.forms: dict[int, Form] = {}

    def text(self) -> str:
        """One line a name, then one a result."""
        order = self._in_order()
        uses: dict[int, int] = {}
        for node in order:
            for slot in self._slots(node):
                uses[slot.node] = uses.get(slot.node, 0) + 1
        for node in self.results.values():
            uses[node] = uses.get(node, 0) + 1
        names: dict[int, str] = {}
        texts: dict[int, str] = {}
        depths: dict[int, int] = {}
        lines: list[str] = []
        fresh = _names()
        for node in order:
            texts[node] = self._filled(node, names, texts)
            depths[node] = 1 + max((0 if s.node in names else depths[s.node] for s in self._slots(node)), default=0)
            repeated = uses[node] > 1 and len(texts[node]) >= _LONG
            if repeated or (depths[node] >= _DEEP and node not in self.results.values()):
                names[node] = next(fresh)
                lines.append(f"{names[node]} = {texts[node]}")
        lines += [f"{result} = {names.get(node, texts[node])}" for result, node in self.results.items()]
        return "\n".join(lines)

    def _in_order(self) -> list[int]:
        """Every node that the text says, what it is made of first."""
        order: dict[int, None] = {}
        waiting = list(reversed(self.results.values()))
        while waiting:
            top = waiting[-1]
            if top not in self.forms:
                self.forms[top] = self.wording.form(top)
            left = [] if top in order else [s.node for s in self._slots(top) if s.node not in order]
            if left:
                waiting.extend(reversed(left))
            else:
                order[top] = None
                waiting.pop()
        return list(order)

    def _slots(self, node: int) -> list[Slot]:
        return [part for part in self.forms[node].parts if isinstance(part, Slot)]

    def _filled(self, node: int, names: Mapping[int, str], texts: Mapping[int, str]) -> str:
        parts: list[str] = []
        for part in self.forms[node].parts:
            if isinstance(part, str):
                parts.append(part)
            elif part.node in names:
                parts.append(names[part.node])
            else:
                wrap = self.forms[part.node].level < part.level
                parts.append(f"({texts[part.node]})" if wrap else texts[part.node])
        return "".join(parts)


def _names() -> Iterator[str]:
    """a to z, then aa and on: what is free to be named so."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    number = 0
    while True:
        name, rest = "", number
        while True:
            name, rest = letters[rest % 26] + name, rest // 26 - 1
            if rest < 0:
                break
        if name not in BUILT_IN and not iskeyword(name) and not issoftkeyword(name):
            yield name
        number += 1


__all__ = ["CannotSpell", "canonical_source"]
