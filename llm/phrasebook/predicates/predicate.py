"""Reading predicates: what is said of an operand ("is above the 200 EMA", "crosses 30", "is rising").

`read_predicate` tries the forms in an order where the longer one comes first; each gives None where it does
not fit.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import (
    Compare,
    Condition,
    Cross,
    Group,
    Not,
    Operand,
    Trend,
    on_interval,
    on_symbol,
    operands,
)
from llm.phrasebook.operands.naming import BAND_KINDS
from llm.phrasebook.operands.operand import price_like, read_constant, read_operand, read_operands
from llm.phrasebook.predicates.bands import edge, is_level, read_band, read_sides, touch, turned
from llm.phrasebook.predicates.betweens import read_between
from llm.phrasebook.predicates.changes import read_change
from llm.phrasebook.predicates.distance import read_by, read_distance, read_near
from llm.phrasebook.predicates.from_to import read_from_to
from llm.phrasebook.predicates.passives import read_passive
from llm.phrasebook.predicates.setups import (
    read_move,
)
from llm.phrasebook.predicates.sides import own_cross, read_zone, zone
from llm.phrasebook.predicates.standing import read_standing
from llm.phrasebook.predicates.states import LOWER, UPPER, WIDTHS, read_state
from llm.phrasebook.predicates.units import beyond_level, comparable, in_money, turnover, unit_of
from llm.phrasebook.reading.lengths import read_length, whole
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import BANDS

TREND_STEPS = 1
_ENDS = frozenset({".", ",", ";", "!", "?", ")", "and", "but", "then", "while"})
_PRICES = frozenset({"price", "close", "low", "high", "open"})
_ORDERS = frozenset({"long", "short", "buy", "sell"})
_PAST = frozenset({"last", "past", "previous", "prior", "recent", "next", "within", "during"})


def read_predicate(r: Reader, left: Operand) -> Condition | None:
    """A predicate about `left`, or None with the cursor where it was."""
    mark = r.mark()
    if r.take("not"):
        inner = _positive(r, left)
        if inner is not None:
            return Not(inner)
        r.reset(mark)
        return None
    return _positive(r, left)


def _positive(r: Reader, left: Operand) -> Condition | None:
    forms = (
        read_distance,
        read_change,
        read_standing,
        read_band,
        read_between,
        read_from_to,
        _cross,
        _touch,
        read_near,
        read_zone,
        _turns,
        read_sides,
        _trend,
        _compare,
        _times,
        _moved,
        read_state,
        read_passive,
    )
    mark = r.mark()
    for form in forms:
        found = form(r, left)
        if found is not None and not any(operand.kind in BAND_KINDS for operand in operands(found)):
            return _inherited(found, left)
        r.reset(mark)
    return None


def _inherited(condition: Condition, left: Operand) -> Condition:
    """What is compared with a coin or an interval is of that coin and interval where it names none itself."""
    if left.symbol is not None:
        condition = on_symbol(condition, left.symbol)
    if left.interval is not None and not left.level:
        condition = on_interval(condition, left.interval)
    return condition


def _cross(r: Reader, left: Operand) -> Condition | None:
    way = r.take("cross", "up", "down", "break") or r.take("cross")
    if way is None:
        return None
    before = r.mark()
    out = r.tokens[r.position - 1].text == "of"
    leaving = r.take("extreme") if r.take("leave") or out else None
    if leaving is not None:
        return zone(r, leaving, left, leaving=True)
    r.reset(before)
    rights = read_operands(r, left)
    if rights is None:
        r.reset(before)
        # "Crosses back": which way it crossed before is not known here.
        return None if r.word("back", fill=False) else own_cross(left, way)
    way = _from_side(r, way)
    if way == "any" and r.tokens[before.position - 1].text in ("through", "thru"):
        way = "up" if rights[0].kind in UPPER else "down" if rights[0].kind in LOWER else way
    if way in ("any", "break"):
        way = r.take("upward", fill=False) or way
    sides = {"up": ">", "down": "<"}
    lines = [edge(right, sides.get(way, "")) for right in rights]
    rights = [line for line in lines if line is not None]
    if len(rights) < len(lines):
        return None
    if not all(comparable(left, right) for right in rights) or _of_percent(r, left, rights):
        return None
    beyond = {"up": ">", "down": "<"}.get(way, "")
    if way in ("any", "break"):
        first = rights[0].kind
        beyond = ">" if first == "high" or first in UPPER else "<" if first == "low" or first in LOWER else ""
    items = tuple(_crossing(left, way, beyond_level(r, left, beyond, right)) for right in rights)
    return items[0] if len(items) == 1 else Group("and", items)


def _from_side(r: Reader, way: str) -> str:
    """ "crosses the 200 EMA from below" is a cross upwards."""
    mark = r.mark()
    if r.word("from", fill=False):
        zone_left = r.take("extreme")
        side = {"oversold": "<", "overbought": ">"}.get(zone_left or "") or r.take("compare", "<", ">", fill=False)
        came = None if side is None else "up" if side == "<" else "down"
        if came is not None and way in ("any", "break", came):
            return came
    r.reset(mark)
    return way


def _crossing(left: Operand, way: str, right: Operand) -> Condition:
    """A cross; against a level that jumps, such as a 20 candle high, being beyond it is what is meant."""
    if way == "break":
        way = "up" if right.kind in UPPER or right.kind == "high" else "down" if right.kind in LOWER else "any"
        way = "down" if right.kind == "low" else way
    one_candle = left.kind in ("high", "low") and not left.shift and price_like(right)
    jumps = one_candle or is_level(right) or (right.kind in ("high", "low") and (right.shift or right.interval))
    if jumps and way != "any":
        side = replace(left, kind="close") if left.kind == "price" else left
        return Compare(side, ">" if way == "up" else "<", right)
    if way == "up":
        return Cross(left, "up", right)
    return Cross(left, "down" if way == "down" else "any", right)


def _touch(r: Reader, left: Operand) -> Condition | None:
    if not r.take("touch"):
        return None
    by = r.word("by", fill=False)
    level = read_operand(r, left)
    if level is None or level.kind in BAND_KINDS:
        return None
    if by:
        left, level = level, left
    if level.kind in ("price", "close", "high", "low", "open") and not (level.shift or level.interval or level.level):
        return None
    if price_like(left) and price_like(level):
        return touch(left, level)
    if level.kind == "number" and not price_like(left):
        r.note("“Reaches” became a cross of the number.")
        return Cross(left, "any", level)
    return None


def _turns(r: Reader, left: Operand) -> Condition | None:
    """ "turns up", "hooks down": it moved the other way on the candle before."""
    way = r.take("hook")
    return turned(left, way) if way is not None else None


def _trend(r: Reader, left: Operand) -> Condition | None:
    way = "up" if r.take("rising") else "down" if r.take("falling") else None
    if way is None:
        return None
    if left.kind in BANDS:
        width = WIDTHS.get(left.kind)
        if width is None:
            return None
        left = replace(left, kind=width)
    mark = r.mark()
    r.word("by", fill=False)
    r.take("compare")
    if r.token("percent", fill=False) is not None:
        return None
    r.reset(mark)
    steps = None
    if r.take("for") or r.take("last") or r.take("in"):
        length = read_length(r)
        steps = length if isinstance(length, int) else None
    else:
        token = r.token("number", fill=False)
        if token is not None and r.take("candle"):
            steps = whole(token)
    if steps is None:
        r.reset(mark)
        steps = TREND_STEPS
        r.note(f"“{'Rising' if way == 'up' else 'Falling'}” has no count given: against the candle before.")
    r.take("row")
    return Trend(left, "up" if way == "up" else "down", steps)


def _compare(r: Reader, left: Operand) -> Condition | None:
    op = r.take("compare")
    if op is None:
        return None
    mark = r.mark()
    each = _each_before(r, left, op)
    if each is not None:
        return each
    r.reset(mark)
    joined_or = bool(r.take("either"))
    rights = read_operands(r, left)
    rights = _same_again(r, left) if rights is None else rights
    rights = None if rights is None else [line for right in rights if (line := edge(right, op)) is not None]
    if not rights or not all(comparable(left, right) for right in rights):
        # "RSI below 30 ADX above 25": the number is this one's, not the next one's length.
        another = bool(rights) and _predicate_begins(r)
        r.reset(mark)
        constant = read_constant(r) if another else None
        if constant is None:
            return None
        rights = [constant]
    if _of_percent(r, left, rights):
        return None
    apart = read_by(r, left, op, rights)
    if apart is not None:
        return apart
    left = turnover(r, left, rights[-1])
    rights = [beyond_level(r, left, op, right) for right in rights]
    more = _more_comparands(r, left, rights)
    items = tuple(_comparison(left, op, right) for right in (*rights, *more))
    return items[0] if len(items) == 1 else Group("or" if joined_or else "and", items)


def _same_again(r: Reader, left: Operand) -> list[Operand] | None:
    """ "... but the close stays above.": the line that was compared or touched before."""
    ends = r.done or r.tokens[r.position].text in _ENDS
    last = r.pair[-1] if r.pair else None
    if not ends or not isinstance(last, Operand) or left.kind not in _PRICES or left.shift or not price_like(last):
        return None
    if last.kind in _PRICES:
        return None
    r.note("“Above” or “below” with nothing behind it became: of the line named before.")
    return [last]


def _each_before(r: Reader, left: Operand, op: str) -> Condition | None:
    """ "(higher than) on each of the previous 5 candles", "any of the last 10 closes"."""
    r.word("on", "in", "that", fill=False)
    if not r.word("each", "any", "all", fill=False) or not r.word("of", fill=False):
        return None
    r.word("the", fill=False)
    r.word("last", "previous", "prior", "past", "preceding", fill=False)
    token = r.token("number", fill=False)
    count = whole(token) if token is not None else None
    if count is None or left.kind == "number" or not (r.take("candle", fill=False) or r.take("field", fill=False)):
        return None
    own = replace(left, kind="close") if left.kind == "price" else left
    kind = "highest_of" if op[:1] == ">" else "lowest_of"
    return _comparison(own, op, Operand(kind, (count,), own.interval, own.symbol, shift=1, of=own))


def _of_percent(r: Reader, left: Operand, rights: list[Operand]) -> bool:
    """Whether a price or a volume is set against a bare percentage, or an oscillator against money: that says
    nothing."""
    measured = price_like(left) or unit_of(left) == "volume"
    if rights[-1].kind == "number" and not measured and in_money(r):
        return unit_of(left) not in ("money", "any")
    return rights[-1].kind == "number" and measured and r.tokens[r.position - 1].kind == "percent"


def _comparison(left: Operand, op: str, right: Operand) -> Compare:
    match op:
        case "<":
            return Compare(left, "<", right)
        case "<=":
            return Compare(left, "<=", right)
        case ">":
            return Compare(left, ">", right)
        case _:
            return Compare(left, ">=", right)


def _more_comparands(r: Reader, left: Operand, rights: list[Operand]) -> list[Operand]:
    """ "above EMA 50 and VWAP": further operands with no predicate of their own."""
    more: list[Operand] = []
    while rights[0].kind != "number":
        mark = r.mark()
        if not r.word("and", "&", ",", fill=False):
            break
        r.word("and", fill=False)
        other = read_operand(r, left)
        fits = (
            other is not None
            and other.kind != "number"
            and price_like(other) == price_like(left)
            and other.kind not in ("price", "close")
        )
        after = r.mark()
        if other is None or not fits or _predicate_begins(r):
            r.reset(mark)
            break
        r.reset(after)
        more.append(other)
    return more


def _predicate_begins(r: Reader) -> bool:
    """Whether a predicate stands here, perhaps after "on the 4h". Looks at the first words, to stay linear."""
    read_scope(r)
    names = (
        "compare",
        "cross",
        "between",
        "touch",
        "near",
        "within",
        "extreme",
        "polarity",
        "rising",
        "falling",
    )
    found = any(r.take(name) is not None for name in (*names, "not", "turn", "move", "new", "versus", "hook"))
    found = found or (r.take("side") is not None and r.tokens[r.position - 1].text not in _ORDERS)
    return found or r.token("multiple") is not None or r.token("percent") is not None


def _times(r: Reader, left: Operand) -> Condition | None:
    """ "volume 2x its 20 average"."""
    right = read_operand(r, left)
    if right is not None and right.factor != 1.0 and right.kind != "number":
        return Compare(left, ">=", right)
    return None


def _moved(r: Reader, left: Operand) -> Condition | None:
    return read_move(r, left) if left.kind not in ("rsi", "stoch_k", "stoch_d", "adx") else None


def read_scope(r: Reader) -> str | None:
    """ "on the 15m chart", "(4h)", "using hourly candles": an interval for the words around it."""
    mark = r.mark()
    r.take("on") or r.word("in", "for", "at", "of")
    bracket = r.word("(", "[", fill=False)
    label = r.interval()
    spent = label is not None and _time_past(r)
    if label is None or spent or (bracket and not r.word(")", "]", fill=False)):
        r.reset(mark)
        return None
    r.take("chart", fill=False)
    r.take("chart", fill=False)
    return label


def _time_past(r: Reader) -> bool:
    """Whether the span just read is a length of time, "the last 4 hours", and not candles of that interval."""
    at = r.position - 1
    before = r.tokens[at - 1].text if at else ""
    mark = r.mark()
    candles = r.take("chart", fill=False) is not None
    r.reset(mark)
    return r.tokens[at].kind == "span" and before in _PAST and not candles
