"""Lists of intervals behind a condition: "on 15m, 1h and 4h", "on any of 1h, 2h and 4h"."""

from __future__ import annotations

from itertools import pairwise

from llm.phrasebook.conditions import read_condition
from llm.phrasebook.predicates import read_scope
from llm.phrasebook.reader import Reader


def any_of_before(r: Reader, start: int) -> bool:
    """Whether "any of", "at least one of", "either" stands before an interval that begins at `start`."""
    words = [token.text for token in r.tokens[max(start - 3, 0) : r.position]]
    return "either" in words or any(pair in (("any", "of"), ("one", "of")) for pair in pairwise(words))


def another_interval(r: Reader) -> tuple[str, bool] | None:
    """One more interval of the same condition, and whether "or" stands before it; None where there is none."""
    mark = r.mark()
    if r.word(",", "and", "&", "or", fill=False):
        either = r.tokens[r.position - 1].text == "or" or r.word("or", fill=False)
        r.word("and", fill=False)
        other = None if _begins_condition(r) else read_scope(r)
        # "on 15m, on 4h RSI above 50": this interval belongs to what follows it.
        if other is not None and (r.done or _joined_next(r) or not _begins_condition(r)):
            return other, either
    r.reset(mark)
    return None


def _joined_next(r: Reader) -> bool:
    """Whether a connector stands here, so that a condition further on is one of its own."""
    mark = r.mark()
    found = any(r.take(name, fill=False) for name in ("while", "or", "and", "pause", "unless"))
    r.reset(mark)
    return found


def _begins_condition(r: Reader) -> bool:
    mark = r.mark()
    found = read_condition(r, None) is not None
    r.reset(mark)
    return found
