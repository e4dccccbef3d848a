"""One thing after another: "A, then B", "B after A", "for the first time in 20 candles", "3 candles ago".

1. "A, then B within 5 candles" is B now and A within the 5 candles before. With no number it is the candle before
   where A
   is about a candle or a state, and one of the 10 before where A is an event; both are said.
2. "For the first time in n candles" leaves out what was true in one of the n candles before.
3. "None of the last 5 candles ...", "each of the last 5", "3 of the last 5" count a condition over a window.
"""

from __future__ import annotations

import re
from dataclasses import replace

from llm.phrasebook.conditions.repeats import comes_back
from llm.phrasebook.conditions.sequence_words import AFTER, NEXT, THEN
from llm.phrasebook.conditions.windows import ago, brief, first_time, times_in, window_before
from llm.phrasebook.meaning.types import (
    Compare,
    Condition,
    Cross,
    Duration,
    Formula,
    Group,
    Length,
    Not,
    Pattern,
    Recent,
    Trend,
    on_interval,
    operands,
    placeless,
)
from llm.phrasebook.reading.event_words import LISTS, SLOTS, nested_condition, read_window_length, reading_nested
from llm.phrasebook.reading.lengths import read_length
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

LOOK_BACK = 10


def _timeless(condition: Condition) -> bool:
    """Whether it speaks of the clock alone, so that nothing can follow it."""
    return not any(True for _ in placeless(condition)) and not any(True for _ in operands(condition))


def _earlier(r: Reader, first: Condition, length: Length | None, shift: int = 1) -> Condition:
    """`first` before this candle: within `length` candles, or by what it is about."""
    if length is None and not _event(first):
        r.note("“Then”, “after” with no number became: on the candle before.")
        return Formula(f"({{c0}})[{shift}]", parts=(first,), brief=brief(first))
    if length is None:
        length = LOOK_BACK
        r.note(f"“Then”, “after” with no number became: within the {LOOK_BACK} candles before.")
    before = f"[{shift}]" if shift else ""
    return Formula(f"within({{c0}}, {{n0}}){before}", parts=(first,), lengths=(length,), brief=brief(first))


def _event(condition: Condition) -> bool:
    """Whether it is a thing of one candle that others may follow later: a cross, a break, a squeeze's end."""
    match condition:
        case Cross():
            return True
        case Compare(right=right):
            return right.shift > 0 or "[1]" in right.template or right.kind.startswith(("highest", "lowest"))
        case Formula(template=template):
            return any(word in template for word in ("squeeze", "divergence", "crossover", "crossunder", "[1] and not"))
        case Group(items=items):
            return any(_event(item) for item in items)
        case Recent() | Not() | Pattern():
            return False
        case _:
            return False


def _length_of(condition: Condition) -> int:
    """How many candles a streak is long, so that what came before it ended before that many."""
    found = _STREAK.match(condition.template) if isinstance(condition, Formula) else None
    return int(found.group(1)) if found is not None else 1


_STREAK = re.compile(r"always\(.*, (\d+)\)$")


def _together(first: Condition, second: Condition) -> Condition:
    return Group("and", (first, second))


def read_sequence(r: Reader, condition: Condition) -> Condition:
    """What follows a condition and changes when it has to hold; the condition itself where nothing does."""
    if reading_nested():
        return condition
    for form in (_stayed, times_in, first_time, ago, _after, _then):
        mark = r.mark()
        found = form(r, condition)
        if found is not None:
            return found
        r.reset(mark)
    return condition


def read_window_before(r: Reader, condition: Condition) -> Condition | None:
    """ "... in the 20 candles before", "within 5 candles of ...": windows that begin like a plain one; None without
    one."""
    for form in (window_before, first_time, _after):
        mark = r.mark()
        found = form(r, condition)
        if found is not None:
            return found
        r.reset(mark)
    return None


def _stayed(r: Reader, condition: Condition) -> Condition | None:
    """ "crossed above ... and has stayed above": the sides are still that way round."""
    cross = condition.inner if isinstance(condition, Recent) else condition
    if not isinstance(cross, Cross) or cross.way == "any":
        return None
    r.word(",", fill=False)
    if not r.word("and", "but", fill=False):
        return None
    r.word("has", "have", "is", "it", "they", "still", "since", fill=True)
    r.word("been", "still", fill=False)
    if not r.word(
        "stayed",
        "held",
        "remained",
        "remains",
        "stays",
        "holds",
        "kept",
        "still",
        "stay",
        "sits",
        "been",
        "is",
        fill=True,
    ):
        return None
    said = r.word("above", "over", "there", "so", "below", "under", "it", "beyond", fill=False)
    r.word("since", "it", "ever", "then", "there", fill=False)
    held = Compare(cross.left, ">" if cross.way == "up" else "<", cross.right)
    length = _for(r) if said else None
    if length is not None:
        # It crossed before the first of these candles.
        return Recent(held, length, every=True)
    if not said or (
        not r.done
        and r.tokens[r.position].kind not in ("sign",)
        and r.tokens[r.position].text not in ("and", "but", "since", "while", "on", "with")
    ):
        return None
    return _together(condition, held)


def _for(r: Reader) -> Length | None:
    """ "for 5 candles in a row", "for at least 3 candles"."""
    mark = r.mark()
    length = read_length(r) if r.take("for", fill=False) else None
    if length is None:
        r.reset(mark)
        return None
    r.take("row", fill=False)
    return length


def _after(r: Reader, condition: Condition) -> Condition | None:
    """ "B after A", "B within 5 candles of A"."""
    length: Length | None = None
    r.word(",", fill=False)
    near = r.mark()
    if r.word("within", "in", fill=False):
        r.word("the", fill=False)
        r.word("first", "next", fill=False)
        length = read_window_length(r)
        if length is None or not r.word("of", "after", "following", "from", fill=False):
            r.reset(near)
            length = None
            return None
    elif (token := r.token("number", fill=False)) is not None:
        if (
            not r.take("candle", fill=False)
            or not r.word("after", "following", fill=False)
            or token.value != int(token.value)
        ):
            return None
        found = nested_condition(r)
        if found is None or not 0 < token.value <= 1_000:
            return None
        return _together(Formula(f"({{c0}})[{int(token.value)}]", parts=(found,), brief=brief(found)), condition)
    elif not AFTER.read(r, fill=False):
        return None
    first = nested_condition(r)
    if first is None or _timeless(first):
        return None
    length = length or _within(r)
    return _together(_earlier(r, first, length, _length_of(condition)), condition)


def _then(r: Reader, condition: Condition) -> Condition | None:
    """ "A, then B within 5 candles"."""
    r.word(",", ";", ".", fill=False)
    if not THEN.read(r, fill=False):
        return None
    length: Length | None = None
    shift = 1
    r.word(",", fill=False)
    next_one = NEXT.read(r, fill=False)
    lag = None if next_one else _lag(r)
    if lag is not None:
        length, shift = lag
    elif r.word("within", "in", fill=False):
        early = r.mark()
        r.word("the", fill=False)
        r.word("next", "following", fill=False)
        length = read_window_length(r)
        if length is None:
            r.reset(early)
    r.word("the", "a", fill=False) and r.word("first", fill=False)
    r.topic = next(operands(condition), None)
    candle = isinstance(condition, Pattern | Formula) and not any(True for _ in operands(condition))
    r.after, r.after_candle = True, candle and not _event(condition)
    second = nested_condition(r)
    r.topic, r.after, r.after_candle = None, False, False
    if second is None or _timeless(condition):
        return None
    if length is None and comes_back(condition, second):
        return second
    length = length or _within(r)
    if next_one and length is None:
        return _together(Formula("({c0})[1]", parts=(condition,), brief=brief(condition)), second)
    if isinstance(second, Recent) and not second.every and length is None:
        # "A, then B within 5 candles": the window is the time from A to B.
        window = second
        second, length = window.inner, window.length
    return _together(_earlier(r, condition, length, shift * _length_of(second)), second)


def _lag(r: Reader) -> tuple[Length, int] | None:
    """ "at most 6 candles later", "the same one or max 5 candles after": how long, and 0 where this candle counts."""
    mark = r.mark()
    same = r.word("the", "that", fill=False) and r.word("same", "last", fill=False)
    same = same and r.word("one", "candle", "bar", fill=False) and r.word("or", fill=False)
    SLOTS["cmp"](r) or r.word("within", "in", "max", "maximum", fill=False)
    r.word("the", fill=False)
    r.word("next", "following", fill=False)
    length = read_window_length(r)
    if length is None or not r.word("later", "after", "afterwards", "thereafter", fill=False):
        r.reset(mark)
        return None
    r.word("that", "it", fill=False)
    r.word(",", fill=False)
    return (length + 1 if same and isinstance(length, int) else length), 0 if same else 1


def _within(r: Reader) -> Length | None:
    mark = r.mark()
    if r.word("within", "in", fill=False):
        r.word("the", fill=False)
        r.word("next", "following", "space", fill=False)
        r.word("of", fill=False)
        length = read_window_length(r)
        if length is not None:
            return length
    r.reset(mark)
    return None


# Forms that begin with the window.


def _leading() -> Grammar[Condition]:
    lists = LISTS | {
        "in": "in; of; over; within; during; for; among; out of; throughout",
        "past": "last; past; previous; prior; preceding; most recent",
        "every": "every; each; all; every single",
    }
    g: Grammar[Condition] = Grammar(lists, SLOTS | {"hits": SLOTS["count"]}, on_interval)

    def part(m: Found) -> tuple[Condition, Length] | None:
        inner, length = m.values.get("condition"), m.values.get("length")
        if inner is None or not isinstance(length, int | Duration):
            return None
        return inner, length  # type: ignore[return-value]

    def none(m: Found) -> Condition | None:
        found = part(m)
        return (
            None
            if found is None
            else Formula("not within({c0}, {n0})", parts=(found[0],), lengths=(found[1],), brief="none of the last")
        )

    def every(m: Found) -> Condition | None:
        found = part(m)
        if found is None:
            return None
        inner, length = found
        if isinstance(inner, Trend) and inner.steps > 1 and not re.search(rf"\b{inner.steps}\b", m.text):
            inner = replace(inner, steps=1)  # "The last 3 days each had a higher low": one step a day.
        return Recent(inner, length, every=True)

    def some(m: Found) -> Condition | None:
        found, hits = part(m), m.values.get("hits")
        if found is None or not isinstance(hits, int):
            return None
        op = m.word("cmp", ">=")
        return Formula(f"count({{c0}}, {{n0}}) {op} {hits}", parts=(found[0],), lengths=(found[1],), brief="count")

    def any_of(m: Found) -> Condition | None:
        found = part(m)
        return None if found is None else Recent(found[0], found[1])

    def after(m: Found) -> Condition | None:
        inner = m.values.get("condition")
        length = m.values.get("length")
        if inner is None or _timeless(inner):  # type: ignore[arg-type]
            return None
        return _earlier(m.reader, inner, length if isinstance(length, int | Duration) else None)  # type: ignore[arg-type]

    def ago(m: Found) -> Condition | None:
        inner, count = m.values.get("condition"), m.values.get("count")
        if inner is None or not isinstance(count, int):
            return None
        return Formula(f"({{c0}})[{count}]", parts=(inner,), brief="earlier")  # type: ignore[arg-type]

    def before(m: Found) -> Condition | None:
        inner = m.values.get("condition")
        if not isinstance(inner, Pattern | Formula) or _timeless(inner):
            return None
        return Formula("({c0})[1]", parts=(inner,), brief="the candle before")

    g.add(
        none,
        "no <candle> <in> the? <past> {length} [has / have / was / that]? {condition}",
        "none of the? <past> {length} [has / have / was]? {condition}",
        "[<in> ]? the? <past> {length} ,? [none / no candle / not one] [of them / of these]? [has / have]? {condition}",
    )
    g.add(
        every,
        "<every> <candle>? <in> the? <past> {length} [has / have / was / were]? {condition}",
        "[<in>]? the? <past> {length} ,? [all / each / every one / every single one / all of them / each of them] "
        "[of them]? [has / have / were / are / with / had]? {condition}",
    )
    g.add(some, "{cmp}? {hits} [out]? of the? <past> {length} [has / have / were / are]? {condition}")
    g.add(any_of, "[any / one / at least one] [candle]? <in> the? <past> {length} [has / have / was]? {condition}")
    g.add(ago, "{count} <candle> ago ,? {condition}")
    g.add(
        before,
        "the? last|previous|prior|preceding <candle> was a|an? {condition}",
        "the? previous|prior|preceding <candle> is|being a|an? {condition}",
    )
    g.add(
        after,
        "within {length} [of / after / following] {condition} ,",
        "[after / following / right after] {condition} [within {length}]? ,",
        "[after / following] {condition} ,",
    )
    return g


_LEADING = _leading()


def read_leading_window(r: Reader) -> Condition | None:
    """ "none of the last 5 candles closed under VWAP", "after a squeeze, ..."."""
    found = _LEADING.read(r)
    return None if found is None else read_sequence(r, found)
