"""Puts the checks together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal

from llm.checks.agreement import Difference, differences_of
from llm.checks.claims import claims_of
from llm.checks.contradictions import contradictions_of
from llm.checks.facts import facts_of
from llm.checks.questions import questions_of
from llm.checks.readings import reading_of
from llm.checks.shapes import Disagreement, SentenceCheck, Unused
from llm.checks.unused import invented, unused
from screener import CannotSpell, FilterError, Program, canonical_source, compile_filter

_NEAR_BY: Final = 15


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
    otherwise = _otherwise(sentence, program, symbols, not_understood, [u for u in left_out if u.kind != "condition"])
    return SentenceCheck(
        # What is said otherwise is not left out.
        unused=[u for u in left_out if u.kind != "condition" or not any(_meet(u, other) for other in otherwise)],
        disagreements=otherwise,
        invented=invented(sentence, facts),
        questions=questions_of(_without(sentence, not_understood), program, direction=direction, evaluate=evaluate),
        contradictions=contradictions_of(program, direction),
    )


def _otherwise(
    sentence: str,
    program: Program,
    symbols: Collection[str] | None,
    not_understood: Sequence[str],
    missing: Sequence[Unused],
) -> list[Disagreement]:
    """Where the sentence, as the offline translator reads it, seems to say something else than the program; not where
    words of it are `missing` in the program, which says enough."""
    reading = reading_of(sentence, program.base, symbols)
    if reading is None or reading.interval != program.base:
        return []
    try:
        said = claims_of(canonical_source(program))
    except CannotSpell:
        return []
    left_out = " ".join(not_understood)
    found = [
        d
        for d in differences_of(reading, said)
        if d.words not in left_out and (d.kind == "joined" or not any(_meet(u, d, d.kind) for u in missing))
    ]
    return [
        Disagreement(
            words=d.words,
            start=d.start,
            end=d.end,
            asked=_in_words(d, d.asked, program),
            said=_in_words(d, d.said, program),
        )
        for d in found
    ]


def _in_words(difference: Difference, code: str, program: Program) -> str:
    """What a piece of code says, in English."""
    if not code:
        return f"no {difference.kind}"
    ends = difference.kind in ("stop", "target")
    try:
        text = compile_filter(
            f"match = close > 0\n{difference.kind} = {code}" if ends else f"match = {code}", program.base
        )
    except FilterError:
        return code
    reading = str(text.reading)
    return (reading.partition(". ")[2] if ends else reading).rstrip(".")


def _meet(unused: Unused, other: Disagreement | Difference, kind: str = "") -> bool:
    """Whether the words of both overlap; those of a stop or target have their number behind them."""
    return unused.start < other.end + (_NEAR_BY if kind in ("stop", "target") else 0) and other.start < unused.end


def _without(sentence: str, phrases: Sequence[str]) -> str:
    """The sentence without words that are left out: they answer no question."""
    for phrase in phrases:
        if phrase:
            sentence = sentence.replace(phrase, " " * len(phrase))
    return sentence
