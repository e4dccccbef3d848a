"""Disagreements of a program with its sentence, in words, and the question which of both is meant.

The sentence's reading is one click away where it can be written in the place of what the program says.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from llm.checks.agreement import Difference, differences_of, unmatched
from llm.checks.asked import choice, question
from llm.checks.claims import claims_of
from llm.checks.edits import Source
from llm.checks.languages import is_english
from llm.checks.opposites import opposites
from llm.checks.readings import reading_of
from llm.checks.shapes import Disagreement, Question, Unused
from llm.checks.syntax import RESULTS
from screener import FilterError, Program, compile_filter

_NEAR_BY: Final = 15
_MOST_PLACES: Final = 40


class Otherwise(NamedTuple):
    """What is said otherwise, a question about each of it that can be changed by code, conditions that are `added`, and
    words that could not be held against the program."""

    disagreements: list[Disagreement]
    questions: list[Question]
    added: Sequence[str] = ()
    unheld: Sequence[str] = ()


def otherwise(
    sentence: str,
    program: Program,
    spelled: str,
    symbols: Collection[str] | None,
    not_understood: Sequence[str],
    missing: Sequence[Unused],
    direction: str = "",
) -> Otherwise:
    """Where the sentence, as the offline translator reads it, seems to say something else than the program; not where
    words of it are `missing` in the program, which says enough. A stop and target are those of the `direction`."""
    if not spelled:
        return Otherwise([], [], unheld=[sentence.strip()])
    said = claims_of(spelled)
    left_out = " ".join(not_understood)
    reading = reading_of(sentence, program.base, symbols, direction)
    found: list[Difference] = []
    if reading is not None and reading.interval == program.base:
        found = [d for d in differences_of(reading, said) if d.words not in left_out and not _missing(missing, d)]
    told = [
        Disagreement(
            words=d.words,
            start=d.start,
            end=d.end,
            asked=_in_words(d, d.asked, program.base),
            said=_in_words(d, d.said, program.base),
        )
        for d in found
    ]
    asked = [_question(n, d, row, program) for n, (d, row) in enumerate(zip(found, told, strict=True))]
    if not told and is_english(sentence):
        told = [
            Disagreement(**row._asdict())
            for row in opposites(sentence, [*said.entry, *said.exit])
            if row.words not in left_out
        ]
    questions = [made for made in asked if made is not None]
    if reading is None or reading.interval != program.base:
        return Otherwise(told, questions, unheld=[sentence.strip()] if sentence.strip() else [])
    left, further = unmatched(reading, said)
    # Words that are told otherwise, or that the program is known to lack, were held against it.
    places = [*((row.start, row.end) for row in told), *((row.start, row.end) for row in missing)]
    left = [row for row in left if not any(start < row.end and row.start < end for start, end in places)]
    unread = [words for words in reading.unread if words not in left_out and any(map(str.isalnum, words))]
    added = []
    if reading.whole and not (left or told or missing):
        added = [f"the condition {claim.text}" for claim in further if claim not in said.exit]
    return Otherwise(told, questions, added, list(dict.fromkeys([*unread, *(row.words for row in left)])))


def meet(unused: Unused, other: Disagreement) -> bool:
    """Whether the words of both overlap."""
    return unused.start < other.end and other.start < unused.end


def _missing(missing: Sequence[Unused], other: Difference) -> bool:
    """Whether words that the program lacks are those of a difference; a stop or target has its number behind it."""
    end = other.end + (_NEAR_BY if other.kind in ("stop", "target") else 0)
    return other.kind != "joined" and any(u.start < end and other.start < u.end for u in missing)


def _in_words(difference: Difference, code: str, base: str) -> str:
    """What a piece of code says, in English."""
    if not code:
        return f"no {difference.kind}"
    ends = difference.kind in ("stop", "target", "exit")
    text = f"match = close > 0\n{difference.kind} = {code}" if ends else f"match = {code}"
    try:
        reading = str(compile_filter(text, base).reading)
    except FilterError:
        return code
    return (reading.partition(". ")[2] if ends else reading).rstrip(".")


def _question(number: int, difference: Difference, told: Disagreement, program: Program) -> Question | None:
    source = Source(program)
    place = _place(source, difference)
    if place is None or not difference.asked:
        return None
    code = source.compiling(source.changed({place: f"({difference.asked})"}))
    choices = [choice(told.said, None, True), choice(told.asked, code, False)]
    return question(
        f"otherwise:{number}", f"“{told.words}”: which is meant?", f"The filter says: {told.said}.", choices
    )


def _place(source: Source, difference: Difference) -> ast.expr | None:
    """The expression of a program that says what the difference is about; None where no single one does."""
    if difference.kind in ("stop", "target"):
        return source.expressions.get(difference.kind)
    wanted = _hash(f"match = {difference.said}", source.base)
    given = "".join(f"{line}\n" for line in _definitions(source))
    for node in list(source.walk())[:_MOST_PLACES]:
        if wanted is not None and _hash(f"{given}match = {source.said(node)}", source.base) == wanted:
            return node
    return None


def _definitions(source: Source) -> Iterator[str]:
    for name, value in source.expressions.items():
        if name not in RESULTS:
            yield f"{name} = {' '.join(source.said(value).split())}"


def _hash(code: str, base: str) -> str | None:
    try:
        return compile_filter(code, base).hash
    except FilterError:
        return None
