"""Aggregation against the candle formula and against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from market.aggregate import aggregate
from market.clock import ScaledClock, SystemClock
from tests.unit.market.market_fake import MINUTE, T0, candle, minute_row

NAMES = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "buy_volume")


def minutes(first: int, count: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    opens = first + MINUTE * np.arange(count, dtype=np.int64)
    table = np.array([[minute_row(s, int(t))[:8] for s in ("AUSDT", "BUSDT")] for t in opens])
    return opens, {name: table[:, :, i].copy() for i, name in enumerate(NAMES)}


@pytest.mark.parametrize("interval", ["3m", "5m", "15m", "1h"])
def test_equals_the_formula(interval: str) -> None:
    opens, fields = minutes(T0 + 4 * MINUTE, 150)
    times, folded = aggregate(opens, fields, "1m", interval)
    assert len(times) > 0
    for row, time in enumerate(times):
        for column, symbol in enumerate(("AUSDT", "BUSDT")):
            want = candle(symbol, interval, int(time))
            got = [folded[name][row, column] for name in NAMES]
            assert got == [
                want.open, want.high, want.low, want.close, want.volume, want.quote_volume, want.trades,
                want.taker_buy_base,
            ]  # fmt: skip


def test_an_incomplete_candle_is_unknown_for_that_symbol_alone() -> None:
    opens, fields = minutes(T0, 15)
    for values in fields.values():
        values[7, 1] = np.nan
    times, folded = aggregate(opens, fields, "1m", "5m")
    assert times.tolist() == [T0, T0 + 5 * MINUTE, T0 + 10 * MINUTE]
    assert np.isnan(folded["close"]).tolist() == [[False, False], [False, True], [False, False]]
    assert np.isnan(folded["open"][1, 1]) and np.isnan(folded["volume"][1, 1])


def test_a_hole_in_time_and_unfinished_ends() -> None:
    opens, fields = minutes(T0 + 2 * MINUTE, 22)
    keep = opens != T0 + 11 * MINUTE
    times, folded = aggregate(opens[keep], {k: v[keep] for k, v in fields.items()}, "1m", "5m")
    assert times.tolist() == [T0 + 5 * MINUTE, T0 + 10 * MINUTE, T0 + 15 * MINUTE]
    assert np.isnan(folded["close"][:, 0]).tolist() == [False, True, False]


def test_nothing_complete() -> None:
    opens, fields = minutes(T0 + MINUTE, 5)
    times, folded = aggregate(opens, fields, "1m", "1h")
    assert len(times) == 0 and folded["close"].shape == (0, 2)
    times, _ = aggregate(opens[:0], {k: v[:0] for k, v in fields.items()}, "1m", "1h")
    assert len(times) == 0


def test_only_whole_multiples() -> None:
    opens, fields = minutes(T0, 5)
    with pytest.raises(ValueError, match="3m candles cannot be made of 5m candles"):
        aggregate(opens, fields, "5m", "3m")


async def test_clocks() -> None:
    fast = ScaledClock(T0, 1000.0)
    await fast.sleep_until(T0 + 20_000)
    assert T0 + 20_000 <= fast.now_ms() < T0 + 2_000_000
    fast.anchor(T0)
    assert fast.now_ms() < T0 + 10_000
    system = SystemClock()
    system.anchor(T0)
    assert abs(system.now_ms() - T0) < 1000 and system.speed == 1.0
    with pytest.raises(ValueError, match="speed"):
        ScaledClock(T0, 0)
