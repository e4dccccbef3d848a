"""Reading conditions: an operand and what is said of it, or a phrase that is a condition by itself.

1. `read_condition` tries the whole-phrase forms, then operand and predicate, then a predicate about the
   subject that the condition before had ("RSI below 30 and rising").
2. `read_suffix` reads what may follow: "for 3 candles", "within the last 5 candles".
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.conditions.sequences import read_leading_window, read_sequence, read_window_before
from llm.phrasebook.conditions.suffixes import read_suffix
from llm.phrasebook.conditions.windows import WINDOW_WORDS, read_window_first
from llm.phrasebook.events.candles.before import read_candle_before
from llm.phrasebook.events.candles.heikin import read_colour, read_heikin
from llm.phrasebook.events.event import read_event
from llm.phrasebook.meaning.types import (
    Between,
    Compare,
    Condition,
    Cross,
    Formula,
    Group,
    Near,
    Not,
    Operand,
    Pattern,
    Recent,
    Trend,
    on_interval,
    on_symbol,
    operands,
    within_operand,
)
from llm.phrasebook.operands.naming import family_of, of_lines, own_since
from llm.phrasebook.operands.operand import price_like, read_operand, read_operands
from llm.phrasebook.predicates.distance import read_gap
from llm.phrasebook.predicates.pairs import read_both
from llm.phrasebook.predicates.pokes import at_line, read_poke
from llm.phrasebook.predicates.predicate import read_predicate, read_scope
from llm.phrasebook.predicates.setups import (
    read_move,
    read_new_extreme,
    read_setup,
    read_staircase,
    read_streak,
    read_versus,
)
from llm.phrasebook.predicates.sides import read_cross_of, read_side_cross, zone
from llm.phrasebook.predicates.stacks import read_stack
from llm.phrasebook.predicates.units import unit_of
from llm.phrasebook.reading.event_words import nested_condition, use_conditions
from llm.phrasebook.reading.reader import Mark, Reader
from llm.phrasebook.vocabulary.indicators import FAMILIES, OUTPUTS

_BEFORE_FIRST = frozenset({"the", "a", "its", "short", "buy", "long", "sell"})
FIRST = "{c0} and not ({c0})[1]"
FIRST_NOTE = "“The first one” became: it is so on this candle and was not on the one before."


def read_condition(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """A condition here and its subject (for a condition that follows without one), or None."""
    mark = r.mark()
    topic, r.topic = r.topic, r.topic or carried
    window = read_leading_window(r)
    r.topic = topic
    if window is not None:
        return window, None
    r.reset(mark)
    if r.tokens[r.position].text in WINDOW_WORDS if not r.done else False:
        moved = read_event(r) or read_move(r) or read_new_extreme(r)
        r.reset(mark)
        window = None if moved is not None else read_window_first(r, nested_condition)
        if window is not None:
            return read_sequence(r, window), next(operands(window), None)
    first = _first_of(r, carried)
    if first is not None:
        return first
    if r.take("not", fill=False):
        r.word(":", fill=False)
        twice = r.take("not", fill=False)
        inner = None if twice else read_condition(r, carried)
        if inner is not None:
            return Not(inner[0]), inner[1]
        r.reset(mark)
        return None
    for form in (read_both, _poked, _before, _market_event, _phrase, _described, _elliptic):
        found = form(r, carried)
        if found is not None and not any(of_lines(operand) for operand in operands(found[0])):
            condition, subject = found
            _remember(r, condition)
            here = r.mark()
            placed = at_line(r, condition)
            if placed is None:
                r.reset(here)
            condition = placed or condition
            before = read_window_before(r, condition)
            return read_sequence(r, before or read_suffix(r, condition)), subject
        r.reset(mark)
    return None


def _first_of(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """ "the first close above the 50 SMA in 20 candles"; "the first red candle": the one before was none."""
    mark = r.mark()
    if r.word("first") and r.tokens[r.position - 1].kind == "word":
        named = r.position > 1 and r.tokens[r.position - 2].text in _BEFORE_FIRST
        r.word("candle", "time", "bar", fill=False)
        again = not r.done and r.tokens[r.position].text == "first"
        found = None if again else read_condition(r, carried)
        window = found[0] if found is not None else None
        if found is not None and isinstance(window, Recent) and not window.every:
            text = "{c0} and not within({c0}, {n0})[1]"
            made = Formula(text, parts=(window.inner,), lengths=(window.length,), brief="first time")
            return made, found[1]
        if found is not None and named and isinstance(window, Compare | Pattern | Between | Formula):
            r.note(FIRST_NOTE)
            return Formula(FIRST, parts=(window,), brief="first one"), found[1]
        if found is not None and named and isinstance(window, Cross | Group):
            return found  # A cross is the first candle beyond; "the first green one after 3 red ones" says which.
    r.reset(mark)
    return None


def _poked(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """A candle that went beyond a line and closed back."""
    symbol = r.coin()
    found = read_poke(r)
    if found is None:
        return None
    return (on_symbol(found, symbol) if symbol else found), next(operands(found))


def _before(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    return read_candle_before(r, carried, _elliptic, _described)


def _market_event(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """A market event, unless the same words and more say something of an operand ("the close is above the open of 5
    candles ago")."""
    mark = r.mark()
    found = read_event(r)
    if found is None:
        return None
    end, notes = r.position, r.notes[mark.notes :]
    r.reset(mark)
    described = _described(r, carried)
    left = None if described is None else described[1]
    own = left is not None and (left.kind == "volume" or left.kind in OUTPUTS) and unit_of(left) != "price"
    own = own or (left is not None and left.kind in ("high", "low") and not left.shift)
    own = own and not any(operand.template.startswith("ticker.") for operand in operands(found))
    if described is not None and (r.position > end or (own and r.position == end)):
        return described
    r.reset(mark)
    if carried is not None and carried.kind not in ("price", "close"):
        elliptic = _elliptic(r, carried)
        its = own_since(r, mark) or r.tokens[r.position - 1].text in ("up", "down")
        if elliptic is not None and elliptic[1] == carried and (r.position > end or (r.position == end and its)):
            return elliptic
        r.reset(mark)
    r.position = end
    r.notes.extend(notes)
    return found, next(operands(found), None)


def _nested(r: Reader) -> Condition | None:
    found = read_condition(r, r.topic if isinstance(r.topic, Operand) else None)
    return None if found is None else found[0]


use_conditions(_nested)


def _remember(r: Reader, condition: Condition) -> None:
    """Keep the settings and the two sides just read, for "the KAMA" and "both" further on."""
    for operand in operands(condition):
        for part in within_operand(operand):
            numbers = tuple(float(arg) for arg in part.args if isinstance(arg, int | float))
            if len(numbers) == len(part.args) and numbers and family_of(part):
                r.known[family_of(part)] = numbers
            if len(FAMILIES[family_of(part)].outputs if family_of(part) in FAMILIES else ()) > 1:
                r.lines = replace(part, factor=1.0, shift=0)
    last = condition.items[-1] if isinstance(condition, Group) else condition
    last = last.inner if isinstance(last, Recent) else last
    if isinstance(last, Cross | Compare | Near) and last.right.kind != "number":
        r.pair = (last.left, last.right)
    if isinstance(last, Cross | Compare) and last.right.kind == "number":
        r.levelled = (last.left, last.right)
    if isinstance(last, Between) and last.low.kind == "low" and last.left.kind != "number":
        r.pair = (last.high, last.left)


def _phrase(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """The forms that need no subject."""
    mark = r.mark()
    symbol = r.coin()
    colour = read_colour(r, carried)
    if colour is not None:
        return colour, carried
    forms = (
        read_heikin,
        read_cross_of,
        read_gap,
        read_stack,
        read_side_cross,
        read_streak,
        read_staircase,
        read_setup,
        read_move,
        read_new_extreme,
        read_versus,
    )
    for form in forms:
        after = r.mark()
        condition = form(r)
        if condition is not None:
            if symbol is not None:
                condition = on_symbol(condition, symbol)
            return condition, next(operands(condition), None)
        r.reset(after)
    name = r.take("extreme")
    if name is not None:
        mentioned = r.mark()
        r.word("on", "in", "by", "according", "to")
        oscillator = read_operand(r)
        family = FAMILIES.get(family_of(oscillator)) if oscillator is not None else None
        if oscillator is None or family is None or family.levels is None:
            r.reset(mentioned)
            oscillator = Operand("price")
        condition = zone(r, name, oscillator)
        if condition is not None:
            return (on_symbol(condition, symbol) if symbol else condition), next(operands(condition))
    if symbol is None:
        multiple = _bare_multiple(r)
        if multiple is not None:
            return multiple, multiple.left
    r.reset(mark)
    return None


def _bare_multiple(r: Reader) -> Compare | None:
    """ "twice the average volume" with volume as its own subject."""
    right = read_operand(r)
    if right is not None and right.kind == "average" and right.of is not None and right.factor != 1.0:
        return Compare(replace(right.of, shift=0), ">=", right)
    return None


def _described(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """Operands and a predicate: "the 50 EMA is above the 200 EMA"."""
    joined_or = bool(r.take("either"))
    first = r.position
    subjects = read_operands(r)
    if subjects is not None:
        subjects += _more_subjects(r, subjects[0])
    if subjects is None or all(subject.kind == "number" for subject in subjects):
        return None
    mark = r.mark()
    left = subjects[0]
    found = _each_other(r, subjects) or read_predicate(r, left)
    if isinstance(found, Cross) and len(subjects) == 2 and found.right == subjects[1]:
        return found, left
    if found is None:
        r.reset(mark)
        where = read_scope(r)
        found = read_predicate(r, left) if where is not None else None
        if found is None or where is None:
            return None
        found = on_interval(found, where) if left.interval is None else found
    found = _then_was(r, mark.position, found)
    if len(subjects) == 2:
        r.pair = (subjects[0], subjects[1])
    if len(subjects) > 1:
        items = tuple(_with_left(found, subject) for subject in subjects)
        if len({(subject.symbol, subject.interval, unit_of(subject)) for subject in subjects}) > 1:
            # "BTC and ETH are above their 50 EMA", "price and volume above average": each above its own.
            each = _each_own(r, mark, subjects)
            if each is None:
                return None
            items = each
        refused = any(token.text == "nor" for token in r.tokens[first : r.position])
        return Group("or" if joined_or or refused else "and", items), left
    return found, left


def _each_own(r: Reader, mark: Mark, subjects: list[Operand]) -> tuple[Condition, ...] | None:
    found: list[Condition] = []
    for subject in subjects:
        r.reset(mark)
        one = read_predicate(r, subject)
        if one is None:
            return None
        found.append(one)
    return tuple(found)


_PAST_TENSE = frozenset({"was", "were", "closed", "traded", "stood", "sat"})


def _then_was(r: Reader, start: int, condition: Condition) -> Condition:
    """ "Was below the 50 EMA 2 candles ago": both sides are of that candle."""
    said = r.tokens[start : r.position]
    if not isinstance(condition, Compare) or condition.left.shift or not condition.right.shift:
        return condition
    if said[0].text not in _PAST_TENSE or said[-1].text not in ("ago", "earlier"):
        return condition
    then = replace(condition, right=replace(condition.right, shift=0))
    return Formula(f"({{c0}})[{condition.right.shift}]", parts=(then,), brief="earlier condition")


def _more_subjects(r: Reader, first: Operand) -> list[Operand]:
    """ "RSI and MFI are below 30": more subjects before the predicate."""
    more: list[Operand] = []
    while first.kind != "number":
        mark = r.mark()
        listed = r.word(",", fill=False) and _list_goes_on(r)
        if not r.word("and", "&", "or", "nor", fill=False) and not listed:
            r.reset(mark)
            break
        r.word("the", fill=False)
        other = read_operand(r)
        if other is None or other.kind == "number" or other == first:
            r.reset(mark)
            break
        more.append(other)
    return more


def _list_goes_on(r: Reader) -> bool:
    """Whether an operand and then "and" or one more comma follow: "RSI, MFI and CCI are ..."."""
    mark = r.mark()
    found = read_operand(r) is not None and r.word("and", "&", "or", ",", fill=False)
    r.reset(mark)
    return found


def _each_other(r: Reader, subjects: list[Operand]) -> Condition | None:
    """ "9/21 EMA cross": two averages and no other side."""
    mark = r.mark()
    bullish = r.take("direction", "long", "short")
    way = r.take("cross", "up", "down", "any") if len(subjects) == 2 else None
    if way is None or read_operand(r) is not None:
        r.reset(mark)
        return None
    way = r.take("upward", fill=False) or way
    if bullish is not None:
        way = "up" if bullish == "long" else "down"
    return Cross(subjects[0], "up" if way == "up" else "down" if way == "down" else "any", subjects[1])


_NAMED = frozenset("range ranges day days candle candles bar bars knife wedge star market body spread".split())


def _elliptic(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """A predicate about the subject before, or about the price where only a price can be meant."""
    for subject in (carried, Operand("price")):
        if subject is None:
            continue
        mark = r.mark()
        found = read_predicate(r, subject)
        named = isinstance(found, Trend) and not r.done and r.tokens[r.position].text in _NAMED
        if named:
            r.reset(mark)  # "RSI below 30, narrow range day": the name of another thing.
            continue
        if found is not None and (subject is carried or _about_price(found)) and not _foreign(found, subject):
            if subject is not carried:
                r.note("Where no subject is named, the price is meant.")
            return found, subject
        r.reset(mark)
    return None


def _about_price(condition: Condition) -> bool:
    others = [o for o in operands(condition) if o != Operand("price")]
    return bool(others) and all(price_like(o) for o in others)


def _foreign(condition: Condition, subject: Operand) -> bool:
    """Whether the carried subject cannot be what is compared: RSI with a price level."""
    if not isinstance(condition, Compare | Cross):
        return False
    right = condition.right
    return right.kind != "number" and price_like(right) != price_like(subject) and right.kind != "average"


def _with_left(condition: Condition, left: Operand) -> Condition:
    match condition:
        case Compare() | Cross() | Between() | Near() | Trend():
            return replace(condition, left=left)
        case _:
            return condition
