"""Indicators, their names, settings and predicates: each sentence becomes the program that is expected."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from llm.phrasebook.conditions.condition import read_condition
from llm.phrasebook.meaning.code import condition_code
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import FAMILIES, OUTPUTS, PHRASES
from llm.phrasebook.vocabulary.tokens import tokenise
from screener import compile_filter
from tests.unit.llm.phrasebook import indicator_sentences, plain_sentences, predicate_sentences

SYMBOLS = ("BTCUSDT", "ETHUSDT")


def rows(text: str) -> list[tuple[str, str]]:
    """Sentence and expression of each row; an indented line goes on."""
    joined = text.replace("\n    ", " ").strip().splitlines()
    return [
        (sentence.strip(), expression.strip()) for sentence, _, expression in (row.partition("=>") for row in joined)
    ]


CASES = rows(indicator_sentences.SENTENCES) + rows(predicate_sentences.SENTENCES) + rows(plain_sentences.SENTENCES)


@pytest.mark.parametrize(("sentence", "expression"), CASES, ids=[sentence for sentence, _ in CASES])
def test_a_sentence_about_indicators_becomes_its_program(sentence: str, expression: str) -> None:
    made = translate(sentence, None, SYMBOLS)
    assert made.not_understood == ()
    expected = compile_filter(f"match = {expression}", made.interval)
    assert compile_filter(made.code, made.interval).hash == expected.hash, made.code


def _call(kind: str) -> str:
    output = OUTPUTS[kind]
    family = FAMILIES[output.family]
    arguments = (["close"] if family.source else []) + [f"{value:g}" for value in family.usual]
    return output.code.format(f=f"ta.{family.call}({', '.join(arguments)})", ta="ta.", p="")


def _names() -> list[tuple[str, str]]:
    """Every name of the vocabulary that means one line, and that line."""
    found = []
    for category, value, names in PHRASES:
        kind = FAMILIES[value].default if category == "family" else value
        if category in ("family", "indicator", "average") and kind in OUTPUTS:
            found += [(name, str(kind)) for name in names]
    return found


@pytest.mark.parametrize(("name", "kind"), _names(), ids=[f"{name}-{kind}" for name, kind in _names()])
def test_every_name_of_every_indicator_is_read(name: str, kind: str) -> None:
    for sentence, expression in (
        (f"the {name} is above 12.5", f"{_call(kind)} > 12.5"),
        (f"{name} crosses below 7", f"crossunder({_call(kind)}, 7)"),
    ):
        reader = Reader(tokenise(sentence))
        found = read_condition(reader, None)
        assert found is not None, sentence
        assert reader.done, sentence
        expected = compile_filter(f"match = {expression}", "1h")
        assert compile_filter(f"match = {condition_code(found[0], '1h')}", "1h").hash == expected.hash, sentence


@pytest.mark.parametrize("kind", sorted(OUTPUTS))
def test_every_output_is_called_by_its_own_noun(kind: str) -> None:
    """The English of a condition is read back: the noun with its settings means the same line."""
    family = FAMILIES[OUTPUTS[kind].family]
    numbers = ", ".join(f"{value:g}" for value in family.usual)
    made = translate(f"The 1h {OUTPUTS[kind].noun}{f'({numbers})' if numbers else ''} is above 12.5")
    assert made.not_understood == ()
    expected = compile_filter(f"match = {_call(kind)} > 12.5", "1h")
    assert compile_filter(made.code, made.interval).hash == expected.hash, made.code


def test_usual_settings_are_stated_and_given_ones_are_not() -> None:
    assert any(
        "Supertrend has no settings given: 10, 3." in note for note in translate("supertrend is green").assumptions
    )
    assert not any("settings" in note for note in translate("supertrend(7, 2) is green on 1h").assumptions)


def test_settings_once_given_hold_for_the_rest_of_the_sentence() -> None:
    made = translate("price is above the 14-period KAMA and the KAMA is rising on 1h")
    assert made.code.count("ta.kama(close, 14)") == 2
    assert not any("KAMA" in note for note in made.assumptions)


@pytest.mark.parametrize(
    "sentence",
    [
        "RSI above the 200 EMA on 1h",
        "price above 5% on 1h",
        "Aroon above 50 on 1h",
        "the Ichimoku is above 3 on 1h",
        "Bollinger bands above 3 on 1h",
        "volume above the RSI on 1h",
    ],
)
def test_what_makes_no_sense_is_left_over_and_not_guessed(sentence: str) -> None:
    made = translate(sentence)
    assert made.code == "", made.code
    assert made.not_understood
