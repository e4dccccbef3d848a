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
from dataclasses import dataclass

from llm.phrasebook.code import condition_code, quantity
from llm.phrasebook.english import condition_english, indicator_label, short
from llm.phrasebook.meaning import (
    Compare,
    Condition,
    Cross,
    Direction,
    Duration,
    Formula,
    Not,
    Operand,
    Pattern,
    Recent,
    counted,
    durations,
    operands,
    placeless,
)
from llm.phrasebook.sentence import Part, Sentence, named_intervals, read_sentence
from llm.phrasebook.structure import mixed, render
from llm.phrasebook.text import INTERVALS, largest_divisor

DEFAULT_INTERVAL = "15m"
STOP_ATR, TARGET_ATR, HOLD_CANDLES = 1.5, 3.0, 48
_RESERVED = frozenset(
    """
    match exit stop target score open high low close volume quote_volume trades buy_volume sell_volume
    volume_delta hl2 hlc3 ohlc4 ticker hour minute weekday day month tf symbol ta cdl trade crossover
    crossunder cross highest lowest sum avg count within always rising falling barssince valuewhen
    change pct_change percentrank pivot_high pivot_low bullish_divergence bearish_divergence abs min max
    sqrt log exp round sign between na nz rank market_percentile market_mean market_zscore breadth
    session and or not if else in is True False None
    """.split()  # noqa: SIM905
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


def translate(sentence: str, interval: str | None = None, symbols: Collection[str] | None = None) -> Translation:
    """Translate a sentence. `interval` is the base where the sentence names none; never raises on any
    text."""
    read = read_sentence(sentence, frozenset(symbols or ()))
    notes = list(read.notes)
    left_over = list(read.left_over)
    base = _base(read, interval, notes)
    entry = _conditions(read.entry, base, sentence)
    closing = _conditions(read.exit, base, sentence)
    if not entry:
        return _nothing(sentence, base, left_over or [sentence.strip()[:200]], notes)
    direction = _direction(read, [condition for condition, _ in entry], notes)
    taken: set[str] = set()
    rows = [Translated(_variable(c, taken), condition_english(c, base), words) for c, words in entry]
    out_rows = [Translated(_variable(c, taken), condition_english(c, base), words) for c, words in closing]
    code = _program(read, entry, rows, closing, out_rows, base, direction)
    if read.entry.items and mixed(read.entry.structure):
        notes.append(f"Read as: {render(read.entry.structure, [short(c) for c, _ in entry])}.")
    hold = _hold(read, base)
    labels = dict.fromkeys(
        label for c, _ in (*entry, *closing) for o in operands(c) if (label := indicator_label(o)) is not None
    )
    return Translation(
        name=_name(read, [condition for condition, _ in entry], direction),
        description=_description(direction, base, rows, render(read.entry.structure, [row.english for row in rows])),
        direction=direction,
        interval=base,
        conditions=tuple(rows),
        instructions=_instructions(read, direction, base, out_rows, hold),
        indicators=tuple(labels),
        stop_atr=read.stop_atr or STOP_ATR,
        target_atr=read.target_atr or TARGET_ATR,
        max_hold_candles=hold,
        code=code,
        assumptions=tuple(dict.fromkeys(notes)),
        not_understood=tuple(dict.fromkeys(left_over)),
    )


def sentence_interval(sentence: str, option: str | None = None) -> str | None:
    """The base interval that follows from the intervals a sentence names, None where it names none.

    Used to hold a model to the sentence; `option` is the base for conditions that name no interval.
    """
    read = read_sentence(sentence)
    return _base(read, option, []) if named_intervals(read) else None


def sentence_direction(sentence: str) -> Direction | None:
    """The direction a sentence names, or None. Used to hold a model to it."""
    return read_sentence(sentence).direction


def _base(read: Sentence, option: str | None, notes: list[str]) -> str:
    named = named_intervals(read)
    items = (*read.entry.items, *read.exit.items)
    loose = any(_is_loose(item.condition) for item in items)
    lengths = [duration.ms for item in items for duration in durations(item.condition)]
    if named:
        base = named[0]
        finer = option is not None and INTERVALS[option] < INTERVALS[base]
        coarser = [label for label in named if option is not None and INTERVALS[label] % INTERVALS[option]]
        if option is not None and finer and loose and not coarser:
            notes.append(f"Conditions that name no interval use {option}.")
            base = option
        elif option is not None and option != base:
            notes.append(f"The sentence names {base}, so {option} was not used.")
        elif loose and len(items) > 1 and any(_is_loose(i.condition, whole=True) for i in items):
            notes.append(f"Conditions that name no interval use {base}.")
    elif option is not None:
        base = option
    else:
        fitting = [largest_divisor(ms) for ms in lengths if ms % INTERVALS[DEFAULT_INTERVAL]]
        base = min(fitting, key=INTERVALS.__getitem__, default=DEFAULT_INTERVAL)
        notes.append(f"No interval was named: {base} candles.")
    unfit = [ms for ms in lengths if ms % INTERVALS[base]]
    if unfit:
        finer_label = min((largest_divisor(ms) for ms in unfit), key=INTERVALS.__getitem__)
        if INTERVALS[finer_label] < INTERVALS[base] and all(INTERVALS[n] % INTERVALS[finer_label] == 0 for n in named):
            notes.append(f"The times named need {finer_label} candles as base.")
            return finer_label
    return base


def _is_loose(condition: Condition, *, whole: bool = False) -> bool:
    """Whether some operand (or, with `whole`, every operand) names no interval."""
    series = list(placeless(condition))
    return bool(series) and (all(series) if whole else any(series))


def _conditions(part: Part, base: str, sentence: str) -> list[tuple[Condition, str]]:
    rows = []
    for item in part.items:
        words = " ".join(sentence[item.start : item.end].split())
        rows.append((counted(item.condition, base), words.strip(" ,.;:")[:400]))
    return rows


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
    lines.append(f"match = {render(read.entry.structure, [row.name for row in rows])}")
    if out_rows:
        lines.extend(f"{row.name} = {condition_code(c, base)}" for row, (c, _) in zip(out_rows, closing, strict=True))
        lines.append(f"exit = {render(read.exit.structure, [row.name for row in out_rows])}")
    sign = -1 if direction == "long" else 1
    if read.stop_percent is not None:
        lines.append(f"stop = close * {quantity(round(1 + sign * read.stop_percent / 100, 8))}")
    if read.target_percent is not None:
        lines.append(f"target = close * {quantity(round(1 - sign * read.target_percent / 100, 8))}")
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


def _direction(read: Sentence, conditions: list[Condition], notes: list[str]) -> Direction:
    if read.direction is not None:
        return read.direction
    leanings = {lean for condition in conditions if (lean := _leaning(condition)) is not None}
    if leanings == {"short"}:
        notes.append("No direction was named: every condition points down, so short.")
        return "short"
    notes.append("No direction was named: long.")
    return "long"


def _leaning(condition: Condition) -> Direction | None:
    """Which way a condition points, None where it points neither way."""
    match condition:
        case Cross(left=left, way=way, right=right):
            if way == "any":
                return None
            if left.kind in ("rsi", "stoch_k") and right.kind == "number":
                return _oscillator(right, below=way == "down") or ("long" if way == "up" else "short")
            return "long" if way == "up" else "short" if way == "down" else None
        case Compare(left=left, op=op, right=right):
            below = op in ("<", "<=")
            if left.kind in ("rsi", "stoch_k"):
                return _oscillator(right, below=below)
            if right.kind in ("bb_lower", "bb_upper"):
                return "long" if below and right.kind == "bb_lower" else None
            if left.kind in ("volume", "change", "atr", "adx", "bb_width") or (
                right.kind == "number" and left.kind == "price"
            ):
                return None
            if right.kind in ("ema", "sma", "vwap", "macd_signal") or right.kind.startswith(("highest", "lowest")):
                return "short" if below else "long"
            return None
        case Pattern(name=name):
            return {"engulfing_down": "short", "engulfing_up": "long", "hammer": "long"}.get(name)  # type: ignore[return-value]
        case Formula(lean=lean):
            return lean
        case Recent(inner=inner):
            return _leaning(inner)
        case Not():
            return None
        case _:
            return None


def _oscillator(right: Operand, *, below: bool) -> Direction | None:
    level = right.args[0] if right.kind == "number" else None
    if not isinstance(level, int | float):
        return None
    if below and level <= 45:
        return "long"
    return "short" if not below and level >= 65 else None


def _name(read: Sentence, conditions: list[Condition], direction: Direction) -> str:
    if read.heading:
        return read.heading[0].upper() + read.heading[1:60]
    labels = list(dict.fromkeys(short(condition) for condition in conditions))
    name = labels[0]
    for label in labels[1:]:
        if len(name) + len(label) > 62:
            break
        name = f"{name}, {label}"
    more = len(labels) - name.count(", ") - 1
    name = f"{name} and {more} more" if more > 0 else name
    name = name[0].upper() + name[1:]
    return f"{name} (short)" if direction == "short" else name


def _description(direction: Direction, base: str, rows: list[Translated], text: str) -> str:
    when = f"Signals a {direction} when a {base} candle closes and"
    if len(rows) == 1 or " or " in text or "not " in text:
        return f"{when} this becomes true: {_lower(text)}."
    return f"{when} all of these become true together: {'; '.join(_lower(row.english) for row in rows)}."


def _lower(text: str) -> str:
    return text[0].lower() + text[1:] if text[:2] in ("Th", "A ") else text


def _hold(read: Sentence, base: str) -> int:
    if isinstance(read.hold, Duration):
        return max(1, min(10_000, round(read.hold.ms / INTERVALS[base])))
    return read.hold or HOLD_CANDLES


def _instructions(read: Sentence, direction: Direction, base: str, closing: list[Translated], hold: int) -> str:
    stop = f"{read.stop_percent:g}%" if read.stop_percent else f"{read.stop_atr or STOP_ATR:g} ATR(14)"
    target = f"{read.target_percent:g}%" if read.target_percent else f"{read.target_atr or TARGET_ATR:g} ATR(14)"
    side = ("below", "above") if direction == "long" else ("above", "below")
    text = (
        f"Enter {direction} after the {base} candle on which the conditions become true. "
        f"Stop {stop} {side[0]} the entry, first target {target} {side[1]} it. "
        f"Close after {hold} candles at the latest."
    )
    if closing:
        text += " Close earlier when " + " and ".join(_lower(row.english) for row in closing) + "."
    return text


def _nothing(sentence: str, base: str, left_over: list[str], notes: list[str]) -> Translation:
    return Translation(
        name="Nothing understood",
        description="",
        direction="long",
        interval=base,
        conditions=(),
        instructions="",
        indicators=(),
        stop_atr=STOP_ATR,
        target_atr=TARGET_ATR,
        max_hold_candles=HOLD_CANDLES,
        code="",
        assumptions=(),
        not_understood=tuple(dict.fromkeys(left_over)),
    )
