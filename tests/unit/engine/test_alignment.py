"""Intervals beside each other, in numbers worked by hand, by the reference and by the engine.

Unless a test says otherwise the base is 5m from 2024-01-02 00:00 on and the close of the k-th candle is k (the first
is 1), so the k-th candle closes at 00:00 + 5 k minutes, the k-th 15m candle has the close 3 k, the hour 12 k.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from screener import FilterError, compile_filter
from screener.engine.replay import Candles, replay
from screener.intervals import close_of, interval_ms, open_of
from screener.ir import Condition, Graph, Program
from tests.reference.evaluator import evaluate

MONDAY = 1_704_067_200_000  # 2024-01-01 00:00 UTC
DAY = interval_ms("1d")
START = MONDAY + DAY
NO = math.nan
Way = Callable[[Program, Candles, int], np.ndarray]


def by_reference(program: Program, candles: Candles, node: int) -> np.ndarray:
    return evaluate(program, candles).values[node]


def by_replay(program: Program, candles: Candles, node: int) -> np.ndarray:
    return replay(program, candles).values(node)


BOTH = pytest.mark.parametrize("way", [by_reference, by_replay])


def fields(close: Sequence[float]) -> dict[str, np.ndarray]:
    """Candles of one symbol that open at the close before (0 at first) and trade a volume of 1 each."""
    values = np.array(close, dtype=np.float64)
    opens = np.concatenate([[0.0], values[:-1]])
    known = np.where(np.isnan(values), NO, 1.0)
    return {
        "open": opens * known,
        "high": np.fmax(opens, values) * known,
        "low": np.fmin(opens, values) * known,
        "close": values,
        "volume": known,
    }


def market(start: int, closes: Mapping[str, Mapping[str, Sequence[float]]]) -> Candles:
    """Candles by symbol and interval; each interval begins with the candle that contains `start`."""
    symbols = tuple(closes)
    series = {}
    for interval in next(iter(closes.values())):
        columns = [fields(closes[s][interval]) for s in symbols]
        first = open_of(start, interval)
        opens = [first]
        while len(opens) < len(columns[0]["close"]):
            opens.append(close_of(opens[-1], interval))
        data = {name: np.column_stack([c[name] for c in columns]) for name in columns[0]}
        series[interval] = (np.array(opens, dtype=np.int64), data)
    return Candles(symbols, series)


def counted(candles: int) -> Candles:
    """The market of the module's first lines."""
    closes = [float(k) for k in range(1, candles + 1)]
    return market(START, {"A": {"5m": closes, "15m": closes[2::3], "1h": closes[11::12]}})


def value(way: Way, text: str, candles: Candles, base: str = "5m", symbol: int = 0) -> list[float | None]:
    """An expression after each base candle, None for unknown; booleans as 1 and 0."""
    lines = text.split("\n")
    lines[-1] = f"match = {lines[-1]}"
    try:
        program = compile_filter("\n".join(lines), base, candles.symbols)
        node = program.match
    except FilterError:
        program = compile_filter("\n".join([*lines[:-1], f"{lines[-1]} > -1e9"]), base, candles.symbols)
        left = program.conditions[-1].left
        assert left is not None
        node = left
    found = way(program, candles, node)[:, symbol].tolist()
    return [None if math.isnan(v) else v for v in found]


@BOTH
def test_a_higher_close_is_seen_from_the_base_candle_that_closes_with_it(way: Way) -> None:
    found = value(way, 'tf("15m").close', counted(10))
    # 00:05 and 00:10 see nothing; 00:15 sees the candle that closes at 00:15.
    assert found == [None, None, 3, 3, 3, 6, 6, 6, 9, 9]


@BOTH
def test_the_candle_before_on_the_hour(way: Way) -> None:
    found = value(way, 'tf("1h").close[1]', counted(37))
    # The hour that closes at 02:00 is the first with one before it, whose close is 12.
    assert found[:23] == [None] * 23
    assert found[23:35] == [12] * 12
    assert found[35:] == [24, 24]


@BOTH
def test_one_candle_ago_depends_on_what_is_shifted(way: Way) -> None:
    # Candles of the expression: `tf("15m").close[1]` is one 15m candle ago, a sum with the base one 5m candle ago.
    assert value(way, 'tf("15m").close[1]', counted(8)) == [None] * 5 + [3, 3, 3]
    assert value(way, '(tf("15m").close + 0 * close)[1]', counted(8)) == [None, None, None, 3, 3, 3, 6, 6]


@BOTH
def test_a_window_counts_candles_of_its_own_interval(way: Way) -> None:
    assert value(way, 'sum(tf("15m").close, 2)', counted(10)) == [None] * 5 + [9, 9, 9, 15, 15]


@BOTH
def test_a_window_over_mixed_intervals_counts_the_finest(way: Way) -> None:
    # close - tf("15m").close from 00:15 on: 0 1 2 0 1 2 0 1; over three 5m candles from 00:25 on.
    found = value(way, 'sum(close - tf("15m").close, 3)', counted(10))
    assert found == [None] * 4 + [3, 3, 3, 3, 3, 3]
    found = value(way, 'highest(close - tf("15m").close, 2)', counted(10))
    assert found == [None] * 3 + [1, 2, 2, 1, 2, 2, 1]


@BOTH
def test_the_finest_of_two_higher_intervals(way: Way) -> None:
    # On 15m: 15 - 12 at 01:15, 18 - 12 at 01:30, 21 - 12 at 01:45, 24 - 24 at 02:00; two of them summed.
    found = value(way, 'sum(tf("15m").close - tf("1h").close, 2)', counted(25))
    # At 01:00 the difference is 12 - 12, at 00:45 unknown: known sums start at 01:15.
    assert found[11:14] == [None] * 3
    assert found[14:17] == [3, 3, 3]
    assert found[17:20] == [9, 9, 9]
    assert found[20:23] == [15, 15, 15]
    assert found[23:] == [9, 9]


@BOTH
def test_true_on_the_hour_stays_true_until_its_next_close(way: Way) -> None:
    closes = [float(k) for k in range(1, 38)]
    data = market(START, {"A": {"5m": closes, "1h": [10.0, 20.0, 15.0]}})
    found = value(way, 'rising(tf("1h").close, 1)', data)
    assert found == [None] * 23 + [1] * 12 + [0, 0]


@BOTH
def test_an_average_on_the_hour_steps_once_an_hour(way: Way) -> None:
    found = value(way, 'tf("1h").ema(close, 2)', counted(37))
    # Seeded by (12 + 24) / 2 at 02:00; at 03:00 18 + 2 / 3 (36 - 18).
    assert found[22:35] == [None] + [18.0] * 12
    assert found[35] == pytest.approx(30.0, rel=1e-15)


@BOTH
def test_first_of_the_day_is_the_candle_that_opens_at_midnight(way: Way) -> None:
    closes = [float(k) for k in range(1, 14)]
    data = market(START - 30 * 60_000, {"A": {"5m": closes}})
    # From 23:30 on; the candle that opens at 00:00 is the seventh.
    assert value(way, 'tf("1d").first', data) == [0] * 6 + [1] + [0] * 6
    assert value(way, 'tf("1h").first', data) == [0] * 6 + [1] + [0] * 6
    assert value(way, 'tf("15m").first', data) == [1, 0, 0] * 4 + [1]


@BOTH
def test_since_the_day_began(way: Way) -> None:
    closes = [float(k) for k in range(1, 14)]
    data = market(START - 30 * 60_000, {"A": {"5m": closes}})
    today = value(way, 'valuewhen(tf("1d").first, open, 0)', data)
    assert today == [None] * 6 + [6] * 7
    assert value(way, 'sum(volume, tf("1d").first)', data) == [None] * 6 + [1, 2, 3, 4, 5, 6, 7]
    assert value(way, 'barssince(tf("1d").first)', data) == [None] * 6 + [0, 1, 2, 3, 4, 5, 6]


@BOTH
def test_parts_of_the_time_are_those_of_the_open(way: Way) -> None:
    data = counted(25)
    # The candle that closes at 01:00 opened at 00:55; the hour that closes at 02:00 opened at 01:00.
    assert value(way, "hour", data)[10:13] == [0, 0, 1]
    assert value(way, "minute", data)[10:13] == [50, 55, 0]
    assert value(way, 'tf("1h").hour', data)[11:25] == [0] * 12 + [1, 1]
    assert value(way, 'hour("America/New_York")', data)[0] == 19


@BOTH
def test_a_missing_higher_candle_is_unknown_until_the_next(way: Way) -> None:
    closes = [float(k) for k in range(1, 13)]
    data = market(START, {"A": {"5m": closes, "15m": [3.0, NO, 9.0, 12.0]}})
    assert value(way, 'tf("15m").close', data) == [None, None, 3, 3, 3, None, None, None, 9, 9, 9, 12]
    # The candle before the third is the one that is missing.
    assert value(way, 'tf("15m").close[1]', data) == [None] * 5 + [3, 3, 3, None, None, None, 9]


@BOTH
def test_a_missing_base_candle_hides_nothing_of_the_higher(way: Way) -> None:
    closes = [1.0, 2.0, NO, 4.0, 5.0, 6.0, 7.0]
    data = market(START, {"A": {"5m": closes, "15m": [3.0, 6.0]}})
    assert value(way, 'tf("15m").close', data) == [None, None, 3, 3, 3, 6, 6]
    assert value(way, 'close - tf("15m").close', data) == [None, None, None, 1, 2, 0, 1]


@BOTH
def test_another_symbol_on_a_higher_interval(way: Way) -> None:
    closes = [float(k) for k in range(1, 8)]
    one = {"5m": closes, "15m": [3.0, 6.0]}
    other = {"5m": [10 * c for c in closes], "15m": [30.0, 60.0]}
    data = market(START, {"A": one, "B": other})
    text = 'symbol("B").tf("15m").close'
    assert value(way, text, data) == [None, None, 30, 30, 30, 60, 60]
    assert value(way, text, data) == value(way, text, data, symbol=1)
    assert value(way, 'symbol("B").close - close', data) == [9, 18, 27, 36, 45, 54, 63]


@BOTH
def test_weeks_begin_on_monday(way: Way) -> None:
    days = [float(k) for k in range(1, 17)]
    data = market(MONDAY, {"A": {"1d": days, "1w": days[6::7]}})
    # Sunday's candle, the seventh, closes together with the week.
    assert value(way, 'tf("1w").close', data, "1d") == [None] * 6 + [7] * 7 + [14] * 3
    assert value(way, 'tf("1w").first', data, "1d") == [1, 0, 0, 0, 0, 0, 0] * 2 + [1, 0]


@BOTH
def test_a_week_begins_with_the_first_candle_in_it(way: Way) -> None:
    days = [float(k) for k in range(1, 17)]
    data = market(MONDAY, {"A": {"1d": days, "3d": [3.0, 6.0, 9.0, 12.0, 15.0]}})
    # Candles of three days open on January 1, 4, 7, 10, 13; weeks on January 1 and 8. So the candles of the 1st and of
    # the 10th are the first of their weeks; they close on the 4th and the 13th.
    found = value(way, 'tf("3d").barssince(tf("1w").first)', data, "1d")
    assert found == [None] * 2 + [0] * 3 + [1] * 3 + [2] * 3 + [0] * 3 + [1] * 2


@BOTH
def test_before_its_first_candle_nothing_of_an_interval_is_known(way: Way) -> None:
    closes = [float(k) for k in range(1, 15)]
    data = market(START, {"A": {"5m": closes, "1h": [NO]}})
    # The first hour is held, though nobody has it: from its close on it is known to be missing.
    assert value(way, 'na(tf("1h").close)', data) == [None] * 11 + [1] * 3
    assert value(way, 'nz(tf("1h").close, 7)', data) == [None] * 11 + [7] * 3
    assert value(way, 'tf("1h").hour', data) == [None] * 11 + [0] * 3
    never = market(START, {"A": {"5m": closes}})
    assert value(way, 'na(tf("1h").close)', never) == [None] * 14


@BOTH
def test_tf_of_the_base_is_the_base(way: Way) -> None:
    assert value(way, 'tf("5m").close[2]', counted(5)) == value(way, "close[2]", counted(5)) == [None, None, 1, 2, 3]


@BOTH
def test_edges_and_gaps(way: Way) -> None:
    # A missing candle is not screened: true after it is an edge if the last candle that was there was false.
    data = market(START, {"A": {"5m": [1.0, NO, 3.0, 3.0, 1.0, 3.0]}, "B": {"5m": [3.0, 1.0, NO, NO, 3.0, NO]}})
    program = compile_filter("match = close > 2", "5m")
    found = evaluate(program, data) if way is by_reference else replay(program, data)
    assert found.match.T.tolist() == [[0, -1, 1, 1, 0, 1], [1, 0, -1, -1, 1, -1]]
    assert found.edges.T.tolist() == [
        [False, False, True, False, False, True],
        [False, False, False, False, True, False],
    ]


def month(field: str, interval: str) -> tuple[Program, int]:
    """A program on days that reads a calendar interval."""
    graph = Graph()
    wanted = graph.add("src", (), (field, interval, ""))
    match = graph.add("lt", (wanted, graph.add("src", (), ("close", "1d", ""))))
    conditions = (Condition("above", "close > month", match),)
    nodes = tuple(graph.nodes)
    program = Program("1d", nodes, match, None, None, None, None, conditions, (), "", ("1d", interval), {}, 0, "", "")
    return program, wanted


def monthly(way: Way, field: str, interval: str, data: Candles) -> list[float | None]:
    program, node = month(field, interval)
    return [None if math.isnan(v) else v for v in way(program, data, node)[:, 0].tolist()]


def days(count: int, missing: Sequence[int] = (), late: int = 0) -> Candles:
    """Days from 2024-01-01 on, the k-th with the close k; `late` leaves out the first ones."""
    closes = [NO if k in missing else float(k) for k in range(1 + late, count + 1)]
    return market(MONDAY + late * DAY, {"A": {"1d": closes}})


# The year 2024: January has 31 days, February 29, March 31; the quarter 91.


@BOTH
def test_months_are_made_of_days(way: Way) -> None:
    data = days(95)
    close = monthly(way, "close", "1M", data)
    # January's close is that of its last day, the 31st candle, and is seen from that day on.
    assert close[:30] == [None] * 30
    assert close[30:59] == [31] * 29
    assert close[59:90] == [60] * 31
    assert close[90:] == [91] * 5
    assert monthly(way, "open", "1M", data)[59] == 31
    assert monthly(way, "low", "1M", data)[59] == 31
    assert monthly(way, "high", "1M", data)[59] == 60
    assert monthly(way, "volume", "1M", data)[59] == 29
    assert monthly(way, "close", "3M", data) == [None] * 90 + [91] * 5
    assert monthly(way, "close", "12M", data) == [None] * 95


@BOTH
def test_a_month_without_one_of_its_days_is_unknown(way: Way) -> None:
    close = monthly(way, "close", "1M", days(95, missing=[40]))
    assert close[30:59] == [31] * 29
    assert close[59:90] == [None] * 31
    assert close[90] == 91
    # The first day held is the second of January, which so is not held whole.
    late = monthly(way, "close", "1M", days(62, late=1))
    assert late == [None] * 58 + [60] * 3


@BOTH
def test_first_of_the_month(way: Way) -> None:
    graph = Graph()
    node = graph.add("first", (), ("1M", "1d"))
    match = graph.add("and", (node, graph.add("lt", (graph.const(0.0), graph.add("src", (), ("close", "1d", ""))))))
    program = Program("1d", tuple(graph.nodes), match, None, None, None, None, (), (), "", ("1d",), {}, 0, "", "")
    found = way(program, days(62), node)[:, 0]
    assert np.flatnonzero(found).tolist() == [0, 31, 60]
