"""The functions of the language: crosses, windows and values, as formulas with their English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from screener.describe import English, number
from screener.formula import Term, change, percent_change, sma
from screener.registry import Arg, IndicatorInfo, arguments_text

Part = Term | float
Phrase = Callable[[English, int, list[Term | float]], str]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: `formula(*args)`; `phrase` writes it in English, None leaves that to the graph.

    `side` is how a comparison of the first two arguments reads; `many` lets the last argument repeat.
    """

    name: str
    args: tuple[Arg, ...]
    meaning: str
    formula: Callable[..., Term]
    phrase: Phrase | None = None
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


def _sum(x: Term, n: int | Term) -> Term:
    if isinstance(n, Term):
        return Term(x.graph, x.graph.add("cumsum_since", (x.node, n.node)))
    return x.op("rsum", n)


def _avg(x: Term, n: int | Term) -> Term:
    if isinstance(n, Term):
        return _sum(x, n) / (n.op("barssince") + 1.0)
    return sma(x, n)


def _count(cond: Term, n: int | Term) -> Term:
    if isinstance(n, Term):
        return _sum(cond.then(1.0, 0.0), n)
    return cond.op("count", n)


def _within(cond: Term, n: int | Term) -> Term:
    return _count(cond, n) >= 1.0 if isinstance(n, Term) else cond.op("within", n)


def _always(cond: Term, n: int | Term) -> Term:
    return _count(~cond, n) <= 0.0 if isinstance(n, Term) else cond.op("always", n)


def _pivot_high(x: Term, left: int, right: int) -> Term:
    middle = x[right]
    found = (middle >= x.op("rmax", left + right + 1)) & (middle > x.op("rmax", right))
    # Division by zero is the language's way to say unknown.
    return middle / found.then(1.0, 0.0)


def _pivot_low(x: Term, left: int, right: int) -> Term:
    middle = x[right]
    found = (middle <= x.op("rmin", left + right + 1)) & (middle < x.op("rmin", right))
    return middle / found.then(1.0, 0.0)


def _round(x: Term, digits: int) -> Term:
    return x.op("round") if digits == 0 else (x * 10.0**digits).op("round") / 10.0**digits


def _extreme(op: str) -> Callable[..., Term]:
    def formula(first: Term, *rest: Term) -> Term:
        for other in rest:
            first = Term(first.graph, first.graph.add(op, (first.node, other.node)))
        return first

    return formula


def _trend(word: str) -> Phrase:
    def phrase(e: English, node: int, args: list[Term | float]) -> str:
        x, n = args
        count = "" if n == 1 else f" {number(n)}" if not isinstance(n, Term) else ""
        candles = e.candles(_node(x), 2 if count else 1)
        run = f"{count} {candles} in a row" if count else f" against the {candles} before"
        return f"{e.of(_node(x))} has {word}{run}"

    return phrase


def _change_phrase(what: str) -> Phrase:
    def phrase(e: English, node: int, args: list[Term | float]) -> str:
        x, n = args
        assert not isinstance(n, Term)
        return f"the {number(n)}-candle {what}{e.suffix(_node(x))}"

    return phrase


def _avg_phrase(e: English, node: int, args: list[Term | float]) -> str:
    x, n = args
    if isinstance(n, Term):
        return f"the average{e.suffix(_node(x))} since {e.of(n.node)}"
    return f"the {number(n)}-period SMA{e.suffix(_node(x))}"


def _between_phrase(e: English, node: int, args: list[Term | float]) -> str:
    x, low, high = (e.of(_node(a)) for a in args)
    return f"{x} is between {low} and {high}"


def _pivot_phrase(word: str) -> Phrase:
    def phrase(e: English, node: int, args: list[Term | float]) -> str:
        return f"a pivot {word} of {e.of(_node(args[0]))} confirmed on this candle"

    return phrase


_X: Final = Arg("x", "series")
_NUM: Final = Arg("x", "num")
_COND: Final = Arg("cond", "bool")
_N: Final = Arg("n", "window")
_STEPS: Final = Arg("n", "length", 1)

_ROWS: Final[tuple[Function, ...]] = (
    Function("crossover", (Arg("a", "num"), Arg("b", "num")), "a rises above b on this candle",
             _crossover, None, "crosses above"),
    Function("crossunder", (Arg("a", "num"), Arg("b", "num")), "a falls below b on this candle",
             _crossunder, None, "crosses below"),
    Function("cross", (Arg("a", "num"), Arg("b", "num")), "a crosses b in either direction", _cross,
             None, "crosses"),
    Function("highest", (_X, Arg("n", "length")), "largest of the last n values, this candle included",
             lambda x, n: x.op("rmax", n)),
    Function("lowest", (_X, Arg("n", "length")), "smallest of the last n values, this candle included",
             lambda x, n: x.op("rmin", n)),
    Function("sum", (_X, _N), "sum of the last n values", _sum),
    Function("avg", (_X, _N), "simple average of the last n values", _avg, _avg_phrase),
    Function("count", (_COND, _N), "how many of the last n candles it holds on", _count),
    Function("within", (_COND, _N), "it holds on any of the last n candles, this one included", _within),
    Function("always", (_COND, _N), "it holds on each of the last n candles", _always),
    Function("rising", (_X, _STEPS), "each of the last n values is above the one before it",
             lambda x, n: (x > x[1]).op("always", n), _trend("risen")),
    Function("falling", (_X, _STEPS), "each of the last n values is below the one before it",
             lambda x, n: (x < x[1]).op("always", n), _trend("fallen")),
    Function("barssince", (_COND,), "candles since it was last true, 0 on that candle",
             lambda cond: cond.op("barssince")),
    Function("valuewhen", (_COND, _X, Arg("k", "index", 0)),
             "x on the candle where cond was true, newest first",
             lambda cond, x, k: Term(x.graph, x.graph.add("valuewhen", (cond.node, x.node), (k,)))),
    Function("change", (_X, _STEPS), "difference to n candles ago", change, _change_phrase("change")),
    Function("pct_change", (_X, _STEPS), "change against n candles ago, in percent",
             percent_change, _change_phrase("percent change")),
    Function("pivot_high", (_X, Arg("left", "length"), Arg("right", "length")),
             "the pivot's value on the candle that confirms it, unknown elsewhere", _pivot_high,
             _pivot_phrase("high")),
    Function("pivot_low", (_X, Arg("left", "length"), Arg("right", "length")),
             "the pivot's value on the candle that confirms it, unknown elsewhere", _pivot_low,
             _pivot_phrase("low")),
    Function("abs", (_NUM,), "absolute value", abs),
    Function("min", (Arg("a", "num"), Arg("b", "num")), "smallest of two or more",
             _extreme("min"), many=True),
    Function("max", (Arg("a", "num"), Arg("b", "num")), "largest of two or more",
             _extreme("max"), many=True),
    Function("sqrt", (_NUM,), "square root", lambda x: x.op("sqrt")),
    Function("log", (_NUM,), "natural logarithm", lambda x: x.op("log")),
    Function("exp", (_NUM,), "e to the power of x", lambda x: x.op("exp")),
    Function("round", (_NUM, Arg("digits", "index", 0, 0, 12)), "nearest number, half to even", _round),
    Function("sign", (_NUM,), "-1, 0 or 1", lambda x: x.op("sign")),
    Function("between", (_NUM, Arg("lo", "num"), Arg("hi", "num")), "from lo to hi, both ends included",
             lambda x, low, high: (x >= low) & (x <= high), _between_phrase),
    Function("na", (_NUM,), "x is unknown", lambda x: x.op("na")),
    Function("nz", (_NUM, Arg("d", "num", 0)), "x, or d where x is unknown", lambda x, d: x.nz(d)),
)  # fmt: skip

FUNCTIONS: Final[dict[str, Function]] = {row.name: row for row in _ROWS}
"""Every function by name."""

_MARKET: Final = ("rank", "breadth", "market_percentile", "market_mean", "market_zscore")
PENDING: Final = frozenset({*_MARKET, "percentrank", "bullish_divergence", "bearish_divergence"})
"""Functions of the language that need an operator of their own, still to come."""


def function_catalogue() -> list[IndicatorInfo]:
    """One line per function, in order of name."""
    return [
        IndicatorInfo(row.name, arguments_text(row.args), (), row.meaning, "function")
        for _, row in sorted(FUNCTIONS.items())
    ]
