"""Every way in which the scripted analyst answers, judged twice: by the checks, and by the second opinion that a
simulated day is audited with. What is unsound is refused by both; what is sound stands for both.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analysis.decision import Decision
from analysis.grounding import GroundingLimits, validate
from analysis.snapshot import Snapshot
from llm.answers import parse_answer
from llm.models import ModelError
from tests.fixtures.grounding_checker import faults
from tests.fixtures.outcome_checker import MINUTE_MS, Minute, differences
from tests.fixtures.scripted_analyst import DECISIONS, FEE, Market, Way

LIMITS = GroundingLimits(fee_bps=FEE * 10_000)
SEEDS = range(1, 7)
LOST = ("empty", "truncated", "wrong types", "no JSON", "huge")
NO_ENTRY = ("wait with code", "bad setup", "wait")


def answered(way: Way, snapshot: Snapshot, seed: int) -> tuple[str, dict[str, Any]]:
    """The answer's text, and the row that would be stored if it were believed."""
    shown = snapshot.model_dump(mode="json")
    answer = way.answer(Market(shown), random.Random(seed))
    text = answer if isinstance(answer, str) else json.dumps(answer)
    levels = answer.get("key_levels", {}) if isinstance(answer, dict) else {}
    kept = levels if isinstance(levels, dict) else {}
    return text, {"snapshot": shown, "raw_answer": json.dumps({"text": text}), "key_levels": kept}


@pytest.mark.parametrize("direction", ["long", "short"])
@pytest.mark.parametrize("way", DECISIONS, ids=lambda way: way.name)
def test_both_judge_alike(way: Way, direction: str, snapshot_of: Callable[..., Snapshot]) -> None:
    for seed in SEEDS:
        snapshot = snapshot_of(seed, direction)
        text, stored = answered(way, snapshot, seed)
        if way.name in LOST:
            with pytest.raises(ModelError):
                parse_answer(text, Decision, "scripted")
            continue
        proposed = parse_answer(text, Decision, "scripted")
        final, report = validate(proposed, snapshot, LIMITS)
        if way.sound or way.reply:
            if proposed.decision == "enter_trade":
                assert final.decision == "enter_trade", report.reasons
                kept = {**stored, "key_levels": final.key_levels.model_dump(mode="json")}
                assert faults(kept, FEE) == []
        elif way.name in NO_ENTRY:
            assert final.decision == proposed.decision != "enter_trade"
        else:
            assert proposed.decision == "enter_trade"
            assert final.decision == "bad_setup" and report.reasons
            assert faults(stored, FEE)


@pytest.mark.parametrize("direction", ["long", "short"])
def test_a_sound_way_enters_for_most_markets(direction: str, snapshot_of: Callable[..., Snapshot]) -> None:
    good = next(way for way in DECISIONS if way.name == "good")
    told = [json.loads(answered(good, snapshot_of(seed, direction), seed)[0])["decision"] for seed in SEEDS]
    assert told.count("enter_trade") >= 4


def test_the_second_opinion_sees_what_was_changed_after_the_answer(snapshot_of: Callable[..., Snapshot]) -> None:
    snapshot = snapshot_of(2, "long")
    good = next(way for way in DECISIONS if way.name == "good")
    _, stored = answered(good, snapshot, 2)
    stop, target = stored["key_levels"]["stop_loss"], stored["key_levels"]["take_profit"][0]
    assert faults(stored, FEE) == []
    tick, atr = float(snapshot.tick), snapshot.atr or 0.0
    changes: list[dict[str, Any]] = [
        {"stop_loss": stop - 3 * tick},
        {"stop_loss": None},
        {"take_profit": [target + 3 * tick]},
        {"take_profit": []},
        {"take_profit": [target + 30 * atr]},
    ]
    for change in changes:
        assert faults({**stored, "key_levels": {**stored["key_levels"], **change}}, FEE), change
    shown = {**stored["snapshot"], "atr": atr * 2}
    assert any("ATR" in fault for fault in faults({**stored, "snapshot": shown}, FEE))


def test_the_second_opinion_on_outcomes_walks_the_candles() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    first = round(begin.timestamp() * 1000)
    prices = [(100, 101, 99.5, 100.5), (100.5, 102, 100, 101), (101, 104.5, 100, 104)]
    minutes = [Minute(first + i * MINUTE_MS, *(float(price) for price in row)) for i, row in enumerate(prices)]
    row: dict[str, Any] = {
        "side": "long", "entry": 100, "stop": 98, "targets": [104], "state": "target", "reason": None, "result_r": 2.0,
        "opened_at": begin, "until": begin + timedelta(hours=1), "closed_at": begin + timedelta(minutes=3),
    }  # fmt: skip
    newest = first + 3 * MINUTE_MS
    assert differences(row, minutes, 0.0, newest) == []
    wrong: list[dict[str, Any]] = [
        {"state": "stop"},
        {"state": "open"},
        {"result_r": 1.9},
        {"closed_at": begin + timedelta(minutes=2)},
        {"targets": [105]},
        {"stop": 99.5},
        {"until": begin + timedelta(minutes=2)},
        {"side": "short", "stop": 110, "targets": [99.8]},
        {"state": "invalid", "reason": " "},
    ]
    for change in wrong:
        assert differences({**row, **change}, minutes, 0.0, newest), change
    assert differences({**row, "state": "open"}, minutes, 0.0, newest - 1) == []
    assert differences(row, minutes, 0.001, newest)
