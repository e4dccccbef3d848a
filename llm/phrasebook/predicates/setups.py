"""Phrases that are conditions by themselves: set-ups with names, candle colours, percent moves, new highs.

Each convention that a phrase brings ("busy volume" is 1.5 times the 20 candle average) is stated as a note.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import (
    Compare,
    Condition,
    Cross,
    Duration,
    Length,
    Operand,
    Pattern,
    Trend,
    number,
    on_interval,
)
from llm.phrasebook.operands.levels import LEVELS
from llm.phrasebook.operands.operand import indicator, read_operand
from llm.phrasebook.reading.lengths import read_length, whole
from llm.phrasebook.reading.reader import Reader

DAY = Duration(86_400_000)
BUSY, SPIKE, CANDLES = 1.5, 2.0, 20
MAX_PERCENT = 10_000.0
_PATTERN_NOTES = {
    "squeeze": "“Squeeze” became: Bollinger band width (20, 2) at its lowest in 100 candles.",
    "squeeze_release": (
        "“Squeeze release” became: Bollinger band width (20, 2) was at its lowest in 100 candles within the "
        "last 10, and the close is above the upper band."
    ),
    "doji": "“Doji” became: the body is at most a tenth of the candle's range.",
    "hammer": "“Hammer” became: a lower wick of twice the body or more, an upper wick of the body at most.",
}


def volume(factor: float, op: str = ">=") -> Compare:
    """Volume against its 20 candle average."""
    average = Operand("average", (CANDLES,), factor=factor, of=Operand("volume"))
    return Compare(Operand("volume"), "<" if op == "<" else ">" if op == ">" else ">=", average)


def read_setup(r: Reader) -> Condition | None:
    """A named set-up, or None."""
    mark = r.mark()
    interval = r.interval()
    name = r.take("setup")
    if name is None:
        r.reset(mark)
        return None
    condition = _setup(r, name)
    if interval is None:
        return condition
    return on_interval(condition, interval)


def _setup(r: Reader, name: str) -> Condition:
    close = Operand("close")
    match name:
        case "golden_cross" | "death_cross":
            mark = r.mark()
            r.word("of", fill=False)
            kinds, lengths = "sma", (50, 200)
            first = r.token("number")
            r.word("and", "/", ",")
            second = r.token("number")
            pair = (whole(first), whole(second)) if first is not None and second is not None else (None, None)
            if pair[0] and pair[1] and pair[0] < pair[1]:
                lengths = (pair[0], pair[1])
                kinds = r.take("average") or "sma"
            else:
                r.reset(mark)
                word, way = ("Golden cross", "above") if name == "golden_cross" else ("Death cross", "below")
                r.note(f"“{word}” became: SMA(50) crosses {way} SMA(200).")
            kind = "ema" if kinds == "ema" else "sma"
            fast, slow = Operand(kind, (lengths[0],)), Operand(kind, (lengths[1],))
            return Cross(fast, "up" if name == "golden_cross" else "down", slow)
        case "macd_up" | "macd_down":
            line = indicator(r, "macd", ())
            return Cross(line, "up" if name == "macd_up" else "down", replace(line, kind="macd_signal"))
        case "volume_spike":
            r.note(f"“Volume spike” became: at least {SPIKE:g} times the {CANDLES} candle average.")
            return volume(SPIKE)
        case "volume_busy":
            limit = f"at least {BUSY:g} times the {CANDLES} candle average"
            r.note(f"“Busy volume” became: {limit}. You gave no number.")
            return volume(BUSY)
        case "volume_above" | "volume_below":
            r.note(f"The average volume has no length given: {CANDLES} candles.")
            return volume(1.0, ">" if name == "volume_above" else "<")
        case "volume_quiet":
            r.note(f"“Low volume” became: below 0.7 times the {CANDLES} candle average. You gave no number.")
            return volume(0.7, "<")
        case "uptrend" | "downtrend":
            op = "above" if name == "uptrend" else "below"
            r.note(f"“{'Uptrend' if op == 'above' else 'Downtrend'}” became: the close is {op} EMA(200).")
            return Compare(close, ">" if op == "above" else "<", Operand("ema", (200,)))
        case "strong_trend":
            r.note("“Strong trend” became: ADX(14) above 25.")
            return Compare(Operand("adx", (14,)), ">", number(25))
        case "sideways":
            r.note("“Sideways” became: ADX(14) below 20.")
            return Compare(Operand("adx", (14,)), "<", number(20))
        case "breakout" | "breakdown":
            return _breakout(r, up=name == "breakout")
        case _:
            if name in _PATTERN_NOTES:
                r.note(_PATTERN_NOTES[name])
            arguments = {"squeeze": (100,), "squeeze_release": (100, 10)}.get(name, ())
            return Pattern(name, arguments)


def _breakout(r: Reader, *, up: bool) -> Condition:
    """ "breakout", "breakout above the 50 candle high", "breaks out of the 20 candle range"."""
    word = "Breakout" if up else "Breakdown"
    mark = r.mark()
    r.word("of", "from", "above", "below", "over", "under", "through", "to")
    level = read_operand(r)
    if level is not None and (level.kind in LEVELS or level.shift):
        return Compare(Operand("close"), ">" if up else "<", level)
    r.reset(mark)
    r.word("of", "from", fill=False)
    r.word("the", "its", "a", fill=False)
    token = r.token("number", fill=False)
    length = whole(token) if token is not None else None
    if length is not None:
        r.take("candle")
        if not (r.take("range") or r.take("recent")):
            r.reset(mark)
            length = None
    else:
        r.reset(mark)
    if length is None:
        length = CANDLES
        side = "above the highest high" if up else "below the lowest low"
        r.note(f"“{word}” became: the close is {side} of the {CANDLES} candles before.")
    return Compare(Operand("close"), ">" if up else "<", Operand("highest_high" if up else "lowest_low", (length,)))


def read_streak(r: Reader) -> Condition | None:
    """ "3 green candles in a row", "two consecutive red 15m candles", "a green candle", "last 3 candles
    are red"."""
    mark = r.mark()
    last = r.take("last")
    token = r.token("number")
    count = whole(token) if token is not None else 1
    in_row = bool(r.take("row"))
    interval = r.interval()
    if last and r.take("candle", fill=False):
        colour = r.take("colour")
    else:
        colour = r.take("colour", fill=token is None)
        in_row = bool(r.take("row", fill=False)) or in_row
        interval = interval or r.interval(fill=False)
        if not r.take("candle", fill=False):
            colour = None
    if colour is None or count is None:
        r.reset(mark)
        return None
    in_row = bool(r.take("row")) or in_row
    if count > 1 and not in_row and not last:
        r.note(f"“{count} {colour} candles” became: {count} in a row.")
    return Pattern(colour, (count,), interval=interval)


def read_staircase(r: Reader) -> Condition | None:
    """ "3 higher highs in a row", "two lower lows"."""
    mark = r.mark()
    r.word("the", fill=False)
    r.word("last", "past", "previous", fill=False)
    token = r.token("number") or r.token("span", fill=False)
    count = token.count or whole(token) if token is not None else None
    if r.take("candle", fill=False) or (token is not None and token.kind == "span"):
        each = r.word("each", "all", fill=False)
        if not each or not r.word("had", "have", "has", "made", "make", "with", "print", "printed", "show", fill=True):
            r.reset(mark)
            return None
        r.word("a", fill=False)
    r.take("row")
    up = r.word("higher")
    if not up and not r.word("lower"):
        r.reset(mark)
        return None
    name = r.take("field", "high", "low", "close", fill=False)
    if name is None:
        r.reset(mark)
        return None
    r.take("row")
    against = r.word("than", fill=False) and (r.take("one_before") or r.word("yesterday's", "yesterday", "before"))
    one = r.tokens[mark.position].text in ("a", "an") or (
        mark.position and r.tokens[mark.position - 1].text in ("a", "an")
    )
    if count is None and (against or (one and r.tokens[r.position - 1].text == name)):
        count = 1
    if count is None:
        count = 2
        r.note(f"“{'Higher' if up else 'Lower'} {name}s” has no count given: 2 in a row.")
    return Trend(Operand(name), "up" if up else "down", count)


def read_move(r: Reader, subject: Operand | None = None) -> Condition | None:
    """ "up 5% in the last 3 candles", "drops more than 3% in 1 hour", "a 5% drop in the last hour"."""
    mark = r.mark()
    early: Length | None = None
    if subject is None:
        if r.take("last") or r.take("in"):
            early = read_length(r)
            if early is None:
                r.reset(mark)
                return None
            r.word(",", fill=False)
        r.take("field", "price", "close")
    way = r.take("move")
    op = None
    if way is not None:
        r.word("by", fill=False)
        op = r.take("compare", ">", ">=")
        token = r.token("percent")
    else:
        op = r.take("compare", ">", ">=")
        token = r.token("percent")
        way = r.take("move_noun") or r.take("move") if token is not None else None
        if way is not None:
            r.word("in", fill=False) and r.take("field", "price")
    if token is None or way is None or not 0 < token.value <= MAX_PERCENT:
        r.reset(mark)
        return None
    r.word("or", fill=False) and r.word("more", fill=False)
    length = early or read_window(r)
    if length is None:
        length = DAY
        r.note(f"“{way.capitalize()} {token.value:g}%” names no time: the last 24 hours.")
    of = subject or Operand("close")
    if of.kind == "price":
        of = replace(of, kind="close")
    moved = Operand("change", (length,), interval=of.interval, symbol=of.symbol, of=of)
    strict = op == ">"
    if way == "up":
        return Compare(moved, ">" if strict else ">=", number(token.value))
    return Compare(moved, "<" if strict else "<=", number(-token.value))


def read_window(r: Reader) -> Length | None:
    """ "in the last 3 candles", "over 4 hours", "within a day", "today"; None where no window follows."""
    mark = r.mark()
    if r.take("today"):
        r.note("“Today” became: the last 24 hours.")
        return DAY
    if r.take("last") or r.take("in"):
        r.take("last", fill=False)
        length = read_length(r)
        if length is not None:
            return length
    r.reset(mark)
    return None


def read_new_extreme(r: Reader, subject: Operand | None = None) -> Condition | None:
    """ "a new 50 candle high", "makes a new low", "new 24h high"."""
    mark = r.mark()
    if not r.take("new"):
        return None
    interval = r.interval()
    length: Length | None = None
    token = r.token("number")
    if token is not None:
        length = whole(token)
        r.take("candle")
    elif (span := r.token("span")) is not None:
        length = Duration(int(span.value))
    if interval is not None and length is None:
        length, interval = Duration(int(r.tokens[r.position - 1].value) or DAY.ms), None
    r.take("recent")
    name = r.take("field", "high", "low")
    if name is None:
        r.reset(mark)
        return None
    if length is None:
        length = read_window(r)
    if length is None:
        length = CANDLES
        r.note(f"“New {name}” has no length given: {CANDLES} candles.")
    symbol = subject.symbol if subject is not None else None
    level = Operand("highest_high" if name == "high" else "lowest_low", (length,), interval=interval, symbol=symbol)
    own = name if subject is not None and subject.kind == name else "close"
    left = Operand(own, interval=interval, symbol=symbol)
    return Compare(left, ">" if name == "high" else "<", level)


def read_versus(r: Reader) -> Condition | None:
    """ "outperforms BTC over the last 24 candles", "stronger than bitcoin"."""
    mark = r.mark()
    way = r.take("versus")
    symbol = r.coin() if way is not None else None
    if way is None or symbol is None:
        r.reset(mark)
        return None
    length = read_window(r)
    if length is None:
        length = DAY
        word = "Stronger" if way == "up" else "Weaker"
        r.note(f"“{word} than {symbol}” became: percent change over the last 24 hours.")
    own = Operand("change", (length,), of=Operand("close"))
    other = Operand("change", (length,), symbol=symbol, of=Operand("close", symbol=symbol))
    return Compare(own, ">" if way == "up" else "<", other)


def extreme(r: Reader, name: str, subject: Operand | None) -> Condition | None:
    """ "oversold" or "overbought" of RSI, the stochastic, or with no oscillator named: RSI(14)."""
    low = name == "oversold"
    if subject is not None and subject.kind.startswith("stoch"):
        r.note(f"“{name.capitalize()}” became: stochastic {'below 20' if low else 'above 80'}.")
        return Compare(subject, "<" if low else ">", number(20 if low else 80))
    if subject is None or subject.kind in ("price", "close"):
        r.note(f"“{name.capitalize()}” became: RSI(14) {'below 30' if low else 'above 70'}.")
        rsi = Operand("rsi", (14,))
        if subject is not None:
            rsi = replace(rsi, interval=subject.interval, symbol=subject.symbol)
    elif subject.kind == "rsi":
        r.note(f"“{name.capitalize()}” became: RSI {'below 30' if low else 'above 70'}.")
        rsi = subject
    else:
        return None
    return Compare(rsi, "<" if low else ">", number(30 if low else 70))
