"""What must not be traded: "don't buy when ...", "no longs while ...", "never enter if ..." forbid what follows."""

from __future__ import annotations

from typing import Literal

from llm.phrasebook.conditions import read_condition
from llm.phrasebook.reader import Reader

_TRADE = ("enter", "trade", "trades", "trading", "entry", "entries", "open", "take", "positions", "position", "signal")
_THINGS = ("a", "any", "new", "trade", "trades", "position", "positions", "entries", "it", "this", "in", "into", "here")


def read_prohibition(r: Reader) -> Literal["unless", "while"] | None:
    """The connector a prohibition stands for, None where there is none; the cursor is then before its condition."""
    mark = r.mark()
    forbids = r.take("not", fill=False) is not None or r.word("avoid", "stop", fill=False)
    acts = forbids and (r.take("direction", fill=False) is not None or r.word(*_TRADE))
    if acts:
        while r.word(*_THINGS, fill=False):
            pass
        if r.take("unless", fill=False) is not None or r.word("until", fill=False):
            return "while"
        if r.take("while", fill=False) is not None or _condition_here(r):
            return "unless"
    r.reset(mark)
    return None


def _condition_here(r: Reader) -> bool:
    mark = r.mark()
    found = read_condition(r, None) is not None
    r.reset(mark)
    return found
