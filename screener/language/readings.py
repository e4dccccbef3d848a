"""Plain English of a program, written when it is first asked for: screening thousands of filters needs none.

A `Readings` knows the text and writes the English of all its parts at once; `Text` is the field that holds either
words or where to get them.
"""

from __future__ import annotations

from typing import Any


class Readings:
    """The English of one filter: `source` compiled on `base`, once more, with its words."""

    __slots__ = ("_found", "base", "source")

    def __init__(self, source: str, base: str) -> None:
        self.source = source
        self.base = base
        self._found: tuple[str, ...] | None = None

    def part(self, number: int) -> str:
        """The whole (0), or the conditions from 1 on."""
        if self._found is None:
            from screener.language.check import read_aloud

            self._found = read_aloud(self.source, self.base)
        return self._found[number]


class Text:
    """A text field of a frozen dataclass that may be given as (readings, number of the part); "" unless given."""

    def __set_name__(self, owner: type, name: str) -> None:
        # Beside the field, not in the instance's dictionary: making that one for each would take more memory than all
        # else in it.
        self._stored = f"_{name}"

    def __get__(self, owner: Any, kind: type | None = None) -> str:
        if owner is None:
            return ""
        value: str | tuple[Readings, int] = getattr(owner, self._stored)
        if isinstance(value, str):
            return value
        readings, number = value
        text = readings.part(number)
        object.__setattr__(owner, self._stored, text)
        return text

    def __set__(self, owner: Any, value: str | tuple[Readings, int]) -> None:
        object.__setattr__(owner, self._stored, value)
