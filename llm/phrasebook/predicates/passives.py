"""What is done to a line: "the lower band gets pierced", "the 200 EMA was reclaimed", "the high is taken out"."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Compare, Condition, Cross, Operand
from llm.phrasebook.operands.operand import price_like
from llm.phrasebook.predicates.bands import edge, is_level, touch
from llm.phrasebook.predicates.states import LOWER, UPPER
from llm.phrasebook.reading.reader import Reader

_BEING = ("is", "are", "was", "gets", "get", "got", "being", "been", "has", "just", "being")
_TOUCHED = ("hit", "touched", "tagged", "pierced", "reached", "tested", "kissed", "poked", "tapped", "wicked")
_LOST = ("lost", "undercut")
_WON = ("reclaimed", "regained", "retaken", "recovered")
_BROKEN = ("broken", "breached", "cleared", "taken", "crossed", "violated")
_DOER = ("price", "close", "closes", "candle", "bar", "wick", "it", "low", "high")
_NEXT = frozenset("and but while with or when on , . ; : ! ? ( ) then if as in".split())


def read_passive(r: Reader, left: Operand) -> Condition | None:
    """A line that the price touches, breaks, loses or wins back; nothing but the price may be the one who does it."""
    if not price_like(left) or left.kind in ("price", "close", "open", "number") or left.factor != 1.0:
        return None
    for _ in range(3):
        r.word(*_BEING, fill=False)
    price = Operand("price", interval=None if left.level else left.interval, symbol=left.symbol)
    if r.word(*_TOUCHED, fill=False):
        line = edge(left, "")
        found: Condition | None = None if line is None else touch(price, line)
    elif r.word(*_LOST, fill=False):
        found = _through(price, "down", left)
    elif r.word(*_WON, fill=False):
        found = _through(price, "up", left)
    elif r.word(*_BROKEN, fill=False):
        r.word("out", fill=False)
        top = left.kind in UPPER or left.kind == "high"
        way = "up" if top else "down" if left.kind in LOWER or left.kind == "low" else r.take("upward", fill=False)
        found = None if way is None else _through(price, way, left)
    else:
        return None
    r.word("by", fill=False) and r.word("the", "a", fill=False)
    r.word(*_DOER, fill=False)
    ends = r.done or r.tokens[r.position].text in _NEXT or r.tokens[r.position].kind == "span"
    return found if ends else None


def _through(price: Operand, way: str, line: Operand) -> Condition | None:
    side = edge(line, ">" if way == "up" else "<")
    if side is None:
        return None
    if is_level(side) or side.kind in ("high", "low"):
        close = Operand("close", interval=price.interval, symbol=price.symbol)
        return Compare(close, ">" if way == "up" else "<", side)
    return Cross(price, "up" if way == "up" else "down", side)
