"""A whole sentence: conditions with their connectors, direction, intervals, exits, stops, and the words
left over.

`read_sentence` walks the tokens once. At each place it tries, in this order: a stop, target or holding
time; a condition; an interval for the words around; "buy", "short", "exit"; a connector. What fits nothing
and is not filler is left over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from llm.phrasebook.conditions import read_condition
from llm.phrasebook.lengths import read_length
from llm.phrasebook.lexicon import is_filler
from llm.phrasebook.meaning import (
    Compare,
    Condition,
    Cross,
    Direction,
    Duration,
    Group,
    Item,
    Operand,
    intervals,
    on_interval,
    operands,
)
from llm.phrasebook.predicates import read_scope
from llm.phrasebook.reader import Reader
from llm.phrasebook.shorthand import expand
from llm.phrasebook.spelling import correct
from llm.phrasebook.structure import Join, Tree, join_of, negated_first, tree
from llm.phrasebook.text import INTERVALS, tokenise
from llm.phrasebook.topics import take_out

MAX_TOKENS = 400
MAX_HEADING = 10
_LIGHT = frozenset(
    """
    on in for over at and or while when whenever if with where but last past within during high low
    using once by plus given , ; . : - / ! ? & ( ) " ' [ ] + first
    """.split()  # noqa: SIM905
)


@dataclass(slots=True)
class Part:
    """The entry or the exit: its conditions and what joins them."""

    items: list[Item] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    negated: bool = False

    def add(self, item: Item) -> None:
        """Append a condition, joined by the connectors seen since the one before."""
        if self.items:
            self.joins.append(join_of(self.pending))
        elif "unless" in self.pending:
            self.negated = True
        self.items.append(item)
        self.pending = set()

    @property
    def structure(self) -> Tree:
        """The conditions as a tree."""
        whole = tree(self.joins)
        return negated_first(whole) if self.negated else whole


@dataclass(slots=True)
class Sentence:
    """All that was read. `mentioned` holds every interval named, `left_over` the phrases that were not
    understood."""

    entry: Part = field(default_factory=Part)
    exit: Part = field(default_factory=Part)
    direction: Direction | None = None
    heading: str | None = None
    mentioned: list[str] = field(default_factory=list)
    stop_atr: float | None = None
    target_atr: float | None = None
    stop_percent: float | None = None
    target_percent: float | None = None
    hold: int | Duration | None = None
    notes: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)


def read_sentence(sentence: str, symbols: frozenset[str] = frozenset()) -> Sentence:
    """Read `sentence`; `symbols` (BTCUSDT, ...) are names that may be mentioned. Never raises on any text."""
    tokens = tokenise(sentence)
    notes: list[str] = []
    kept, clauses = take_out(sentence, expand(tokens[:MAX_TOKENS], notes.append))
    kept = correct(kept, symbols, notes.append)
    r = Reader(kept, symbols=symbols, notes=notes)
    out = Sentence()
    used = [False] * len(kept)
    walker = _Walker(r, out, sentence, used)
    walker.heading()
    while not r.done:
        walker.step()
    walker.finish()
    out.left_over = _left_over(sentence, r, used)
    for clause in clauses:
        words = " ".join(sentence[clause.start : clause.end].split())[:200].strip(" .,;:")
        out.left_over.append(words)
        r.note(f"“{words[:120]}” was left out: {clause.reason}.")
    out.notes = list(dict.fromkeys(r.notes))
    if len(tokens) > MAX_TOKENS:
        out.left_over.append(f"everything after the first {MAX_TOKENS} words")
    return out


@dataclass(slots=True)
class _Walker:
    r: Reader
    out: Sentence
    sentence: str
    used: list[bool]
    role: Literal["entry", "exit"] = "entry"
    scope: str | None = None
    scope_open: bool = False
    scope_at: tuple[int, int] = (0, 0)
    carried: Operand | None = None
    chained: Operand | None = None

    @property
    def part(self) -> Part:
        return self.out.entry if self.role == "entry" else self.out.exit

    def heading(self) -> None:
        """Words before a first colon, with no number among them, are a title: "Dip buyer: RSI below 30"."""
        tokens = self.r.tokens
        at = next((i for i, token in enumerate(tokens[: MAX_HEADING + 1]) if token.text == ":"), None)
        if not at or any(token.kind not in ("word", "sign") or token.text in ",.;" for token in tokens[:at]):
            return
        words = [token for token in tokens[:at] if token.kind == "word"]
        plain = Reader(tokens[:at])
        if all(is_filler(token.text) or token.text in _LIGHT for token in words) or not words:
            return
        if (
            plain.take("direction")
            or plain.take("exit")
            or plain.take("hourly")
            or plain.take("on")
            or plain.take("not")
        ):
            return
        if plain.take("while") or plain.take("either"):
            return
        text = self.sentence[tokens[0].start : tokens[at - 1].end].strip()
        self.out.heading = text
        self.r.note(f"“{text}” was taken as the name.")
        self.r.position = at + 1
        self._use(0)

    def step(self) -> None:
        """Read one thing at the cursor, or step over a token."""
        start = self.r.position
        if self.r.plain_filler():
            self.r.position = start + 1
            return
        if self._trade() or self._condition() or self._scope() or self._direction() or self._connector():
            self._use(start)
            return
        self.r.position = start + 1

    def finish(self) -> None:
        """An interval at the very end, after a comma, is for all conditions that name none; else it is
        left over."""
        if not self.scope_open or self.scope is None:
            return
        changed = False
        for part in (self.out.entry, self.out.exit):
            items = [Item(on_interval(i.condition, self.scope), i.start, i.end) for i in part.items]
            changed = changed or items != part.items
            part.items = items
        if not changed and not any(_bare_price(i.condition) for i in self.out.entry.items):
            self.out.mentioned.remove(self.scope)
            for at in range(*self.scope_at):
                self.used[at] = False

    def _use(self, start: int) -> None:
        for at in range(start, self.r.position):
            self.used[at] = True

    def _condition(self) -> bool:
        start = self.r.position
        part = self.part
        subject = self.carried if part.pending else self.chained or self.carried
        found = read_condition(self.r, subject if part.items else None)
        if found is None:
            return False
        condition, self.carried = found
        # "EMA 20 > EMA 50 > EMA 200": with nothing between, the right side goes on.
        right = condition.right if isinstance(condition, Compare) else None
        self.chained = right if right is not None and right.kind != "number" and right.of is None else None
        if isinstance(condition, Cross) and condition.way == "any" and start > 0:
            # "bullish 9/21 EMA crossover": the word before says which way.
            said = self.r.tokens[start - 1].text
            condition = replace(condition, way="up") if said == "bullish" else condition
            condition = replace(condition, way="down") if said == "bearish" else condition
        if self.scope is not None:
            condition = on_interval(condition, self.scope)
        self.scope_open = False
        first = start
        while is_filler(self.r.tokens[first].text) and first < self.r.position - 1:
            first += 1
        self._add(condition, first)
        return True

    def _add(self, condition: Condition, first: int) -> None:
        """ "Above the 20 and the 50 EMA" is two conditions, each with a row of its own."""
        tokens = self.r.tokens
        split = isinstance(condition, Group) and condition.op == "and"
        for single in condition.items if split and isinstance(condition, Group) else (condition,):
            self.part.add(Item(single, tokens[first].start, tokens[self.r.position - 1].end))

    def _scope(self) -> bool:
        start = self.r.position
        label = read_scope(self.r)
        if label is None:
            return False
        part = self.part
        if not part.items or part.pending:
            self.out.mentioned.append(label)
            self.scope, self.scope_open, self.scope_at = label, True, (start, self.r.position)
            return True
        last = part.items[-1]
        moved = on_interval(last.condition, label)
        if moved == last.condition and not _bare_price(moved):
            # The condition names another interval already: this one is not silently dropped.
            self.r.position = start
            return False
        self.out.mentioned.append(label)
        part.items[-1] = Item(moved, last.start, self.r.tokens[self.r.position - 1].end)
        while (other := self._another()) is not None:
            self.out.mentioned.append(other)
            part.pending.add("and")
            part.add(Item(on_interval(last.condition, other), last.start, self.r.tokens[self.r.position - 1].end))
        return True

    def _another(self) -> str | None:
        """ "on 15m, 1h and 4h": the same condition again, on one more interval."""
        mark = self.r.mark()
        if self.r.word(",", "and", "&", fill=False):
            self.r.word("and", fill=False)
            other = None if self._begins_condition() else read_scope(self.r)
            # "on 15m, on 4h RSI above 50": this interval belongs to what follows it.
            if other is not None and (self.r.done or self._joined_next() or not self._begins_condition()):
                return other
        self.r.reset(mark)
        return None

    def _joined_next(self) -> bool:
        """Whether a connector stands here, so that a condition further on is one of its own."""
        mark = self.r.mark()
        found = any(self.r.take(name, fill=False) for name in ("while", "or", "and", "pause", "unless"))
        self.r.reset(mark)
        return found

    def _begins_condition(self) -> bool:
        mark = self.r.mark()
        found = read_condition(self.r, None) is not None
        self.r.reset(mark)
        return found

    def _direction(self) -> bool:
        word = self.r.take("direction", fill=False)
        if word is None and self.r.take("exit", fill=False):
            return self._exit()
        if word is None:
            return False
        if word == "sell":
            if self.out.direction == "long" and self.out.entry.items:
                return self._exit()
            word = "short"
        direction: Direction = "short" if word == "short" else "long"
        if self.out.direction is not None and self.out.direction != direction:
            if direction == "long" and self.out.entry.items and self.r.tokens[self.r.position - 1].text == "buy":
                return self._exit()
            self.r.note(f"The sentence names both directions; {self.out.direction} is used.")
            return True
        self.out.direction = direction
        return True

    def _exit(self) -> bool:
        if not self.out.entry.items:
            return False
        self.role, self.carried, self.scope = "exit", None, self.scope
        self.out.entry.pending.clear()
        return True

    def _connector(self) -> bool:
        for category in ("unless", "while", "or", "and", "pause", "either"):
            if self.r.take(category, fill=False) is not None:
                self.part.pending.add(category)
                return True
        return False

    def _trade(self) -> bool:
        """ "stop 1.5 ATR", "2 ATR stop", "take profit at 3%", "hold at most 24 candles"."""
        mark = self.r.mark()
        what = "stop" if self.r.take("stop", fill=False) else "target" if self.r.take("target", fill=False) else None
        if what is None:
            if self.r.take("hold", fill=False):
                length = read_length(self.r)
                if length is not None:
                    self.out.hold = length
                    return True
            self.r.reset(mark)
        self.r.word("at", "of", "is", ":", "=", "below", "above", fill=True)
        token = self.r.token("number") or self.r.token("multiple") or self.r.token("percent")
        if token is None or not 0 < token.value <= 50:
            self.r.reset(mark)
            return False
        percent = token.kind == "percent"
        self.r.word("x", "times", fill=False)
        if not percent and self.r.take("indicator", "atr") is None:
            self.r.reset(mark)
            return False
        if what is None:
            what = (
                "stop" if self.r.take("stop", fill=False) else "target" if self.r.take("target", fill=False) else None
            )
        if what is None:
            self.r.reset(mark)
            return False
        self.r.word("below", "above", "from", "under", "over", fill=False) and self.r.word("entry")
        setattr(self.out, f"{what}_{'percent' if percent else 'atr'}", token.value)
        return True


def _left_over(sentence: str, r: Reader, used: list[bool]) -> list[str]:
    """The phrases nothing was made of: runs of unused words, cut at what was used and at punctuation."""
    phrases: list[str] = []
    run: list[int] = []

    def close() -> None:
        heavy = [at for at in run if r.tokens[at].text not in _LIGHT and not is_filler(r.tokens[at].text)]
        if heavy:
            first = next(at for at in run if r.tokens[at].text not in _LIGHT or r.tokens[at].text in ("high", "low"))
            text = sentence[r.tokens[min(first, heavy[0])].start : r.tokens[heavy[-1]].end]
            phrases.append(" ".join(text.split())[:200])
        run.clear()

    for at, token in enumerate(r.tokens):
        connector = used[at] and token.text in ("and", "or", "when", "while", "if", "with", "but")
        if token.text in (",", ".", ";", "!", "?", ":") or (used[at] and not connector):
            close()
            continue
        if connector and not run:
            continue
        run.append(at)
    close()
    return phrases


def named_intervals(sentence: Sentence) -> list[str]:
    """Every interval the sentence names, finest first."""
    found = set(sentence.mentioned)
    for item in (*sentence.entry.items, *sentence.exit.items):
        found |= intervals(item.condition)
    return sorted(found, key=INTERVALS.__getitem__)


def _bare_price(condition: Condition) -> bool:
    """Whether a condition speaks of the price on the base interval, which a named interval may set."""
    return any(o.kind == "price" and o.interval is None for o in operands(condition))
