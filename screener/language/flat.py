"""From the nodes that compilations share to the flat nodes of one program.

1. `Flat` takes in the conditions' subgraphs, each worked out once (`Shared.under`), and what joins them.
2. `Flat.program` numbers the nodes and puts the program together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from screener.errors import Diagnostic
from screener.ir import Condition, Program
from screener.language.plan import MAX_NODES, MAX_REACH, by_length, cost, program_hash
from screener.language.readings import Readings
from screener.language.shared import Part, Shared

_JOINS: Final = frozenset(("and", "or", "not"))


class Flat:
    """The nodes under a program's roots, gathered root by root, with their reach and path operators."""

    def __init__(self, shared: Shared, base: str, parts: Sequence[Part], results: Mapping[str, int]) -> None:
        self._shared = shared
        self._base = base
        self._parts = parts
        self._results = results
        self._reach = {base: 0}
        self.order: dict[int, None] = {}
        self.paths: dict[int, None] = {}
        for part in parts:
            if len(self.order) > MAX_NODES:
                # Worked out one by one, nested conditions take the square of their number.
                return
            self._add(part.root)
        for root in results.values():
            self._join(root)
        for part in parts:
            for side in (part.left, part.right):
                if side is not None and side not in self.order:
                    self._add(side)

    def is_within_bounds(self) -> bool:
        """Whether it has no more nodes and looks no further back than the language allows."""
        return len(self.order) <= MAX_NODES and max(self._reach.values()) <= MAX_REACH

    def program(self, text: str, warnings: Iterable[Diagnostic]) -> Program:
        """The program of this text."""
        shared = self._shared
        nodes, number = shared.flatten(self.order)
        readings = Readings(text, self._base)
        results = {name: number[node] for name, node in self._results.items()}
        name_of = shared.pool.names.of
        reach = self._reach
        if len(reach) > 1:
            reach = by_length(reach)
        return Program(
            self._base,
            nodes,
            results["match"],
            results.get("exit"),
            results.get("stop"),
            results.get("target"),
            results.get("score"),
            tuple([_condition(part, number, (readings, i)) for i, part in enumerate(self._parts, 1)]),
            tuple(warnings),
            program_hash(self._base, {name: name_of(node) for name, node in self._results.items()}),
            tuple(reach),
            reach,
            cost(nodes),
            (readings, 0),
            text,
        )

    def _add(self, root: int) -> None:
        """Take in the nodes under `root`."""
        under = self._shared.under(root)
        self.order.update(under.order)
        if under.paths:
            self.paths.update(dict.fromkeys(under.paths))
        for interval, candles in under.reach:
            if candles > self._reach.get(interval, -1):
                self._reach[interval] = candles

    def _join(self, root: int) -> None:
        """The same for a root that may join what is here already, as `match` joins conditions."""
        if root not in self.order:
            joins = self._joins(root)
            if joins is None:
                self._add(root)
            else:
                self.order.update(joins)

    def _joins(self, root: int) -> dict[int, None] | None:
        """The nodes by which `root` joins what is here already, children first; None if it reads anything else."""
        nodes = self._shared.pool.nodes
        found: dict[int, None] = {}
        waiting = [root]
        while waiting:
            top = waiting[-1]
            node = nodes[top]
            if node.op not in _JOINS:
                return None
            left = [a for a in node.args if a not in self.order and a not in found] if top not in found else None
            if left:
                waiting.extend(reversed(left))
            else:
                found[top] = None
                waiting.pop()
        return found


def _condition(part: Part, number: Mapping[int, int], reading: tuple[Readings, int]) -> Condition:
    name, text, root, left, op, right = part
    return Condition(
        name,
        text,
        number[root],
        None if left is None else number[left],
        op,
        None if right is None else number[right],
        reading,
    )
