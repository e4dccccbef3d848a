"""A condition that says again what the one before it said: "oversold (below 25)", "touches the EMA, I mean the low goes
to it but the close stays above", "squeeze: the band width hit its 100 candle low"."""

from __future__ import annotations

import re
from dataclasses import replace

from llm.phrasebook.meaning.types import (
    Between,
    Compare,
    Condition,
    Cross,
    Formula,
    Length,
    Operand,
    Pattern,
    Recent,
    Trend,
    leaves,
    on_interval,
    on_symbol,
    operands,
    within_operand,
)
from llm.phrasebook.operands.naming import family_of
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import AVERAGES, FAMILIES

_PLAIN = frozenset({"price", "close", "open", "high", "low", "number"})
_CANDLE = re.compile(r"\b(?:cdl|open|high|low)\b")
_OF_SYMBOL = re.compile(r'symbol\("\w+"\)\.')
_STREAK = re.compile(r"always\(.*, (\d+)\)$")
_EXTREME = re.compile(r"\b(?:highest|lowest)\(")
_TRENDS = frozenset({"adx", "supertrend", "psar", "ichimoku", "aroon"}) | set(AVERAGES)
_EXPLAINING = frozenset({"meaning", "(", ":"})


def is_name(condition: Condition) -> bool:
    """Whether a condition is the name of a candle ("a hammer"), said without a verb."""
    return isinstance(condition, Pattern) or (isinstance(condition, Formula) and "cdl." in condition.template)


def explains(r: Reader, first: int) -> str | None:
    """The sign or word before `first` that makes what follows an explanation of what stood before, None without one."""
    at = first - 1
    while at > 0 and r.tokens[at].text in ("the", "a", "that", "at", ","):
        at -= 1
    return r.tokens[at].text if at > 0 and r.tokens[at].text in _EXPLAINING else None


def said_better(last: Condition, found: Condition, how: str) -> Condition | None:
    """What `last` and its explanation `found` mean together, None where `found` is a condition of its own."""
    interval = next((o.interval for o in operands(last) if o.interval is not None), None)
    found = found if interval is None else on_interval(found, interval)
    symbol = next((o.symbol for o in operands(last) if o.symbol is not None), None)
    if symbol is not None and how == "(":
        found = on_symbol(found, symbol)
    if found == last or _implied(last, found):
        return last
    if symbol is not None and isinstance(last, Compare) and isinstance(found, Compare):
        found = replace(found, left=last.left) if _bare(last.left) == _bare(found.left) else found
    if how == "(":
        first, second = next(operands(last), None), next(operands(found), None)
        same = first is not None and second is not None and _bare(first) == _bare(second) and first.kind not in _PLAIN
        return found if same and not isinstance(last, Between) and _finer(last, found) else None
    if how == ":":
        parts = {type(leaf) for leaf in leaves(last)}
        candle = parts == {Pattern} or any(_CANDLE.search(text) for text in _templates(last))
        names = candle and parts <= {Pattern, Formula} and not any(True for _ in operands(last))
        wick = any("low" in text or "high" in text for text in _templates(found))
        same = bool(_kinds(last) & _kinds(found))
        return found if (names and wick) or (same and isinstance(found, Recent)) else None
    return found if _kinds(last) & _kinds(found) else None


def convention_of(notes: list[str]) -> str:
    """The note of what a vague name became ("“Uptrend” became: ..."), "" where none is among `notes`."""
    return next((note for note in notes if note.startswith("“") and " became: " in note), "")


def defined(r: Reader, note: str, found: Condition, how: str | None) -> bool:
    """Whether `found` says what a vague name before it means ("uptrend (price over the 50 SMA)"); the convention that
    `note` states of that name is then taken back."""
    name = note.lstrip("“").split("”")[0].split(" ")[0].lower()
    parts = [part for operand in operands(found) for part in within_operand(operand)]
    kinds = {part.kind for part in parts} - {"number"}
    families = {family_of(part) for part in parts} - {""}
    if how is None or not kinds or kinds & {"volume", "quote_volume", "trades"}:
        return False
    if name in ("uptrend", "downtrend", "strong", "sideways"):
        fits = how != ":" or bool(families & _TRENDS)
    elif name in ("breakout", "breakdown"):
        levels = any(kind.startswith(("highest", "lowest")) for kind in kinds)
        fits = levels or any(_EXTREME.search(part.template) for part in parts)
    elif name in ("oversold", "overbought"):
        fits = how != ":" and any(FAMILIES[family].levels is not None for family in families)
    else:
        fits = name == "squeeze" and bool(families & {"bbands", "keltner"})
    if fits:
        r.notes[:] = [known for known in r.notes if known != note]
    return fits


def placed_as(name: Condition, meaning: Condition) -> Condition:
    """The meaning of a vague name, on the interval and of the symbol that the name was said of."""
    interval = next((operand.interval for operand in operands(name) if operand.interval is not None), None)
    symbol = next((operand.symbol for operand in operands(name) if operand.symbol is not None), None)
    meaning = meaning if interval is None else on_interval(meaning, interval)
    return meaning if symbol is None else on_symbol(meaning, symbol)


def on_each(r: Reader, start: int, last: Condition | None, found: Condition) -> Condition:
    """ "Three higher closes, each of these candles on more volume than the one before": on all of those candles."""
    before = [token.text for token in r.tokens[max(start - 10, 0) : start + 1]]
    ends = [at for at, text in enumerate(before[:-1]) if text in (".", ";", ",")]
    before = before[ends[-1] + 1 :] if ends else before
    each = "each" in before and bool({"these", "those", "them"} & set(before[before.index("each") :]))
    if not each or last is None or isinstance(found, Recent):
        return found
    count: Length = 1
    if isinstance(last, Trend):
        count = last.steps
    elif isinstance(last, Recent) and last.every:
        count = last.length
    elif isinstance(last, Pattern) and last.args:
        count = last.args[0]
    elif isinstance(last, Formula) and (streak := _STREAK.match(last.template)):
        count = int(streak.group(1))
    if isinstance(found, Trend) and isinstance(count, int):
        uncounted = [note for note in r.notes if "has no count given" in note]
        r.notes[:] = [note for note in r.notes if note not in uncounted[-1:]]
        return replace(found, steps=count) if uncounted or found.steps == 1 else found
    return found if count == 1 else Recent(found, count, every=True)


def repeated(items: list[Condition], found: Condition) -> int | None:
    """Which of `items` says the same as `found` or less, so that one of them is enough; None where none does."""
    for at, item in enumerate(items):
        if item == found or comes_back(item, found):
            return at
        trend = _trend(item)
        longer = trend is not None and isinstance(found, Trend) and trend.steps <= found.steps
        if longer and trend is not None and found == replace(trend, steps=getattr(found, "steps", 0)):
            return at
    return None


def placed_like(known: Condition, found: Condition) -> Condition:
    """`found` on the interval of the condition that it stands for."""
    if isinstance(known, Cross | Compare) and isinstance(found, Cross) and found.left.interval is None:
        return replace(found, left=known.left, right=known.right) if comes_back(known, found) else found
    return found


def comes_back(first: Condition, second: Condition) -> bool:
    """ "Drops below 20 and then crosses back above 20": the second cross says the first."""
    if not isinstance(first, Cross | Compare) or not isinstance(second, Cross):
        return False
    beyond = {"up": ">", "down": "<"}.get(first.way) if isinstance(first, Cross) else first.op[0]
    interval = second.left.interval or first.left.interval
    sides = (replace(second.left, interval=interval), second.right) == (first.left, first.right)
    return sides and (second.way, beyond) in (("up", "<"), ("down", ">"))


def _trend(condition: Condition) -> Trend | None:
    """A trend, also where it is said as more than on the candle before."""
    if isinstance(condition, Trend):
        return condition
    if isinstance(condition, Compare) and condition.right == replace(condition.left, shift=condition.left.shift + 1):
        return Trend(condition.left, "up" if condition.op == ">" else "down", 1) if len(condition.op) == 1 else None
    return None


def _implied(last: Condition, found: Condition) -> bool:
    """ "Crosses up, meaning %K over %D": the cross says so already."""
    if (
        not isinstance(last, Cross)
        or not isinstance(found, Compare)
        or (last.left, last.right) != (found.left, found.right)
    ):
        return False
    return found.op[0] == {"up": ">", "down": "<"}.get(last.way)


def _finer(last: Condition, found: Condition) -> bool:
    return type(last) is type(found) or not isinstance(last, Cross)


def _bare(operand: Operand) -> Operand:
    template = _OF_SYMBOL.sub("", operand.template)
    return replace(operand, interval=None, symbol=None, factor=1.0, args=(), template=template, noun="", unit="")


def _kinds(condition: Condition) -> set[str]:
    """The indicators that a condition names, beside the price."""
    found = {part.kind for operand in operands(condition) for part in within_operand(operand)}
    return found - _PLAIN - {"formula"}


def _templates(condition: Condition) -> list[str]:
    found = [leaf.template for leaf in leaves(condition) if isinstance(leaf, Formula)]
    return found + [part.template for o in operands(condition) for part in within_operand(o)]
