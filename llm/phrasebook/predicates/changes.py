"""An operand against its own past: "has risen 3 days running", "rose at least 10 points in 5 candles", "is up from the
candle before"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Compare, Condition, Formula, Operand, Trend
from llm.phrasebook.operands.naming import price_like
from llm.phrasebook.reading.event_words import SLOTS, Window
from llm.phrasebook.reading.lengths import whole
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import BANDS
from llm.phrasebook.vocabulary.tokens import INTERVALS

_UP = ("up", "higher", "more", "above", "gained", "gains", "added", "adds")
_DOWN = ("down", "lower", "less", "below", "lost", "loses", "shed", "sheds")
_AGAINST = ("versus", "vs", "against", "than", "from", "over", "on")


def read_change(r: Reader, left: Operand) -> Condition | None:
    """What `left` did since an earlier candle, or over a few days; None for anything else."""
    if left.kind == "number" or left.kind in BANDS:
        return None
    way = _moved(r)
    if way is None:
        return None
    mark = r.mark()
    for form in (_against, _points, _days, _over):
        found = form(r, left, way)
        if found is not None:
            return found
        r.reset(mark)
    return None


def _moved(r: Reader) -> str | None:
    for way, words in (("up", _UP), ("down", _DOWN)):
        if r.take("rising" if way == "up" else "falling") or r.take("hook", way) or r.word(*words):
            return way
    return None


def _against(r: Reader, left: Operand, way: str) -> Condition | None:
    """ "... compared with the candle before", "... from 3 candles ago"."""
    if r.word("compared", "relative", fill=False):
        if not r.word("with", "to", fill=False):
            return None
    elif not r.word(*_AGAINST, fill=False):
        return None
    r.take("earlier")
    token = r.token("number")
    if token is not None:
        count = whole(token)
        found = count is not None and r.take("candle", fill=False) and r.take("ago", fill=False)
    else:
        count, found = 1, r.take("one_before")
    if count is None or not found:
        return None
    before = replace(left, shift=left.shift + count, factor=1.0)
    own = replace(left, kind="close") if left.kind == "price" else left
    return Compare(own, ">" if way == "up" else "<", replace(before, kind=own.kind))


def _points(r: Reader, left: Operand, way: str) -> Condition | None:
    """ "rose (by) at least 10 points in 3 candles"; without a time it is since the candle before."""
    r.word("by", fill=False)
    op = SLOTS["cmp"](r) or ">="
    token = r.token("number", fill=False)
    if token is None or token.value <= 0 or not r.word("points", "point", "units", fill=False):
        return None
    window = SLOTS["window"](r)
    length = window.length if isinstance(window, Window) else None
    if window is not None and length is None:
        return None
    if price_like(left):
        return None
    if length is None:
        r.note("A change in points with no time given: since the candle before.")
    first, second = ("{0}", "{0}[{n0}]") if way == "up" else ("{0}[{n0}]", "{0}")
    return Formula(
        f"{first} - {second} {op} {token.value:g}", (left,), (length or 1,), brief=f"{left.kind} {way} in points"
    )


def _days(r: Reader, left: Operand, way: str) -> Condition | None:
    """ "... three days in a row", "two hours running": candles of that interval."""
    r.take("for", fill=False)
    number = r.token("number")
    steps = whole(number) if number is not None else None
    if steps is not None:
        counted = r.take("row", fill=False) and r.take("candle", fill=False)
        if counted or (r.take("candle", fill=False) and r.take("row", fill=False)):
            return Trend(left, "up" if way == "up" else "down", steps)
        return None
    token = r.token("span")
    label = f"1{token.unit}" if token is not None else ""
    if token is None or label not in INTERVALS or left.interval not in (None, label) or not r.take("row", fill=False):
        return None
    own = replace(left, kind="close") if left.kind == "price" else left
    return Trend(replace(own, interval=label), "up" if way == "up" else "down", token.count)


def _over(r: Reader, left: Operand, way: str) -> Condition | None:
    """ "has climbed over the last 4 candles": "climbed over" is no cross there."""
    if not r.word("over", fill=False) or not r.word("the", fill=False):
        return None
    r.word("course", fill=False) and r.word("of", fill=False) and r.word("the", fill=False)
    if not r.word("last", "past", "previous", "preceding", fill=False):
        return None
    token = r.token("number", fill=False)
    count = whole(token) if token is not None else None
    if count is None or not r.take("candle", fill=False):
        return None
    r.take("row", fill=False)
    return Trend(left, "up" if way == "up" else "down", count)
