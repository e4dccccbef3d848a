"""A sentence and a program side by side, and the making of questions about them."""

from __future__ import annotations

from collections.abc import Sequence

from llm.checks.edits import Changes, Source
from llm.checks.shapes import Choice, Question
from llm.phrasebook.vocabulary.tokens import INTERVALS, normalise, tokenise
from screener import Program


class Asked:
    """The sentence's `text`, `spans` (ms) and `numbers`, and the program's `source`."""

    def __init__(self, sentence: str, program: Program) -> None:
        self.text = normalise(sentence)
        self.source = Source(program)
        self.program = program
        tokens = tokenise(sentence)
        self.spans = {token.value for token in tokens if token.kind == "span"}
        self.numbers = {abs(t.value) for t in tokens if t.kind in ("number", "percent", "multiple")}
        # "50-day average" has a length, "5m" an interval.
        self.numbers |= {float(t.count) for t in tokens if t.kind == "span" and t.value not in INTERVALS.values()}

    def code(self, changes: Changes) -> str | None:
        """The program with these changes; None where it does not compile, or is the same."""
        return self.source.compiling(self.source.changed(changes))


def choice(label: str, code: str | None, taken: bool) -> Choice | None:
    """A choice; None where its code does not compile, or is the same as now."""
    if taken:
        return Choice(label=label, taken=True)
    return None if code is None else Choice(label=label, filter_code=code)


def question(key: str, text: str, assumption: str, choices: Sequence[Choice | None]) -> Question | None:
    """A question with what remains of its choices; None with less than two, or none that is as it is now."""
    kept = [made for made in choices if made is not None]
    if len(kept) < 2 or not any(made.taken for made in kept):
        return None
    return Question(id=key, text=text, assumption=assumption, choices=kept)
