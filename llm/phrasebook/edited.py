"""One condition as a person wrote it, for a strategy that has an interval and a direction: what it says of the entry,
the exit, the stop, the target and the holding time, in code.

Unlike in a whole sentence, an exit may stand alone: "exit when RSI above 70" is no condition of the entry.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from llm.phrasebook.conditions.doubts import unsaid_defaults
from llm.phrasebook.conditions.structure import render
from llm.phrasebook.dialects.dialect import read_dialect
from llm.phrasebook.meaning.code import condition_code
from llm.phrasebook.meaning.types import Condition, Direction, counted, durations
from llm.phrasebook.reading.reader import MAX_EFFORT
from llm.phrasebook.sentences.sentence import Part, Sentence, named_intervals
from llm.phrasebook.sentences.trade import Exits, turned_round
from llm.phrasebook.sentences.whole import read_sentence
from llm.phrasebook.sentences.wording import hold_of
from llm.phrasebook.vocabulary.lexicon import is_filler
from llm.phrasebook.vocabulary.tokens import INTERVALS, tokenise
from screener import FilterError, compile_filter


@dataclass(frozen=True, slots=True)
class Edited:
    """What a text says: `entry` and `leaving` are expressions, `hold` is in candles, `exits` hold stop and target.

    `problem` says why nothing was taken; `left_over` are the words not used, `effort` the steps of reading.
    """

    entry: str = ""
    leaving: str = ""
    hold: int | None = None
    exits: Exits = field(default_factory=Exits)
    notes: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()
    problem: str = ""
    effort: int = 0


def read_edited(
    text: str,
    base: str,
    symbols: Collection[str] | None = None,
    direction: Direction | None = None,
    limit: int = MAX_EFFORT,
) -> Edited:
    """`text` on candles of `base`, read in about `limit` steps at most.

    With `direction`, that of the strategy, it may speak of the exit alone; without one it is a condition of an entry.
    """
    found = read_dialect(text, base, symbols)
    if found is not None and found.code:
        line, _, rest = found.code.strip().partition("\n")
        if rest or not line.startswith("match = "):
            return _nothing(text, "this is a whole filter, not one of its conditions")
        return Edited(entry=line.removeprefix("match = "), notes=found.notes, left_over=found.refused)
    if found is not None and not found.sentence:
        return _nothing(text, " ".join(found.notes).rstrip(".") or found.refused[0].partition(":")[0])
    said = text if found is None else found.sentence
    read = read_sentence(said, frozenset(symbols or ()), limit, direction)
    problem = _unfit(read, base)
    if problem:
        return _nothing(text, problem, read)
    entry, leaving = conditions_of(read.entry, base, said), conditions_of(read.exit, base, said)
    notes = [*unsaid_defaults(said, [condition for condition, _ in (*entry, *leaving)], read.notes), *read.notes]
    notes.extend(turned_round(read.exits, direction or "long"))
    if read.unusable:
        notes.append(f"“{read.unusable[0]}” is no interval of a strategy: {base} was taken.")
    times = [ms.ms for item in (*read.entry.items, *read.exit.items) for ms in durations(item.condition)]
    if any(ms % INTERVALS[base] for ms in times):
        notes.append(f"A time of “{text.strip()[:80]}” is no whole number of {base} candles: it was rounded.")
    made = Edited(
        entry=_joined(read.entry, entry, base),
        leaving=_joined(read.exit, leaving, base),
        hold=hold_of(read, base),
        exits=read.exits,
        notes=tuple(notes),
        left_over=tuple(read.left_over),
        effort=read.effort,
    )
    if not (made.entry or made.leaving or made.hold or read.exits.stop or read.exits.target):
        return _without(text, base, read)
    program = f"match = {made.entry or 'close > 0'}\n" + (f"exit = {made.leaving}\n" if made.leaving else "")
    refused = why_refused(program, base, symbols)
    return made if refused is None else _nothing(text, refused, read)


def condition_on(text: str, base: str, symbols: Collection[str] | None = None) -> tuple[str, tuple[str, ...]]:
    """One condition of an entry as an expression of a filter on `base`, and the words of it not used; "" where none was
    read."""
    found = read_edited(text, base, symbols)
    only = found.entry and not (found.leaving or found.hold or found.exits.stop or found.exits.target)
    return (found.entry, found.left_over) if only else ("", found.left_over or (text.strip()[:200],))


def conditions_of(part: Part, base: str, sentence: str) -> list[tuple[Condition, str]]:
    """The conditions of a part with their times in candles of `base`, each with its words."""
    rows = []
    for item in part.items:
        words = " ".join(sentence[item.start : item.end].split())
        rows.append((counted(item.condition, base), words.strip(" ,.;:")[:400]))
    return rows


def why_refused(code: str, base: str, symbols: Collection[str] | None) -> str | None:
    """Why the compiler refuses the program, None where it does not."""
    try:
        compile_filter(code, base, symbols)
    except FilterError as error:
        first = error.diagnostics[0]
        return f"{first.code}: {first.message}" + (f"; {first.hint}" if first.hint else "")
    return None


def _joined(part: Part, rows: list[tuple[Condition, str]], base: str) -> str:
    codes = [condition_code(condition, base) for condition, _ in rows]
    if len(codes) < 2:
        return render(part.tree, [f"({code})" for code in codes]) if codes and _negated(part) else "".join(codes)
    return render(part.tree, [f"({code})" for code in codes])


def _negated(part: Part) -> bool:
    return render(part.tree, ["x"]) != "x"


def _unfit(read: Sentence, base: str) -> str:
    """Why the intervals it names cannot be read on `base`, "" where they can."""
    for label in named_intervals(read):
        if INTERVALS[label] < INTERVALS[base]:
            return f"{label} is finer than the strategy's {base} candles"
        if INTERVALS[label] % INTERVALS[base]:
            return f"{label} is no whole number of the strategy's {base} candles"
    return ""


def _without(text: str, base: str, read: Sentence) -> Edited:
    """A text without a condition: the strategy's own interval says nothing new, another one is not a condition's."""
    tokens = [token for token in tokenise(text) if not is_filler(token.text)]
    labels = {token.interval for token in tokens} - {None}
    if labels == {base} and len(tokens) < 5:
        return Edited(effort=read.effort)
    own = f"; the strategy's interval is {base}" if labels else ""
    return _nothing(text, f"no condition was found in it{own}", read)


def _nothing(text: str, problem: str, read: Sentence | None = None) -> Edited:
    """Nothing was taken of it; why is told with what its reader said of the words it left out."""
    reasons = [note.rstrip(".") for note in read.notes if "”" in note] if read is not None else []
    told = ". ".join(dict.fromkeys([problem, *reasons[:2]]))
    return Edited(problem=told, left_over=(text.strip()[:200],), effort=read.effort if read is not None else 0)
