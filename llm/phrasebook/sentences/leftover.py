"""The words of a sentence that nothing was made of, in phrases; stories around a rule are told from rules."""

from __future__ import annotations

from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.common_words import COMMON_WORDS
from llm.phrasebook.vocabulary.lexicon import is_filler

LIGHT = frozenset(
    """
    on in for over at and or while when whenever if with where but last past within during
    using once by plus given meaning , ; . : - / ! ? & ( ) " ' [ ] + first
    """.split()
)
_TELLING = frozenset(
    """
    i i'm i'd i'll i've im me my mine myself we us our you your he she his her they them somebody someone friend wife
    book whatever what's could weird honestly stuff thing things please hi hey hello
    """.split()
)
_ASKING = frozenset("when whenever if unless while where until once only except not no never whose which".split())
_OF_RULES = frozenset(
    """
    price prices volume close closes closed high highs low lows open above below over under cross crosses break breaks
    breakout trend trends candle candles bar bars red green buy sell short long shorting buying selling average
    averages band bands signal line support resistance top bottom up down rise rises fall falls rising falling gain
    gains loss drop drops new market momentum strong weak bullish bearish quiet loud calm inside outside day week
    direction either nothing none sharply strongly slowly quickly gradually barely deeply steadily repeatedly heavily
    slightly second third again twice early late fast hard huge tiny big small
    month hour minute yesterday today stop target exit profit risk percent double twice half chart
    """.split()
)
LONG_SENTENCE = 30


def left_over(sentence: str, r: Reader, used: list[bool]) -> tuple[list[str], list[str]]:
    """The phrases that nothing was made of, and those that are only talk.

    A phrase is a run of unused words, cut at what was used and at punctuation.
    """
    phrases: list[str] = []
    talk: list[str] = []
    run: list[int] = []

    def close() -> None:
        heavy = [at for at in run if _is_heavy(r, at)]
        if heavy:
            first = next((at for at in run if r.tokens[at].text not in LIGHT), heavy[0])
            text = " ".join(sentence[r.tokens[min(first, heavy[0])].start : r.tokens[heavy[-1]].end].split())[:200]
            (talk if _is_talk(r, run, heavy) else phrases).append(text)
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
    return phrases, talk


def _is_heavy(r: Reader, at: int) -> bool:
    """Whether a word that was not used has to be told: "the first red candle" is another than any red one."""
    text = r.tokens[at].text
    if text == "first":
        return at > 0 and r.tokens[at - 1].text in ("the", "its", "short", "buy", "long", "sell")
    return text not in LIGHT and not is_filler(text)


def _is_talk(r: Reader, run: list[int], heavy: list[int]) -> bool:
    """Whether words tell a story: plain English without a number or a word of the field, and no condition of it.

    What stands behind "when" or "if" is a condition, whatever it speaks of. In a short sentence nothing is talk
    unless it says who speaks.
    """
    words = [r.tokens[at] for at in run]
    if any(token.kind not in ("word", "sign") for token in words):
        return False
    before = r.tokens[run[0] - 1].text if run[0] else ""
    asked = {token.text for token in words if token.text in _ASKING and token.start <= r.tokens[heavy[0]].start}
    if before in _ASKING or asked:
        return False
    strange = [
        token.text
        for token in words
        if token.kind == "word"
        and (token.text in _OF_RULES or not (is_filler(token.text) or token.text in COMMON_WORDS | _TELLING | LIGHT))
    ]
    if strange:
        return False
    return len(r.tokens) >= LONG_SENTENCE or any(token.text in _TELLING for token in words)
