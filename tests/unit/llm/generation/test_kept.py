"""What a program keeps of the one before is nobody's invention."""

from __future__ import annotations

from llm.generation import filter_from_sentence, regenerate_filter
from llm.generation.kept import newly_said
from screener import compile_filter
from tests.fixtures.writers import draft
from tests.unit.llm.generation.test_drafts import Scripted

BEFORE = """m = ta.macd(close, 12, 26, 9)
dip = ta.rsi(close, 14) < 30
match = dip and volume > 2 * ta.sma(volume, 20)
exit = m.hist < 0
stop = close * 0.98
"""
WORDS = ("The RSI(14) is below 25",)


async def test_an_exit_and_a_stop_that_stay_are_not_complained_of() -> None:
    edited = BEFORE.replace("30", "25").replace(" and volume > 2 * ta.sma(volume, 20)", "")
    model = Scripted(draft(edited))
    made = await regenerate_filter(model, WORDS, interval="15m", previous=BEFORE)
    assert len(model.asked) == 1
    assert made.checks.invented == [] and "exit = m.hist < 0" in made.code


async def test_a_condition_that_was_edited_away_and_a_stop_that_was_not_there_are_complained_of() -> None:
    edited = BEFORE.replace("30", "25").replace("0.98", "0.93")
    model = Scripted(draft(edited), draft(edited))
    made = await regenerate_filter(model, WORDS, interval="15m", previous=BEFORE)
    assert "the number 0.93" in model.last()
    assert any("0.93" in name for name in made.checks.invented)
    assert any("sma" in name or "2 " in name for name in made.checks.invented)
    assert "macd" not in made.checks.invented


async def test_conditions_given_beside_a_sentence_name_things_too() -> None:
    code = "dip = ta.rsi(close, 14) < 30\ntrend = ta.adx(14).adx > 31\nmatch = dip and trend"
    model = Scripted(draft(code))
    words = ("The RSI(14) is below 30", "The ADX(14) is above 31")
    made, _ = await filter_from_sentence(model, "RSI below 30 on 15m", conditions=words)
    assert len(model.asked) == 1 and made.checks.invented == []


def test_only_what_is_the_same_and_nothing_else_needs_is_left_out() -> None:
    before = compile_filter(BEFORE, "15m")
    assert newly_said(before, None) is before
    rest = newly_said(before, before)
    assert rest.source is not None and "macd" not in rest.source and "0.98" not in rest.source
    used = compile_filter(BEFORE.replace("match = dip", "match = dip and m.macd > 0"), "15m")
    assert "macd" in newly_said(used, before).source
    bare = compile_filter("match = ta.rsi(close, 14) < 30", "15m")
    assert newly_said(bare, before).hash == bare.hash
