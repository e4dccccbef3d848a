"""Aggregation as a property: any market, any holes, against a loop over candles; and twice is the same as once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.aggregate import Span, aggregate
from market.cache import HistoryCache
from market.history import read_folder
from market.source import FIELDS, CandleBlock
from screener.intervals import INTERVAL_MS, interval_ms, is_multiple, open_of

START = 1_710_000_000_000
"""2024-03-09 16:00 UTC: neither a day, nor three days, nor a week begins there."""
Table = dict[int, list[float]]
CHAINS = [
    (a, b, c)
    for a in INTERVAL_MS
    for b in INTERVAL_MS
    for c in INTERVAL_MS
    if a != b != c and is_multiple(b, a) and is_multiple(c, b) and interval_ms(c) <= 24 * interval_ms(a)
]
PAIRS = [
    (a, c)
    for a in INTERVAL_MS
    for c in INTERVAL_MS
    if a != c and is_multiple(c, a) and interval_ms(c) <= 24 * interval_ms(a)
]


@dataclass(frozen=True)
class Market:
    """Candles of one symbol with whole numbers, so that sums are exact, some of them missing; `absent` spans are known
    not to exist.
    """

    interval: str
    table: Table
    absent: tuple[Span, ...]

    @property
    def times(self) -> npt.NDArray[np.int64]:
        return np.array(sorted(self.table), np.int64)

    @property
    def fields(self) -> dict[str, npt.NDArray[np.float64]]:
        rows = np.array([self.table[t] for t in sorted(self.table)], np.float64).reshape(-1, len(FIELDS))
        return {name: rows[:, i] for i, name in enumerate(FIELDS)}


@st.composite
def markets(draw: st.DrawFn, interval: str, candles: int) -> Market:
    step = interval_ms(interval)
    first = open_of(START, interval) + step * draw(st.integers(0, 30))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    table: Table = {}
    for n in range(draw(st.integers(0, candles))):
        low, *middle, high = sorted(float(x) for x in numbers.integers(1, 1000, 4))
        volume = [float(x) for x in numbers.integers(0, 100, 5)]
        table[first + n * step] = [middle[0], high, low, middle[1], *volume]
    absent: list[Span] = []
    for _ in range(draw(st.integers(0, 4))):
        begin = first + step * draw(st.integers(-30, candles))
        end = begin + step * draw(st.integers(1, 12))
        for time in range(begin, end, step):
            table.pop(time, None)
        if draw(st.booleans()):
            absent.append((begin, end))
    return Market(interval, table, tuple(absent))


def reference(market: Market, target: str) -> dict[int, list[float] | None]:
    """Every candle of `target` on the axis, None where it is unknown or does not exist: part by part."""
    if not market.table:
        return {}
    step, size = interval_ms(market.interval), interval_ms(target)
    none = {t for first, end in market.absent for t in range(first, end, step)}
    result: dict[int, list[float] | None] = {}
    first, last = min(market.table), max(market.table)
    for open_time in range(open_of(first, target), open_of(last, target) + size, size):
        parts = range(open_time, open_time + size, step)
        before = [t for t in parts if t < first]
        after = [t for t in parts if t > last]
        # The first and the last are on the axis where nothing of them lies beyond what is known.
        if not none.issuperset(before) or not none.issuperset(after):
            continue
        rows = [market.table[t] for t in parts if t in market.table]
        if not rows or any(t not in market.table and t not in none for t in parts):
            result[open_time] = None
            continue
        sums = [sum(row[i] for row in rows) for i in range(4, len(FIELDS))]
        result[open_time] = [rows[0][0], max(r[1] for r in rows), min(r[2] for r in rows), rows[-1][3], *sums]
    return result


def tabled(times: npt.NDArray[np.int64], fields: dict[str, npt.NDArray[np.float64]]) -> dict[int, list[float] | None]:
    rows = np.column_stack([fields[name] for name in FIELDS]) if len(times) else np.empty((0, len(FIELDS)))
    assert (np.isnan(rows).any(axis=1) == np.isnan(rows).all(axis=1)).all()
    return {t: None if np.isnan(row).any() else row.tolist() for t, row in zip(times.tolist(), rows, strict=True)}


@settings(max_examples=250)
@given(data=st.data(), pair=st.sampled_from(PAIRS))
def test_equals_the_reference_for_any_market(data: st.DataObject, pair: tuple[str, str]) -> None:
    source, target = pair
    size = 4 * interval_ms(target) // interval_ms(source)
    market = data.draw(markets(source, size))
    assert tabled(*aggregate(market.times, market.fields, source, target, market.absent)) == reference(market, target)


@settings(max_examples=200)
@given(data=st.data(), chain=st.sampled_from(CHAINS))
def test_aggregating_twice_is_aggregating_once(data: st.DataObject, chain: tuple[str, str, str]) -> None:
    low, middle, high = chain
    market = data.draw(markets(low, 3 * interval_ms(high) // interval_ms(low)))
    once = tabled(*aggregate(market.times, market.fields, low, high, market.absent))
    times, fields = aggregate(market.times, market.fields, low, middle, market.absent)
    known = ~np.isnan(fields["close"])
    spans = merged(market.absent)
    twice = tabled(*aggregate(times[known], {n: v[known] for n, v in fields.items()}, middle, high, spans))
    assert {t: row for t, row in once.items() if row} == {t: row for t, row in twice.items() if row}


def merged(spans: tuple[Span, ...]) -> list[Span]:
    """Adjoining spans as one: an interval may be absent by two of them together."""
    found: list[Span] = []
    for first, end in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((first, end))
    return found


@pytest.mark.parametrize(("label", "first"), [("3d", "2024-03-10"), ("1w", "2024-03-11"), ("12h", "2024-03-10")])
def test_long_candles_open_where_the_exchange_opens_them(label: str, first: str) -> None:
    hour = interval_ms("1h")
    times = START + hour * np.arange(24 * 30, dtype=np.int64)
    fields = {name: np.arange(len(times), dtype=np.float64) for name in FIELDS}
    opens, folded = aggregate(times, fields, "1h", label)
    assert np.datetime64(int(opens[0]), "ms") == np.datetime64(first)
    assert folded["open"][0] == (int(opens[0]) - START) // hour
    assert folded["close"][0] == folded["open"][0] + interval_ms(label) // hour - 1


def test_confirmed_gaps_of_the_cache_make_no_hole_in_what_is_read(tmp_path: Path) -> None:
    """Of an hour without a quarter: unknown while nobody asked the exchange, else what the exchange itself says."""
    cache = HistoryCache(tmp_path)
    quarter = interval_ms("15m")
    times = START + quarter * np.array([0, 1, 3, 4, 5, 6, 7], np.int64)
    values = np.arange(1, 8, dtype=np.float64)[:, None] + np.zeros(len(FIELDS))
    cache.write(CandleBlock("AUSDT", "15m", times, values))
    hours, fields = read_folder(tmp_path, "1h").series["1h"]
    assert hours.tolist() == [START, START + 4 * quarter]
    assert np.isnan(fields["close"][:, 0]).tolist() == [True, False]
    cache.write(CandleBlock("AUSDT", "15m", times[:0], values[:0]), [(START + 2 * quarter, START + 3 * quarter)])
    _, fields = read_folder(tmp_path, "1h").series["1h"]
    assert fields["open"][:, 0].tolist() == [1.0, 4.0] and fields["close"][:, 0].tolist() == [3.0, 7.0]
    assert fields["volume"][:, 0].tolist() == [6.0, 22.0]
