"""Calibration and lift: known figures that add up, and intervals that cover the truth as often as they say."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import FEWEST_BLOCKS, MOST_BLOCKS, Calendar, Interval
from analysis.track_record import Bin, Followed, calibration, lift

HOLD = 5


def row(
    close: int,
    decision: Literal["entered", "refused"] | None = "entered",
    *,
    confidence: int = 60,
    model: float | None = 1.0,
    bare: float | None = 1.0,
) -> Followed:
    return Followed(close, close + HOLD, confidence, decision, model if decision == "entered" else None, bare)


def value(found: Interval | None) -> float:
    assert found is not None
    return found.value


def test_bins_hold_what_was_entered_and_ended() -> None:
    rows = [
        row(1, confidence=65, model=2.0), row(2, confidence=61, model=-1.0), row(3, confidence=100, model=1.0),
        row(4, "refused", confidence=65), row(5, confidence=65, model=None, bare=None), row(6, None, confidence=65),
    ]  # fmt: skip
    found = calibration(rows)
    assert found.bins == (Bin(60, 70, 2, 63.0, 0.5, 0.5), Bin(90, 100, 1, 100.0, 1.0, 1.0))
    assert found.count == 3
    assert found.error == pytest.approx((2 * 0.13 + 0) / 3)
    assert found.brier == pytest.approx((0.35**2 + 0.61**2) / 3)


def test_nothing_entered_has_no_calibration() -> None:
    found = calibration([row(1, "refused")])
    assert (found.bins, found.count, found.error, found.brier) == ((), 0, None, None)


def test_lift_is_what_selecting_added_and_what_the_plan_added() -> None:
    rows = [row(1, model=2.0, bare=1.0), row(1, "refused", bare=-1.0), row(2, "refused", bare=-1.0)]
    found = lift(rows)
    assert value(found.entered) == 2.0
    assert value(found.bare) == pytest.approx(-1 / 3)
    assert value(found.difference) == pytest.approx(7 / 3)
    assert value(found.selection) == pytest.approx(1 + 1 / 3)
    assert value(found.plan) == pytest.approx(1.0)
    assert value(found.avoided) == -1.0
    assert (found.signals, found.closes, found.others) == (3, 2, 0)
    assert found.difference is not None
    assert (found.difference.low, found.difference.high) == (None, None)


def test_a_worse_plan_on_well_chosen_signals_shows_as_such() -> None:
    rows = [row(i, model=0.2, bare=0.9) for i in range(5)] + [row(i, "refused", bare=-0.9) for i in range(5)]
    found = lift(rows)
    assert value(found.selection) == pytest.approx(0.9)
    assert value(found.plan) == pytest.approx(-0.7)
    assert value(found.difference) == pytest.approx(0.2)


def test_one_set_of_rows_makes_all_figures() -> None:
    """An entry still open on one plan is in none of them, or they could not be subtracted."""
    rows = [
        row(1, model=0.5, bare=0.5), row(2, "refused", bare=-0.5),
        row(3, model=9.0, bare=None), row(4, model=None, bare=9.0), row(5, "refused", bare=None),
    ]  # fmt: skip
    found = lift(rows)
    assert (value(found.entered), value(found.bare), value(found.difference)) == (0.5, 0.0, 0.5)
    assert found.signals == 2


def test_nobody_is_credited_with_refusing_what_nobody_decided_on() -> None:
    rows = [row(i, None, bare=-1.0) for i in range(30)] + [row(1, bare=0.0), row(2, "refused", bare=0.5)]
    found = lift(rows)
    assert value(found.avoided) == 0.5
    assert value(found.bare) == 0.25
    assert value(found.undecided) == -1.0
    assert (found.signals, found.others) == (2, 30)
    alone = lift(rows[:30])
    assert (alone.avoided, alone.bare, alone.signals) == (None, None, 0)


def test_nothing_ended_has_no_lift() -> None:
    found = lift([row(1, model=None), row(1, bare=None)])
    assert (found.entered, found.bare, found.difference, found.avoided, found.undecided) == (None,) * 5
    assert (found.selection, found.plan) == (None, None)
    assert found.signals == 0


def test_all_refused_has_a_bare_figure_and_no_difference() -> None:
    found = lift([row(i, "refused", bare=0.5) for i in range(20)])
    assert found.entered is None
    assert found.difference is None
    assert value(found.avoided) == 0.5


DECISIONS: list[Literal["entered", "refused"] | None] = ["entered", "refused", None]


@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from(DECISIONS), st.floats(-3, 3), st.floats(-3, 3)), max_size=60
    )
)
def test_the_same_rows_in_any_order_give_the_same_figures_and_they_add_up(
    raw: list[tuple[int, Literal["entered", "refused"] | None, float, float]],
) -> None:
    rows = [row(close, decision, model=model, bare=bare) for close, decision, model, bare in raw]
    one, other = lift(rows, draws=50), lift(rows[::-1], draws=50)
    assert (one.signals, one.closes, one.others) == (other.signals, other.closes, other.others)
    assert one.signals + one.others == len(raw)
    for a, b in ((one.bare, other.bare), (one.difference, other.difference), (one.undecided, other.undecided)):
        if a is None or b is None:
            assert a is b
            continue
        assert a.value == pytest.approx(b.value)
        assert (a.low is None) == (b.low is None)
        if a.low is not None and a.high is not None:
            assert (a.low, a.high) == pytest.approx((b.low, b.high))
    if one.difference is not None:
        assert value(one.difference) == pytest.approx(value(one.entered) - value(one.bare))
        assert value(one.difference) == pytest.approx(value(one.selection) + value(one.plan))


@pytest.mark.parametrize(("blocks", "known"), [(FEWEST_BLOCKS - 1, False), (FEWEST_BLOCKS, True)])
def test_blocks_that_hold_an_entry_are_counted_and_not_closes(blocks: int, known: bool) -> None:
    # Plans of 5 ms make blocks of 10; there are many refusals all along, and entries in some blocks only.
    rows = [row(i, "refused", bare=float(i % 3)) for i in range(400)]
    rows += [row(10 * i + k, bare=float(i % 4), model=float(i % 2)) for i in range(blocks) for k in range(9)]
    found = lift(rows, draws=100)
    assert found.bare is not None
    assert found.difference is not None
    assert found.bare.low is not None
    assert (found.difference.low is not None) == known
    assert (found.blocks, found.block_ms) == (40, 2 * HOLD)


def test_a_block_is_never_shorter_than_two_holding_times_and_there_are_not_too_many() -> None:
    short, long = (Calendar(range(0, 100_000, 10), hold, draws=5) for hold in (1, 4_000))
    assert (short.blocks, short.block_ms) == (MOST_BLOCKS - 1, 500)
    assert (long.blocks, long.block_ms) == (12, 8_000)
    assert Calendar([], 5, draws=5).blocks == 0


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for trial in range(200):
        # Signals of one close share most of their luck; no plan outlives the next close.
        rows = [
            Followed(close, close, 60, "entered", 0.2 + shock + noise, shock + noise)
            for close, shock in enumerate(rng.normal(0, 1, 40))
            for noise in rng.normal(0, 0.3, 3)
        ]
        found = lift(rows, seed=trial, draws=300)
        assert value(found.difference) == pytest.approx(0.2)
        assert found.bare is not None
        assert found.bare.low is not None
        assert found.bare.high is not None
        inside += found.bare.low <= 0 <= found.bare.high
    # 95 % are promised; over single signals in place of closes it would be about 60.
    assert 0.88 <= inside / 200 <= 0.99


@pytest.mark.parametrize("persists", [1, 40])
def test_decisions_that_persist_are_not_called_better_than_chance_on_a_random_walk(persists: int) -> None:
    """Stop 1.5, target 3, at most 48 candles, a signal on each fifth; yes or no is drawn anew every so many candles."""
    rng = np.random.default_rng(1)
    closes, hold, told, runs = 2_000, 48, 0, 200
    for _ in range(runs):
        walk = np.cumsum(rng.normal(0, 0.35, closes + hold))
        path = np.lib.stride_tricks.sliding_window_view(walk, hold + 1)[:closes, 1:] - walk[:closes, None]
        stop, target = (np.where(hit.any(axis=1), hit.argmax(axis=1), hold) for hit in (path <= -1.5, path >= 3.0))
        results = np.select([stop < target, target < stop], [-1.0, 2.0], path[:, -1] / 1.5).tolist()
        yes = np.repeat(rng.random(closes // persists + 1) < 0.5, persists)[:closes].tolist()
        rows = [
            Followed(t, t + hold, 60, "entered" if y else "refused", r if y else None, r)
            for t, (y, r) in enumerate(zip(yes, results, strict=True))
            if t % 5 == 0
        ]
        found = lift(rows, draws=200).difference
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        told += found.low > 0 or found.high < 0
    # 5 % are promised; redrawn close by close it is 8 % for independent decisions, and 70 % for these that persist.
    assert told / runs <= 0.12
    assert told / runs >= 0.005, "an interval that never excludes zero says nothing either"
