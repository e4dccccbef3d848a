"""How a wait is watched: what trips, what is remembered, what is bounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.monitor import CHECKS_KEPT, MOST_ASKS, Question, Watch, answers, compiled
from screener import Program
from screener.engine.replay import replay
from tests.fixtures.fake_market import SYMBOLS, FakeMarket

AT = "2026-01-05T08:01:00+00:00"
UNTIL = "2026-01-05T09:00:00+00:00"


def begin(plan: dict[str, Any] | None = None, levels: dict[str, Any] | None = None, **changes: Any) -> Watch:
    known = {"side": "long", "price": 100.0, "until": UNTIL, "at": AT, **changes}
    return Watch.begin("a", plan or {}, levels or {}, **known)


@pytest.mark.parametrize(
    ("side", "levels", "trigger", "invalidation"),
    [
        ("long", {"entry": 101.5, "stop_loss": 95}, "match = close >= 101.5", "match = close <= 95"),
        ("long", {"entry": 98}, "match = close <= 98", None),
        ("short", {"entry": 99, "stop_loss": 105.25}, "match = close <= 99", "match = close >= 105.25"),
        ("long", {"entry": 100.001}, None, None),
        ("long", {"entry": None, "stop_loss": -5}, None, None),
        ("long", {"stop_loss": 0.00001234}, None, "match = close <= 0.00001234"),
        ("long", {"stop_loss": 60000}, None, "match = close <= 60000"),
    ],
)
def test_levels_become_code(side: str, levels: dict[str, Any], trigger: str | None, invalidation: str | None) -> None:
    watch = begin(levels=levels, side=side)
    assert (watch.trigger, watch.invalidation) == (trigger, invalidation)
    for code in (trigger, invalidation):
        assert code is None or compiled(code, "1m", SYMBOLS) is not None


def test_code_of_the_answer_comes_before_its_levels() -> None:
    plan = {"trigger_code": "match = close > 1", "invalidation_code": " "}
    watch = begin(plan, {"entry": 120, "stop_loss": 90})
    assert (watch.trigger, watch.invalidation) == ("match = close > 1", "match = close <= 90")


@given(st.lists(st.tuples(*[st.sampled_from([True, False, None])] * 2), max_size=80), st.integers(1, 6))
def test_only_what_becomes_true_or_enough_candles_ask(
    closes: list[tuple[bool | None, bool | None]], recheck: int
) -> None:
    watch, was, since, asks = begin(), [False, False], 0, 0
    for now in closes:
        watch, why = watch.next(AT, *now, recheck)
        since += 1
        rose = [bool(n) and not w for n, w in zip(now, was, strict=True)]
        was = [w if n is None else n for n, w in zip(now, was, strict=True)]
        expected = "invalidation" if rose[1] else "trigger" if rose[0] else "every" if since >= recheck else None
        assert why == expected
        if why is not None:
            since, asks = 0, asks + 1
    assert len(watch.checks) == min(len(closes), CHECKS_KEPT)
    assert len(watch.asked) == min(asks, MOST_ASKS)
    assert Watch.model_validate(watch.model_dump(mode="json")) == watch


def test_a_signal_is_asked_about_so_often_and_no_more() -> None:
    watch = begin({"trigger_code": "match = close > 1"})
    for number in range(2, MOST_ASKS + 1):
        watch = begin({"trigger_code": "match = close > 1"}, before=watch)
        assert watch.asks == number
    assert watch.next(AT, True, True, 1)[1] is None


def test_another_answer_with_the_same_condition_remembers_that_it_was_true() -> None:
    plan = {"trigger_code": "match = close > 1"}
    watch, why = begin(plan).next(AT, True, None, 50)
    assert why == "trigger"
    assert begin(plan, before=watch).next(AT, True, None, 50)[1] is None
    other = begin({"trigger_code": "match = close > 2"}, before=watch)
    assert other.next(AT, True, None, 50)[1] == "trigger"
    assert other.checks == watch.checks


def test_answers_are_those_of_each_program_alone() -> None:
    market = FakeMarket(held=60)
    codes = [
        "match = close > ta.sma(close, 5)",
        "match = ta.rsi(close, 14) < 50",
        "match = open > close[3]",
        'match = ta.rsi(symbol("DOTUSDT").close, 9) > ta.rsi(close, 9)',
        "match = rank(close) <= 3",
    ]
    programs: dict[str, Program] = {c: p for c in codes if (p := compiled(c, "1m", SYMBOLS)) is not None}
    some = SYMBOLS[1:4]
    questions = {Question(s, c) for s in some for c in [*codes, "match = ("]} | {Question("NONE", codes[0])}
    for close in (market.newest_close, market.newest_close - 7 * 60_000):
        told = answers(questions, programs.get, market.panel, "1m", close - 60_000, close)
        assert all(answer.keys() <= {close} for answer in told.values())
        found = {question: answer.get(close) for question, answer in told.items()}
        assert found.pop(Question("NONE", codes[0])) is None
        for code in codes:
            row = replay(programs[code], market.panel, "1m", until=close).match[-1, 1:4]
            assert [found.pop(Question(s, code)) for s in some] == [{1: True, 0: False, -1: None}[int(v)] for v in row]
        assert set(found.values()) == {None}
        questions |= {Question("NONE", codes[0])}
    late = answers(questions, programs.get, market.panel, "1m", market.newest_close, market.newest_close + 60_000)
    assert not any(late.values())
