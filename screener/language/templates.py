"""What each word of the language looks like in a graph, to recognise it there.

1. `templates` builds every indicator, function and pattern once, on placeholders for its arguments.
2. `matches` lays such a template over a node and finds what stands for each placeholder.
3. `normalised` brings joins (`and`, `or`, `min`, `max`) into one order first, so that equal structure has equal shape.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from screener.ir import Graph, Node
from screener.language.plan import used
from screener.language.shared import Lasting
from screener.ops import ASSOCIATIVE, OPS
from screener.vocabulary.formula import CandleTerms, Term, typical
from screener.vocabulary.functions import Function
from screener.vocabulary.functions_more import FUNCTIONS
from screener.vocabulary.indicators import INDICATORS
from screener.vocabulary.patterns import PATTERNS
from screener.vocabulary.registry import Arg, Indicator

Bound = dict[tuple[str, str], Any]
"""What stands for a placeholder: ("x", argument) a node, ("p", argument) a constant, ("s", argument) its sum with the
next one and 1, ("c", field) a node, and ("in", "") the interval of an event."""

# None of them, their sums and their halves, is another's.
_LENGTHS: Final = (1013, 2029, 3511, 4493)
_SUMS: Final = tuple(a + b + 1 for a, b in itertools.pairwise(_LENGTHS))
_CONSTANTS: Final = (2.37, 1.43, 0.61, 0.29)
_PLACE: Final = "1m"
_SKIPPED: Final = frozenset(("mom", "roc", "between", "min", "max"))
"""Words that say what others say better: change and pct_change, comparisons; or that take any number of arguments."""

_SERIES: Final[dict[str, Callable[[CandleTerms], Term]]] = {
    "hl2": lambda c: (c.high + c.low) / 2.0,
    "hlc3": typical,
    "ohlc4": lambda c: (c.open + c.high + c.low + c.close) / 4.0,
    "volume_delta": lambda c: c._series("buy_volume") - c._series("sell_volume"),
}
_MAX_STEPS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Template:
    """A word: `group` as in the catalogue, `output` its output or side, `args` with what of them is `given`; None is a
    placeholder. `root` is its node in `pool`, with `size` nodes under it."""

    group: Literal["indicator", "function", "pattern", "series"]
    name: str
    output: str
    args: tuple[Arg, ...]
    given: tuple[Any, ...]
    root: int
    pool: Lasting
    size: int
    candles: tuple[str, ...] = ()

    def build(self, graph: Graph, values: Sequence[Any], candles: CandleTerms) -> Term:
        """The word's graph on these arguments."""
        if self.group == "series":
            return _SERIES[self.name](candles)
        if self.group == "function":
            return FUNCTIONS[self.name].formula(*values)
        row = INDICATORS[self.name] if self.group == "indicator" else PATTERNS[self.name]
        found = row.formula(candles, *values)
        return found if isinstance(found, Term) else found[self.output]


def normalised(nodes: Sequence[Node], roots: Iterable[int], pool: Lasting) -> dict[int, int]:
    """The numbers in `pool` of the nodes under `roots`, with joins flat, without repetition and in order of name."""
    done: dict[int, int] = {}
    waiting = list(roots)
    while waiting:
        top = waiting[-1]
        node = nodes[top]
        parts = operands(nodes, top) if node.op in ASSOCIATIVE else node.args
        left = [a for a in parts if a not in done]
        if top in done or left:
            waiting = waiting[:-1] if top in done else [*waiting, *left]
            continue
        args = [done[a] for a in parts]
        if node.op == "const":
            (value,) = node.params
            assert not isinstance(value, str)
            done[top] = pool.const(value)
        elif node.op in ASSOCIATIVE:
            first, *rest = sorted(set(args), key=pool.names.of)
            for arg in rest:
                first = pool.make(node.op, (first, arg), ())
            done[top] = first
        else:
            done[top] = pool.make(node.op, tuple(args), node.params)
        waiting.pop()
    return done


def operands(nodes: Sequence[Node], root: int) -> list[int]:
    """What an associative operator joins, however it is nested, in the order of its arguments."""
    op = nodes[root].op
    found: dict[int, None] = {}
    seen: set[int] = set()
    waiting = list(reversed(nodes[root].args))
    while waiting:
        arg = waiting.pop()
        if arg in seen:
            continue
        seen.add(arg)
        if nodes[arg].op == op:
            waiting.extend(reversed(nodes[arg].args))
        else:
            found[arg] = None
    return list(found)


@cache
def templates() -> Mapping[str, tuple[Template, ...]]:
    """Every word by its outermost operator: those that say most first, else in the order of the registry."""
    pool = Lasting()
    # It grows by all words at once, which is no filter's work.
    graph = Graph(Lasting(), math.inf)
    found: dict[str, list[Template]] = {}
    candles = CandleTerms(graph, _PLACE, "?c")

    def keep(group: Any, name: str, args: Sequence[Arg], given: Sequence[Any], made: Any, fields: Any) -> None:
        for output, term in made.items() if isinstance(made, Mapping) else [("", made)]:
            root = normalised(graph.nodes, [term.node], pool)[term.node]
            size = len(used(pool.nodes, [root]))
            row = Template(group, name, output, tuple(args), tuple(given), root, pool, size, tuple(fields))
            found.setdefault(pool.nodes[root].op, []).append(row)

    rows: list[Indicator | Function] = [*INDICATORS.values(), *FUNCTIONS.values()]
    for row in rows:
        if row.name in _SKIPPED:
            continue
        for values, given in _arguments(graph, row.args):
            if isinstance(row, Function):
                keep("function", row.name, row.args, given, row.formula(*values), ())
            else:
                keep("indicator", row.name, row.args, given, row.formula(candles, *values), row.candles)
    for name, formula in _SERIES.items():
        keep("series", name, (), (), formula(candles), ())
    for pattern in PATTERNS.values():
        keep("pattern", pattern.name, (), (), pattern.formula(candles), ())
    # `lowest` before an output of `donchian`, where they are one.
    return {op: tuple(sorted(rows, key=lambda row: (-row.size, row.output != ""))) for op, rows in found.items()}


def _arguments(graph: Graph, args: Sequence[Arg]) -> Iterator[tuple[list[Any], list[Any]]]:
    """Arguments to build a template with, and what of them is fixed, for every kind that each may have."""
    lengths, constants = iter(_LENGTHS), iter(_CONSTANTS)
    choices: list[list[tuple[Any, Any]]] = []
    for arg in args:
        number = Term(graph, graph.add("src", (), (arg.name, _PLACE, "?x")))
        truth = Term(graph, graph.add("na", (graph.add("src", (), (arg.name, _PLACE, "?b")),)))
        if arg.high is not None and arg.high < _LENGTHS[0]:
            # `round` to a digit is arithmetic around `round`.
            choices.append([(arg.default, arg.default)])
        elif arg.kind in ("length", "index"):
            choices.append([(next(lengths), None)])
        elif arg.kind == "window":
            choices.append([(next(lengths), None), (truth, None)])
        elif arg.kind == "const":
            choices.append([(next(constants), None)])
        elif arg.kind == "interval":
            choices.append([(arg.default, None)])
        elif arg.kind == "flag":
            choices.append([(False, False), (True, True)])
        elif arg.kind == "bool" and arg.default is not None:
            choices.append([(Term(graph, graph.const(bool(arg.default))), bool(arg.default)), (truth, None)])
        else:
            choices.append([(truth if arg.kind in ("bool", "condition") else number, None)])
    for chosen in itertools.product(*choices):
        yield [value for value, _ in chosen], [given for _, given in chosen]


class Matcher:
    """Lays templates over nodes of a normalised pool. It gives up after so many steps: then a word stays unseen."""

    def __init__(self, pool: Lasting) -> None:
        self._nodes = pool.nodes
        self._steps = 0

    def matches(self, template: Template, node: int) -> Iterator[Bound]:
        """What the placeholders stand for, in each way in which the template is `node`, or some of what it joins."""
        self._steps = 0
        theirs = template.pool.nodes
        root = theirs[template.root]
        if root.op in ASSOCIATIVE and self._nodes[node].op == root.op:
            wanted, there = operands(theirs, template.root), operands(self._nodes, node)
            if len(wanted) <= len(there):
                yield from self._each(template, wanted, there, {}, False)
        else:
            yield from self._match(template, template.root, node, {})

    def _match(self, template: Template, wanted: int, there: int, bound: Bound) -> Iterator[Bound]:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            return
        theirs = template.pool.nodes
        mine, other = self._nodes[there], theirs[wanted]
        key, value = _placeholder(theirs, other), there
        if key is not None:
            if mine.dtype == other.dtype and bound.get(key, value) == value:
                yield {**bound, key: value}
            return
        if mine.op != other.op:
            return
        if other.op == "const":
            yield from _constant(template, other.params[0], mine.params[0], bound)
            return
        if other.op == "first":
            yield from _event(template, mine, bound)
            return
        found = _parameters(template, other, mine, bound)
        if found is None:
            return
        if other.op in ASSOCIATIVE:
            parts, ours = operands(theirs, wanted), operands(self._nodes, there)
            if len(parts) == len(ours):
                yield from self._each(template, parts, ours, found, True)
        else:
            yield from self._each(template, other.args, mine.args, found, True, OPS[other.op].commutative)

    def _each(
        self,
        template: Template,
        wanted: Sequence[int],
        there: Sequence[int],
        bound: Bound,
        once: bool,
        free: bool = True,
    ) -> Iterator[Bound]:
        """Every part of the template over one of `there`, in any order where that is `free`; `once` each."""
        if not wanted:
            yield bound
            return
        for place, part in enumerate(there if free else there[:1]):
            rest = [*there[:place], *there[place + 1 :]] if once else there
            for found in self._match(template, wanted[0], part, bound):
                yield from self._each(template, wanted[1:], rest, found, once, free)


def _placeholder(nodes: Sequence[Node], node: Node) -> tuple[str, str] | None:
    if node.op == "na" and nodes[node.args[0]].params[2:] == ("?b",):
        return "x", str(nodes[node.args[0]].params[0])
    if node.op == "src":
        return {"?x": "x", "?c": "c"}[str(node.params[2])], str(node.params[0])
    return None


def _constant(template: Template, wanted: Any, there: Any, bound: Bound) -> Iterator[Bound]:
    if isinstance(wanted, bool) or isinstance(there, bool):
        if wanted is there:
            yield bound
    elif wanted in _CONSTANTS:
        key = ("p", [a.name for a in template.args if a.kind == "const"][_CONSTANTS.index(wanted)])
        if bound.get(key, there) == there:
            yield {**bound, key: there}
    elif wanted in _LENGTHS and there == int(there):
        key = ("p", _counted(template)[_LENGTHS.index(int(wanted))])
        if bound.get(key, there) == there:
            yield {**bound, key: int(there)}
    else:
        # It may follow from a length: the finished word is compared in the end.
        yield bound


def _event(template: Template, mine: Node, bound: Bound) -> Iterator[Bound]:
    anchor, interval = mine.params
    found = {**bound, ("in", ""): interval}
    for arg in template.args:
        if arg.kind == "interval":
            found[("p", arg.name)] = anchor
    if bound.get(("in", ""), interval) == interval:
        yield found


def _parameters(template: Template, wanted: Node, there: Node, bound: Bound) -> Bound | None:
    for want, have in zip(wanted.params, there.params, strict=True):
        if isinstance(want, str):
            if want != have:
                return None
            continue
        key: tuple[str, str] | None = None
        if want in _SUMS:
            key = ("s", _counted(template)[_SUMS.index(int(want))])
        elif want in _LENGTHS:
            key = ("p", _counted(template)[_LENGTHS.index(int(want))])
        elif want in _CONSTANTS:
            key = ("p", [a.name for a in template.args if a.kind == "const"][_CONSTANTS.index(want)])
        if key is not None:
            if bound.get(key, have) != have:
                return None
            bound = {**bound, key: have}
    return bound


def _counted(template: Template) -> list[str]:
    return [a.name for a in template.args if a.kind in ("length", "index", "window")]
