"""The base interval: the finest one named; else the option; else what the times in the sentence imply; else 15m."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Condition, durations, placeless
from llm.phrasebook.sentences.sentence import Sentence, named_intervals
from llm.phrasebook.vocabulary.tokens import INTERVALS, UNIT_MS, label_of, largest_divisor

DEFAULT_INTERVAL = "15m"


def base_of(read: Sentence, option: str | None, notes: list[str]) -> str:
    """The base interval of what was read; `notes` is told what was chosen and why."""
    named = named_intervals(read)
    told = len(notes)
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
        base = min((_implied(read, ms) for ms in lengths), key=INTERVALS.__getitem__, default=DEFAULT_INTERVAL)
        why = ", after the times in the sentence" if lengths else ""
        if not read.unusable:
            notes.append(f"No interval was named: {base} candles{why}.")
    unfit = [ms for ms in lengths if ms % INTERVALS[base]]
    if unfit:
        finer_label = min((largest_divisor(ms) for ms in unfit), key=INTERVALS.__getitem__)
        if INTERVALS[finer_label] < INTERVALS[base] and all(INTERVALS[n] % INTERVALS[finer_label] == 0 for n in named):
            notes.append(f"The times named need {finer_label} candles as base.")
            base = finer_label
    if read.unusable:
        kinds = ", ".join(INTERVALS)
        notes.insert(told, f"“{read.unusable[0]}” is no interval of a strategy: {base} was taken; there are {kinds}.")
    return base


def _is_loose(condition: Condition, *, whole: bool = False) -> bool:
    """Whether some operand (or, with `whole`, every operand) names no interval."""
    series = list(placeless(condition))
    return bool(series) and (all(series) if whole else any(series))


def _implied(read: Sentence, length_ms: int) -> str:
    """The interval that a time suggests: hours are told in 1h candles, days in 1d, 10 minutes in 5m."""
    unit = read.units.get(length_ms) or next((u for u in "dh" if length_ms % UNIT_MS[u] == 0), "m")
    if unit == "m":
        return label_of(length_ms) or largest_divisor(length_ms)
    return "1h" if unit == "h" else "1d"
