"""Nothing a decision says can pass with levels on the wrong side, made-up numbers or unusable values."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.decision import Decision, read_number
from analysis.grounding import GroundingLimits, validate
from analysis.snapshot import Snapshot, build_snapshot

from .conftest import make_candles, make_snapshot

SNAPSHOTS = {d: make_snapshot(3, d) for d in ("long", "short")}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(["3,050.5", "$3000", "NaN", "-1", "1e999", "2990 USDT", {}, []]),
)
NEAR = st.floats(2000, 4000)
NUMBER = st.one_of(ODD, NEAR)
ANSWERS = st.fixed_dictionaries(
    {
        "decision": st.sampled_from(["enter_trade", "Enter Trade", "wait", "bad_setup"]),
        "confidence": st.sampled_from([0, 0.7, "80%", 100, 55]),
        "reasoning": st.text(max_size=60).map(lambda text: f"Because. {text}"),
        "trade_plan": st.fixed_dictionaries({"risk_reward": NUMBER}),
        "key_levels": st.fixed_dictionaries(
            {
                "entry": NUMBER,
                "stop_loss": NUMBER,
                "take_profit": st.one_of(st.lists(NUMBER, max_size=4), NUMBER),
                "support": st.lists(NUMBER, max_size=3),
                "resistance": st.lists(NUMBER, max_size=3),
            }
        ),
    }
)


def good(snapshot: Snapshot, **levels: Any) -> Decision:
    """An entry that passes, but for what `levels` replaces."""
    assert snapshot.atr is not None
    sign = 1 if snapshot.direction == "long" else -1
    key_levels = {
        "entry": snapshot.price,
        "stop_loss": snapshot.price - sign * 2 * snapshot.atr,
        "take_profit": [snapshot.price + sign * 6 * snapshot.atr],
        "support": [level.price for level in snapshot.supports[:2]],
        "resistance": [level.price for level in snapshot.resistances[:2]],
    }
    return Decision.model_validate(
        {
            "decision": "enter_trade",
            "confidence": 70,
            "reasoning": "Because.",
            "key_levels": {**key_levels, **levels},
        }
    )


@given(ANSWERS, st.sampled_from(["long", "short"]))
def test_no_answer_passes_with_levels_on_the_wrong_side(answer: dict[str, Any], direction: str) -> None:
    snapshot = SNAPSHOTS[direction]
    final, report = validate(Decision.model_validate(answer), snapshot)
    sign = 1 if direction == "long" else -1
    levels = final.key_levels
    stored = list(snapshot.numbers().values())
    assert report.passed == (not report.reasons)
    if final.decision == "enter_trade":
        assert report.passed
        assert levels.entry == snapshot.price
        assert levels.stop_loss is not None
        assert levels.take_profit
        assert report.risk_reward is not None
        assert report.risk_reward >= 1
    if levels.stop_loss is not None:
        assert levels.stop_loss > 0
        assert (snapshot.price - levels.stop_loss) * sign > 0
    for target in levels.take_profit:
        assert target is not None
        assert (target - snapshot.price) * sign > 0
    for cited in (*levels.support, *levels.resistance):
        assert cited is not None
        # Rounded honestly, never further off than half of the last digit.
        assert any(abs(cited - s) <= 0.5 for s in stored)
    final.as_json()
    assert "NaN" not in report.model_dump_json()


@pytest.mark.parametrize("direction", ["long", "short"])
def test_a_sound_entry_stands_with_computed_reward_to_risk(direction: str) -> None:
    snapshot = SNAPSHOTS[direction]
    final, report = validate(good(snapshot), snapshot)
    assert report.reasons == ()
    assert final.decision == "enter_trade"
    assert snapshot.atr is not None
    fees = 0.001
    stop, [target] = final.key_levels.stop_loss, final.key_levels.take_profit
    assert stop is not None
    assert target is not None
    gain = abs(target - snapshot.price) - fees * (snapshot.price + target)
    loss = abs(stop - snapshot.price) + fees * (snapshot.price + stop)
    assert report.risk_reward == pytest.approx(gain / loss, abs=1e-3)
    assert final.trade_plan.risk_reward == report.risk_reward
    assert report.stop_atr == pytest.approx(2, abs=0.01)
    assert Decimal(str(stop)) % Decimal("0.01") == 0


def test_what_the_model_says_of_reward_to_risk_is_replaced() -> None:
    snapshot = SNAPSHOTS["long"]
    decision = good(snapshot)
    boast = decision.model_copy(update={"trade_plan": decision.trade_plan.model_copy(update={"risk_reward": 9.0})})
    final, report = validate(boast, snapshot)
    assert final.trade_plan.risk_reward == report.risk_reward != 9.0
    assert [c.name for c in report.checks if c.status == "flagged"] == ["stated reward to risk"]
    assert final.decision == "enter_trade"


def at(atrs: float, snapshot: Snapshot = SNAPSHOTS["long"]) -> float:
    assert snapshot.atr is not None
    return snapshot.price + atrs * snapshot.atr


def nowhere(snapshot: Snapshot = SNAPSHOTS["long"]) -> float:
    """The price near the snapshot's that is furthest from every stored number."""
    stored = sorted(n for n in snapshot.numbers().values() if at(-5) <= n <= at(5))
    low, high = max(pairwise(stored), key=lambda pair: pair[1] - pair[0])
    return (low + high) / 2


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ({"stop_loss": at(1)}, "is not below the price"),
        ({"stop_loss": at(0)}, "is not below the price"),
        ({"stop_loss": at(-0.3)}, "0.5 to 6 is allowed"),
        ({"stop_loss": at(-7)}, "0.5 to 6 is allowed"),
        ({"stop_loss": None}, "There is no stop."),
        ({"stop_loss": "soon"}, "There is no stop."),
        ({"stop_loss": -3.0}, "The stop is not a price above zero."),
        ({"take_profit": []}, "There is no target."),
        ({"take_profit": [at(-3)]}, "is not above the price"),
        ({"take_profit": [at(6), at(-3)]}, "is not above the price"),
        ({"take_profit": [at(30)]}, "at most 20 is within reach"),
        ({"take_profit": [1e308]}, "at most 20 is within reach"),
        ({"take_profit": ["high"]}, "A target is not a price above zero."),
        ({"take_profit": [at(1)]}, "at least 1 is needed"),
        ({"entry": at(0.3)}, "is not the price"),
        ({"entry": SNAPSHOTS["long"].resistances[-1].price}, "is not the price"),
        ({"support": [SNAPSHOTS["long"].resistances[0].price]}, "is above the price"),
        ({"support": [nowhere()]}, "is not in the snapshot"),
        ({"resistance": [nowhere(), 1e300]}, "is not in the snapshot"),
        ({"support": ["none"]}, "A cited support is not a price above zero."),
    ],
)
def test_each_failure_turns_an_entry_into_a_bad_setup(levels: dict[str, Any], reason: str) -> None:
    snapshot = SNAPSHOTS["long"]
    final, report = validate(good(snapshot, **levels), snapshot)
    assert final.decision == "bad_setup"
    assert report.proposed == "enter_trade"
    assert any(reason in r for r in report.reasons), report.reasons
    assert final.key_levels.stop_loss is None
    assert final.key_levels.take_profit == ()


def test_numbers_within_rounding_are_the_stored_ones() -> None:
    snapshot = SNAPSHOTS["long"]
    support = snapshot.supports[0].price
    final, report = validate(good(snapshot, support=[round(support, 1)], resistance=[]), snapshot)
    assert report.passed
    assert final.key_levels.support == (round(support, 1),)


def test_targets_come_nearest_first_and_once() -> None:
    snapshot = SNAPSHOTS["short"]
    far, near = at(-8, snapshot), at(-6, snapshot)
    final, _ = validate(good(snapshot, take_profit=[far, near, far]), snapshot)
    assert len(final.key_levels.take_profit) == 2
    first, second = final.key_levels.take_profit
    assert first is not None
    assert second is not None
    assert first > second


def test_a_decision_without_a_trade_is_kept_and_its_odd_levels_are_not() -> None:
    snapshot = SNAPSHOTS["long"]
    wait = good(snapshot, stop_loss=at(3)).model_copy(update={"decision": "wait"})
    final, report = validate(wait, snapshot)
    assert final.decision == "wait"
    assert final.key_levels.stop_loss is None
    assert report.passed
    bare = Decision.model_validate({"decision": "bad_setup", "confidence": 60, "reasoning": "No."})
    final, report = validate(bare, snapshot)
    assert final.decision == "bad_setup"
    assert report.checks == ()


def test_a_price_of_the_text_that_is_in_no_list_is_no_trade() -> None:
    snapshot = SNAPSHOTS["long"]
    made_up = nowhere()
    text = f"Held {made_up:,.2f} and {snapshot.price:.2f}; 2 ATR stop, rsi(close, 14) at 28.4, pays 9.1 times."
    final, report = validate(good(snapshot).model_copy(update={"reasoning": text}), snapshot)
    assert report.reasons == (f"The text says {made_up:,.2f}, which is in no list of the snapshot.",)
    assert final.decision == "bad_setup"
    flagged = [c.message for c in report.checks if c.status == "flagged"]
    assert flagged == ["The text says 9.1, which could not be computed from the snapshot."]


def test_too_few_candles_allow_no_entry() -> None:
    snapshot = build_snapshot("ETHUSDT", "15m", "long", make_candles(count=10))
    decision = good(SNAPSHOTS["long"], support=[], resistance=[], entry=None)
    final, report = validate(decision, snapshot)
    assert final.decision == "bad_setup"
    assert report.reasons == ("There are too few candles for an average range, so no distance can be judged.",)


def test_limits_can_be_set() -> None:
    snapshot = SNAPSHOTS["long"]
    _, report = validate(good(snapshot), snapshot, GroundingLimits(min_reward_risk=5))
    assert any("at least 5 is needed" in r for r in report.reasons)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        ("3,120.5", 3120.5),
        ("$0.021", 0.021),
        ("2990 USDT", 2990.0),
        ("3,12", None),
        ("about 3", None),
        (True, None),
        (math.inf, None),
        (math.nan, None),
        (10**400, None),
        ("1e999", None),
        ("", None),
        ([], None),
        (None, None),
    ],
)
def test_reading_numbers(value: object, number: float | None) -> None:
    assert read_number(value) == number
