"""What is said of the candle before: "and the candle before it closed above", "on the previous bar it was below 50"."""

from __future__ import annotations

from collections.abc import Callable

from llm.phrasebook.meaning.types import Condition, Formula, Operand
from llm.phrasebook.reading.reader import Reader

_NEWEST = frozenset({"last", "its"})
_NEXT = frozenset("and but while with or when then".split())
_OWNED = ("'s", "high", "low", "value")

Form = Callable[[Reader, Operand | None], tuple[Condition, Operand | None] | None]


def read_candle_before(
    r: Reader, carried: Operand | None, elliptic: Form, described: Form
) -> tuple[Condition, Operand | None] | None:
    """A condition that holds on the candle before, whose both sides are of that candle; "the last candle" is this one.

    `elliptic` reads a predicate of what was named before, `described` one with its own subject.
    """
    placed = r.word("on", "at", fill=False)
    start = r.position
    if r.take("one_before", fill=False) is None and not (
        r.word("the", fill=False) and r.take("one_before", fill=False) is not None
    ):
        return None
    said = [token.text for token in r.tokens[start : r.position]]
    if said[-1].endswith(_OWNED) or _NEWEST & set(said) or said == ["before"]:
        return None
    colour = _colour(r)
    if colour is not None:
        return colour, None
    r.word("it", "that", "this", fill=False)
    r.word("still", "was", fill=False) if not placed else r.word(",", fill=False)
    again = r.mark()
    for form, subjects in ((elliptic, (carried, Operand("price"))), (described, (carried,))):
        for subject in subjects:
            r.reset(again)
            found = form(r, subject) if subject is not None or form is described else None
            if found is not None and not _shifted(found[0]):
                return Formula("({c0})[1]", parts=(found[0],), brief="candle before"), found[1]
    return None


_COLOURS = {
    "green": ">",
    "red": "<",
    "bullish": ">",
    "bearish": "<",
    "white": ">",
    "black": "<",
    "up": ">",
    "down": "<",
}


def _colour(r: Reader) -> Condition | None:
    """ "was red", "closed down"."""
    mark = r.mark()
    r.word("it", "being", fill=False)
    if r.word("was", "is", "closed", "closes", "had", "has", "being", "finished", fill=False):
        r.word("closed", "been", "also", "still", "a", fill=False)
        for word, sign in _COLOURS.items():
            if r.word(word, fill=False):
                r.word("candle", "bar", "one", fill=False)
                if r.done or r.tokens[r.position].kind == "sign" or r.tokens[r.position].text in _NEXT:
                    name = "green" if sign == ">" else "red"
                    return Formula(f"({{p}}close {sign} {{p}}open)[1]", brief=f"{name} candle before")
    r.reset(mark)
    return None


def _shifted(condition: Condition) -> bool:
    """Whether it looks back itself, so that one more candle may not be what is meant."""
    return isinstance(condition, Formula) and "[1]" in condition.template
