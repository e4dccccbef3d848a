"""What is said of both sides that were compared last, or of both lines of an indicator."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Condition, Group, Operand
from llm.phrasebook.operands.naming import family_of
from llm.phrasebook.operands.operand import read_operand
from llm.phrasebook.predicates.bands import sides_of
from llm.phrasebook.predicates.predicate import read_predicate
from llm.phrasebook.reading.reader import Reader


def read_both(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """ "both are under 20", "they are both rising": the two sides last compared."""
    pair = _both_lines(r) or _both_sides(r)
    if not pair:
        return None
    r.word("of", "them", "lines", "averages", fill=False)
    start = r.mark()
    found = []
    for side in pair:
        r.reset(start)
        one = read_predicate(r, side)
        if one is None:
            return None
        found.append(one)
    return Group("and", tuple(found)), pair[0]


def _both_sides(r: Reader) -> list[Operand]:
    pair = [side for side in r.pair if isinstance(side, Operand)]
    named = len(pair) == 2 and (r.word("both", fill=False) or (r.word("they", fill=False) and r.word("both")))
    return pair if named else []


def _both_lines(r: Reader) -> list[Operand]:
    """ "both stochastic lines": the two sides of an indicator."""
    mark = r.mark()
    if r.word("both", fill=False):
        whole_one = read_operand(r)
        sides = sides_of(whole_one) if whole_one is not None and family_of(whole_one) else None
        if sides is not None and sides[1].kind != "number" and r.word("lines", "averages"):
            return list(sides)
    r.reset(mark)
    return []
