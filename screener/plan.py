"""From the builder's graph to the flat program: what is used, how far back it looks, what it costs, its name.

1. `used` finds the nodes under the results; `renumber` keeps those, children before parents.
2. `digests` names each node by its structure alone; `program_hash` combines those of the results.
3. `reaches` walks parents first: a child's reach is the largest over its users.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Final

from screener.external.catalogue import EXTERNALS
from screener.external.model import arguments_json
from screener.intervals import LENGTH_MS, candles_within
from screener.ir import Node
from screener.ops import ASSOCIATIVE, OPS, Param

SINCE: Final = frozenset({"cumsum_since", "barssince", "rmax_since", "rmin_since", "valuewhen"})
"""Path operators that begin anew when an event is true: their last argument, valuewhen's first."""

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


def renumber(nodes: Sequence[Node], keep: Sequence[int]) -> tuple[tuple[Node, ...], dict[int, int]]:
    """The kept nodes with new numbers, and the new number of each old one."""
    number = {old: new for new, old in enumerate(keep)}
    flat = tuple(nodes[old]._replace(args=tuple(number[a] for a in nodes[old].args)) for old in keep)
    return flat, number


def digests(nodes: Sequence[Node]) -> list[str]:
    """A name per node from its structure only: not its number, its spelling or the order of `a and b`."""
    names: list[str] = []
    for node in nodes:
        if node.op in ASSOCIATIVE:
            parts = sorted(_operands(nodes, names, node))
        else:
            parts = [names[a] for a in node.args]
            if OPS[node.op].commutative:
                parts.sort()
        text = json.dumps([node.op, node.dtype, [repr(p) for p in node.params], parts])
        names.append(hashlib.sha256(text.encode()).hexdigest())
    return names


def _operands(nodes: Sequence[Node], names: Sequence[str], node: Node) -> set[str]:
    """Digests of what an associative operator joins, however it is nested."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting = list(node.args)
    while waiting:
        arg = waiting.pop()
        if arg in seen:
            continue
        seen.add(arg)
        if nodes[arg].op == node.op:
            waiting.extend(nodes[arg].args)
        else:
            found.add(names[arg])
    return found


def program_hash(base: str, nodes: Sequence[Node], results: dict[str, int]) -> str:
    """The canonical hash of a filter: its base interval and the structure of its results."""
    names = digests(nodes)
    text = json.dumps([base, [[name, names[node]] for name, node in sorted(results.items())]])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


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


def reaches(nodes: Sequence[Node], base: str) -> dict[str, int]:
    """Candles before the newest that the program needs, per interval, in each interval's own candles."""
    # Parents first: a child's reach is the maximum over its users.
    need = [0] * len(nodes)
    found = {base: 0}
    for number in range(len(nodes) - 1, -1, -1):
        node = nodes[number]
        if node.interval is None:
            continue
        total = need[number] + own_reach(nodes, node)
        # What has no arguments in the graph reads candles by itself.
        found[node.interval] = max(found.get(node.interval, 0), need[number] if node.args else total)
        for arg in node.args:
            child = nodes[arg].interval
            if child is None:
                continue
            candles = total
            if child != node.interval:
                candles = candles_within(total, node.interval, child)
            need[arg] = max(need[arg], candles)
    return {label: found[label] for label in sorted(found, key=LENGTH_MS.__getitem__)}


def cost(nodes: Sequence[Node]) -> int:
    """Nodes that a step computes: all but constants and raw series."""
    return sum(node.op not in ("const", "src") for node in nodes)
