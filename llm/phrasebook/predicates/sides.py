"""Crosses that name no other side ("stochastic bullish cross", "MACD crosses up", "TK cross"), and an oscillator's
zones ("comes out of oversold", "MFI overbought")."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Compare, Condition, Cross, Operand, number
from llm.phrasebook.operands.naming import family_of, operand_of
from llm.phrasebook.operands.operand import read_operand, read_operands
from llm.phrasebook.operands.settings import read_settings
from llm.phrasebook.predicates.bands import sides_of
from llm.phrasebook.predicates.setups import extreme
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import FAMILIES

_WAYS = {"bullish": "up", "bull": "up", "bearish": "down", "bear": "down", "upward": "up", "downward": "down"}


def read_side_cross(r: Reader) -> Condition | None:
    """ "bullish stochastic crossover", "MACD bear cross", "DI cross up", "tenkan kijun cross"."""
    mark = r.mark()
    way = _way(r)
    interval = r.interval()
    name = r.take("pair") or r.take("family")
    family = FAMILIES.get(name or "")
    if family is None or family.bullish is None or family.bullish[1] == "0" or family.call in ("psar", "ha"):
        r.reset(mark)
        return None
    given = read_settings(r, family)
    r.word("line", "lines", "signal", "-", "/", fill=False)
    way = way or _said_way(r)
    said = r.take("cross_noun", fill=False)
    if said is None:
        r.reset(mark)
        return None
    back = r.word("back", fill=False)
    way = way or _way(r) or (said if said != "any" else None)
    if back and way is None:
        r.reset(mark)
        return None
    after = r.mark()
    if r.take("leave", fill=False) is not None:
        r.reset(mark)
        return None
    if way is None and (r.take("compare") is not None or read_operand(r) is not None):
        r.reset(mark)
        return None
    r.reset(after)
    left = operand_of(r, family.bullish[0], given)
    left = left if interval is None else replace(left, interval=interval)
    right = replace(left, kind=family.bullish[1])
    return Cross(left, "up" if way == "up" else "down" if way == "down" else "any", right)


def read_cross_of(r: Reader) -> Condition | None:
    """ "a cross of the 9 EMA above the 21 EMA", "bullish crossover of the 10 and 30 SMA", "a drop in RSI below 30"."""
    mark = r.mark()
    way = _way(r)
    noun = r.take("cross_noun")
    moved = None if noun is not None else r.take("move_noun")
    way = way or (noun if noun in ("up", "down") else moved)
    if (noun is None and moved is None) or not r.word("of", "in", "between", "by", fill=False):
        r.reset(mark)
        return None
    lefts = read_operands(r)
    if lefts is None or lefts[0].kind == "number":
        r.reset(mark)
        return None
    side = r.take("compare", ">", "<") if len(lefts) == 1 else None
    if side is not None:
        way = "up" if side == ">" else "down"
    elif len(lefts) == 1 and (moved is not None or not r.word("and", "with", "over", "through", fill=False)):
        r.reset(mark)
        return None
    right = lefts[1] if len(lefts) == 2 else read_operand(r, lefts[0])
    if right is None or len(lefts) > 2 or (moved is not None and side is None):
        r.reset(mark)
        return None
    return Cross(lefts[0], "up" if way == "up" else "down" if way == "down" else "any", right)


def _said_way(r: Reader) -> str | None:
    """ "bullish" or "bearish"; "up" would be a line of Aroon's."""
    return next((way for word, way in _WAYS.items() if r.word(word, fill=False)), None)


def _way(r: Reader) -> str | None:
    mark = r.mark()
    for word, way in _WAYS.items():
        if r.word(word):
            return way
    r.reset(mark)
    return r.take("upward", fill=False)


def own_cross(left: Operand, way: str) -> Condition | None:
    """ "MACD crosses up": the two sides of an indicator cross."""
    sides = sides_of(left)
    if way not in ("up", "down") or sides is None or sides[1].kind == "number":
        return None
    return Cross(sides[0], "up" if way == "up" else "down", sides[1])


def read_zone(r: Reader, left: Operand) -> Condition | None:
    """ "is oversold", "leaves the oversold zone", "drops into oversold territory"."""
    leaving = bool(r.take("leave"))
    entering = not leaving and bool(r.take("come_in"))
    name = r.take("extreme")
    return None if name is None else zone(r, name, left, leaving=leaving, entering=entering)


def zone(
    r: Reader, name: str, left: Operand, *, leaving: bool = False, entering: bool = False
) -> Compare | Cross | None:
    """An oscillator in its zone, or as it leaves or enters it; the price stands for RSI(14)."""
    family = FAMILIES.get(family_of(left))
    levels = None if family is None else family.levels
    if levels is None:
        if left.kind not in ("price", "close"):
            return None
        found = extreme(r, name, left)
        if not isinstance(found, Compare):
            return None
        left, level = found.left, found.right
    else:
        level = number(levels[0] if name == "oversold" else levels[1])
        side = "below" if name == "oversold" else "above"
        title = family.title if family is not None else ""
        r.note(f"“{name.capitalize()}” became: {title} {side} {level.args[0]:g}.")
    low = name == "oversold"
    if leaving:
        return Cross(left, "up" if low else "down", level)
    if entering:
        return Cross(left, "down" if low else "up", level)
    return Compare(left, "<" if low else ">", level)
