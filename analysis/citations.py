"""What a text cites: its numbers, and what each is said to be.

1. `numbers_in` reads the numbers of a text and leaves out those that cite nothing: periods of indicators
   (`analysis.mentions`), intervals, dates, scores, and what only counts (`analysis.counting`).
2. `_about` finds the indicator named before a number; such a number is looked up among that indicator's values alone,
   and a threshold is held against its value.
3. `_roles` finds whether the words call a number stop, target or entry: only then may it be the plan's own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from analysis.counting import counts, is_size, placed_price
from analysis.known import DIGITS, Cited, Known, Number, Role, Side, Unit
from analysis.mentions import MEASURED, PERIODS, Mention, mentions_in

AROUND: Final = 160
"""So many characters around a number are looked at."""
MOST_NUMBERS: Final = 150
"""A text with more numbers is no plain sentence, and is not read to its end."""
BETWEEN: Final = 48
"""How many characters may lie between an indicator's name and its value."""

_NUMBER: Final = re.compile(
    r"(?<![\d.])(?P<sign>(?<![\w)])[-−+])?\$?(?P<digits>\d[\d,]*(?:\.\d+)?|(?<!\w)\.\d+)(?:[eE](?P<exponent>[-+]?\d{1,2}))?"
    r"(?P<suffix>[A-Za-z%×]*)"
)
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_SPACED: Final = re.compile(r"(?<![\w.,])\d{1,3}(?:[ \u00a0\u2009\u202f'’_]\d{3})+(?:\.\d+)?(?![\w])")
_BLANKS: Final = re.compile(r"[ \t]{2,}")
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_DATE: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}[\d:.]*Z?)?|\b\d{1,2}:\d{2}(?::\d{2})?\b(?!\.)")
_THOUSAND_AFTER: Final = re.compile(r"\s*(?:thousand|grand)\b", re.I)
_BPS_AFTER: Final = re.compile(r"\s*(?:bps\b|basis points?\b)", re.I)
_ATR_AFTER: Final = re.compile(r"\s*(?:x\s*|times\s+(?:the\s+)?)?ATRs?\b", re.I)
_PERCENT_AFTER: Final = re.compile(r"\s*(?:%|percent\b|per cent\b)", re.I)
_TIMES_AFTER: Final = re.compile(r"\s*(?:times|to one|:\s*1)\b|\s*R\b", re.I)
_RATIO_BEFORE: Final = re.compile(
    r"(?:\brisk|\breward|\bratio|R:R|R/R)(?:\s+(?:is|of|at|about))*\W*$|\b1\s*:\s*$", re.I
)
_COMPARED: Final = re.compile(
    r"(?P<above>\b(?:above|over|beyond|past|(?:more|higher|greater) than|at least|exceed\w*)\b|[>≥])|"
    r"(?P<below>\b(?:below|under|(?:less|lower) than|at most)\b|[<≤])|"
    r"\b(?:than|threshold|room (?:to|until)|(?:far|away) from|short of)\b",
    re.I,
)
_OTHERS: Final = re.compile(
    r"\b(?:price|closed?|entry|enter|stop|target|support|resistance|swing|pivot|level|trade)\b|"
    r"(?:est|'s) (?:high|low)\b",
    re.I,
)
_MOVES: Final = re.compile(r"\b(?:trades|trading|holds|holding|bounc\w*|clos\w+|market|it|candle|coin)\b", re.I)
_HEDGED: Final = re.compile(
    r"\b(?:if|when|whenever|once|until|unless|till|while|would|could|should|may|might|must|needs?|wants?|not|no|never|nor|"
    r"cannot|before|wait\w*|fail\w*|lost|fell|from|without|instead|was|were|had|yet|far)\b|n't\b",
    re.I,
)
_WENT: Final = re.compile(r"\b(?:from|to|and)\s+$", re.I)
_ROLE: Final = re.compile(
    r"\b(?:(?P<entry>entry(?: price)?|entering|enter)|(?P<stop>stop(?:[ -]loss)?(?: price)?)|"
    r"(?P<target>targets?(?: price)?(?: (?:one|two|three|\d))?)|(?P<price>price))"
    r"(?: (?:is|of|at|near|now at|stands at|to))?[ :=]*$",
    re.I,
)
"""A number right after one of these words is that price of the plan, and no other."""
_PLAN: Final = re.compile(
    r"\b(?:(?P<stop>stop(?:s|ped|[ -]loss)?|SL|invalid\w*|wrong|risk\w*)|"
    r"(?P<target>targets?|take[ -]?profits?|profits?|TP ?\d?|objectives?|goals?|aim\w*)|"
    r"(?P<entry>entry|entries|enter\w*|opened|pull-?back)|(?P<out>out|exit\w*|leav\w+|sell\w*|cover\w*)|"
    r"(?P<level>supports?|resistances?|pivots?|swings?|levels?|highs?|lows?|bands?|ema|sma|vwap|tests?|tested|touch\w*|"
    r"bounc\w*|node|price|barrier|ceiling|floor))\b",
    re.I,
)
_BEYOND: Final = re.compile(r"\b(?:below|beyond|under|above|behind|over|past)\b", re.I)
_CALLED: Final = re.compile(
    r"(?:[,(]|\b(?:as|is|for|the|my|our|a|first|second|third|final|initial)\b|\s)*"
    r"(?:(?P<stop>stop)|(?P<target>targets?|take[ -]?profit|TP)|(?P<entry>entry))\b",
    re.I,
)
_LISTED: Final = re.compile(r"\s*(?:[/,&]|and|over)?\s*(?:and\s+)?")
_SYMBOLS_AFTER: Final = re.compile(r"(?:\s*percent)?\s+of\s+(?:the\s+|all\s+)*(?:symbols|coins|pairs|market)\b", re.I)
_ASIDE: Final = re.compile(r"\([^()]*\)")
_SENTENCE: Final = re.compile(r"[.;!?]\s|\n")


def numbers_in(text: str, known: Known, *, stop: bool = False) -> Iterator[Cited]:
    """The numbers that a text cites. One that cannot be read has the value NaN. With `stop` the whole text is about
    the plan's stop.
    """
    text = _BLANKS.sub(" ", _UNSEEN.sub("", text))
    text = _joined(_DATE.sub(lambda m: " " * len(m[0]), text), known)
    mentions, blank = mentions_in(text, known)
    taken: set[int] = set()
    last = 0
    for count, match in enumerate(_NUMBER.finditer(blank)):
        if count == MOST_NUMBERS:
            yield Cited(Number(f"more than {count} numbers", math.nan, 0, 0))
            return
        number, unit = _read(match, known)
        if number is None or _in_a_name(blank, match, number, known):
            continue
        since, last = text[last : match.start()], match.end()
        after, before = text[match.end() : match.end() + AROUND], text[max(0, match.start() - AROUND) : match.start()]
        value, whole = abs(number.value), number.whole
        unit = unit or _unit(before, after, value)
        if unit == "thousand":
            number, unit = Number(number.text, number.value * 1000, number.decimals - 3, number.digits), ""
            value, whole = abs(number.value), False
        if whole and not unit and counts(value, text, before, after, known):
            continue
        if unit == "percent" and is_size(after.lstrip().removeprefix("%")):
            continue
        if not unit and (role := _ROLE.search(before)) is not None:
            yield Cited(number, about=next(name for name in ("price", "stop", "target", "entry") if role[name]))
            continue
        found = _said_of(mentions, taken, text, match, number, unit, since, known)
        if found is not None:
            if found.about:
                yield found
            continue
        sentence = _sentence(text, match.start(), match.end())
        if unit:
            yield Cited(number, unit, "breadth" if unit == "percent" and _SYMBOLS_AFTER.match(after) else "")
            continue
        roles, level = _roles(sentence[0], after, stop=stop)
        near = whole and known.near(value)
        placed = near or "$" in match[0] or placed_price(before, after)
        loose = whole and value < 100 and not placed
        yield Cited(number, roles=roles, priced=level or placed, loose=loose)


def _said_of(
    mentions: list[Mention],
    taken: set[int],
    text: str,
    match: re.Match[str],
    number: Number,
    unit: Unit,
    since: str,
    known: Known,
) -> Cited | None:
    """A number that an indicator named before it is said to be, or to be above or below; `about` is empty where it is
    some threshold and no more. None where it is of no indicator. `since` is the text since the number before."""
    at = _about(mentions, text, match.start())
    if at is None:
        return None
    mention, value = mentions[at], abs(number.value)
    measured = mention.family in MEASURED
    again = at in taken
    if not measured and (again or unit):
        return None
    between = since if again else text[mention.end : match.start()]
    compared = [*_COMPARED.finditer(between)]
    small = measured and number.whole and value <= 100 and unit in ("", "percent")
    if not measured and number.whole and value in PERIODS and not known.near(value) and _LISTED.fullmatch(between):
        # "EMA 20 and 50": another period.
        return Cited(number)
    if compared and small and not (known.near(value) and _MOVES.search(between)):
        taken.add(at)
        side: Side = "above" if compared[-1]["above"] else "below" if compared[-1]["below"] else ""
        firm = not _HEDGED.search("".join(_sentence(text, match.start(), match.end())))
        about = mention.family if side else ""
        return Cited(number, "", about, mention.period, True, threshold=True, side=side, firm=firm)
    if again and not (small and _WENT.search(between)):
        return None
    if unit in ("", "percent") or mention.family == "volume_ratio":
        taken.add(at)
        priced = number.whole and known.near(value)
        return Cited(number, unit, mention.family, mention.period, bool(compared), priced=priced)
    return None


def _in_a_name(text: str, match: re.Match[str], number: Number, known: Known) -> bool:
    """Whether a number is part of a name, R1 or Q3, and no price after a currency: USD2701."""
    before = text[match.start() - 1 : match.start()]
    if not (before.isascii() and (before.isalpha() or before == "_")):
        return False
    return number.whole and (abs(number.value) < 10 or (number.digits < 4 and not known.near(abs(number.value))))


def _joined(text: str, known: Known) -> str:
    """The text with the groups of prices such as 76 050 joined, as long as before."""

    def joined(match: re.Match[str]) -> str:
        digits = re.sub(r"[^\d.]", "", match[0])
        plain = " " not in match[0]
        return digits.rjust(len(match[0])) if plain or known.near(float(digits)) else match[0]

    return _SPACED.sub(joined, text)


def _sentence(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after a number in its sentence."""
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    begin = max((m.end() for m in _SENTENCE.finditer(text, first, start)), default=first)
    stop = _SENTENCE.search(text, end, last)
    return text[begin:start], text[end : stop.start() if stop else last]


def _roles(before: str, after: str, *, stop: bool) -> tuple[frozenset[Role], bool]:
    """Which prices of the plan a number may be by the words around it, and whether they speak of a level."""
    before = _ASIDE.sub(" ", before)
    words = [*_PLAN.finditer(before)]
    found: set[Role] = {"stop"} if stop else set()
    level = False
    if words:
        kind = words[-1].lastgroup
        level = kind == "level"
        if level:
            # "The stop below the swing low at 2990": one number, and it is the stop's.
            said = next((word for word in reversed(words) if not word["level"]), None)
            if said is not None and said["stop"] and len(before) - said.end() < BETWEEN:
                found = {"stop"} if _BEYOND.search(before, said.end(), words[-1].start()) else set()
            else:
                found = set()
        else:
            named: dict[str, set[Role]] = {"stop": {"stop"}, "target": {"target"}, "entry": {"entry"}}
            found |= named.get(kind or "", {"stop", "target"})
    if (called := _CALLED.match(after)) is not None:
        found |= {role for role in ("stop", "target", "entry") if called[role]}
    return frozenset(found), level and not found


def _about(mentions: list[Mention], text: str, start: int) -> int | None:
    """The number of the mention that a number at `start` may belong to."""
    for i in range(len(mentions) - 1, -1, -1):
        if mentions[i].end > start:
            continue
        if start - mentions[i].end > BETWEEN:
            return None
        between = text[mentions[i].end : start]
        return None if len(between) > BETWEEN or _SENTENCE.search(between) or _OTHERS.search(between) else i
    return None


def _read(match: re.Match[str], known: Known) -> tuple[Number | None, Unit]:
    """A matched number and the unit its letters give; None for what is no number by itself: 15m, 3rd."""
    digits, suffix = match["digits"].rstrip(","), match["suffix"]
    unit: Unit = ""
    if suffix in ("k", "K"):
        unit = "thousand"
    elif suffix in ("x", "X", "R", "×"):
        unit = "ratio"
    elif suffix == "%":
        unit = "percent"
    elif suffix.lower() == "bps":
        unit = "bps"
    elif suffix == "s" and digits.isdigit() and known.near(float(digits)):
        # The 140s: a place, and no seconds.
        pass
    elif suffix.lower() in ("s", "m", "h", "d", "w", "th", "st", "nd", "rd", "min", "am", "pm") or (
        suffix.isupper()
        and len(suffix) == 1
        and len(digits) < DIGITS
        and not known.near(float(digits.replace(",", "")))
    ):
        return None, ""
    if "," in digits:
        if _GROUPED.fullmatch(digits):
            digits = digits.replace(",", "")
        elif all(len(part) < 3 for part in digits.split(",")) and not _decimal_comma(digits, known):
            return None, ""
        else:
            return Number(match[0], math.nan, 0, 0), unit
    value = float(digits) * (-1 if match["sign"] in ("-", "−") else 1)
    decimals = len(digits.partition(".")[2])
    significant = len(digits.replace(".", "").lstrip("0"))
    power = 3 if unit == "thousand" else int(match["exponent"] or 0)
    if power:
        return Number(match[0], value * 10.0**power, decimals - power, significant), "" if unit == "thousand" else unit
    return Number(match[0], value, decimals, significant), unit


def _decimal_comma(digits: str, known: Known) -> bool:
    """Whether digits with a comma are as large as a price, read as a decimal one: no list of periods, then."""
    whole, _, rest = digits.partition(",")
    return rest.isdigit() and known.near(float(f"{whole}.{rest}"))


def _unit(before: str, after: str, value: float) -> Unit:
    if not abs(value) < 1000:
        return ""
    if _THOUSAND_AFTER.match(after):
        return "thousand"
    if _BPS_AFTER.match(after):
        return "bps"
    if _ATR_AFTER.match(after):
        return "atr"
    if _PERCENT_AFTER.match(after):
        return "percent"
    if value < 100 and (_TIMES_AFTER.match(after) or _RATIO_BEFORE.search(before)):
        return "ratio"
    return ""
