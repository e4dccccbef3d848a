"""The language's meaning once more: slow, obvious, and apart from the engine.

1. `evaluate` computes every node, children first, on every candle of the node's own interval, one symbol and one
   candle after another, in plain Python: None is unknown, booleans are True and False.
2. `Market` reads the candles: those of an interval follow one another from the first held on; whoever does not have
   one has None there. Months are made of days.
3. `_on` lines intervals up: at a close T the value of another interval is that of its last candle with close <= T.
4. `tests.reference.operators` holds the operators that look at one symbol; those that look at all symbols of a
   moment, at the clock or at the open trade are here.

Results are float64 `[candles, symbols]`; booleans 1 and 0; NaN is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from screener import compile_filter
from screener.intervals import CALENDAR, candle_index, close_of, open_of
from screener.ir import Node, Program
from tests.reference.operators import OPERATORS, Value

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Column = list[Value]
Table = list[Column]
"""One column for each symbol, one value for each candle of an interval."""

ALWAYS = [-(2**62)]
"""When a constant "closed"."""

_SUMS = ("volume", "quote_volume", "trades", "buy_volume", "sell_volume")


class CandlesLike(Protocol):
    """`screener.engine.replay.Candles`, or anything shaped like it."""

    @property
    def symbols(self) -> tuple[str, ...]: ...
    @property
    def series(self) -> Mapping[str, tuple[Ints, Mapping[str, Floats]]]: ...


@dataclass(frozen=True)
class Reference:
    """`times` closes of the base candles `[n]` ms UTC; `match` `[n, symbols]` 1, 0, -1 unknown; `edges` `[n, symbols]`.

    `own[node]` are the closes of the node's own candles and its values on them, `values[node]` the values seen at
    the base closes.
    """

    program: Program
    symbols: tuple[str, ...]
    times: Ints
    match: NDArray[np.int8]
    edges: NDArray[np.bool_]
    own: tuple[tuple[Ints, Floats], ...]
    values: tuple[Floats, ...]

    def conditions(
        self, candle: int, symbol: int
    ) -> list[tuple[str, float | None, str | None, float | None, bool | None]]:
        """Name, left side, sign, right side and truth of each condition."""

        def at(node: int | None) -> float | None:
            value = math.nan if node is None else float(self.values[node][candle, symbol])
            return None if math.isnan(value) else value

        found = []
        for c in self.program.conditions:
            truth = at(c.root)
            found.append((c.name, at(c.left), c.op, at(c.right), None if truth is None else bool(truth)))
        return found


def evaluate_text(text: str, base: str, candles: CandlesLike) -> Reference:
    """`evaluate` of a compiled text."""
    return evaluate(compile_filter(text, base, candles.symbols), candles)


def evaluate(
    program: Program,
    candles: CandlesLike,
    entry_close: Sequence[int | None] | None = None,
    entry_price: Sequence[float | None] | None = None,
    adjust: Callable[[int, Node, Table], Table] | None = None,
) -> Reference:
    """Every node of `program` over all candles.

    `adjust(number, node, values)` may replace a node's values, to see what depends on them. Where the program reads the
    open trade: `entry_close` is the close (ms UTC) of each symbol's entry candle and `entry_price` its fill, None for
    no trade.
    """
    market = Market(candles, program.base)
    size = len(candles.symbols)
    trade = _Trade(list(entry_close or [None] * size), list(entry_price or [None] * size))
    tables: list[tuple[list[int], Table]] = []
    for number, node in enumerate(program.nodes):
        closes = market.closes(node.interval) if node.interval else ALWAYS
        args = [_on(*tables[a], closes) for a in node.args]
        table = compute(node, args, closes, market, trade)
        tables.append((closes, table if adjust is None else adjust(number, node, table)))
    base = market.closes(program.base)
    seen = [_on(*table, base) for table in tables]
    match, edges = _screened(seen[program.match], market.present(program.base))
    rows = market.held(program.base)
    return Reference(
        program,
        candles.symbols,
        np.array(base, dtype=np.int64)[rows],
        match[rows],
        edges[rows],
        tuple((np.array(closes, dtype=np.int64), as_array(table)) for closes, table in tables),
        tuple(as_array(table)[rows] for table in seen),
    )


def as_array(table: Table) -> Floats:
    """Columns as `[candles, symbols]`, None as NaN."""
    return np.array([[math.nan if v is None else float(v) for v in column] for column in table]).T


def as_table(values: Floats, boolean: bool) -> Table:
    """The inverse of `as_array`."""
    return [
        [None if math.isnan(v) else bool(v) if boolean else float(v) for v in column] for column in values.T.tolist()
    ]


def _on(own: Sequence[int], table: Table, closes: Sequence[int]) -> Table:
    """Values as seen at other closes: of the last candle that closed at or before, None before the first."""
    last = []
    k = -1
    for close in closes:
        while k + 1 < len(own) and own[k + 1] <= close:
            k += 1
        last.append(k)
    return [[column[k] if k >= 0 else None for k in last] for column in table]


def _screened(truth: Table, present: Sequence[Sequence[bool]]) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Match and rising edges; a candle that the symbol does not have is unknown and is not screened."""
    match = np.full((len(truth[0]), len(truth)), -1, dtype=np.int8)
    edges = np.zeros(match.shape, dtype=np.bool_)
    for s, column in enumerate(truth):
        before: Value = None
        for i, value in enumerate(column):
            if not present[s][i]:
                continue
            if value is not None:
                match[i, s] = 1 if value else 0
            edges[i, s] = value is True and before is False
            before = value
    return match, edges


class Market:
    """The candles, as the reference reads them."""

    def __init__(self, candles: CandlesLike, base: str) -> None:
        self._candles = candles
        self._base = base
        self.symbols = candles.symbols

    def closes(self, interval: str) -> list[int]:
        """Closes of all candles of an interval, from the first held to the newest base candle's close.

        Before the first held there is nothing, which is why everything on the interval is unknown there.
        """
        held = self._opens("1d" if interval in CALENDAR else interval)
        until = [close_of(t, self._base) for t in self._opens(self._base)][-1:]
        if not held or not until:
            return []
        found = []
        close = close_of(open_of(held[0], interval), interval)
        while close <= until[0]:
            found.append(close)
            close = close_of(close, interval)
        return found

    def held(self, interval: str) -> list[int]:
        """Which of the closes the data names; candles that nobody has may be left out there."""
        named = {close_of(t, interval) for t in self._opens(interval)}
        return [i for i, close in enumerate(self.closes(interval)) if close in named]

    def present(self, interval: str) -> list[list[bool]]:
        """Whether each symbol has each candle."""
        return [[v is not None for v in column] for column in self.field("close", interval)]

    def field(self, name: str, interval: str) -> Table:
        """A field of all symbols on every candle of an interval."""
        if interval in CALENDAR:
            return [self._calendar(name, interval, s) for s in range(len(self.symbols))]
        return [self._column(name, interval, s) for s in range(len(self.symbols))]

    def _opens(self, interval: str) -> list[int]:
        return [int(t) for t in self._candles.series[interval][0]] if interval in self._candles.series else []

    def _values(self, name: str, interval: str, symbol: int) -> dict[int, float]:
        """The values that the data holds, by open time."""
        if interval not in self._candles.series:
            return {}
        fields = self._candles.series[interval][1]
        if name == "sell_volume" and name not in fields:
            whole, bought = (self._values(n, interval, symbol) for n in ("volume", "buy_volume"))
            return {t: whole[t] - bought[t] for t in whole if t in bought}
        if name not in fields:
            return {}
        found = fields[name][:, symbol].tolist()
        return {t: v for t, v in zip(self._opens(interval), found, strict=True) if math.isfinite(v)}

    def _column(self, name: str, interval: str, symbol: int) -> Column:
        values = self._values(name, interval, symbol)
        return [values.get(open_of(close - 1, interval)) for close in self.closes(interval)]

    def _calendar(self, name: str, interval: str, symbol: int) -> Column:
        """A month, quarter or year of days; unknown unless the symbol has all of them."""
        days = self._values(name, "1d", symbol)
        closes = self._values("close", "1d", symbol)
        column: Column = []
        for close in self.closes(interval):
            opens = range(open_of(close - 1, interval), close, 86_400_000)
            parts = [days[t] for t in opens if t in days and t in closes]
            if len(parts) < len(opens):
                column.append(None)
            elif name in _SUMS:
                column.append(math.fsum(parts))
            elif name in ("high", "low"):
                column.append(max(parts) if name == "high" else min(parts))
            else:
                column.append(parts[0] if name == "open" else parts[-1])
        return column


@dataclass
class _Trade:
    entry_close: list[int | None]
    entry_price: list[float | None]


def compute(node: Node, args: list[Table], closes: list[int], market: Market, trade: _Trade | None = None) -> Table:
    """One node on the candles of its interval, which close at `closes`; `args` are its arguments seen there."""
    size = len(market.symbols)
    interval = node.interval or ""
    opens = [open_of(close - 1, interval) for close in closes] if interval else []
    match node.op:
        case "src":
            field, _, symbol = (str(p) for p in node.params)
            table = market.field(field, interval)
            if not symbol:
                return table
            nobody: Column = [None] * len(closes)
            return [table[market.symbols.index(symbol)] if symbol in market.symbols else nobody] * size
        case "const":
            value = node.params[0]
            assert not isinstance(value, str)
            return [[value] * len(closes)] * size
        case "time":
            return [[_clock(str(node.params[0]), t, str(node.params[2])) for t in opens]] * size
        case "first":
            anchor = str(node.params[0])
            return [[candle_index(t, anchor) != candle_index(open_of(t - 1, interval), anchor) for t in opens]] * size
        case "external":
            return _external(node, market)
        case "rank" | "market_percentile" | "market_mean" | "market_zscore" | "breadth":
            moments = [
                _across(node.op, [column[i] for column in args[0]], [column[i] for column in args[1]])
                for i in range(len(closes))
            ]
            return [[moment[s] for moment in moments] for s in range(size)]
        case "trade_bars" | "trade_price" | "at_entry" | "trade_max" | "trade_min":
            assert trade is not None
            return [_traded(node.op, args[0][s] if args else [], closes, opens, trade, s) for s in range(size)]
    operator = OPERATORS[node.op]
    return [operator(node.params, *(arg[s] for arg in args)) for s in range(size)]


def _clock(part: str, open_ms: int, zone: str) -> float:
    moment = datetime.fromtimestamp(open_ms // 1000, tz=UTC).astimezone(ZoneInfo(zone or "UTC"))
    return float(moment.weekday() if part == "weekday" else getattr(moment, part))


def _across(op: str, values: Column, where: Column) -> Column:
    """All symbols at one moment. Those take part whose value is known and whose `where` is true."""
    part = [s for s in range(len(values)) if values[s] is not None and where[s] is True]
    known = [float(v) for s in part if (v := values[s]) is not None]
    everybody: Column = [None] * len(values)
    if not known:
        return everybody
    mean = known[0] if len(set(known)) == 1 else math.fsum(known) / len(known)
    if op in ("market_mean", "breadth"):
        return [mean] * len(values)
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in known) / len(known))
    for s, v in zip(part, known, strict=True):
        if op == "rank":
            everybody[s] = 1.0 + sum(other > v for other in known)
        elif op == "market_percentile":
            everybody[s] = sum(other <= v for other in known) / len(known)
        elif deviation > 0.0:
            everybody[s] = (v - mean) / deviation
    return everybody


def _traded(op: str, x: Column, closes: list[int], opens: list[int], trade: _Trade, symbol: int) -> Column:
    """The open trade of one symbol, from its entry candle on."""
    entered = trade.entry_close[symbol]
    column: Column = []
    extreme: Value = None
    for i, close in enumerate(closes):
        if entered is None or close < entered:
            column.append(None)
        elif op == "trade_bars":
            column.append(float((close - entered) // (close - opens[i])))
        elif op == "trade_price":
            column.append(trade.entry_price[symbol])
        elif op == "at_entry":
            column.append(x[closes.index(entered)])
        else:
            value = x[i]
            if value is not None:
                best = max if op == "trade_max" else min
                extreme = value if extreme is None else best(extreme, value)
            column.append(None if value is None else extreme)
    return column


def _external(node: Node, market: Market) -> Table:
    """The long tail of indicators has no second definition: it is what the package itself computes."""
    from screener.external.compute import external_panels

    name, interval, symbol, arguments = (str(p) for p in node.params)
    indicator, _, output = name.partition(":")
    fields = {f: as_array(market.field(f, interval)) for f in ("open", "high", "low", "close", "volume")}
    table = as_table(external_panels(indicator, (output,), arguments, fields)[output], boolean=False)
    if not symbol:
        return table
    nobody: Column = [None] * len(table[0])
    return [table[market.symbols.index(symbol)] if symbol in market.symbols else nobody] * len(table)
