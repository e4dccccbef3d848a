"""Reading a sentence from left to right.

1. At each place the walker tries, in this order: a stop, target or holding time; a group; a condition; an interval for
   the words around; "buy", "short", "exit"; a connector. What fits nothing is stepped over and left over.
2. An interval before its conditions holds for all that follow, one behind a condition for that condition; conditions
   without one are on the base interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from llm.phrasebook.conditions.condition import read_condition
from llm.phrasebook.conditions.doubts import (
    ORDER_WORDS,
    any_one,
    begins_late,
    behind_unread,
    breaks_off,
    note_order,
    says_not,
    stands_alone,
    told_aside,
)
from llm.phrasebook.conditions.groups import read_group
from llm.phrasebook.conditions.interval_lists import (
    another_interval,
    any_of_before,
    bare_price,
    gone_on,
    parts_of,
    unplace,
)
from llm.phrasebook.conditions.prohibitions import read_prohibition, read_said_short
from llm.phrasebook.conditions.repeats import convention_of, defined, explains, on_each, placed_as
from llm.phrasebook.meaning.types import (
    Compare,
    Condition,
    Cross,
    Direction,
    Group,
    Item,
    Not,
    Operand,
    intervals,
    on_interval,
    placeless,
)
from llm.phrasebook.operands.trailing import read_trailing_settings
from llm.phrasebook.predicates.predicate import read_scope
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.sentences.headings import read_beaten
from llm.phrasebook.sentences.leftover import LIGHT
from llm.phrasebook.sentences.sentence import Part, Sentence
from llm.phrasebook.sentences.trade import read_trade, unread_level
from llm.phrasebook.vocabulary.lexicon import is_filler

_GERUNDS = frozenset({"buying", "selling", "shorting", "longing", "sells"})
_BEFORE_GERUND = frozenset("am be i'm im to for like consider start about of try prefer by on".split())
_NAMED_BY = frozenset({"bullish", "bearish"})


@dataclass(slots=True)
class Walker:
    """The cursor, what was read so far, and what carries over from one condition to the next."""

    r: Reader
    out: Sentence
    sentence: str
    used: list[bool]
    cuts: list[int]
    partial: bool = False
    role: Literal["entry", "exit"] = "entry"
    scope: str | None = None
    scope_open: bool = False
    scope_at: tuple[int, int] = (0, 0)
    carried: Operand | None = None
    chained: Operand | None = None
    brackets: int = 0
    refusing: bool = False
    later: bool = False
    unread: bool = False
    past: int = 0
    convention: str = ""
    bare: tuple[Condition, ...] = ()

    @property
    def part(self) -> Part:
        """The entry or the exit, whichever is being read."""
        return self.out.entry if self.role == "entry" else self.out.exit

    @property
    def _entered(self) -> bool:
        """Whether an entry was read, here or elsewhere, so that an exit may follow."""
        return self.partial or bool(self.out.entry.items)

    def step(self) -> None:
        """Read one thing at the cursor, or step over a token."""
        start = self.r.position
        while self.cuts and self.cuts[0] < self.r.tokens[start].start:  # Here stood what no filter can say.
            self.unread = self.cuts.pop(0) >= 0
        if self.r.tokens[start].text in ORDER_WORDS:
            self.later = bool(self.part.items)
        if self.r.plain_filler() and self.r.tokens[start].text not in ("neither", "any", "one", "at"):
            self.r.position = start + 1
            return
        if read_trade(self.r, self.out.exits, exiting=self.role == "exit"):
            self.part.pending.clear()
            self._use(start)
            return
        forms = (self._forbidden, self._settings, self._group, self._condition, self._scope, self._direction)
        for form in (*forms, self._connector):
            self.r.position = start
            if form():
                self._use(start)
                return
        self.past = max(self.past, unread_level(self.r, start))
        text = self.r.tokens[start].text
        self.unread = self.unread or not (is_filler(text) or text in LIGHT)
        self.r.position = max(start + 1, self.past)

    def finish(self) -> None:
        """An interval at the very end, after a comma, is for all conditions that name none; else it is left over."""
        if not self.scope_open or self.scope is None:
            return
        changed = False
        for part in (self.out.entry, self.out.exit):
            items = [Item(on_interval(i.condition, self.scope), i.start, i.end) for i in part.items]
            changed = changed or items != part.items
            part.items = items
        named = any(bare_price(i.condition) for i in self.out.entry.items) or not self.out.entry.items
        if not changed and not named:
            self._give_back_scope()

    def _give_back_scope(self) -> None:
        """The interval held for what follows is of no condition: it is left over."""
        self.out.mentioned.remove(self.scope or "")
        for at in range(*self.scope_at):
            self.used[at] = False

    def _use(self, start: int) -> None:
        for at in range(start, self.r.position):
            self.used[at] = True

    def _group(self) -> bool:
        found, self.brackets = read_group(self.r, self.part.structure, self.brackets)
        return found

    # Conditions

    def _settings(self) -> bool:
        """ "..., length 25": the settings of what was said before."""
        items = read_trailing_settings(self.r, self.part.items)
        if items is None:
            return False
        self.part.items[:] = items
        self.part.pending.clear()
        return True

    def _condition(self) -> bool:
        start = self.r.position
        part = self.part
        following = bool(part.pending) or self.r.tokens[start].text == "nor"
        bracketed = start > 0 and self.r.tokens[start - 1].text == "("
        subject = self.carried if following or bracketed else self.chained or self.carried
        if "which" in [token.text for token in self.r.tokens[max(start - 2, 0) : start + 1]]:
            subject = self.chained or subject  # "Above the 50 EMA, which is above the 200 EMA".
        elliptic = self._elliptic()
        mark = self.r.mark()
        found = read_said_short(self.r, part.items) or read_condition(self.r, subject if part.items else None)
        if found is None:
            return False
        aside = told_aside(self.r, start, self.used, found[0])
        if aside or (behind_unread(self.r, start, self.used) and not stands_alone(self.r, mark)):
            # "the moon above 30": what stands before it was its subject, and not the price or what came before.
            self.past = self.r.position
            self.r.reset(mark)
            return False
        if breaks_off(self.r) or begins_late(self.r, start, self.used):
            # "breakout of the week's open": another one is meant than the words up to here say.
            self.past = self.r.position
            self.r.reset(mark)
            return False
        condition, self.carried = found
        condition = any_one(self.r, condition) if self.role == "exit" else condition
        condition = on_each(self.r, start, part.items[-1].condition if part.items else None, condition)
        # "EMA 20 > EMA 50 > EMA 200": with nothing between, the right side goes on.
        right = condition.right if isinstance(condition, Compare) else None
        self.chained = right if right is not None and right.kind != "number" and right.of is None else None
        if isinstance(condition, Cross) and condition.way == "any" and start > 0:
            # "bullish 9/21 EMA crossover": the word before says which way.
            said = self.r.tokens[start - 1].text
            condition = replace(condition, way="up") if said == "bullish" else condition
            condition = replace(condition, way="down") if said == "bearish" else condition
        condition = self._placed(condition, start)
        first = start
        while is_filler(self.r.tokens[first].text) and first < self.r.position - 1:
            first += 1
        last = part.items[-1] if part.items else None
        if (
            elliptic
            and self.refusing
            and part.pending == {"or"}
            and last is not None
            and isinstance(last.condition, Not)
        ):
            # "is not above 70 or below 30" refuses both.
            both = Not(Group("or", (last.condition.inner, condition)))
            part.items[-1] = Item(both, last.start, self.r.tokens[self.r.position - 1].end)
            part.pending.clear()
            return True
        self.refusing = isinstance(condition, Not) and not says_not(self.r, start)
        self._add(condition, first)
        self.convention = convention_of(self.r.notes[mark.notes :])
        return True

    def _placed(self, condition: Condition, start: int) -> Condition:
        """On the interval that its own words name ("of the last 24 hourly candles"), or that holds here."""
        counted = [t.unit for t in self.r.tokens[start : self.r.position] if t.kind == "number" and t.unit]
        for label in counted:
            self.out.mentioned.append(label)
            condition = on_interval(condition, label)
        self.bare = parts_of(condition, self.part.structure.depth)
        if self.scope is not None:
            placed = on_interval(condition, self.scope)
            if self.scope_open and "or" in self.part.pending and placed == condition:
                self._give_back_scope()
            condition = placed
        self.scope_open = False
        return condition

    def _elliptic(self) -> bool:
        mark = self.r.mark()
        found = self.r.take("compare") is not None
        self.r.reset(mark)
        return found

    def _forbidden(self) -> bool:
        word = read_prohibition(self.r) if self.role == "entry" else None
        self.part.pending.update((word,) if word is not None else ())
        return word is not None

    def _add(self, condition: Condition, first: int) -> None:
        """ "Above the 20 and the 50 EMA" is two conditions, each with a row of its own."""
        if self.later or self.part.items:
            note_order(self.r, first, later=self.later)
        self.later = self.unread = False
        tokens = self.r.tokens
        how = explains(self.r, first)
        if self.convention and self.part.items and defined(self.r, self.convention, condition, how):
            known = self.part.items.pop()
            self.part.items.append(replace(known, condition=placed_as(known.condition, condition)))
            self.part.pending.clear()
            return
        for single in parts_of(condition, self.part.structure.depth):
            self.part.add(Item(single, tokens[first].start, tokens[self.r.position - 1].end), how)

    # Intervals

    def _scope(self) -> bool:
        start = self.r.position
        label = read_scope(self.r)
        if label is None:
            return False
        part = self.part
        if not part.items or part.pending:
            if self.scope_open and self.scope is not None and label != self.scope:
                self._give_back_scope()
            self.out.mentioned.append(label)
            self.scope, self.scope_open, self.scope_at = label, True, (start, self.r.position)
            return True
        unplace(part.items, self.bare, self.scope, label)
        last = part.items[-1]
        moved = on_interval(last.condition, label)
        if moved == last.condition and (label in (self.scope, *intervals(moved)) and not any(placeless(moved))):
            self.out.mentioned.append(label)
            return True
        if not list(placeless(moved)) and not intervals(moved):
            # A time of day is of no interval: this one is the sentence's.
            self.out.mentioned.append(label)
            part.items = [replace(item, condition=on_interval(item.condition, label)) for item in part.items]
            return True
        if moved == last.condition and not bare_price(moved):
            # The condition names another interval already: this one is not silently dropped.
            self.r.position = start
            return False
        self.out.mentioned.append(label)
        self._on_each(last, moved, alternatives=any_of_before(self.r, start))
        part.items[-1] = gone_on(self.r, part.items[-1], label)
        return True

    def _on_each(self, last: Item, moved: Condition, *, alternatives: bool) -> None:
        """The condition just read on the interval behind it, and on the others of a list: all, or with "or" any."""
        part = self.part
        found = [moved]
        ends = [self.r.tokens[self.r.position - 1].end]
        while (other := another_interval(self.r)) is not None:
            alternatives = alternatives or other[1]
            self.out.mentioned.append(other[0])
            found.append(on_interval(last.condition, other[0]))
            ends.append(self.r.tokens[self.r.position - 1].end)
        if alternatives and len(found) > 1:
            part.items[-1] = Item(Group("or", tuple(found)), last.start, ends[-1])
            return
        part.items[-1] = Item(moved, last.start, ends[0])
        for condition, end in zip(found[1:], ends[1:], strict=True):
            part.pending.add("and")
            part.add(Item(condition, last.start, end))

    # Direction, exits, connectors

    def _direction(self) -> bool:
        r = self.r
        start = r.position
        word = r.take("direction", fill=False)
        if word is None and r.take("exit", fill=False):
            return self._exit(start)
        if word is None:
            return False
        said = r.tokens[r.position - 1].text
        if said in _GERUNDS and start > 0 and r.tokens[start - 1].text not in _BEFORE_GERUND:
            return False
        if read_beaten(r):
            return True
        if word == "sell":
            if self.out.direction != "short" and self._entered and self.role == "entry":
                if self.out.direction is None:
                    r.note("“Sell” behind a first rule ends the trade: long.")
                    self.out.direction = "long"
                return self._exit()
            word = "short"
        direction: Direction = "short" if word == "short" else "long"
        if self.role == "exit" and not self._entered:
            self.role, self.carried = "entry", None
        if self.out.direction is not None and self.out.direction != direction:
            if direction == "long" and self._entered and said == "buy":
                return self._exit()
            if self.role == "entry" and said not in _NAMED_BY:
                r.note(f"The sentence names both directions; {self.out.direction} is used.")
            return True
        self.out.direction = direction
        return True

    def _exit(self, start: int = -1) -> bool:
        if not self._entered and not self._entry_comes(start):
            return False
        if self.role == "entry":
            self.carried = None
            self.out.entry.pending.clear()
        self.role = "exit"
        return True

    def _entry_comes(self, start: int) -> bool:
        """Whether an exit at `start` is said before its entry: "Exit when RSI is above 70. Buy when ..."."""
        r, mark = self.r, self.r.mark()
        found = False
        for at in range(mark.position, len(r.tokens)):
            if r.tokens[at - 1].text in (".", ";", ",") and not found:
                r.position = at
                found = r.take("direction", "long", "short") is not None
        r.reset(mark)
        return found and (start == 0 or (start > 0 and r.tokens[start - 1].kind == "sign"))

    def _connector(self) -> bool:
        structure = self.part.structure
        if not self.part.items and self.r.word("after", "following", fill=False):
            self.r.note("“After” with nothing that has to come later became: on the same candle.")
            return True
        word = self.r.tokens[self.r.position].text
        for category in ("unless", "while", "or", "and", "pause", "either"):
            if self.r.take(category, fill=False) is None:
                continue
            ends = category in ("unless", "while") or word == "."
            if self.unread:
                # "A unless (unread), B": what joined the unread words does not join B.
                structure.pending.clear()
                self.unread = False
            if structure.in_list and ends and word not in ("also", "and"):
                structure.close()
            if category != "either":
                structure.pending.add(category)
            return True
        return False
