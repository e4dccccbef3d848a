"""Reading operands: what is compared. Each function reads one form and goes back where it does not fit.

`read_operands` gives a list, because "above the 20, 50 and 200 EMA" names three; most sentences name one.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.lengths import MAX_LENGTH, trailing_length, whole
from llm.phrasebook.levels import LEVELS, PRICES, read_level
from llm.phrasebook.meaning import Duration, Length, Operand, number
from llm.phrasebook.reader import Reader

# kind: default arguments and what to say when they were not given.
DEFAULTS: dict[str, tuple[tuple[float, ...], str]] = {
    "rsi": ((14,), "RSI has no length given: 14 candles."),
    "ema": ((20,), "EMA has no length given: 20 candles."),
    "sma": ((20,), "Moving average has no length given: 20 candles."),
    "macd": ((12, 26, 9), "MACD has no settings given: 12, 26, 9."),
    "bb": ((20, 2), "Bollinger bands have no settings given: 20 candles, 2 standard deviations."),
    "atr": ((14,), "ATR has no length given: 14 candles."),
    "adx": ((14,), "ADX has no length given: 14 candles."),
    "stoch": ((14, 3, 3), "Stochastic has no settings given: 14, 3, 3."),
}
_FAMILY = {
    "macd": "macd",
    "macd_signal": "macd",
    "macd_hist": "macd",
    "bb_upper": "bb",
    "bb_middle": "bb",
    "bb_lower": "bb",
    "bb_width": "bb",
    "plus_di": "adx",
    "minus_di": "adx",
    "adx": "adx",
    "stoch_k": "stoch",
    "stoch_d": "stoch",
    "rsi": "rsi",
    "atr": "atr",
    "ema": "ema",
    "sma": "sma",
}
AVERAGE_CANDLES = 20


def price_like(operand: Operand) -> bool:
    """Whether an operand is measured in the symbol's price."""
    if operand.kind == "formula":
        return operand.unit == "price"
    kind = operand.of.kind if operand.of is not None and operand.kind != "change" else operand.kind
    bands = ("ema", "sma", "bb_upper", "bb_middle", "bb_lower", "vwap")
    return kind in PRICES or kind in LEVELS or kind in bands


def read_operands(r: Reader, subject: Operand | None = None) -> list[Operand] | None:
    """All operands named here, at least one, or None. `subject` is what "its" refers to."""
    mark = r.mark()
    r.take("both")
    many = _averages(r)
    if many is not None:
        return many
    r.reset(mark)
    one = read_operand(r, subject)
    if one is None:
        r.reset(mark)
        return None
    return [one]


def read_operand(r: Reader, subject: Operand | None = None) -> Operand | None:
    """One operand, or None with the cursor where it was."""
    mark = r.mark()
    for form in (_scaled, _of_coin, _average_of, _change_of, _level, _on_interval, _plain, _constant):
        operand = form(r, subject)
        if operand is not None:
            return _ago(r, operand)
        r.reset(mark)
    return None


def indicator(r: Reader, kind: str, given: tuple[float, ...]) -> Operand:
    """An indicator with its arguments; missing ones are the usual ones, and said so."""
    family = _FAMILY.get(kind)
    if family is None:
        return Operand(kind)
    usual, note = DEFAULTS[family]
    if not given:
        r.note(note)
    arguments = (*given, *usual[len(given) :])[: len(usual)]
    return Operand(kind, arguments)


def _level(r: Reader, subject: Operand | None) -> Operand | None:
    return read_level(r)


def _ago(r: Reader, operand: Operand) -> Operand:
    mark = r.mark()
    token = r.token("number", fill=False)
    count = whole(token) if token is not None else None
    if count is not None and r.take("candle", fill=False) and r.take("ago", fill=False):
        return replace(operand, shift=operand.shift + count)
    r.reset(mark)
    return operand


def _arguments(r: Reader) -> tuple[float, ...]:
    """Numbers behind an indicator's name: "(12, 26, 9)", "14", "with length 14"."""
    mark = r.mark()
    if r.word("(", fill=False):
        if r.take("field", fill=False):
            r.word(",", fill=False)
        given: list[float] = []
        while (token := r.token("number", fill=False)) is not None:
            given.append(token.value)
            r.word(",", "/", fill=False)
        if given and r.word(")", fill=False) and _sound(given):
            return tuple(given)
        r.reset(mark)
        return ()
    r.word("with", "of", "length", "period", fill=False)
    r.take("length", fill=True)
    values: list[float] = []
    while (token := r.token("number", fill=False)) is not None and len(values) < 3:
        values.append(token.value)
        comma = r.mark()
        if not (r.word(",", "/", fill=False) and values[0] > 1 and _number_here(r)):
            r.reset(comma)
    r.take("length", fill=False)
    if values and _sound(values) and r.tokens[r.position - 1].kind != "percent":
        return tuple(values)
    r.reset(mark)
    return ()


def _sound(values: list[float]) -> bool:
    return all(0 < value <= MAX_LENGTH for value in values) and values[0] == int(values[0]) and len(values) <= 3


def _number_here(r: Reader) -> bool:
    return not r.done and r.tokens[r.position].kind == "number"


def _averages(r: Reader) -> list[Operand] | None:
    """ "the 20, 50 and 200 EMA", "EMA 20 and 50"."""
    lengths: list[int] = []
    r.position = _past_filler(r)
    interval = r.interval()
    while (token := r.token("number", fill=bool(lengths))) is not None and (length := whole(token)) is not None:
        lengths.append(length)
        if not r.word(",", "and", "&", "/", fill=False):
            break
        r.word("and", fill=False)
    if len(lengths) < 2:
        return None
    inside = r.interval()
    kind = r.take("average")
    if kind is None:
        return None
    where = interval or inside or _behind(r)
    return [Operand(_average_kind(r, kind), (length,), interval=where) for length in lengths]


def _past_filler(r: Reader) -> int:
    mark = r.mark()
    r.word("the", fill=False)
    at = r.position
    r.reset(mark)
    return at


def _average_kind(r: Reader, kind: str) -> str:
    if kind == "ma":
        r.note("“Moving average” became a simple moving average (SMA).")
        return "sma"
    return kind


def _scaled(r: Reader, subject: Operand | None) -> Operand | None:
    """ "2x its 20 average", "1.5 times the ATR"."""
    token = r.token("multiple")
    if token is None:
        return None
    r.word("of", "the", fill=False)
    if not r.done and r.tokens[r.position].kind == "multiple":
        return None
    inner = read_operand(r, subject)
    if inner is None or inner.kind == "number" or not 0 < token.value <= 1_000:
        return None
    return replace(inner, factor=inner.factor * token.value)


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
            return _average_rest(r, subject, Duration(int(span.value)))
    else:
        r.take("candle")
    return _average_rest(r, subject, length)


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
    return Operand(_average_kind(r, kind), (span.count,), interval=f"1{span.unit}")


def _plain(r: Reader, subject: Operand | None) -> Operand | None:
    """An indicator or a series, with an interval behind it where a predicate follows."""
    mark = r.mark()
    token = r.token("number")
    length = whole(token) if token is not None else None
    if token is not None:
        r.take("candle")
        inside = r.interval()
        kind = r.take("average") or r.take("indicator", "rsi", "atr", "adx")
        if kind is None or length is None:
            r.reset(mark)
            return None
        average = _average_kind(r, kind) if kind in ("ema", "sma", "ma") else kind
        return Operand(average, (length,), interval=inside or _behind(r))
    kind = r.take("average")
    if kind is not None:
        return _placed(r, indicator(r, _average_kind(r, kind), _arguments(r)[:1]))
    kind = r.take("indicator")
    if kind is not None:
        if kind == "bands":
            r.reset(mark)
            return None
        given = _arguments(r)
        if kind.startswith("macd") and not given and subject is not None and subject.kind.startswith("macd"):
            return _placed(r, Operand(kind, subject.args, interval=subject.interval, symbol=subject.symbol))
        if kind == "macd_signal" and subject is not None and subject.kind == "stoch_k":
            kind = "stoch_d"
        if kind.startswith("stoch") and subject is not None and subject.kind.startswith("stoch") and not given:
            return _placed(r, Operand(kind, subject.args, interval=subject.interval, symbol=subject.symbol))
        return _placed(r, indicator(r, kind, given))
    name = r.take("field")
    if name is not None:
        return _placed(r, Operand(name))
    return None


def _placed(r: Reader, operand: Operand) -> Operand:
    where = _behind(r)
    return operand if where is None else replace(operand, interval=where)


def _behind(r: Reader) -> str | None:
    """An interval glued behind an operand: "RSI 15m", "EMA 200 (4h)". With "on the" it belongs to the
    condition."""
    mark = r.mark()
    bracket = r.word("(", "[", fill=False)
    label = r.interval(fill=False)
    if label is not None and (not bracket or r.word(")", "]", fill=False)):
        r.take("chart", fill=False)
        # "RSI 15m 200 EMA" cannot be: the interval belongs to what follows.
        return label
    r.reset(mark)
    return None


def _constant(r: Reader, subject: Operand | None) -> Operand | None:
    """A number or a percentage."""
    if r.take("zero"):
        return number(0.0)
    token = r.token("number")
    if token is None:
        token = r.token("percent")
    return None if token is None else number(token.value)
