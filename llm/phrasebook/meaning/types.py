"""What a sentence means, before it becomes code: operands, conditions, and the walks over them.

A window's length is a number of candles or a `Duration`; durations become candles when the base interval is
known. An operand without an interval is on the base interval. Everything is frozen, so a rewrite returns a
new value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from llm.phrasebook.vocabulary.tokens import INTERVALS

Way = Literal["up", "down", "any"]
Direction = Literal["long", "short"]


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in ms ("4 hours"), to be counted in candles of the operand's interval."""

    ms: int


Length = int | Duration


@dataclass(frozen=True, slots=True)
class Operand:
    """A number for each candle. `kind` is a row of `indicators.ROWS`, a series of candles, "number", or "formula".

    `factor` multiplies, `shift` looks back. `of` is the series that an indicator is taken of, where that is not the
    close. A formula is `template` over the code of its `parts`: "max({0}, {1})"; `{p}` and `{ta}` in it are what stands
    before a series or an indicator of its interval and symbol, `{s}` that of its symbol alone. `noun` is its English
    name. A `level` comes from another interval ("yesterday's high") without asking for that interval's candles.
    """

    kind: str
    args: tuple[float | Length, ...] = ()
    interval: str | None = None
    symbol: str | None = None
    factor: float = 1.0
    shift: int = 0
    of: Operand | None = None
    level: bool = False
    template: str = ""
    parts: tuple[Operand, ...] = ()
    noun: str = ""
    unit: str = ""


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
class Formula:
    """Any other condition: a template of filter code over operands, lengths and other conditions.

    `{0}` `{1}` stand for the code of `operands`, bracketed where needed; `{n0}` for `lengths`, counted in candles;
    `{c0}` for `parts`, bracketed; `{p}` and `{ta}` for what stands before a series or an indicator of its interval and
    symbol ("", `tf("4h").`; "ta.", `tf("4h").`). Where none of these is used (a time of day) it is of no interval.
    `brief` are a few words for a strategy's name, `reading` the condition in English; without one, what the compiler
    reads is shown. `lean` is the direction it points to.
    """

    template: str
    operands: tuple[Operand, ...] = ()
    lengths: tuple[Length, ...] = ()
    parts: tuple[Condition, ...] = ()
    interval: str | None = None
    symbol: str | None = None
    reading: str = ""
    brief: str = ""
    lean: Direction | None = None

    @property
    def placed(self) -> bool:
        """Whether it names series of its own, so that an interval or a symbol means something to it."""
        return "{p}" in self.template or "{ta}" in self.template


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


Condition = Compare | Cross | Between | Near | Trend | Pattern | Formula | Recent | Not | Group


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
        case Formula():
            yield from condition.operands
            for part in condition.parts:
                yield from operands(part)
        case Pattern():
            pass


def within_operand(operand: Operand) -> Iterator[Operand]:
    """The operand and every operand it is made of."""
    yield operand
    for inner in (*(() if operand.of is None else (operand.of,)), *operand.parts):
        yield from within_operand(inner)


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
    formula: Callable[[Formula], Formula] = lambda formula: formula,
) -> Condition:
    """The condition with `change` applied to every operand, and the others to patterns, windows and formulas."""

    def again(inner: Condition) -> Condition:
        return rewrite(inner, change, pattern, window, formula)

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
        case Formula():
            changed = tuple(change(operand) for operand in condition.operands)
            return formula(replace(condition, operands=changed, parts=tuple(again(part) for part in condition.parts)))
        case Pattern():
            return pattern(condition)


def _deeper(operand: Operand, change: Callable[[Operand], Operand]) -> Operand:
    """The operand with `change` applied to what it is made of."""
    of = None if operand.of is None else change(operand.of)
    return replace(operand, of=of, parts=tuple(change(part) for part in operand.parts))


def on_interval(condition: Condition, interval: str) -> Condition:
    """Put operands without an interval of their own on `interval`.

    "The price" stays on the base interval where it is compared with an indicator of a higher one: it means
    the newest price. In a cross both sides step together, so there it moves too.
    """
    crossing = isinstance(condition, Cross | Formula) or all(o.kind in ("price", "number") for o in operands(condition))

    def change(operand: Operand) -> Operand:
        if operand.interval is not None or operand.kind == "number" or (operand.kind == "price" and not crossing):
            return operand
        return replace(_deeper(operand, change), interval=interval)

    def move(pattern: Pattern) -> Pattern:
        return pattern if pattern.interval is not None else replace(pattern, interval=interval)

    def place(formula: Formula) -> Formula:
        return replace(formula, interval=interval) if formula.placed and formula.interval is None else formula

    return rewrite(condition, change, move, formula=place)


def on_symbol(condition: Condition, symbol: str) -> Condition:
    """Read a condition's operands and patterns from `symbol`, where they name none."""

    def change(operand: Operand) -> Operand:
        if operand.symbol is not None or operand.kind == "number":
            return operand
        return replace(_deeper(operand, change), symbol=symbol)

    def move(pattern: Pattern) -> Pattern:
        return pattern if pattern.symbol is not None else replace(pattern, symbol=symbol)

    def place(formula: Formula) -> Formula:
        return replace(formula, symbol=symbol) if formula.placed and formula.symbol is None else formula

    return rewrite(condition, change, move, formula=place)


def durations(condition: Condition) -> Iterator[Duration]:
    """Every duration a condition waits to have counted in candles."""
    for operand in operands(condition):
        for part in within_operand(operand):
            yield from (arg for arg in part.args if isinstance(arg, Duration))
    yield from _window_durations(condition)


def _window_durations(condition: Condition) -> Iterator[Duration]:
    match condition:
        case Recent():
            if isinstance(condition.length, Duration):
                yield condition.length
            yield from _window_durations(condition.inner)
        case Not():
            yield from _window_durations(condition.inner)
        case Group():
            for item in condition.items:
                yield from _window_durations(item)
        case Formula():
            yield from (length for length in condition.lengths if isinstance(length, Duration))
            for part in condition.parts:
                yield from _window_durations(part)
        case _:
            pass


def _formulas(condition: Condition) -> Iterator[Formula]:
    match condition:
        case Recent() | Not():
            yield from _formulas(condition.inner)
        case Group():
            for item in condition.items:
                yield from _formulas(item)
        case Formula():
            yield condition
            for part in condition.parts:
                yield from _formulas(part)
        case _:
            pass


def intervals(condition: Condition) -> set[str]:
    """Every interval a condition names."""
    found = {part.interval for o in operands(condition) if not o.level for part in within_operand(o) if not part.level}
    found |= {leaf.interval for leaf in _patterns(condition)}
    found |= {formula.interval for formula in _formulas(condition)}
    return {label for label in found if label is not None}


def _patterns(condition: Condition) -> Iterator[Pattern]:
    for leaf in leaves(condition):
        if isinstance(leaf, Pattern):
            yield leaf
        elif isinstance(leaf, Formula):
            for part in leaf.parts:
                yield from _patterns(part)


def placeless(condition: Condition) -> Iterator[bool]:
    """For each thing that can be of an interval, whether it names none."""
    yield from (o.interval is None for o in operands(condition) if o.kind != "number")
    yield from (pattern.interval is None for pattern in _patterns(condition))
    yield from (formula.interval is None for formula in _formulas(condition) if formula.placed)


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
        return replace(_deeper(operand, change), args=args)

    def length_of(length: Length, inner: Condition) -> int:
        finest = min(intervals(inner) or {base}, key=INTERVALS.__getitem__)
        return length_in(length, base if any(placeless(inner)) else finest)

    def window(recent: Recent) -> Recent:
        return replace(recent, length=length_of(recent.length, recent.inner))

    def move(pattern: Pattern) -> Pattern:
        return replace(pattern, interval=None) if pattern.interval == base else pattern

    def place(formula: Formula) -> Formula:
        lengths = tuple(length_of(length, formula) for length in formula.lengths)
        return replace(formula, lengths=lengths, interval=None if formula.interval == base else formula.interval)

    return rewrite(condition, change, move, window, place)
