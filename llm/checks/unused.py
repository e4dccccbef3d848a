"""What of a sentence is not in the graph, and what of the graph is not in the sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from llm.checks.endings import endings_added, endings_missing
from llm.checks.facts import Facts
from llm.checks.languages import intervals_elsewhere, is_english, is_meant, with_points
from llm.checks.pieces import words as words_of
from llm.checks.relations import relations
from llm.checks.shapes import Kind, Unused
from llm.checks.sources import names_field
from llm.checks.words import loose, named, named_at, numbered, usual
from llm.phrasebook.vocabulary.tokens import INTERVALS, Token, normalise, tokenise
from screener.vocabulary.indicators import INDICATORS

_DAY_MS: Final = 86_400_000
_ALIKE: Final = 0.75
_SURELY: Final = 0.87
_MOST_WORDS: Final = 400
_VAGUE: Final = frozenset(("sma", "ema", "wma", "rma", "atr", "vwma"))
_SPELLED: Final = 13
_ITEM: Final = re.compile(r"(?:^|(?<=[\s:;,.]))\(?(\d{1,2})(?:\)|\.(?=\s))", re.MULTILINE)
_DIGITS: Final = {"two": "2", "three": "3"}
_UNITS: Final = {"hour": "1h", "day": "1d", "today": "1d", "week": "1w"}
_BEFORE_A_YEAR: Final = ("in", "since", "of", "back", "after", "before", "until", "from", "the")
_ADVERBS: Final = {"hourly": "1h", "daily": "1d", "weekly": "1w"}
_BEFORE_A_COUNT: Final = frozenset(
    "last past over in within for during previous of than after since up down first".split()
)
_AFTER_A_COUNT: Final = frozenset(
    "ago high low highs lows change gain gainers losers volume turnover average quote ema sma ma window earlier".split()
)


def unused(sentence: str, facts: Facts, not_understood: Sequence[str], symbols: Collection[str] | None) -> list[Unused]:
    """Indicators, numbers, intervals, symbols, stops and targets of `sentence` that the graph lacks, in order."""
    sentence = with_points(sentence)
    text = normalise(sentence)
    left_out = list(_spans(text, not_understood))
    found = [
        *_indicators(sentence, text, facts),
        *_numbers(sentence, facts),
        *_symbols(sentence, facts, symbols),
        *(relations(sentence, text, facts.comparisons) if is_english(sentence) else ()),
    ]
    # A stop is told by its name, with what is missing of it.
    ends = [u for u in endings_missing(sentence, facts) if not any(u.start < e and s < u.end for s, e in left_out)]
    found = [*ends, *(u for u in found if not any(u.start < end.end and end.start < u.end for end in ends))]
    named = [u for u in found if u.kind != "condition"]
    # A condition of which a word is missing is told by that word.
    found = [u for u in found if u in named or not any(u.start <= n.start and n.end <= u.end for n in named)]
    kept = [u for u in found if not any(start <= u.start and u.end <= end for start, end in left_out)]
    return sorted(kept, key=lambda u: u.start)


def invented(sentence: str, facts: Facts) -> list[str]:
    """Indicators of the program for which the sentence has no word, not even a misspelt or a vague one; fields that an
    indicator is of, exits, stops and targets that none asks for; and numbers that it does not have, and that are no
    convention."""
    sentence = with_points(sentence)
    text = normalise(sentence)
    said = [piece.text for piece in words_of(text)]
    words = list(dict.fromkeys(said))[:_MOST_WORDS]
    joined = f" {' '.join(said)} "
    added = [
        name for name in facts.indicators if _is_indicator(name) and not _excused(name, sentence, text, joined, words)
    ]
    added += endings_added(sentence, facts)
    if is_english(sentence):
        unsaid = {name: code for name, code in facts.sources.items() if not names_field(sentence, name)}
        added += [f"{name} in {code}" if code else name for name, code in unsaid.items()]
    return [*added, *dict.fromkeys(_numbers_added(sentence, facts))]


def _excused(name: str, sentence: str, text: str, joined: str, words: Sequence[str]) -> bool:
    """Whether the sentence has a word for an indicator: its name, a misspelt one, or a vague one."""
    phrases = [phrase for phrase, names in (*named(), *loose()) if name in names]
    if any(f" {' '.join(phrase)} " in joined for phrase in phrases):
        return True
    if not is_english(sentence) and (name in _VAGUE or name in text):
        return True
    # Alphabets that write words together are looked into letter by letter.
    if any(not phrase[0].isascii() and phrase[0] in text for phrase in phrases):
        return True
    if any(_misspelt(words, phrase) for phrase, names in named() if name in names):
        return True
    return any(_misspelt(words, phrase, _SURELY) for phrase, names in loose() if name in names and len(phrase[0]) > 5)


def _is_indicator(name: str) -> bool:
    return name in INDICATORS or name.startswith("cdl.")


def _misspelt(words: Sequence[str], phrase: tuple[str, ...], ratio: float = _ALIKE) -> bool:
    """Whether the phrase's words stand in the sentence in any order of letters near theirs."""
    return all(len(part) > 3 and any(SequenceMatcher(None, part, w).ratio() >= ratio for w in words) for part in phrase)


def _spans(text: str, phrases: Sequence[str]) -> Iterator[tuple[int, int]]:
    for phrase in phrases:
        start = text.find(normalise(phrase))
        if start >= 0:
            yield start, start + len(phrase)


def _indicators(sentence: str, text: str, facts: Facts) -> Iterator[Unused]:
    pieces = words_of(text)
    words = [piece.text for piece in pieces]
    first = 0
    while first < len(words):
        phrase, names = named_at(words, first)
        start, end = pieces[first].start, pieces[first + max(1, len(phrase)) - 1].end
        if phrase and not names & facts.words and is_meant(sentence, start, end):
            yield Unused(kind="indicator", words=sentence[start:end], start=start, end=end)
        first += max(1, len(phrase))


def _numbers(sentence: str, facts: Facts) -> Iterator[Unused]:
    tokens = tokenise(sentence)
    english = is_english(sentence)
    elsewhere = list(intervals_elsewhere(sentence))
    for start, end, interval in elsewhere:
        if interval in INTERVALS and not _span_held(INTERVALS[interval], facts, True):
            yield Unused(kind="interval", words=sentence[start:end], start=start, end=end)
    named_spans = [*_numbered(sentence), *_names_with_numbers(sentence), *((s, e) for s, e, _ in elsewhere)]
    for i, token in enumerate(tokens):
        if token.kind == "span":
            kind: Kind = "interval"
            length = int(token.value)
            if token.text.endswith(("ly",)):
                # "48 hourly candles": a number, and an interval.
                length //= 1 if length in INTERVALS.values() else max(token.count, 1)
            counts = _counts_candles(tokens, i) or token.value not in INTERVALS.values()
            fine = _span_held(length, facts, counts) or (counts and float(token.count) in facts.numbers)
        elif token.kind == "word" and token.text in _ADVERBS:
            kind = "interval"
            fine = _span_held(INTERVALS[_ADVERBS[token.text]], facts, False)
        elif any(start <= token.start and token.end <= end for start, end in named_spans):
            continue
        elif token.kind in ("number", "percent", "multiple") and not _counts_nothing(tokens, i):
            kind = "number"
            fine = (
                number_held(token.value, facts.numbers)
                or _names_interval(tokens, i, facts)
                or (not english and any(token.value == int(interval[:-1]) for interval in facts.intervals))
            )
        else:
            continue
        if not fine:
            yield Unused(kind=kind, words=sentence[token.start : token.end], start=token.start, end=token.end)


def _numbered(sentence: str) -> Iterator[tuple[int, int]]:
    """The numbers of a list's items: "1) ... 2) ...", "1. ... 2. ..."."""
    found = [match.span(1) for match in _ITEM.finditer(sentence)]
    yield from found if len(found) > 1 else ()


def _names_with_numbers(sentence: str) -> Iterator[tuple[int, int]]:
    """Where a name has a number in it: "hl2", "three white soldiers", "3 black crows"."""
    text = normalise(sentence)
    yield from (match.span() for name in numbered() for match in re.finditer(rf"\b{name}\b", text))
    for phrase, names in named():
        digit = _DIGITS.get(phrase[0])
        if digit is None or not any(name.startswith("cdl.") for name in names):
            continue
        rest = r"[\s-]+".join(re.escape(word) for word in phrase[1:])
        yield from (match.span() for match in re.finditer(rf"\b(?:{phrase[0]}|{digit})[\s-]+{rest}", text))


def _numbers_added(sentence: str, facts: Facts) -> list[str]:
    """Numbers of the program that the sentence does not have, and that are no convention."""
    said: set[float] = set()
    for token in tokenise(sentence):
        if token.kind in ("number", "percent", "multiple"):
            said.update(meanings(token.value))
        elif token.kind == "span":
            said.add(float(token.count))
            counts = [token.value / INTERVALS[i] for i in facts.intervals if i in INTERVALS]
            said.update(c - less for c in counts for less in (0, 1))
    text = normalise(sentence)
    known = {piece.text for piece in words_of(text)}
    for word, interval in _UNITS.items():
        if word in known:
            counts = [INTERVALS[interval] / INTERVALS[i] for i in facts.intervals if i in INTERVALS]
            said.update(c - less for c in counts for less in (0, 1))
    for word, numbers in usual():
        if word in known or (not word.isascii() and word in text):
            said.update(numbers)
    if not is_english(sentence):
        # Numbers may be words there, and the conventions have other names.
        said.update(number for _, numbers in usual() for number in numbers)
        said.update(range(_SPELLED))
    return [
        f"the number {row.value:g}" + (f" in {row.where}" if row.where else "")
        for row in facts.literals
        if not row.default and row.value not in _USUAL and not any(_near(row.value, n) for n in said)
    ]


def meanings(value: float) -> tuple[float, ...]:
    """A number of a sentence as it is or as people mean it: a percentage as a share or a factor, the minutes of an hour
    of the day, candles before this one."""
    share = value / 100
    return (value, -value, share, -share, 1 - share, 1 + share, 1 / value if value else value, value - 1, value * 60)


_USUAL: Final = frozenset((0.0, 1.0, 100.0))


def _counts_nothing(tokens: Sequence[Token], i: int) -> bool:
    """Whether a number word only points at things: "this one", "those two together"."""
    before = tokens[i - 1].text if i else ""
    after = tokens[i + 1].text if i + 1 < len(tokens) else ""
    if re.fullmatch(r"(?:19|20)\d\d", tokens[i].text) and before in _BEFORE_A_YEAR:
        return True
    if tokens[i].kind == "multiple" and tokens[i].text.isalpha() and after in ("a", "per", "each", "every"):
        return True
    if tokens[i].value == 1 and after in ("atr", "atrs"):
        return True
    points = before in ("those", "these", "the", "all") or after in (
        "together",
        "of",
        "conditions",
        "things",
        "at",
        "time",
        "timeframes",
    )
    return tokens[i].text == "one" or (tokens[i].text.isalpha() and points)


def number_held(value: float, numbers: Collection[float]) -> bool:
    """Whether a number of a sentence is among `numbers`, in any form that people mean."""
    return any(_near(form, number) for form in meanings(value) for number in numbers)


def _names_interval(tokens: Sequence[Token], i: int, facts: Facts) -> bool:
    """Whether a bare number stands for the interval ("on the 15"), or its unit is a word that is misspelt or foreign
    ("4 horas"): as many of the unit as an interval of the program has."""
    value, before = tokens[i].value, tokens[i - 1].text if i else ""
    letters = tokens[i + 1].text[:1] if i + 1 < len(tokens) and tokens[i + 1].kind == "word" else ""
    last = i + 1 == len(tokens) or tokens[i + 1].kind == "sign"
    return any(
        value == int(interval[:-1]) and (interval[-1] == letters or (last and before in ("the", "on", "h", "m")))
        for interval in facts.intervals
    )


def _counts_candles(tokens: Sequence[Token], i: int) -> bool:
    """Whether a span of time tells how far back to look ("in the last 4 hours"), not which candles ("on the 4h")."""
    after = tokens[i + 1].text if i + 1 < len(tokens) else ""
    return after in _AFTER_A_COUNT or any(token.text in _BEFORE_A_COUNT for token in tokens[max(0, i - 2) : i])


def _span_held(length: int, facts: Facts, counts: bool) -> bool:
    if any(INTERVALS.get(interval) == length for interval in facts.intervals):
        return True
    if length == _DAY_MS and "ticker" in facts.words:
        return True
    if not counts:
        return False
    candles = {INTERVALS[i] for i in facts.intervals if i in INTERVALS}
    return any(_near(length / ms - less, number) for ms in candles for less in (0, 1) for number in facts.numbers)


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b))


def _symbols(sentence: str, facts: Facts, symbols: Collection[str] | None) -> Iterator[Unused]:
    for match in re.finditer(r"\b(bitcoin|btc|ethereum|ether|eth|solana|sol|bnb)(?:/?usdt?)?\b", normalise(sentence)):
        short = {"bitcoin": "BTC", "ethereum": "ETH", "ether": "ETH", "solana": "SOL"}
        name = short.get(match.group(1), match.group(1).upper())
        start, end = match.span()
        if not any(symbol.startswith(name) for symbol in facts.symbols) and is_meant(sentence, start, end):
            yield Unused(kind="symbol", words=sentence[start:end], start=start, end=end)
