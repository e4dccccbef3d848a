"""Whether a sentence is English: the tables of words beside are, and say nothing of other languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# Short words of other languages that an English sentence about charts does not have.
_OTHERS: Final = (
    "el la los las del por cuando cruza debajo encima sobre precio con sea esté más mayor menor velas y "
    "und oder wenn der die das unter über auf dem den im ist kerzen größer kleiner liegt "
    "le les des du au aux quand sous sur est une un et ou lorsque passe dessus dessous bougies "
    "il gli che quando sotto sopra della delle di è candele do da em na ao acima abaixo preço uma "
    "di dan pada saat atas bawah jual beli untuk ve bir için jest na gdy oraz "
    "een de het boven onder als wanneer is en van gdy powyżej poniżej na ve altında üstünde mum när och över"
)
_ENGLISH: Final = (
    "the is are when above below under over and or of with in on at its than while for has crosses cross crossing "
    "candle candles bar bars by to within last not if only then buy sell short long price after before between each "
    "any volume chart high low close down up every some like more less least most now just day days hour hours minute"
)
_OTHER_WORDS: Final = frozenset(_OTHERS.split()) - {"is"}
_ENGLISH_WORDS: Final = frozenset(_ENGLISH.split())
_SPELLED_ALIKE: Final = frozenset(("ao", "ad", "di", "ha", "mom", "uo", "alma", "sol", "delta", "chop", "sar"))
_DECIMAL: Final = re.compile(r"(?<![\d.,])(\d+),(\d{1,2})(?![\d.,])")
_WORD: Final = re.compile(r"[^\W\d_]+")

_UNITS: Final = {
    "m": "minut|dakika|мин|分|분|دقيق",
    "h": "hora|heure|stund|std|ora|ore|uur|saat|jam|godzin|час|時間|小時|小时|시간|ساع",
    "d": "día|dia|jour|tag|giorn|dag|gün|hari|dzie|дн|ден|日|天|일",
}
_SPAN: Final = re.compile(
    r"(?<![\d.,])(\d{1,3})[\s-]?(?:" + "|".join(f"(?P<{unit}>{words})" for unit, words in _UNITS.items()) + r")\w*",
    re.IGNORECASE,
)


@lru_cache(maxsize=256)
def is_english(sentence: str) -> bool:
    """Whether a sentence has no more small words, and few more letters, of other languages than of English."""
    words = _WORD.findall(sentence.lower())
    if sum(not word.isascii() for word in words) * 4 > len(words):
        return False
    return sum(word in _OTHER_WORDS for word in words) <= sum(word in _ENGLISH_WORDS for word in words)


def is_meant(sentence: str, start: int, end: int) -> bool:
    """Whether a name stands there, not a small word of another language that is spelled like one."""
    name = sentence[start:end]
    return name.lower() not in _SPELLED_ALIKE or name.isupper() or is_english(sentence)


def intervals_elsewhere(sentence: str) -> Iterator[tuple[int, int, str]]:
    """Where a sentence that is not English names an interval such as "15 minutos", and which; of units with usual words
    only."""
    if is_english(sentence):
        return
    for match in _SPAN.finditer(sentence):
        yield match.start(), match.end(), f"{match.group(1)}{match.lastgroup}"


def with_points(sentence: str) -> str:
    """The sentence with decimal points for decimal commas, which other languages than English write; as long as it
    was."""
    return sentence if is_english(sentence) else _DECIMAL.sub(r"\1.\2", sentence)
