"""What compilations share: most filters say what others have said before, so it is worked out once.

1. `current` hands out a `Shared`: a lasting pool of nodes and what is known about them. Grown too large, it is replaced
   by an empty one; a compilation keeps the one it began with.
2. `Shared.under` knows a node's subgraph, reach and path operators.
3. `Shared.visit` remembers what a comparison or call means where that depends on nothing but its own text and the scope
   it stands in: no names of the filter, no warning, nothing that starts at the first candle held.
4. `Flat.add` merges subgraphs into the nodes of one program.

None of it changes a program: the same text compiles to the same program in a fresh process (tested).
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from screener.intervals import LENGTH_MS
from screener.ir import Node, Pool
from screener.language.describe import English
from screener.language.identity import Names
from screener.language.plan import by_length, is_path, own_reach, reaches
from screener.language.values import Outputs, Scope, Series, Value
from screener.ops import OPS, Param

if TYPE_CHECKING:
    from screener.language.expressions import Expressions

MAX_NODES: Final = 50_000
_MAX_TEXTS: Final = 20_000

# What their meaning depends on lies outside the text: the market, the result being assigned, or names that the filter
# may take for its own.
_ELSEWHERE: Final = frozenset(("symbol", "trade", "hour", "minute", "weekday", "day", "month"))
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_CHAINS: Final = frozenset(("and", "or"))
_JOINS: Final = frozenset(("and", "or", "not"))


class Under(NamedTuple):
    """A node's subgraph, children first and itself last; reach per interval; those nodes that are path operators."""

    order: dict[int, None]
    reach: tuple[tuple[str, int], ...]
    paths: tuple[int, ...]


class _Meaning(NamedTuple):
    value: Series | Outputs
    written: tuple[tuple[int, int, str, int | None], ...]
    work: int


class Lasting(Pool):
    """A pool for several compilations, perhaps in several threads.

    Commutative arguments are ordered by their structural names, so that no filter depends on those before it. `own` is
    the nodes' own reach, `paths` are the path operators, `starts` says whether one lies at or under a node.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names = Names()
        self.own: list[int] = []
        self.paths: set[int] = set()
        self.starts: list[bool] = []

    def make(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> int:
        if op in _CHAINS:
            # Every filter ends in a chain of its own, so this must be quick, and is not worth remembering by its key.
            left, right = self.nodes[args[0]], self.nodes[args[1]]
            if left[0] != "const" and right[0] != "const" and args[0] != args[1]:
                a, b = left[4], right[4]
                interval = b if a is None or (b is not None and LENGTH_MS[b] < LENGTH_MS[a]) else a
                return self._intern(Node(op, self._ordered(op, args), (), "bool", interval))
        return super().make(op, args, params)

    def _adding(self, node: Node) -> None:
        op, args, params, dtype, _ = node
        self.names.add(op, args, params, dtype)
        self.own.append(own_reach(self.nodes, node) if params or (args and op not in _CHAINS) else 0)
        starts = OPS[op].kind == "path" and is_path(self.nodes, node)
        if starts:
            self.paths.add(len(self.nodes))
        self.starts.append(starts or any(self.starts[a] for a in args))

    def _ordered(self, op: str, args: tuple[int, ...]) -> tuple[int, ...]:
        first, second = args
        joins, of = self.names.joins, self.names.of
        chained = joins(first, op)
        if chained is not joins(second, op):
            # A chain comes before what it is joined with, so that its own name is not needed.
            return args if chained else (second, first)
        return args if of(first) <= of(second) else (second, first)


class Shared:
    """A lasting pool, and what is known about its nodes and the texts that led to them."""

    def __init__(self) -> None:
        self.pool = Lasting()
        self._under: dict[int, Under] = {}
        self._meanings: dict[tuple[str, str, str, str], _Meaning] = {}
        self.texts: dict[str, str] = {}

    def is_full(self) -> bool:
        """Whether it holds as much as it should."""
        return len(self.pool.nodes) > MAX_NODES or len(self._meanings) > _MAX_TEXTS or len(self.texts) > _MAX_TEXTS

    def under(self, root: int) -> Under:
        """The subgraph of a node."""
        found = self._under.get(root)
        if found is None:
            pool = self.pool
            order = self._order(root)
            paths = tuple([n for n in order if n in pool.paths]) if pool.starts[root] else ()
            reach = reaches(pool.nodes, tuple(order), pool.own.__getitem__)
            found = self._under[root] = Under(order, tuple(reach.items()), paths)
        return found

    def _order(self, root: int) -> dict[int, None]:
        nodes = self.pool.nodes
        order: dict[int, None] = {}
        waiting = [root]
        while waiting:
            top = waiting[-1]
            if top in order:
                waiting.pop()
                continue
            before = len(waiting)
            for arg in reversed(nodes[top][1]):
                if arg not in order:
                    waiting.append(arg)
            if len(waiting) == before:
                order[top] = None
                waiting.pop()
        return order

    def visit(self, ex: Expressions, node: ast.expr) -> Value | None:
        """The value of a comparison or call, remembered where it can be."""
        scope = ex.scope
        text = ex.parsed.segment(node)
        if not text or scope.part:
            return ex.evaluate(node)
        key = (text, scope.interval, scope.symbol, ex.base)
        known = self._meanings.get(key)
        if known is None:
            return self._learn(ex, node, scope, key)
        value = known.value
        ex.graph.spend(known.work)
        if isinstance(value, Series):
            ex.nodes_at[node] = value.node
            if value.node not in ex.where:
                ex.where[value.node] = node
            for i, sides in enumerate(known.written):
                ex.written[(node, i)] = sides
        return value

    def _learn(self, ex: Expressions, node: ast.expr, scope: Scope, key: tuple[str, str, str, str]) -> Value | None:
        work, warnings = ex.graph.work, len(ex.warnings)
        value = ex.evaluate(node)
        if ex.errors or ex.percents or len(ex.warnings) > warnings or not isinstance(value, Series | Outputs):
            return value
        words = _WORD.findall(key[0])
        if not _ELSEWHERE.isdisjoint(words) or not ex.names.keys().isdisjoint(words):
            return value
        series = [value] if isinstance(value, Series) else value.nodes.values()
        if any(self.pool.starts[s.node] for s in series):
            return value
        written: list[Any] = []
        while (sides := ex.written.get((node, len(written)))) is not None:
            written.append(sides)
        self._meanings[key] = _Meaning(value, tuple(written), ex.graph.work - work)
        return value


class Silent(English):
    """English for those who do not listen: what is noted is dropped, and every phrase is empty."""

    def note(self, node: int, phrase: str, override: bool = False) -> None:
        pass

    def compare(self, node: int, left: int, op: str, right: int) -> None:
        pass

    def of(self, node: int) -> str:
        return ""

    def bare(self, node: int) -> str:
        return ""

    def suffix(self, node: int) -> str:
        return ""

    def candles(self, node: int, n: float = 2) -> str:
        return ""


class Flat:
    """The nodes under a program's roots, gathered root by root, with their reach and path operators."""

    def __init__(self, shared: Shared, base: str) -> None:
        self._shared = shared
        self._reach = {base: 0}
        self.order: dict[int, None] = {}
        self.paths: dict[int, None] = {}

    def add(self, root: int) -> None:
        """Take in the nodes under `root`."""
        under = self._shared.under(root)
        self.order.update(under.order)
        if under.paths:
            self.paths.update(dict.fromkeys(under.paths))
        for interval, candles in under.reach:
            if candles > self._reach.get(interval, -1):
                self._reach[interval] = candles

    def join(self, root: int) -> None:
        """The same for a root that may join what is here already, as `match` joins conditions."""
        if root not in self.order:
            joins = self._joins(root)
            if joins is None:
                self.add(root)
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

    def reach(self) -> dict[str, int]:
        """Candles before the newest that are needed, per interval, finest first."""
        return by_length(self._reach)


_current = Shared()


def current() -> Shared:
    """The knowledge to compile with."""
    global _current
    if _current.is_full():
        _current = Shared()
    return _current


def forget() -> None:
    """Begin anew, as a fresh process does."""
    global _current
    _current = Shared()


__all__ = ["Flat", "Shared", "Silent", "Under", "current", "forget"]
