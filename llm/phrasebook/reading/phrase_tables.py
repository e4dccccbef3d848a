"""Tables of phrases, found by their first word, and the words that all of them know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from llm.phrasebook.reading.reader import MAX_SKIPPED, Reader
from llm.phrasebook.vocabulary.lexicon import is_filler

T = TypeVar("T")
SlotReader = Callable[[Reader], object | None]
KNOWN: set[str] = set()


def known_words() -> frozenset[str]:
    """Every word of every template, for the mending of spelling."""
    return frozenset(word for word in KNOWN if word.isalpha())


def starts(r: Reader, at: int) -> Iterator[int]:
    """The places where something may begin: here, and behind a few filler words."""
    yield at
    for _ in range(MAX_SKIPPED):
        if at >= len(r.tokens) or r.tokens[at].kind != "word" or not is_filler(r.tokens[at].text):
            return
        at += 1
        yield at


class PhraseTable(Generic[T]):
    """Phrases with a value each, found by their first word; the longest that stands here is taken."""

    def __init__(self, rows: Iterable[tuple[str, T]]) -> None:
        """`rows` are phrases separated by semicolons, with what they mean."""
        self._rows: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for text, value in rows:
            for phrase in text.replace("\n", " ").split(";"):
                words = tuple(phrase.split())
                if words:
                    KNOWN.update(words)
                    self._rows.setdefault(words[0], []).append((words, value))
        for found in self._rows.values():
            found.sort(key=lambda row: -len(row[0]))

    def read(self, r: Reader, *, fill: bool = True) -> T | None:
        """The value of the phrase here, perhaps after a few filler words; steps over it."""
        for at in starts(r, r.position) if fill else (r.position,):
            if at >= len(r.tokens):
                return None
            for words, value in self._rows.get(r.tokens[at].text, ()):
                if all(at + n < len(r.tokens) and r.tokens[at + n].text == word for n, word in enumerate(words)):
                    r.position = at + len(words)
                    return value
        return None


def flag(text: str, *, fill: bool = True) -> SlotReader:
    """A slot that only tells that one of these phrases is there."""
    table = PhraseTable([(text, True)])
    return lambda r: table.read(r, fill=fill)
