"""A strategy's words: its name, description and instructions."""

from __future__ import annotations

from collections.abc import Sequence

from llm.phrasebook.meaning.english import operand_english, short
from llm.phrasebook.meaning.types import Condition, Direction, Duration
from llm.phrasebook.sentences.sentence import Sentence
from llm.phrasebook.sentences.trade import Level
from llm.phrasebook.sentences.trade_code import level_price
from llm.phrasebook.vocabulary.tokens import INTERVALS

STOP_ATR, TARGET_ATR, HOLD_CANDLES = 1.5, 3.0, 48


def name_of(read: Sentence, conditions: Sequence[Condition], direction: Direction) -> str:
    """The heading of the sentence, or the conditions in few words."""
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


def description_of(direction: Direction, base: str, rows: Sequence[str], text: str) -> str:
    """When the strategy signals; `rows` are its conditions in English, `text` how they hang together."""
    when = f"Signals a {direction} when a {base} candle closes and"
    if len(rows) == 1 or " or " in text or "not " in text:
        return f"{when} this becomes true: {_lower(text)}."
    return f"{when} all of these become true together: {'; '.join(_lower(row) for row in rows)}."


def _lower(text: str) -> str:
    return text[0].lower() + text[1:] if text[:2] in ("Th", "A ") else text


def hold_of(read: Sentence, base: str) -> int | None:
    """The longest holding time in base candles, None where none was named."""
    hold = read.exits.hold
    if isinstance(hold, Duration):
        return max(1, min(10_000, round(hold.ms / INTERVALS[base])))
    return None if hold is None else min(10_000, hold)


def instructions_of(read: Sentence, direction: Direction, base: str, closing: Sequence[str], text: str) -> str:
    """How to trade the signal, as far as the sentence says it; `closing` are the exit's conditions in English, `text`
    how they hang together.
    """
    stop, target, hold = read.exits.stop, read.exits.target, hold_of(read, base)
    sides = ("below", "above") if direction == "long" else ("above", "below")
    said = [f"Enter {direction} after the {base} candle on which the conditions become true."]
    if stop is not None:
        said.append(f"Stop {_level(stop, sides[0], base)}.")
    if target is not None:
        said.append(f"First target {_level(target, sides[1], base)}.")
    if closing:
        said.append(f"Close when {_lower(text)}.")
    if hold is not None:
        said.append(f"Close after {hold} candles at the latest.")
    return " ".join(said)


def _level(level: Level, side: str, base: str) -> str:
    trailing = "trailing " if level.trailing else ""
    if level.kind == "price" and level.price is not None:
        return f"{trailing}at the {operand_english(level_price(level.price, base), base)}"
    if level.kind == "risk":
        return f"{level.value:g} times the stop's distance {side} the entry"
    size = f"{level.value:g}%" if level.kind == "percent" else f"{level.value:g} ATR({level.length})"
    return f"{trailing}{size} {side} the {'best price since the entry' if level.trailing else 'entry'}"
