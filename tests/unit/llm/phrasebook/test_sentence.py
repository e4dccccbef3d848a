"""What surrounds the conditions of a sentence, and the clear answers to text that is no rule."""

from __future__ import annotations

import pytest

from llm.phrasebook import sentence_interval, translate
from llm.phrasebook.preparing.spelling import corrected
from screener import compile_filter
from tests.unit.llm.phrasebook import structure_sentences as table


def same(code: str, expected: str, interval: str) -> bool:
    """Whether two programs are the same filter, names aside."""
    return compile_filter(code, interval).hash == compile_filter(expected + "\n", interval).hash


@pytest.mark.parametrize(("spelling", "interval"), table.INTERVAL_SPELLINGS)
def test_every_spelling_of_an_interval(spelling: str, interval: str) -> None:
    made = translate(f"RSI below 30 on {spelling}")
    assert (made.interval, made.not_understood) == (interval, ())
    assert same(made.code, f"match = {table.RSI30}", interval)


@pytest.mark.parametrize(("sentence", "match"), table.TYPOS)
def test_spelling_mistakes_are_mended_and_said(sentence: str, match: str) -> None:
    made = translate(sentence)
    assert made.interval == "1h"
    assert same(made.code, f"match = {match}", "1h"), made.code
    assert any("was read as" in note for note in made.assumptions)


@pytest.mark.parametrize("word", table.KNOWN_WORDS)
def test_a_known_word_is_never_mended(word: str) -> None:
    assert corrected(word) is None


def test_a_word_near_two_of_the_field_alike_stays() -> None:
    assert corrected("zzyzx") is None
    assert corrected("ab") is None


@pytest.mark.parametrize(("sentence", "match"), [*table.SHORTHAND, *table.STRUCTURE])
def test_shorthand_and_structure(sentence: str, match: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == ("1h", ())
    assert same(made.code, f"match = {match}", "1h"), made.code


@pytest.mark.parametrize(("sentence", "program"), table.ENDINGS)
def test_how_a_trade_ends_is_code(sentence: str, program: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == ("1h", ())
    assert same(made.code, program, "1h"), made.code


@pytest.mark.parametrize(("sentence", "direction"), table.DIRECTIONS)
def test_the_direction_is_named_or_follows_from_the_conditions(sentence: str, direction: str) -> None:
    assert translate(sentence).direction == direction


@pytest.mark.parametrize(
    ("sentence", "interval"),
    [
        ("RSI below 30", "15m"),
        ("up more than 5% in the last hour", "1h"),
        ("up 3% in 10 minutes", "5m"),
        ("RSI on 4h above 50 and RSI on 5m below 30", "5m"),
        ("daily close above the daily 20 EMA, hourly RSI above 50, and on the 5m price above the 20 EMA", "5m"),
    ],
)
def test_the_base_is_the_finest_interval_or_what_the_times_imply(sentence: str, interval: str) -> None:
    made = translate(sentence)
    assert made.interval == interval
    named = any(label in sentence for label in ("5m",))
    assert named or any("No interval was named" in note for note in made.assumptions)


@pytest.mark.parametrize(("sentence", "words", "reason"), table.IMPOSSIBLE)
def test_what_no_filter_can_say_is_named_with_its_reason(sentence: str, words: str, reason: str) -> None:
    made = translate(sentence)
    assert made.code == ""
    assert any(words.lower() in left.lower() for left in made.not_understood), made.not_understood
    assert any("was left out" in note and reason in note for note in made.assumptions), made.assumptions


@pytest.mark.parametrize(("sentence", "words"), table.BESIDE)
def test_the_rule_beside_it_is_translated(sentence: str, words: str) -> None:
    made = translate(sentence)
    assert same(made.code, f"match = {table.RSI30}", "1h")
    assert words in made.not_understood


@pytest.mark.parametrize(("text", "interval", "match"), table.CODE)
def test_code_is_taken_where_it_is_exact(text: str, interval: str | None, match: str) -> None:
    made = translate(text, interval)
    assert made.interval == "1h"
    assert same(made.code, f"match = {match}", "1h"), made.code
    assert made.conditions


@pytest.mark.parametrize(("text", "reason"), table.REFUSED)
def test_other_code_and_languages_are_refused_in_words(text: str, reason: str) -> None:
    made = translate(text)
    assert made.code == ""
    assert reason in " ".join((*made.not_understood, *made.assumptions))


def test_empty_and_endless_text() -> None:
    assert translate("  \n ").not_understood == ("(the sentence is empty)",)
    long = translate("RSI below 30 and " * 2_000)
    assert (long.code, len(long.not_understood)) == ("", 1)
    assert "34,000 characters" in long.not_understood[0]


def test_no_subject_is_guessed_behind_words_that_were_not_read() -> None:
    made = translate("price above the 200 EMA and the frobnication index above the 50 EMA on 1h")
    assert same(made.code, f"match = {table.ABOVE}", "1h")
    assert any("frobnication" in left for left in made.not_understood)


def test_a_contradiction_is_said_and_is_no_filter() -> None:
    made = translate("close above VWAP and close below VWAP on 5m")
    assert made.code == ""
    assert any("cannot be a filter" in note for note in made.assumptions)


def test_stories_around_a_rule_leave_the_rule() -> None:
    made = translate(
        "So my wife says I stare at charts too much, anyway, please watch the four hour chart for me: RSI, just the "
        "normal one with 14, below 30, and the price over the 200 EMA, you know, the exponential one."
    )
    assert made.interval == "4h"
    assert same(made.code, f"match = {table.RSI30} and {table.ABOVE}", "4h"), made.code


def test_an_interval_inside_code_is_not_the_strategys() -> None:
    assert sentence_interval('match = tf("4h").rsi(close, 14) < 30') is None
    assert sentence_interval("SELECT s FROM c WHERE interval = '1h' AND close > open") == "1h"
    assert sentence_interval('{"indicator": "rsi", "op": "<", "value": 30, "timeframe": "4h"}') == "4h"


@pytest.mark.parametrize("text", ["_", "\u202e", "\u200b"])
def test_a_text_without_a_single_word_is_no_rule(text: str) -> None:
    assert translate(text).code == ""


def test_digits_of_other_scripts_are_digits() -> None:
    made = translate("RSI below ٣٠ within ٣ days on the 1d")
    assert same(made.code, "match = within(ta.rsi(close, 14) < 30, 3)", "1d")
