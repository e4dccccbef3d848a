"""Lists of intervals behind a condition: "on 15m, 1h and 4h", "on any of 1h, 2h and 4h"; intervals that are none."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from llm.phrasebook.conditions.condition import read_condition
from llm.phrasebook.conditions.sequences import read_sequence
from llm.phrasebook.meaning.types import Condition, Group, Item, on_interval, operands
from llm.phrasebook.predicates.predicate import read_scope
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.tokens import Token

_CHARTS = frozenset("chart charts timeframe timeframes tf candle candles bar bars interval".split())
_TOO_LONG = frozenset({"monthly", "month", "quarterly", "yearly", "1m", "12m"})


def any_of_before(r: Reader, start: int) -> bool:
    """Whether "any of", "at least one of", "either" stands before an interval that begins at `start`."""
    words = [token.text for token in r.tokens[max(start - 3, 0) : r.position]]
    return "either" in words or any(pair in (("any", "of"), ("one", "of")) for pair in pairwise(words))


def gone_on(r: Reader, item: Item, label: str) -> Item:
    """ "7 green candles on the 15m, then the first red one": what comes after a condition behind which an interval
    stands is of that interval."""
    mark = r.mark()
    found = read_sequence(r, item.condition)
    if r.position == mark.position or found == item.condition:
        r.reset(mark)
        return item
    return Item(on_interval(found, label), item.start, r.tokens[r.position - 1].end)


def another_interval(r: Reader) -> tuple[str, bool] | None:
    """One more interval of the same condition, and whether "or" stands before it; None where there is none."""
    mark = r.mark()
    if r.word(",", "and", "&", "or", "as", fill=False):
        if r.tokens[mark.position].text == "," and _one_chart(r):
            return None
        either = r.tokens[r.position - 1].text == "or" or r.word("or", fill=False)
        r.word("and", fill=False)
        other = None if _begins_condition(r) else read_scope(r)
        # "on 15m, on 4h RSI above 50": this interval belongs to what follows it.
        if other is not None and (r.done or _joined_next(r) or not _begins_condition(r)):
            return other, either
    r.reset(mark)
    return None


def _one_chart(r: Reader) -> bool:
    """Whether "1h chart" stands here, the chart of the sentence and no second one of "on the 4h, 1h chart, RSI ..."."""
    mark = r.mark()
    found = r.interval(fill=False) is not None and r.word("chart", "timeframe", "candles", fill=False)
    r.reset(mark)
    return found


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


def unusable_intervals(sentence: str, r: Reader, used: list[bool]) -> list[str]:
    """What is named as an interval and is none ("the 10m chart", "on monthly candles"), of the words not used."""
    found = []
    for at, token in enumerate(r.tokens):
        if used[at] or not _is_none(token):
            continue
        before = [t.text for t in r.tokens[max(at - 2, 0) : at]]
        after = r.tokens[at + 1].text if at + 1 < len(r.tokens) else ""
        if after in _CHARTS or (before[-2:] == ["on", "the"] or before[-1:] == ["on"]):
            found.append(" ".join(sentence[token.start : token.end].split()))
    return found


def _is_none(token: Token) -> bool:
    """Whether it is a time that no interval has; months are signs (1M) or words."""
    return token.interval is None if token.kind == "span" else token.text in _TOO_LONG


def unplace(items: list[Item], bare: tuple[Condition, ...], scope: str | None, label: str) -> None:
    """ "On 1h, price above the 20 and 50 EMA on the 4h": what was just read is of its own interval `label`, all of it.

    `bare` are the last conditions of `items` as they were read; all but the last are put on `label`, the last is left
    as it was read.
    """
    told = [on_interval(condition, scope) if scope else condition for condition in bare]
    if not bare or [item.condition for item in items[-len(bare) :]] != told:
        return
    moved = [on_interval(condition, label) for condition in bare]
    if moved[-1] == bare[-1]:
        return
    for at, condition in enumerate((*moved[:-1], bare[-1])):
        items[at - len(bare)] = replace(items[at - len(bare)], condition=condition)


def parts_of(condition: Condition, depth: int) -> tuple[Condition, ...]:
    """The conditions that get a row of their own: those of an "and" that stands in no bracket."""
    return condition.items if isinstance(condition, Group) and condition.op == "and" and not depth else (condition,)


def bare_price(condition: Condition) -> bool:
    """Whether a condition speaks of the price on the base interval, which a named interval may set."""
    return any(o.kind == "price" and o.interval is None for o in operands(condition))
