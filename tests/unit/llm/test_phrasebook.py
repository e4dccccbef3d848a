"""The offline translator: expected programs, stated assumptions, honest left-overs, hostile text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.phrasebook import sentence_direction, sentence_interval, translate
from llm.phrasebook.reading.reader import MAX_EFFORT, Reader
from llm.phrasebook.rework import rewritten
from llm.phrasebook.sentences import walker
from llm.phrasebook.vocabulary.tokens import tokenise
from screener import compile_filter
from tests.unit.llm.left_over_sentences import PARTLY, REFUSED
from tests.unit.llm.sentences import SENTENCES as LONG
from tests.unit.llm.short_sentences import SHORT

SENTENCES = [*LONG, *SHORT]


@pytest.mark.parametrize(("sentence", "interval", "direction", "match"), SENTENCES, ids=[row[0] for row in SENTENCES])
def test_a_sentence_becomes_the_expected_filter(sentence: str, interval: str, direction: str, match: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.direction) == (interval, direction)
    assert made.not_understood == ()
    expected = compile_filter(f"match = {match}", interval)
    assert compile_filter(made.code, interval).hash == expected.hash, made.code


@pytest.mark.parametrize("sentence", [row[0] for row in SENTENCES])
def test_conditions_that_were_not_edited_stay_what_they_are(sentence: str) -> None:
    made = translate(sentence)
    again = rewritten([row.english for row in made.conditions], made.code, made.interval)
    assert again.not_understood == ()
    assert compile_filter(again.code, made.interval).hash == compile_filter(made.code, made.interval).hash


@pytest.mark.parametrize(("sentence", "phrases"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_not_understood_is_named(sentence: str, phrases: list[str]) -> None:
    made = translate(sentence)
    assert made.code == ""
    assert made.conditions == ()
    assert list(made.not_understood) == phrases


@pytest.mark.parametrize(("sentence", "phrases"), PARTLY, ids=[row[0] for row in PARTLY])
def test_left_over_words_are_named_beside_a_filter(sentence: str, phrases: list[str]) -> None:
    made = translate(sentence)
    assert made.code
    assert list(made.not_understood) == phrases


def test_every_default_is_stated() -> None:
    made = translate("RSI oversold with busy volume and price near the upper Bollinger band")
    text = " ".join(made.assumptions)
    for part in ("14 candles", "below 30", "1.5 times", "20 candles, 2 standard", "within 1%", "15m", "long"):
        assert part in text, part


def test_nothing_is_assumed_where_everything_is_said() -> None:
    assert translate("go long when RSI(14) is below 30 on 15m").assumptions == ()


def test_words_stand_beside_their_conditions() -> None:
    sentence = "RSI below 30 on 15m while price is above the 4h 200 EMA"
    made = translate(sentence)
    assert [row.words for row in made.conditions] == ["RSI below 30 on 15m", "price is above the 4h 200 EMA"]
    assert all(row.words in sentence for row in made.conditions)
    program = compile_filter(made.code, made.interval)
    assert [row.name for row in made.conditions] == [condition.name for condition in program.conditions]


def test_exit_stop_target_and_holding_time() -> None:
    made = translate("buy if 1h RSI < 30, exit when RSI > 55, stop 2%, target 4 ATR, hold at most 20 candles")
    assert "exit = " in made.code
    assert "stop = close * 0.98" in made.code
    assert (made.target_atr, made.max_hold_candles) == (4.0, 20)
    assert compile_filter(made.code, "1h").exit is not None


def test_sell_after_buy_ends_the_trade() -> None:
    made = translate("Buy when RSI crosses above 30 and sell when RSI goes above 70 on the 1h chart")
    assert made.direction == "long"
    assert "exit = " in made.code


@pytest.mark.parametrize(
    ("sentence", "option", "interval"),
    [
        ("RSI below 30", None, "15m"),
        ("RSI below 30", "5m", "5m"),
        ("RSI below 30 on 4h", "1h", "4h"),
        ("RSI below 30 while price is above the 4h 200 EMA", "15m", "15m"),
        ("RSI below 30 while price is above the 4h 200 EMA", None, "4h"),
        ("RSI below 30 on 15m", "1d", "15m"),
        ("up 3% in 10 minutes", None, "5m"),
        ("price above yesterday's high", None, "15m"),
    ],
)
def test_the_base_interval(sentence: str, option: str | None, interval: str) -> None:
    assert translate(sentence, option).interval == interval


@pytest.mark.parametrize(
    "spelling",
    ["15m", "15min", "15 mins", "15-min", "15 minute", "15-minute", "15 minutes", "m15", "fifteen minute", "15M"],
)
def test_spellings_of_an_interval(spelling: str) -> None:
    sentence = f"RSI below 30 on the {spelling} chart"
    assert translate(sentence).interval == "15m"


@pytest.mark.parametrize("spelling", ["4h", "4 hours", "4-hour", "4hr", "h4", "four hour", "240 minutes"])
def test_spellings_of_four_hours(spelling: str) -> None:
    assert translate(f"RSI below 30 on the {spelling} chart").interval == "4h"


def test_a_heading_names_the_strategy() -> None:
    made = translate("Dip buyer: RSI below 30 on 1h")
    assert made.name == "Dip buyer"
    assert len(made.conditions) == 1


def test_a_coin_named_like_a_word_stays_a_word() -> None:
    made = translate("price is near the 200 EMA", symbols={"NEARUSDT", "ONEUSDT", "PEPEUSDT"})
    assert "symbol" not in made.code
    assert 'symbol("PEPEUSDT")' in translate("PEPE RSI below 30", symbols={"PEPEUSDT"}).code


def test_the_sentences_interval_and_direction() -> None:
    assert sentence_interval("RSI below 30 on 15m and 4h trend is up") == "15m"
    assert sentence_interval("RSI below 30") is None
    assert sentence_direction("short when RSI is above 70") == "short"
    assert sentence_direction("RSI above 70") is None


def test_offsets_are_those_of_the_sentence() -> None:
    sentence = "ＲＳＩ below 30 — on “15m” İ"
    assert [sentence[token.start : token.end] for token in tokenise(sentence)][:3] == ["ＲＳＩ", "below", "30"]


@pytest.mark.parametrize(
    ("sentence", "match", "left"),
    [
        ("R\u200bS\u200bI below 30 on 1\u200b5m", "ta.rsi(close, 14) < 30", ()),
        ("\u202eRSI below 30\u202c on 15m", "ta.rsi(close, 14) < 30", ()),
        ("RSI below 30\u00b2", "", ("RSI below 30\u00b2",)),
        ("RSI below \u2462\u24ea", "", ("RSI below \u2462\u24ea",)),
        ("RSI below 1e308", "", ("RSI below 1e308",)),
        ("volume above 2.5e6", "volume > 2500000", ()),
        ("RSI below 30, hold 1e308 candles", "ta.rsi(close, 14) < 30", ("hold 1e308",)),
    ],
)
def test_numbers_and_marks_in_disguise(sentence: str, match: str, left: tuple[str, ...]) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == ("15m", left)
    if not match:
        assert made.code == ""
        return
    assert compile_filter(made.code, "15m").hash == compile_filter(f"match = {match}", "15m").hash


HOSTILE = [
    "don't buy when RSI above 70, " * 130,
    "RSI below 30 on 15m or " * 170,
    "either " * 500 + "rsi below 30",
    "not " * 900,
    "2x " * 900,
    "price above ema 1 and ema 2 " * 130,
    "rsi and " * 500,
    "in the last " * 330,
    "(" * 4_000,
    "9" * 4_000,
    "RSI below " + "9" * 300,
    "\x00\x1b[31m rsi below 30",
    "the " * 1_000,
    "unless " * 500,
    "20, " * 1_000 + "ema",
    "a:" * 1_000,
    "ema 0 above ema 99999",
    "volume 0x its average",
    "\ud800 rsi",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_bounded_work_and_never_raises(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    readers: list[Reader] = []

    def reader(*args: Any, **more: Any) -> Reader:
        readers.append(Reader(*args, **more))
        return readers[-1]

    monkeypatch.setattr(walker, "Reader", reader)
    made = translate(text)
    assert made.code or made.not_understood
    assert sum(r.effort for r in readers) < 2 * MAX_EFFORT


WORDS = """
    rsi below above 30 2x 5% and or not ema 200 15m 4h price btc crosses the of in last candles volume average
    its , ( ) unless between high new within on up down ; macd signal % buy sell stop exit breaks out green 3
    daily yesterday's
""".split()


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*WORDS, "(", ")", "either", "neither", "any of", "w/", "1."]), max_size=40).map(
        " ".join
    )
)
def test_any_text_gives_a_translation_whose_code_compiles(text: str) -> None:
    made = translate(text)
    assert made.code or made.not_understood
    if made.code:
        assert compile_filter(made.code, made.interval).hash
