"""Claims that are the same but for what an indicator is of, how it averages, or the candle that is looked at.

`ta.rsi(open, 14) < 30` for `ta.rsi(close, 14) < 30`, the highest volume for its average, the candle before for this
one. Each is let pass where words of the sentence may mean it, or leave it open.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from llm.checks.claims import Claim
from llm.checks.syntax import called, constant

Kind = Literal["field", "average", "candle"]
_T = TypeVar("_T")

PRICES: Final = frozenset("open high low close hl2 hlc3 ohlc4".split())
VOLUMES: Final = frozenset("volume quote_volume trades buy_volume sell_volume volume_delta".split())
_AVERAGES: Final = frozenset("sma ema wma rma hma dema tema kama vwma t3 alma zlma".split())
_EXTREMES: Final = frozenset(("highest", "lowest"))
_TOUCHED: Final = (
    r"|\bwick|\btouch|\btag|\bhit|\breach|\bpok|\bspik|\bpierc|\bbreak|\bbroke|\brange\b|\btrad(?:e|es|ing)\b"
)
_WORDS: Final = {
    "open": r"\bopen|\bbod(?:y|ies)\b|\bgap|\bcandle|\bbar\b",
    "high": rf"\bhighs?\b{_TOUCHED}",
    "low": rf"\blows?\b{_TOUCHED}",
    "hl2": r"\bhl2\b|\bmedian\b|\bmid",
    "hlc3": r"\bhlc3\b|\btypical\b",
    "ohlc4": r"\bohlc4\b|\bheikin|\baverage price",
    "quote_volume": r"[$€£]|\bdollar|\busd|\bquote\b|\bturnover\b|\bnotional\b|\bmil|\d\s?[mk]\b|\bvalue\b|\bmoney\b",
    "trades": r"\btrades\b|\bnumber of\b",
    "buy_volume": r"\bbuy|\btaker|\bbought",
    "sell_volume": r"\bsell|\btaker|\bsold",
    "volume_delta": r"\bdelta\b|\bbuy|\bsell|\btaker",
}
_SAID: Final = {name: re.compile(words, re.IGNORECASE) for name, words in _WORDS.items()}
_LEVEL: Final = re.compile(r"\b(?:highest|lowest)\s+(?:high|low)s?\b|\b(?:highest|lowest)\b", re.IGNORECASE)
_CLOSES: Final = re.compile(r"\bclos(?:e|es|ed|ing)\b", re.IGNORECASE)
_BEFORE: Final = re.compile(
    r"\b(?:previous|prior|last(?! \d)|ago|before|preceding|yesterday|earlier|then|after\w*|was|were|had|been|since|"
    r"follow\w*|next|confirm\w*|retest\w*|first|just|back|again|in a row)\b|\[\d",
    re.IGNORECASE,
)
_AVERAGE: Final = re.compile(r"\b(?:averages?|avg|means?|mas?)\b", re.IGNORECASE)
_KIND: Final = re.compile(
    r"\b(?:e|s|w|r|h|vw|k|de|te)mas?\b|\bexponential|\bsimple|\bweighted|\bsmoothed", re.IGNORECASE
)


@dataclass
class _Plain(ast.NodeTransformer):
    """An expression without fields, averages and shifts; they are noted, a field with whether it stands in a call."""

    fields: list[tuple[str, bool]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    shift: float = 0
    _inside: bool = False

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A field as any field."""
        return self._noted(node, node.id, ast.Name("field", ast.Load()))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """A field of another interval or symbol as any of them."""
        if isinstance(node.value, ast.Name) and node.value.id == "ticker":
            return node
        other = ast.Attribute(self.visit(node.value), "field", ast.Load())
        return self._noted(ast.Attribute(other.value, node.attr, ast.Load()), node.attr, other)

    def _noted(self, node: ast.expr, name: str, plain: ast.expr) -> ast.expr:
        if name not in PRICES | VOLUMES:
            return node
        self.fields.append((name, self._inside))
        return plain

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """A value of a candle before as that of this candle; which candle a level begins on is said in many ways."""
        shift = constant(node.slice)
        level = isinstance(node.value, ast.Call) and called(node.value) in _EXTREMES
        self.shift += 0 if shift is None or level or self._inside else shift
        plain = self.visit(node.value)
        assert isinstance(plain, ast.expr)
        return plain

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """An average or an extreme as any value over candles."""
        func, name = node.func, called(node)
        if name in _AVERAGES | _EXTREMES:
            self.kinds.append(name)
            of = ast.unparse(func.value) if isinstance(func, ast.Attribute) else "ta"
            func = ast.Attribute(ast.Name(of, ast.Load()), "over", ast.Load())
        outer, self._inside = self._inside, True
        args = [self.visit(arg) for arg in node.args]
        self._inside = outer
        return ast.Call(func, args, node.keywords)


def other_source(claim: Claim, other: Claim, words: str, around: str) -> Kind | None:
    """In what two claims differ that are the same but for that, where `words` (with some letters `around` them) can
    mean only the first."""
    one, two = _shapes(claim), _shapes(other)
    if one is None or two is None or one[1] != two[1] or claim.kind != other.kind:
        return None
    asked, said = one[0], two[0]
    fields = list(_unlike(asked.fields, said.fields))
    if any(_other_field(a, b, inside, words) for (a, inside), (b, _) in fields):
        return "field"
    of_volume = any(name in VOLUMES for name, _ in asked.fields)
    if any(_other_average(a, b, of_volume, words) for a, b in _unlike(asked.kinds, said.kinds)):
        return "average"
    if not fields and said.shift > asked.shift and not _BEFORE.search(around):
        return "candle"
    return None


def names_field(sentence: str, name: str) -> bool:
    """Whether a sentence has a word that may mean a field of the candle."""
    said = _SAID.get(name)
    return said is None or said.search(sentence) is not None


def _shapes(claim: Claim) -> tuple[_Plain, tuple[str, str]] | None:
    if claim.low is None or claim.high is None:
        return None
    plain = _Plain()
    low, high = (
        ast.unparse(plain.visit(ast.parse(ast.unparse(side), mode="eval").body)) for side in (claim.low, claim.high)
    )
    return plain, (low, high)


def _unlike(one: Sequence[_T], two: Sequence[_T]) -> Iterator[tuple[_T, _T]]:
    return ((a, b) for a, b in zip(one, two, strict=False) if a != b)


def _other_field(asked: str, said: str, inside: bool, words: str) -> bool:
    """Whether no word may mean the field that is looked at."""
    if (asked in PRICES) != (said in PRICES):
        return True
    if asked == "close" and said in ("high", "low") and not inside:
        # The highest high is a level; of it nothing follows for what breaks it.
        rest = _LEVEL.sub(" ", words)
        return _CLOSES.search(rest) is not None and _SAID[said].search(rest) is None
    return not names_field(words, said)


def _other_average(asked: str, said: str, of_volume: bool, words: str) -> bool:
    """Whether another average than the one said, or than the simple one that is usual for volume and golden crosses."""
    if (asked in _EXTREMES) != (said in _EXTREMES):
        return True
    if asked in _EXTREMES or _KIND.search(words):
        return asked not in _EXTREMES
    return of_volume or _AVERAGE.search(words) is None
