"""The panel's rings."""

from __future__ import annotations

import numpy as np
import pytest

from screener.engine.panel import Panel

M = 60_000


def test_append_wraps_and_window_reads_in_order() -> None:
    panel = Panel(["A", "B"], 5)
    for k in range(12):
        panel.append("1m", k * M, {"close": np.array([k, k + 0.5])})
    times, values = panel.window("1m", "close", 10)
    assert times.tolist() == [k * M for k in range(7, 12)]
    assert values[:, 0].tolist() == [7, 8, 9, 10, 11]
    times, values = panel.window("1m", "close", 2, until=10 * M)
    assert times.tolist() == [8 * M, 9 * M]
    assert values[:, 1].tolist() == [8.5, 9.5]
    assert panel.first_open("1m") == 7 * M
    assert panel.last_open("1m") == 11 * M


def test_a_gap_reads_as_unknown_and_old_rows_do_not_shine_through() -> None:
    panel = Panel(["A"], 4)
    for k in (0, 1, 2, 3, 6):
        panel.append("1m", k * M, {"close": np.array([float(k)])})
    times, values = panel.window("1m", "close", 4)
    assert times.tolist() == [3 * M, 4 * M, 5 * M, 6 * M]
    np.testing.assert_array_equal(values[:, 0], [3.0, np.nan, np.nan, 6.0])


def test_a_late_symbol_completes_a_candle() -> None:
    panel = Panel(["A", "B"], 4)
    panel.append("1m", 0, {"close": np.array([1.0, np.nan])})
    panel.append("1m", 0, {"close": np.array([np.nan, 2.0])})
    assert panel.window("1m", "close", 1)[1].tolist() == [[1.0, 2.0]]


def test_put_corrects_one_candle_and_drops_what_is_too_old() -> None:
    panel = Panel(["A", "B"], 3)
    panel.put("1m", slice(None), M * np.arange(6), {"close": np.arange(12.0).reshape(6, 2)})
    panel.put("1m", 1, np.array([0, 4 * M]), {"close": np.array([99.0, 77.0])})
    assert panel.window("1m", "close", 9)[1].tolist() == [[6.0, 7.0], [8.0, 77.0], [10.0, 11.0]]


def test_symbols_and_capacity_grow() -> None:
    panel = Panel([f"S{i}" for i in range(64)], 3)
    panel.put("1m", slice(None), M * np.arange(3), {"close": np.ones((3, 64))})
    assert (panel.size, panel.width) == (64, 64)
    panel.add_symbol("NEW")
    assert (panel.size, panel.width) == (65, 128)
    panel.ensure("1m", 10)
    assert panel.capacity("1m") == 10
    panel.append("1m", 3 * M, {"close": np.full(65, 2.0)})
    times, values = panel.window("1m", "close", 10)
    assert len(times) == 4
    assert np.isnan(values[:3, 64]).all()
    assert values[3, 64] == 2.0
    assert (values[:3, :64] == 1.0).all()


def test_infinity_is_stored_as_unknown() -> None:
    panel = Panel(["A"], 3)
    panel.append("1m", 0, {"close": np.array([np.inf])})
    assert np.isnan(panel.window("1m", "close", 1)[1]).all()


def test_refusals() -> None:
    panel = Panel(["A"], 3)
    with pytest.raises(ValueError, match="unknown interval"):
        panel.ensure("7m")
    with pytest.raises(ValueError, match="not the open"):
        panel.append("1m", 1, {})
    with pytest.raises(ValueError, match="not the open"):
        panel.put("1m", 0, np.array([1]), {})
    with pytest.raises(ValueError, match="twice"):
        Panel(["A", "A"])
    assert panel.window("1m", "close", 3)[1].shape == (0, 1)
