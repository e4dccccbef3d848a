"""How a trade ends: exits, stops and targets that a sentence names and a program lacks, or that no word asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llm.checks.facts import Facts
from llm.checks.languages import is_english
from llm.checks.shapes import Ending, Unused

_AMOUNT: Final = r"(?:(?:\d{1,4}(?:[.,]\d{1,4})?|an?|one|two|three|half an?)\s?(?:%|percent|per cent|x?\s?atrs?|r)\s+)?"


def _placed(words: str) -> re.Pattern[str]:
    """Words for a stop or target with an amount before it, and the rest of their clause."""
    return re.compile(rf"{_AMOUNT}\b(?:{words})\b(?P<rest>(?:[^,;.\n]|[.,](?=\d))*)", re.IGNORECASE)


def _any(words: str) -> re.Pattern[str]:
    """Any of these words, or a multiple of the risk, which asks for every end of a trade."""
    return re.compile(rf"\b(?:{'|'.join(words.split(';'))})|\b\d(?:\.\d+)?\s?r\b|\d\s?:\s?\d", re.IGNORECASE)


_NAMED: Final[dict[Ending, re.Pattern[str]]] = {
    "stop": _placed(r"stop(?:[ -]?loss)?(?! (?:of )?(?:fall|drop|ris|mov|mak|go(?:es|ing)|trad|being)\w*)|sl"),
    "target": _placed(r"target|take[ -]?profits?|tp"),
}
_NEXT: Final = re.compile(
    r"[\s(]*(?:\b(?:and|with|then|or|but|while|when|if|on|exit|target|take[ -]?profits?|tp|stop(?:[ -]?loss)?|sl)\b"
    r"|[()/|&+]).*",
    re.IGNORECASE | re.DOTALL,
)
_NO: Final = re.compile(r"\b(?:no|not|without|never|don't|skip|time)\b", re.IGNORECASE)
_PLACE: Final = re.compile(
    r"\d|\batr\b|\b(?:high|low|open|close|below|under|above|over|beyond|swing|band|ema|sma|vwap|entry|breakeven)\b",
    re.IGNORECASE,
)
_SAID: Final[dict[Ending, re.Pattern[str]]] = {
    "exit": _any(
        r"exit;leav(?:e|ing)\b;clos(?:e[sd]?|ing)\s+(?:it|the (?:trade|position)|out|half|my|them|all|when|if|after)\b"
        r";g[eo]t(?:ting)? out\b;sell;cover;hold(?:ing)?\b;held\b;flat;out\b;dump\b;bail;unload;cash;book;trail"
        r";tak(?:e|ing)\b;tp\b;profits?\b;until\b;till?\b;unwind;buy (?:it |them )?back;scal(?:e|ing)\b;ride\b"
        r";stay in\b;run\b;g[ia]ve? up\b;quit;abandon;stop;sl\b;target;max\b;done\b;end;for (?:up to|at most)\b"
    ),
    "stop": _any(r"stop;sl\b;invalid;protect;cut\b;loss(?:es)?\b;trail;wrong\b;out if\b;exit;r:?r\b;reward;risk"),
    "target": _any(
        r"target;tp\d?\b;profits?\b;goal;objective;aim;scal(?:e|ing)\b;out (?:at|on)\b;book;cash;tak(?:e|ing)\b"
        r";sell at;cover at;exit;r:?r\b;reward;risk"
    ),
}
_WORDS_OF: Final[dict[Ending, re.Pattern[str]]] = {
    "stop": re.compile(r"(?<!time[ -])\bstop(?:[ -]?loss)?\b|\bsl\b", re.IGNORECASE),
    "target": re.compile(r"\btargets?\b|\btake[ -]?profits?\b|\btp\b", re.IGNORECASE),
}
_ENTERED: Final = re.compile(
    r"\bsell(?:ing)?[- ]?(?:short|offs?|ing|volume|pressure|side)\b|\bshort[- ]?sell\w*|\bsold off\b", re.IGNORECASE
)
_SHORT: Final = re.compile(r"\bshort", re.IGNORECASE)
_SELL: Final = re.compile(r"\bsell\w*", re.IGNORECASE)


def endings_missing(sentence: str, facts: Facts) -> Iterator[Unused]:
    """Stops and targets that `sentence` places somewhere, of which the program has none."""
    for name, pattern in _NAMED.items():
        if name in facts.endings:
            continue
        for match in pattern.finditer(sentence):
            start, rest = match.start(), match.group("rest")
            end = match.end() - len(rest) + len(_NEXT.sub("", rest).rstrip(" :-"))
            words = sentence[start:end]
            before = sentence[max(0, start - 20) : start].rpartition(",")[2]
            if _NO.search(before) or _PLACE.search(words) is None:
                continue
            # A target may be written as an exit.
            if "exit" in facts.endings and all(float(n) in facts.numbers for n in re.findall(r"\d+", words)):
                continue
            yield Unused(kind=name, words=words, start=start, end=end)
            break


def endings_added(sentence: str, facts: Facts) -> Iterator[str]:
    """An exit, stop or target for which an English sentence has no word at all."""
    if not is_english(sentence):
        return
    text = _ENTERED.sub(" ", sentence)
    if _SHORT.search(sentence):
        # What sells there is the entry.
        text = _SELL.sub(" ", text)
    for name, code in facts.endings.items():
        left = text
        for other, words in _WORDS_OF.items():
            # Words for the stop that is there ask for no exit.
            left = words.sub(" ", left) if name == "exit" and other in facts.endings else left
        if _SAID[name].search(left) is None:
            yield f"{'an' if name == 'exit' else 'a'} {name} ({code})"
