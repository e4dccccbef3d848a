"""Words that stand for what was named before: "it", "that level", "its own"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Operand
from llm.phrasebook.reading.reader import Reader

_LINES = ("level", "line", "average", "ema", "sma", "band", "price", "high", "low", "mark", "ma")
_AFTER_OWN = frozenset("too also as and or but while with when on if then".split())


def read_pronoun(r: Reader, subject: Operand | None) -> Operand | None:
    """ "The close is back above it": what was compared before; "over its own too": the same line of this symbol."""
    if subject is None:
        return None
    last = r.pair[-1] if r.pair else None
    if _its_own(r):
        line = last if isinstance(last, Operand) and last.kind != "number" else None
        return None if line is None else replace(line, symbol=subject.symbol)
    if not _named_again(r):
        return None
    if r.levelled and r.levelled[0] == subject and isinstance(r.levelled[1], Operand):
        return r.levelled[1]
    return last if isinstance(last, Operand) and last.kind != "number" else None


def _named_again(r: Reader) -> bool:
    """ "it", "that level", "the same line"."""
    mark = r.mark()
    if r.word("it", fill=False):
        return True
    if r.word("that", "this", fill=False) or (r.word("the", fill=False) and r.word("same", fill=False)):
        r.word("same", "very", fill=False)
        if r.word(*_LINES, fill=False):
            return True
    r.reset(mark)
    return False


def _its_own(r: Reader) -> bool:
    """ "its own", with nothing named behind it."""
    mark = r.mark()
    if r.word("its", "their", "his", fill=False) and r.word("own", fill=False):
        r.word("one", "ones", fill=False)
        if r.done or r.tokens[r.position].kind == "sign" or r.tokens[r.position].text in _AFTER_OWN:
            return True
    r.reset(mark)
    return False
