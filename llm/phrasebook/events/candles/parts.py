"""The parts of a candle: body, range and wicks, compared with one another, with ATR, with their average, or in
percent."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Condition, Formula, Operand
from llm.phrasebook.operands.extremes import compared, versus
from llm.phrasebook.reading.event_words import SLOTS, series
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

BODY = series("abs({p}close - {p}open)", "candle's body", "price")


RANGE = series("{p}high - {p}low", "candle's range", "price")


UPPER_WICK = series("{p}high - max({p}open, {p}close)", "upper wick", "price")


LOWER_WICK = series("min({p}open, {p}close) - {p}low", "lower wick", "price")


PARTS = {"body": BODY, "range": RANGE, "upper": UPPER_WICK, "lower": LOWER_WICK}


SIZES = frozenset(
    [
        "fat",
        "big",
        "large",
        "long",
        "huge",
        "giant",
        "massive",
        "strong",
        "wide",
        "small",
        "tiny",
        "little",
        "short",
        "chunky",
        "thick",
        "monster",
        "full",
        "solid",
    ]
)


SMALL = frozenset(["small", "tiny", "little", "short"])


def part_slot(r: Reader) -> object | None:
    return _PART_NAMES.read(r)


def _make_part(name: str) -> object:
    return lambda m: PARTS[name]


def _part_names() -> Grammar[Operand]:
    g: Grammar[Operand] = Grammar(_PART_LISTS, SLOTS)
    for name in PARTS:
        g.add(_make_part(name), f"<{name}>")  # type: ignore[arg-type]
    return g


_PART_LISTS = {
    "body": """
        body; real body; body of the candle; candle body; the body; candle's body; candle's real body; body size;
        size of the body; bodies; body length""",
    "range": """
        range of the candle; candle range; candle's range; whole candle; full candle; entire candle; whole range;
        high low range; range; full range; total range; bar range; bar's range; entire range; size of the candle;
        candle size; whole bar; range of the bar; candle's size; candle's full range; candle length; length of the
        candle; candle's height; height of the candle; high to low range; high to low; distance from high to low;
        daily range; total candle; total length; candle; bar; hourly range; weekly range; range of this candle;
        candle's high low range""",
    "upper": """
        upper wick; top wick; upper shadow; upside wick; wick on top; upper tail; wick above the body; wick at the
        top; wick above; upper wicks; high wick; wick up; topside wick; scam wick up; wick to the upside""",
    "lower": """
        lower wick; bottom wick; lower shadow; downside wick; tail; lower tail; wick below the body; wick at the
        bottom; wick below; lower wicks; low wick; wick down; wick to the downside""",
}


_PART_NAMES = _part_names()


def to_part(m: Found) -> Condition | None:
    """One part against another: "upper wick is more than 70% of the range", "lower wick twice the body"."""
    left, right = m.get("part", Operand), m.get("other", Operand)
    if left is None or right is None or left == right:
        return None
    factor = (
        m.number("pct") / 100 if "pct" in m else m.number("x") if "x" in m else m.number("num") if "num" in m else 1.0
    )
    default = ">=" if ("x" in m or "pct" in m) else ">"
    return versus(left, m.word("cmp", default), replace(right, factor=round(factor, 10)))


def to_price(m: Found) -> Condition | None:
    """ "the range is more than 3%", "a body of at least 2%": of the open."""
    left = m.get("part", Operand)
    if left is None:
        return None
    m.note(f"The {left.noun} in percent is taken of the open.")
    share = series("100 * {0} / {p}open", f"{left.noun} in percent", "percent", left)
    return compared(share, m.word("cmp", ">="), m.number("pct"))


def to_atr(m: Found) -> Condition | None:
    left = m.get("part", Operand)
    length = m.values.get("count", None)
    if left is None:
        return None
    if length is None:
        length = 14
        m.note("ATR has no length given: 14 candles.")
    if not isinstance(length, int):
        return None
    factor = (
        m.number("x") if "x" in m else m.number("num") if "num" in m else m.number("pct") / 100 if "pct" in m else 1.0
    )
    default = ">=" if "x" in m or "num" in m else ">"
    return versus(left, m.word("cmp", default), Operand("atr", (length,), factor=factor))


def to_average(m: Found) -> Condition | None:
    left = m.get("part", Operand)
    length = m.values.get("length", m.values.get("count"))
    if left is None:
        return None
    if length is None:
        length = 20
        m.note("The average has no length given: 20 candles.")
    factor = m.number("x") if "x" in m else m.number("pct") / 100 if "pct" in m else 1.0
    average = series("ta.sma({0}, {n0})", f"average {left.noun}", "price", left, args=(length,))  # type: ignore[arg-type]
    return versus(left, m.word("cmp", ">=" if "x" in m else ">"), replace(average, factor=factor))


def extreme_part(m: Found) -> Condition | None:
    """ "the widest range of the last 20 candles", "NR7"."""
    left = m.get("part", Operand) or RANGE
    length = m.values.get("length", m.values.get("count"))
    if length is None:
        return None
    words = set(m.text.split())
    small = bool(words & _LEAST) or any(word.startswith("nr") for word in words)
    function, op = ("lowest", "<=") if small else ("highest", ">=")
    edge = series(f"{function}({{0}}, {{n0}})", f"{function} {left.noun}", "price", left, args=(length,))  # type: ignore[arg-type]
    return versus(left, op, edge)


_LEAST = frozenset(["smallest", "narrowest", "tightest", "lowest", "shortest", "least", "minimum", "nr"])


def no_wick(m: Found) -> Condition | None:
    left = m.get("part", Operand)
    if left is None or left in (RANGE, BODY):
        return None
    return Formula("{0} <= 0", operands=(left,), brief=f"no {left.noun}")
