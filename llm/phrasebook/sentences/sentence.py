"""A whole sentence: conditions with their connectors, direction, intervals, exits, stops, and the words left over.

1. Shorthand is written out, spelling mended, and what no filter can say taken out (`shorthand`, `spelling`, `topics`).
2. `walker` reads the rest, once, from left to right.
3. What fits nothing and is not filler is left over (`leftover`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from llm.phrasebook.conditions.repeats import is_name, placed_like, repeated, said_better
from llm.phrasebook.conditions.structure import Structure, Tree
from llm.phrasebook.meaning.types import Direction, Item, intervals
from llm.phrasebook.sentences import sentence_words as _learnt
from llm.phrasebook.sentences.trade import Exits
from llm.phrasebook.vocabulary.tokens import INTERVALS

assert _learnt is not None  # Its rows are learnt where it is imported.


@dataclass(slots=True)
class Part:
    """The entry or the exit: its conditions and what joins them."""

    items: list[Item] = field(default_factory=list)
    structure: Structure = field(default_factory=Structure)

    @property
    def pending(self) -> set[str]:
        """The connectors since the last condition."""
        return self.structure.pending

    def add(self, item: Item, explains: str | None = None) -> None:
        """Append a condition, joined by the connectors seen since the one before. What says again what stands there
        already is one with it; `explains` is the sign or word that makes it an explanation."""
        better = said_better(self.items[-1].condition, item.condition, explains) if explains and self.items else None
        conditions = [known.condition for known in self.items]
        at = len(self.items) - 1 if better is not None else None
        if at is None and self.structure.all_hold and not self.structure.depth:
            at = repeated(conditions, item.condition)
        if at is None:
            self.structure.leaf(len(self.items), noun=is_name(item.condition))
            self.items.append(item)
            return
        self.pending.clear()
        self.items[at] = replace(item, condition=better or placed_like(conditions[at], item.condition))

    @property
    def tree(self) -> Tree:
        """The conditions as a tree; asked only where there are some."""
        found = self.structure.tree()
        assert found is not None
        return found


@dataclass(slots=True)
class Sentence:
    """All that was read. `mentioned` holds every interval named, `unusable` what was named as one and is none, `units`
    the unit of each time in ms, `left_over` the phrases not understood; `effort` is the number of steps taken."""

    entry: Part = field(default_factory=Part)
    exit: Part = field(default_factory=Part)
    direction: Direction | None = None
    heading: str | None = None
    mentioned: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)
    units: dict[int, str] = field(default_factory=dict)
    exits: Exits = field(default_factory=Exits)
    notes: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    effort: int = 0


def named_intervals(sentence: Sentence) -> list[str]:
    """Every interval the sentence names, finest first."""
    found = set(sentence.mentioned)
    for item in (*sentence.entry.items, *sentence.exit.items):
        found |= intervals(item.condition)
    return sorted(found, key=INTERVALS.__getitem__)
