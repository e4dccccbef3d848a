"""Phrase templates: a small notation for the ways something is said, matched against the tokens at the cursor.

1. A template is words with spaces between: `price gaps|gapped up by? {pct} {window}?`. `a|b` is either word, `?` behind
   makes a piece optional, `[ a b / c ]` is a choice of several words, `<up>` a list of words by name, `{pct}` a slot.
2. A slot reads a value: `{pct}` a percentage, `{cmp}` a comparison, `{operand}` an indicator. `{low:num}` gives it
   a name.
3. Filler words between the pieces are stepped over. The first way that fits is taken; alternatives are tried in order.
4. A rule is a template with a function that makes the condition, or says None where the values make no sense.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from llm.phrasebook.reading.phrase_tables import KNOWN, SlotReader, starts
from llm.phrasebook.reading.reader import Reader

T = TypeVar("T")
_PIECE = re.compile(r"\[|\]\??|/|[^\s\[\]/]+")
MAX_TRIES = 400
_BEFORE_SCOPE = ("on", "in", "(")
_SCOPE_WORDS = (
    "chart",
    "charts",
    "timeframe",
    "timeframes",
    "candles",
    "candle",
    "bars",
    "bar",
    "interval",
    "tf",
    "frame",
)


@dataclass(frozen=True, slots=True)
class Words:
    """One token with one of these texts."""

    texts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Slot:
    """A value read by the slot of this kind."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences, or with `optional` none."""

    options: tuple[Sequence_, ...]
    optional: bool


Node = Words | Slot | Choice
Sequence_ = tuple[Node, ...]


@dataclass(slots=True)
class Found:
    """What a template read: its slots' values by name, and the reader, for notes."""

    values: Mapping[str, object]
    text: str
    reader: Reader
    symbol: str | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def number(self, name: str) -> float:
        """The number in a slot."""
        value = self.values[name]
        if not isinstance(value, int | float):
            raise TypeError(f"{name} holds no number")
        return value

    def word(self, name: str, default: str = "") -> str:
        """The text in a slot, or `default` where the slot is empty."""
        value = self.values.get(name, default)
        return value if isinstance(value, str) else default

    def get(self, name: str, kind: type[T]) -> T | None:
        """The slot's value where it is of that type, else None."""
        value = self.values.get(name)
        return value if isinstance(value, kind) else None

    def note(self, text: str) -> None:
        """State an assumption."""
        self.reader.note(text)


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """A template and what it makes."""

    pattern: Sequence_
    needed: tuple[frozenset[str], ...]
    make: Callable[[Found], T | None]


@dataclass(slots=True)
class Grammar(Generic[T]):
    """Rules in the order in which they are tried, with the word lists and slots they use."""

    lists: Mapping[str, str]
    slots: Mapping[str, SlotReader]
    place: Callable[[T, str], T] | None = None
    rules: list[Rule[T]] = field(default_factory=list)
    # The places of the rules by a word they may begin with; those that may begin with a slot are under "".
    _by_first: dict[str, list[int]] = field(default_factory=dict)

    def add(self, make: Callable[[Found], T | None], *templates: str) -> None:
        """Add rules that make the same thing."""
        for template in templates:
            pattern = self._compile(template)
            first = _first_words(pattern)
            for word in ("",) if first is None else first:
                self._by_first.setdefault(word, []).append(len(self.rules))
            self.rules.append(Rule(pattern, tuple(_needed(pattern)), make))

    def read(self, r: Reader, symbol: str | None = None) -> T | None:
        """What the first rule that fits here makes; the cursor moves only on success.

        `symbol` is the coin that was named before the phrase.
        """
        key = (id(self), symbol or "", r.position)
        if key in r.slots_read:
            return None
        ahead = _words_ahead(r)
        places = {place for word in ("", *_words_here(r)) for place in self._by_first.get(word, ())}
        fitting = [rule for place in sorted(places) if _may_fit(rule := self.rules[place], ahead)]
        for rule in fitting:
            made = _try(r, rule, self.slots, symbol)
            if made is not None:
                return made[0]
        if self.place is not None and _scope_ahead(r):
            for rule in fitting:
                made = _try(r, rule, self.slots, symbol, scoped=True)
                if made is not None:
                    return self.place(*made)
        r.slots_read[key] = None
        return None

    def _compile(self, template: str) -> Sequence_:
        pieces = _PIECE.findall(template)
        nodes, rest = self._sequence(pieces)
        if rest:
            raise ValueError(f"unbalanced brackets in {template!r}")
        return nodes

    def _sequence(self, pieces: list[str]) -> tuple[Sequence_, list[str]]:
        nodes: list[Node] = []
        while pieces and pieces[0] not in ("]", "]?", "/"):
            piece, pieces = pieces[0], pieces[1:]
            if piece == "[":
                options: list[Sequence_] = []
                while True:
                    option, pieces = self._sequence(pieces)
                    options.append(option)
                    closing, pieces = pieces[0], pieces[1:]
                    if closing != "/":
                        break
                nodes.append(Choice(tuple(options), closing == "]?"))
                continue
            nodes.append(self._piece(piece))
        return tuple(nodes), pieces

    def _piece(self, piece: str) -> Node:
        if piece.endswith("?"):
            return Choice(((self._piece(piece[:-1]),),), True)
        if piece.startswith("{"):
            name, _, kind = piece[1:-1].partition(":")
            if (kind or name) not in self.slots:
                raise ValueError(f"no slot {piece}")
            return Slot(name, kind or name)
        if len(piece) > 2 and piece.startswith("<"):
            return self._list(self.lists[piece[1:-1]])
        KNOWN.update(piece.split("|"))
        return Words(frozenset(piece.split("|")))

    def _list(self, text: str) -> Node:
        phrases = [tuple(phrase.split()) for phrase in text.replace("\n", " ").split(";") if phrase.strip()]
        KNOWN.update(word for phrase in phrases for word in phrase)
        singles = frozenset(phrase[0] for phrase in phrases if len(phrase) == 1)
        longer = sorted((phrase for phrase in phrases if len(phrase) > 1), key=len, reverse=True)
        options: list[Sequence_] = [tuple(Words(frozenset((word,))) for word in phrase) for phrase in longer]
        if not options:
            return Words(singles)
        if singles:
            options.append((Words(singles),))
        return Choice(tuple(options), False)


def _first_words(nodes: Sequence_) -> frozenset[str] | None:
    """The words a sequence can begin with; None where a slot may come first."""
    found: frozenset[str] = frozenset()
    for node in nodes:
        match node:
            case Words(texts=texts):
                return found | texts
            case Slot():
                return None
            case Choice(options=options, optional=optional):
                for option in options:
                    first = _first_words(option)
                    if first is None:
                        return None
                    found |= first
                if not optional:
                    return found
    return None


def _may_fit(rule: Rule[T], ahead: frozenset[str]) -> bool:
    """Whether every word that the rule cannot do without stands ahead."""
    return not any(words.isdisjoint(ahead) for words in rule.needed)


# What a slot of this kind cannot be read without: a token of a kind, written as a word that no sentence has.
_KINDS = {
    "pct": "%percent",
    "signed": "%percent",
    "num": "%number",
    "count": "%number",
    "x": "%multiple",
    "hits": "%number",
}
_AHEAD = 40


def _needed(nodes: Sequence_) -> Iterator[frozenset[str]]:
    """Sets of words of which a sentence must hold at least one each."""
    for node in nodes:
        match node:
            case Words(texts=texts):
                yield texts
            case Slot(kind=kind) if kind in _KINDS:
                yield frozenset((_KINDS[kind],))
            case Choice(options=options, optional=False):
                wanted = [next(_needed(option), None) for option in options]
                if all(words is not None for words in wanted):
                    yield frozenset().union(*(words for words in wanted if words is not None))
            case _:
                pass


def _words_ahead(r: Reader) -> frozenset[str]:
    tokens = r.tokens[r.position : r.position + _AHEAD]
    return frozenset(token.text for token in tokens) | {f"%{token.kind}" for token in tokens}


def _words_here(r: Reader) -> frozenset[str]:
    """The words a rule may begin with at the cursor: this one, and those behind a few filler words."""
    return frozenset(r.tokens[at].text for at in starts(r, r.position) if at < len(r.tokens))


def _scope_at(r: Reader, at: int) -> tuple[int, str] | None:
    """ "on the 4h chart" at this place: where it ends and its interval."""
    if at >= len(r.tokens) or r.tokens[at].text not in _BEFORE_SCOPE:
        return None
    mark = r.mark()
    r.position = at + 1
    r.word("the", "a", fill=False)
    label = r.interval(fill=False)
    if label is not None:
        r.word(*_SCOPE_WORDS, fill=False)
        r.word(")", fill=False)
    end = r.position
    r.reset(mark)
    return None if label is None else (end, label)


def _scope_ahead(r: Reader) -> bool:
    places = range(r.position + 1, min(len(r.tokens), r.position + 12))
    return any(r.tokens[at].text in _BEFORE_SCOPE and _scope_at(r, at) is not None for at in places)


@dataclass(slots=True)
class _Search:
    """One attempt of one rule; slots are read once a place in the sentence, and the number of steps is bounded.

    With `scoped` it steps over one "on the 4h chart" between two pieces.
    """

    r: Reader
    slots: Mapping[str, SlotReader]
    scoped: bool = False
    tries: int = 0

    def slot(self, kind: str, at: int) -> tuple[object, int, tuple[str, ...]] | None:
        r = self.r
        seen = r.slots_read
        key = (id(self.slots[kind]), kind, at)
        if key not in seen:
            seen[key] = None
            mark = r.mark()
            r.position = at
            value = self.slots[kind](r)
            if value is not None and r.position > at:
                seen[key] = (value, r.position, tuple(r.notes[mark.notes :]))
            r.reset(mark)
        return seen[key]

    def walk(
        self, nodes: Sequence_, at: int, values: tuple[tuple[str, object, tuple[str, ...]], ...]
    ) -> Iterator[tuple[int, tuple[tuple[str, object, tuple[str, ...]], ...]]]:
        self.tries += 1
        self.r.effort += 1
        if self.tries > MAX_TRIES or self.r.exhausted:
            return
        if self.scoped and nodes and at > self.r.position and not any(name == "on" for name, _, _ in values):
            scope = _scope_at(self.r, at)
            if scope is not None:
                yield from self.walk(nodes, scope[0], (*values, ("on", scope[1], ())))
                return
        if not nodes:
            yield at, values
            return
        head, rest = nodes[0], nodes[1:]
        match head:
            case Words(texts=texts):
                for start in starts(self.r, at):
                    if start < len(self.r.tokens) and self.r.tokens[start].text in texts:
                        yield from self.walk(rest, start + 1, values)
            case Slot(name=name, kind=kind):
                found = self.slot(kind, at)
                if found is not None:
                    value, end, notes = found
                    yield from self.walk(rest, end, (*values, (name, value, notes)))
            case Choice(options=options, optional=optional):
                for option in options:
                    yield from self.walk((*option, *rest), at, values)
                if optional:
                    yield from self.walk(rest, at, values)


def _try(
    r: Reader, rule: Rule[T], slots: Mapping[str, SlotReader], symbol: str | None, *, scoped: bool = False
) -> tuple[T, str] | None:
    start = r.mark()
    for end, values in _Search(r, slots, scoped).walk(rule.pattern, start.position, ()):
        scope = next((str(value) for name, value, _ in values if name == "on"), "")
        if scoped and not scope:
            continue
        text = " ".join(token.text for token in r.tokens[start.position : end])
        r.position = end
        for _, _, notes in values:
            r.notes.extend(notes)
        made = rule.make(Found({name: value for name, value, _ in values}, text, r, symbol))
        if made is not None:
            return made, scope
        r.reset(start)
    return None
