"""What candlestick patterns are measured with: bodies, shadows, gaps, and the averages that they are compared to.

1. `Sticks` gives the measures of the newest candle as terms; `x[k]` is the same measure k candles ago, so patterns
   share them.
2. An average is over the candles *before* the one that is judged: a body is long against the ten before it.
3. `one_sided`, `two_sided` and `mirrored` make a `Pattern` from a rule over sticks.

Settings are TA-Lib's own defaults: a body is long or short against the mean of ten bodies, a doji is up to 0.1 of the
mean of ten ranges, a shadow is very short below 0.1 of it and short below half the mean of ten shadow pairs; a shadow
is long above the candle's own body, very long above twice it; near, far and equal are 0.2, 0.6 and 0.05 of the mean of
five ranges. A candle that closes where it opened counts as white.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from screener.vocabulary.formula import CandleTerms, Term


@dataclass(frozen=True, slots=True)
class Pattern:
    """A candlestick pattern. `talib` is its function in TA-Lib; `formula(candles)` returns its term, or
    `{"bullish": term, "bearish": term}` where it has two sides, as `sides` says."""

    name: str
    talib: str
    meaning: str
    formula: Callable[[CandleTerms], Term | Mapping[str, Term]]
    sides: tuple[str, ...] = ()


def one_sided(name: str, talib: str, meaning: str, rule: Callable[[Sticks], Term]) -> Pattern:
    """A pattern that speaks for one direction only, or for none."""
    return Pattern(name, talib, meaning, lambda candles: rule(Sticks(candles)))


def two_sided(name: str, talib: str, meaning: str, rule: Callable[[Sticks], tuple[Term, Term]]) -> Pattern:
    """A pattern whose rule returns its bullish and its bearish side."""

    def formula(candles: CandleTerms) -> Mapping[str, Term]:
        bullish, bearish = rule(Sticks(candles))
        return {"bullish": bullish, "bearish": bearish}

    return Pattern(name, talib, meaning, formula, ("bullish", "bearish"))


def mirrored(name: str, talib: str, meaning: str, rule: Callable[[Sticks, bool], Term]) -> Pattern:
    """A pattern of two sides with one rule, told by its last argument whether it is the bullish one."""
    return two_sided(name, talib, meaning, lambda s: (rule(s, True), rule(s, False)))


def beyond(a: Term, b: Term, up: bool) -> Term:
    """a is above b, or below where not `up`."""
    return a > b if up else a < b


def around(x: Term, level: Term, margin: Term) -> Term:
    """x is within `margin` of `level`, ends included."""
    return (x <= level + margin) & (x >= level - margin)


def _mean(x: Term, n: int) -> Term:
    return x.op("rsum", n) / n


@dataclass(frozen=True, slots=True)
class Sticks:
    """Measures of the newest candle. Prices and lengths are numbers, `is_...` and the colours booleans."""

    candles: CandleTerms

    @property
    def open(self) -> Term:
        return self.candles.open

    @property
    def high(self) -> Term:
        return self.candles.high

    @property
    def low(self) -> Term:
        return self.candles.low

    @property
    def close(self) -> Term:
        return self.candles.close

    @property
    def body(self) -> Term:
        """Length of the body."""
        return abs(self.close - self.open)

    @property
    def top(self) -> Term:
        """The body's upper end."""
        return self.open.at_least(self.close)

    @property
    def bottom(self) -> Term:
        """The body's lower end."""
        return self.open.at_most(self.close)

    @property
    def upper(self) -> Term:
        """Length of the upper shadow."""
        return self.high - self.top

    @property
    def lower(self) -> Term:
        """Length of the lower shadow."""
        return self.bottom - self.low

    @property
    def range(self) -> Term:
        """From low to high."""
        return self.high - self.low

    # --- colours

    @property
    def white(self) -> Term:
        """Closed at or above its open."""
        return self.close >= self.open

    @property
    def black(self) -> Term:
        """Closed below its open."""
        return self.close < self.open

    def colour(self, up: bool) -> Term:
        """White, or black where not `up`."""
        return self.white if up else self.black

    # --- bodies

    @property
    def usual_body(self) -> Term:
        """Mean of the ten bodies before this one."""
        return _mean(self.body, 10)[1]

    @property
    def is_long(self) -> Term:
        return self.body > self.usual_body

    @property
    def is_short(self) -> Term:
        return self.body < self.usual_body

    @property
    def is_doji(self) -> Term:
        """Closed about where it opened."""
        return self.body <= self.tenth

    # --- shadows

    @property
    def tenth(self) -> Term:
        """A tenth of the mean of the ten ranges before this candle."""
        return (_mean(self.range, 10) * 0.1)[1]

    @property
    def short_shadow(self) -> Term:
        """Half the mean of the ten shadow pairs before this candle: the usual single shadow."""
        return (_mean(self.upper + self.lower, 10) / 2.0)[1]

    @property
    def no_upper(self) -> Term:
        """The upper shadow is very short."""
        return self.upper < self.tenth

    @property
    def no_lower(self) -> Term:
        """The lower shadow is very short."""
        return self.lower < self.tenth

    @property
    def is_marubozu(self) -> Term:
        """Both shadows are very short."""
        return self.no_upper & self.no_lower

    # --- margins, for comparison with what this candle left behind

    @property
    def near(self) -> Term:
        return (_mean(self.range, 5) * 0.2)[1]

    @property
    def far(self) -> Term:
        return (_mean(self.range, 5) * 0.6)[1]

    @property
    def equal(self) -> Term:
        return (_mean(self.range, 5) * 0.05)[1]

    # --- two candles

    def body_gap(self, up: bool) -> Term:
        """A gap between the previous body and this one, upwards or downwards."""
        return self.bottom > self.top[1] if up else self.top < self.bottom[1]

    def candle_gap(self, up: bool) -> Term:
        """A gap between the previous candle and this one, shadows included."""
        return self.low > self.high[1] if up else self.high < self.low[1]

    def higher(self, up: bool) -> Term:
        """Both high and low above the previous candle's, or both below where not `up`."""
        return beyond(self.high, self.high[1], up) & beyond(self.low, self.low[1], up)
