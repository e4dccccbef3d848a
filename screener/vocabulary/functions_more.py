"""Functions of pivots and divergences, those across the market, and the values of the open trade.

1. A pivot is known on the candle that confirms it, `right` candles after it; a divergence compares two.
2. Words of the market read their argument of all symbols at one moment.
3. Words of the trade know the entry; only `exit`, `stop` and `target` may use them (`screener.trade_words`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from screener.language.describe import English, number
from screener.vocabulary.formula import Term, apply
from screener.vocabulary.functions import ROWS, Function, Phrase
from screener.vocabulary.registry import Arg

_X: Final = Arg("x", "series")
_WHERE: Final = Arg("where", "bool", True)
_PIVOT: Final = (_X, Arg("left", "length"), Arg("right", "length"))
_PAIR: Final = (
    Arg("price", "series"), Arg("osc", "series"), Arg("n", "length"),
    Arg("left", "length", 5), Arg("right", "length", 5), Arg("hidden", "flag", False),
)  # fmt: skip


def _peak(x: Term, left: int, right: int) -> Term:
    """The value `right` candles ago is at or above the `left` before it, and above all after it."""
    middle = x[right]
    return (middle >= x.op("rmax", left + right + 1)) & (middle > x.op("rmax", right))


def _trough(x: Term, left: int, right: int) -> Term:
    middle = x[right]
    return (middle <= x.op("rmin", left + right + 1)) & (middle < x.op("rmin", right))


def _pivot(found: Callable[[Term, int, int], Term]) -> Callable[[Term, int, int], Term]:
    def formula(x: Term, left: int, right: int) -> Term:
        # Division by zero is the language's way to say unknown.
        return x[right] / found(x, left, right).then(1.0, 0.0)

    return formula


def _divergence(bullish: bool) -> Callable[..., Term]:
    def formula(price: Term, osc: Term, n: int, left: int, right: int, hidden: bool) -> Term:
        found = (_trough if bullish else _peak)(price, left, right)
        # On a candle that confirms a pivot, the second newest event is the pivot before it.
        now, osc_now = price[right], osc[right]
        then, osc_then = (apply("valuewhen", found, x, params=(1,)) for x in (now, osc_now))
        lower = now < then if bullish != hidden else now > then
        higher = osc_now > osc_then if bullish != hidden else osc_now < osc_then
        return found & found.op("within", n)[1] & lower & higher

    return formula


def _pivot_phrase(word: str) -> Phrase:
    def phrase(e: English, node: int, args: list[Term | float]) -> str:
        x = args[0]
        assert isinstance(x, Term)
        return f"a pivot {word} of {e.of(x.node)} confirmed on this candle"

    return phrase


def _divergence_phrase(side: str) -> Phrase:
    def phrase(e: English, node: int, args: list[Term | float]) -> str:
        price, osc, n, hidden = args[0], args[1], args[2], args[5]
        assert isinstance(price, Term) and isinstance(osc, Term) and not isinstance(n, Term)
        kind = f"hidden {side}" if hidden else side
        pair = f"{e.of(price.node)} and {e.of(osc.node)}"
        return f"a {kind} divergence of {pair} within {number(n)} {e.candles(price.node)} is confirmed"

    return phrase


def _market(op: str) -> Callable[[Term, Term], Term]:
    return lambda x, where: apply(op, x, where)


_PEAK: Final = "x[right] >= highest(x, left + right + 1) and x[right] > highest(x, right)"
_TROUGH: Final = "x[right] <= lowest(x, left + right + 1) and x[right] < lowest(x, right)"


def _divergence_source(pivot: str, price: str, osc: str) -> str:
    found = pivot.replace("x[", "price[").replace("(x,", "(price,")
    return (
        f"found = {found}\n"
        "near = within(found, n)[1]\n"
        f"price_pivot = price[right] {price} valuewhen(found, price[right], 1)\n"
        f"osc_pivot = osc[right] {osc} valuewhen(found, osc[right], 1)\n"
        "found and near and price_pivot and osc_pivot"
    )


MORE: Final[tuple[Function, ...]] = (
    Function("percentrank", (_X, Arg("n", "length")), "percent of the n values before that are at or below this one",
             lambda x, n: x.op("percentrank", n)),
    Function("pivot_high", _PIVOT, "the pivot's value on the candle that confirms it, unknown elsewhere",
             _pivot(_peak), _pivot_phrase("high"), f"found = {_PEAK}\nx[right] / (1 if found else 0)"),
    Function("pivot_low", _PIVOT, "the pivot's value on the candle that confirms it, unknown elsewhere",
             _pivot(_trough), _pivot_phrase("low"), f"found = {_TROUGH}\nx[right] / (1 if found else 0)"),
    Function("bullish_divergence", _PAIR,
             "a second pivot low of the price within n candles is confirmed, lower, the oscillator's value higher; "
             "hidden=True: higher, the oscillator's lower",
             _divergence(True), _divergence_phrase("bullish"), _divergence_source(_TROUGH, "<", ">")),
    Function("bearish_divergence", _PAIR,
             "a second pivot high of the price within n candles is confirmed, higher, the oscillator's value lower; "
             "hidden=True: lower, the oscillator's higher",
             _divergence(False), _divergence_phrase("bearish"), _divergence_source(_PEAK, ">", "<")),
    Function("rank", (_X, _WHERE), "place among the symbols at this moment, 1 is the largest, ties the smaller number",
             _market("rank")),
    Function("market_percentile", (_X, _WHERE), "share of the symbols, 0 to 1, that are at or below this one",
             _market("market_percentile")),
    Function("market_mean", (_X, _WHERE), "mean over the symbols at this moment",
             _market("market_mean")),
    Function("market_zscore", (_X, _WHERE), "distance from the symbols' mean in their standard deviations",
             _market("market_zscore")),
    Function("breadth", (Arg("cond", "condition"), _WHERE), "share of the symbols, 0 to 1, where it holds",
             _market("breadth")),
)  # fmt: skip

MARKET: Final = frozenset({"rank", "market_percentile", "market_mean", "market_zscore", "breadth"})
"""Functions that read their argument of all symbols."""

FUNCTIONS: Final[dict[str, Function]] = {row.name: row for row in (*ROWS, *MORE)}
"""Every function by name."""
