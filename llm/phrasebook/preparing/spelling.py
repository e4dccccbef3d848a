"""Spelling mistakes: an unknown word that lies near one word of the vocabulary becomes that word, and this is said.

1. A word that any table knows, or that is common English, stays what it is; so does the name of a coin.
2. "emma" and "bellow" are words too, but slips in a trading sentence: those stand in `_SLIPS`, with the words that make
   them one.
3. Else the nearest word of the vocabulary is taken: one change (a letter more, fewer, other, or two exchanged) in short
   words, two in long ones. Where two words lie equally near, nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from llm.phrasebook.reading.event_words import LISTS
from llm.phrasebook.reading.phrase_tables import known_words as words_of_phrases
from llm.phrasebook.reading.reader import COINS
from llm.phrasebook.vocabulary.common_words import COMMON_WORDS
from llm.phrasebook.vocabulary.indicators import PHRASES
from llm.phrasebook.vocabulary.lexicon import known_words
from llm.phrasebook.vocabulary.tokens import Token, spelt

MAX_CORRECTIONS = 40
MAX_WORD = 16
# Slips that are words, or too short to be found by their distance.
_SLIPS = {
    "bellow": "below",
    "belov": "below",
    "teh": "the",
    "hte": "the",
    "wen": "when",
    "whn": "when",
    "emma": "ema",
    "hurly": "hourly",
    "houlry": "hourly",
    "dialy": "daily",
    "daliy": "daily",
    "adn": "and",
    "nad": "and",
    "anf": "and",
    "rsl": "rsi",
    "rsii": "rsi",
    "ris": "rsi",
    "rai": "rsi",
    "mcd": "macd",
    "madc": "macd",
    "amcd": "macd",
    "eam": "ema",
    "aema": "ema",
    "smaa": "sma",
    "vwpa": "vwap",
    "abov": "above",
    "pric": "price",
    "clsoe": "close",
    "cloes": "close",
    "brakes": "breaks",
    "brake": "break",
    "brakeout": "breakout",
    "hight": "high",
    "hihg": "high",
    "heigh": "high",
    "lwo": "low",
    "abve": "above",
    "crose": "cross",
    "corss": "cross",
    "corsses": "crosses",
    "shrot": "short",
    "lnog": "long",
    "buyy": "buy",
    "byu": "buy",
    "hr's": "hour",
}
# Slips only beside the words that show it: "more then 2x".
_THEN_AFTER = frozenset(
    {"more", "less", "greater", "higher", "lower", "fewer", "larger", "bigger", "smaller", "better"}
)
_PLAIN = frozenset(
    """
    the when while with and from than then more less above below between over under price close closes open high low
    volume average candle candles chart hour hours minute minutes daily weekly hourly lower upper line band bands signal
    cross crosses crossed crossing crossover indicator relative strength index bollinger stochastic momentum supertrend
    ichimoku cloud keltner donchian channel parabolic trend bullish bearish breakout breakdown support resistance green
    red hammer doji engulfing shooting star morning evening inside divergence oversold overbought squeeze highest
    lowest last within times percent percentage turns turned turning rises rising falls falling drops dropped dropping
    breaks breaking stays trading trades touches touch short long buy sell stop target profit exit enter entry
    moving simple exponential weighted period positive negative zero histogram consecutive row yesterday previous
    bitcoin ethereum coins market gainers losers top bottom width narrow conversion base tenkan kijun average
    reaches exceeds timeframe interval greater least most down double triple twice symbol strong uptrend downtrend
    twice thrice pullback reversal retest bounce bounces reclaim reclaims session weekday weekend monday friday
    """.split()
)


def correct(tokens: list[Token], symbols: frozenset[str], note: Callable[[str], None]) -> list[Token]:
    """The tokens with their spelling mended; offsets stay. `note` is told of each change."""
    out: list[Token] = []
    changes = 0
    for token in tokens:
        word = token.text
        if token.kind != "word" or changes >= MAX_CORRECTIONS or f"{word.upper()}USDT" in symbols:
            out.append(token)
            continue
        before = out[-1].text if out else ""
        better = "than" if word == "then" and before in _THEN_AFTER else corrected(word)
        if better is None:
            out.append(token)
            continue
        changes += 1
        note(f"“{word}” was read as “{better}”.")
        out.append(spelt(token, better))
    return out


@lru_cache(maxsize=4_096)
def corrected(word: str) -> str | None:
    """What a misspelt word most likely is, or None where it is right, unknown, or two words lie equally near."""
    known = vocabulary()
    if word in _SLIPS and (word not in known or word in ("bellow", "emma", "hurly")):
        return _SLIPS[word]
    if word in known or word in COMMON_WORDS or len(word) < 4 or len(word) > MAX_WORD or not word.isalpha():
        return None
    if word in COINS or word.endswith("usdt"):
        return None
    if word.endswith("in") and f"{word}g" in known:
        return f"{word}g"
    if word.endswith(("chs", "shs", "sss", "xs")) and f"{word[:-1]}es" in known:
        return f"{word[:-1]}es"
    for ending in ("s", "ed", "ing", "es"):
        stem = word.removesuffix(ending)
        if stem != word and (stem in COMMON_WORDS or (f"{stem}e" in COMMON_WORDS and ending in ("ed", "ing"))):
            return None
    furthest = 1 if len(word) < 7 else 2
    names = _names()
    best: dict[int, list[str]] = {}
    for candidate in known:
        if abs(len(candidate) - len(word)) > furthest or len(candidate) < 3:
            continue
        if candidate[0] != word[0] and candidate[:2] != word[1::-1] and (len(word) < 5 or candidate[-2:] != word[-2:]):
            continue
        # Two changes only toward what has a name or is in every sentence, and where the word begins and ends alike:
        # "pinching" is no "picking". "avobe": the letters of the word in another order, its ends in place.
        mixed = len(word) >= 5 and word[0] == candidate[0] and sorted(word) == sorted(candidate)
        alike = word[0] == candidate[0] and word[-1] == candidate[-1] and candidate in names
        most = 2 if mixed else furthest if alike else 1
        distance = _distance(word, candidate, most)
        if distance <= most:
            best.setdefault(distance, []).append(candidate)
    if not best:
        return None
    nearest = best[min(best)]
    preferred = [candidate for candidate in nearest if candidate in _PLAIN] or nearest
    same_letters = [candidate for candidate in preferred if sorted(candidate) == sorted(word)]
    # "lowr" lacks a letter of "lower", rather than having one more than "low".
    lacking = [candidate for candidate in preferred if _within(word, candidate)]
    same_letters = same_letters or lacking or preferred
    # "candel" may be "candle" or "candles": the shorter form and the longer mean the same.
    shortest = min(same_letters, key=len)
    return shortest if all(c.startswith(shortest) or c == shortest for c in same_letters) else None


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """Words longer than five letters that name an indicator, or stand in most sentences."""
    named = {word for _, _, phrases in PHRASES for phrase in phrases for word in phrase.split()}
    return frozenset(word for word in named | _PLAIN if word.isalpha() and len(word) > 5)


def _within(word: str, candidate: str) -> bool:
    """Whether the letters of a word stand in the candidate, in this order."""
    letters = iter(candidate)
    return all(letter in letters for letter in word)


def vocabulary() -> frozenset[str]:
    """Every word that a table knows."""
    return _vocabulary(len(known_words()) + len(words_of_phrases()))


@lru_cache(maxsize=4)
def _vocabulary(size: int) -> frozenset[str]:
    listed = {word for phrases in LISTS.values() for phrase in phrases.split(";") for word in phrase.split()}
    return frozenset(word for word in known_words() | words_of_phrases() | listed | _PLAIN if word.isalpha())


def _distance(left: str, right: str, furthest: int) -> int:
    """Changes from one word to the other, two neighbours exchanged counting as one; `furthest` + 1 where more."""
    before: list[int] = []
    last = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        current = [row]
        for column, b in enumerate(right, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (a != b))
            if row > 1 and column > 1 and a == right[column - 2] and left[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > furthest and (not before or min(last) > furthest):
            return furthest + 1
        before, last = last, current
    return min(last[-1], furthest + 1)
