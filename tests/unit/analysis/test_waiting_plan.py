"""What a wait names to wait for: kept as its trigger, told to the model when it comes true."""

from __future__ import annotations

from typing import Any

import pytest

from analysis import Asking, StrategyBrief, decide, validate
from analysis.decision import Decision
from analysis.monitor import UNSAID, WORDS, Watch, Why
from analysis.snapshot import Snapshot

from .answering import Says, sound
from .conftest import make_snapshot

AT = "2026-01-05T08:00:00+00:00"
LATER = "2026-01-05T08:15:00+00:00"


def waiting(snapshot: Snapshot, atrs: float, decision: str = "wait", **levels: Any) -> Decision:
    """A plan that names an entry so many ATR from the price, in the trade's direction."""
    assert snapshot.atr is not None
    sign = 1 if snapshot.direction == "long" else -1
    named = {
        "entry": round(snapshot.price + sign * atrs * snapshot.atr, 2),
        "stop_loss": round(snapshot.price - sign * 3 * snapshot.atr, 2),
        "take_profit": [round(snapshot.price + sign * 6 * snapshot.atr, 2)],
    }
    return Decision.model_validate(
        {"decision": decision, "confidence": 60, "reasoning": "Later.", "key_levels": {**named, **levels}}
    )


def watched(snapshot: Snapshot, final: Decision) -> Watch:
    levels = final.key_levels.model_dump(mode="json")
    plan = final.trade_plan.model_dump(mode="json")
    return Watch.begin("a", plan, levels, side=snapshot.direction, price=snapshot.price, until=LATER, at=AT)


@pytest.mark.parametrize("direction", ["long", "short"])
@pytest.mark.parametrize("atrs", [-1.0, 2.0])
def test_the_entry_that_a_wait_names_is_its_trigger(direction: str, atrs: float) -> None:
    snapshot = make_snapshot(3, direction)
    decision = waiting(snapshot, atrs)
    final, report = validate(decision, snapshot)
    assert report.reasons == ()
    entry = decision.key_levels.entry
    assert entry is not None
    assert final.key_levels.entry == entry
    assert final.key_levels.stop_loss is not None
    side = ">=" if entry > snapshot.price else "<="
    assert watched(snapshot, final).trigger == f"match = close {side} {entry:g}"


def test_the_entry_stays_where_the_rest_of_the_plan_does_not() -> None:
    snapshot = make_snapshot(3)
    decision = waiting(snapshot, -1, stop_loss=None, take_profit=[])
    final, report = validate(decision, snapshot)
    assert report.passed
    assert final.key_levels.entry == decision.key_levels.entry


@pytest.mark.parametrize("atrs", [-30.0, -3.5])
def test_an_entry_out_of_reach_or_beyond_the_stop_is_pointed_out_and_not_kept(atrs: float) -> None:
    snapshot = make_snapshot(3)
    final, report = validate(waiting(snapshot, atrs), snapshot)
    assert report.passed
    assert [c.status for c in report.checks if c.name == "entry"] == ["flagged"]
    assert watched(snapshot, final).trigger is None


def test_an_entry_at_market_is_at_the_price() -> None:
    snapshot = make_snapshot(3)
    final, report = validate(waiting(snapshot, -1, decision="enter_trade"), snapshot)
    assert final.decision == "bad_setup"
    assert "is not the price" in report.reasons[0]
    final, _ = validate(waiting(snapshot, 0), snapshot)
    assert watched(snapshot, final).trigger is None


def test_more_than_three_targets_are_no_plan() -> None:
    snapshot = make_snapshot(3)
    assert snapshot.atr is not None
    ahead = [round(snapshot.price + (4 + i) * snapshot.atr, 2) for i in range(4)]
    final, report = validate(waiting(snapshot, 0, decision="enter_trade", take_profit=ahead), snapshot)
    assert final.decision == "bad_setup"
    assert report.reasons == ("There are 4 targets; at most 3 are a plan.",)
    final, report = validate(waiting(snapshot, 0, decision="enter_trade", take_profit=ahead[:3]), snapshot)
    assert report.passed
    assert len(final.key_levels.take_profit) == 3


@pytest.mark.parametrize("why", ["trigger", "invalidation", "every"])
def test_a_watch_says_in_words_why_it_is_looked_at_again(why: Why) -> None:
    watch = Watch.begin(
        "a", {"trigger_code": "match = close > 1"}, {"stop_loss": 1}, side="long", price=2.0, until=LATER, at=AT
    )
    assert watch.why() == UNSAID
    tripped, said = watch.next(LATER, why == "trigger", why == "invalidation", 1)
    assert said == why
    assert tripped.why() == WORDS[why]
    # What led to the analysis before is no news.
    again = Watch.begin("b", {}, {}, side="long", price=2.0, until=LATER, at=LATER, before=tripped)
    assert again.why() == UNSAID


async def test_the_model_is_told_why_it_is_asked_again(snapshot: Snapshot) -> None:
    for earlier in ((), ("It waits.",)):
        model = Says(sound(snapshot))
        await decide(model, snapshot, StrategyBrief("T"), asking=Asking(earlier=earlier, why=WORDS["trigger"]))
        [request] = model.requests
        assert "You are asked again: the condition that it waited for has become true." in request.messages[1].content
        assert "You are asked again" not in request.messages[0].content
    first = Says(sound(snapshot))
    await decide(first, snapshot, StrategyBrief("T"))
    assert "asked again" not in first.requests[0].messages[1].content
