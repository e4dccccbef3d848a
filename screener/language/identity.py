"""Structural names: what a node computes, whatever its number, its spelling or the order of `a and b`.

The name of an operator that joins (`and`, `or`, `min`, `max`) is that of the set it joins, however it is nested. It is
made when it is first asked for: in a chain of a hundred only the last one's is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from screener.ops import ASSOCIATIVE, OPS, Dtype, Param


class Names:
    """The names of a growing list of nodes, children before parents."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._joins: dict[int, tuple[str, Sequence[int], Dtype]] = {}
        self._widths: dict[int, int] = {}

    def add(self, op: str, args: Sequence[int], params: Sequence[Param], dtype: Dtype) -> None:
        """Name the next node."""
        if op in ASSOCIATIVE:
            here = len(self._names)
            self._joins[here] = (op, args, dtype)
            self._widths[here] = sum([self._widths.get(a, 1) if self.joins(a, op) else 1 for a in args])
            self._names.append("")
            return
        parts = [self.of(a) for a in args]
        if OPS[op].commutative:
            parts.sort()
        self._names.append(_digest(op, dtype, params, parts))

    def of(self, node: int) -> str:
        """The name of a node: 64 hexadecimal digits."""
        name = self._names[node]
        if not name:
            op, _, dtype = self._joins[node]
            joined = sorted(self._operands(node, op))
            # What joins one and the same thing, spelled in two ways, is that thing.
            name = self._names[node] = joined[0] if len(joined) == 1 else _digest(op, dtype, (), joined)
        return name

    def width(self, node: int) -> int:
        """How many a node joins, at most; 1 where it joins nothing."""
        return self._widths.get(node, 1)

    def joins(self, node: int, op: str) -> bool:
        """Whether the node is the associative operator `op`."""
        found = self._joins.get(node)
        return found is not None and found[0] == op

    def _operands(self, node: int, op: str) -> set[str]:
        found: set[str] = set()
        seen = {node}
        waiting = [node]
        while waiting:
            for arg in self._joins[waiting.pop()][1]:
                if arg in seen:
                    continue
                seen.add(arg)
                if self.joins(arg, op):
                    waiting.append(arg)
                else:
                    found.add(self.of(arg))
        return found


def _digest(op: str, dtype: Dtype, params: Sequence[Param], parts: Sequence[str]) -> str:
    shown = ", ".join([_quoted(repr(p)) for p in params])
    listed = ", ".join([f'"{part}"' for part in parts])
    # As `json.dumps` writes it, which takes as long as all the rest.
    return hashlib.sha256(f'["{op}", "{dtype}", [{shown}], [{listed}]]'.encode()).hexdigest()


def _quoted(text: str) -> str:
    return (
        f'"{text}"' if text.isascii() and text.isprintable() and not ('"' in text or "\\" in text) else json.dumps(text)
    )
