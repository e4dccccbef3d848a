"""Formulas in the notation of arithmetic: a thin handle on graph nodes, to write the indicators with."""

from __future__ import annotations

from dataclasses import dataclass

from screener.ir import Graph


@dataclass(frozen=True, slots=True)
class Term:
    """A node of a graph; operators add nodes. Comparison yields boolean terms; `x[n]` is n candles ago."""

    graph: Graph
    node: int

    def _of(self, other: Term | float) -> int:
        return other.node if isinstance(other, Term) else self.graph.const(float(other))

    def _binary(self, op: str, other: Term | float, swapped: bool = False) -> Term:
        pair = (self._of(other), self.node) if swapped else (self.node, self._of(other))
        return Term(self.graph, self.graph.add(op, pair))

    def op(self, name: str, *params: float | int | str) -> Term:
        """A one-argument operator, such as `x.op("rsum", 20)`."""
        return Term(self.graph, self.graph.add(name, (self.node,), params))

    def __add__(self, other: Term | float) -> Term:
        return self._binary("add", other)

    def __radd__(self, other: float) -> Term:
        return self._binary("add", other, swapped=True)

    def __sub__(self, other: Term | float) -> Term:
        return self._binary("sub", other)

    def __rsub__(self, other: float) -> Term:
        return self._binary("sub", other, swapped=True)

    def __mul__(self, other: Term | float) -> Term:
        return self._binary("mul", other)

    def __rmul__(self, other: float) -> Term:
        return self._binary("mul", other, swapped=True)

    def __truediv__(self, other: Term | float) -> Term:
        return self._binary("div", other)

    def __neg__(self) -> Term:
        return self.op("neg")

    def __abs__(self) -> Term:
        return self.op("abs")

    def __lt__(self, other: Term | float) -> Term:
        return self._binary("lt", other)

    def __le__(self, other: Term | float) -> Term:
        return self._binary("le", other)

    def __gt__(self, other: Term | float) -> Term:
        return self._binary("lt", other, swapped=True)

    def __ge__(self, other: Term | float) -> Term:
        return self._binary("le", other, swapped=True)

    def __and__(self, other: Term) -> Term:
        return self._binary("and", other)

    def __or__(self, other: Term) -> Term:
        return self._binary("or", other)

    def __invert__(self) -> Term:
        return self.op("not")

    def __getitem__(self, candles: int) -> Term:
        return self.op("shift", candles)

    def at_most(self, other: Term | float) -> Term:
        """The smaller of two."""
        return self._binary("min", other)

    def at_least(self, other: Term | float) -> Term:
        """The larger of two."""
        return self._binary("max", other)

    def nz(self, other: Term | float) -> Term:
        """This value, or `other` where it is unknown."""
        return self._binary("nz", other)

    def then(self, yes: Term | float, no: Term | float) -> Term:
        """`yes` where this boolean is true, `no` where it is false."""
        return Term(self.graph, self.graph.add("where", (self.node, self._of(yes), self._of(no))))


def apply(op: str, *terms: Term, params: tuple[float | int | str, ...] = ()) -> Term:
    """An operator of several arguments, such as `apply("psar", high, low, params=(0.02, 0.2))`."""
    graph = terms[0].graph
    return Term(graph, graph.add(op, [term.node for term in terms], params))


def sma(x: Term, n: int) -> Term:
    """Simple mean of the last n values; of equal values exactly that value."""
    return x.op("rmean", n)


def wma(x: Term, n: int) -> Term:
    """Mean of the last n values with weights 1 (oldest) to n (newest), in about 5 log2(n) nodes."""
    return weighted_sum(x, n) / (n * (n + 1) / 2.0)


def weighted_sum(x: Term, n: int) -> Term:
    """n * x[0] + (n - 1) * x[1] + ... + x[n - 1], by halving: W(2m) = W(m) + W(m)[m] + m * S(m)."""
    if n == 1:
        return x
    if n % 2:
        return weighted_sum(x, n - 1) + x.op("rsum", n)
    half = weighted_sum(x, n // 2)
    return half + half[n // 2] + x.op("rsum", n // 2) * (n // 2)


def mean_deviation(x: Term, n: int) -> Term:
    """Mean absolute deviation of the last n values from their own mean."""
    return x.op("rmad", n)


def ema(x: Term, n: int) -> Term:
    """Exponential mean, alpha 2 / (n + 1), seeded by the simple mean of the first n values."""
    return x.op("ema", n)


def rma(x: Term, n: int) -> Term:
    """Wilder's mean, alpha 1 / n, seeded by the simple mean of the first n values."""
    return x.op("rma", n)


def highest(x: Term, n: int) -> Term:
    """Largest of the last n values."""
    return x.op("rmax", n)


def lowest(x: Term, n: int) -> Term:
    """Smallest of the last n values."""
    return x.op("rmin", n)


def change(x: Term, n: int = 1) -> Term:
    """Difference to n candles ago."""
    return x - x[n]


def percent_change(x: Term, n: int) -> Term:
    """Change against n candles ago, in percent."""
    return (x / x[n] - 1.0) * 100.0


@dataclass(frozen=True, slots=True)
class CandleTerms:
    """The series that candle indicators read: of one interval and symbol ("": the screened one), or given."""

    graph: Graph
    interval: str
    symbol: str
    given: tuple[tuple[str, Term], ...] = ()

    def _series(self, field: str) -> Term:
        for name, term in self.given:
            if name == field:
                return term
        return Term(self.graph, self.graph.add("src", (), (field, self.interval, self.symbol)))

    @property
    def open(self) -> Term:
        return self._series("open")

    @property
    def high(self) -> Term:
        return self._series("high")

    @property
    def low(self) -> Term:
        return self._series("low")

    @property
    def close(self) -> Term:
        return self._series("close")

    @property
    def volume(self) -> Term:
        return self._series("volume")

    def first(self, anchor: str) -> Term:
        """True on the first candle of a new candle of interval `anchor`."""
        return Term(self.graph, self.graph.add("first", (), (anchor, self.interval)))


def typical(c: CandleTerms) -> Term:
    """(high + low + close) / 3."""
    return (c.high + c.low + c.close) / 3.0


def true_range(c: CandleTerms) -> Term:
    """Wilder's true range; unknown on the first candle, which has no close before it."""
    before = c.close[1]
    return (c.high - c.low).at_least(abs(c.high - before)).at_least(abs(c.low - before))
