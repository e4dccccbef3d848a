"""Windows behind a condition: the candles before this one, the first time in a while, so many times, so long ago."""

from __future__ import annotations

from collections.abc import Callable

from llm.phrasebook.meaning.types import (
    Condition,
    Formula,
    Not,
    Recent,
)
from llm.phrasebook.reading.event_words import SLOTS, read_window_length
from llm.phrasebook.reading.phrase_tables import PhraseTable
from llm.phrasebook.reading.reader import Reader


def brief(condition: Condition) -> str:
    return f"{condition.brief} before" if isinstance(condition, Formula) and condition.brief else "earlier condition"


def table(*phrases: str) -> PhraseTable[bool]:
    return PhraseTable((phrase, True) for phrase in phrases)


_FIRST = table(
    "for the first time in",
    "first time in",
    "for the first time within",
    "the first time in",
    "for the first time for",
    "first in",
)


_FIRST_SINCE = table(
    "for the first time in the last",
    "for the first time over the last",
    "first time in the last",
    "for the first time in at least",
    "first time in at least",
)


_PREVIOUS = table(
    "on the previous candle",
    "on the candle before",
    "on the prior candle",
    "one candle ago",
    "on the last candle",
    "the candle before",
    "the day before",
    "a candle ago",
    "yesterday",
    "on the previous bar",
    "on the previous day",
)


def times_in(r: Reader, condition: Condition) -> Condition | None:
    """ "at least 3 times in the last 10 candles"."""
    placed = r.word("on", "in", "for", fill=False)
    op = SLOTS["cmp"](r) or ">="
    token = r.token("multiple", fill=False) or r.token("number", fill=False)
    if token is None or token.value != int(token.value):
        return None
    if token.kind == "number":
        r.word("out", fill=False)
        if not r.word("of", fill=False):
            return None
    elif not r.word("in", "within", "over", "during", "of", fill=False):
        return None
    r.word("the", fill=False)
    past = r.word("last", "past", "previous", fill=False)
    length = read_window_length(r)
    if length is None or (placed and not past):
        return None
    return Formula(
        f"count({{c0}}, {{n0}}) {op} {int(token.value)}", parts=(condition,), lengths=(length,), brief="count"
    )


def first_time(r: Reader, condition: Condition) -> Condition | None:
    if not (_FIRST_SINCE.read(r, fill=False) or _FIRST.read(r, fill=False)):
        return None
    r.word("the", "over", "at", fill=False)
    r.word("last", "past", "least", "previous", fill=False)
    length = read_window_length(r)
    if length is None:
        return None
    return Formula("{c0} and not within({c0}, {n0})[1]", parts=(condition,), lengths=(length,), brief="first time")


WINDOW_WORDS = frozenset({"in", "within", "over", "during", "for", "throughout", "at", "across"})
_STAYED = frozenset({"been", "stayed", "remained", "held", "kept", "always", "stays", "remains", "consistently"})


def read_window_first(r: Reader, nested: Callable[[Reader], Condition | None]) -> Condition | None:
    """ "In the last 4 hours RSI was below 30", "for the last 10 candles ADX has been above 25"."""
    mark = r.mark()
    if r.word("at", fill=False):
        r.word("some", "any", "one", fill=False)
        r.word("point", "time", "stage", fill=False)
    every = r.word("for", "throughout", fill=False)
    if not every and not r.word("in", "within", "over", "during", "on", "across", fill=False):
        r.reset(mark)
        return None
    r.word("all", "any", "each", fill=False)
    r.word("of", fill=False)
    r.word("the", "at", fill=False)
    if not r.word("last", "past", "previous", "preceding", "prior", fill=False):
        r.reset(mark)
        return None
    length = read_window_length(r)
    r.word(",", fill=False)
    start = r.position
    found = nested(r) if length is not None else None
    if found is None or length is None:
        r.reset(mark)
        return None
    said = {token.text for token in r.tokens[start : r.position]}
    return Recent(found, length, every=every or bool(said & _STAYED) or isinstance(found, Not))


def window_before(r: Reader, condition: Condition) -> Condition | None:
    """ "... in the 20 candles before": this candle is left out."""
    every = r.word("for", "throughout", fill=False)
    if not every and not r.word("in", "within", "during", "on", "at", fill=False):
        return None
    r.word("any", "some", "one", "all", fill=False)
    r.word("point", "time", fill=False)
    r.word("of", "in", fill=False)
    r.word("the", fill=False)
    previous = r.word("preceding", "previous", "prior", fill=False)
    if not previous and r.word("last", "past", fill=False):
        return None
    length = read_window_length(r)
    if length is None:
        return None
    if not previous and not r.word("before", "prior", "preceding", "earlier", "previously", "beforehand", fill=False):
        return None
    r.word("that", "this", "it", "to", fill=False)
    r.word("that", "this", "it", "one", fill=False)
    function = "always" if every else "within"
    return Formula(f"{function}({{c0}}, {{n0}})[1]", parts=(condition,), lengths=(length,), brief=brief(condition))


def ago(r: Reader, condition: Condition) -> Condition | None:
    """ "... 3 candles ago", "... on the previous candle"."""
    if _PREVIOUS.read(r, fill=False):
        return Formula("({c0})[1]", parts=(condition,), brief=brief(condition))
    token = r.token("number", fill=False)
    if token is None or token.value != int(token.value) or not 0 < token.value <= 1_000:
        return None
    if not r.take("candle", fill=False) or not r.word("ago", "earlier", "before", "back", fill=False):
        return None
    return Formula(f"({{c0}})[{int(token.value)}]", parts=(condition,), brief=brief(condition))
