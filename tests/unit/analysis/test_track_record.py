"""Calibration and lift: known figures, and intervals that cover the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.track_record import FEWEST_CLOSES, Bin, Followed, calibration, lift


def row(
    close: int, *, confidence: int = 60, entered: bool = True, model: float | None = 1.0, bare: float = 1.0
) -> Followed:
    return Followed(close, confidence, entered, model if entered else None, bare)


def test_bins_hold_what_was_entered_and_ended() -> None:
    rows = [
        row(1, confidence=65, model=2.0), row(2, confidence=61, model=-1.0), row(3, confidence=100, model=1.0),
        row(4, confidence=65, entered=False), Followed(5, 65, True, None, None),
    ]  # fmt: skip
    found = calibration(rows)
    assert found.bins == (Bin(60, 70, 2, 63.0, 0.5, 0.5), Bin(90, 100, 1, 100.0, 1.0, 1.0))
    assert found.count == 3
    assert found.error == pytest.approx((2 * 0.13 + 0) / 3)
    assert found.brier == pytest.approx((0.35**2 + 0.61**2) / 3)


def test_nothing_entered_has_no_calibration() -> None:
    found = calibration([row(1, entered=False)])
    assert (found.bins, found.count, found.error, found.brier) == ((), 0, None, None)


def test_lift_is_what_entering_made_less_what_the_filter_made() -> None:
    rows = [row(1, model=2.0, bare=1.0), row(1, entered=False, bare=-1.0), row(2, entered=False, bare=-1.0)]
    found = lift(rows)
    assert found.entered is not None
    assert found.bare is not None
    assert found.difference is not None
    assert found.avoided is not None
    assert found.entered.value == 2.0
    assert found.bare.value == pytest.approx(-1 / 3)
    assert found.difference.value == pytest.approx(7 / 3)
    assert found.avoided.value == -1.0
    assert (found.signals, found.closes) == (3, 2)
    assert (found.difference.low, found.difference.high) == (None, None)


def test_nothing_ended_has_no_lift() -> None:
    found = lift([Followed(1, 50, True, None, 1.0), Followed(1, 50, True, 1.0, None)])
    assert (found.entered, found.bare, found.difference, found.avoided) == (None, None, None, None)
    assert found.signals == 0


def test_all_refused_has_a_bare_figure_and_no_difference() -> None:
    found = lift([row(i, entered=False, bare=0.5) for i in range(20)])
    assert found.entered is None
    assert found.difference is None
    assert found.avoided is not None
    assert found.avoided.value == 0.5


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.floats(-3, 3), st.floats(-3, 3)), max_size=60))
def test_the_same_rows_in_any_order_give_the_same_figures(raw: list[tuple[int, bool, float, float]]) -> None:
    rows = [row(close, entered=entered, model=model, bare=bare) for close, entered, model, bare in raw]
    one, other = lift(rows, draws=50), lift(rows[::-1], draws=50)
    assert (one.signals, one.closes) == (other.signals, other.closes)
    closes = len({close for close, *_ in raw}), len({close for close, entered, *_ in raw if entered})
    for a, b, counted in ((one.bare, other.bare, closes[0]), (one.difference, other.difference, closes[1])):
        if a is None or b is None:
            assert a is b
            continue
        assert a.value == pytest.approx(b.value)
        assert (a.low is None) == (counted < FEWEST_CLOSES)
        if a.low is not None and a.high is not None:
            assert (a.low, a.high) == pytest.approx((b.low, b.high))


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for trial in range(200):
        # Signals of one close share most of their luck.
        rows = [
            row(close, model=0.2 + shock + noise, bare=shock + noise)
            for close, shock in enumerate(rng.normal(0, 1, 60))
            for noise in rng.normal(0, 0.3, 5)
        ]
        found = lift(rows, seed=trial, draws=400)
        assert found.bare is not None
        assert found.difference is not None
        assert found.difference.value == pytest.approx(0.2)
        assert found.bare.low is not None
        assert found.bare.high is not None
        inside += found.bare.low <= 0 <= found.bare.high
    # 95 % are promised; over single signals in place of closes it would be about 60.
    assert 0.88 <= inside / 200 <= 0.99
