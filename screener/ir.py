"""The compiled filter: a flat list of typed, structured nodes, and the graph it is built in.

1. `Graph.add` asks its `Pool` for the one node with that structure. The pool folds constants and trivial windows
   (`screener.language.fold`), orders commutative arguments, and so finds common subexpressions.
2. A pool may outlive a compilation (`screener.language.shared`): what one filter has built, the next one finds.
3. A node's interval is the finest among its arguments'; it steps only when a candle of that interval closes.
4. `Program` is the finished, flat form: children before parents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Final, NamedTuple

from screener.errors import ConstantError, Diagnostic, TooLarge
from screener.intervals import LENGTH_MS
from screener.language.fold import IDENTITIES, fold_constant, is_identity_window
from screener.language.readings import Text
from screener.ops import OPS, Dtype, Param

MAX_WORK: Final = 3_000
"""Operators that one text may ask for, those included that are shared or dropped later."""

_LATER: Final = Text()
_FLOATS: Final = frozenset({"exponent", "step", "limit"})


# What may fold without a constant argument.
_FOLDED: Final = frozenset(("and", "or", "not", "where", "whereb", "neg", "min", "max", *IDENTITIES))


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
    the condition in plain English, written when it is first asked for.
    """

    name: str
    text: str
    root: int
    left: int | None = None
    op: str | None = None
    right: int | None = None
    reading: Text = _LATER


@dataclass(frozen=True)
class Program:
    """A compiled filter. Node numbers index `nodes`, in which children come before parents.

    `reach` counts, per interval, candles before the newest; `cost` the numeric nodes of a step
    (`screener.language.plan.cost`); `hash` names the structure of the results; `reading` is the filter in plain
    English, written when it is first asked for.
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
    reading: Text = _LATER
    source: str = ""


def implied(nodes: Sequence[Node], root: int) -> list[int]:
    """What holds on a candle where the condition does, itself first."""
    found: dict[int, None] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            if nodes[node].op in ("and", "always"):
                waiting.extend(nodes[node].args)
    return list(found)


class Pool:
    """Nodes by structure."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.made: dict[tuple[str, tuple[int, ...], tuple[Param, ...]], int] = {}
        self._index: dict[Node, int] = {}
        self._lock = RLock()

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

    def make(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> int:
        """The node `op(args, params)`, folded and shared; see `Graph.add`."""
        row = OPS[op]
        nodes = self.nodes
        assert len(args) == len(row.args) and len(params) == len(row.params), (op, args, params)
        for wanted, arg in zip(row.args, args, strict=True):
            assert wanted == "any" or wanted == nodes[arg].dtype, (op, args)
        if op == "const":
            value = params[0]
            assert not isinstance(value, str)
            return self.const(value)
        ordered, exact = args, params
        if params:
            # 2 and 2.0 are the same key: what is stored must not depend on which came first.
            exact = tuple([float(p) if name in _FLOATS else p for name, p in zip(row.params, params, strict=True)])
        if row.commutative:
            ordered = self._ordered(op, args)
        found = self._simplify(op, ordered, exact)
        if found is None:
            found = self._intern(self._node(op, ordered, exact))
        self.made[(op, args, params)] = found
        return found

    def _ordered(self, op: str, args: tuple[int, ...]) -> tuple[int, ...]:
        """Arguments of a commutative operator in the one order."""
        return tuple(sorted(args))

    def _adding(self, node: Node) -> None:
        """Called before a node gets the next number."""

    def _node(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> Node:
        row = OPS[op]
        dtype: Dtype = self.nodes[args[0]].dtype if row.dtype == "any" else row.dtype
        if row.interval_at is not None:
            interval: str | None = str(params[row.interval_at])
        else:
            interval = None
            for arg in args:
                other = self.nodes[arg].interval
                if interval is None or (other is not None and LENGTH_MS[other] < LENGTH_MS[interval]):
                    interval = other
        return Node(op, args, params, dtype, interval)

    def _intern(self, node: Node) -> int:
        found = self._index.get(node)
        if found is not None:
            return found
        with self._lock:
            found = self._index.get(node)
            if found is None:
                found = len(self.nodes)
                self._adding(node)
                self.nodes.append(node)
                self._index[node] = found
        return found

    def _simplify(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> int | None:
        nodes = self.nodes
        values: list[float | bool | None] = [None] * len(args)
        if "const" in [nodes[a][0] for a in args]:
            values = [self.value(a) for a in args]
        elif op not in _FOLDED:
            return None
        if args and None not in values:
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
                    return self.make("shift", inner.args, (steps,))
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
                return self.make("le", (inner.args[1], inner.args[0]), ())
            case "le":
                return self.make("lt", (inner.args[1], inner.args[0]), ())
            case "eq":
                return self.make("ne", inner.args, ())
            case "ne":
                return self.make("eq", inner.args, ())
        return None


class Graph:
    """The nodes of one compilation, in a pool of its own or a lasting one."""

    def __init__(self, pool: Pool | None = None, most: float = MAX_WORK) -> None:
        self.pool = Pool() if pool is None else pool
        self.most = most
        self.nodes = self.pool.nodes
        self.const = self.pool.const
        self.value = self.pool.value
        self.work = 0

    def add(self, op: str, args: Sequence[int] = (), params: Sequence[Param] = ()) -> int:
        """The node `op(args, params)`, folded and shared.

        Argument types are the caller's duty (asserted). Raises ConstantError where a constant is not finite, and
        TooLarge where the text asks for more than `most` operators.
        """
        self.spend(1)
        key = (op, tuple(args), tuple(params))
        found = self.pool.made.get(key)
        return self.pool.make(*key) if found is None else found

    def spend(self, work: int) -> None:
        """Count operators that the text asks for; raises TooLarge over `most`."""
        self.work += work
        if self.work > self.most:
            raise TooLarge(f"more than {self.most} operators")
