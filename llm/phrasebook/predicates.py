"""Reading predicates: what is said of an operand ("is above the 200 EMA", "crosses 30", "is rising").

`read_predicate` tries the forms in an order where the longer one comes first; each gives None where it does
not fit.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.bands import edge, is_level, read_band, read_sides, touch, turned
from llm.phrasebook.distance import read_distance, read_near
from llm.phrasebook.indicators import BANDS
from llm.phrasebook.lengths import read_length, whole
from llm.phrasebook.levels import LEVELS
from llm.phrasebook.meaning import (
    Between,
    Compare,
    Condition,
    Cross,
    Duration,
    Group,
    Length,
    Not,
    Operand,
    Pattern,
    Trend,
    on_interval,
    on_symbol,
    operands,
)
from llm.phrasebook.naming import BAND_KINDS
from llm.phrasebook.operands import price_like, read_constant, read_operand, read_operands
from llm.phrasebook.reader import Reader
from llm.phrasebook.setups import (
    read_move,
    read_new_extreme,
    read_setup,
    read_versus,
    read_window,
    volume,
)
from llm.phrasebook.sides import own_cross, read_zone
from llm.phrasebook.units import beyond_level, comparable

TREND_STEPS = 1
WIDTHS = {"bbands": "bb_width", "keltner": "kc_width", "donchian": "dc_width"}
PRICE_KINDS = frozenset({"price", "close", "high", "low"})
_UPPER = frozenset({"highest_high", "highest_close", *(upper for _, upper in BANDS.values())})
_LOWER = frozenset({"lowest_low", "lowest_close", *(lower for lower, _ in BANDS.values())})


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
        read_band,
        _between,
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
        _state,
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


def _between(r: Reader, left: Operand) -> Condition | None:
    if not r.take("between"):
        return None
    low = read_operand(r, left)
    if low is None or not (r.word("and", "to", "-", "&")):
        return None
    high = read_operand(r, left)
    if high is None:
        return None
    if low.kind == high.kind == "number":
        first, second = sorted(
            (low, high), key=lambda o: float(o.args[0]) if isinstance(o.args[0], int | float) else 0.0
        )
        return Between(left, first, second)
    return Between(left, low, high)


def _cross(r: Reader, left: Operand) -> Condition | None:
    way = r.take("cross", "up", "down", "break") or r.take("cross")
    if way is None:
        return None
    before = r.mark()
    rights = read_operands(r, left)
    if rights is None:
        r.reset(before)
        return own_cross(left, way)
    way = _from_side(r, way)
    sides = {"up": ">", "down": "<"}
    lines = [edge(right, sides.get(way, "")) for right in rights]
    rights = [line for line in lines if line is not None]
    if len(rights) < len(lines):
        return None
    if not all(comparable(left, right) for right in rights) or _of_percent(r, left, rights):
        return None
    beyond = {"up": ">", "down": "<"}.get(way, "")
    if way in ("any", "break"):
        beyond = {"high": ">", "low": "<"}.get(rights[0].kind, "")
    items = tuple(_crossing(left, way, beyond_level(r, left, beyond, right)) for right in rights)
    return items[0] if len(items) == 1 else Group("and", items)


def _from_side(r: Reader, way: str) -> str:
    """ "crosses the 200 EMA from below" is a cross upwards."""
    mark = r.mark()
    if way in ("any", "break") and r.word("from", fill=False):
        side = r.take("compare", "<", ">", fill=False)
        if side is not None:
            return "up" if side == "<" else "down"
    r.reset(mark)
    return way


def _crossing(left: Operand, way: str, right: Operand) -> Condition:
    """A cross; against a level that jumps, such as a 20 candle high, being beyond it is what is meant."""
    if way == "break":
        way = "up" if right.kind in _UPPER or right.kind == "high" else "down" if right.kind in _LOWER else "any"
        way = "down" if right.kind == "low" else way
    jumps = is_level(right) or (right.kind in ("high", "low") and (right.shift or right.interval))
    if jumps and way != "any":
        side = replace(left, kind="close") if left.kind == "price" else left
        return Compare(side, ">" if way == "up" else "<", right)
    if way == "up":
        return Cross(left, "up", right)
    return Cross(left, "down" if way == "down" else "any", right)


def _touch(r: Reader, left: Operand) -> Condition | None:
    if not r.take("touch"):
        return None
    level = read_operand(r, left)
    if level is None or level.kind in BAND_KINDS:
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
    joined_or = bool(r.take("either"))
    rights = read_operands(r, left)
    rights = None if rights is None else [line for right in rights if (line := edge(right, op)) is not None]
    if not rights or not all(comparable(left, right) for right in rights):
        # "RSI below 30 ADX above 25": the number is this one's, not the next one's length.
        r.reset(mark)
        constant = read_constant(r)
        if constant is None:
            return None
        rights = [constant]
    if _of_percent(r, left, rights):
        return None
    rights = [beyond_level(r, left, op, right) for right in rights]
    more = _more_comparands(r, left, rights)
    items = tuple(_comparison(left, op, right) for right in (*rights, *more))
    return items[0] if len(items) == 1 else Group("or" if joined_or else "and", items)


def _of_percent(r: Reader, left: Operand, rights: list[Operand]) -> bool:
    """Whether a price is set against a bare percentage, which says nothing."""
    return rights[-1].kind == "number" and price_like(left) and r.tokens[r.position - 1].kind == "percent"


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
    found = any(r.take(name) is not None for name in (*names, "not", "turn", "move", "new", "versus"))
    return found or r.token("multiple") is not None or r.token("percent") is not None


def _times(r: Reader, left: Operand) -> Condition | None:
    """ "volume 2x its 20 average"."""
    right = read_operand(r, left)
    if right is not None and right.factor != 1.0 and right.kind != "number":
        return Compare(left, ">=", right)
    return None


def _moved(r: Reader, left: Operand) -> Condition | None:
    return read_move(r, left) if left.kind not in ("rsi", "stoch_k", "stoch_d", "adx") else None


def _state(r: Reader, left: Operand) -> Condition | None:
    """ "BTC is in an uptrend", "price makes a new high", "volume spikes", "the candle is green"."""
    new = read_new_extreme(r, left) if left.kind in PRICE_KINDS else None
    if new is not None:
        return new
    mark = r.mark()
    if left.level or left.kind in LEVELS:
        if r.word("broken", "breached", "cleared", "taken", "reclaimed", "lost"):
            r.word("out", fill=False)
            above = left.kind in _UPPER or left.kind == "high"
            return Compare(Operand("close", symbol=left.symbol), ">" if above else "<", left)
        r.reset(mark)
    way = r.take("highest")
    if way is not None and left.kind != "number":
        length = read_window(r) or read_length(r)
        if length is not None:
            own = replace(left, kind="close") if left.kind == "price" else left
            own = replace(own, kind=WIDTHS.get(own.kind, own.kind))
            of = Operand("highest_of" if way == "high" else "lowest_of", (length,), own.interval, own.symbol, of=own)
            return Compare(own, ">=" if way == "high" else "<=", of)
    r.reset(mark)
    record = _record(r, left)
    if record is not None:
        return record
    r.reset(mark)
    versus = read_versus(r) if left.kind in PRICE_KINDS else None
    if versus is not None:
        return versus
    r.reset(mark)
    if left.kind in PRICE_KINDS:
        setup = read_setup(r)
        if setup is not None:
            setup = on_symbol(setup, left.symbol) if left.symbol else setup
            return on_interval(setup, left.interval) if left.interval else setup
        colour = r.take("colour", "green", "red")
        if colour is not None and left.kind == "close" and r.tokens[r.position - 1].text in ("green", "red"):
            return Pattern(colour, (1,), interval=left.interval, symbol=left.symbol)
        r.reset(mark)
    if left.kind == "volume" and r.word("spike", "spikes", "spiking", "surges", "surging", "explodes", "jumps"):
        r.note("“Volume spike” became: at least 2 times the 20 candle average.")
        found: Condition = volume(2.0)
        return on_interval(found, left.interval) if left.interval else found
    return None


def _record(r: Reader, left: Operand) -> Condition | None:
    """ "hits a 20 candle low", "at a 50-bar high", said of an indicator or the volume."""
    if left.kind in PRICE_KINDS or left.kind == "number" or left.kind in BANDS:
        return None
    r.take("new") or r.take("touch") or r.word("at")
    token = r.token("number")
    length: Length | None = whole(token) if token is not None else None
    if token is None and (span := r.token("span")) is not None:
        length = Duration(int(span.value))
    r.take("candle")
    way = r.take("field", "high", "low")
    if way is None:
        return None
    if length is None:
        length = read_window(r)
    if length is None:
        return None
    of = Operand("highest_of" if way == "high" else "lowest_of", (length,), left.interval, left.symbol, of=left)
    return Compare(left, ">=" if way == "high" else "<=", of)


def read_scope(r: Reader) -> str | None:
    """ "on the 15m chart", "(4h)", "using hourly candles": an interval for the words around it."""
    mark = r.mark()
    r.take("on") or r.word("in", "for", "at")
    bracket = r.word("(", "[", fill=False)
    label = r.interval()
    if label is None or (bracket and not r.word(")", "]", fill=False)):
        r.reset(mark)
        return None
    r.take("chart", fill=False)
    r.take("chart", fill=False)
    return label
