"""What compilations share: most filters say what others have said before, so it is worked out once.

1. `current` hands out a `Shared`: a lasting pool of nodes and what is known about them. Grown too large, it is replaced
   by an empty one; a compilation keeps the one it began with.
2. `Shared.under` knows a node's subgraph, reach and path operators.
3. `Shared.visit` remembers what a comparison or call means where that depends on nothing but its own text and the scope
   it stands in: no names of the filter, no warning, nothing that starts at the first candle held.
4. `Shared.recall` knows a filter of one line by its conditions, if each was part of a filter before.

None of it changes a program: the same text compiles to the same program in a fresh process (tested).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from screener.intervals import LENGTH_MS
from screener.ir import MAX_WORK, Node, Pool, implied
from screener.language.describe import English
from screener.language.identity import Names
from screener.language.parse import MAX_DEPTH, may_be_deep
from screener.language.plan import is_path, own_reach, reaches
from screener.language.values import Outputs, Scope, Series, Value
from screener.ops import OPS, Param

if TYPE_CHECKING:
    from screener.language.expressions import Expressions

MAX_NODES: Final = 50_000
_MAX_TEXTS: Final = 20_000
_MAX_MOVED: Final = 200_000

# What their meaning depends on lies outside the text: the market, the result being assigned, or names that the filter
# may take for its own.
_ELSEWHERE: Final = frozenset(("symbol", "trade", "hour", "minute", "weekday", "day", "month"))
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_WIDE: Final = 8
_MAX_PIECES: Final = 12
_CHAINS: Final = frozenset(("and", "or"))


# A named tuple's own `__new__` takes twice the time, and there are dozens to a filter.
_new: Final = tuple.__new__


class Under(NamedTuple):
    """A node's subgraph, children first and itself last; reach per interval; those nodes that are path operators."""

    order: dict[int, None]
    reach: tuple[tuple[str, int], ...]
    paths: tuple[int, ...]


class Part(NamedTuple):
    """A condition over the nodes of the compilation."""

    name: str
    text: str
    root: int
    left: int | None = None
    op: str | None = None
    right: int | None = None


class _Meaning(NamedTuple):
    value: Series | Outputs
    written: tuple[tuple[int, int, str, int | None], ...]
    percents: tuple[int, ...]
    work: int


class _Known(NamedTuple):
    """A condition of `match`, with the nodes under it that are in percent."""

    part: Part
    percents: frozenset[int]
    work: int


class Marks(set[int]):
    """A set of nodes, and the order in which they were added, also again."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[int] = []

    def add(self, node: int) -> None:
        """Mark a node."""
        self.log.append(node)
        super().add(node)


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
        if op in _CHAINS:
            self.own.append(0)
            self.starts.append(self.starts[args[0]] or self.starts[args[1]])
            return
        self.own.append(own_reach(self.nodes, node) if args or params else 0)
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
        if chained:
            # The name of a long chain takes time, and every longer one would need it.
            left, right = self.names.width(first), self.names.width(second)
            if max(left, right) > _WIDE:
                return args if left >= right else (second, first)
        return args if of(first) <= of(second) else (second, first)


class Shared:
    """A lasting pool, and what is known about its nodes and the texts that led to them."""

    def __init__(self) -> None:
        self.pool = Lasting()
        self._under: dict[int, Under] = {}
        self._meanings: dict[tuple[str, str, str, str], _Meaning] = {}
        self._known: dict[tuple[str, str], _Known] = {}
        # Conditions that cannot be known by their text, or are wrong.
        self._unfit: set[tuple[str, str]] = set()
        self._said: dict[int, tuple[tuple[int, tuple[int, ...]], ...]] = {}
        self._moved: dict[tuple[int, ...], Node] = {}
        self.texts: dict[str, str] = {}

    def is_full(self) -> bool:
        """Whether it holds as much as it should."""
        texts = max(len(self._meanings), len(self.texts), len(self._known), len(self._unfit))
        return len(self.pool.nodes) > MAX_NODES or texts > _MAX_TEXTS or len(self._moved) > _MAX_MOVED

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
        nodes = (value,) if isinstance(value, Series) else value.nodes.values()
        if ex.percents and any(not ex.percents.isdisjoint(self.under(s.node).order) for s in nodes):
            # What is in percent may be compared with something else here.
            return ex.evaluate(node)
        ex.graph.spend(known.work)
        for number in known.percents:
            ex.percents.add(number)
        if isinstance(value, Series):
            ex.nodes_at[node] = value.node
            if value.node not in ex.where:
                ex.where[value.node] = node
            for i, sides in enumerate(known.written):
                ex.written[(node, i)] = sides
        return value

    def _learn(self, ex: Expressions, node: ast.expr, scope: Scope, key: tuple[str, str, str, str]) -> Value | None:
        work, warnings, marks = ex.graph.work, len(ex.warnings), len(ex.percents.log)
        value = ex.evaluate(node)
        if ex.errors or len(ex.warnings) > warnings or not isinstance(value, Series | Outputs):
            return value
        series = (value,) if isinstance(value, Series) else value.nodes.values()
        if not self._stands_alone(key[0], ex.names) or any(self.pool.starts[s.node] for s in series):
            return value
        written: list[tuple[int, int, str, int | None]] = []
        while (sides := ex.written.get((node, len(written)))) is not None:
            written.append(sides)
        percents = tuple(ex.percents.log[marks:])
        self._meanings[key] = _Meaning(value, tuple(written), percents, ex.graph.work - work)
        return value

    def _stands_alone(self, text: str, names: Collection[str]) -> bool:
        words = _WORD.findall(text)
        return _ELSEWHERE.isdisjoint(words) and not any(word in names for word in words)

    def learn(self, ex: Expressions, match: ast.expr, part_of: Callable[[ast.expr], Part]) -> None:
        """Remember the conditions of a filter of one line that has compiled without a warning."""
        for node in match.values if isinstance(match, ast.BoolOp) and isinstance(match.op, ast.And) else (match,):
            text = ex.parsed.segment(node)
            either = isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
            inverse = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
            single = isinstance(node, ast.Call) or (isinstance(node, ast.Compare) and len(node.ops) == 1)
            if not (text and (either or inverse or single)) or may_be_deep(text, MAX_DEPTH - 2):
                continue
            key = (f"({text})" if either else text, ex.base)
            if key in self._known:
                continue
            part = part_of(node)
            if (
                not self._stands_alone(text, ())
                or self.pool.starts[part.root]
                or self.pool.value(part.root) is not None
            ):
                continue
            percents = frozenset(ex.percents & self.under(part.root).order.keys())
            self._known[key] = _Known(part, percents, ex.graph.work)

    def recall(self, text: str, base: str) -> list[Part] | str | None:
        """The conditions of a filter of one line, if each has been part of a filter before; the first that has not,
        if it may be; None if the filter has to be read.

        No parser is needed: what binds stronger than `and`, and is known whole, is a whole operand of it.
        """
        if not text.startswith("match = "):
            return None
        found: list[_Known] = []
        known_of = self._known.get
        pieces = text[8:].split(" and ", _MAX_PIECES)
        if len(pieces) > _MAX_PIECES:
            return None
        for piece in pieces:
            known = known_of((piece, base))
            if known is None:
                is_whole = piece.count("(") == piece.count(")") and "\n" not in text
                return piece if is_whole and (piece, base) not in self._unfit else None
            found.append(known)
        parts = [known.part for known in found]
        roots = [part.root for part in parts]
        if not self.apart(roots) or sum([known.work for known in found]) > MAX_WORK:
            return None
        for known in found:
            for other in roots if known.percents else ():
                if other != known.part.root and not known.percents.isdisjoint(self.under(other).order):
                    return None
        if len(set(roots)) < len(roots):
            parts = [part for place, part in enumerate(parts) if part.root not in roots[:place]]
        return parts

    def refuse(self, condition: str, base: str) -> None:
        """Remember that a condition cannot be known by its text."""
        self._unfit.add((condition, base))

    def apart(self, roots: Iterable[int]) -> bool:
        """Whether conditions say nothing about the same two values, or bounds of the same one: then they cannot
        contradict each other."""
        held: set[int] = set()
        claims: set[tuple[int, ...]] = set()
        for root in roots:
            for node, claim in self._claims(root):
                if node not in held:
                    if claim in claims:
                        return False
                    held.add(node)
                    claims.add(claim)
        return True

    def _claims(self, root: int) -> tuple[tuple[int, tuple[int, ...]], ...]:
        found = self._said.get(root)
        if found is None:
            nodes = self.pool.nodes
            listed: list[tuple[int, tuple[int, ...]]] = []
            for number in implied(nodes, root):
                op, args = nodes[number].op, nodes[number].args
                if op in ("lt", "le", "eq", "ne"):
                    listed.append((number, (-1, *sorted([a for a in args if nodes[a].op != "const"]))))
                else:
                    listed.append((number, args if op == "not" else (number,)))
            found = self._said[root] = tuple(listed)
        return found

    def flatten(self, order: Iterable[int]) -> tuple[tuple[Node, ...], dict[int, int]]:
        """The nodes with the numbers of one program, and the number of each old one. Programs share a node where its
        numbers agree."""
        nodes, moved = self.pool.nodes, self._moved
        listed = list(order)
        number = dict(zip(listed, range(len(listed)), strict=True))
        flat: list[Node] = []
        for old in listed:
            node = nodes[old]
            args = node[1]
            if len(args) == 2:
                key: tuple[int, ...] = (old, number[args[0]], number[args[1]])
            elif args:
                key = (old, *[number[a] for a in args])
            else:
                flat.append(node)
                continue
            found = moved.get(key)
            if found is None:
                found = moved[key] = _new(Node, (node[0], key[1:], node[2], node[3], node[4]))
            flat.append(found)
        return tuple(flat), number


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


__all__ = ["Marks", "Part", "Shared", "Silent", "Under", "current", "forget"]
