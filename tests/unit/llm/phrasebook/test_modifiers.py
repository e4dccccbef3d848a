"""No adjective or adverb beside a condition is lost without a word: it changes the filter, or it is told."""

from __future__ import annotations

import pytest

from llm.phrasebook import Translation, translate
from screener import compile_filter

MODIFIERS = """
second third fresh sharply again twice early late new big small quickly suddenly barely hardly almost nearly roughly
recently often sometimes usually rarely mostly partly fully clearly cleanly decisively comfortably firmly significantly
slightly steeply gradually briefly repeatedly major key entire half different previous tall narrow failed false double
triple several few most hard deeply well much extremely very before later tomorrow overnight slower untested naked
""".split()
PLACES = [
    "RSI crosses {} above 30 on 1h",
    "MACD crosses above its signal {}, 1h",
    "price is {} above the 200 ema on 1h",
    "RSI is {} rising on 1h",
    "a {} hammer on 1h",
]


def told(made: Translation, plain: Translation, word: str) -> bool:
    """Whether a word is among what was not understood, or among what is assumed beyond the plain sentence's."""
    notes = [note for note in made.assumptions if note not in plain.assumptions]
    return any(word in text.lower() for text in (*made.not_understood, *notes))


@pytest.mark.parametrize("at", range(len(PLACES)))
def test_a_modifier_is_used_or_told(at: int) -> None:
    plain = translate(PLACES[at].replace(" {}", ""))
    lost = []
    for word in MODIFIERS[at :: len(PLACES)]:  # Each in one of the places, which its own place in the list chooses.
        made = translate(PLACES[at].format(word))
        if made.code == plain.code and not told(made, plain, word):
            lost.append(word)
    assert lost == []


def test_only_before_a_number_is_a_limit_or_is_told() -> None:
    made = translate("only 3 of the last 10 candles closed red on 1h")
    assert compile_filter(made.code, "1h").hash == compile_filter("match = count(close < open, 10) <= 3\n", "1h").hash
    assert "“Only 2%” was read as no upper limit." in translate("price up only 2% in 4 hours, 1h").assumptions


def test_all_but_one_is_no_single_one() -> None:
    made = translate("all but one of the last 5 candles green on 1h")
    assert compile_filter(made.code, "1h").hash == compile_filter("match = count(close > open, 5) >= 4\n", "1h").hash


@pytest.mark.parametrize("sentence", ["the market is down 5% in 24h, 1h", "volume higher than yesterday on 1h"])
def test_what_a_word_was_taken_to_mean_is_said(sentence: str) -> None:
    assert any(note.startswith(("“Market”", "“Than yesterday”")) for note in translate(sentence).assumptions)


@pytest.mark.parametrize(("colour", "sign"), [("green", ">"), ("red", "<")])
def test_the_colour_of_a_pattern_that_has_none_is_asked_for(colour: str, sign: str) -> None:
    made = translate(f"a {colour} hammer on 1h")
    meant = f"match = cdl.hammer() and close {sign} open\n"
    assert compile_filter(made.code, "1h").hash == compile_filter(meant, "1h").hash


def test_a_degree_in_a_long_sentence_is_no_talk() -> None:
    made = translate(
        "so my plan for the week is simple and honestly I think it is good enough for me: RSI below 30 on 1h sharply, "
        "and price above the 200 ema"
    )
    assert "sharply" in made.not_understood
