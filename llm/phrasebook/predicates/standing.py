"""Where a value stands in its own past: in a part of its range, above one of its percentiles, at its extreme.

"In the bottom tenth of its 50 day range" is between the lowest low and a tenth of the way to the highest high;
"in the top 10% of its last 100 candles", which names no range, is a percentile.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Compare, Condition, Duration, Formula, Length, Operand, number
from llm.phrasebook.operands.extremes import DAY_NOTE, peak_of, percent_rank
from llm.phrasebook.operands.levels import LEVELS
from llm.phrasebook.operands.operand import read_operand
from llm.phrasebook.reading.event_words import DAY_MS, plain, read_window_length
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import BANDS

_TOP = ("top", "upper", "highest", "uppermost")
_BOTTOM = ("bottom", "lower", "lowest", "lowermost")
_SHARES = {"half": 50.0, "third": 100 / 3, "quarter": 25.0, "fifth": 20.0, "tenth": 10.0, "decile": 10.0}
_SHARES |= {"quartile": 25.0, "quintile": 20.0}
_PAST = ("last", "past", "previous", "prior", "preceding", "trailing", "recent")
_VALUES = ("candles", "bars", "values", "readings", "closes", "periods", "candle", "bar", "period")
_PRICES = frozenset({"price", "close", "open", "high", "low"})


def read_standing(r: Reader, left: Operand) -> Condition | None:
    """A place in the range, a percentile, or an extreme that `left` equals."""
    if left.kind == "number" or left.kind in BANDS:
        return None
    mark = r.mark()
    for form in (_equals, _in_part, _at_percentile):
        found = form(r, left)
        if found is not None:
            return found
        r.reset(mark)
    return None


def _equals(r: Reader, left: Operand) -> Condition | None:
    """ "low = lowest of 20", "the high equals the 50 candle high": this candle's is the extreme."""
    if not r.word("=", "equals", "equal", "matches"):
        return None
    r.word("to", fill=False)
    mark = r.mark()
    way = r.take("highest")
    if way is not None:
        r.take("field", left.kind)
        r.word("of", "in", "over", fill=False)
        r.word(*_PAST)
        length = read_window_length(r)
        return None if length is None else _extreme(left, way, length)
    r.reset(mark)
    level = read_operand(r, left)
    if level is None or level.kind not in LEVELS or left.kind not in _PRICES:
        return None
    span = level.args[0]
    way = "high" if level.kind.startswith("highest") else "low"
    return None if isinstance(span, float) else _extreme(left, way, span)


def _extreme(left: Operand, way: str, length: Length) -> Compare:
    own = replace(left, kind="close") if left.kind == "price" else left
    top = way == "high"
    of = Operand("highest_of" if top else "lowest_of", (length,), own.interval, own.symbol, of=own)
    return Compare(own, ">=" if top else "<=", of)


def _share(r: Reader) -> float | None:
    token = r.token("percent")
    if token is not None:
        return token.value if 0 < token.value < 100 else None
    return next((share for word, share in _SHARES.items() if r.word(word, fill=False)), None)


def _in_part(r: Reader, left: Operand) -> Condition | None:
    """ "in the bottom tenth of its 50 day range", "in the top 10% of its last 100 candles"."""
    r.word("sits", "trades", "closes", "lies", "ranks", "closed", "falls")
    if not r.word("in", "within", "inside", "among"):
        return None
    top = r.word(*_TOP)
    if not top and not r.word(*_BOTTOM):
        return None
    share = _share(r)
    if share is None or not r.word("of", fill=False):
        return None
    r.word("the", "its", "their", fill=False)
    found = _range_of(r)
    if found is None:
        return None
    length, ranged = found
    if not ranged:
        edge = 100 - share if top else share
        return _percentile(left, ">=" if top else "<=", edge, length)
    share = 100 - share if top else share
    return _part_of_range(left, ">=" if top else "<=", share / 100, length)


def _range_of(r: Reader) -> tuple[Length, bool] | None:
    """ "50 day range", "range of the last 40 candles", "last 100 candles"; and whether the range is meant."""
    if r.word("range", fill=False):
        r.word("of", "over", "in", "for", "from", fill=False)
        r.word("the", "its", fill=False)
        r.word(*_PAST, fill=False)
        length = read_window_length(r)
        return None if length is None else (length, True)
    past = r.word(*_PAST, fill=False)
    daily = r.word("daily", "day's", "today's", fill=False)
    length = Duration(DAY_MS) if daily else read_window_length(r)
    if daily:
        r.note(DAY_NOTE)
    if length is None:
        return None
    r.word("'", "'s", "of", fill=False)
    r.word("high", fill=False) and r.word("low", fill=False)
    if r.word("range", "trading", fill=False):
        r.word("range", fill=False)
        return length, True
    r.word(*_VALUES, fill=False)
    return (length, False) if past else None


def _part_of_range(left: Operand, op: str, share: float, length: Length) -> Formula:
    own = replace(left, kind="close") if left.kind in ("price", "close") else left
    if own.kind in _PRICES:
        high, low = peak_of(length, "high", own.symbol), peak_of(length, "low", own.symbol)
        assert high is not None
        assert low is not None
        high, low = replace(high, interval=own.interval), replace(low, interval=own.interval)
    else:
        high, low = (Operand(kind, (length,), own.interval, own.symbol, of=own) for kind in ("highest_of", "lowest_of"))
    text = f"{{0}} {op} {{1}} + {plain(round(share, 10))} * ({{2}} - {{1}})"
    return Formula(text, (own, low, high), brief="place in its range")


def _at_percentile(r: Reader, left: Operand) -> Condition | None:
    """ "ranks above the 90th percentile of the previous 60 days": of its own values."""
    r.word("ranks", "sits", "lies", "ranked")
    op = r.take("compare")
    if op is None and not r.word("in", "at", "within"):
        return None
    token = r.token("number")
    if token is None or not 0 < token.value < 100:
        return None
    r.word("th", "st", "nd", "rd", fill=False)
    if not r.word("percentile", "percent", fill=False):
        return None
    r.word("of", "over", "in", "for", "from", "within", fill=False)
    r.word("the", "its", "their", "own", fill=False)
    r.word("own", fill=False)
    r.word(*_PAST, fill=False)
    length = read_window_length(r)
    if length is None:
        return None
    r.word(*_VALUES, fill=False)
    return _percentile(left, op or ">=", token.value, length)


def _percentile(left: Operand, op: str, edge: float, length: Length) -> Compare:
    own = replace(left, kind="close") if left.kind == "price" else left
    score = percent_rank(own, length)
    match op:
        case "<":
            return Compare(score, "<", number(edge))
        case "<=":
            return Compare(score, "<=", number(edge))
        case ">":
            return Compare(score, ">", number(edge))
        case _:
            return Compare(score, ">=", number(edge))
