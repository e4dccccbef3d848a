"""Plain comparisons of a sentence ("RSI below 30", "the 20 EMA over the 50 EMA") that the program has not, or turned
round.

Only what is said without a doubt is looked at: an indicator or the price, a word for above or below, and a number or
another indicator, with no "not" and no other comparison between them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from llm.checks.pieces import Piece, pieces
from llm.checks.shapes import Unused
from llm.checks.syntax import compared, constant, definitions
from llm.checks.words import named_at

_UP: Final = frozenset(("above", "over", ">", ">=", "exceeds", "tops", "higher", "greater", "obove"))
_DOWN: Final = frozenset(("below", "under", "beneath", "<", "<=", "lower", "less"))
_THAN: Final = frozenset(("higher", "greater", "lower", "less"))
_NOT: Final = frozenset(
    ("not", "no", "never", "without", "unless", "except", "neither", "nor", "isn't", "doesn't", "hasn't")
)
_JOINTS: Final = frozenset((",", ";", ".", ":", "/", "+", "|", "&", "and", "or", "while", "but", "when", "if", "with"))
_WAYS: Final = frozenset(("from", "to"))
_BREAKS: Final = _NOT | _JOINTS | frozenset(("between", "than", "by", "both", "all"))
_COUNTED: Final = frozenset("times x percent % period periods day days bar bars candle candles hours -".split())
_SKIPPED: Final = frozenset("the its own a an that level of line chart value upper lower middle period".split())
_PRICE: Final = frozenset(("price", "close", "px", "closes"))
_FIELDS: Final = frozenset(("close", "open", "high", "low", "hl2", "hlc3", "ohlc4"))
_REACH: Final = 5


@dataclass
class Side:
    """One side of a comparison: the words in it, those outside of indicators' calls, and its numbers."""

    words: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    numbers: set[float] = field(default_factory=set)


@dataclass(frozen=True)
class _Operand:
    """What a sentence compares: words of the language of which one is meant, or the price, and a number."""

    names: frozenset[str]
    number: float | None
    start: int
    end: int

    def fits(self, side: Side) -> bool:
        """Whether a side of a comparison may be this."""
        if self.names == _FIELDS and not self.names & side.outside:
            return False
        if self.names and not self.names & side.words:
            return False
        return self.number is None or any(abs(self.number - n) < 1e-9 for n in side.numbers)


def comparisons(code: str, now: bool = False) -> list[tuple[Side, Side]]:
    """Every comparison of a program: what is below, what is above. With `now`, none of the candle before, which a cross
    written out has."""
    given = definitions(ast.parse(code))
    found: list[tuple[Side, Side]] = []
    for comparison in (c for root in given.values() for node in ast.walk(root) for c in compared(node)):
        sides = comparison.below_and_above
        if sides is None or (now and any(isinstance(side, ast.Subscript) for side in sides)):
            continue
        found.append((_side(sides[0], given), _side(sides[1], given)))
    return found


def _side(node: ast.expr, given: dict[str, ast.expr]) -> Side:
    found = Side()
    waiting: list[tuple[ast.AST, bool]] = [(node, False)]
    opened: set[str] = set()
    while waiting:
        top, inside = waiting.pop()
        if isinstance(top, ast.Name):
            if top.id in given and top.id not in opened:
                opened.add(top.id)
                waiting.append((given[top.id], inside))
            found.words.add(top.id)
            if not inside:
                found.outside.add(top.id)
        elif isinstance(top, ast.Attribute):
            found.words.add(top.attr)
            if not inside:
                found.outside.add(top.attr)
        elif isinstance(top, ast.Constant) and isinstance(top.value, int | float):
            found.numbers.add(float(top.value))
        elif isinstance(top, ast.UnaryOp) and (value := constant(top)) is not None:
            found.numbers.add(value)
        deeper = inside or isinstance(top, ast.Call)
        waiting.extend((child, deeper) for child in ast.iter_child_nodes(top))
    return found


def relations(sentence: str, text: str, sides: Sequence[tuple[Side, Side]]) -> Iterator[Unused]:
    """Comparisons of `sentence` (`text` in lower case) that are not among `sides`, or only turned round."""
    said = pieces(text)
    words = [piece.text for piece in said]
    for place, word in enumerate(words):
        if (word not in _UP and word not in _DOWN) or words[max(0, place - 1)] in _WAYS:
            continue
        left = _before(words, said, place)
        right = _after(words, said, place)
        if left is None or right is None:
            continue
        low, high = (right, left) if word in _UP else (left, right)
        if not any(low.fits(below) and high.fits(above) for below, above in sides):
            start, end = left.start, right.end
            yield Unused(kind="condition", words=sentence[start:end], start=start, end=end)


def _before(words: Sequence[str], said: Sequence[Piece], place: int) -> _Operand | None:
    """The operand before a word for above or below; None where it is not plain."""
    first = place
    while first > 0 and place - first < _REACH + 4 and words[first - 1] not in _BREAKS | _UP | _DOWN:
        first -= 1
    if any(word.endswith("n't") or word in _NOT for word in words[max(0, first - 4) : place]):
        return None
    # "5 % below the high": how far, not a comparison.
    if (first > 0 and words[first - 1] == "by") or re.fullmatch(
        r".*(?:\d|%|percent)", words[place - 1] if place else ""
    ):
        return None
    found = _operands(words, said, first, place)
    # "3 ATR above the 20 EMA" is a distance too.
    if len(found) != 1 or ("atr" in found[0].names and found[0].number is not None):
        return None
    return found[0]


def _after(words: Sequence[str], said: Sequence[Piece], place: int) -> _Operand | None:
    first = place + 1
    if words[place] in _THAN:
        if first >= len(words) or words[first] != "than":
            return None
        first += 1
    if first < len(words) and words[first] == "=":
        first += 1
    last = first
    while last < len(words) and last - first < 2 * _REACH and words[last] not in _BREAKS | _UP | _DOWN:
        last += 1
    found = _operands(words, said, first, last)
    if found:
        # "its 20-period average of RSI": what comes first is what is meant, and only if nothing else comes before.
        before = words[first : next(i for i in range(first, last) if said[i].end >= found[0].start)]
        plain = all(word in _SKIPPED or word == "-" or _number(word) is not None for word in before)
        return found[0] if plain and len(found) == 1 else None
    while first < last and words[first] in _SKIPPED:
        first += 1
    value = _number(words[first]) if first < last else None
    follows = words[first + 1] if first + 1 < len(words) else ""
    if value is None or follows in _UP | _DOWN or follows in _COUNTED:
        return None
    return _Operand(frozenset(), value, said[first].start, said[first].end)


def _operands(words: Sequence[str], said: Sequence[Piece], first: int, last: int) -> list[_Operand]:
    """Indicators and prices among these words, each with the number that stands by it."""
    found: list[_Operand] = []
    place = first
    while place < last:
        phrase, names = named_at(words[:last], place)
        if phrase and "breadth" in names:
            # How much of the market is no value of a chart.
            return []
        if phrase and not any(name.startswith("cdl.") for name in names):
            number, begin, end = _length(words, first, place, place + len(phrase))
            found.append(_Operand(names, number, said[begin].start, said[end - 1].end))
            place = end
        elif words[place] in _PRICE:
            found.append(_Operand(_FIELDS, None, said[place].start, said[place].end))
            place += 1
        else:
            place += 1
    return _joined(found)


def _joined(found: Sequence[_Operand]) -> list[_Operand]:
    """Operands one after the other are one: "price closes", "the stochastic %K"."""
    joined: list[_Operand] = []
    for operand in found:
        last = joined[-1] if joined else None
        if last is not None and operand.start - last.end <= 1 and operand.number is None:
            names = last.names if last.names == _FIELDS else last.names | operand.names
            joined[-1] = _Operand(names, last.number, last.start, operand.end)
        else:
            joined.append(operand)
    return joined


def _length(words: Sequence[str], first: int, place: int, end: int) -> tuple[float | None, int, int]:
    """The number by an indicator's name, "20 EMA", "14-period RSI", "RSI(14)": it, and where both begin and end."""
    if end + 2 < len(words) and words[end] == "(" and words[end + 2] == ")" and (value := _number(words[end + 1])):
        return value, place, end + 3
    back = place - 1
    while back >= first and words[back] in ("-", "period", "bar", "candle", "day", "exponential", "simple", "moving"):
        back -= 1
    value = _number(words[back]) if back >= first else None
    return (value, back, end) if value is not None else (None, place, end)


def _number(word: str) -> float | None:
    if word == "zero":
        return 0.0
    return float(word.replace(",", "")) if re.fullmatch(r"-?\d+(?:,\d{3})*(?:\.\d+)?", word) else None
