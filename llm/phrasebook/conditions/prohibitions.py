"""What is refused: "don't buy when ...", "no longs while ..." forbid what follows; "but the close doesn't" refuses, and
"and so does the volume" repeats, of another subject what was said before."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from llm.phrasebook.conditions.condition import read_condition
from llm.phrasebook.meaning.types import Compare, Condition, Item, Not, Operand
from llm.phrasebook.operands.operand import read_operand
from llm.phrasebook.predicates.predicate import read_predicate, read_scope
from llm.phrasebook.predicates.setups import read_new_extreme
from llm.phrasebook.reading.reader import Reader

_TRADE = ("enter", "trade", "trades", "trading", "entry", "entries", "open", "take", "positions", "position", "signal")
_THINGS = ("a", "any", "new", "trade", "trades", "position", "positions", "entries", "it", "this", "in", "into", "here")

_AUXILIARY = ("is", "are", "does", "do", "did", "has", "was")
_AGAIN = ("too", "also", "likewise", "either", "so", "yet", "confirm", "follow", "same", "it", "this", "that", "well")


def read_said_short(r: Reader, items: list[Item]) -> tuple[Condition, Operand | None] | None:
    """ "(OBV makes a new high) but the close doesn't", "and the MFI is too", "and so does volume": what was said of the
    subject before, of this one."""
    if not items:
        return None
    mark = r.mark()
    behind = [token.text for token in r.tokens[max(mark.position - 2, 0) : mark.position]]
    so = behind[:1] == ["so"] and behind[-1] in _AUXILIARY
    subject = read_operand(r)
    if subject is not None and subject.kind == "price" and r.tokens[r.position - 1].text in ("close", "closes"):
        subject = replace(subject, kind="close")
    refused = subject is not None and not so and r.take("not", fill=False) is not None
    again = so or refused or (r.word(*_AUXILIARY, fill=False) and not r.done and r.tokens[r.position].text in _AGAIN)
    while again and r.word(*_AGAIN, *_AUXILIARY, "as", "the", fill=False):
        pass
    end = r.mark()
    scope = read_scope(r)
    r.reset(end)
    ends = r.done or scope is not None or r.tokens[r.position].kind == "sign" or r.take("and") or r.take("while")
    r.reset(end)
    if subject is None or subject.kind == "number" or not again or not ends:
        r.reset(mark)
        return None
    found = _of_another(r, items[-1], subject)
    if found is None:
        r.reset(mark)
        return None
    r.position = end.position
    return (Not(found) if refused else found), subject


def _of_another(r: Reader, last: Item, subject: Operand) -> Condition | None:
    """What the words of `last` say, said of `subject`."""
    starts = [at for at in range(r.position) if r.tokens[at].start >= last.start]
    if not starts:
        return None
    r.position = starts[0]
    before = read_operand(r)
    if before is None or before == subject:
        return None
    after = r.mark()
    same = last.condition
    if isinstance(same, Compare) and same.left == same.right.of == before and subject.kind == "close":
        return replace(same, left=subject, right=replace(same.right, of=subject, symbol=subject.symbol))
    if subject.kind == "price":
        event = read_new_extreme(r, subject)
        if event is not None:
            return event
        r.reset(after)
    found = read_predicate(r, subject)
    if found is None and subject.kind == "price":
        r.reset(after)
        found = read_predicate(r, replace(subject, kind="close"))
    return found


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
