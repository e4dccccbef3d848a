"""Reading averages of the price or of another series: "200 EMA", "the 20, 50 and 200 EMA", "its own 9-period EMA"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Operand
from llm.phrasebook.operands.naming import (
    BAND_KINDS,
    interval_behind,
    operand_of,
    own_since,
    price_like,
    read_indicator,
)
from llm.phrasebook.operands.settings import read_settings
from llm.phrasebook.reading.lengths import trailing_length, whole
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import FAMILIES

_WINDOW = frozenset({"within", "in", "at", "during", "some", "any", "sometime"})


def read_averages(r: Reader) -> list[Operand] | None:
    """ "the 20, 50 and 200 EMA", "the 10 and the 30 period SMA", "EMAs 9 and 21"."""
    mark = r.mark()
    behind = _lengths_behind(r)
    if behind is not None:
        return behind
    r.reset(mark)
    lengths: list[int] = []
    r.position = _past_filler(r)
    interval = r.interval()
    while (token := r.token("number", fill=bool(lengths))) is not None and (length := whole(token)) is not None:
        lengths.append(length)
        r.take("candle", fill=False)
        if not r.word(",", "and", "&", "/", "or", fill=False):
            break
        r.word("and", fill=False)
        r.word("the", fill=False)
    if len(lengths) < 2:
        return None
    r.take("candle", fill=False)
    r.word("length", fill=False)
    inside = r.interval()
    kind = r.take("average")
    if kind is None:
        return None
    where = interval or inside or interval_behind(r)
    return [Operand(average_kind(r, kind), (length,), interval=where) for length in lengths]


def _lengths_behind(r: Reader) -> list[Operand] | None:
    """ "EMA 9 and 21", "EMAs (9, 21, 55)", where no other number of an average follows."""
    kind = r.take("average")
    if kind is None:
        return None
    r.word("(", "of", fill=False)
    lengths: list[int] = []
    while (token := r.token("number", fill=False)) is not None and (length := whole(token)) is not None:
        after = r.mark()
        if lengths and (r.take("average", fill=False) or r.take("candle", fill=False)):
            return None
        r.reset(after)
        lengths.append(length)
        if not r.word(",", "and", "&", "/", fill=False):
            break
        r.word("and", fill=False)
    r.word(")", fill=False)
    if len(lengths) < 2:
        return None
    where = interval_behind(r)
    if kind == "kama" and len(lengths) == 3:
        return [Operand("kama", tuple(lengths), interval=where)]  # Its length, and the fast and the slow one.
    return [Operand(average_kind(r, kind), (length,), interval=where) for length in lengths]


def _past_filler(r: Reader) -> int:
    mark = r.mark()
    r.word("the", fill=False)
    at = r.position
    r.reset(mark)
    return at


def average_kind(r: Reader, kind: str) -> str:
    """The kind of an average named; a plain "moving average" is the simple one, and said so."""
    if kind == "ma":
        r.note("“Moving average” became a simple moving average (SMA).")
        return "sma"
    return kind


def read_average(r: Reader, subject: Operand | None) -> Operand | None:
    """ "200 EMA", "EMA 200", "EMA of 20", "20-period simple average of the volume", "its own 9-period EMA"."""
    mark = r.mark()
    token = r.token("number")
    length = whole(token) if token is not None else None
    inside = None
    if length is None:
        r.reset(mark)
    else:
        r.take("candle")
        r.word("length", fill=False)
        inside = r.interval()
    kind = r.take("average")
    if kind is None and length is not None and (subject is None or price_like(subject)):
        plain = r.take("mean", fill=False) is not None and not _of_anything(r)
        kind = "ma" if plain else None
    if kind is None:
        return None
    own = own_since(r, mark)
    name = average_kind(r, kind)
    given = (float(length),) if length is not None else read_settings(r, FAMILIES[name])
    if not given:
        of = _series_of(r)
        within = any(token.text in _WINDOW for token in r.tokens[r.position : r.position + 2])
        trailing = None if within else trailing_length(r)
        if isinstance(trailing, int):
            given = (float(trailing),)
    else:
        of = _series_of(r)
    if of is None and own and subject is not None and not price_like(subject) and subject.kind != "number":
        of = replace(subject, factor=1.0, shift=0)
    made = operand_of(r, name, given)
    if of is not None:
        made = replace(made, of=of, interval=of.interval, symbol=of.symbol)
    where = inside or interval_behind(r)
    return made if where is None else replace(made, interval=where)


def _of_anything(r: Reader) -> bool:
    """Whether "of ..." or a series follows an average that names none itself."""
    mark = r.mark()
    found = r.word("of", fill=False) or r.take("field", fill=False) is not None
    r.reset(mark)
    return found


def _series_of(r: Reader) -> Operand | None:
    """ "of the volume", "of RSI": the series an average is taken of, where it is not the price."""
    mark = r.mark()
    # "On high volume" and "on RSI above 50" are conditions of their own: only "of" names a series.
    if r.word("of", fill=False):
        of = read_indicator(r, None)
        if of is not None and of.kind not in BAND_KINDS:
            return of
        r.reset(mark)
        r.word("of", fill=False)
        name = r.take("field")
        if name is not None:
            return None if name in ("price", "close") else Operand(name)
    r.reset(mark)
    return None
