"""How a trade ends: stops, targets, holding times, from their words to the expressions of the filter.

1. A level is a share of the price, a multiple of the ATR, a price ("below the low of the candle"), or for a target a
   multiple of the stop's distance ("2R").
2. `stop` and `target` are written for the direction: below the entry for a long, above it for a short.
3. A holding time becomes `trade.bars >= n` in the exit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from llm.phrasebook.meaning.code import quantity
from llm.phrasebook.meaning.types import Direction, Length, Operand
from llm.phrasebook.operands.levels import LEVELS
from llm.phrasebook.operands.naming import of_lines
from llm.phrasebook.operands.operand import price_like, read_operand
from llm.phrasebook.reading.lengths import read_length
from llm.phrasebook.reading.reader import Reader

ATR_LENGTH = 14
MAX_ATR, MAX_PERCENT = 50.0, 95.0
_SMALL = (
    "at",
    "of",
    "is",
    ":",
    "=",
    "to",
    "set",
    "placed",
    "around",
    "about",
    "loss",
    "just",
    "level",
    "with",
    "by",
    "goes",
    "sits",
)
_SIDES = ("below", "above", "under", "over", "from", "beneath", "away", "beyond")
_BEFORE = frozenset({"previous", "prior", "before", "preceding", "those", "these"})
_ENDS = frozenset({".", ",", ";", "!", "or", "and"})
_OF_MATCH = ("signal", "entry", "trigger", "setup", "current", "confirmation", "breakout", "same", "match")
_PATTERNS = ("hammer", "doji", "engulfing", "star", "pin", "pinbar", "marubozu", "green", "red", "bullish", "bearish")
_IN_TURN = frozenset({"then", "followed", "after", "before", "next", "following", "later"})
_BELOW, _ABOVE = ("below", "under", "beneath"), ("above", "over")
_GAIN = ("profit", "profits", "gain", "gains", "up", "green", "win")
_LOSS = ("loss", "losses", "down", "drawdown", "red")


@dataclass(frozen=True, slots=True)
class Level:
    """Where a trade ends. `value` is percent, a multiple of ATR(`length`), or of the stop's distance; `side`
    is the side of the entry that was named."""

    kind: Literal["percent", "atr", "price", "risk"]
    value: float = 0.0
    length: int = ATR_LENGTH
    price: Operand | None = None
    trailing: bool = False
    side: Literal["", "above", "below"] = ""


@dataclass(slots=True)
class Exits:
    """What was said of the end of a trade, apart from the exit's own conditions."""

    stop: Level | None = None
    target: Level | None = None
    hold: Length | None = None


def read_trade(r: Reader, exits: Exits, *, exiting: bool) -> bool:
    """Read a stop, target or holding time at the cursor into `exits`. `exiting` is true behind "exit when"."""
    mark = r.mark()
    for form in (_named, _sized, _held):
        if form(r, exits):
            return True
        r.reset(mark)
    if _expires(r, exits):
        return True
    r.reset(mark)
    if exiting and (_latest(r, exits) or _moved(r, exits)):
        return True
    r.reset(mark)
    return False


def _what(r: Reader) -> tuple[str | None, bool]:
    """ "stop", "target", and whether it trails."""
    trailing = r.word("trailing", "trail", fill=False)
    r.word("my", "the", "a", fill=False)
    if r.take("stop", fill=False):
        trailing = (
            trailing or r.tokens[r.position - 2].text == "trailing" or r.tokens[r.position - 1].text == "trailing"
        )
        trailing = trailing or any(t.text == "trailing" for t in r.tokens[max(0, r.position - 3) : r.position])
        return "stop", trailing
    if trailing:
        return "stop", True
    return ("target", False) if r.take("target", fill=False) else (None, False)


def _named(r: Reader, exits: Exits) -> bool:
    what, trailing = _what(r)
    if what is None:
        return False
    for _ in range(4):
        if not r.word(*_SMALL):
            break
    level = _size(r) or (_risk(r) if what == "target" else None) or _price(r)
    if level is None:
        return False
    setattr(exits, what, replace(level, trailing=trailing))
    return True


def _sized(r: Reader, exits: Exits) -> bool:
    """ "2% stop", "a 3 ATR trailing stop", "2R target"."""
    level = _size(r) or _risk(r)
    if level is None:
        return False
    r.word("as", "for", "the", fill=False)
    what, trailing = _what(r)
    if what is None or (level.kind == "risk" and what == "stop"):
        return False
    setattr(exits, what, replace(level, trailing=trailing))
    return True


def _size(r: Reader) -> Level | None:
    """ "2%", "2 ATR", "1.5x ATR(10)", "2 times the 14 period ATR", with "below the entry" behind."""
    mark = r.mark()
    token = r.token("percent") or r.token("multiple") or r.token("number")
    if token is None:
        return None
    value = abs(token.value)
    if token.kind == "percent":
        if not 0 < value <= MAX_PERCENT:
            r.reset(mark)
            return None
        level = Level("percent", value)
    else:
        r.word("x", "times", "*", "of", fill=False)
        length = r.token("number")
        if length is not None:
            r.take("candle", fill=False)
        named = r.word("atr", "atrs") or (r.word("average") and r.word("true") and r.word("range"))
        if not named or not 0 < value <= MAX_ATR:
            r.reset(mark)
            return None
        count = length.value if length is not None else _bracketed(r)
        level = Level("atr", value, int(count) if 1 <= count <= 1_000 else ATR_LENGTH)
        if length is None and count == ATR_LENGTH:
            r.note("The ATR of a stop or target has no length given: 14 candles.")
    after = r.mark()
    if r.word(*_SIDES, fill=False):
        where = r.tokens[r.position - 1].text
        level = replace(level, side="below" if where in _BELOW else "above" if where in _ABOVE else "")
        r.word("from", fill=False)
        if not (r.word("entry", "entries", "price", "it", "that", "my", "close", "buy") or r.position > after.position):
            r.reset(after)
        elif (beyond := _beyond(r, level)) is not None:
            return beyond
        r.word("entry", "price", fill=False)
    return level


def _beyond(r: Reader, level: Level) -> Level | None:
    """ "1 ATR above the candle's high", "0.5% below the lowest low of 10 candles": away from a price, not the entry."""
    mark = r.mark()
    anchor = _price(r) if level.side and r.tokens[r.position - 1].text in _SIDES else None
    if anchor is None or anchor.price is None:
        r.reset(mark)
        return None
    sign = "-" if level.side == "below" else "+"
    if level.kind == "percent":
        template = f"{{0}} * {quantity(round(1 + (1 if sign == '+' else -1) * level.value / 100, 8))}"
    else:
        template = f"{{0}} {sign} {quantity(level.value)} * ta.atr({level.length})"
    price = Operand("formula", template=template, parts=(anchor.price,), unit="price", noun="level")
    return replace(anchor, price=price, side=level.side)


def turned_round(exits: Exits, direction: Direction) -> list[str]:
    """What is said where a stop or a target was named on the side on which it cannot end a trade."""
    told = []
    for what, level in (("stop", exits.stop), ("target", exits.target)):
        side = "below" if (what == "stop") == (direction == "long") else "above"
        if level is not None and level.side not in ("", side):
            told.append(f"A {what} {level.side} the entry cannot end a {direction} trade: it was put {side} it.")
    return told


def _bracketed(r: Reader) -> float:
    mark = r.mark()
    if r.word("(", fill=False):
        token = r.token("number", fill=False)
        if token is not None and r.word(")", fill=False):
            return token.value
    r.reset(mark)
    return float(ATR_LENGTH)


def _risk(r: Reader) -> Level | None:
    """ "2R", "twice the risk", "3 times the stop", "1:2 risk reward"."""
    mark = r.mark()
    r.word("risk", fill=False) and (r.word("/", "to", fill=False) or True) and r.word("reward", fill=False)
    r.word("ratio", "of", "at")
    token = r.token("number") or r.token("multiple")
    if token is None or not 0 < token.value <= MAX_ATR:
        r.reset(mark)
        return None
    if r.word(":", "to", fill=False):
        other = r.token("number", fill=False)
        if other is not None and 0 < other.value <= MAX_ATR:
            high, low = max(token.value, other.value), min(token.value, other.value)
            r.word("risk", "reward") and r.word("reward", "risk", "/", "to") and r.word("reward", "risk")
            r.word("ratio", fill=False)
            return Level("risk", high / low)
        r.reset(mark)
        return None
    r.word("the", "my", "times", "x")
    if r.word("r", "risk", "stop"):
        r.word("distance", "loss", fill=False)
        return Level("risk", token.value)
    r.reset(mark)
    return None


def _price(r: Reader) -> Level | None:
    """ "below the low of the candle", "at the 20 EMA"."""
    mark = r.mark()
    r.word(*_SIDES, fill=False)
    operand = read_operand(r)
    if operand is None or not price_like(operand) or operand.kind in ("price", "close") or of_lines(operand):
        r.reset(mark)
        return None
    if r.word("of", fill=False) and not _own_candle(r):
        # "Below the low of the pullback": of which candle is not known, so this one's low is not what was said.
        r.reset(mark)
        return None
    words = {token.text for token in r.tokens[mark.position : r.position + 1]}
    if operand.kind in LEVELS and not words & _BEFORE:
        # The candle of the match has closed: it is one of "the last 5 candles".
        way, _, field = operand.kind.partition("_")
        of = Operand(field, interval=operand.interval, symbol=operand.symbol)
        operand = replace(operand, kind=f"{way}_of", of=of)
    r.word("before", "prior", fill=False)
    return Level("price", price=operand)


def _own_candle(r: Reader) -> bool:
    """Whether "the candle", "this signal candle", "the hammer" stands here: the candle of the match. In a sentence of
    one thing after another a candle with a name is an earlier one."""
    named = _OF_MATCH if _IN_TURN & {token.text for token in r.tokens[: r.position]} else _OF_MATCH + _PATTERNS
    r.word("the", "this", "that", "its")
    said = r.word(*named, fill=False)
    return r.take("candle", fill=False) is not None or said


def _held(r: Reader, exits: Exits) -> bool:
    """ "hold at most 24 candles", "after 30 bars at the latest"."""
    if r.take("hold", fill=False):
        r.word("of", "is", "for", ":", "=")
        length = read_length(r)
        if length is None:
            return False
        exits.hold = length
        if not r.word("max", "maximum", "tops", fill=False):
            _at_the_latest(r)
        return True
    return False


def _expires(r: Reader, exits: Exits) -> bool:
    """ "or if nothing happens in 15 candles", "if neither is hit within 20 bars": a holding time."""
    r.word("or", "and", fill=False)
    if not r.word("if", "when", "once", "should", fill=False) or not r.word("nothing", "neither", "none", fill=False):
        return False
    r.word("is", "was", "has", "been", "of", "them", "the", "two", "gets")
    if not r.word(
        "happens", "happened", "happen", "hit", "hits", "reached", "touched", "triggered", "triggers", "moves"
    ):
        return False
    r.word("in", "within", "after", "for", fill=False)
    r.word("the", "first", "next", fill=False)
    length = read_length(r)
    if length is None:
        return False
    exits.hold = length
    return True


def unread_level(r: Reader, start: int) -> int:
    """Where a stop or target that begins at `start`, and was not understood, ends: its words are no conditions."""
    mark = r.mark()
    r.position = end = start
    what, _ = _what(r)
    if what is not None and not r.done and r.tokens[r.position].text in (*_SIDES, "at", "is", "goes", "sits", "=", ":"):
        end = r.position
        while end < len(r.tokens) and r.tokens[end].text not in _ENDS:
            end += 1
    r.reset(mark)
    return end


def _at_the_latest(r: Reader) -> None:
    mark = r.mark()
    if not (r.word("at", fill=False) and r.word("latest", "most")):
        r.reset(mark)


def _latest(r: Reader, exits: Exits) -> bool:
    """Behind "exit": "after thirty candles at the latest", "20 bars max"."""
    mark = r.mark()
    if r.word("after", "in", "within"):
        r.word("at", fill=False) and r.word("most", "latest", fill=False)
        length = read_length(r)
        if length is not None:
            exits.hold = length
            _at_the_latest(r)
            r.word("max", "maximum", "tops", "pass", "passed", fill=False)
            return True
    r.reset(mark)
    token = r.token("number", fill=False)
    candles = token is not None and token.value == int(token.value) > 0 and r.take("candle", fill=False)
    r.word("max", "maximum", "tops", "pass", "passed", "later", "have", fill=False)
    if token is not None and candles and (r.done or r.tokens[r.position].text in _ENDS):
        exits.hold = int(token.value)
        return True
    r.reset(mark)
    return False


def _moved(r: Reader, exits: Exits) -> bool:
    """Behind "exit": "when up 5%", "at 5% profit", "it drops 3%", "at +5%"."""
    mark = r.mark()
    r.word("when", "if", "once", "at", "with", "price", "it")
    r.word("it", "price", "trade")
    way = r.take("move", fill=True)
    r.word("by", "at", "about", fill=False)
    r.word("least", fill=False)
    token = r.token("percent")
    if token is None or not 0 < abs(token.value) <= MAX_PERCENT:
        r.reset(mark)
        return False
    if way is None and r.word(*_GAIN):
        way = "up"
    elif way is None and r.word(*_LOSS):
        way = "down"
    elif way is None and token.text[:1] in "+-":
        way = "up" if token.text[0] == "+" else "down"
    after = r.mark()
    if way is None or r.take("in", fill=False) or r.take("last", fill=False) or r.take("compare", fill=False):
        r.reset(mark)
        return False
    r.reset(after)
    r.word("from", fill=False) and r.word("the", "my", "entry") and r.word("entry", "price", fill=False)
    level = Level("percent", abs(token.value))
    if way == "up":
        exits.target = level
    else:
        exits.stop = level
    return True
