"""Reading price levels: "20 candle high", "highest high of the last 20 candles", "yesterday's low",
"resistance"."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Duration, Length, Operand
from llm.phrasebook.reading.lengths import read_length, trailing_length, whole
from llm.phrasebook.reading.reader import Reader

LEVELS = frozenset({"highest_high", "lowest_low", "highest_close", "lowest_close"})
PRICES = frozenset({"price", "close", "open", "high", "low"})
RECENT_CANDLES = 20


def read_level(r: Reader, subject: Operand | None = None) -> Operand | None:
    """ "20 candle high", "highest high of the last 20 candles", "yesterday's low", "resistance"."""
    mark = r.mark()
    interval = r.interval()
    level = r.take("level")
    if level is not None:
        name = "high" if level == "resistance" else "low"
        length = trailing_length(r)
        if length is None:
            length = RECENT_CANDLES
            side = "highest high" if name == "high" else "lowest low"
            r.note(f"“{level.capitalize()}” became the {side} of the {length} candles before.")
        return Operand(f"{'highest' if name == 'high' else 'lowest'}_{name}", (length,), interval=interval)
    r.reset(mark)
    if r.take("yesterday"):
        field = r.take("field", *PRICES)
        return Operand(field, interval="1d", level=True) if field else None
    r.reset(mark)
    interval = r.interval()
    if r.take("previous"):
        newest = subject is None and r.tokens[r.position - 1].text == "last"
        r.take("candle")
        field = r.take("field", *PRICES, "volume")
        if field == "price" or (newest and field == "close"):
            # "The last close is below the 20 EMA" speaks of the newest one, "above the last close" of the one before.
            return Operand(field, interval=interval)
        if field is not None:
            return Operand(field, interval=interval, shift=1)
    r.reset(mark)
    return _midpoint(r) or _window_first(r) or _window_last(r)


def _midpoint(r: Reader) -> Operand | None:
    """ "the midpoint of its 20 candle range"."""
    mark = r.mark()
    if r.word("midpoint", "middle", "mid", "centre", "center", "half") and r.word("of", fill=False):
        r.word("the", "its", fill=False)
        behind = r.word("range", fill=False) and r.word("of", "over", fill=False)
        length = trailing_length(r) or read_length(r)
        if length is not None and (behind or r.word("range", fill=False)):
            template = "lowest({p}low, {n0}) + 0.5 * (highest({p}high, {n0}) - lowest({p}low, {n0}))"
            return Operand("formula", (length,), template=template, noun="middle of the range", unit="price")
    r.reset(mark)
    return None


def _window_first(r: Reader) -> Operand | None:
    """ "20 candle high", "4h 20 candle high", "24h high", "new 50 candle low"."""
    mark = r.mark()
    r.take("new")
    r.word("prior", "previous", "preceding")
    length: Length | None = None
    interval = r.interval()
    token = r.token("number")
    if token is not None:
        length = whole(token)
        r.take("candle")
    elif (span := r.token("span")) is not None:
        length = Duration(int(span.value))
    elif interval is not None:
        # "4 hour high" is the high of the last four hours; "4h high" that of the 4h candle.
        last = r.tokens[r.position - 1]
        if (
            last.kind == "span"
            and last.count > 1
            and (last.text == "24h" or (last.text[-1].isalpha() and len(last.text.lstrip("0123456789 -")) > 1))
        ):
            length, interval = Duration(int(last.value)), None
    r.take("recent")
    r.take("highest")
    name = r.take("field", "high", "low", "close")
    if length is None or name not in ("high", "low"):
        r.reset(mark)
        return None
    return Operand("highest_high" if name == "high" else "lowest_low", (length,), interval=interval)


def _window_last(r: Reader) -> Operand | None:
    """ "highest high of the last 20 candles", "the low of the last 10 candles", "20 candle highest close"."""
    mark = r.mark()
    interval = r.interval()
    token = r.token("number")
    length: Length | None = whole(token) if token is not None else None
    if length is not None:
        r.take("candle")
    way = r.take("highest")
    field = r.take("field", "high", "low", "close")
    if field is None or (way is None and field == "close"):
        r.reset(mark)
        return None
    if length is None:
        length = trailing_length(r)
    if length is None:
        r.reset(mark)
        return None
    top = way == "high" if way is not None else field == "high"
    name = "close" if field == "close" else "high" if top else "low"
    return Operand(f"{'highest' if top else 'lowest'}_{name}", (length,), interval=interval)
