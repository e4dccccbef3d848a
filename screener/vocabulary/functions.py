"""The functions of the language: crosses, windows and values, as formulas with their English.

A window takes a number of candles, or a condition: then it starts at the last candle where that was true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from screener.language.describe import English, number
from screener.vocabulary.formula import Term, apply, change, percent_change, sma
from screener.vocabulary.registry import Arg

Part = Term | float
Phrase = Callable[[English, int, list[Term | float]], str]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: `formula(*args)`; `phrase` writes it in English, None leaves that to the graph.

    `source` is the formula in the filter language, in lines that end with the result, where it can be said.
    `side` is how a comparison of the first two arguments reads; `many` lets the last argument repeat.
    """

    name: str
    args: tuple[Arg, ...]
    meaning: str
    formula: Callable[..., Term]
    phrase: Phrase | None = None
    source: str = ""
    side: str = ""
    many: bool = False


def _node(part: Term | float) -> int:
    assert isinstance(part, Term)
    return part.node


def _crossover(a: Term, b: Term) -> Term:
    return (a > b) & (a[1] <= b[1])


def _crossunder(a: Term, b: Term) -> Term:
    return (a < b) & (a[1] >= b[1])


def _cross(a: Term, b: Term) -> Term:
    return _crossover(a, b) | _crossunder(a, b)


def _extreme_of_window(op: str) -> Callable[[Term, int | Term], Term]:
    def formula(x: Term, n: int | Term) -> Term:
        return apply(f"{op}_since", x, n) if isinstance(n, Term) else x.op(op, n)

    return formula


def _sum(x: Term, n: int | Term) -> Term:
    return apply("cumsum_since", x, n) if isinstance(n, Term) else x.op("rsum", n)


def _avg(x: Term, n: int | Term) -> Term:
    if isinstance(n, Term):
        # Sums since an event skip what is unknown, so only what is known counts.
        return _sum(x, n) / _sum(x.op("na").then(0.0, 1.0), n)
    return sma(x, n)


def _count(cond: Term, n: int | Term) -> Term:
    if isinstance(n, Term):
        return _sum(cond.then(1.0, 0.0), n)
    return cond.op("count", n)


def _within(cond: Term, n: int | Term) -> Term:
    if isinstance(n, Term):
        # This candle decides alone where it is true, and leaves the answer open where it is unknown.
        return (apply("rmax_since", cond.then(1.0, 0.0).nz(0.0), n) >= 1.0) | cond
    return cond.op("within", n)


def _always(cond: Term, n: int | Term) -> Term:
    if isinstance(n, Term):
        return (apply("rmin_since", cond.then(1.0, 0.0).nz(1.0), n) >= 1.0) & cond
    return cond.op("always", n)


def _change(x: Term, n: int | Term) -> Term:
    return x - _start(x, n) if isinstance(n, Term) else change(x, n)


def _pct_change(x: Term, n: int | Term) -> Term:
    return (x / _start(x, n) - 1.0) * 100.0 if isinstance(n, Term) else percent_change(x, n)


def _start(x: Term, event: Term) -> Term:
    """The value on the candle where a window since an event starts."""
    return apply("valuewhen", event, x, params=(0,))


def _round(x: Term, digits: int) -> Term:
    return x.op("round") if digits == 0 else (x * 10.0**digits).op("round") / 10.0**digits


def _extreme(op: str) -> Callable[..., Term]:
    def formula(first: Term, *rest: Term) -> Term:
        for other in rest:
            first = apply(op, first, other)
        return first

    return formula


def _trend(word: str) -> Phrase:
    def phrase(e: English, node: int, args: list[Term | float]) -> str:
        x, n = args
        if isinstance(n, Term):
            return f"{e.of(_node(x))} has {word} on each candle {e.since(n.node)}"
        count = "" if n == 1 else f" {number(n)}"
        candles = e.candles(_node(x), 2 if count else 1)
        run = f"{count} {candles} in a row" if count else f" against the {candles} before"
        return f"{e.of(_node(x))} has {word}{run}"

    return phrase


def _change_phrase(what: str) -> Phrase:
    def phrase(e: English, node: int, args: list[Term | float]) -> str:
        x, n = args
        if isinstance(n, Term):
            return f"the {what}{e.suffix(_node(x))} {e.since(n.node)}"
        return f"the {number(n)}-candle {what}{e.suffix(_node(x))}"

    return phrase


def _window_phrase(period: str, since: str) -> Phrase:
    """`period` and `since` are texts with {x}, {n}, {candles} and {since}; `of x` is written {of}."""

    def phrase(e: English, node: int, args: list[Term | float]) -> str:
        x, n = args
        names = {"x": e.of(_node(x)), "bare": e.bare(_node(x)), "of": e.suffix(_node(x))}
        if isinstance(n, Term):
            return since.format(since=e.since(n.node), candles=e.candles(_node(x)), **names)
        return period.format(n=number(n), candles=e.candles(_node(x)), **names)

    return phrase


def _between_phrase(e: English, node: int, args: list[Term | float]) -> str:
    x, low, high = (e.of(_node(a)) for a in args)
    return f"{x} is between {low} and {high}"


_X: Final = Arg("x", "series")
_NUM: Final = Arg("x", "num")
_COND: Final = Arg("cond", "bool")
_EVENT: Final = Arg("cond", "condition")
_N: Final = Arg("n", "window")
_STEPS: Final = Arg("n", "window", 1)
_A_B: Final = (Arg("a", "num"), Arg("b", "num"))

ROWS: Final[tuple[Function, ...]] = (
    Function("crossover", _A_B, "a rises above b on this candle", _crossover,
             source="a > b and a[1] <= b[1]", side="crosses above"),
    Function("crossunder", _A_B, "a falls below b on this candle", _crossunder,
             source="a < b and a[1] >= b[1]", side="crosses below"),
    Function("cross", _A_B, "a crosses b in either direction", _cross,
             source="crossover(a, b) or crossunder(a, b)", side="crosses"),
    Function("highest", (_X, _N), "largest of the last n values, this candle included",
             _extreme_of_window("rmax"),
             _window_phrase("the highest {bare} over the last {n} {candles}", "the highest {bare} {since}")),
    Function("lowest", (_X, _N), "smallest of the last n values, this candle included",
             _extreme_of_window("rmin"),
             _window_phrase("the lowest {bare} over the last {n} {candles}", "the lowest {bare} {since}")),
    Function("sum", (_X, _N), "sum of the last n values", _sum,
             _window_phrase("the sum of {x} over the last {n} {candles}", "the sum of {x} {since}")),
    Function("avg", (_X, _N), "simple average of the last n values", _avg,
             _window_phrase("the {n}-period SMA{of}", "the average{of} {since}"), "ta.sma(x, n)"),
    Function("count", (_COND, _N), "how many of the last n candles it holds on", _count,
             _window_phrase("the number of the last {n} {candles} on which {x}",
                            "the number of {candles} {since} on which {x}")),
    Function("within", (_COND, _N), "it holds on any of the last n candles, this one included", _within,
             _window_phrase("{x} on at least one of the last {n} {candles}",
                            "{x} on at least one of the {candles} {since}")),
    Function("always", (_COND, _N), "it holds on each of the last n candles", _always,
             _window_phrase("{x} on each of the last {n} {candles}", "{x} on each of the {candles} {since}")),
    Function("rising", (_X, _STEPS), "each of the last n values is above the one before it",
             lambda x, n: _always(x > x[1], n), _trend("risen"), "always(x > x[1], n)"),
    Function("falling", (_X, _STEPS), "each of the last n values is below the one before it",
             lambda x, n: _always(x < x[1], n), _trend("fallen"), "always(x < x[1], n)"),
    Function("barssince", (_EVENT,), "candles since it was last true, 0 on that candle",
             lambda cond: cond.op("barssince")),
    Function("valuewhen", (_EVENT, _X, Arg("k", "index", 0)),
             "x on the candle where cond was true, newest first",
             lambda cond, x, k: apply("valuewhen", cond, x, params=(k,))),
    Function("change", (_X, _STEPS), "difference to n candles ago", _change, _change_phrase("change"),
             "x - x[n]"),
    Function("pct_change", (_X, _STEPS), "change against n candles ago, in percent",
             _pct_change, _change_phrase("percent change"), "100 * (x / x[n] - 1)"),
    Function("abs", (_NUM,), "absolute value", abs),
    Function("min", _A_B, "smallest of two or more", _extreme("min"), many=True),
    Function("max", _A_B, "largest of two or more", _extreme("max"), many=True),
    Function("sqrt", (_NUM,), "square root", lambda x: x.op("sqrt")),
    Function("log", (_NUM,), "natural logarithm", lambda x: x.op("log")),
    Function("exp", (_NUM,), "e to the power of x", lambda x: x.op("exp")),
    Function("round", (_NUM, Arg("digits", "index", 0, 0, 12)), "nearest number, half to even", _round),
    Function("sign", (_NUM,), "-1, 0 or 1", lambda x: x.op("sign")),
    Function("between", (_NUM, Arg("lo", "num"), Arg("hi", "num")), "from lo to hi, both ends included",
             lambda x, low, high: (x >= low) & (x <= high), _between_phrase, "x >= lo and x <= hi"),
    Function("na", (_NUM,), "x is unknown", lambda x: x.op("na")),
    Function("nz", (_NUM, Arg("d", "num", 0)), "x, or d where x is unknown", lambda x, d: x.nz(d)),
)  # fmt: skip
