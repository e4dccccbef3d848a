"""What follows a condition and says for how long or since when it holds: "for 3 candles", "twice in a row", "within the
last 5 candles", "no more than 5 candles ago"."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Compare, Condition, Cross, Length, Not, Recent, Trend
from llm.phrasebook.reading.lengths import read_length, whole
from llm.phrasebook.reading.reader import Reader

_ORDINALS = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "tenth": 10}


def _ordinal(r: Reader) -> int | None:
    """ "for the third candle in a row"."""
    mark = r.mark()
    for word, count in _ORDINALS.items():
        if r.word(word):
            if r.take("candle", fill=False):
                return count
            r.reset(mark)
    return None


def read_suffix(r: Reader, condition: Condition) -> Condition:
    """ "for 3 candles" (all of them), "within the last 5 candles" (any of them)."""
    mark = r.mark()
    if r.take("for"):
        length = _ordinal(r) or _of_each(r) or read_length(r)
        if length is not None and not isinstance(condition, Trend):
            r.take("row")
            # What happens on one candle cannot happen on all of them: "it crossed during the last 8 candles".
            return condition if length == 1 else Recent(condition, length, every=not isinstance(condition, Cross))
        r.reset(mark)
    token = r.token("number", fill=False) or r.token("multiple", fill=False)
    count = whole(token) if token is not None else None
    repeated = token is not None and (token.kind == "multiple" or r.take("candle", fill=False))
    if count is not None and repeated and r.take("row", fill=False):
        return Recent(condition, count, every=True)
    r.reset(mark)
    ago = _not_long_ago(r)
    if ago is not None:
        return Recent(condition, ago)
    r.reset(mark)
    if isinstance(condition, Compare) and condition.left.kind == "change":
        return condition
    each = _of_each(r) if r.word("on", "in", "for", fill=False) or not r.done else None
    if each is not None:
        return Not(Recent(condition.inner, each)) if isinstance(condition, Not) else Recent(condition, each, every=True)
    r.reset(mark)
    if r.take("last") or r.word("within", "in"):
        r.take("last", fill=False)
        length = read_length(r)
        if length is not None:
            # "Has not been above 70 in the last 10 candles": on none of them.
            return Not(Recent(condition.inner, length)) if isinstance(condition, Not) else Recent(condition, length)
    r.reset(mark)
    return condition


def _of_each(r: Reader) -> Length | None:
    """ "(on) each of the last four candles", "every one of the previous 8 candles": all of them."""
    mark = r.mark()
    if r.word("each", "every", "all", fill=False):
        r.word("one", fill=False)
        r.word("of", fill=False)
        r.word("the", "these", fill=False)
        length = read_length(r) if r.word("last", "previous", "past", "preceding", "prior", fill=False) else None
        if length is not None:
            return length
    r.reset(mark)
    return None


def _not_long_ago(r: Reader) -> int | None:
    """ "... no more than 5 candles ago", "... less than 5 candles ago": within so many candles, this one included."""
    op = r.take("compare", "<=", "<", fill=False)
    if op is None and r.word("not", "no", fill=False) and r.take("compare", ">", fill=False):
        op = "<="
    token = r.token("number", fill=False) if op is not None else None
    count = whole(token) if token is not None else None
    if count is None or not r.take("candle", fill=False) or not r.take("ago", fill=False):
        return None
    return count + 1 if op == "<=" else count
