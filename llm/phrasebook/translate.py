"""From a sentence to a strategy and its filter, without a model.

1. `read_sentence` parses the phrases.
2. `_base` chooses the base interval: the finest one named; else the option; else what its times imply;
   else 15m, and says so.
3. `counted` turns durations into candles of each operand's interval.
4. `_program` names the conditions and writes the filter, `_direction` and `_risk` complete the strategy.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from llm.phrasebook.conditions.doubts import unsaid_defaults
from llm.phrasebook.conditions.structure import affirmed, mixed, render
from llm.phrasebook.dialects.dialect import Reading, read_dialect
from llm.phrasebook.edited import condition_on, conditions_of, why_refused
from llm.phrasebook.meaning.code import condition_code
from llm.phrasebook.meaning.english import condition_english, indicator_label, short
from llm.phrasebook.meaning.types import Condition, Direction, operands
from llm.phrasebook.sentences.base import DEFAULT_INTERVAL, base_of
from llm.phrasebook.sentences.leaning import crossed_for, direction_of
from llm.phrasebook.sentences.sentence import Sentence, named_intervals
from llm.phrasebook.sentences.trade import turned_round
from llm.phrasebook.sentences.trade_code import stop_code, target_code
from llm.phrasebook.sentences.whole import read_sentence
from llm.phrasebook.sentences.wording import (
    HOLD_CANDLES,
    STOP_ATR,
    TARGET_ATR,
    description_of,
    hold_of,
    instructions_of,
    name_of,
)
from screener import compile_filter

MAX_CHARACTERS = 20_000
CANNOT_BE = "What was read cannot be a filter"
_EITHER_WAY = re.compile(r"(?i)\b(?:either|any|both) (?:ways?|directions?|sides?)\b|\bup or down\b")
_RESERVED = frozenset(
    """
    match exit stop target score open high low close volume quote_volume trades buy_volume sell_volume
    volume_delta hl2 hlc3 ohlc4 ticker hour minute weekday day month tf symbol ta cdl trade crossover
    crossunder cross highest lowest sum avg count within always rising falling barssince valuewhen
    change pct_change percentrank pivot_high pivot_low bullish_divergence bearish_divergence abs min max
    sqrt log exp round sign between na nz rank market_percentile market_mean market_zscore breadth
    session and or not if else in is True False None
    """.split()
)


@dataclass(frozen=True, slots=True)
class Translated:
    """One condition: its variable in the filter, its English, and the words it came from."""

    name: str
    english: str
    words: str


@dataclass(frozen=True, slots=True)
class Translation:
    """What the phrasebook made of a sentence. `code` is empty where no condition was understood."""

    name: str
    description: str
    direction: Direction
    interval: str
    conditions: tuple[Translated, ...]
    instructions: str
    indicators: tuple[str, ...]
    stop_atr: float
    target_atr: float
    max_hold_candles: int
    code: str
    assumptions: tuple[str, ...]
    not_understood: tuple[str, ...]


def translate(
    sentence: str,
    interval: str | None = None,
    symbols: Collection[str] | None = None,
    direction: Direction | None = None,
) -> Translation:
    """Translate a sentence. `interval` is the base where the sentence names none, `direction` holds whatever it names;
    never raises on any text."""
    if not sentence.strip():
        return _nothing(interval, ["(the sentence is empty)"], ())
    if len(sentence) > MAX_CHARACTERS:
        return _nothing(interval, [f"everything: {len(sentence):,} characters, at most {MAX_CHARACTERS:,}"], ())
    found = read_dialect(sentence, interval or DEFAULT_INTERVAL, symbols)
    if found is None:
        return _from_english(sentence, interval, symbols, direction)
    if found.sentence:
        made = _from_english(found.sentence, interval, symbols, direction)
        return replace(made, assumptions=(*found.notes, *made.assumptions))
    if not found.code:
        return _nothing(interval, found.refused, found.notes)
    return _from_code(found, interval, symbols, direction)


def _from_code(
    found: Reading, option: str | None, symbols: Collection[str] | None, asked: Direction | None
) -> Translation:
    """A program that was written as one: its conditions are those that the compiler names."""
    base = found.interval or option or DEFAULT_INTERVAL
    program = compile_filter(found.code, base, symbols)
    rows = tuple(Translated(c.name, c.reading[:400], c.name) for c in program.conditions)
    notes = list(found.notes)
    if found.interval is None and option is None:
        notes.append(f"No interval was named: {base} candles.")
    if not found.short and asked is None:
        notes.append("No direction was named: long.")
    direction: Direction = asked or ("short" if found.short else "long")
    empty = _nothing(base, found.refused, notes)
    return replace(
        empty,
        name=f"Filter on {base}",
        description=f"Signals a {direction} when a {base} candle closes and the filter's match is true.",
        direction=direction,
        conditions=rows or (Translated("match", program.reading[:400], "match"),),
        instructions=f"Enter {direction} after the {base} candle on which the match becomes true.",
        code=found.code,
    )


def _from_english(
    sentence: str, interval: str | None, symbols: Collection[str] | None, asked: Direction | None
) -> Translation:
    read = read_sentence(sentence, frozenset(symbols or ()))
    notes = list(read.notes)
    left_over = list(read.left_over)
    base = base_of(read, interval, notes)
    entry = conditions_of(read.entry, base, sentence)
    closing = conditions_of(read.exit, base, sentence)
    if not entry:
        return _nothing(base, left_over or [sentence.strip()[:200]], read.notes)
    said = affirmed(read.entry.tree)
    entered = [condition for at, (condition, _) in enumerate(entry) if at in said]
    direction = asked or direction_of(read, entered, notes)
    if read.direction not in (None, direction):
        notes.append(f"The sentence says {read.direction}; {direction} was asked for and is used.")
    if not _EITHER_WAY.search(sentence):
        entry = [(crossed_for(c, direction, notes) if at in said else c, words) for at, (c, words) in enumerate(entry)]
    notes.extend(turned_round(read.exits, direction))
    taken: set[str] = set()
    rows = [Translated(_variable(c, taken), condition_english(c, base), words) for c, words in entry]
    out_rows = [Translated(_variable(c, taken), condition_english(c, base), words) for c, words in closing]
    if read.exits.target is not None and read.exits.target.kind == "risk" and read.exits.stop is None:
        left_over.append(f"a target of {read.exits.target.value:g} times the risk, without a stop")
    code = _program(read, entry, rows, closing, out_rows, base, direction)
    problem = why_refused(code, base, symbols)
    if problem is not None:
        words = [*left_over, *(row.words for row in rows), *(row.words for row in out_rows)]
        return _nothing(base, words, (*notes, f"{CANNOT_BE}: {problem}."))
    rows = _read_back(rows, code, base, symbols)
    out_rows = _read_back(out_rows, code, base, symbols)
    said_of = [condition for condition, _ in (*entry, *closing)]
    notes = [*unsaid_defaults(sentence, said_of, notes), *notes]
    if mixed(read.entry.tree):
        notes.append(f"Read as: {render(read.entry.tree, [short(c) for c, _ in entry])}.")
    labels = dict.fromkeys(
        label for c, _ in (*entry, *closing) for o in operands(c) if (label := indicator_label(o)) is not None
    )
    english = [row.english for row in rows]
    out_english = [row.english for row in out_rows]
    leaving = render(read.exit.tree, out_english) if out_rows else ""
    stop, target = read.exits.stop, read.exits.target
    return Translation(
        name=name_of(read, [condition for condition, _ in entry], direction),
        description=description_of(direction, base, english, render(read.entry.tree, english)),
        direction=direction,
        interval=base,
        conditions=tuple(rows),
        instructions=instructions_of(read, direction, base, out_english, leaving),
        indicators=tuple(labels),
        stop_atr=stop.value if stop is not None and stop.kind == "atr" else STOP_ATR,
        target_atr=target.value if target is not None and target.kind == "atr" else TARGET_ATR,
        max_hold_candles=hold_of(read, base) or HOLD_CANDLES,
        code=code,
        assumptions=tuple(dict.fromkeys(notes)),
        not_understood=tuple(dict.fromkeys(left_over)),
    )


def _read_back(rows: list[Translated], code: str, base: str, symbols: Collection[str] | None) -> list[Translated]:
    """The conditions in English that means the same when it is read again; else in the compiler's own reading.

    Conditions are edited as sentences, so one that was not touched must stay what it is.
    """
    program = compile_filter(code, base, symbols)
    readings = {condition.name: condition.reading for condition in program.conditions}
    lines = dict(line.split(" = ", 1) for line in code.splitlines())
    out = []
    for row in rows:
        again, left = condition_on(row.english, base, symbols)
        own = compile_filter(f"match = {lines[row.name]}\n", base, symbols).hash
        same = again and not left and compile_filter(f"match = {again}\n", base, symbols).hash == own
        out.append(row if same else replace(row, english=readings.get(row.name, row.english)[:400]))
    return out


def base_interval(sentence: str) -> tuple[str, tuple[str, ...]]:
    """The base interval of a sentence for which none was chosen, and what is assumed of it."""
    found = read_dialect(sentence, DEFAULT_INTERVAL, None)
    if found is not None and found.code:
        base = found.interval or DEFAULT_INTERVAL
        return base, () if found.interval else (f"No interval was named: {base} candles.",)
    notes: list[str] = []
    base = base_of(read_sentence(found.sentence if found is not None and found.sentence else sentence), None, notes)
    return base, tuple(notes)


def leaning(sentence: str) -> tuple[Direction, tuple[str, ...]]:
    """The direction of a sentence for which none was chosen, and what is assumed of it."""
    found = read_dialect(sentence, DEFAULT_INTERVAL, None)
    if found is not None and found.code:
        return ("short", ()) if found.short else ("long", ("No direction was named: long.",))
    read = read_sentence(found.sentence if found is not None and found.sentence else sentence)
    if not read.entry.items:
        return read.direction or "long", ()
    said = affirmed(read.entry.tree)
    notes: list[str] = []
    conditions = [item.condition for at, item in enumerate(read.entry.items) if at in said]
    return direction_of(read, conditions, notes), tuple(notes)


def sentence_interval(sentence: str, option: str | None = None) -> str | None:
    """The base interval that follows from the intervals a sentence names, None where it names none.

    Used to hold a model to the sentence; `option` is the base for conditions that name no interval.
    """
    found = read_dialect(sentence, option or DEFAULT_INTERVAL, None)
    if found is not None and found.code:
        # The intervals inside a program are those of its conditions.
        return found.interval
    read = read_sentence(found.sentence if found is not None and found.sentence else sentence)
    return base_of(read, option, []) if named_intervals(read) else None


def sentence_direction(sentence: str) -> Direction | None:
    """The direction a sentence names, or None. Used to hold a model to it."""
    return read_sentence(sentence).direction


def _program(
    read: Sentence,
    entry: list[tuple[Condition, str]],
    rows: list[Translated],
    closing: list[tuple[Condition, str]],
    out_rows: list[Translated],
    base: str,
    direction: Direction,
) -> str:
    lines = [f"{row.name} = {condition_code(c, base)}" for row, (c, _) in zip(rows, entry, strict=True)]
    lines.append(f"match = {render(read.entry.tree, [row.name for row in rows])}")
    lines.extend(f"{row.name} = {condition_code(c, base)}" for row, (c, _) in zip(out_rows, closing, strict=True))
    hold = hold_of(read, base)
    ways = [render(read.exit.tree, [row.name for row in out_rows])] if out_rows else []
    ways += [f"trade.bars >= {hold}"] if hold is not None else []
    if ways:
        lines.append(f"exit = {' or '.join(f'({way})' if ' and ' in way else way for way in ways)}")
    if read.exits.stop is not None:
        lines.append(f"stop = {stop_code(read.exits.stop, direction, base)}")
    target = target_code(read.exits, direction, base)
    if target is not None:
        lines.append(f"target = {target}")
    return "\n".join(lines) + "\n"


def _variable(condition: Condition, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", short(condition).lower()).strip("_")[:40].strip("_") or "condition"
    if slug[0].isdigit():
        slug = f"has_{slug}"
    name, count = slug, 2
    while name in taken or name in _RESERVED:
        name, count = f"{slug}_{count}", count + 1
    taken.add(name)
    return name


def _nothing(base: str | None, left_over: Collection[str], notes: Collection[str]) -> Translation:
    return Translation(
        name="Nothing understood",
        description="",
        direction="long",
        interval=base or DEFAULT_INTERVAL,
        conditions=(),
        instructions="",
        indicators=(),
        stop_atr=STOP_ATR,
        target_atr=TARGET_ATR,
        max_hold_candles=HOLD_CANDLES,
        code="",
        assumptions=tuple(dict.fromkeys(notes)),
        not_understood=tuple(dict.fromkeys(left_over)),
    )
