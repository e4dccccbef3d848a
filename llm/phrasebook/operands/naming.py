"""Reading the name of an indicator with what stands around it: settings, the output meant, the series it is of.

"upper Bollinger band (20, 2)", "14-period RSI", "MACD(12, 26, 9) histogram", "lower line of the Keltner channel with
length 20 and multiplier 1.5", "RSI of the volume", "its signal line".
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Length, Operand, within_operand
from llm.phrasebook.operands.levels import LEVELS, PRICES
from llm.phrasebook.operands.settings import complete, read_settings
from llm.phrasebook.reading.reader import Mark, Reader
from llm.phrasebook.vocabulary.indicators import BANDS, FAMILIES, OUTPUTS, Family

_JUNK = (
    "band",
    "bands",
    "channel",
    "channels",
    "indicator",
    "oscillator",
    "value",
    "values",
    "reading",
    "curve",
    "index",
)
# Names of lines that are of the indicator named last, wherever they stand.
_BARE_LINES = frozenset(
    """
    k; d; j; %k; %d; k line; d line; signal line; histogram; hist; histo; upper band; lower band; middle band; bandwidth
    """.strip().split("; ")
)
# "Crossed the Supertrend within the last 4 candles": a time and no length.
_WINDOW = frozenset({"within", "in", "at", "during", "some", "any", "sometime"})
_OWN = frozenset({"its", "own", "their", "it's"})
# Indicators of several lines named as a whole: only some predicates can be said of them.
BAND_KINDS = frozenset(BANDS) | {name for name, family in FAMILIES.items() if family.default is None}


def operand_of(r: Reader, kind: str, given: tuple[float, ...], subject: Operand | None = None) -> Operand:
    """An output with its settings; missing ones are those of the subject of the same family, else the usual ones,
    which are noted."""
    name = "ichimoku" if kind == "cloud" else kind if kind in BAND_KINDS else OUTPUTS[kind].family
    family = FAMILIES[name]
    if not given and subject is not None and family_of(subject) == name:
        return replace(subject, kind=kind, factor=1.0, shift=0)
    if not given:
        given = r.known.get(name, ())
    if not given and family.usual:
        r.note(family.note)
    arguments: tuple[float | Length, ...] = tuple(
        int(value) if value == int(value) else value for value in (*given, *family.usual[len(given) :])
    )
    return Operand(kind, arguments)


def family_of(operand: Operand) -> str:
    """The family of an operand, "" where it is no indicator."""
    if operand.kind == "cloud":
        return "ichimoku"
    if operand.kind in BAND_KINDS:
        return operand.kind
    return OUTPUTS[operand.kind].family if operand.kind in OUTPUTS else ""


def of_lines(operand: Operand) -> bool:
    """Whether it is, or is made of, an indicator of several lines of which none is meant."""
    return any(part.kind in BAND_KINDS for part in within_operand(operand))


def read_indicator(r: Reader, subject: Operand | None) -> Operand | None:
    """An indicator here, or None with the cursor where it was."""
    mark = r.mark()
    for form in (_fixed, _output_first, _named_family, _own_output, _direct):
        found = form(r, subject)
        if found is not None:
            return _placed(r, found)
        r.reset(mark)
    return None


def own_since(r: Reader, mark: Mark) -> bool:
    """Whether "its", "own" or "their" was stepped over since `mark`."""
    return any(token.text in _OWN for token in r.tokens[mark.position : r.position])


def _fixed(r: Reader, subject: Operand | None) -> Operand | None:
    """Names in which another name stands: "top of the cloud", "weekly VWAP"."""
    kind = r.take("indicator", "cloud_top", "cloud_bottom", "vwap_week", "vwap_month")
    if kind is None:
        return None
    return operand_of(r, kind, read_settings(r, FAMILIES[OUTPUTS[kind].family]), subject)


def _output_first(r: Reader, subject: Operand | None) -> Operand | None:
    """ "upper Bollinger band", "the signal line of the MACD"."""
    output = r.take("output")
    if output is None:
        return None
    named = r.word("of", "on", fill=False)
    found = _family(r, subject, output)
    if found is not None and not named and output in ("plus", "minus") and found.kind in ("plus_di", "minus_di"):
        # "... plus ADX above 25" joins another condition.
        return None
    return found


def _named_family(r: Reader, subject: Operand | None) -> Operand | None:
    """ "14-period RSI", "MACD(12, 26, 9) histogram", "Bollinger bands"."""
    return _family(r, subject, None)


def _family(r: Reader, subject: Operand | None, output: str | None) -> Operand | None:
    before, interval = _numbers_before(r)
    if before is None:
        return None
    if r.take("cloud") is not None:
        return _with_interval(operand_of(r, "cloud", read_settings(r, FAMILIES["ichimoku"]), subject), interval)
    family_name = r.take("family")
    if family_name is None:
        return None
    family = FAMILIES[family_name]
    if before and not _fits_before(family, before):
        return None
    given = complete(family, before) if before else read_settings(r, family)
    if before and not given:
        return None
    if output is not None and output not in family.outputs:
        return None
    if output is None:
        output = _output_behind(r, family)
    else:
        r.word(*_JUNK, fill=False)
    r.word("line", "bars", fill=False)
    given = given or read_settings(r, family)
    kind = family.outputs[output] if output else family.default
    if kind is None:
        # "vortex indicator VI-"
        kind = r.take("indicator", *family.outputs.values(), fill=False)
    if family_name == "atr" and _in_percent(r):
        family, kind = FAMILIES["natr"], "natr"
    of = _series_of(r, family)
    given = given or _trailing(r, family)
    found = replace(operand_of(r, kind or family_name, given, subject), of=of)
    return _with_interval(found, interval)


def _with_interval(operand: Operand, interval: str | None) -> Operand:
    return operand if interval is None else replace(operand, interval=interval)


def _numbers_before(r: Reader) -> tuple[list[float] | None, str | None]:
    """ "14-period", "12/26/9", "20 candle 1h": numbers before a name; None where they cannot be settings."""
    values: list[float] = []
    mark = r.mark()
    token = r.token("number")
    while token is not None:
        values.append(token.value)
        if len(values) == 4:
            break
        between = r.mark()
        r.word(",", "/", "-", fill=False)
        token = r.token("number", fill=False)
        if token is None:
            r.reset(between)
    if values:
        r.take("candle", fill=False)
        r.word("length", fill=False)
        return values, r.interval(fill=False)
    r.reset(mark)
    span = r.token("span")
    if span is not None and span.count >= 2 and span.unit in "hdw" and span.text[-1].isalpha() and len(span.text) > 4:
        # "14-day RSI" counts candles of a day; "4h RSI" is the RSI of 4h candles.
        after = r.mark()
        if r.take("family") is not None and span.interval is None:
            r.reset(after)
            return [float(span.count)], f"1{span.unit}"
    r.reset(mark)
    return [], None


def _fits_before(family: Family, values: list[float]) -> bool:
    arity = len(family.usual)
    return arity == len(values) or (arity >= len(values) and (len(values) > 1 or family.call in _LENGTH_FIRST))


_LENGTH_FIRST = frozenset({"bbands", "keltner", "supertrend", "stoch", "stochrsi", "ce", "kama", "donchian"})


def _output_behind(r: Reader, family: Family) -> str | None:
    mark = r.mark()
    r.word("'", fill=False)
    output = r.take("output", *family.outputs, fill=False) if family.outputs else None
    if output is None:
        r.word(*_JUNK, fill=False)
        output = r.take("output", *family.outputs, fill=False) if family.outputs else None
    if output in ("up", "down", "positive", "negative", "long", "short") and family.default is not None:
        # "The ADX is positive": said of the indicator.
        r.reset(mark)
        return None
    return output


def _in_percent(r: Reader) -> bool:
    """ "ATR in percent of the price", "ATR as a percentage of price"."""
    mark = r.mark()
    if r.word("in", "as", fill=False) and r.word("percent", "percentage", "%"):
        after = r.mark()
        if not (r.word("of", fill=False) and r.take("field", "price", "close")):
            r.reset(after)
        return True
    r.reset(mark)
    return False


def _trailing(r: Reader, family: Family) -> tuple[float, ...]:
    """ "the slope over the last 20 candles": a length behind, which has to be said of candles."""
    mark = r.mark()
    within = any(token.text in _WINDOW for token in r.tokens[r.position : r.position + 2])
    if family.usual and not within and (r.take("last") or r.word("over", "of")):
        token = r.token("number", fill=False)
        if token is not None and r.take("candle", fill=False):
            return complete(family, [token.value])
    r.reset(mark)
    return ()


def _series_of(r: Reader, family: Family) -> Operand | None:
    """ "RSI of the volume": the series an indicator is taken of, None for the close."""
    if not family.source:
        return None
    mark = r.mark()
    if r.word("of", fill=False):
        name = r.take("field", "volume", "high", "low", "open", "quote_volume", "trades")
        if name is not None:
            return Operand(name)
        r.reset(mark)
        if r.word("of", fill=False) and r.take("field", "close", "price"):
            return None
    r.reset(mark)
    return None


def _own_output(r: Reader, subject: Operand | None) -> Operand | None:
    """ "its signal line", "%D", "the negative one": another output of the subject's own indicator."""
    family = FAMILIES.get(family_of(subject)) if subject is not None else None
    output = r.take("output", *family.outputs) if family is not None and family.outputs else None
    if output is None and isinstance(r.lines, Operand):
        # "k < 20", long after "stochrsi k crosses d".
        subject, family = r.lines, FAMILIES[family_of(r.lines)]
        lines = _BARE_LINES & set(family.outputs)
        output = r.take("output", *lines) if lines else None
    if family is None or output is None:
        return None
    r.word("line", "one", "band", fill=False)
    found = operand_of(r, family.outputs[output], read_settings(r, family), subject)
    same = subject is not None and subject is not r.lines and found == replace(subject, factor=1.0, shift=0)
    return None if same else found


def _direct(r: Reader, subject: Operand | None) -> Operand | None:
    kind = r.take("indicator")
    if kind is None:
        return None
    family = FAMILIES[OUTPUTS[kind].family]
    r.word("line", fill=False)
    given = read_settings(r, family)
    after = r.mark()
    if not given and r.word("of", fill=False):
        own = r.take("family", family.call)
        given = read_settings(r, family) if own else ()
        if own is None:
            r.reset(after)
    return operand_of(r, kind, given, subject)


def _placed(r: Reader, operand: Operand) -> Operand:
    where = interval_behind(r)
    return operand if where is None else replace(operand, interval=where)


def interval_behind(r: Reader) -> str | None:
    """An interval glued behind an operand: "RSI 15m", "EMA 200 (4h)". With "on the" it belongs to the
    condition."""
    mark = r.mark()
    bracket = r.word("(", "[", fill=False)
    label = r.interval(fill=False)
    if label is not None and (not bracket or r.word(")", "]", fill=False)):
        r.take("chart", fill=False)
        return label
    r.reset(mark)
    return None


def price_like(operand: Operand) -> bool:
    """Whether an operand is measured in the symbol's price."""
    if operand.kind == "formula":
        return operand.unit == "price"
    if operand.of is not None and operand.kind != "change":
        own = OUTPUTS.get(operand.kind)
        return price_like(operand.of) if own is None or own.unit == "price" else False
    if operand.kind in BAND_KINDS:
        return True
    return (
        operand.kind in PRICES
        or operand.kind in LEVELS
        or (operand.kind in OUTPUTS and OUTPUTS[operand.kind].unit == "price")
    )
