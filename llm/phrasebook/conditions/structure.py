"""How conditions hang together: "and", "or", "unless", commas, brackets, from what stands between them.

1. Binding, loosest first: ", or"; then "while", "with", "but", commas and full stops (all of these mean both sides);
   then "or"; then "and"; then an "or" between names of candles ("a hammer or a doji and ..."). A comma list that ends
   in "or" is one list of alternatives. Where a sentence mixes "and" with "or" the reading is stated.
2. A group is what stands in brackets, what follows "either" up to the last of its alternatives, and what follows
   "any of", "at least two of". Groups are nested as written; one that is not closed ends with the sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

Level = Literal["either_side", "all", "or", "and", "nouns"]
_ORDER: tuple[Level, ...] = ("either_side", "all", "or", "and", "nouns")
_EITHER = ("or", "either_side", "nouns")


@dataclass(frozen=True, slots=True)
class Join:
    """What stands between two conditions. `bare` is a comma and nothing else; `negate` is "unless"; `nouns`: both are
    names of candles."""

    level: Level
    bare: bool = False
    negate: bool = False
    nouns: bool = False


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


Mode = Literal["plain", "either", "any", "some"]
MAX_COMBINED = 6


@dataclass(frozen=True, slots=True)
class Open:
    """A group begins: in brackets, after "either", "any of", or "at least `least` of"."""

    mode: Mode
    least: int = 1


@dataclass(frozen=True, slots=True)
class Close:
    """The innermost group that brackets or a list opened ends."""


@dataclass(frozen=True, slots=True)
class Negate:
    """What comes next is negated: the group of "not (", or all up to the comma behind a first "unless" (`wide`)."""

    wide: bool = False


Element = Leaf | Join | Open | Close | Negate


@dataclass(slots=True)
class Structure:
    """What was read so far, as a flat list in the order of the sentence."""

    elements: list[Element] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    depth: int = 0
    noun: bool = False

    def _begin(self, *, noun: bool = False) -> None:
        """Before a condition or a group: the connectors seen since the last one."""
        if self.elements and isinstance(self.elements[-1], Leaf | Close):
            join = join_of(self.pending)
            nouns = noun and self.noun and isinstance(self.elements[-1], Leaf)
            level = "nouns" if nouns and join.level in ("or", "either_side") else join.level
            self.elements.append(replace(join, level=level, nouns=nouns))
        elif "unless" in self.pending:
            self.elements.append(Negate(wide=True))
        self.pending = set()
        self.noun = noun

    def leaf(self, index: int, *, noun: bool = False) -> None:
        """A condition stands here; `noun`: it is the name of a candle, with no verb of its own."""
        self._begin(noun=noun)
        self.elements.append(Leaf(index))

    @property
    def all_hold(self) -> bool:
        """Whether what was read so far, and what the pending connectors add, has to hold together."""
        plain = not any(
            isinstance(e, Open | Negate) or (isinstance(e, Join) and (e.negate or e.level in _EITHER))
            for e in self.elements
        )
        return plain and not self.pending & {"or", "unless"}

    def open(self, mode: Mode, *, negated: bool = False, least: int = 1) -> None:
        """A group begins here."""
        self._begin()
        if negated:
            self.elements.append(Negate())
        self.elements.append(Open(mode, least))
        self.depth += 1

    def close(self) -> bool:
        """The innermost group ends, if one is open."""
        if not self.depth:
            return False
        self.elements.append(Close())
        self.depth -= 1
        self.pending = set()
        return True

    @property
    def in_list(self) -> bool:
        """Whether the innermost open group is a list ("any of")."""
        opened: list[Open] = []
        for element in self.elements:
            if isinstance(element, Open):
                opened.append(element)
            elif isinstance(element, Close):
                opened.pop()
        return bool(opened) and opened[-1].mode in ("any", "some")

    def tree(self) -> Tree | None:
        """All conditions as a tree, None where there are none."""
        found, _ = _parse(self.elements, 0, Open("plain"))
        return found


def tree(joins: list[Join]) -> Tree:
    """The tree of `len(joins) + 1` conditions."""
    return _joined([Leaf(at) for at in range(len(joins) + 1)], joins)


def _parse(elements: list[Element], at: int, group: Open) -> tuple[Tree | None, int]:
    """The units from `at` to the end of their group, and where it ends."""
    units: list[Tree] = []
    joins: list[Join] = []
    join, negate, chosen, lead = Join("and"), False, False, False
    while at < len(elements):
        element = elements[at]
        unit: Tree | None = None
        if isinstance(element, Close):
            at += 1
            break
        if isinstance(element, Join):
            if group.mode == "either" and chosen and element.level not in _EITHER:
                break
            join = element
            chosen = chosen or element.level in _EITHER
        elif isinstance(element, Negate):
            lead = lead or (element.wide and not units and group.mode == "plain")
            negate = not lead
        elif isinstance(element, Open):
            unit, at = _parse(elements, at + 1, element)
        else:
            unit = element
        if not isinstance(element, Open):
            at += 1
        if unit is None:
            continue
        if units:
            joins.append(join)
        units.append(Branch("not", (unit,)) if negate else unit)
        join, negate = Join("and"), False
    return _grouped(units, joins, group, lead=lead), at


def _grouped(units: list[Tree], joins: list[Join], group: Open, *, lead: bool) -> Tree | None:
    if not units:
        return None
    if lead:
        return _build(units, 0, len(units), _lists(joins), 0, lead=True)
    if len(units) < 2:
        return units[0]
    if group.mode == "any":
        return Branch("or", tuple(units))
    if group.mode == "some" and len(units) <= MAX_COMBINED:
        ways = [Branch("and", chosen) for chosen in combinations(units, min(group.least, len(units)))]
        return ways[0] if len(ways) == 1 else Branch("or", tuple(ways))
    if group.mode == "either":
        joins = [Join("or") if join.level == "either_side" else join for join in joins]
    return _joined(units, joins)


def _joined(units: list[Tree], joins: list[Join]) -> Tree:
    return _build(units, 0, len(units), _lists(joins), 0)


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


def affirmed(node: Tree) -> set[int]:
    """The numbers of the conditions that are not negated."""
    if isinstance(node, Leaf):
        return {node.index}
    return set() if node.op == "not" else set().union(*(affirmed(part) for part in node.parts))


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
        if join.level not in _EITHER:
            continue
        names = join.level == "nouns"
        before = at
        while before > 0 and out[before - 1].bare and (out[before - 1].nouns or not names):
            before -= 1
        if before < at:
            out[before : at + 1] = [Join("nouns" if names else "or", nouns=names)] * (at + 1 - before)
    return out


def _build(units: list[Tree], start: int, stop: int, joins: list[Join], depth: int, *, lead: bool = False) -> Tree:
    """The tree of `units[start:stop]`; with `lead` its first part, up to a join of the level "all", is negated."""
    if stop - start == 1:
        return Branch("not", (units[start],)) if lead else units[start]
    level = _ORDER[depth]
    cuts = [at for at in range(start, stop - 1) if joins[at].level == level]
    if not cuts and lead and level == "all":
        return Branch("not", (_build(units, start, stop, joins, depth + 1),))
    if not cuts:
        return _build(units, start, stop, joins, depth + 1, lead=lead)
    parts: list[Tree] = []
    begin, negate = start, lead and level == "all"
    for cut in [*cuts, stop - 1]:
        inner = lead and level == "either_side" and begin == start
        part = _build(units, begin, cut + 1, joins, min(depth + 1, len(_ORDER) - 1), lead=inner)
        parts.append(Branch("not", (part,)) if negate else part)
        if cut < stop - 1:
            negate, begin = joins[cut].negate, cut + 1
    op: Literal["and", "or"] = "or" if level in _EITHER else "and"
    flat: list[Tree] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Branch) and part.op == op else (part,))
    return Branch(op, tuple(flat))
