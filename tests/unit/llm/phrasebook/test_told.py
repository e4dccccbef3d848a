"""Sentences as people tell them become the program meant; what is only told is no rule."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter
from tests.unit.llm.phrasebook import told_sentences as table


def same(code: str, expected: str, interval: str) -> bool:
    """Whether two programs are the same filter, names aside."""
    return compile_filter(code, interval).hash == compile_filter(expected + "\n", interval).hash


@pytest.mark.parametrize(("sentence", "interval", "program"), table.PLAIN)
def test_a_traders_sentence_is_read_whole(sentence: str, interval: str, program: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == (interval, ())
    assert same(made.code, program, interval), made.code


@pytest.mark.parametrize(("sentence", "interval", "program"), table.STORIES)
def test_a_story_around_a_rule_is_no_rule(sentence: str, interval: str, program: str) -> None:
    made = translate(sentence)
    assert made.interval == interval
    assert same(made.code, program, interval), made.code


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("corn is above its 50 EMA on 1h", "Bitcoin"),
        ("RSI below 30 on 1h, no wait, make it 25", "taken back"),
        ("scam wick on 15m", "twice the body"),
        ("price touches the 20 EMA on 1h and the close stays above", "line named before"),
    ],
)
def test_an_open_word_is_stated(sentence: str, said: str) -> None:
    assert any(said in note for note in translate(sentence).assumptions)


def test_english_about_returns_is_no_code() -> None:
    assert translate("its 24-candle return is at least 5 points worse than bitcoin's, on 1h").code
