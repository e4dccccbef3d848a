"""What the candles held say about a filter: matches a day, how often each condition held, what never did."""

import math
from typing import Any

import numpy as np
import pytest

from app.lookback import _OUTCOMES, LookBack, _outcomes, look_back, to_look_back
from screener import compile_filter
from screener.engine.panel import Panel
from screener.engine.stepper import advance

HOUR = 3_600_000
FIRST = 1_750_000_000_000 // (24 * HOUR) * 24 * HOUR
CLOSES = (10.0, 11.0, 12.0, 11.0, 10.0, 9.0, 10.0, 11.0)


def panel() -> Panel:
    """Three days of hourly candles of two symbols that rise and fall alike; the second is ten times as dear."""
    held = Panel(["AUSDT", "BUSDT"], 100)
    for i in range(72):
        close = np.array([1.0, 10.0]) * CLOSES[i % len(CLOSES)]
        values = {"open": close - 0.5, "high": close + 1, "low": close - 1, "close": close, "volume": close * 0 + 5}
        held.append("1h", FIRST + i * HOUR, {**values, "quote_volume": close * 5, "trades": close * 0 + 1})
    return held


def looked(code: str) -> LookBack:
    program = compile_filter(code, "1h")
    return look_back(program, to_look_back(program, panel()), "long", "level")


def test_matches_a_day_are_those_of_all_symbols() -> None:
    found = looked("match = close >= 120")
    assert found.total == 9
    assert found.per_day == pytest.approx(9 / 3)


def test_of_a_single_condition_the_nearest_symbols_are_told() -> None:
    found = looked("match = close > 105")
    assert (found.true_now, [(m.symbol, m.of, m.op) for m in found.near_misses]) == (["BUSDT"], [("AUSDT", 1, ">")])
    crossed = looked("match = crossunder(close, 120)")
    assert [(m.symbol, m.op) for m in crossed.near_misses] == [], "both are below, which is no way to cross there"
    crossing = looked("match = crossover(close, 120)")
    assert [m.symbol for m in crossing.near_misses] == ["BUSDT", "AUSDT"]


def walk(candles: Any, rows: list[int], columns: list[int], side: int) -> list[str]:
    """Each match followed by itself, candle by candle."""
    ends = []
    for r, c in zip(rows, columns, strict=True):
        high, low, close = (candles[name][:, c].tolist() for name in ("high", "low", "close"))
        known = [i for i in range(max(1, r - 13), r + 1) if math.isfinite(high[i] + close[i - 1])]
        ranges = [max(high[i], close[i - 1]) - min(low[i], close[i - 1]) for i in known]
        end = "open"
        for i in range(r + 1, len(close) if ranges else 0):
            risk = 1.5 * sum(ranges) / len(ranges)
            against = close[r] - low[i] if side > 0 else high[i] - close[r]
            if against >= risk:
                end = "stop"
            elif (high[i] - close[r] if side > 0 else close[r] - low[i]) >= risk:
                end = "target"
            if end != "open":
                break
        ends.append(end)
    return ends


@pytest.mark.parametrize("side", [1, -1])
def test_following_all_matches_together_is_following_each(side: int) -> None:
    rng = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (120, 7)), axis=0))
    candles = {"high": close * 1.004, "low": close * 0.995, "close": close}
    for values in candles.values():
        values[40:44, 2] = np.nan
        values[:9, 3] = np.nan
    rows, columns = np.nonzero(np.isfinite(close))
    found = [_OUTCOMES[i] for i in _outcomes(candles, rows, columns, side)]
    assert found == walk(candles, rows.tolist(), columns.tolist(), side)
    assert set(found) == set(_OUTCOMES)


def test_days_and_symbols_are_those_of_all_matches_though_few_are_listed() -> None:
    program = compile_filter("match = close > open", "1h")
    found = look_back(program, to_look_back(program, panel()), "long", "level", limit=5)
    assert len(found.matches) == 5
    assert found.total == 144
    assert found.by_symbol == {"AUSDT": 72, "BUSDT": 72}
    assert sum(day.target + day.stop + day.open for day in found.days) == 144
    # A candle that ends at midnight ends on the next day.
    assert [(day.day - FIRST) // (24 * HOUR) for day in found.days] == [0, 1, 2, 3]
    assert found.days[-1].open == 2


def test_each_condition_has_its_share_and_its_reading() -> None:
    found = looked("dear = close > 50\nmatch = dear and close > open")
    assert [(c.text, c.share) for c in found.conditions] == [("close > 50", 0.5), ("close > open", 1.0)]
    assert found.conditions[0].reading == "The close is above 50"
    assert found.never == []


def test_what_never_held_is_named_alone_and_two_together() -> None:
    alone = looked("match = close > open and volume > 6")
    assert alone.never == ["The volume is above 6: not once in 144 values held."]
    assert alone.total == 0
    both = looked("match = close > close[1] and close < close[1] + 0.5")
    assert both.never == [
        "The close is above the close one candle ago, and the close is below the close one candle ago plus 0.5: "
        "not once together."
    ]


def test_what_may_hold_instead_is_not_counted_as_needed() -> None:
    found = looked("match = close > open and (volume > 6 or close > 50)")
    assert [c.text for c in found.conditions] == ["close > open", "volume > 6 or close > 50"]
    assert found.never == []


def test_the_newest_match_is_first_with_its_values() -> None:
    first = looked("match = close >= 120").matches[0]
    assert first.symbol == "BUSDT"
    assert (first.conditions[0].left, first.conditions[0].right) == (120.0, 120.0)


def test_beyond_the_first_conditions_none_is_counted_but_all_are_named() -> None:
    found = looked("match = " + " and ".join(f"close > {n}" for n in range(1, 16)))
    assert len(found.conditions) == 15
    assert [c.share is None for c in found.conditions] == [False] * 12 + [True] * 3


def test_more_conditions_take_no_more_passes_over_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []

    def counted(*args: Any, **more: Any) -> Any:
        passes.append(1)
        return advance(*args, **more)

    monkeypatch.setattr("screener.engine.replay.advance", counted)
    taken = []
    for count in (2, 14):
        passes.clear()
        assert looked("match = " + " and ".join(f"close > {n}" for n in range(1, count + 1))).total
        taken.append(len(passes))
    assert taken == [4, 4]
