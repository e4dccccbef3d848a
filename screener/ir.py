"""The program as a graph of numbered nodes.

1. `Graph.add` folds constants and trivial windows (`screener.fold`), orders commutative arguments and
   returns the number of the one node with that structure: its dictionary finds common subexpressions.
2. A node's interval is the finest among its arguments'; it steps only when a candle of that interval closes.
3. `Program` is the finished, flat form: children before parents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from screener.errors import ConstantError, Diagnostic
from screener.fold import fold_constant, is_identity_window
from screener.intervals import LENGTH_MS
from screener.ops import OPS, Dtype, Param


class Node(NamedTuple):
    """One operation. `args` are node numbers; `interval` is None for a constant."""

    op: str
    args: tuple[int, ...]
    params: tuple[Param, ...]
    dtype: Dtype
    interval: str | None


@dataclass(frozen=True)
class Condition:
    """A part of `match` that a signal records.

    `root` is its node; `left` and `right` the nodes of both sides where it compares two numbers, with `op`
    between them as the user wrote it (`<`, `>=`, `crosses above`, ...). `between` has no `right`. `reading` is
    the condition in plain English.
    """

    name: str
    text: str
    root: int
    left: int | None = None
    op: str | None = None
    right: int | None = None
    reading: str = ""


@dataclass(frozen=True)
class Program:
    """A compiled filter. Node numbers index `nodes`, in which children come before parents.

    `reach` counts, per interval, candles before the newest; `cost` the nodes computed on a step; `hash` names
    the structure of the results; `reading` is the filter in plain English.
    """

    base: str
    nodes: tuple[Node, ...]
    match: int
    exit: int | None
    stop: int | None
    target: int | None
    score: int | None
    conditions: tuple[Condition, ...]
    warnings: tuple[Diagnostic, ...]
    hash: str
    intervals: tuple[str, ...]
    reach: dict[str, int]
    cost: int
    reading: str
    source: str


class Graph:
    """Hash-consing builder. Raises ConstantError where folding leaves the finite numbers."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._index: dict[Node, int] = {}

    def const(self, value: float | bool) -> int:
        """The node of a constant; a bool and a number of equal value stay different."""
        if isinstance(value, bool):
            return self._intern(Node("const", (), (value,), "bool", None))
        number = float(value)
        if number - number != 0.0:
            raise ConstantError("the constant is not a finite number")
        return self._intern(Node("const", (), (number + 0.0,), "num", None))

    def value(self, node: int) -> float | bool | None:
        """The value of a constant node; None for a series."""
        found = self.nodes[node]
        if found.op != "const":
            return None
        value = found.params[0]
        assert not isinstance(value, str)
        return value

    def add(self, op: str, args: Sequence[int] = (), params: Sequence[Param] = ()) -> int:
        """The node `op(args, params)`, folded and shared.

        Argument types are the caller's duty (asserted). Raises ConstantError where a constant is not finite.
        """
        row = OPS[op]
        assert len(args) == len(row.args) and len(params) == len(row.params), (op, args, params)
        for wanted, arg in zip(row.args, args, strict=True):
            assert wanted in ("any", self.nodes[arg].dtype), (op, args)
        if op == "const":
            value = params[0]
            assert not isinstance(value, str)
            return self.const(value)
        ordered = tuple(sorted(args)) if row.commutative else tuple(args)
        simpler = self._simplify(op, ordered, tuple(params))
        if simpler is not None:
            return simpler
        return self._intern(self._node(op, ordered, tuple(params)))

    def _node(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> Node:
        row = OPS[op]
        dtype: Dtype = self.nodes[args[0]].dtype if row.dtype == "any" else row.dtype
        if row.interval_at is not None:
            interval: str | None = str(params[row.interval_at])
        else:
            known = [i for a in args if (i := self.nodes[a].interval) is not None]
            interval = min(known, key=LENGTH_MS.__getitem__) if known else None
        return Node(op, args, params, dtype, interval)

    def _intern(self, node: Node) -> int:
        found = self._index.get(node)
        if found is None:
            found = self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    def _simplify(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> int | None:
        values = [self.value(a) for a in args]
        if args and all(v is not None for v in values):
            folded = fold_constant(op, [v for v in values if v is not None], params)
            if folded is not None:
                return self.const(folded)
        if is_identity_window(op, params):
            return args[0]
        match op:
            case "and" | "or":
                return self._connective(op == "and", args, values)
            case "not":
                return self._negation(args[0])
            case "where" | "whereb":
                if values[0] is not None:
                    return args[1] if values[0] else args[2]
                return args[1] if args[1] == args[2] else None
            case "shift":
                inner = self.nodes[args[0]]
                if inner.op == "shift":
                    steps = int(inner.params[0]) + int(params[0])
                    return self.add("shift", inner.args, (steps,))
            case "neg" if self.nodes[args[0]].op == "neg":
                return self.nodes[args[0]].args[0]
            case "min" | "max" if args[0] == args[1]:
                return args[0]
        return None

    def _connective(
        self, conjunction: bool, args: tuple[int, ...], values: Sequence[float | bool | None]
    ) -> int | None:
        if args[0] == args[1]:
            return args[0]
        for value, other in ((values[0], args[1]), (values[1], args[0])):
            if value is not None:
                return other if bool(value) == conjunction else self.const(not conjunction)
        return None

    def _negation(self, arg: int) -> int | None:
        # Exact in Kleene's logic: both sides are unknown together.
        inner = self.nodes[arg]
        match inner.op:
            case "not":
                return inner.args[0]
            case "lt":
                return self.add("le", (inner.args[1], inner.args[0]))
            case "le":
                return self.add("lt", (inner.args[1], inner.args[0]))
            case "eq":
                return self.add("ne", inner.args)
            case "ne":
                return self.add("eq", inner.args)
        return None
