"""The indicators that a text names, in whatever spelling, with their periods."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analysis.known import Known

_CALL: Final = re.compile(r"(?P<ta>ta\.)?(?P<family>[a-z_]+)\((?P<inside>[^()]*)\)(?:\.(?P<output>[a-z_]+))?")
WORDS: Final[Mapping[str, str]] = {
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
    + "|".join(f"(?P<{family}>{words})" for family, words in WORDS.items())
    + r")(?![A-Za-z_])(?:[ -]?\(?(?P<after>\d{1,3})\)?(?![\d.,%]*\d|%))?",
    re.I,
)
_PARAMETERS: Final = re.compile(
    r"(?<![A-Za-z_])(?:"
    + "|".join(f"(?P<{family}>{words})" for family, words in WORDS.items())
    + r")(?: ?\((?P<listed>\d{1,3}(?:, ?\d{1,3}(?:\.\d)?)+)\)|[ -]?(?P<slashed>\d{1,3}(?:/\d{1,3})+))(?![\d.,%/])",
    re.I,
)
MEASURED: Final = frozenset(
    {"rsi", "adx", "macd", "stoch", "mfi", "cci", "roc", "natr", "chop", "volume_ratio", "breadth", "volatility"}
)
"""Indicators that are no prices: a whole number that they are said to be above or below is a threshold."""
_TIMELESS: Final = frozenset({"atr", "natr", "volume_ratio", "breadth", "spread", "volatility", "vwap"})
"""What a number beside is no period of, where it is as large as a price."""
MOST_WIDTHS: Final = 5
"""Parameters after the first that are no periods are widths, of so many deviations or ranges at most."""
USUAL: Final = 14
"""The period of an average range, which is no price beside its name."""
_CALLED_BY_NAME: Final = frozenset({*WORDS, "wma", "hma", "highest", "lowest"})
PERIODS: Final = frozenset({5, 7, 9, 10, 12, 14, 20, 21, 26, 34, 50, 55, 89, 100, 144, 200})


@dataclass(frozen=True, slots=True)
class Mention:
    """An indicator that a text names, its period where it is said, and where its name ends."""

    family: str
    period: int | None
    end: int


def mentions_in(text: str, known: Known) -> tuple[list[Mention], str]:
    """Where indicators are named, and the text with their names and periods blanked out."""
    found: list[Mention] = []
    blank = list(text)

    def take(start: int, end: int, family: str, period: int | None) -> None:
        found.append(Mention(family, period, end))
        blank[start:end] = " " * (end - start)

    def period_of(number: str) -> bool:
        return int(number) in known.periods

    for call in _CALL.finditer(text):
        if not call["ta"] and call["inside"].isdigit() and not period_of(call["inside"]):
            # "RSI(12)" gives a value, where no RSI of 12 candles is known.
            continue
        if re.search(r"\d\.\d|\d{4}", call["inside"]) or not (call["ta"] or call["family"] in _CALLED_BY_NAME):
            # Not parameters: prices. Or no indicator: a word with an aside.
            continue
        periods = [int(n) for n in re.findall(r"(?<![\w.])\d{1,4}(?![\w.])", call["inside"])]
        take(call.start(), call.end(), call["family"], periods[0] if periods else None)
    for several in _PARAMETERS.finditer("".join(blank)):
        # "Bollinger (20, 2)", "EMA20/50/200": usual parameters, and the first of them.
        numbers = re.split("[,/] ?", several["listed"] or several["slashed"])
        if all(
            float(n) in PERIODS or (several["listed"] and i and float(n) <= MOST_WIDTHS) for i, n in enumerate(numbers)
        ):
            take(several.start(), several.end(), next(f for f in WORDS if several[f]), int(numbers[0]))
    for named in _NAMED.finditer("".join(blank)):
        family = named.lastgroup if named.lastgroup in WORDS else None
        family = family or next(f for f in WORDS if named[f])
        start, end = named.start(), named.end()
        period = named["after"] or named["before"]
        aside = "(" in named[0]
        value = named["after"] and _is_value(family, int(named["after"]), known)
        if (value and not aside and " " in named[0]) or (aside and named["after"] and not period_of(named["after"])):
            # "RSI 28" gives a value; "EMA 50" a period.
            end, period = named.start("after"), named["before"]
        if named["before"] and (family == "atr" or _is_value(family, int(named["before"]), known)):
            # "2 ATR" is a distance, "28 RSI" a value: a number, and what it is of.
            start = named.start(family)
            period = named["after"]
        if family == "atr" and re.search(r"\d\s*(?:x\s*)?$", text[:start]):
            continue
        take(start, end, family, int(period) if period else None)
    return sorted(found, key=lambda m: m.end), "".join(blank)


def _is_value(family: str, number: int, known: Known) -> bool:
    """Whether a number beside an indicator's name is its value, or a price, and no period."""
    return number not in PERIODS or (
        family in _TIMELESS and known.near(number) and not (number == USUAL and family in ("atr", "natr"))
    )
