"""Plans followed to their end, against one that walks candle by candle."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.outcomes import PAST_STOP, PAST_TARGET, Outcome, Plan, Plans

MINUTE = 60_000


def plan(key: str = "a", symbol: int = 0, side: Literal["long", "short"] = "long", **changes: float) -> Plan:
    levels = (100.0, 90.0, 120.0) if side == "long" else (100.0, 110.0, 80.0)
    values = {"entry": levels[0], "stop": levels[1], "target": levels[2], "since": 0, "until": 100 * MINUTE}
    values |= changes
    return Plan(
        key, symbol, side, values["entry"], values["stop"], values["target"], int(values["since"]), int(values["until"])
    )


def walk(plans: Plans, rows: list[tuple[float, float, float, float]], start: int = 0) -> list[Outcome]:
    found: list[Outcome] = []
    for i, row in enumerate(rows, start=start):
        o, h, low, c = (np.array([x]) for x in row)
        found += plans.step(i * MINUTE, (i + 1) * MINUTE, o, h, low, c)
    return found


@pytest.mark.parametrize(
    ("rows", "state", "price", "result", "mfe", "mae"),
    [
        ([(100, 105, 95, 101), (101, 121, 99, 118)], "target", 120.0, 2.0, 2.0, -0.5),
        ([(100, 105, 95, 101), (101, 103, 89, 91)], "stop", 90.0, -1.0, 0.5, -1.0),
        ([(100, 125, 85, 101)], "stop", 90.0, -1.0, 0.0, -1.0),
        ([(100, 100, 100, 100), (80, 85, 75, 84)], "stop", 80.0, -2.0, 0.0, -2.0),
        ([(100, 100, 100, 100), (130, 135, 125, 131)], "target", 120.0, 2.0, 2.0, 0.0),
        ([(100, 110, 95, 105)] * 100, "timeout", 105.0, 0.5, 1.0, -0.5),
        # Made at 100 with 10 at risk, entered where the first candle opens.
        ([(104, 121, 99, 118)], "target", 120.0, 1.6, 1.6, -0.5),
        ([(92, 95, 88, 91)], "stop", 90.0, -0.2, 0.0, -0.2),
    ],
    ids=[
        "target", "stop", "both on one candle", "opens beyond the stop", "opens beyond the target", "time out",
        "entered higher", "entered near the stop",
    ],
)  # fmt: skip
def test_a_plan_ends(
    rows: list[tuple[float, float, float, float]], state: str, price: float, result: float, mfe: float, mae: float
) -> None:
    plans = Plans(fee_bps=0)
    plans.add([plan()])
    [found] = walk(plans, rows)
    assert (found.state, found.price) == (state, price)
    assert (found.result_r, found.mfe_r, found.mae_r) == pytest.approx((result, mfe, mae))
    assert found.closed_at == len(rows) * MINUTE
    assert len(plans) == 0


@pytest.mark.parametrize(
    ("opens", "side", "why"),
    [
        (90.0, "long", PAST_STOP), (85.0, "long", PAST_STOP), (120.0, "long", PAST_TARGET),
        (131.0, "long", PAST_TARGET), (110.0, "short", PAST_STOP), (80.0, "short", PAST_TARGET),
        (75.0, "short", PAST_TARGET),
    ],
)  # fmt: skip
def test_a_plan_the_price_has_left_is_not_entered(opens: float, side: Literal["long", "short"], why: str) -> None:
    """It neither wins what was gone nor loses what nobody would have bought, however the candle goes on."""
    plans = Plans()
    plans.add([plan(side=side), plan("stays", 1)])
    candle = [np.array([x, 100.0]) for x in (opens, 140.0, 60.0, 100.0)]
    candle[1][1] = candle[2][1] = 100.0
    [found] = plans.step(0, MINUTE, *candle)
    assert (found.key, found.state, found.reason, found.price) == ("a", "invalid", why, opens)
    assert (found.result_r, found.mfe_r, found.mae_r) == (0.0, 0.0, 0.0)
    assert plans.keys == ["stays"]


def test_a_plan_is_entered_at_the_first_candle_there_is() -> None:
    plans = Plans(fee_bps=0)
    plans.add([plan()])
    assert walk(plans, [(math.nan,) * 4, (101, 102, 100.5, 102)]) == []
    [open_] = plans.unsaved(0, 5)
    assert (open_.filled, open_.mfe_r, open_.mae_r) == pytest.approx((101.0, 0.1, -0.05))


def test_fees_of_both_sides_come_off() -> None:
    plans = Plans(fee_bps=10)
    plans.add([plan()])
    [found] = walk(plans, [(100, 121, 99, 118)])
    assert found.result_r == pytest.approx((20 - 0.001 * 220) / 10)


def test_only_candles_since_count_and_each_once() -> None:
    plans = Plans()
    plans.add([plan(since=2 * MINUTE)])
    assert walk(plans, [(100, 130, 80, 100)] * 2) == []
    assert walk(plans, [(100, 101, 99, 100)], start=2) == []
    assert walk(plans, [(100, 130, 80, 100)], start=2) == []
    assert [o.state for o in walk(plans, [(100, 130, 99, 100)], start=3)] == ["target"]


def test_a_symbol_without_a_candle_waits() -> None:
    plans = Plans()
    plans.add([plan(until=MINUTE)])
    nothing = (math.nan,) * 4
    assert walk(plans, [nothing, nothing]) == []
    assert [o.state for o in walk(plans, [(100, 101, 99, 100)], start=2)] == ["timeout"]


@pytest.mark.parametrize(
    "broken",
    [
        plan(stop=100), plan(stop=101), plan(target=100), plan(target=99), plan(entry=math.nan), plan(stop=-1),
        plan(target=math.inf), plan(since=5, until=5), plan(side="short", stop=90),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_end_is_refused(broken: Plan) -> None:
    plans = Plans()
    with pytest.raises(ValueError, match="a: "):
        plans.add([broken])
    assert len(plans) == 0


def slow(followed: Plan, rows: list[tuple[float, float, float, float]]) -> tuple[str, float, float, float] | None:
    """State, price, MFE and MAE as one would work them out by hand; fees left out."""
    sign = 1 if followed.side == "long" else -1
    risk = abs(followed.entry - followed.stop)
    best = worst = 0.0
    filled = rows[0][0] if rows else math.nan
    if rows and not min(followed.stop, followed.target) < filled < max(followed.stop, followed.target):
        return "invalid", filled, 0.0, 0.0
    for i, (o, h, low, c) in enumerate(rows):
        good, bad = (h, low) if sign > 0 else (low, h)
        if (bad - followed.stop) * sign <= 0:
            price = o if (o - followed.stop) * sign <= 0 else followed.stop
            return "stop", price, best, min(worst, (price - filled) * sign / risk)
        worst = min(worst, (bad - filled) * sign / risk)
        if (good - followed.target) * sign >= 0:
            return "target", followed.target, max(best, (followed.target - filled) * sign / risk), worst
        best = max(best, (good - filled) * sign / risk)
        if (i + 1) * MINUTE >= followed.until:
            return "timeout", c, best, worst
    return None


def _price(followed: Plan, saved: Outcome | None, way: str) -> float:
    """Where a plan was at its best or worst."""
    if saved is None:
        return math.nan
    risk = abs(followed.entry - followed.stop)
    away: float = getattr(saved, way) * risk * (1 if followed.side == "long" else -1)
    return saved.filled + away


CANDLE = st.tuples(st.integers(70, 130), st.integers(0, 8), st.integers(0, 8), st.integers(0, 8)).map(
    lambda x: (float(x[0]), float(x[0] + x[1] + x[3]), float(x[0] - x[2]), float(x[0] + x[3]))
)
ANY_PLAN = st.builds(
    lambda side, stop, target, until: plan(
        side=side,
        stop=100.0 - stop if side == "long" else 100.0 + stop,
        target=100.0 + target if side == "long" else 100.0 - target,
        until=until * MINUTE,
    ),
    st.sampled_from(["long", "short"]),
    st.integers(1, 25),
    st.integers(1, 25),
    st.integers(1, 12),
)


@given(st.lists(ANY_PLAN, min_size=1, max_size=6), st.lists(CANDLE, max_size=12), st.integers(0, 12))
def test_many_at_once_equal_one_by_one_whatever_the_restart(
    followed: list[Plan], rows: list[tuple[float, float, float, float]], cut: int
) -> None:
    named = [Plan(str(i), 0, p.side, p.entry, p.stop, p.target, p.since, p.until) for i, p in enumerate(followed)]
    plans = Plans(fee_bps=0)
    plans.add(named)
    found = walk(plans, rows[:cut])
    # Of a plan that took no candle nothing was written down.
    saved = {o.key: o for o in plans.unsaved(1, 100)}
    left = [p for p in named if p.key in plans.keys]
    starts = [replace(p, since=o.closed_at, filled=o.filled) if (o := saved.get(p.key)) else p for p in left]
    again = Plans(fee_bps=0)
    again.add(starts, *([_price(p, saved.get(p.key), way) for p in left] for way in ("mfe_r", "mae_r")))
    found += walk(again, rows[cut:], start=len(rows[:cut]))
    got = {o.key: (o.state, o.price, o.mfe_r, o.mae_r) for o in found}
    expected = {p.key: end for p in named if (end := slow(p, rows)) is not None}
    assert got.keys() == expected.keys()
    for key, end in expected.items():
        assert got[key][0] == end[0]
        assert got[key][1:] == pytest.approx(end[1:])
    assert sorted([*got, *again.keys], key=int) == [p.key for p in named]


def test_standing_plans_are_told_at_the_last_price() -> None:
    plans = Plans(fee_bps=0)
    plans.add([replace(plan("a"), filled=101.0), replace(plan("b", 1, "short"), filled=101.0), plan("new")])
    found = plans.standing(np.array([105.0, math.nan]), 7)
    assert [(o.key, o.state, o.result_r) for o in found] == [
        ("a", "open", 0.4),
        ("b", "open", 0.0),
        ("new", "open", 0.0),
    ]
    plans.drop({"a"})
    assert plans.keys == ["b", "new"]
