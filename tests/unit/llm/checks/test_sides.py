"""A stop and a target go to the other side of the entry with the direction."""

from __future__ import annotations

import pytest

from llm.checks import check_sentence
from llm.checks.contradictions import wrong_sides
from llm.checks.sides import side_said, turned
from screener import compile_filter

ENTRY = "match = ta.rsi(close, 14) < 30\n"


def direction_choice(code: str, wanted: str) -> str | None:
    found = check_sentence("RSI below 30 on 15m", compile_filter(code, "15m"), direction="long")
    asked = next(q for q in found.questions if q.id == "direction")
    return next(c.filter_code for c in asked.choices if c.direction == wanted)


def test_the_click_that_makes_it_a_short_turns_stop_and_target_round() -> None:
    code = f"{ENTRY}stop = close * 0.99\ntarget = close + 3 * ta.atr(14)\n"
    assert direction_choice(code, "short") == f"{ENTRY}stop = close * 1.01\ntarget = close - 3 * ta.atr(14)\n"
    assert direction_choice(code, "long") is None
    assert direction_choice(ENTRY, "short") is None


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("0.98 * close", "1.02 * close"),
        ("close * (1 - 2 / 100)", "close * 1.02"),
        ("trade.price - 2 * ta.atr(14)", "trade.price + 2 * ta.atr(14)"),
        ("low", "high"),
        ("lowest(low, 10)", "highest(high, 10)"),
        ("lowest(low, 10) - ta.atr(14)", "highest(high, 10) + ta.atr(14)"),
        ("ta.bbands(close, 20, 2).lower", "ta.bbands(close, 20, 2).upper"),
        ("trade.highest(high) * 0.97", "trade.lowest(low) * 1.03"),
        ("low[1]", "high[1]"),
        ("min(low, close * 0.98)", "max(high, close * 1.02)"),
    ],
)
def test_a_stop_has_its_counterpart(long: str, short: str) -> None:
    assert turned(compile_filter(f"{ENTRY}stop = {long}\n", "15m"), "short") == f"{ENTRY}stop = {short}\n"


@pytest.mark.parametrize("code", ["stop = ta.ema(close, 200)\n", "stop = 100 / close\n", ""])
def test_what_has_no_other_side_stays(code: str) -> None:
    assert turned(compile_filter(f"{ENTRY}{code}", "15m"), "short") is None


def test_what_stands_right_already_is_not_turned() -> None:
    program = compile_filter(f"{ENTRY}stop = close * 1.02\ntarget = close * 1.05\n", "15m")
    assert turned(program, "short") == f"{ENTRY}stop = close * 1.02\ntarget = close * 0.95\n"


def test_a_sentence_that_names_its_side_is_asked_where_stop_and_target_stand_wrong() -> None:
    program = compile_filter(f"{ENTRY}stop = close * 0.99\n", "15m")
    found = check_sentence("short when RSI below 30 on 15m", program, direction="short")
    (asked,) = [q for q in found.questions if q.id == "sides"]
    assert [c.filter_code for c in asked.choices] == [None, f"{ENTRY}stop = close * 1.01\n"]
    assert "is not above the entry" in asked.assumption
    again = compile_filter(asked.choices[1].filter_code or "", "15m")
    assert not list(wrong_sides(again, "short"))
    assert "sides" not in {q.id for q in check_sentence("short, RSI below 30", again, direction="short").questions}


def test_an_added_number_is_told_with_what_it_stands_in() -> None:
    program = compile_filter(f"{ENTRY}stop = close * 0.985\nexit = trade.bars >= 12\n", "15m")
    told = check_sentence("RSI below 30 on 15m", program, direction="long").invented
    assert "the number 0.985 in close * 0.985" in told
    assert "the number 12 in trade.bars >= 12" in told


def test_a_stop_that_was_turned_round_is_not_held_against_the_sentence() -> None:
    program = compile_filter(f"{ENTRY}stop = close * 1.01\n", "15m")
    assert check_sentence("RSI below 30 on 15m, stop 1%", program, direction="short").disagreements == []
    assert check_sentence("RSI below 30 on 15m, stop 1%", program, direction="long").disagreements


@pytest.mark.parametrize(
    ("sentence", "direction", "words"),
    [
        ("Short when RSI is above 70", "long", "Short"),
        ("buy when RSI is below 30", "short", "buy"),
        ("Short, wenn der RSI unter 30 liegt", "long", "Short"),
        ("buy when RSI is below 30", "long", None),
        ("RSI is below 30", "short", None),
        # Words for both sides settle nothing.
        ("the market rolls over and I am still long; so short when RSI is above 70", "short", None),
    ],
)
def test_a_direction_against_the_sentence_is_told(sentence: str, direction: str, words: str | None) -> None:
    found = side_said(sentence, direction)
    assert (found.words if found else None) == words
    if found is not None:
        assert sentence[found.start : found.end] == words and {found.asked, found.said} == {"long", "short"}
