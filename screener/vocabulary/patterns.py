"""Every candlestick pattern of TA-Lib by a name in words, as formulas over the primitive operators.

Each equals TA-Lib's from its look-back on. The bullish side is where TA-Lib gives a positive number, the bearish side
where it gives a negative one, whatever its size: 80 (an engulfing or harami with one equal end) and 200 (a confirmed
hikkake) count as 100 does. A pattern of one side is true where TA-Lib gives anything but 0. The optional penetration
has TA-Lib's default. One rule differs: before its windows are full a pattern is unknown, where TA-Lib says 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from screener.vocabulary.patterns_measures import Pattern
from screener.vocabulary.patterns_more import MORE_PATTERNS
from screener.vocabulary.patterns_one import ONE
from screener.vocabulary.patterns_three import THREE
from screener.vocabulary.patterns_two import TWO

PATTERNS: Final[dict[str, Pattern]] = {p.name: p for p in (*ONE, *TWO, *THREE, *MORE_PATTERNS)}
"""Every pattern by name, as written behind `cdl.`."""


@dataclass(frozen=True, slots=True)
class PatternInfo:
    """A line of the catalogue: name behind `cdl.`, its sides (empty for a single one), meaning, TA-Lib's function."""

    name: str
    sides: tuple[str, ...]
    meaning: str
    talib: str

    @property
    def signature(self) -> str:
        """As written in a filter: `cdl.engulfing()`."""
        return f"cdl.{self.name}()"


def pattern_catalogue() -> list[PatternInfo]:
    """One line per pattern, in order of name."""
    return [PatternInfo(p.name, p.sides, p.meaning, p.talib) for _, p in sorted(PATTERNS.items())]


def pattern_rows() -> list[tuple[str, str, str]]:
    """Rows of the documentation's table, in Markdown: how it is written, its sides, what it means."""
    return [(f"`{p.signature}`", " ".join(f"`.{side}`" for side in p.sides), p.meaning) for p in pattern_catalogue()]


__all__ = ["PATTERNS", "Pattern", "PatternInfo", "pattern_catalogue", "pattern_rows"]
