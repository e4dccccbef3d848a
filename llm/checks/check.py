"""Puts the checks together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from llm.checks.contradictions import contradictions_of
from llm.checks.facts import facts_of
from llm.checks.questions import questions_of
from llm.checks.shapes import SentenceCheck
from llm.checks.unused import invented, unused
from screener import Program


def check_sentence(
    sentence: str,
    program: Program,
    *,
    direction: str,
    evaluate: Literal["close", "minute"] = "close",
    conditions: Sequence[str] = (),
    not_understood: Sequence[str] = (),
    symbols: Collection[str] | None = None,
) -> SentenceCheck:
    """What `program` leaves out of `sentence`, adds to it, had to assume, and can never satisfy.

    `not_understood` are words that are said to be left out: they are not reported again. `symbols` are the market's.
    """
    facts = facts_of(program)
    return SentenceCheck(
        unused=unused(sentence, facts, not_understood, symbols),
        invented=invented(sentence, facts),
        questions=questions_of(_without(sentence, not_understood), program, direction=direction, evaluate=evaluate),
        contradictions=contradictions_of(program),
    )


def _without(sentence: str, phrases: Sequence[str]) -> str:
    """The sentence without words that are left out: they answer no question."""
    for phrase in phrases:
        if phrase:
            sentence = sentence.replace(phrase, " " * len(phrase))
    return sentence
