"""A sentence as the offline translator reads it, to hold another writer's program against.

Only English is read, and only what is short enough to be read in some hundredths of a second. A reading is made once
for a sentence, an interval and a market's symbols.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from llm.checks.claims import Claim, Claims, claims_of
from llm.checks.languages import is_english
from llm.phrasebook.translate import Translation, translate
from llm.schemas import Direction
from screener import CannotSpell, FilterError, canonical_source, compile_filter

log = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 1_200
_BESIDE: Final = 12
_PAUSE: Final = re.compile(r"[,;:.!?\n()]")


@dataclass(frozen=True)
class Words:
    """A condition as it was read: the words it came from, where they stand, and what it claims; `denied` is the same
    with a "not" before it, `around` the words with some letters more. `alone` is whether no word that was not
    understood stands beside it, which may change what it says."""

    words: str
    start: int
    end: int
    claims: tuple[Claim, ...]
    around: str = ""
    denied: tuple[Claim, ...] = ()
    alone: bool = True


@dataclass(frozen=True)
class Reading:
    """What a sentence claims; `unread` are words of it that could not be read, `code` is the program that says it."""

    sentence: str
    claims: Claims
    rows: tuple[Words, ...]
    interval: str
    unread: tuple[str, ...]
    code: str

    @property
    def whole(self) -> bool:
        """Whether all of its words were read."""
        return not self.unread


def reading_of(sentence: str, base: str, symbols: Collection[str] | None, direction: str = "") -> Reading | None:
    """The sentence as read with `base` for what names no interval, and for a `direction`, if one is given; None where
    little of it can be."""
    if not sentence.strip() or len(sentence) > MAX_CHARACTERS or not is_english(sentence):
        return None
    return _read(sentence, base, None if symbols is None else tuple(symbols), direction)


@lru_cache(maxsize=64)
def _read(sentence: str, base: str, symbols: tuple[str, ...] | None, direction: str) -> Reading | None:
    try:
        side: Direction | None = "short" if direction == "short" else "long" if direction == "long" else None
        made = translate(sentence, base, symbols, side)
    except Exception:
        # A second opinion: without it the sentence is checked by its words alone.
        log.exception("a sentence could not be read to check a program by")
        return None
    if not made.code:
        return None
    try:
        claims = claims_of(canonical_source(compile_filter(made.code, made.interval, symbols)))
        rows = tuple(_rows(sentence, made, symbols))
    except (FilterError, CannotSpell):
        return None
    return Reading(sentence, claims, rows, made.interval, made.not_understood, made.code)


def _rows(sentence: str, made: Translation, symbols: tuple[str, ...] | None) -> Iterator[Words]:
    lines = dict(line.split(" = ", 1) for line in made.code.splitlines() if " = " in line)
    unread = [place for words in made.not_understood if (place := _place_of(words, sentence)) is not None]
    for row in made.conditions:
        if row.name not in lines:
            continue
        given, denied = (
            tuple(claims_of(canonical_source(compile_filter(f"match = {code}\n", made.interval, symbols))).entry)
            for code in (lines[row.name], f"not ({lines[row.name]})")
        )
        start, end = _place_of(row.words, sentence) or (0, 0)
        alone = not any(_beside(sentence, (start, end), place) for place in unread)
        around = sentence[max(0, start - _BESIDE) : end + _BESIDE]
        yield Words(row.words, start, end, given, around, denied, alone)


def _beside(sentence: str, one: tuple[int, int], two: tuple[int, int]) -> bool:
    """Whether two places of a sentence lie near each other in one breath: without a comma or full stop between."""
    (_, end), (start, _) = sorted((one, two))
    between = sentence[end:start]
    return start < end or (len(between) < _BESIDE and _PAUSE.search(between) is None)


def _place_of(words: str, sentence: str) -> tuple[int, int] | None:
    """Where words stand in a sentence, blanks of any kind between them."""
    found = re.search(r"\s+".join(re.escape(word) for word in words.split()), sentence) if words.split() else None
    return found.span() if found else None
