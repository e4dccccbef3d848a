"""Which symbols each drawn strategy matches, computed apart from the engine: numpy alone, nothing of `screener`.

1. `Reference` reads a market's candles up to one close and evaluates specs for the last candles of each.
2. A number is `[rows, symbols]` with NaN for unknown, kept by what it is (`_number`), so each is computed once.
   Averages with memory run through all candles from the first one (`smooth`), many of one input at a time, which
   `prepare` collects beforehand; windows read the last candles alone.
3. A truth is a pair of arrays, known true and known false (`_truth`); `and`, `or`, `not` follow Kleene's logic.
4. `found` brings conditions of higher intervals to the base candles, as of their last closed candle, and yields a
   strategy's hits and rising edges; `checksum` is one number for all of them.

The meaning is that of the filter language: averages start from the simple mean of their first values, an unknown input
leaves an average as it was and unknown on that candle, a window is unknown while it holds an unknown, division by zero
is unknown, an edge is known-false to true between two candles that the symbol has.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from benchmarks.distribution import INTERVALS, Drawn, Spec, drawn
from benchmarks.series import (
    Differences,
    Flags,
    Floats,
    Ints,
    Truth,
    bound,
    crosses,
    derived,
    deviation,
    divide,
    fold,
    less,
    mean,
    rising,
    since_midnight,
    smooth,
)
from benchmarks.synthetic import LENGTH, MARKET_START, Market, market

LOOKBACK: Final = 8
"""Rows evaluated before those that are reported: an edge looks back past missing candles."""

_TOGETHER: Final = 32


class Hits:
    """Triples (strategy, symbol, close in ms UTC), for hits and for rising edges, in any order."""

    def __init__(self) -> None:
        self._parts: list[Ints] = []
        self.hits = self.edges = 0

    def add(self, strategies: Ints, symbols: Ints, closes: Ints | int, edges: bool) -> None:
        """Add triples: arrays of one length, or one close for all."""
        part = np.empty((len(strategies), 4), dtype=np.int64)
        part[:, 0], part[:, 1], part[:, 2], part[:, 3] = closes, strategies, symbols, edges
        self._parts.append(part)
        if edges:
            self.edges += len(part)
        else:
            self.hits += len(part)

    def checksum(self, edges_only: bool = False) -> str:
        """16 hexadecimal digits that are the same for the same set of triples, whatever their order."""
        rows = np.concatenate([np.empty((0, 4), dtype=np.int64), *self._parts])
        if edges_only:
            rows = rows[rows[:, 3] == 1]
        rows = rows[np.lexsort(rows.T[::-1])]
        return hashlib.blake2b(rows.astype("<i8").tobytes(), digest_size=8).hexdigest()


class Reference:
    """Evaluates specs on the candles of `market` that closed by `until` (ms UTC).

    `minutes` says how many minutes before `until` are reported.
    """

    def __init__(self, market: Market, until: int, minutes: int) -> None:
        self.until = until
        self.size = len(market.symbols)
        self._opens: dict[str, Ints] = {}
        self._fields: dict[str, dict[str, Floats]] = {}
        self._reported: dict[str, int] = {}
        for interval in INTERVALS:
            opens, fields = market.series[interval]
            count = int(np.searchsorted(opens, until - LENGTH[interval], side="right"))
            self._opens[interval] = opens[:count]
            self._fields[interval] = {name: values[:count] for name, values in fields.items()}
            self._reported[interval] = -(-minutes * LENGTH["1m"] // LENGTH[interval])
        self._numbers: dict[Spec, Floats] = {}
        self._truths: dict[Spec, Truth] = {}

    # ---- 2. numbers ------------------------------------------------------------------------------------------------

    def _rows(self, interval: str) -> int:
        # One more, for what a crossing compares with.
        return min(self._reported[interval] + LOOKBACK + 1, len(self._opens[interval]))

    def _number(self, spec: Spec) -> Floats:
        found = self._numbers.get(spec)
        if found is None:
            with np.errstate(all="ignore"):
                found = self._compute(spec)
            self._numbers[spec] = found
        return found

    def _compute(self, spec: Spec) -> Floats:
        kind, interval = str(spec[0]), str(spec[1])
        rows = self._rows(interval)
        if kind == "vwap":
            return self._vwap(interval)[-rows:]
        x = self._whole(interval, str(spec[2]))
        if kind == "series":
            return x[-rows:]
        n = int(str(spec[3]))
        match kind:
            case "sma":
                return mean(x, n, rows)
            case "stdev":
                return deviation(x, n, rows)
            case "highest":
                return fold(x, n, rows, np.maximum)
            case "lowest":
                return fold(x, n, rows, np.minimum)
        raise KeyError(spec)

    def _whole(self, interval: str, name: str) -> Floats:
        """A series over all candles: a field of the candles, or one derived from them."""
        fields = self._fields[interval]
        if name in fields:
            return fields[name]
        key: Spec = ("whole", interval, name)
        if key not in self._numbers:
            with np.errstate(all="ignore"):
                self._numbers[key] = derived(fields, name)
        return self._numbers[key]

    def _vwap(self, interval: str) -> Floats:
        fields = self._fields[interval]
        price = (fields["high"] + fields["low"] + fields["close"]) / 3.0
        volume = fields["volume"]
        paid, traded = (since_midnight(x, self._opens[interval]) for x in (price * volume, volume))
        return divide(paid, traded)

    def prepare(self, specs: Iterable[Spec]) -> None:
        """Compute the averages with memory that these strategies need, those of one input together."""
        wanted: dict[tuple[str, Any, str], set[int]] = {}
        lines: dict[str, set[tuple[int, int, int]]] = {}
        strengths: dict[str, set[int]] = {}
        for leaf in leaves(specs):
            kind, interval, *a = leaf
            i = str(interval)
            needs: list[tuple[str, str, Any]] = []
            match kind:
                case "rsi":
                    needs = [("rise", "rma", a[0]), ("fall", "rma", a[0])]
                case "cross" | "averages" if a[0] == "ema":
                    needs = [("close", "ema", a[1]), ("close", "ema", a[2])]
                case "average" if a[0] == "ema":
                    needs = [("close", "ema", a[1])]
                case "macd" | "macd_cross":
                    lines.setdefault(i, set()).add((int(str(a[0])), int(str(a[1])), int(str(a[2]))))
                case "atr":
                    needs = [("true_range", "rma", a[0])]
                case "adx":
                    strengths.setdefault(i, set()).add(int(str(a[0])))
            for name, how, n in needs:
                wanted.setdefault((i, name, how), set()).add(int(n))
        for (i, name, how), lengths in wanted.items():
            self._averages(i, name, how, sorted(lengths))
        with np.errstate(all="ignore"):
            for i, triples in lines.items():
                self._macd(i, sorted(triples))
            for i, found in strengths.items():
                self._adx(i, sorted(found))

    def _averages(self, interval: str, name: str, how: str, lengths: Sequence[int]) -> None:
        x = self._whole(interval, name)
        for start in range(0, len(lengths), _TOGETHER):
            some = np.array(lengths[start : start + _TOGETHER])
            tail = smooth(x[:, None, :], some, how, self._rows(interval))
            for k, n in enumerate(some):
                self._numbers[(how, interval, name, int(n))] = tail[:, k]

    def _macd(self, interval: str, triples: Sequence[tuple[int, int, int]]) -> None:
        """Lines and their signals; the lines' averages are kept whole, as the signals run through them."""
        close = self._whole(interval, "close")
        lengths = sorted({n for triple in triples for n in triple[:2]})
        place = {n: k for k, n in enumerate(lengths)}
        whole = np.concatenate(
            [
                smooth(close[:, None, :], np.array(lengths[k : k + _TOGETHER]), "ema", len(close))
                for k in range(0, len(lengths), _TOGETHER)
            ],
            axis=1,
        )
        rows = self._rows(interval)
        for start in range(0, len(triples), _TOGETHER):
            some = triples[start : start + _TOGETHER]
            fast, slow = [place[t[0]] for t in some], [place[t[1]] for t in some]
            signal = smooth(Differences(whole, fast, slow), np.array([t[2] for t in some]), "ema", rows)
            line = whole[-rows:, fast] - whole[-rows:, slow]
            for k, triple in enumerate(some):
                self._numbers[("macd_line", interval, *triple)] = line[:, k]
                self._numbers[("macd_signal", interval, *triple)] = signal[:, k]

    # ---- 3. truths -------------------------------------------------------------------------------------------------

    def _truth(self, spec: Spec) -> Truth:
        """Known true and known false, `[rows, symbols]`; one row fewer than numbers have."""
        found = self._truths.get(spec)
        if found is None:
            with np.errstate(all="ignore"):
                found = self._truths[spec] = self._condition(spec)
        return found

    def _condition(self, spec: Spec) -> Truth:
        kind, interval, *arguments = spec
        i = str(interval)
        a: list[Any] = list(arguments)
        rows = self._rows(i)
        number = self._number
        close: Spec = ("series", i, "close")
        match kind:
            case "rsi":
                n, low, k = a
                up, down = number(("rma", i, "rise", n)), number(("rma", i, "fall", n))
                return bound(divide(up, up + down) * 100.0, k, low)
            case "cross":
                name, fast, slow, low = a
                return crosses(number((name, i, "close", fast)), number((name, i, "close", slow)), low)
            case "average":
                name, n, low = a
                return bound(number(close), number((name, i, "close", n)), low)
            case "averages":
                name, n, other, low = a
                return bound(number((name, i, "close", n)), number((name, i, "close", other)), low)
            case "bbands":
                n, k, low = a
                reach = number(("stdev", i, "close", n)) * k
                middle = number(("sma", i, "close", n))
                return bound(number(close), middle - reach if low else middle + reach, low)
            case "macd":
                *triple, low = a
                line, signal = (number((name, i, *triple)) for name in ("macd_line", "macd_signal"))
                return bound(line - signal, 0.0, low)
            case "macd_cross":
                *triple, low = a
                line, signal = (number((name, i, *triple)) for name in ("macd_line", "macd_signal"))
                return crosses(line, signal, low)
            case "adx":
                n, k = a
                return bound(number(("adx", i, n)), k, False)
            case "volume":
                n, k = a
                return bound(number(("series", i, "volume")), number(("sma", i, "volume", n)) * k, False)
            case "breakout":
                n, low = a
                level = number(("lowest", i, "low", n) if low else ("highest", i, "high", n))
                return less(number(close)[1:], level[:-1]) if low else less(level[:-1], number(close)[1:])
            case "stoch":
                n, low, k = a
                return bound(mean(self._stoch(i, n, rows + 2), 3, rows), k, low)
            case "atr":
                n, k = a
                return bound(divide(number(("rma", i, "true_range", n)), number(close)), k, False)
            case "vwap":
                return bound(number(close), number(("vwap", i)), a[0])
            case "obv":
                return bound(self._whole(i, "obv")[-rows:], number(("sma", i, "obv", a[0])), False)
            case "change":
                n, low, k = a
                x = self._whole(i, "close")
                return bound((divide(x[-rows:], x[-rows - n : -n]) - 1.0) * 100.0, k, low)
        raise KeyError(spec)

    def _adx(self, interval: str, lengths: Sequence[int]) -> None:
        rows = self._rows(interval)
        for start in range(0, len(lengths), _TOGETHER):
            some = np.array(lengths[start : start + _TOGETHER])
            moves = (self._whole(interval, name) for name in ("plus_move", "minus_move", "true_range"))
            plus, minus, span = (smooth(x[:, None, :], some, "rma", len(x)) for x in moves)
            plus, minus = divide(plus, span) * 100.0, divide(minus, span) * 100.0
            strength = divide(np.abs(plus - minus), plus + minus) * 100.0
            tail = smooth(strength, some, "rma", rows)
            for k, n in enumerate(some):
                self._numbers[("adx", interval, int(n))] = tail[:, k]

    def _stoch(self, interval: str, n: int, rows: int) -> Floats:
        """Where the close stands in the range of the last n candles, in percent."""
        close, high, low = (self._whole(interval, name) for name in ("close", "high", "low"))
        top, bottom = fold(high, n, rows, np.maximum), fold(low, n, rows, np.minimum)
        return divide(close[-rows:] - bottom, top - bottom) * 100.0

    # ---- 4. strategies ---------------------------------------------------------------------------------------------

    def found(self, strategies: Sequence[Drawn]) -> tuple[Hits, float]:
        """Hits and edges of all strategies on the candles reported, and the share of unknown results."""
        self.prepare(s.spec for s in strategies)
        hits = Hits()
        unknown = results = 0
        for number, (base, _, spec) in enumerate(strategies):
            true, false, closes = self._match(spec, base)
            present = ~np.isnan(self._whole(base, "close")[-len(closes) :])
            true, false = true & present, false & present
            edges = rising(true, false, present)
            first = max(0, len(closes) - self._reported[base])
            for kind, flags in ((False, true[first:]), (True, edges[first:])):
                row, symbol = np.nonzero(flags)
                hits.add(np.full(len(row), number), symbol, closes[first:][row], kind)
            known = true[first:] | false[first:]
            unknown += known.size - int(known.sum())
            results += known.size
        return hits, unknown / max(1, results)

    def _match(self, spec: Spec, base: str) -> tuple[Flags, Flags, Ints]:
        closes = self._opens[base][-(self._rows(base) - 1) :] + LENGTH[base]
        true, false = self._on(spec, base, closes)
        return true, false, closes

    def _on(self, spec: Spec, base: str, closes: Ints) -> Truth:
        """The truth of a spec on base candles."""
        match spec:
            case ("not", tuple(inner)):
                true, false = self._on(inner, base, closes)
                return false, true
            case ("and" | "or" as word, *parts):
                pairs = [self._on(p, base, closes) for p in parts if isinstance(p, tuple)]
                every, any_ = (0, 1) if word == "and" else (1, 0)
                decided = np.logical_and.reduce([p[every] for p in pairs])
                against = np.logical_or.reduce([p[any_] for p in pairs])
                return (decided, against) if word == "and" else (against, decided)
        true, false = self._truth(spec)
        interval = str(spec[1])
        if interval == base:
            return true[-len(closes) :], false[-len(closes) :]
        # The newest candle of the higher interval that closed by then; the last row closes at the newest of all.
        ends = self._opens[interval] + LENGTH[interval]
        row = np.searchsorted(ends, closes, side="right") - 1 - (len(ends) - len(true))
        held = row >= 0
        row = np.maximum(row, 0)
        return true[row] & held[:, None], false[row] & held[:, None]


def leaves(specs: Iterable[Spec]) -> set[Spec]:
    """The conditions of strategies, each once."""
    result: set[Spec] = set()
    for spec in specs:
        if spec[0] in ("and", "or", "not"):
            result |= leaves(part for part in spec[1:] if isinstance(part, tuple))
        else:
            result.add(spec)
    return result


def main() -> None:
    """Compute the checksums that a benchmark compares with; arguments as JSON, answer as JSON."""
    wanted = json.loads(sys.argv[1])
    candles = market(wanted["symbols"], wanted["candles"], wanted["minutes"]).newest(wanted["held"])
    until = MARKET_START + wanted["until"] * LENGTH["1m"]
    strategies = drawn(wanted["strategies"], wanted["seed"], wanted["wild"])
    hits, unknown = Reference(candles, until, wanted["checked"]).found(strategies)
    assert not any(name.split(".")[0] == "screener" for name in sys.modules)
    answer = {"hits": hits.hits, "edges": hits.edges, "unknown": unknown, "checksum": hits.checksum()}
    print(json.dumps({**answer, "edge_checksum": hits.checksum(edges_only=True)}))


if __name__ == "__main__":
    main()
