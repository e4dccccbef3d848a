"""Settings that stand behind what is said of an indicator: "RSI below 30, length 7", "(period 5)", "settings 8 17"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Condition, Item, Operand, operands, rewrite, within_operand
from llm.phrasebook.operands.naming import family_of
from llm.phrasebook.operands.settings import LENGTH_WORDS, read_named_settings
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import FAMILIES, Family

_ENDS = frozenset(", . ; ) ] : ! ? and on with while but for at in when if or".split())


def read_trailing_settings(r: Reader, items: list[Item]) -> list[Item] | None:
    """The conditions with the settings at the cursor given to the last indicator named without any; None where no
    settings stand here or no indicator waits for them."""
    mark = r.mark()
    waiting = _waiting(items[-1].condition) if items else None
    if waiting is None:
        return None
    r.word("using", "with", "at", fill=False)
    r.word("a", "an", "the", "its", fill=False)
    given = _number_first(r, waiting) or read_named_settings(r, waiting)
    ended = r.done or r.tokens[r.position].text in _ENDS or r.tokens[r.position].kind == "span"
    if not given or not ended:
        r.reset(mark)
        return None
    if waiting.note in r.notes:
        r.notes.remove(waiting.note)
    r.known[waiting.call] = given
    return [replace(item, condition=_set(item.condition, waiting, given)) for item in items]


def _unset(operand: Operand, family: Family) -> bool:
    return family_of(operand) == family.call and bool(family.usual) and operand.args == family.usual


def _waiting(condition: Condition) -> Family | None:
    """The first indicator of a condition that has its usual settings."""
    for operand in operands(condition):
        for part in within_operand(operand):
            family = FAMILIES.get(family_of(part))
            if family is not None and _unset(part, family):
                return family
    return None


def _number_first(r: Reader, family: Family) -> tuple[float, ...]:
    """ "RSI below 30, 7 period": one length before its word."""
    mark = r.mark()
    token = r.token("number", fill=False)
    if token is None or not r.word(*LENGTH_WORDS, fill=False) or token.value != int(token.value) or token.value < 1:
        r.reset(mark)
        return ()
    return (token.value, *family.usual[1:])


def _set(condition: Condition, family: Family, given: tuple[float, ...]) -> Condition:
    arguments = tuple(int(value) if value == int(value) else value for value in given)

    def change(operand: Operand) -> Operand:
        inner = replace(
            operand,
            of=None if operand.of is None else change(operand.of),
            parts=tuple(change(part) for part in operand.parts),
        )
        return replace(inner, args=arguments) if _unset(operand, family) else inner

    return rewrite(condition, change)
