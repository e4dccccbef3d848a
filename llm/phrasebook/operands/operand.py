"""Reading operands: what is compared. Each function reads one form and goes back where it does not fit.

`read_operands` gives a list, because "above the 20, 50 and 200 EMA" names three; most sentences name one.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Duration, Length, Operand, number
from llm.phrasebook.operands.averages import average_kind, read_average, read_averages
from llm.phrasebook.operands.extremes import percent_rank
from llm.phrasebook.operands.levels import read_level
from llm.phrasebook.operands.naming import BAND_KINDS, interval_behind, operand_of, price_like, read_indicator
from llm.phrasebook.operands.period_levels import read_period_level
from llm.phrasebook.operands.pronouns import read_pronoun
from llm.phrasebook.operands.window_ranges import read_window_range
from llm.phrasebook.reading.lengths import trailing_length, whole
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import AVERAGES, OUTPUTS
from llm.phrasebook.vocabulary.tokens import Token

__all__ = ["average_kind", "indicator", "price_like", "read_averages", "read_constant", "read_operand", "read_operands"]

AVERAGE_CANDLES = 20
_COUNTED = frozenset({"candles", "bars", "candlesticks", "months", "years"})


def read_operands(r: Reader, subject: Operand | None = None) -> list[Operand] | None:
    """All operands named here, at least one, or None. `subject` is what "its" refers to."""
    mark = r.mark()
    r.take("both")
    many = read_averages(r)
    if many is not None:
        return many
    r.reset(mark)
    one = read_operand(r, subject)
    if one is None:
        r.reset(mark)
        return _both_named(r) if subject is not None else None
    return [one]


def _both_named(r: Reader) -> list[Operand] | None:
    """ "and the close is over both": the two sides last compared."""
    mark = r.mark()
    pair = [side for side in r.pair if isinstance(side, Operand) and side.kind != "number"]
    if len(pair) == 2 and r.word("both", "them", "these", "those"):
        r.word("of", fill=False) and r.word("them", "these", "those", fill=False)
        r.word("averages", "lines", "emas", "smas", "mas", fill=False)
        return pair
    r.reset(mark)
    return None


def read_operand(r: Reader, subject: Operand | None = None) -> Operand | None:
    """One operand, or None with the cursor where it was."""
    mark = r.mark()
    for form in _FORMS:
        operand = form(r, subject)
        if operand is not None:
            return _shifted(r, _ago(r, operand))
        r.reset(mark)
    return None


# First words of names that could be read as something else: an interval, a multiple, "the average of".
_LEADING = frozenset("daily weekly monthly session day intraday average volume moving double triple zero".split())


def _leading_name(r: Reader, subject: Operand | None) -> Operand | None:
    """A name that begins like something else: "daily VWAP" is an anchor, "average true range" no average."""
    mark = r.mark()
    for category in ("family", "indicator", "average"):
        start = r.position
        if r.take(category) and r.position - start > 1:
            words = [token.text for token in r.tokens[start : r.position]]
            r.reset(mark)
            return _plain(r, subject) if _LEADING & {word.removesuffix("'s") for word in words} else None
        r.reset(mark)
    return None


def _before(r: Reader, subject: Operand | None) -> Operand | None:
    """ "its value 5 candles ago", "it was 3 candles ago", "the candle before": an earlier value of the subject."""
    if subject is None or subject.kind == "number":
        return None
    start = r.mark()
    named = r.take("earlier") is not None
    token = r.token("number", fill=not named)
    count = whole(token) if token is not None else None
    if count is not None and r.take("candle", fill=False) and r.take("ago", fill=False):
        return replace(subject, shift=subject.shift + count, factor=1.0)
    r.reset(start)
    if r.take("one_before"):
        return replace(subject, shift=subject.shift + 1, factor=1.0)
    return None


def _slope_of(r: Reader, subject: Operand | None) -> Operand | None:
    """ "the slope of the 50 EMA": its change from the candle before."""
    if not r.word("slope") or not r.word("of", fill=False):
        return None
    inner = read_operand(r)
    if inner is None or inner.kind == "number" or inner.kind in BAND_KINDS:
        return None
    if inner.kind == "linreg":
        return replace(inner, kind="slope")
    r.note("“Slope” became: the change from the candle before.")
    template = "{0} - {0}[1]"
    return Operand("formula", template=template, parts=(inner,), unit="slope", noun="change of it")


def _rank_of(r: Reader, subject: Operand | None) -> Operand | None:
    """ "the percent rank of the close over 50 candles": where it stands among its own last values."""
    if not r.word("percent", "percentile", "percentage") or not r.word("rank", "ranking", fill=False):
        return None
    of = read_operand(r) if r.word("of", fill=False) else None
    length = trailing_length(r) if of is not None and of.kind != "number" else None
    return None if of is None or length is None else percent_rank(of, length)


def _shifted(r: Reader, operand: Operand) -> Operand:
    """ "the 20 EMA plus 2 ATR", "the highest high minus 3 ATR"."""
    if not price_like(operand) or operand.kind in BAND_KINDS:
        return operand
    mark = r.mark()
    sign = "+" if r.word("plus", "+", fill=False) else "-" if r.word("minus", "-", fill=False) else None
    if sign is not None:
        token = r.token("number", fill=False) or r.token("multiple", fill=False)
        r.word("x", "times", "*", fill=False)
        other = read_indicator(r, None)
        if other is not None and other.kind in OUTPUTS and OUTPUTS[other.kind].unit == "range":
            factor = 1.0 if token is None else token.value
            return Operand(
                "formula",
                template=f"{{0}} {sign} {{1}}",
                parts=(operand, replace(other, factor=factor)),
                unit="price",
                noun="band",
            )
    r.reset(mark)
    return operand


def indicator(r: Reader, kind: str, given: tuple[float, ...]) -> Operand:
    """An indicator with its arguments; missing ones are the usual ones, and said so."""
    return operand_of(r, kind, given)


def _level(r: Reader, subject: Operand | None) -> Operand | None:
    return read_level(r, subject)


def _ago(r: Reader, operand: Operand) -> Operand:
    if operand.kind == "number":
        # "above 70 three candles ago": the condition is of that candle, not the number.
        return operand
    mark = r.mark()
    r.word("of", "from", fill=False)
    token = r.token("number", fill=False)
    count = whole(token) if token is not None else None
    if count is not None and r.take("candle", fill=False) and r.take("ago", fill=False):
        return replace(operand, shift=operand.shift + count)
    r.reset(mark)
    if r.word("of", "from", fill=False) and r.take("one_before"):
        return replace(operand, shift=operand.shift + 1)
    r.reset(mark)
    return operand


def _scaled(r: Reader, subject: Operand | None) -> Operand | None:
    """ "2x its 20 average", "1.5 times the ATR"."""
    token = r.token("multiple")
    if token is None and r.word("half"):
        r.word("of", "the", fill=False)
        inner = read_operand(r, subject)
        return None if inner is None or inner.kind == "number" else replace(inner, factor=inner.factor * 0.5)
    if token is None:
        return _share(r, subject)
    r.word("of", "the", fill=False)
    if not r.done and r.tokens[r.position].kind == "multiple":
        return None
    inner = read_operand(r, subject)
    if inner is None or inner.kind == "number" or not 0 < token.value <= 1_000:
        return None
    return replace(inner, factor=inner.factor * token.value)


def _share(r: Reader, subject: Operand | None) -> Operand | None:
    """ "150% of its average", "2% of the price"."""
    token = r.token("percent")
    if token is None or not r.word("of", fill=False) or not 0 < token.value <= 10_000:
        return None
    inner = read_operand(r, subject)
    if inner is None or inner.kind in ("number", "change") or inner.kind in BAND_KINDS:
        return None
    return replace(inner, factor=round(inner.factor * token.value / 100, 10))


def _of_coin(r: Reader, subject: Operand | None) -> Operand | None:
    """ "BTC", "bitcoin's RSI", "the BTC price"."""
    symbol = r.coin()
    if symbol is None:
        return None
    mark = r.mark()
    for form in (_average_of, _on_interval, _plain):
        inner = form(r, subject)
        if inner is not None:
            of = None if inner.of is None else replace(inner.of, symbol=symbol)
            return replace(inner, symbol=symbol, of=of)
        r.reset(mark)
    return Operand("price", symbol=symbol)


def _average_of(r: Reader, subject: Operand | None) -> Operand | None:
    """ "its 20 average", "the average volume", "20 candle average of the 4h volume", "volume average"."""
    token = r.token("number")
    length = whole(token) if token is not None else None
    if token is not None and length is None:
        return None
    if length is None:
        span = r.token("span")
        if span is not None:
            weeks = _of_higher(r, span, subject)
            if weeks is not None:
                return weeks
            return _average_rest(r, subject, Duration(int(span.value)))
    else:
        r.take("candle")
    return _average_rest(r, subject, length)


def _of_higher(r: Reader, span: Token, subject: Operand | None) -> Operand | None:
    """ "the 20 week average" of the price is of weekly candles, as "the 200 day EMA" is of daily ones."""
    mark = r.mark()
    plain = subject is None or price_like(subject)
    if plain and span.count >= 2 and span.unit in "dw" and r.take("mean", fill=False) and not r.word("of", fill=False):
        r.note(f"“{span.count} {'day' if span.unit == 'd' else 'week'} average” became a simple moving average.")
        return Operand("sma", (span.count,), interval=f"1{span.unit}")
    r.reset(mark)
    return None


def _average_rest(r: Reader, subject: Operand | None, length: Length | None) -> Operand | None:
    mark = r.mark()
    before = r.take("field", "volume", "quote_volume", "trades")
    if before is None:
        r.reset(mark)
    if not r.take("mean"):
        return None
    of = Operand(before) if before else None
    if of is None:
        after = r.mark()
        r.word("of", fill=False)
        of = _on_interval(r, None) or _plain(r, None)
        if of is None or of.kind == "number":
            r.reset(after)
            of = replace(subject, factor=1.0) if subject is not None and subject.kind != "number" else None
    if of is None:
        return None
    if of == subject and of.kind in AVERAGES and isinstance(length, int):
        # "The 50-period average is above the 200-period average": both of the price.
        return Operand("sma", (length,), interval=of.interval, symbol=of.symbol)
    if length is None:
        length = trailing_length(r)
    if length is None:
        length = AVERAGE_CANDLES
        r.note(f"The average has no length given: {AVERAGE_CANDLES} candles.")
    return Operand("average", (length,), interval=of.interval, symbol=of.symbol, of=of)


def _change_of(r: Reader, subject: Operand | None) -> Operand | None:
    """ "24h change", "24 candle change of the BTC close", "price change over the last 3 candles"."""
    length: Length | None = None
    token = r.token("number")
    if token is not None:
        length = whole(token)
        r.take("candle")
    elif (span := r.token("span")) is not None:
        length = Duration(int(span.value))
    elif r.take("hourly", "1d"):
        length = Duration(86_400_000)
    if not r.take("change"):
        return None
    mark = r.mark()
    of = None
    if r.word("of", "in", fill=False):
        of = _of_coin(r, None) or _on_interval(r, None) or _plain(r, None)
    if of is None or of.kind == "number":
        r.reset(mark)
        of = Operand("close")
    of = replace(of, kind="close") if of.kind == "price" else of
    length = length or trailing_length(r)
    if length is None:
        return None
    return Operand("change", (length,), interval=of.interval, symbol=of.symbol, of=of)


def _on_interval(r: Reader, subject: Operand | None) -> Operand | None:
    """ "15m RSI", "4h 200 EMA", "daily close", "200 day EMA"."""
    mark = r.mark()
    label = r.interval()
    if label is not None:
        r.take("chart", fill=False)
        inner = _plain(r, subject)
        if inner is not None and inner.interval is None:
            return replace(inner, interval=label)
        r.reset(mark)
    span = r.token("span")
    if span is None or span.count < 2 or span.unit not in "hdw":
        return None
    kind = r.take("average")
    if kind is None:
        return None
    return Operand(average_kind(r, kind), (span.count,), interval=f"1{span.unit}")


def _plain(r: Reader, subject: Operand | None) -> Operand | None:
    """An indicator or a series, with an interval behind it where a predicate follows."""
    mark = r.mark()
    long_name = r.take("family")
    by_family = long_name is not None and r.position - mark.position > 1
    r.reset(mark)
    for form in (read_indicator, read_average) if by_family else (read_average, read_indicator):
        found = form(r, subject)
        if found is not None:
            return found
        r.reset(mark)
    name = r.take("field")
    if name is not None:
        where = interval_behind(r)
        return Operand(name, interval=where)
    return None


def _constant(r: Reader, subject: Operand | None) -> Operand | None:
    return read_constant(r)


def read_constant(r: Reader) -> Operand | None:
    """A number or a percentage."""
    if r.take("zero"):
        return number(0.0)
    token = r.token("number")
    if token is not None and not r.done and r.tokens[r.position].text in _COUNTED:
        return None  # "At most 6 candles later" is a time, and no level.
    if token is None:
        token = r.token("percent")
    if token is None:
        return None
    r.word("line", "level", "mark", fill=False)
    return number(token.value)


def _period(r: Reader, subject: Operand | None) -> Operand | None:
    return read_period_level(r)


_FORMS = (
    read_pronoun,
    _period,
    _rank_of,
    read_window_range,
    _leading_name,
    _scaled,
    _level,
    _before,
    _of_coin,
    _average_of,
    _change_of,
    _slope_of,
    _on_interval,
    _plain,
    _constant,
)
