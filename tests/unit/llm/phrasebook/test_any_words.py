"""Any words in any order: nothing but the operations' own errors comes of them, in a bounded number of steps."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llm.generation import (
    GenerationFailed,
    filter_from_sentence,
    generate_metadata,
    generate_strategy,
    regenerate_filter,
)
from llm.phrasebook import PhrasebookModel, edited
from llm.phrasebook.reading import phrase_tables
from llm.phrasebook.reading.reader import MAX_EFFORT
from llm.phrasebook.rework import MAX_OF_ALL, MAX_OF_ONE, rewritten
from llm.phrasebook.sentences.sentence import Sentence
from llm.phrasebook.sentences.whole import TANGLED, read_sentence
from llm.phrasebook.vocabulary import lexicon

OFFLINE = PhrasebookModel()
BEFORE = "dip = ta.rsi(close, 14) < 30\nmatch = dip\nexit = trade.bars >= 20\nstop = close * 0.98\n"
NUMBERS = "0 1 2 14 30 70 200 -1 0.5 2% -3% 500% 2x 10k 1m 15m 10m 1h 4h 1d 1M 1e300 1:2 2R".split()
SIGNS = [*",;.:-()[]/!?<>=+*&|'\"%", "<=", "\n", "•"]
JOINS = "and or not unless while exit stop target hold within for of is btc either any above below".split()
# Where the bound is reached, the steps that are then refused are counted as well.
STEPS = 1.05 * MAX_EFFORT
WORDS = sorted(lexicon.known_words() | phrase_tables.known_words())
SENTENCES = st.lists(
    st.one_of(*map(st.sampled_from, (WORDS, WORDS, WORDS, NUMBERS, JOINS, SIGNS))), min_size=2, max_size=15
).map(" ".join)


async def _every_operation(sentence: str) -> None:
    condition = sentence[:400]
    for operation in (
        generate_metadata(OFFLINE, sentence),
        generate_strategy(OFFLINE, sentence),
        filter_from_sentence(OFFLINE, sentence, direction="short"),
        filter_from_sentence(OFFLINE, "RSI below 30, stop 2%", conditions=[condition]),
        regenerate_filter(OFFLINE, [condition, "RSI below 30"], interval="15m", previous=BEFORE),
        regenerate_filter(OFFLINE, [condition], interval="1h", direction="short", previous=sentence),
    ):
        try:
            await operation
        except GenerationFailed as failed:
            assert failed.reason


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(SENTENCES)
@example("overbought green buy target bollinger")
@example("the close retakes bollinger of closes")
@example("initial stop bands inside keltner bands")
def test_any_words_give_an_answer_or_a_reason(sentence: str) -> None:
    asyncio.run(_every_operation(sentence))
    assert read_sentence(sentence).effort <= STEPS


REPEATED = ["(", "[", "((rsi below 30) and ", "at least 2 of "]


@pytest.mark.parametrize("piece", REPEATED)
def test_a_tangled_sentence_is_read_in_a_bounded_number_of_steps(piece: str) -> None:
    read = read_sentence((piece * 4_000)[:4_000])
    assert read.effort <= STEPS
    assert read.left_over


def test_what_is_too_tangled_is_said_to_be() -> None:
    read = read_sentence("RSI below 30 and " + "(" * 300)
    assert len(read.entry.items) == 1
    assert any(TANGLED in note for note in read.notes)
    assert any("((((" in words for words in read.left_over)


def test_the_conditions_of_an_edit_share_a_bounded_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []

    def counting(*asked: Any) -> Sentence:
        read = read_sentence(*asked)
        steps.append(read.effort)
        return read

    monkeypatch.setattr(edited, "read_sentence", counting)
    conditions = ["RSI below 30", *("(" * (399 - at) for at in range(29))]
    made = rewritten(conditions, "", "15m")
    assert max(steps) <= 1.05 * MAX_OF_ONE
    assert sum(steps) <= MAX_OF_ALL + MAX_OF_ONE
    assert made.code
    assert len(made.problems) == 29
    assert any("too tangled" in problem for problem in made.problems)
