"""What a text cites: its numbers, what each is said to be, and whether the snapshot has it.

1. `numbers_in` reads the numbers of a text and leaves out those that cite nothing: counts of candles, periods of
   indicators, intervals, dates, scores.
2. `_about` finds the indicator named before a number; such a number is looked up among that indicator's values alone.
3. `Known.find` looks a number up with honest rounding: the stored number rounded to the decimals that were written, and
   enough digits that it could be no other (`DIGITS`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from analysis.snapshot import Snapshot

DIGITS: Final = 4
"""A price is cited with at least so many significant digits, or in full."""
NEAR: Final = 48
"""How many characters may lie between an indicator's name and its value."""

Unit = Literal["", "atr", "percent", "ratio", "thousand"]

_NUMBER: Final = re.compile(
    r"(?<![\w.])(?P<sign>(?<![\w)])[-−+])?\$?(?P<digits>\d[\d,]*(?:\.\d+)?)(?:e(?P<exponent>[-+]?\d{1,2}))?(?P<suffix>[A-Za-z%×]*)"
)
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_TIME: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+Z?)?|\b\d{1,2}:\d{2}(?::\d{2})?\b(?!\.)")
_COUNTED: Final = re.compile(
    r"[\s-]*(?:candles?|bars?|minutes?|hours?|days?|weeks?|months?|periods?|touch\w*|swings?|levels?|tests?|of 100|"
    r"points?|symbols?|conditions?|targets?|basis|bps)\b",
    re.I,
)
_COUNTED_BEFORE: Final = re.compile(
    r"(?:score|confidence|confident|last|past|previous|newest|recent|first)\W+(?:\w+\W+)?$|\d of\W+$", re.I
)
_ATR_AFTER: Final = re.compile(r"\s*(?:x\s*|times\s+(?:the\s+)?)?ATRs?\b", re.I)
_PERCENT_AFTER: Final = re.compile(r"\s*(?:%|percent\b)", re.I)
_TIMES_AFTER: Final = re.compile(r"\s*(?:times|to one|:\s*1)\b|\s*R\b", re.I)
_RATIO_BEFORE: Final = re.compile(
    r"(?:\brisk|\breward|\bratio|R:R|R/R)(?:\s+(?:is|of|at|about))*\W*$|\b1\s*:\s*$", re.I
)
_COMPARED: Final = re.compile(
    r"\b(?:above|below|over|under|than|beyond|past|threshold|at least|at most)\b|[<>≤≥]", re.I
)
_OTHERS: Final = re.compile(
    r"\b(?:price|closed?|entry|enter|stop|target|support|resistance|swing|pivot|level|trade)\b|"
    r"(?:est|'s) (?:high|low)\b",
    re.I,
)
_ROLE: Final = re.compile(
    r"\b(?:(?P<price>price|entry|entering|enter)|(?P<stop>stop(?:[ -]loss)?)|"
    r"(?P<target>targets?(?: (?:one|two|three|\d))?))(?: (?:is|of|at|near|now at|stands at|to))?[ :=]*$",
    re.I,
)
"""A number right after one of these words is that price of the plan, and no other."""
_SENTENCE: Final = re.compile(r"[.;!?]\s|\n")

_CALL: Final = re.compile(r"(?:ta\.)?(?P<family>[a-z_]+)\((?P<inside>[^()]*)\)(?:\.(?P<output>[a-z_]+))?")
_WORDS: Final[Mapping[str, str]] = {
    "rsi": r"rsi|relative strength index",
    "adx": r"adx|[+-]di|(?:plus|minus)[ _]di",
    "macd": r"macd(?:[ -](?:histogram|hist|signal|line))*",
    "stoch": r"stoch(?:astic)?(?: [kd])?",
    "mfi": r"mfi|money flow index",
    "cci": r"cci",
    "roc": r"roc|rate of change",
    "natr": r"natr",
    "atr": r"atr|average true range",
    "chop": r"chop(?:piness)?(?: index)?",
    "supertrend": r"supertrend",
    "vwap": r"vwap",
    "ema": r"ema",
    "sma": r"sma",
    "bbands": r"bollinger(?: bands?)?|bbands?",
    "donchian": r"donchian(?: channel)?",
    "volume_ratio": r"(?<!on )(?:relative )?volume(?: ratio)?(?! node)",
    "breadth": r"breadth",
    "spread": r"spread",
    "volatility": r"volatility(?: rank)?",
}
_NAMED: Final = re.compile(
    r"(?:(?<![\d.,])(?P<before>\d{1,3})[ -]?(?:(?:period|candle|bar|day)[ -])?)?(?<![A-Za-z_])(?:"
    + "|".join(f"(?P<{family}>{words})" for family, words in _WORDS.items())
    + r")(?![A-Za-z_])(?:[ -]?\(?(?P<after>\d{1,3})\)?(?![\d.,%]*\d|%))?",
    re.I,
)
_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "breadth": ("breadth",),
    "spread": ("spread bps",),
    "volatility": ("volatility rank", "natr"),
    "atr": ("natr",),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: its value, its decimals, its significant digits."""

    text: str
    value: float
    decimals: int
    digits: int

    @classmethod
    def of(cls, value: float) -> Number:
        """A number that came as JSON. Infinite and absurd ones have no digits."""
        written = Decimal(repr(value)).normalize() if math.isfinite(value) else Decimal(0)
        exponent = written.as_tuple().exponent
        decimals = max(-exponent, 0) if isinstance(exponent, int) else 0
        digits = max(len(written.as_tuple().digits), len(f"{abs(value):.0f}".lstrip("0")))
        return cls(f"{value:g}", value, decimals, digits)

    def is_of(self, stored: float) -> bool:
        """Whether this is the stored number rounded to the decimals that were written."""
        return abs(self.value - stored) <= 0.5 * 10.0**-self.decimals + 1e-9 * abs(stored)

    def is_all_of(self, stored: float) -> bool:
        """Whether the stored number has no more digits than these."""
        return abs(self.value - stored) <= 1e-9 * abs(stored)


@dataclass(frozen=True, slots=True)
class Cited:
    """A number that a text cites. `about` names the indicator it is said to be of, by its family; `bound`: a comparison
    stands between the two, so the number may be a threshold or a price."""

    number: Number
    unit: Unit
    about: str = ""
    period: int | None = None
    bound: bool = False


class Known:
    """The numbers that may be cited: those of a snapshot, and the proposed plan's own."""

    def __init__(self, snapshot: Snapshot, plan: Mapping[str, float]) -> None:
        self.price = snapshot.price
        self.reach = 20 * (snapshot.atr or 0.0)
        self.levels = snapshot.levels()
        self.prices = {**snapshot.prices(), **plan}
        self.measures = snapshot.measures()

    def level(self, number: Number) -> str | None:
        """The support or resistance that this number is, by what it is called; None where it is none."""
        return self._find(number, self.levels, price=True)

    def is_price(self, number: Number) -> bool:
        """Whether this is the price a trade would start from."""
        return self._find(number, {"price": self.price}, price=True) is not None

    def any_price(self, number: Number) -> str | None:
        """Any price that this number is, the plan's own too, by what it is called; None where it is none."""
        return self._find(number, self.prices, price=True)

    def find(self, cited: Cited) -> str | None:
        """What a cited number is called; None where it is unknown."""
        if cited.about:
            named = {n: v for n, v in self._all().items() if _is_about(n, cited.about, cited.period)}
            found = self._find(cited.number, named, price=cited.about in ("price", "stop", "target"))
            if found is not None or not cited.bound:
                return found
        return self.any_price(cited.number) or self._find(cited.number, self.measures, price=False)

    def closest(self, value: float) -> float | None:
        """The stored number next to a value."""
        return min(self._all().values(), key=lambda n: abs(n - value), default=None)

    def distance(self, number: Number, scale: float) -> bool:
        """Whether a number is a distance between the price, or the plan's, and a known price, in units of `scale`."""
        if scale <= 0:
            return False
        return any(number.is_of(abs(p - self.price) / scale) for p in self.prices.values())

    def near(self, value: float) -> bool:
        """Whether a number is as large as prices of this symbol are now."""
        return abs(value - self.price) <= self.reach

    def _all(self) -> dict[str, float]:
        return {**self.prices, **self.measures}

    def _find(self, number: Number, named: Mapping[str, float], *, price: bool) -> str | None:
        for name, stored in named.items():
            if not number.is_of(stored):
                continue
            enough = number.digits >= DIGITS if price else number.decimals > 0 or number.digits > 1
            if enough or number.is_all_of(stored):
                return name
        return None


def numbers_in(text: str, known: Known) -> Iterator[Cited]:
    """The numbers that a text cites. One that cannot be read has the value NaN."""
    text = _TIME.sub(lambda m: " " * len(m[0]), text)
    mentions, blank = _mentions(text)
    taken: set[int] = set()
    for match in _NUMBER.finditer(blank):
        number, unit = _read(match)
        if number is None:
            continue
        after, before = text[match.end() :], text[: match.start()]
        unit = unit or _unit(before, after, number.value)
        whole = number.decimals == 0 and number.value == number.value
        if whole and not unit and number.value < 1000 and _COUNTED.match(after):
            continue
        if not unit and (role := _ROLE.search(before)) is not None:
            yield Cited(number, "", next(name for name in ("price", "stop", "target") if role[name]))
            continue
        at = _about(mentions, taken, text, match.start())
        if at is not None:
            mention = mentions[at]
            bound = bool(_COMPARED.search(text[mention.end : match.start()]))
            threshold = bound and whole and number.value <= 100
            if unit in ("", "percent") or mention.family == "volume_ratio":
                taken.add(at)
                if not threshold:
                    yield Cited(number, unit, mention.family, mention.period, bound)
                continue
        if unit:
            yield Cited(number, unit)
        elif not (whole and _counts(number.value, before, known)):
            yield Cited(number, "")


def _counts(value: float, before: str, known: Known) -> bool:
    """Whether a whole number counts something, or is too small to be a price here."""
    if value < 100 and not known.near(value):
        return True
    return value < 1000 and bool(_COUNTED_BEFORE.search(before))


@dataclass(frozen=True, slots=True)
class _Mention:
    family: str
    period: int | None
    end: int


def _mentions(text: str) -> tuple[list[_Mention], str]:
    """Where indicators are named, and the text with their names and periods blanked out."""
    found: list[_Mention] = []
    blank = list(text)

    def take(start: int, end: int, family: str, period: int | None) -> None:
        found.append(_Mention(family, period, end))
        blank[start:end] = " " * (end - start)

    for call in _CALL.finditer(text):
        if re.search(r"\d\.\d|\d{4}", call["inside"]):
            # Not parameters: prices.
            continue
        numbers = [int(n) for n in re.findall(r"(?<![\w.])\d{1,4}(?![\w.])", call["inside"])]
        take(call.start(), call.end(), call["family"], numbers[0] if numbers else None)
    for named in _NAMED.finditer("".join(blank)):
        family = named.lastgroup if named.lastgroup in _WORDS else None
        family = family or next(f for f in _WORDS if named[f])
        start, end = named.start(), named.end()
        period = named["after"] or named["before"]
        if named["after"] and int(named["after"]) not in _PERIODS and "(" not in named[0] and " " in named[0]:
            # "RSI 28" gives a value; "EMA 50" a period.
            end, period = named.start("after"), named["before"]
        if named["before"] and (family == "atr" or int(named["before"]) not in _PERIODS):
            # "2 ATR" is a distance, "28 RSI" a value: a number, and what it is of.
            start = named.start(family)
            period = named["after"]
        if family == "atr" and re.search(r"\d\s*(?:x\s*)?$", text[:start]):
            continue
        take(start, end, family, int(period) if period else None)
    return sorted(found, key=lambda m: m.end), "".join(blank)


_PERIODS: Final = frozenset({5, 7, 9, 10, 12, 14, 20, 21, 26, 34, 50, 55, 89, 100, 144, 200})


def _about(mentions: list[_Mention], taken: set[int], text: str, start: int) -> int | None:
    """The number of the mention that a number at `start` belongs to; each has one value."""
    for i in range(len(mentions) - 1, -1, -1):
        if mentions[i].end > start:
            continue
        between = text[mentions[i].end : start]
        if i in taken or len(between) > NEAR or _SENTENCE.search(between) or _OTHERS.search(between):
            return None
        return i
    return None


def _is_about(name: str, family: str, period: int | None) -> bool:
    calls = re.findall(r"([a-z_]+)\(([^()]*)\)", name)
    if any(f == family and (period is None or str(period) in re.findall(r"\d+", inside)) for f, inside in calls):
        return True
    if family == "volume_ratio":
        return "volume" in name
    if family == "price":
        return name in ("price", "last close")
    if family in ("stop", "target"):
        return name.startswith((f"plan's {family}", f"filter's {family}"))
    others = _ELSEWHERE.get(family, ())
    return name == family or any(name == other or name.startswith(f"ta.{other}(") for other in others)


def _read(match: re.Match[str]) -> tuple[Number | None, Unit]:
    """A matched number and the unit its letters give; None for what is no number by itself: 15m, 3rd."""
    digits, suffix = match["digits"].rstrip(","), match["suffix"]
    unit: Unit = ""
    if suffix in ("k", "K"):
        unit = "thousand"
    elif suffix in ("x", "X", "R", "×"):
        unit = "ratio"
    elif suffix == "%":
        unit = "percent"
    elif suffix.lower() in ("s", "m", "h", "d", "w", "th", "st", "nd", "rd", "min", "bps", "am", "pm") or (
        suffix.isupper() and len(suffix) == 1
    ):
        return None, ""
    if "," in digits:
        if _GROUPED.fullmatch(digits):
            digits = digits.replace(",", "")
        elif all(len(part) < 3 for part in digits.split(",")):
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


def _unit(before: str, after: str, value: float) -> Unit:
    if not abs(value) < 1000:
        return ""
    if _ATR_AFTER.match(after):
        return "atr"
    if _PERCENT_AFTER.match(after):
        return "percent"
    if value < 100 and (_TIMES_AFTER.match(after) or _RATIO_BEFORE.search(before)):
        return "ratio"
    return ""
