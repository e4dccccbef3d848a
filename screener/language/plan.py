"""From the builder's graph to the flat program: what is used, how far back it looks, what it costs, its name.

1. `used` finds the nodes under the results.
2. `program_hash` combines the structural names of the results.
3. `reaches` walks parents first: a child's reach is the largest over its users.
4. `cost` counts numeric nodes; `unique_cost` those of several programs, what they share once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from screener.external.catalogue import EXTERNALS
from screener.external.model import arguments_json
from screener.intervals import LENGTH_MS, candles_within
from screener.ir import Node, Program
from screener.ops import OPS, Param

SINCE: Final = frozenset({"cumsum_since", "barssince", "rmax_since", "rmin_since", "valuewhen"})
"""Path operators that begin anew when an event is true: their last argument, valuewhen's first."""

_FREE: Final = frozenset({"const", "src"})

EXTERNAL_COST: Final = 50
"""Nodes that an external indicator counts as: a step takes thousands of times as long, but is rarely needed."""

MAX_NODES: Final = 400
MAX_REACH: Final = 5000


def used(nodes: Sequence[Node], roots: Iterable[int]) -> list[int]:
    """Numbers of all nodes under `roots`, ascending, so children before parents."""
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(nodes[node].args)
    return sorted(seen)


def program_hash(base: str, results: Mapping[str, str]) -> str:
    """The canonical hash of a filter: its base interval and the names of its results' structure."""
    pairs = ", ".join([f'["{result}", "{name}"]' for result, name in sorted(results.items())])
    return hashlib.sha256(f'["{base}", [{pairs}]]'.encode()).hexdigest()[:32]


def own_reach(nodes: Sequence[Node], node: Node) -> int:
    """Candles of the node's interval that it looks back by itself; 0 for a path operator."""
    row = OPS[node.op]
    if row.reach is not None:
        return row.reach(node.params)
    if node.op == "external":
        return settled_after(node.params) or 0
    anchor = _anchor(nodes, node)
    if anchor is not None and node.interval is not None:
        # What happened since a new day began never looks further back than one day.
        events = int(node.params[0]) + 1 if node.params else 1
        return max(0, candles_within(events, anchor, node.interval) - 1)
    return 0


def settled_after(params: Sequence[Param]) -> int | None:
    """Candles before the newest that fix an external indicator's value; None where that is not known."""
    row = EXTERNALS.get(str(params[0]).partition(":")[0])
    if row is None or row.warmup is None or params[3] != arguments_json(row.defaults):
        return None
    return row.warmup - 1


def is_path(nodes: Sequence[Node], node: Node) -> bool:
    """Whether the value depends on the first candle held."""
    return (
        OPS[node.op].kind == "path"
        and _anchor(nodes, node) is None
        and not (node.op == "external" and settled_after(node.params) is not None)
    )


def _anchor(nodes: Sequence[Node], node: Node) -> str | None:
    """The interval whose new candle is the event that the operator counts from."""
    if node.op not in SINCE:
        return None
    event = nodes[node.args[0 if node.op == "valuewhen" else -1]]
    return str(event.params[0]) if event.op == "first" else None


def reaches(nodes: Sequence[Node], order: Sequence[int], own: Callable[[int], int]) -> dict[str, int]:
    """Candles before the newest that the nodes in `order`, children first, need of each interval, in its own candles;
    `own` is `own_reach` by number. The last is a root, as is any that no other reads."""
    # Parents first: a child's reach is the maximum over its users.
    need = dict.fromkeys(order, 0)
    found: dict[str, int] = {}
    for number in reversed(order):
        _, args, _, _, interval = nodes[number]
        if interval is None:
            continue
        total = need[number] + own(number)
        # What has no arguments in the graph reads candles by itself.
        candles = need[number] if args else total
        if candles >= found.get(interval, 0):
            found[interval] = candles
        for arg in args:
            child = nodes[arg][4]
            if child is None:
                continue
            candles = total if child == interval else candles_within(total, interval, child)
            if candles > need[arg]:
                need[arg] = candles
    return found


def by_length(reach: Mapping[str, int]) -> dict[str, int]:
    """The same, finest interval first."""
    return {label: reach[label] for label in sorted(reach, key=LENGTH_MS.__getitem__)}


def cost(nodes: Sequence[Node]) -> int:
    """Numeric nodes that a step computes for each symbol, each once however often the filter uses it: averages, windows
    and arithmetic. Constants and the candles' own fields cost nothing; comparisons and logic are bits, and cost next to
    nothing. An external indicator takes the slower path and counts `EXTERNAL_COST` nodes."""
    return sum([_weight(node[0]) for node in nodes if node[3] == "num"])


def _weight(op: str) -> int:
    return EXTERNAL_COST if op == "external" else int(op not in _FREE)


def unique_cost(programs: Iterable[Program]) -> int:
    """The `cost` of several filters together: what two of them share, of whatever base interval, counts once."""
    numbers: dict[tuple[Any, ...], int] = {}
    total = 0
    for program in programs:
        places: list[int] = []
        for node in program.nodes:
            args = tuple(places[a] for a in node.args)
            if OPS[node.op].commutative:
                args = tuple(sorted(args))
            key = (node.op, node.dtype, args, node.params)
            place = numbers.get(key)
            if place is None:
                place = numbers[key] = len(numbers)
                total += cost((node,))
            places.append(place)
    return total
