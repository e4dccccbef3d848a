"""Groups of conditions: brackets, "either", "any of", "at least two of these", "not (".

`read_group` opens or closes a group of the structure; what stands in it is read as everything else.
"""

from __future__ import annotations

from llm.phrasebook.conditions.condition import read_condition
from llm.phrasebook.conditions.structure import Mode, Structure
from llm.phrasebook.meaning.types import Group
from llm.phrasebook.reading.reader import Reader


def read_group(r: Reader, structure: Structure, brackets: int) -> tuple[bool, int]:
    """Open or close a group at the cursor; whether one was, and how many brackets are open then."""
    mark = r.mark()
    token = r.tokens[r.position]
    if token.text == ")" and brackets:
        r.position += 1
        return structure.close(), brackets - 1
    negated = bool(r.take("not", fill=False)) if token.text != "(" else False
    if r.word("(", "[", fill=False):
        if _begins_here(r):
            structure.open("plain", negated=negated)
            return True, brackets + 1
        r.reset(mark)
        return False, brackets
    r.reset(mark)
    return _list(r, structure), brackets


def _begins_here(r: Reader) -> bool:
    """Whether a condition, or another group, begins at the cursor."""
    mark = r.mark()
    while r.word("(", "[", fill=False):
        pass
    r.take("either") or r.take("while")
    found = read_condition(r, None) is not None
    r.reset(mark)
    return found


def _list(r: Reader, structure: Structure) -> bool:
    mark = r.mark()
    least, mode = _list_mode(r)
    if mode is None:
        r.reset(mark)
        return False
    if mode == "either":
        after = r.mark()
        r.reset(mark)
        found = read_condition(r, None)
        r.reset(mark)
        if found is not None and isinstance(found[0], Group) and found[0].op == "or":
            return False
        r.reset(after)
    structure.open(mode, least=least)
    return True


def _list_mode(r: Reader) -> tuple[int, Mode | None]:
    """ "either" opens alternatives; "any of", "at least two of", "two of these three" open a list."""
    start = r.position
    if r.word("either", fill=False):
        if r.word("of", fill=False):
            _these(r)
            return 1, "any"
        return 1, "either"
    r.word("at", fill=False) and r.word("least", fill=False)
    token = r.token("number", fill=False)
    some = token is not None and 1 <= token.value <= 5 and token.value == int(token.value)
    if not some and not r.word("any", fill=False):
        r.position = start
        return 1, None
    least = int(token.value) if token is not None else 1
    if not some and (second := r.token("number", fill=False)) is not None:
        least = int(second.value)
    if not r.word("of", fill=False) or not _these(r) or not 1 <= least <= 5:
        r.position = start
        return 1, None
    return least, "any" if least == 1 else "some"


def _these(r: Reader) -> bool:
    """ "these three conditions:", "the following", or a colon."""
    r.word("the", fill=False)
    found = r.word("these", "those", "following", fill=False)
    r.word("following", fill=False)
    r.token("number", fill=False)
    named = r.word("conditions", "things", "rules", fill=True)
    r.word("is", "are", "hold", "holds", fill=False)
    r.word("true", "met", fill=False)
    return r.word(":", fill=False) or found or named
