"""Near misses: what must hold together, how far the failing condition is, and who comes first."""

from __future__ import annotations

import numpy as np
import pytest

from screener import compile_filter
from screener.engine.near import LEAST, WINDOW, near_misses, requirements
from screener.engine.replay import Candles, replay
from screener.engine.stepper import unpack

STEP = 900_000
TIMES = STEP * np.arange(1_000, 1_000 + WINDOW + 50, dtype=np.int64)


def candles(columns: dict[str, np.ndarray]) -> Candles:
    """Closes by symbol; volume 10 on every candle."""
    close = np.column_stack(list(columns.values()))
    fields = {"close": close, "open": close, "high": close, "low": close, "volume": np.full(close.shape, 10.0)}
    fields["volume"] = np.where(np.isfinite(close), 10.0, np.nan)
    return Candles(tuple(columns), {"15m": (TIMES, fields)})


def waves(level: float, size: float, last: float) -> np.ndarray:
    """Up and down by `size` around `level`, ending at `last`."""
    found = level + size * np.where(np.arange(len(TIMES)) % 2, 1.0, -1.0)
    found[-1] = last
    return found


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("match = close > open", ["close > open"]),
        ("match = close > open and volume > 5", ["close > open", "volume > 5"]),
        ("up = close > open\nmatch = up and crossover(close, 5)", ["close > open", "crossover(close, 5)"]),
        (
            "a = close > 1\nb = volume > 2\nboth = a and b\nmatch = both and open > 3",
            ["close > 1", "volume > 2", "open > 3"],
        ),
        ("match = 1 < close < 5", ["1 < close", "close < 5"]),
        ("a = close > 1\nb = volume > 2\nmatch = (a or b) and open > 3", ["a or b", "open > 3"]),
    ],
)
def test_what_must_hold_together(code: str, texts: list[str]) -> None:
    assert [c.text for c in requirements(compile_filter(code, "15m"))] == texts


def test_the_distance_is_in_usual_sizes_of_the_difference() -> None:
    market = candles({"CALM": waves(90, 1, 98), "WILD": waves(90, 5, 96), "MATCH": waves(90, 1, 101)})
    program = compile_filter("match = close > 100 and volume > 5", "15m")
    history = replay(program, market)
    found = near_misses(history)
    assert [n.symbol for n in found] == ["WILD", "CALM"], "4 away of a usual 5 is nearer than 2 away of a usual 1"
    for near in found:
        column = market.symbols.index(near.symbol)
        closes = market.series["15m"][1]["close"][-WINDOW:, column]
        (failing,) = near.failing
        assert (near.held, near.of) == (1, 2)
        assert failing.text == "close > 100"
        assert failing.reading
        assert failing.value is False
        assert (failing.left, failing.op, failing.right) == (closes[-1], ">", 100.0)
        assert failing.distance == pytest.approx((100 - closes[-1]) / np.std(closes - 100))
        assert failing.distance_percent == pytest.approx(100 - closes[-1])
        assert near.distance == failing.distance
        assert near.candle_close == int(TIMES[-1]) + STEP


@pytest.mark.parametrize(("code", "near"), [("crossover(close, 100)", "BELOW"), ("crossunder(close, 100)", "ABOVE")])
def test_a_cross_is_near_from_the_side_it_starts_at_alone(code: str, near: str) -> None:
    market = candles({"BELOW": waves(90, 1, 99), "ABOVE": waves(110, 1, 101)})
    one, other = near_misses(replay(compile_filter(f"match = {code}", "15m"), market))
    assert one.symbol == near
    assert one.failing[0].distance_percent == pytest.approx(1, abs=0.02)
    assert (other.distance, other.failing[0].distance_percent) == (None, None)


def test_more_conditions_held_comes_before_nearness() -> None:
    market = candles({"ONE": waves(50, 1, 10), "TWO": waves(100, 1, 99.9)})
    program = compile_filter("match = close > 100 and high < 60 and volume > 5", "15m")
    found = near_misses(replay(program, market))
    assert [(n.symbol, n.held) for n in found] == [("ONE", 2), ("TWO", 1)]
    assert [f.text for f in found[1].failing] == ["close > 100", "high < 60"], "the nearest first"
    assert found[1].distance == pytest.approx(sum(f.distance or 0 for f in found[1].failing))


def test_unknown_conditions_and_missing_candles() -> None:
    late = np.full(len(TIMES), np.nan)
    late[-LEAST + 1 :] = 90.0
    gone = waves(90, 1, np.nan)
    market = candles({"LATE": late, "GONE": gone, "FULL": waves(90, 1, 90)})
    program = compile_filter("match = close > 100 and close > ta.sma(close, 50)", "15m")
    found = {n.symbol: n for n in near_misses(replay(program, market))}
    assert set(found) == {"LATE", "FULL"}
    unknown = next(f for f in found["LATE"].failing if "sma" in f.text)
    assert unknown.value is None and unknown.right is None and unknown.distance is None
    short = next(f for f in found["LATE"].failing if f.text == "close > 100")
    assert short.distance is None and short.distance_percent == pytest.approx(10)
    assert found["LATE"].distance is None


def test_a_condition_without_two_sides_has_no_distance() -> None:
    program = compile_filter("match = within(close > 100, 5) and volume > 5", "15m")
    (near,) = near_misses(replay(program, candles({"A": waves(90, 1, 90)})))
    assert near.failing[0].distance is None and near.failing[0].left is None


def test_the_limit_keeps_the_nearest_and_symbols_choose() -> None:
    market = candles({f"S{i}": waves(90, 1 + i, 95) for i in range(9)})
    history = replay(compile_filter("match = close > 100 and volume > 5", "15m"), market)
    everyone = [n.symbol for n in near_misses(history)]
    assert everyone == [f"S{i}" for i in range(8, -1, -1)]
    assert [n.symbol for n in near_misses(history, limit=3)] == everyone[:3]
    assert [n.symbol for n in near_misses(history, symbols=["S2", "S4"])] == ["S4", "S2"]


def test_no_candles_no_near_misses() -> None:
    assert near_misses(replay(compile_filter("match = close > 1", "15m"), Candles(("A",), {}))) == []


def test_many_nodes_read_in_one_pass_are_those_read_one_by_one() -> None:
    # The third candle of all is left out by the source, the fifth by one symbol.
    market = candles({"A": waves(90, 1, 98), "B": waves(50, 20, 96)})
    times, fields = market.series["15m"]
    kept = np.arange(len(times)) != 2
    rows = {name: values[kept].copy() for name, values in fields.items()}
    rows["close"][4, 1] = np.nan
    gapped = Candles(market.symbols, {"15m": (times[kept], rows)})
    program = compile_filter("a = close > 70\nb = crossover(close, ta.sma(close, 5))\nmatch = a and not b", "15m")
    history = replay(program, gapped)
    nodes = [n for n, node in enumerate(program.nodes) if node.op != "const"]
    newest = history.newest(nodes, 20)
    for node in nodes:
        np.testing.assert_array_equal(newest[node], history.values(node)[-20:])
    booleans = [n for n in nodes if program.nodes[n].dtype == "bool"]
    true, false = history.truths(booleans)
    for k, node in enumerate(booleans):
        known = unpack(true[k] | false[k], 2)
        value = np.where(known, unpack(true[k], 2).astype(float), np.nan)
        np.testing.assert_array_equal(value, history.values(node))
        assert true[k].shape == (len(times) - 1, 1)
