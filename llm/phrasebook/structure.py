"""How conditions hang together: "and", "or", "unless", commas, from the connectors between them.

Binding, loosest first: ", or"; then "while", "with", "but", commas and full stops (all of these mean both
sides); then "or"; then "and". A comma list that ends in "or" is one list of alternatives. Where a sentence
mixes "and" with "or" the reading is stated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Level = Literal["either_side", "all", "or", "and"]
_ORDER: tuple[Level, ...] = ("either_side", "all", "or", "and")


@dataclass(frozen=True, slots=True)
class Join:
    """What stands between two conditions. `bare` is a comma and nothing else; `negate` is "unless"."""

    level: Level
    bare: bool = False
    negate: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """The condition with this number."""

    index: int


@dataclass(frozen=True, slots=True)
class Branch:
    """All or any of its parts, or not its single part."""

    op: Literal["and", "or", "not"]
    parts: tuple[Tree, ...]


Tree = Leaf | Branch


def join_of(categories: set[str]) -> Join:
    """The join that the connectors between two conditions make."""
    if "unless" in categories:
        return Join("all", negate=True)
    if "or" in categories:
        return Join("either_side" if "pause" in categories else "or")
    if "while" in categories or ("pause" in categories and "and" in categories):
        return Join("all")
    if "pause" in categories:
        return Join("all", bare=True)
    return Join("and")


def tree(joins: list[Join]) -> Tree:
    """The tree of `len(joins) + 1` conditions."""
    joins = _lists(joins)
    return _build(0, len(joins) + 1, joins, 0)


def mixed(node: Tree) -> bool:
    """Whether "and" and "or" both occur, so that the binding has to be said."""
    found: set[str] = set()

    def visit(part: Tree) -> None:
        if isinstance(part, Branch):
            found.add(part.op)
            for inner in part.parts:
                visit(inner)

    visit(node)
    return {"and", "or"} <= found


def render(node: Tree, names: list[str], *, top: bool = True) -> str:
    """The tree as a boolean expression over `names`."""
    if isinstance(node, Leaf):
        return names[node.index]
    if node.op == "not":
        inner = render(node.parts[0], names, top=False)
        return f"not {inner}"
    text = f" {node.op} ".join(render(part, names, top=False) for part in node.parts)
    return text if top else f"({text})"


def _lists(joins: list[Join]) -> list[Join]:
    """Commas before an "or" belong to its list: "A, B or C"."""
    out = list(joins)
    for at, join in enumerate(out):
        if join.level not in ("or", "either_side"):
            continue
        before = at
        while before > 0 and out[before - 1].bare:
            before -= 1
        if before < at:
            out[before : at + 1] = [Join("or")] * (at + 1 - before)
    return out


def _build(start: int, stop: int, joins: list[Join], depth: int) -> Tree:
    if stop - start == 1:
        return Leaf(start)
    level = _ORDER[depth]
    cuts = [at for at in range(start, stop - 1) if joins[at].level == level]
    if not cuts:
        return _build(start, stop, joins, depth + 1)
    parts: list[Tree] = []
    begin, negate = start, False
    for cut in [*cuts, stop - 1]:
        part = _build(begin, cut + 1, joins, min(depth + 1, len(_ORDER) - 1))
        parts.append(Branch("not", (part,)) if negate else part)
        if cut < stop - 1:
            negate, begin = joins[cut].negate, cut + 1
    op: Literal["and", "or"] = "or" if level in ("or", "either_side") else "and"
    flat: list[Tree] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Branch) and part.op == op else (part,))
    return Branch(op, tuple(flat))


def negated_first(node: Tree) -> Tree:
    """The tree with its first condition negated: a sentence that begins with "unless"."""
    if isinstance(node, Leaf):
        return Branch("not", (node,))
    return replace(node, parts=(negated_first(node.parts[0]), *node.parts[1:]))
