"""From meaning to filter code: one row for each kind of operand and each candle pattern.

`Names` writes series and indicators for one interval and symbol, so a row says only what it is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from llm.phrasebook.meaning.types import (
    Between,
    Compare,
    Condition,
    Cross,
    Formula,
    Group,
    Near,
    Not,
    Operand,
    Pattern,
    Recent,
    Trend,
)
from llm.phrasebook.vocabulary.indicators import BANDS, FAMILIES, OUTPUTS

FIELDS = frozenset({"open", "high", "low", "close", "volume", "quote_volume", "trades"})


@dataclass(frozen=True, slots=True)
class Names:
    """How series and indicators are written for an interval (None is the base) and a symbol (None is its
    own)."""

    interval: str | None
    symbol: str | None

    @property
    def owner(self) -> str:
        """What stands before what names its own interval: `symbol("BTCUSDT").` or nothing."""
        return f'symbol("{self.symbol}").' if self.symbol else ""

    @property
    def prefix(self) -> str:
        """What stands before a series: `tf("4h").`, `symbol("BTCUSDT").`, both, or nothing."""
        return self.owner + (f'tf("{self.interval}").' if self.interval else "")

    @property
    def indicators(self) -> str:
        """What stands before an indicator's name: `ta.`, or the prefix of its interval and symbol."""
        return self.prefix or "ta."

    def series(self, name: str) -> str:
        """A candle series."""
        return self.prefix + name


Row = Callable[[Names, tuple[str, ...]], str]


KINDS: dict[str, Row] = {
    "number": lambda n, a: a[0],
    "price": lambda n, a: n.series("close"),
    "highest_high": lambda n, a: f"highest({n.series('high')}, {a[0]})[1]",
    "lowest_low": lambda n, a: f"lowest({n.series('low')}, {a[0]})[1]",
    "highest_close": lambda n, a: f"highest({n.series('close')}, {a[0]})[1]",
    "lowest_close": lambda n, a: f"lowest({n.series('close')}, {a[0]})[1]",
}


def quantity(value: float) -> str:
    """A number as written in a filter: no trailing zeros, no exponent."""
    if value == int(value):
        return str(int(value))
    return f"{value:.10f}".rstrip("0").rstrip(".")


def operand_code(operand: Operand, base: str) -> str:
    """The filter expression of an operand; `base` is the strategy's interval."""
    names = Names(None if operand.interval == base else operand.interval, operand.symbol)
    args = tuple(quantity(float(arg)) for arg in operand.args if isinstance(arg, int | float))
    kind = operand.kind
    if kind in FIELDS:
        text = names.series(kind)
    elif kind == "formula":
        codes = (bracketed(operand_code(part, base)) for part in operand.parts)
        numbers = {f"n{at}": number for at, number in enumerate(args)}
        text = operand.template.format(*codes, p=names.prefix, ta=names.indicators, s=names.owner, **numbers)
    elif kind in OUTPUTS:
        inner = "close" if operand.of is None else operand_code(operand.of, base)
        text = indicator_code(kind, args, Names(None, None) if operand.of is not None else names, inner)
    elif operand.of is not None and kind in ("average", "highest_of", "lowest_of", "change"):
        inner = operand_code(operand.of, base)
        text = {
            "average": f"ta.sma({inner}, {args[0]})",
            "highest_of": f"highest({inner}, {args[0]})",
            "lowest_of": f"lowest({inner}, {args[0]})",
            "change": f"pct_change({inner}, {args[0]})",
        }[kind]
    else:
        text = KINDS[kind](names, args)
    if operand.shift:
        text = f"{bracketed(text)}[{operand.shift}]"
    return text if operand.factor == 1.0 else f"{quantity(operand.factor)} * {bracketed(text)}"


def indicator_code(kind: str, args: tuple[str, ...], names: Names, source: str) -> str:
    """An indicator's expression: `ta.macd(close, 12, 26, 9).hist`."""
    output = OUTPUTS[kind]
    family = FAMILIES[output.family]
    numbers = ", ".join(((source,) if family.source else ()) + args)
    return output.code.format(f=f"{names.indicators}{family.call}({numbers})", ta=names.indicators, p=names.prefix)


def bracketed(text: str) -> str:
    """The expression in brackets, where an operator stands outside any brackets of its own."""
    depth = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == " " and depth == 0:
            return f"({text})"
    return text


def _engulfing(sign: str, other: str) -> Callable[[Names, tuple[str, ...]], str]:
    def row(n: Names, a: tuple[str, ...]) -> str:
        c, o = n.series("close"), n.series("open")
        edge = (">=", "<=") if sign == ">" else ("<=", ">=")
        return f"({c} {sign} {o} and {c}[1] {other} {o}[1] and {c} {edge[0]} {o}[1] and {o} {edge[1]} {c}[1])"

    return row


def _streak(sign: str) -> Callable[[Names, tuple[str, ...]], str]:
    def row(n: Names, a: tuple[str, ...]) -> str:
        body = f"{n.series('close')} {sign} {n.series('open')}"
        return body if a[0] == "1" else f"always({body}, {a[0]})"

    return row


def _squeeze(n: Names, a: tuple[str, ...]) -> str:
    width = f"{n.indicators}bbands(close, 20, 2).width"
    return f"{width} <= lowest({width}, {a[0]})"


def _release(n: Names, a: tuple[str, ...]) -> str:
    bands = f"{n.indicators}bbands(close, 20, 2)"
    return f"(within({_squeeze(n, a)}, {a[1]}) and {n.series('close')} > {bands}.upper)"


def _hammer(n: Names, a: tuple[str, ...]) -> str:
    o, h, low, c = (n.series(name) for name in ("open", "high", "low", "close"))
    return f"(min({o}, {c}) - {low} >= 2 * abs({c} - {o}) and {h} - max({o}, {c}) <= abs({c} - {o}))"


PATTERNS: dict[str, Callable[[Names, tuple[str, ...]], str]] = {
    "green": _streak(">"),
    "red": _streak("<"),
    "engulfing_up": _engulfing(">", "<"),
    "engulfing_down": _engulfing("<", ">"),
    "inside": lambda n, a: f"({n.series('high')} < {n.series('high')}[1] and {n.series('low')} > {n.series('low')}[1])",
    "outside": lambda n, a: (
        f"({n.series('high')} > {n.series('high')}[1] and {n.series('low')} < {n.series('low')}[1])"
    ),
    "doji": lambda n, a: (
        f"abs({n.series('close')} - {n.series('open')}) <= 0.1 * ({n.series('high')} - {n.series('low')})"
    ),
    "hammer": _hammer,
    "squeeze": _squeeze,
    "squeeze_release": _release,
}


def condition_code(condition: Condition, base: str) -> str:
    """The filter expression of a condition whose durations are already counted in candles."""

    def code(operand: Operand) -> str:
        return operand_code(operand, base)

    match condition:
        case Compare():
            return f"{code(condition.left)} {condition.op} {code(condition.right)}"
        case Cross():
            function = {"up": "crossover", "down": "crossunder", "any": "cross"}[condition.way]
            return f"{function}({code(condition.left)}, {code(condition.right)})"
        case Between():
            low, high = code(condition.low), code(condition.high)
            if not _ordered(condition.low, condition.high):
                low, high = f"min({low}, {high})", f"max({low}, {high})"
            return f"between({code(condition.left)}, {low}, {high})"
        case Near():
            left, right = code(condition.left), code(condition.right)
            return f"abs({bracketed(left)} / {bracketed(right)} - 1) <= {quantity(condition.percent / 100)}"
        case Trend():
            function = "rising" if condition.way == "up" else "falling"
            return f"{function}({code(condition.left)}, {condition.steps})"
        case Pattern():
            names = Names(None if condition.interval == base else condition.interval, condition.symbol)
            return PATTERNS[condition.name](names, tuple(str(arg) for arg in condition.args))
        case Formula():
            names = Names(None if condition.interval == base else condition.interval, condition.symbol)
            fields = {f"n{at}": str(length) for at, length in enumerate(condition.lengths)}
            fields |= {f"c{at}": bracketed(condition_code(part, base)) for at, part in enumerate(condition.parts)}
            codes = (bracketed(code(operand)) for operand in condition.operands)
            return condition.template.format(*codes, p=names.prefix, ta=names.indicators, **fields)
        case Recent():
            function = "always" if condition.every else "within"
            return f"{function}({condition_code(condition.inner, base)}, {condition.length})"
        case Not():
            return f"not ({condition_code(condition.inner, base)})"
        case Group():
            return f" {condition.op} ".join(_grouped(item, base) for item in condition.items)


def _ordered(low: Operand, high: Operand) -> bool:
    """Whether the first is never above the second, or one is a constant: two averages have no order."""
    if "number" in (low.kind, high.kind) or replace(low, factor=1.0) == replace(high, factor=1.0):
        return True
    pairs = (("low", "high"), *((f"lowest_{of}", f"highest_{of}") for of in ("low", "close", "of")), *BANDS.values())
    return (low.kind, high.kind) in pairs and low == replace(high, kind=low.kind)


def _grouped(item: Condition, base: str) -> str:
    return (
        bracketed_condition(condition_code(item, base))
        if isinstance(item, Group | Formula)
        else condition_code(item, base)
    )


def bracketed_condition(text: str) -> str:
    """A condition in brackets, where `and`, `or` or a choice stands outside any brackets of its own."""
    depth, words = 0, ""
    for character in text:
        depth += (character in "([") - (character in ")]")
        words += character if depth == 0 else ""
    joins = any(f" {word} " in words for word in ("and", "or", "if"))
    return f"({text})" if joins else text
