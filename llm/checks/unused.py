"""What of a sentence is not in the graph, and what of the graph is not in the sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from llm.checks.facts import Facts
from llm.checks.shapes import Kind, Unused
from llm.checks.words import loose, named
from llm.phrasebook.text import INTERVALS, Token, normalise, tokenise
from screener.vocabulary.indicators import INDICATORS

_WORD: Final = re.compile(r"[+-]di(?![a-z])|di[+-]|%[kdr](?![a-z])|[^\W\d_]+(?:'[a-z]+)?|\d+")
_DAY_MS: Final = 86_400_000
_ALIKE: Final = 0.75


def unused(sentence: str, facts: Facts, not_understood: Sequence[str], symbols: Collection[str] | None) -> list[Unused]:
    """Indicators, numbers, intervals and symbols that `sentence` names and the graph lacks, in order."""
    text = normalise(sentence)
    left_out = list(_spans(text, not_understood))
    found = [
        *_indicators(sentence, text, facts),
        *_numbers(sentence, facts),
        *_symbols(sentence, facts, symbols),
    ]
    kept = [u for u in found if not any(start <= u.start and u.end <= end for start, end in left_out)]
    return sorted(kept, key=lambda u: u.start)


def invented(sentence: str, facts: Facts) -> list[str]:
    """Indicators of the program for which the sentence has no word, not even a misspelt or a vague one."""
    text = normalise(sentence)
    words = [match.group() for match in _WORD.finditer(text)]
    excused: set[str] = set()
    for phrase, names in named():
        if not names <= excused and (_has(words, phrase) or _misspelt(words, phrase)):
            excused |= names
    for phrase, names in loose():
        # Alphabets that write words together are looked into letter by letter.
        if _has(words, phrase) or (not phrase[0].isascii() and phrase[0] in text):
            excused |= names
    return [name for name in facts.indicators if _is_indicator(name) and name not in excused]


def _is_indicator(name: str) -> bool:
    return name in INDICATORS or name.startswith("cdl.")


def _has(words: Sequence[str], phrase: tuple[str, ...]) -> bool:
    n = len(phrase)
    return any(tuple(words[i : i + n]) == phrase for i in range(len(words) - n + 1))


def _misspelt(words: Sequence[str], phrase: tuple[str, ...]) -> bool:
    """Whether the phrase's words stand in the sentence in any order of letters near theirs."""
    return all(
        len(part) > 3 and any(SequenceMatcher(None, part, w).ratio() >= _ALIKE for w in words) for part in phrase
    )


def _spans(text: str, phrases: Sequence[str]) -> Iterator[tuple[int, int]]:
    for phrase in phrases:
        start = text.find(normalise(phrase))
        if start >= 0:
            yield start, start + len(phrase)


def _indicators(sentence: str, text: str, facts: Facts) -> Iterator[Unused]:
    pieces = list(_WORD.finditer(text))
    words = [piece.group() for piece in pieces]
    taken: set[int] = set()
    for phrase, names in named():
        n = len(phrase)
        for i in range(len(words) - n + 1):
            places = range(i, i + n)
            if tuple(words[i : i + n]) != phrase or taken.intersection(places):
                continue
            taken.update(places)
            if not names & facts.words:
                start, end = pieces[i].start(), pieces[i + n - 1].end()
                yield Unused(kind="indicator", words=sentence[start:end], start=start, end=end)


def _numbers(sentence: str, facts: Facts) -> Iterator[Unused]:
    for token in tokenise(sentence):
        if token.kind not in ("number", "percent", "multiple", "span") or token.text == "one":
            continue
        if token.kind == "span":
            fine = _span_held(token, facts)
        else:
            fine = _number_held(token.value, facts)
        if not fine:
            kind: Kind = "interval" if token.kind == "span" else "number"
            words = sentence[token.start : token.end]
            yield Unused(kind=kind, words=words, start=token.start, end=token.end)


def _number_held(value: float, facts: Facts) -> bool:
    forms = (value, -value, value / 100, 1 - value / 100, 1 + value / 100, -value / 100, value - 1, value * 60)
    if any(_near(form, number) for form in forms for number in facts.numbers):
        return True
    # 24 hours of the ticker, and intervals written apart: "4 h".
    return value in (24, 24.0) and "ticker" in facts.words


def _span_held(token: Token, facts: Facts) -> bool:
    length = int(token.value)
    base = INTERVALS[facts.base]
    if any(INTERVALS.get(interval) == length for interval in facts.intervals):
        return True
    if length == _DAY_MS and "ticker" in facts.words:
        return True
    candles = {INTERVALS[i] for i in facts.intervals if i in INTERVALS} | {base}
    counts = [length / ms for ms in candles] + [float(token.count)]
    return any(_near(count + more, number) for count in counts for more in (0, -1) for number in facts.numbers)


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b))


def _symbols(sentence: str, facts: Facts, symbols: Collection[str] | None) -> Iterator[Unused]:
    for match in re.finditer(r"\b(bitcoin|btc|ethereum|ether|eth|solana|sol|bnb)(?:/?usdt?)?\b", normalise(sentence)):
        short = {"bitcoin": "BTC", "ethereum": "ETH", "ether": "ETH", "solana": "SOL"}
        name = short.get(match.group(1), match.group(1).upper())
        if not any(symbol.startswith(name) for symbol in facts.symbols):
            start, end = match.span()
            yield Unused(kind="symbol", words=sentence[start:end], start=start, end=end)
