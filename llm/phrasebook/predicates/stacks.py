"""Averages in order: "9 EMA > 21 EMA > 55 EMA", "EMAs 9 > 21 > 55", "the 8, 21 and 55 EMAs are stacked bullishly"."""

from __future__ import annotations

from itertools import pairwise

from llm.phrasebook.meaning.types import Compare, Condition, Group, Operand
from llm.phrasebook.operands.averages import average_kind, read_averages
from llm.phrasebook.reading.lengths import whole
from llm.phrasebook.reading.reader import Reader


def read_stack(r: Reader) -> Condition | None:
    """A stack of averages, or None with the cursor where it was."""
    mark = r.mark()
    for form in (_signs, _words):
        found = form(r)
        if found is not None:
            return found
        r.reset(mark)
    return None


def _signs(r: Reader) -> Condition | None:
    kind = r.take("average")
    lengths: list[int] = []
    signs: list[str] = []
    while (token := r.token("number", fill=not lengths)) is not None:
        length = whole(token)
        if length is None:
            return None
        lengths.append(length)
        r.take("candle", fill=False)
        again = r.take("average", fill=False)
        kind = kind or again
        op = r.take("compare", "<", ">", fill=False)
        if op is None:
            break
        signs.append(op)
        r.take("average", fill=False)
    kind = kind or r.take("average", fill=False)
    if kind is None or len(lengths) < 3 or len(signs) != len(lengths) - 1 or len(set(signs)) != 1:
        return None
    r.word("stack", "stacked", "order", "aligned", fill=False)
    return _ordered(average_kind(r, kind), lengths, signs[0])


def _words(r: Reader) -> Condition | None:
    side = r.take("stacked_side")
    averages = read_averages(r)
    if averages is None:
        kind = r.take("average")
        if kind is None or not r.take("stacked"):
            return None
        name = average_kind(r, kind)
        averages = [Operand(name, (length,)) for length in _listed(r)]
    elif not r.take("stacked"):
        return None
    side = side or r.take("stacked_side")
    if side is None or len(averages) < 2:
        return None
    lengths = [int(average.args[0]) for average in averages if isinstance(average.args[0], int | float)]
    return _ordered(averages[0].kind, lengths, side)


def _listed(r: Reader) -> list[int]:
    lengths: list[int] = []
    r.word("(", ":", "of", fill=False)
    while (token := r.token("number", fill=False)) is not None and (length := whole(token)) is not None:
        lengths.append(length)
        r.word(",", "/", "and", "&", fill=False)
        r.word("and", fill=False)
    r.word(")", fill=False)
    return lengths


def _ordered(kind: str, lengths: list[int], sign: str) -> Condition:
    """Each average above (or below) the next; a list is put in order of length, fast to slow."""
    pairs = tuple(
        Compare(Operand(kind, (first,)), ">" if sign == ">" else "<", Operand(kind, (second,)))
        for first, second in pairwise(lengths)
    )
    return pairs[0] if len(pairs) == 1 else Group("and", pairs)
