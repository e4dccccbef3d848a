"""Candles before this one, lines that something is done to, marks of time, and ends of trades, as they are said."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter
from tests.unit.llm.phrasebook import candle_before_sentences as table


@pytest.mark.parametrize(
    ("sentence", "match"), [*table.CANDLE_BEFORE, *table.LINES, *table.CANDLES, *table.NAMED, *table.PLACES]
)
def test_the_whole_sentence_is_its_match(sentence: str, match: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == ("1h", ())
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {match}\n", "1h").hash, made.code


@pytest.mark.parametrize(("sentence", "program"), table.LEVELS)
def test_a_level_that_ends_a_trade(sentence: str, program: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == ("1h", ())
    assert compile_filter(made.code, "1h").hash == compile_filter(f"{program}\n", "1h").hash, made.code


def test_each_coin_of_several_is_held_against_its_own_line() -> None:
    code = translate("BTC and ETH are above their 50 EMA, 1h").code
    assert 'symbol("ETHUSDT").close > symbol("ETHUSDT").ema(close, 50)' in code


def test_a_story_of_the_past_adds_no_condition_and_is_told() -> None:
    made = translate(table.TALK)
    assert compile_filter(made.code, "1h").hash == compile_filter("match = ta.rsi(close, 14) < 30\n", "1h").hash
    assert any("chasing" in words for words in (*made.not_understood, *made.assumptions))
