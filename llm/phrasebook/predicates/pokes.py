"""Out on one side and back by the close: "pokes above its 20 EMA but closes back under it", and patterns at a line."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Compare, Condition, Formula, Group, Operand, on_interval
from llm.phrasebook.operands.operand import price_like, read_operand
from llm.phrasebook.predicates.bands import edge, touch
from llm.phrasebook.predicates.states import LOWER, UPPER
from llm.phrasebook.predicates.units import beyond_level
from llm.phrasebook.reading.phrase_tables import KNOWN
from llm.phrasebook.reading.reader import Reader

_VERBS = frozenset(
    """
    pokes poke poked poking dips dip dipped dipping spikes spike spiked spiking wicks wick wicked wicking trades trade
    traded trading pushes pushed pushing pierces pierce pierced piercing stabs stabbed falls fell drops drop dropped
    takes took reaches reached goes touches touched tags tagged taps tapped
    breaks broke breaking rises rose moves moved goes went gets got undercuts undercut overshoots probes probed sweeps
    swept jumps jumped pops popped slips slipped runs ran sticks peeks peeked crosses crossed
    """.split()
)
KNOWN.update(_VERBS)
_OVER = ("above", "over")
_UNDER = ("below", "under", "beneath")
_CLOSES = ("closes", "closed", "close", "closing", "finishes", "finished", "ends", "settles", "settled")
_OWN = {"high": ">", "low": "<"}
_IT = ("it", "that", "there", "them")


def read_poke(r: Reader) -> Condition | None:
    """A candle that goes beyond a line and closes on its other side."""
    start = r.mark()
    label = r.interval()
    side = r.take("field", "low", "high")
    r.take("field", "price")
    verb = not r.done and _verb(r)
    if not verb:
        r.reset(start)
        return None
    up = r.word(*_OVER, fill=False)
    down = not up and r.word(*_UNDER, fill=False)
    if side is not None and not up and not down:
        r.reset(start)
        return None
    if not up and not down:
        r.word("through", "past", "beyond", "into", "out", "to", fill=False)
    line = read_operand(r)
    closed = _back(r, line) if line is not None and line.kind != "number" and price_like(line) else None
    back, closed_on = closed or ("", None)
    label = label or closed_on
    if line is None or not back or back == (">" if up else "<" if down else "") or back == _OWN.get(side or ""):
        r.reset(start)
        return None
    line = edge(line, "<" if back == ">" else ">")
    if line is None:
        r.reset(start)
        return None
    line = beyond_level(r, Operand("price"), ">" if back == "<" else "<", line)
    where = Operand("close", interval=None if line.level else line.interval, symbol=line.symbol)
    out = replace(where, kind="high" if back == "<" else "low")
    beyond = Compare(out, ">" if back == "<" else "<", line)
    found = Group("and", (beyond, Compare(where, "<" if back == "<" else ">", line)))
    return found if label is None else on_interval(found, label)


def _verb(r: Reader) -> bool:
    mark = r.mark()
    while not r.done and r.word("a", "the", "candle", "bar", "it", "wick", "that", "intrabar", fill=False):
        pass
    if r.word(*_VERBS, fill=False) or r.tokens[r.position - 1].text == "wick":
        return True
    r.reset(mark)
    return False


def _back(r: Reader, line: Operand) -> tuple[str, str | None] | None:
    """ "but the 15m candle closes back under it": the side of the close and its interval, None where it does not go on
    so."""
    r.word("intrabar", fill=False)
    r.word(",", fill=False)
    paused = r.tokens[r.position - 1].text == ","
    if not r.word("but", "and", "then", "yet", "before", fill=False) and not paused:
        return None
    r.word("then", "price", "it", fill=False)
    r.word("the", "a", "whose", "its", "with", fill=False)
    r.word("the", "a", "whose", "its", fill=False)
    label = r.interval(fill=False)
    r.word("candle", "bar", fill=False)
    if not r.word(*_CLOSES, "closing", fill=False):
        return None
    r.word("is", "back", "stays", "stay", "holds", "remains", "sits", "ends", fill=False)
    r.word("back", fill=False)
    side = _closed_side(r, line)
    return None if side is None else (side, label)


def _closed_side(r: Reader, line: Operand) -> str | None:
    """ "back under it", "inside": the side of the line on which the candle closed."""
    if r.word("inside", "within", "in", fill=False):
        r.word(*_IT, fill=False)
        return "<" if line.kind in UPPER else ">" if line.kind in LOWER else None
    side = "<" if r.word(*_UNDER, fill=False) else ">" if r.word(*_OVER, fill=False) else None
    if side is None:
        return None
    if r.word(*_IT, fill=False):
        return side
    mark = r.mark()
    r.word("the", "that", "this", "same", fill=False)
    if r.word("line", "level", "band", "average", "ema", "sma", "vwap", "channel", "high", "low", fill=False):
        return side
    r.reset(mark)
    ended = r.done or r.tokens[r.position].kind == "sign" or r.tokens[r.position].text in ("on", "and", "while", "with")
    return side if ended or read_operand(r) == line else None


def at_line(r: Reader, condition: Condition) -> Condition | None:
    """ "a hammer at the lower Bollinger band": the pattern, and the candle touches the line."""
    if not isinstance(condition, Formula) or "cdl." not in condition.template or condition.operands:
        return None
    if not r.word("at", "on", "off", "touching", fill=False):
        return None
    line = read_operand(r)
    if line is None or line.kind == "number" or not price_like(line) or line.kind in ("price", "close", "high", "low"):
        return None
    side = edge(line, "")
    if side is None:
        return None
    return Group("and", (condition, touch(Operand("price", interval=condition.interval), side)))
