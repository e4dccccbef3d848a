"""Clauses that people say in another way: a whole clause in, the usual words out.

The clause is as `screener.language.describe` makes it; what is not known here stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBER: Final = r"(\d+(?:\.\d+)?)"
_WEEKDAY: Final = r"the weekday \(Monday is 0\)((?: in [\w/+-]+)?)"


def idiom(clause: str) -> str:
    """The clause in the usual words."""
    if not clause.startswith("the "):
        return clause
    for pattern, write in _IDIOMS:
        found = pattern.fullmatch(clause)
        if found:
            return write(found) or clause
    return clause


def negated(clause: str) -> str:
    """The opposite of a clause, in as few words as it takes."""
    if clause.endswith(" is on"):
        return f"{clause[:-2]}off"
    if clause.startswith("the time is within "):
        return clause.replace("is within", "is not within", 1)
    for word, opposite in (("on at least one of", "on none of"), ("on each of", "not on each of")):
        head, found, tail = clause.rpartition(f" {word} ")
        # Only where the whole clause is about these candles.
        if found and " and " not in head and " or " not in head and not head.startswith(("either", "both", "one of")):
            return f"{head} {opposite} {tail}"
    return f"it is not true that {clause}"


def before(clause: str, count: str, candles: str) -> str:
    """A clause as of `count` candles ago."""
    window = re.search(r"of the last (\d+) ((?:\w+ )?candles)$", clause)
    if window and count == "one" and window[2] == f"{candles}s":
        return f"{clause[: window.start()]}of the {window[1]} {window[2]} before this one"
    return f"{count} {candles if count == 'one' else f'{candles}s'} ago {clause}"


def _top(found: re.Match[str]) -> str:
    """`market_percentile(x) >= 0.8`: in the top 20 %."""
    share = round((1 - float(found[3])) * 100, 6)
    return f"{found[2]} is in the top {share:g} % of {found[1]}" if 0 < share < 100 else ""


def _breadth(word: str) -> Callable[[re.Match[str]], str]:
    return lambda found: f"on {word} {round(float(found[3]) * 100, 6):g} % of {found[1]} {found[2]}"


def _days(first: int, last: int) -> str:
    if first > last or not 0 <= first <= 6 or not 0 <= last <= 6:
        return ""
    if first == last:
        return f"it is a {_DAYS[first]}"
    joint = "or" if last == first + 1 else "to"
    return f"it is {_DAYS[first]} {joint} {_DAYS[last]}"


def _weekday(first: Callable[[int], int], last: Callable[[int], int]) -> Callable[[re.Match[str]], str]:
    def write(found: re.Match[str]) -> str:
        day = float(found[2])
        said = _days(first(int(day)), last(int(day))) if day == int(day) else ""
        return said and f"{said}{found[1]}"

    return write


_IDIOMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern), write)
    for pattern, write in (
        (r"(the Supertrend\([^()]*\)) direction crosses above 0", lambda m: f"{m[1]} turns up"),
        (r"(the Supertrend\([^()]*\)) direction crosses below 0", lambda m: f"{m[1]} turns down"),
        (r"(the Supertrend\([^()]*\)) direction is above 0", lambda m: f"{m[1]} points up"),
        (r"(the Supertrend\([^()]*\)) direction is below 0", lambda m: f"{m[1]} points down"),
        (
            r"the rank of \(minus ([^()]+)\) among (all symbols) is at or below (\d+)",
            lambda m: f"{m[1]} is among the {m[3]} smallest of {m[2]}",
        ),
        (
            r"the rank of ([^()]+|\w+\([^()]*\)[^()]*) among (all symbols) is at or below (\d+)",
            lambda m: f"{m[1]} is among the {m[3]} largest of {m[2]}",
        ),
        (rf"the share of (all symbols) at or below (.+) is at or above {_NUMBER}", _top),
        (rf"the share of (all symbols) where (.+) is above {_NUMBER}", _breadth("more than")),
        (rf"the share of (all symbols) where (.+) is at or above {_NUMBER}", _breadth("at least")),
        (rf"the share of (all symbols) where (.+) is below {_NUMBER}", _breadth("less than")),
        (rf"the share of (all symbols) where (.+) is at or below {_NUMBER}", _breadth("at most")),
        (rf"{_WEEKDAY} equals {_NUMBER}", _weekday(lambda d: d, lambda d: d)),
        (rf"{_WEEKDAY} is below {_NUMBER}", _weekday(lambda d: 0, lambda d: d - 1)),
        (rf"{_WEEKDAY} is at or below {_NUMBER}", _weekday(lambda d: 0, lambda d: d)),
        (rf"{_WEEKDAY} is above {_NUMBER}", _weekday(lambda d: d + 1, lambda d: 6)),
        (rf"{_WEEKDAY} is at or above {_NUMBER}", _weekday(lambda d: d, lambda d: 6)),
    )
)
