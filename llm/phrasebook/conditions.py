"""Reading conditions: an operand and what is said of it, or a phrase that is a condition by itself.

1. `read_condition` tries the whole-phrase forms, then operand and predicate, then a predicate about the subject that the
   condition before had ("RSI below 30 and rising").
2. `_predicate` tries the predicates in an order where the longer form comes first.
3. `_suffix` reads what may follow: "for 3 candles", "within the last 5 candles".
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning import (
    Between,
    Compare,
    Condition,
    Cross,
    Group,
    Near,
    Not,
    Operand,
    Pattern,
    Recent,
    Trend,
    number,
    on_interval,
    on_symbol,
    operands,
)
from llm.phrasebook.operands import LEVELS, price_like, read_length, read_operand, read_operands, whole
from llm.phrasebook.reader import Reader
from llm.phrasebook.setups import (
    extreme,
    read_move,
    read_new_extreme,
    read_setup,
    read_staircase,
    read_streak,
    read_versus,
    read_window,
    touch,
    volume,
)

NEAR_PERCENT, TREND_STEPS = 1.0, 3
_UPPER = frozenset({"highest_high", "highest_close", "bb_upper"})
_LOWER = frozenset({"lowest_low", "lowest_close", "bb_lower"})


def read_condition(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """A condition here and its subject (for a condition that follows without one), or None."""
    mark = r.mark()
    if r.take("not", fill=False):
        r.word(":", fill=False)
        inner = read_condition(r, carried)
        if inner is not None:
            return Not(inner[0]), inner[1]
        r.reset(mark)
        return None
    for form in (_phrase, _described, _elliptic):
        found = form(r, carried)
        if found is not None:
            condition, subject = found
            return _suffix(r, condition), subject
        r.reset(mark)
    return None


def _phrase(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """The forms that need no subject."""
    mark = r.mark()
    symbol = r.coin()
    forms = (read_streak, read_staircase, read_setup, read_move, read_new_extreme, read_versus)
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
        if oscillator is None or oscillator.kind not in ("rsi", "stoch_k"):
            r.reset(mentioned)
            oscillator = None
        condition = extreme(r, name, oscillator)
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
    subjects = read_operands(r)
    if subjects is None or all(subject.kind == "number" for subject in subjects):
        return None
    mark = r.mark()
    left = subjects[0]
    found = _each_other(r, subjects) or _predicate(r, left)
    if isinstance(found, Cross) and len(subjects) == 2 and found.right == subjects[1]:
        return found, left
    if found is None:
        r.reset(mark)
        where = read_scope(r)
        found = _predicate(r, left) if where is not None else None
        if found is None or where is None:
            return None
        found = on_interval(found, where) if left.interval is None else found
    if len(subjects) > 1:
        items = tuple(_with_left(found, subject) for subject in subjects)
        return Group("or" if joined_or else "and", items), left
    return found, left


def _each_other(r: Reader, subjects: list[Operand]) -> Condition | None:
    """ "9/21 EMA cross": two averages and no other side."""
    mark = r.mark()
    bullish = r.take("direction", "long", "short")
    way = r.take("cross", "up", "down", "any") if len(subjects) == 2 else None
    if way is None or read_operand(r) is not None:
        r.reset(mark)
        return None
    if bullish is not None:
        way = "up" if bullish == "long" else "down"
    return Cross(subjects[0], "up" if way == "up" else "down" if way == "down" else "any", subjects[1])


def _elliptic(r: Reader, carried: Operand | None) -> tuple[Condition, Operand | None] | None:
    """A predicate about the subject before, or about the price where only a price can be meant."""
    for subject in (carried, Operand("price")):
        if subject is None:
            continue
        mark = r.mark()
        found = _predicate(r, subject)
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


def _predicate(r: Reader, left: Operand) -> Condition | None:
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
        _distance,
        _between,
        _cross,
        _touch,
        _near,
        _extreme,
        _polarity,
        _trend,
        _compare,
        _times,
        _moved,
        _state,
    )
    mark = r.mark()
    for form in forms:
        found = form(r, left)
        if found is not None:
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


def _distance(r: Reader, left: Operand) -> Condition | None:
    """ "is at least 5% above the 200 EMA"."""
    op = r.take("compare")
    if op in ("<", "<="):
        return None
    r.word("by", fill=False)
    percent = r.token("percent")
    side = r.take("compare", "<", ">") if percent is not None else None
    if percent is None or side is None or not 0 < percent.value < 1_000:
        return None
    right = read_operand(r, left)
    if right is None or right.kind == "number":
        return None
    factor = 1 + percent.value / 100 if side == ">" else 1 - percent.value / 100
    scaled = replace(right, factor=round(right.factor * factor, 10))
    return Compare(left, side if op == ">" else (">=" if side == ">" else "<="), scaled)


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
    rights = read_operands(r, left)
    if rights is None:
        return None
    way = _from_side(r, way)
    items = tuple(_crossing(left, way, right) for right in rights)
    if any(right == left for right in rights):
        return None
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
        way = (
            "up"
            if right.kind in _UPPER or right.kind == "high"
            else "down"
            if right.kind in _LOWER
            else "any"
        )
        way = "down" if right.kind == "low" else way
    jumps = right.kind in LEVELS or (right.kind in ("high", "low") and (right.shift or right.interval))
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
    if level is None:
        return None
    if price_like(left) and price_like(level):
        return touch(left, level)
    if level.kind == "number" and not price_like(left):
        r.note("“Reaches” became a cross of the number.")
        return Cross(left, "any", level)
    return None


def _near(r: Reader, left: Operand) -> Condition | None:
    if r.take("within"):
        percent = r.token("percent", fill=False)
        right = read_operand(r, left) if percent is not None and r.word("of", "from") else None
        if percent is None or right is None or right.kind == "number":
            return None
        return Near(left, right, percent.value)
    if not r.take("near"):
        return None
    right = read_operand(r, left)
    if right is None or right.kind == "number":
        return None
    r.note(f"“Near” became: within {NEAR_PERCENT:g}%.")
    return Near(left, right, NEAR_PERCENT)


def _extreme(r: Reader, left: Operand) -> Condition | None:
    name = r.take("extreme")
    return extreme(r, name, left) if name is not None else None


def _polarity(r: Reader, left: Operand) -> Condition | None:
    turning = bool(r.take("turn"))
    op = r.take("polarity")
    if op is None or price_like(left):
        return None
    if turning:
        return Cross(left, "up" if op == ">" else "down", number(0))
    return Compare(left, ">" if op == ">" else "<", number(0))


def _trend(r: Reader, left: Operand) -> Condition | None:
    way = "up" if r.take("rising") else "down" if r.take("falling") else None
    if way is None:
        return None
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
        r.note(
            f"“{'Rising' if way == 'up' else 'Falling'}” has no count given: {TREND_STEPS} candles in a row."
        )
    r.take("row")
    return Trend(left, "up" if way == "up" else "down", steps)


def _compare(r: Reader, left: Operand) -> Condition | None:
    op = r.take("compare")
    if op is None:
        return None
    mark = r.mark()
    joined_or = bool(r.take("either"))
    rights = read_operands(r, left)
    if rights is None or any(right == left for right in rights):
        r.reset(mark)
        return None
    for right in rights:
        if right.kind != "number" and price_like(right) != price_like(left) and left.kind != "atr":
            if right.kind != "average" and right.of is None and not _same_family(left, right):
                return None
    more = _more_comparands(r, left, rights)
    items = tuple(_comparison(left, op, right) for right in (*rights, *more))
    return items[0] if len(items) == 1 else Group("or" if joined_or else "and", items)


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


def _same_family(left: Operand, right: Operand) -> bool:
    families = ({"macd", "macd_signal", "macd_hist"}, {"stoch_k", "stoch_d"}, {"plus_di", "minus_di", "adx"})
    return left.kind == right.kind or any(left.kind in family and right.kind in family for family in families)


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
        if (
            other is None
            or not fits
            or _predicate(r, other) is not None
            or read_scope_then_predicate(r, other)
        ):
            r.reset(mark)
            break
        r.reset(after)
        more.append(other)
    return more


def read_scope_then_predicate(r: Reader, left: Operand) -> bool:
    """Whether "on the 4h" and a predicate follow, so that the operand begins a condition of its own."""
    mark = r.mark()
    found = read_scope(r) is not None and _predicate(r, left) is not None
    r.reset(mark)
    return found


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
            of = Operand("highest_of" if way == "high" else "lowest_of", (length,), own.interval, own.symbol, of=own)
            return Compare(own, ">=" if way == "high" else "<=", of)
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
    if left.kind == "volume" and r.word(
        "spike", "spikes", "spiking", "surges", "surging", "explodes", "jumps"
    ):
        r.note("“Volume spike” became: at least 2 times the 20 candle average.")
        found: Condition = volume(2.0)
        return on_interval(found, left.interval) if left.interval else found
    return None


PRICE_KINDS = frozenset({"price", "close", "high", "low"})


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


def _suffix(r: Reader, condition: Condition) -> Condition:
    """ "for 3 candles" (all of them), "within the last 5 candles" (any of them)."""
    mark = r.mark()
    if r.take("for"):
        length = read_length(r)
        if length is not None and not isinstance(condition, Trend):
            r.take("row")
            return condition if length == 1 else Recent(condition, length, every=True)
        r.reset(mark)
    token = r.token("number", fill=False)
    count = whole(token) if token is not None else None
    if count is not None and r.take("candle", fill=False) and r.take("row", fill=False):
        return Recent(condition, count, every=True)
    r.reset(mark)
    if isinstance(condition, Compare) and condition.left.kind == "change":
        return condition
    if not r.done and r.take("last") or r.word("within", "in"):
        r.take("last", fill=False)
        length = read_length(r)
        if length is not None:
            return Recent(condition, length)
    r.reset(mark)
    if read_window(r) is not None:
        r.reset(mark)
    return condition
