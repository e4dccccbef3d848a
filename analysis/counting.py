"""Which whole numbers of a text cite nothing: counts, labels, dates, scores.

A number that is as large as this symbol's prices is a price, whatever word stands beside it, but where the words leave
no doubt: a length of time not said to be a place, a count that the snapshot itself has, a score, a label whose value
follows, a date.
"""

from __future__ import annotations

import re
from typing import Final

from analysis.known import Known

MOST: Final = 20
"""More touches, levels or attempts than these nobody counts."""

_KIND: Final = (
    r"(?:(?:consecutive|closed|green|red|bullish|bearish|more|full|straight|recent|last|past|\d{1,2}[mhdw])[\s-]+)*"
)
_TIME: Final = re.compile(
    rf"[\s-]*{_KIND}(?:candles?|bars?|minutes?|hours?|days?|weeks?|months?|years?|periods?|sessions?)\b", re.I
)
_TIMES: Final = re.compile(
    r"\s*times\b(?!\s+(?:its|the|their|that|what|as|more|larger|higher|my|our|average|mean)\b)", re.I
)
_THINGS: Final = re.compile(
    r"[\s-]*(?:(?:higher|lower|clean|prior|more|strong|failed|met)[\s-]+)*(?P<noun>touch|test|condition|target|symbol|swing"
    r"|support|resistance|level|high|low|attempt|indicator|reason|signal|other)(?:e?s|ed)\b(?:\s+(?:highs|lows))?",
    re.I,
)
_PLACED: Final = re.compile(
    r"\b(?:at|near|around|off|above|below|under|beneath|through|support|resistance|level|low|high|price|reclaimed|broke|"
    r"breaks?|lost|loses)\W*$",
    re.I,
)
_SCORE_BEFORE: Final = re.compile(
    r"\b(?:score|confidence|confident)\W+(?:(?:of|is|at|about|around|above|below|over|under)\W+)?$", re.I
)
_SHARE_AFTER: Final = re.compile(r"\s+(?:out\s+)?of\s+(?:the\s+)?(?P<all>\d{1,3})\b(?!\.\d)", re.I)
_SHARE_BEFORE: Final = re.compile(r"\b(?P<part>\d{1,3})\s+(?:out\s+)?of\s+(?:the\s+)?$", re.I)
_LAST_BEFORE: Final = re.compile(r"\b(?:last|past|previous|newest|recent|first|top)\s+$", re.I)
_LABEL_BEFORE: Final = re.compile(
    r"\b(?:targets?|supports?|resistances?|swing (?:low|high)s?|conditions?|rule|step|option|scenario|reason|case|phase"
    r")\s+#?$",
    re.I,
)
_VALUE_AFTER: Final = re.compile(r"\s*(?:\([^()]*\)\s*)?(?:is|at|of|near|stands at|sits at|[:=,])*\s*\$?\d", re.I)
_LISTED_BEFORE: Final = re.compile(r"(?:^|[\n;:.])\s*\(?$")
_LISTED_AFTER: Final = re.compile(r"[.)]\s+[A-Za-z]")
_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_MONTH_BEFORE: Final = re.compile(rf"\b{_MONTH}\s+$", re.I)
_MONTH_AFTER: Final = re.compile(rf"\s+(?:of\s+)?{_MONTH}\b", re.I)
_RATIO_AFTER: Final = re.compile(r"\s*:\s*\d")
_SIZE_AFTER: Final = re.compile(
    r"\s*(?:of\s+)?(?:(?:the|your|my|its)\s+)?(?:position|account|equity|capital|balance|size|portfolio|plan)\b", re.I
)
_NOUN_AFTER: Final = re.compile(
    r"\s+(?:level|mark|handle|area|zone|support|resistance|target|line|region|floor|ceiling|high|low|dollars?|usdt?|points?"
    r"|ticks?|pips?)\b",
    re.I,
)
_PLACE_BEFORE: Final = re.compile(
    r"\$$|\b(?:supports?|resistances?|levels?|lows?|highs?|pivot|price|floor|ceiling|targets?|stop|entry|bounc\w+|rebound\w*|"
    r"reject\w+|clos\w+|trad\w+|br[oe]k\w+|br[eo]ak\w*|held|holds?|reclaim\w*|climb\w*|fell|falls?|drop\w*|rall\w+|r[io]se)\s+"
    r"(?:(?:sits?|stands?|lies|is|was|back|up|down)\s+)?(?:at|of|off|above|below|near|around|from|through|under|over|past|to|is|"
    r"toward)?\s*(?:the\s+)?\$?$",
    re.I,
)


def counts(value: float, text: str, before: str, after: str, known: Known) -> bool:
    """Whether a whole number of a text, by the words around it, certainly counts or names something and is no price."""
    near = known.near(value)
    if value <= 100 and (_SCORE_BEFORE.search(before) or _share(value, before, after)):
        return True
    if value <= 31 and (_MONTH_BEFORE.search(before) or _MONTH_AFTER.match(after)):
        return True
    if value == 0 or (value <= MOST and _RATIO_AFTER.match(after)):
        return True
    if value < 10:
        if _LABEL_BEFORE.search(before) and (not near or _VALUE_AFTER.match(after)):
            return True
        if (
            _LISTED_BEFORE.search(before)
            and _LISTED_AFTER.match(after)
            and (not near or re.match(r"\s*\(?1[.)]", text))
        ):
            return True
    placed = _PLACED.search(before)
    if _TIME.match(after) and not placed:
        return True
    if value <= MOST and _TIMES.match(after) and not placed:
        return True
    if (things := _THINGS.match(after)) is not None and not (placed and near):
        noun = things["noun"].lower()
        if value in known.counts.get(noun, ()) or (not near and (value <= MOST or noun == "symbol")):
            return True
    return not near and not placed_price(before, after) and bool(value < 1000 and _LAST_BEFORE.search(before))


def placed_price(before: str, after: str) -> bool:
    """Whether the words make a number a price, however far from the market's."""
    return bool(_NOUN_AFTER.match(after) or _PLACE_BEFORE.search(before))


def is_size(after: str) -> bool:
    """Whether a percentage is a share of the position or the account: how much, no claim about the market."""
    return bool(_SIZE_AFTER.match(after))


def _share(value: float, before: str, after: str) -> bool:
    """Whether it is one side of "2 of 3" or "63 of 100"."""
    if (whole := _SHARE_AFTER.match(after)) is not None:
        return value <= int(whole["all"]) and int(whole["all"]) in (*range(1, MOST + 1), 100)
    part = _SHARE_BEFORE.search(before)
    return part is not None and int(part["part"]) <= value and (value <= MOST or value == 100)
