"""What a sentence means, before it becomes code: operands, conditions, and the walks over them.

A window's length is a number of candles or a `Duration`; durations become candles when the base interval is
known. An operand without an interval is on the base interval. Everything is frozen, so a rewrite returns a
new value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from llm.phrasebook.text import INTERVALS

Way = Literal["up", "down", "any"]
Direction = Literal["long", "short"]


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in ms ("4 hours"), to be counted in candles of the operand's interval."""

    ms: int


Length = int | Duration


@dataclass(frozen=True, slots=True)
class Operand:
    """A number for each candle. `kind` is a row of `code.KINDS`; `factor` multiplies, `shift` looks back.

    A `level` comes from another interval ("yesterday's high") without asking for that interval's candles.
    """

    kind: str
    args: tuple[float | Length, ...] = ()
    interval: str | None = None
    symbol: str | None = None
    factor: float = 1.0
    shift: int = 0
    of: Operand | None = None
    level: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right`."""

    left: Operand
    op: Literal["<", "<=", ">", ">="]
    right: Operand


@dataclass(frozen=True, slots=True)
class Cross:
    """`left` crosses `right` on this candle."""

    left: Operand
    way: Way
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """`low <= left <= high`."""

    left: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class Near:
    """`left` is within `percent` of `right`."""

    left: Operand
    right: Operand
    percent: float


@dataclass(frozen=True, slots=True)
class Trend:
    """Each of the last `steps` values is above (up) or below (down) the one before it."""

    left: Operand
    way: Literal["up", "down"]
    steps: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A fixed formula over candles (`code.PATTERNS`), with its numbers."""

    name: str
    args: tuple[int, ...] = ()
    interval: str | None = None
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Recent:
    """`inner` was true on any (`every` false) or on all of the last `length` candles."""

    inner: Condition
    length: Length
    every: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """`inner` is false."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class Group:
    """All (`and`) or any (`or`) of `items`."""

    op: Literal["and", "or"]
    items: tuple[Condition, ...]


Condition = Compare | Cross | Between | Near | Trend | Pattern | Recent | Not | Group


@dataclass(frozen=True, slots=True)
class Item:
    """One condition of the sentence and where its words stand (offsets into the sentence)."""

    condition: Condition
    start: int
    end: int


def number(value: float) -> Operand:
    """A constant operand."""
    return Operand("number", (value,))


def operands(condition: Condition) -> Iterator[Operand]:
    """Every operand of a condition, left to right."""
    match condition:
        case Compare() | Cross():
            yield from (condition.left, condition.right)
        case Near():
            yield from (condition.left, condition.right)
        case Between():
            yield from (condition.left, condition.low, condition.high)
        case Trend():
            yield condition.left
        case Recent() | Not():
            yield from operands(condition.inner)
        case Group():
            for item in condition.items:
                yield from operands(item)
        case Pattern():
            pass


def leaves(condition: Condition) -> Iterator[Condition]:
    """The conditions under groups, negations and windows."""
    match condition:
        case Recent() | Not():
            yield from leaves(condition.inner)
        case Group():
            for item in condition.items:
                yield from leaves(item)
        case _:
            yield condition


def rewrite(
    condition: Condition,
    change: Callable[[Operand], Operand],
    pattern: Callable[[Pattern], Pattern] = lambda pattern: pattern,
    window: Callable[[Recent], Recent] = lambda recent: recent,
) -> Condition:
    """The condition with `change` applied to every operand, and the others to patterns and windows."""

    def again(inner: Condition) -> Condition:
        return rewrite(inner, change, pattern, window)

    match condition:
        case Compare() | Cross() | Near():
            return replace(condition, left=change(condition.left), right=change(condition.right))
        case Between():
            return replace(
                condition, left=change(condition.left), low=change(condition.low), high=change(condition.high)
            )
        case Trend():
            return replace(condition, left=change(condition.left))
        case Recent():
            return window(replace(condition, inner=again(condition.inner)))
        case Not():
            return Not(again(condition.inner))
        case Group():
            return replace(condition, items=tuple(again(item) for item in condition.items))
        case Pattern():
            return pattern(condition)


def on_interval(condition: Condition, interval: str) -> Condition:
    """Put operands without an interval of their own on `interval`.

    "The price" stays on the base interval where it is compared with an indicator of a higher one: it means
    the newest price. In a cross both sides step together, so there it moves too.
    """
    crossing = isinstance(condition, Cross) or all(o.kind in ("price", "number") for o in operands(condition))

    def change(operand: Operand) -> Operand:
        if operand.interval is not None or operand.kind == "number" or (operand.kind == "price" and not crossing):
            return operand
        inner = None if operand.of is None else change(operand.of)
        return replace(operand, interval=interval, of=inner)

    def move(pattern: Pattern) -> Pattern:
        return pattern if pattern.interval is not None else replace(pattern, interval=interval)

    return rewrite(condition, change, move)


def on_symbol(condition: Condition, symbol: str) -> Condition:
    """Read a condition's operands and patterns from `symbol`, where they name none."""

    def change(operand: Operand) -> Operand:
        if operand.symbol is not None or operand.kind == "number":
            return operand
        return replace(operand, symbol=symbol, of=None if operand.of is None else change(operand.of))

    def move(pattern: Pattern) -> Pattern:
        return pattern if pattern.symbol is not None else replace(pattern, symbol=symbol)

    return rewrite(condition, change, move)


def durations(condition: Condition) -> Iterator[Duration]:
    """Every duration a condition waits to have counted in candles."""
    for operand in operands(condition):
        yield from (arg for arg in operand.args if isinstance(arg, Duration))
        if operand.of is not None:
            yield from (arg for arg in operand.of.args if isinstance(arg, Duration))
    inner: Condition = condition
    while isinstance(inner, Not | Recent):
        if isinstance(inner, Recent) and isinstance(inner.length, Duration):
            yield inner.length
        inner = inner.inner
    if isinstance(inner, Group):
        for item in inner.items:
            yield from (d for d in durations(item) if isinstance(item, Recent | Not))


def intervals(condition: Condition) -> set[str]:
    """Every interval a condition names."""
    found = {o.interval for o in operands(condition) if not o.level}
    found |= {leaf.interval for leaf in leaves(condition) if isinstance(leaf, Pattern)}
    return {label for label in found if label is not None}


def counted(condition: Condition, base: str) -> Condition:
    """Durations as candles: of the operand's interval where they divide, else of the base. The base is
    written as none."""

    def length_in(length: Length, interval: str) -> int:
        return max(1, round(length.ms / INTERVALS[interval])) if isinstance(length, Duration) else length

    def change(operand: Operand) -> Operand:
        if operand.level and INTERVALS[base] >= INTERVALS[operand.interval or base]:
            # On daily candles, yesterday is the candle before.
            operand = replace(operand, interval=None, shift=operand.shift + 1)
        if operand.interval == base:
            operand = replace(operand, interval=None)
        interval = operand.interval or base
        spans = [arg for arg in operand.args if isinstance(arg, Duration)]
        if any(span.ms % INTERVALS[interval] for span in spans):
            operand, interval = replace(operand, interval=None), base
        args = tuple(length_in(arg, interval) if isinstance(arg, Duration) else arg for arg in operand.args)
        return replace(operand, args=args, of=None if operand.of is None else change(operand.of))

    def window(recent: Recent) -> Recent:
        finest = min(intervals(recent.inner) or {base}, key=INTERVALS.__getitem__)
        has_base = any(o.interval is None and o.kind != "number" for o in operands(recent.inner))
        return replace(recent, length=length_in(recent.length, base if has_base else finest))

    def move(pattern: Pattern) -> Pattern:
        return replace(pattern, interval=None) if pattern.interval == base else pattern

    return rewrite(condition, change, move, window)
