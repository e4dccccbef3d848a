"""Which condition in words is which condition of a program.

A model says it itself, in `sources`, and code holds that against the program. What it does not say is found by the
numbers, intervals and words that the text shares with the reading and the code of a condition; a text that shares too
little has no condition, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from llm.schemas import Source
from screener import Program
from screener.ir import Condition

ENOUGH = 0.5
MUCH = 0.25
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_INTERVAL = re.compile(r"\b\d+\s?(?:m|min|minutes?|h|hours?|d|days?|w|weeks?)\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{2,}")
_EMPTY = frozenset(
    """the of is are was be at to in on and or than then an its it by for with from that which when while price candle
    candles period periods value current last close closes ta tf as has have""".split()
)
_SAME = {
    "sma": "average", "ema": "average", "ma": "average", "mean": "average", "moving": "average", "averages": "average",
    "over": "above", "greater": "above", "more": "above", "exceeds": "above", "higher": "above", "crossover": "above",
    "under": "below", "less": "below", "lower": "below", "beneath": "below", "crossunder": "below",
    "vol": "volume", "highest": "high", "lowest": "low", "percentage": "percent", "crosses": "cross",
}  # fmt: skip
ENDINGS: Final = {
    "exit": re.compile(
        r"\b(?:exit|leave|get out|sell when|cover|close (?:it|the (?:trade|position))|hold|time[ -]stop)\b", re.I
    ),
    "stop": re.compile(r"\b(?:(?<!time )(?<!time-)stop(?:[ -]?loss)?|sl|trail\w*)\b", re.IGNORECASE),
    "target": re.compile(r"\b(?:target|take[ -]?profits?|tp)\b", re.IGNORECASE),
}
"""Words that speak of a program's exit, stop or target."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """Each condition in words with the name it has in the program, and those without one."""

    sources: tuple[Source, ...]
    missing: tuple[str, ...]


def mapped(
    conditions: Sequence[str], program: Program, told: Sequence[Source] = (), sentence: str | None = None
) -> Mapped:
    """Map `conditions` to those of `program`; `told` is what the model said of them.

    What it said is held against the program: a text or words that fit another condition much better are that one's.
    Words that are not in the `sentence`, if one is given, are nobody's.
    """
    names = {condition.name for condition in program.conditions} | {
        r for r in ENDINGS if getattr(program, r) is not None
    }
    said = {
        _plain(source.condition): _fitting(source.condition, source.name, program)
        for source in told
        if source.name in names
    }
    found: dict[str, str] = {text: said[_plain(text)] for text in conditions if _plain(text) in said}
    _by_words([text for text in conditions if text not in found], program, found)
    words: dict[str, str] = {}
    moved: dict[str, str] = {}
    texts = {_plain(text): text for text in found}
    for source in told:
        text = texts.get(_plain(source.condition))
        if text is None or not source.words or not (sentence is None or _plain(source.words) in _plain(sentence)):
            continue
        name = _fitting(source.words, found[text], program)
        if name == found[text]:
            words[text] = source.words
        else:
            moved[name] = source.words
    sources = [
        Source(name=found[text][:80], condition=text, words=(words.get(text) or moved.get(found[text], ""))[:400])
        for text in dict.fromkeys(conditions)
        if text in found
    ]
    return Mapped(tuple(sources), tuple(text for text in dict.fromkeys(conditions) if text not in found))


def _fitting(text: str, name: str, program: Program) -> str:
    """The condition that a text is of: `name`, or another that it fits much better."""
    if name in ENDINGS and ENDINGS[name].search(text):
        return name
    fits = {condition.name: likeness(text, condition, named=False) for condition in program.conditions}
    best = max(fits, key=lambda other: fits[other], default=name)
    return best if fits and fits[best] >= max(ENOUGH, fits.get(name, 0.0) + MUCH) else name


def _by_words(texts: Sequence[str], program: Program, found: dict[str, str]) -> None:
    """Give the texts the conditions that they share most with, best pair first; each condition once."""
    pairs = sorted(
        ((likeness(text, condition), text, condition.name) for text in texts for condition in program.conditions),
        key=lambda pair: -pair[0],
    )
    taken = set(found.values())
    for score, text, name in pairs:
        if score >= ENOUGH and text not in found and name not in taken:
            found[text] = name
            taken.add(name)
    for text in texts:
        if text in found:
            continue
        for result, pattern in ENDINGS.items():
            if getattr(program, result) is not None and pattern.search(text):
                found[text] = result
    # Two sentences may speak of one condition ("between 30 and 40" in two parts).
    for score, text, name in pairs:
        if score >= max(ENOUGH, 0.75) and text not in found:
            found[text] = name


def likeness(text: str, condition: Condition, *, named: bool = True) -> float:
    """How much of the text's numbers and words a condition has, 0 to 1; its name counts too, unless not `named`."""
    code = f"{condition.reading} {condition.text} {condition.name if named else ''}"
    numbers, words = _facts(text)
    have_numbers, have_words = _facts(code)
    if not numbers and not words:
        return 0.0
    share = len(words & have_words) / len(words) if words else 1.0
    if "above" in words and "below" in have_words and "above" not in have_words:
        share *= 0.5
    if "below" in words and "above" in have_words and "below" not in have_words:
        share *= 0.5
    if not numbers:
        return share
    return 0.6 * len(numbers & have_numbers) / len(numbers) + 0.4 * share


def _facts(text: str) -> tuple[set[float], set[str]]:
    """Numbers (without those of intervals) and words that carry meaning."""
    plain = _INTERVAL.sub(" ", text.replace("_", " "))
    numbers = {float(number) for number in _NUMBER.findall(plain.replace(",", ""))}
    words = {_SAME.get(word, word) for word in _WORD.findall(plain.lower())}
    return numbers, words - _EMPTY


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".")
