"""What is said of bands and clouds (two lines with a space between), of levels that are touched, and of an indicator's
two sides ("turns bullish").

"Above the Keltner channel" is above its upper line, "inside the cloud" between both lines.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Between, Compare, Condition, Cross, Formula, Group, Operand, number
from llm.phrasebook.operands.levels import LEVELS
from llm.phrasebook.operands.naming import family_of
from llm.phrasebook.operands.operand import price_like, read_operand
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import BANDS, FAMILIES, OUTPUTS

_UPPER = frozenset({"highest_high", "highest_close", *(upper for _, upper in BANDS.values())})
_LOWER = frozenset({"lowest_low", "lowest_close", *(lower for lower, _ in BANDS.values())})
# "Sell when ..." begins an order; only "flips to sell" is said of an indicator.
_NOT_STATES = frozenset({"long", "short", "buy", "sell", "up", "down"})
_LOW_SIDE = ("below", "under", "beneath")


def edge(band: Operand, op: str) -> Operand | None:
    """The line of a band that a comparison means: the upper one for above, the lower one for below."""
    if band.kind not in BANDS:
        return band
    if op[:1] not in ("<", ">"):
        return None
    return replace(band, kind=BANDS[band.kind][op[:1] == ">"])


def read_band(r: Reader, left: Operand) -> Condition | None:
    """ "is inside the cloud", "closes back inside the Bollinger bands after closing below the lower one"."""
    if not price_like(left):
        return None
    start = r.mark()
    moved = (r.take("falling") and "<") or (r.take("rising") and ">") or r.take("move")
    side_of = {"up": ">", "down": "<"}.get(str(moved), moved)
    where = r.take("inside")
    if where is None or (moved and where != "out"):
        r.reset(start)
        side_of, where = None, r.take("inside")
    band = read_operand(r, left) if where is not None else None
    if where is None or band is None:
        return None
    if where == "out" and (side_of or band.kind in _UPPER or band.kind in _LOWER):
        line = edge(band, side_of or "")
        beyond = side_of or (">" if band.kind in _UPPER else "<")
        if line is None:
            return None
        if side_of:
            return Cross(left, "up" if beyond == ">" else "down", line)
        return Compare(left, ">" if beyond == ">" else "<", line)
    if band.kind not in BANDS:
        return None
    low, high = edge(band, "<"), edge(band, ">")
    assert low is not None
    assert high is not None
    if left.kind in BANDS:
        own_low, own_high = edge(left, "<"), edge(left, ">")
        if where != "in" or own_low is None or own_high is None:
            return None
        return Group("and", (Compare(own_low, ">", low), Compare(own_high, "<", high)))
    left = replace(left, kind="close") if left.kind == "price" else left
    if where == "out":
        return Group("or", (Compare(left, ">", high), Compare(left, "<", low)))
    if where == "in":
        return Between(left, low, high)
    side = _came_from(r)
    if side is None:
        r.note("“Back inside” became: from either side.")
        return Group("or", (Cross(left, "up", low), Cross(left, "down", high)))
    return Cross(left, "up", low) if side == "<" else Cross(left, "down", high)


def _came_from(r: Reader) -> str | None:
    """ "after closing below the lower band", "from below": the side the price was on."""
    mark = r.mark()
    if r.word("after", "having", "from"):
        for _ in range(8):
            if r.done or r.tokens[r.position].text in (",", ".", ";"):
                break
            text = r.tokens[r.position].text
            r.position += 1
            if text in (*_LOW_SIDE, "above", "over"):
                after = r.mark()
                if read_operand(r) is None:
                    r.reset(after)
                return "<" if text in _LOW_SIDE else ">"
    r.reset(mark)
    return None


def touch(left: Operand, level: Operand) -> Condition:
    """The candle reaches a level: its low for a lower one, its high for an upper one, its range for an average."""
    low = Operand("low", interval=left.interval, symbol=left.symbol)
    high = replace(low, kind="high")
    if left.kind == "high" and level.kind in OUTPUTS:
        return Compare(left, ">=", level)
    if left.kind == "low" and level.kind in OUTPUTS:
        return Compare(left, "<=", level)
    if level.kind in _LOWER:
        return Compare(low, "<=", level)
    if level.kind in _UPPER:
        return Compare(high, ">=", level)
    if level.kind in OUTPUTS:
        return Between(level, low, high)
    return Group("and", (Compare(low, "<=", level), Compare(high, ">=", level)))


def read_sides(r: Reader, left: Operand) -> Condition | None:
    """ "turns bullish", "is red", "flip short": which of its two sides an indicator is on."""
    family = family_of(left)
    turning = bool(r.take("turn") or r.word("changes", "changed", "changing"))
    if turning and r.word("from", fill=False) and (r.take("polarity") or r.take("side")) and r.word("to"):
        pass
    plain = r.take("polarity")
    side = plain or (r.take("side") if family else None)
    said = r.tokens[r.position - 1].text if side is not None else ""
    directed = left.kind == "supertrend_dir" or (left.kind == "supertrend" and said in ("up", "down"))
    if side is None or (not turning and not directed and r.tokens[r.position - 1].text in _NOT_STATES):
        return None
    r.word("momentum", "territory", fill=False)
    if not turning and r.take("turn", fill=False):
        turning = True
    sides = sides_of(left, plain=plain is not None)
    if sides is None:
        return None
    first, second = sides
    up = side in (">", "up")
    if turning:
        return Cross(first, "up" if up else "down", second)
    return Compare(first, ">" if up else "<", second)


def sides_of(left: Operand, *, plain: bool = False) -> tuple[Operand, Operand] | None:
    """The two operands of which the first above the second is bullish; `plain` takes zero where there is no other."""
    family = family_of(left)
    text = FAMILIES[family].bullish if family in FAMILIES else None
    if left.kind == "cloud":
        return replace(left, kind="span_a"), replace(left, kind="span_b")
    if left.kind in ("macd_hist", "ppo_hist", "pvo_hist", "squeeze_value", "aroon_osc"):
        return left, number(0)
    if text is None:
        return None if not plain or price_like(left) or left.kind in ("volume", "number") else (left, number(0))
    own = {"close": Operand("close", interval=left.interval, symbol=left.symbol)}
    first, second = (number(float(name)) if name == "0" else own.get(name, replace(left, kind=name)) for name in text)
    return first, second


def is_level(operand: Operand) -> bool:
    """Whether an operand is a high or low of candles before, which jumps."""
    return operand.kind in LEVELS or operand.kind in ("dc_upper", "dc_lower")


def turned(left: Operand, way: str) -> Formula | Cross:
    """The value turned on this candle: it rose after it fell, or the other way; a Supertrend flipped."""
    if left.kind in ("supertrend", "supertrend_dir"):
        return Cross(replace(left, kind="supertrend_dir"), "up" if way == "up" else "down", number(0))
    first, second = (">", "<") if way == "up" else ("<", ">")
    return Formula(
        f"{{0}} {first} {{0}}[1] and {{0}}[1] {second} {{0}}[2]",
        (left,),
        brief=f"{left.kind} turns {way}",
        lean="long" if way == "up" else "short",
    )
