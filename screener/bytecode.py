"""Nodes to instructions, and the state that they step.

1. `Code` gives each node a row (numbers and booleans apart), each stateful node its rows of state, each
   source a slot; and lists the instructions of every interval, coarsest interval first.
2. `State` holds the values and the state of one `Code`; `State.carry` copies the nodes that two codes
   share, which is how a strategy is added or removed without disturbing the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from screener.intervals import INTERVAL_MS
from screener.ir import Node
from screener.kernels import codes as K

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Ints = NDArray[np.int64]

# Rows of numeric and of boolean state by operator, from the window's length.
_FLOATS: Mapping[str, Callable[[int], int]] = {
    "rsum": lambda n: n + 1,
    "rmax": lambda n: n + 1,
    "rmin": lambda n: n + 1,
    "stdev": lambda n: 2 * n + 2,
    "count": lambda n: n + 2,
    "ema": lambda n: 2,
    "rma": lambda n: 2,
    "cumsum": lambda n: 1,
    "cumsum_since": lambda n: 1,
    "barssince": lambda n: 1,
    "valuewhen": lambda n: n + 1,
}
_BITS: Mapping[str, Callable[[int], int]] = {"within": lambda n: n + 1, "always": lambda n: n + 1}
# State that starts at zero; all other numeric state starts unknown.
_ZERO = frozenset({"ema", "rma", "cumsum"})


class Source(NamedTuple):
    """A slot of the source block: one field of one interval."""

    interval: str
    field: str


class Host(NamedTuple):
    """A slot of scalars that are the same for all symbols: a part of the open time, or the start of an
    anchor."""

    op: str
    what: str
    interval: str
    zone: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node lives: its row among numbers or booleans, its instruction, its rows of state."""

    row: int
    instruction: int
    floats: tuple[int, int]
    bits: tuple[int, int]


class Code:
    """Compiled nodes. `nodes` maps an identifier to a node whose args are identifiers, children first."""

    def __init__(self, nodes: Mapping[int, Node], base: str, find: Callable[[str], int]) -> None:
        self.base = base
        self.nodes = dict(nodes)
        self.place: dict[int, Place] = {}
        self.sources: dict[Source, int] = {Source(base, "close"): 0}
        self.hosts: dict[Host, int] = {}
        used = {n.interval or base for n in nodes.values()} | {base}
        self.intervals = tuple(sorted(used, key=lambda i: -INTERVAL_MS[i]))
        self.constants: list[tuple[int, Node]] = []
        self._find = find
        self.numbers = self.booleans = self.float_rows = self.bit_rows = 0
        self._zero: list[tuple[int, int]] = []
        table: list[list[int]] = []
        parameters: list[float] = []
        by_interval: dict[str, list[int]] = {i: [] for i in self.intervals}
        for ident, node in nodes.items():
            place = self._locate(node, len(table))
            self.place[ident] = place
            if node.op == "const":
                self.constants.append((place.row, node))
                continue
            by_interval[node.interval or base].append(len(table))
            table.append(self._instruction(node, place))
            parameters.append(_parameter(node))
        self.table: Ints = np.array(table, dtype=np.int64).reshape(-1, K.COLUMNS)
        self.parameters: Floats = np.array(parameters, dtype=np.float64)
        self.order: Ints = np.array([k for i in self.intervals for k in by_interval[i]], dtype=np.int64)
        self.first: Ints = np.cumsum([0, *(len(by_interval[i]) for i in self.intervals)], dtype=np.int64)
        self.fields: dict[str, tuple[str, ...]] = {
            i: tuple(s.field for s in self.sources if s.interval == i) for i in self.intervals
        }

    def slot(self, interval: str, field: str) -> int:
        """The slot of a source that the code uses."""
        return self.sources[Source(interval, field)]

    def _locate(self, node: Node, instruction: int) -> Place:
        n = int(node.params[0]) if node.params and not isinstance(node.params[0], str) else 0
        floats = _FLOATS[node.op](n) if node.op in _FLOATS else 0
        bits = _BITS[node.op](n) if node.op in _BITS else 0
        if node.op == "shift":
            floats, bits = (n, 0) if node.dtype == "num" else (0, n)
        if node.dtype == "num":
            row, self.numbers = self.numbers, self.numbers + 1
        else:
            row, self.booleans = self.booleans, self.booleans + 1
        place = Place(row, instruction, (self.float_rows, floats), (self.bit_rows, bits))
        if node.op in _ZERO:
            self._zero.append(place.floats)
        self.float_rows += floats
        self.bit_rows += bits
        return place

    def _instruction(self, node: Node, place: Place) -> list[int]:
        numbers = [self.place[a].row for a in node.args if self.nodes[a].dtype == "num"] + [0, 0]
        booleans = [self.place[a].row for a in node.args if self.nodes[a].dtype == "bool"] + [0, 0, 0]
        out = (place.row, 0) if node.dtype == "num" else (0, place.row)
        n = int(node.params[0]) if node.params and not isinstance(node.params[0], str) else 0
        slot = 0
        boolean = bool(node.args) and self.nodes[node.args[0]].dtype == "bool"
        match node.op:
            case "src":
                field, interval, symbol = (str(p) for p in node.params)
                slot = self.sources.setdefault(Source(interval, field), len(self.sources))
                op = K.SRC_SYMBOL if symbol else K.SRC
                n = self._find(symbol) if symbol else 0
            case "time" | "first":
                what, interval, zone = (*(str(p) for p in node.params), "UTC")[:3]
                host = Host(node.op, what, interval, zone or "UTC")
                slot = self.hosts.setdefault(host, len(self.hosts))
                op = K.HOST_NUM if node.op == "time" else K.HOST_BOOL
            case "shift":
                op = K.SHIFTB if boolean else K.SHIFT
            case "eq" | "ne" if boolean:
                op = K.EQB if node.op == "eq" else K.NEB
            case name if name in K.DIRECT:
                op = K.DIRECT[name]
            case _:
                raise ValueError(f"the engine has no operator {node.op!r}")
        state = (n, place.floats[0], place.bits[0], slot)
        return [op, out[0], *numbers[:2], out[1], *booleans[:3], *state]

    def new_state(self, width: int) -> State:
        """Fresh state for `width` columns: no candle seen."""
        state = State(self, width)
        for start, count in self._zero:
            state.floats[start : start + count] = 0.0
        for row, node in self.constants:
            value = node.params[0]
            if node.dtype == "num":
                state.values[row] = float(value)
            else:
                state.true[row] = np.uint64(0xFFFFFFFFFFFFFFFF if value else 0)
                state.false[row] = ~state.true[row]
        return state


class State:
    """Values and memory of one code: numbers `[nodes, width]`, booleans `[nodes, width / 64]` words."""

    def __init__(self, code: Code, width: int) -> None:
        words = width // 64
        self.code = code
        self.width = width
        self.values: Floats = np.full((max(1, code.numbers), width), np.nan)
        self.true: Words = np.zeros((max(1, code.booleans), words), dtype=np.uint64)
        self.false: Words = np.zeros((max(1, code.booleans), words), dtype=np.uint64)
        self.floats: Floats = np.full((code.float_rows, width), np.nan)
        self.bits_true: Words = np.zeros((code.bit_rows, words), dtype=np.uint64)
        self.bits_false: Words = np.zeros((code.bit_rows, words), dtype=np.uint64)
        self.position: Ints = np.zeros(len(code.table), dtype=np.int64)

    def carry(self, old: State, shared: Sequence[tuple[int, int]]) -> None:
        """Copy the nodes in `shared`, pairs of identifiers in this code and in the other one."""
        for here, there in shared:
            node = self.code.nodes[here]
            if node.op == "const":
                continue
            to, came = self.code.place[here], old.code.place[there]
            if node.dtype == "num":
                self.values[to.row] = old.values[came.row]
            else:
                self.true[to.row] = old.true[came.row]
                self.false[to.row] = old.false[came.row]
            self.position[to.instruction] = old.position[came.instruction]
            (a, n), (b, m) = to.floats, came.floats
            self.floats[a : a + n] = old.floats[b : b + m]
            (a, n), (b, m) = to.bits, came.bits
            self.bits_true[a : a + n] = old.bits_true[b : b + m]
            self.bits_false[a : a + n] = old.bits_false[b : b + m]


def _parameter(node: Node) -> float:
    match node.op:
        case "ema":
            return 2.0 / (float(node.params[0]) + 1.0)
        case "rma":
            return 1.0 / float(node.params[0])
        case "pow":
            return float(node.params[0])
    return 0.0
