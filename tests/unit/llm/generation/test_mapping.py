"""Conditions in words and the conditions of a program that they stand for."""

from __future__ import annotations

import pytest

from llm.generation.mapping import mapped
from llm.schemas import Source
from screener import compile_filter

CODE = """\
dip = ta.rsi(close, 14) < 30
trend = close > tf("4h").ema(close, 200)
busy = volume > 1.5 * ta.sma(volume, 20)
match = dip and trend and busy
exit = ta.rsi(close, 14) > 60
stop = close - 2 * ta.atr(14)
"""
PROGRAM = compile_filter(CODE, "15m")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The 15m RSI(14) is below 30", "dip"),
        ("RSI under 30", "dip"),
        ("The close is above the 4h 200 EMA", "trend"),
        ("Price over the 200 moving average on 4 hours", "trend"),
        ("Volume is more than 1.5 times its 20 candle average", "busy"),
        ("Exit when RSI is above 60", "exit"),
        ("Stop-loss 2 ATR below the entry", "stop"),
    ],
)
def test_a_condition_is_found_by_its_numbers_and_words(text: str, name: str) -> None:
    found = mapped([text], PROGRAM)
    assert [source.name for source in found.sources] == [name]


@pytest.mark.parametrize("text", ["MACD crosses its signal", "ADX above 25", "Funding is negative", "…", "42"])
def test_a_condition_that_the_program_lacks_is_missing(text: str) -> None:
    found = mapped([text], PROGRAM)
    assert found.sources == () and found.missing == (text,)


def test_each_condition_of_the_program_is_used_once() -> None:
    texts = ["RSI is below 30", "Close above the 4h EMA 200", "volume above 1.5 times the SMA 20"]
    assert [s.name for s in mapped(texts, PROGRAM).sources] == ["dip", "trend", "busy"]


def test_what_the_model_says_goes_first_where_the_name_is_there() -> None:
    told = [
        Source(name="busy", condition="Es wird viel gehandelt", words="viel Handel"),
        Source(name="moon", condition="Der Mond ist voll"),
    ]
    found = mapped(["Es wird viel gehandelt.", "Der Mond ist voll"], PROGRAM, told)
    assert [(s.name, s.words) for s in found.sources] == [("busy", "viel Handel")]
    assert found.missing == ("Der Mond ist voll",)


ENDED = compile_filter(
    "match = close > open\nexit = trade.bars >= 20\nstop = close - 2 * ta.atr(14)\ntarget = close + 3 * ta.atr(14)",
    "1h",
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A time stop ends it 20 candles on", "exit"),
        ("Get out 20 candles on", "exit"),
        ("The SL lies two ranges away", "stop"),
        ("Take profits three ranges away", "target"),
    ],
)
def test_how_a_trade_ends_has_its_place_in_the_program(text: str, name: str) -> None:
    assert [(s.name, s.condition) for s in mapped([text], ENDED).sources] == [(name, text)]


TEXTS = ["The 15m RSI(14) is below 30", "Volume is more than 1.5 times its 20 candle average"]
SENTENCE = "RSI under 30 and at least 1.5x the volume of 20 candles, price over the 4h 200 EMA"


def rows(*told: tuple[str, str, str], sentence: str | None = SENTENCE) -> list[tuple[str, str]]:
    given = [Source(name=name, condition=text, words=words) for name, text, words in told]
    return [(source.name, source.words) for source in mapped(TEXTS, PROGRAM, given, sentence).sources]


def test_words_stand_beside_the_condition_that_they_fit_whatever_a_model_says() -> None:
    low, busy = "RSI under 30", "1.5x the volume of 20 candles"
    right = [("dip", low), ("busy", busy)]
    assert rows(("dip", TEXTS[0], low), ("busy", TEXTS[1], busy)) == right
    assert rows(("dip", TEXTS[0], busy), ("busy", TEXTS[1], low)) == right
    assert rows(("busy", TEXTS[0], low), ("dip", TEXTS[1], busy)) == right
    # Words of a condition that has some of its own are not put beside it too.
    assert rows(("dip", TEXTS[0], low), ("busy", TEXTS[1], low)) == [("dip", low), ("busy", "")]


def test_words_that_the_sentence_does_not_have_are_not_shown_as_its_words() -> None:
    assert rows(("dip", TEXTS[0], "RSI under 30, as you asked")) == [("dip", ""), ("busy", "")]
    assert rows(("dip", TEXTS[0], "rsi  UNDER 30")) == [("dip", "rsi  UNDER 30"), ("busy", "")]
