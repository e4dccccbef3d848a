"""Reading an indicator's settings: "(12, 26, 9)", "14", "with a length of 14", "length 7 and multiplier 2".

A number that is followed by "or less" is a level, not a length.
"""

from __future__ import annotations

from llm.phrasebook.reading.lengths import MAX_LENGTH
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import Family

_INTRODUCED = ("with", "of", "using", "set", "uses")
_LENGTH = frozenset("length lengths period periods lookback settings setting parameters params window fast k".split())
_FACTOR = frozenset(
    "multiplier mult factor deviations deviation std stdev sigma sigmas standard dev stdevs atr atrs".split()
)
_OTHER = frozenset("smoothing smooth signal slow d and to of with a the = : is are on step limit max".split())
_BETWEEN = (",", "/", "-", ";")
_FIELDS = ("close", "closes", "high", "low", "open", "hl2", "hlc3", "ohlc4")
_MORE = ("less", "lower", "below", "under", "more", "higher", "above", "greater", "over", "so")


def read_settings(r: Reader, family: Family) -> tuple[float, ...]:
    """The settings behind a family's name, completed with the usual ones; none where there are none."""
    if not family.usual:
        return ()
    mark = r.mark()
    given = _bracketed(r, family) if r.word("(", "[", fill=False) else _spoken(r, family)
    if not given:
        r.reset(mark)
    return given


LENGTH_WORDS = ("length", "period", "periods", "lookback")


def read_named_settings(r: Reader, family: Family) -> tuple[float, ...]:
    """Settings that say that they are some: "length 20", "settings 7 and 2", "a multiplier of 3"; none elsewhere."""
    named = not r.done and (r.tokens[r.position].text in _LENGTH | {"multiplier", "mult", "factor"})
    given = _spoken(r, family) if named else ()
    if named or r.done or r.tokens[r.position].kind != "number":
        return given
    # "2.5 standard deviations"
    token = r.tokens[r.position]
    r.position += 1
    _, factor = _words(r)
    return complete(family, [token.value], factor_first=True) if factor and len(family.usual) > 1 else ()


def complete(family: Family, values: list[float], *, factor_first: bool = False) -> tuple[float, ...]:
    """The family's arguments from the numbers given, or none where they cannot be meant."""
    usual = family.usual
    if factor_first and len(values) == 1 and len(usual) > 1:
        values = [usual[0], *values]
    if not values or len(values) > len(usual) or not all(0 < value <= MAX_LENGTH for value in values):
        return ()
    whole = all(usual[at] != int(usual[at]) or at > 0 or value == int(value) for at, value in enumerate(values))
    if not whole:
        return ()
    if family.call == "stochrsi":
        if len(values) == 1:
            values = [values[0], values[0]]
        elif len(values) == 4 and max(values[:2]) < min(values[2:]):
            values = [values[2], values[3], values[0], values[1]]
    return (*values, *usual[len(values) :])


def _bracketed(r: Reader, family: Family) -> tuple[float, ...]:
    values: list[float] = []
    factor = False
    while not r.done and len(values) <= len(family.usual):
        token = r.tokens[r.position]
        r.position += 1
        if token.text in (")", "]"):
            return complete(family, values, factor_first=factor)
        if token.kind in ("number", "multiple"):
            values.append(token.value)
        elif token.text in _FACTOR:
            factor = factor or len(values) <= 1
        elif token.text not in (*_BETWEEN, *_FIELDS) and token.text not in _LENGTH | _OTHER:
            return ()
    return ()


def _spoken(r: Reader, family: Family) -> tuple[float, ...]:
    introduced = r.word(*_INTRODUCED, fill=False)
    if introduced:
        r.word("to", fill=False)
    named, factor = _words(r)
    values: list[float] = []
    while (token := r.token("number", fill=False)) is not None:
        if values == [] and (_is_level(r) or _counts_candles(r) or (introduced and _is_anothers(r))):
            return ()
        values.append(token.value)
        after = r.mark()
        after_named, after_factor = _words(r)
        if after_factor and len(family.usual) == 1:
            r.reset(after)
            break
        if after_factor and len(values) == 1 and not _number_next(r):
            factor = True
            break
        factor = factor and len(values) == 1
        if not after_named and not after_factor:
            r.reset(after)
        if len(values) == len(family.usual):
            break
        more = r.mark()
        joined = r.word(*_BETWEEN, fill=False)
        if r.word("and", "with", fill=False):
            joined_by_word = introduced or named
            if not joined_by_word and not _factor_next(r):
                r.reset(more)
                break
            joined = True
        _words(r)
        if not _number_next(r) or (joined and len(family.usual) == 1):
            r.reset(more)
            break
    if not values:
        return ()
    r.take("length", fill=False)
    return complete(family, values, factor_first=factor)


def _words(r: Reader) -> tuple[bool, bool]:
    """Step over "a length of", "the multiplier"; whether a length and whether a multiplier was named."""
    named = factor = False
    mark = r.mark()
    while not r.done:
        text = r.tokens[r.position].text
        if text in _LENGTH or text in ("smoothing", "signal", "slow"):
            named = True
        elif text in _FACTOR:
            factor = True
        elif text not in ("a", "the", "of", "=", "is", "standard", "usual", "normal", "default"):
            break
        r.position += 1
    if not named and not factor and not _number_next(r):
        r.reset(mark)
    return named, factor


def _number_next(r: Reader) -> bool:
    return not r.done and r.tokens[r.position].kind == "number"


def _factor_next(r: Reader) -> bool:
    ahead = [token.text for token in r.tokens[r.position : r.position + 3]]
    return any(text in _FACTOR for text in ahead)


def _is_anothers(r: Reader) -> bool:
    """Whether the number just read is the length of what follows: "one ATR of the 50 SMA"."""
    mark = r.mark()
    found = any(r.take(name, fill=False) for name in ("average", "family", "indicator"))
    r.reset(mark)
    return found


_AGO = frozenset("ago earlier before back in straight running row consecutive consecutively".split())


def _counts_candles(r: Reader) -> bool:
    """Whether the number just read counts candles of time: "below the SAR 2 candles ago"."""
    mark = r.mark()
    candles = r.take("candle", fill=False) is not None
    found = candles and not r.done and r.tokens[r.position].text in _AGO
    r.reset(mark)
    return found


def _is_level(r: Reader) -> bool:
    """Whether "or less" follows the number just read."""
    ahead = [token.text for token in r.tokens[r.position : r.position + 2]]
    return len(ahead) == 2 and ahead[0] in ("or", "and") and ahead[1] in _MORE
