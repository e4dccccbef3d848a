"""Puts the checks together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from llm.checks.contradictions import contradictions_of
from llm.checks.facts import facts_of
from llm.checks.otherwise import meet, otherwise
from llm.checks.questions import MAX_QUESTIONS, questions_of
from llm.checks.shapes import SentenceCheck
from llm.checks.sides import side_said
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
    """What `program` leaves out of `sentence`, says otherwise, adds to it, had to assume, and can never satisfy.

    `not_understood` are words that are said to be left out: they are not reported again. `symbols` are the market's.
    """
    facts = facts_of(program)
    left_out = unused(sentence, facts, not_understood, symbols)
    missing = [u for u in left_out if u.kind != "condition"]
    other = otherwise(sentence, program, facts.spelled, symbols, not_understood, missing, direction)
    said = _without(sentence, not_understood)
    most = max(0, MAX_QUESTIONS - len(other.questions))
    open_ones = questions_of(said, program, direction=direction, evaluate=evaluate, most=most)
    return SentenceCheck(
        # What is said otherwise is not left out.
        unused=[u for u in left_out if u.kind != "condition" or not any(meet(u, row) for row in other.disagreements)],
        disagreements=[*other.disagreements, *((side,) if (side := side_said(sentence, direction)) else ())],
        invented=[*invented(sentence, facts), *other.added],
        questions=[*other.questions, *open_ones][:MAX_QUESTIONS],
        contradictions=contradictions_of(program, direction),
        unheld=list(other.unheld),
    )


def _without(sentence: str, phrases: Sequence[str]) -> str:
    """The sentence without words that are left out: they answer no question."""
    for phrase in phrases:
        if phrase:
            sentence = sentence.replace(phrase, " " * len(phrase))
    return sentence
