"""Long or short, where the sentence says neither: which way its conditions point."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.english import short
from llm.phrasebook.meaning.types import Compare, Condition, Cross, Direction, Formula, Group, Operand, Pattern, Recent
from llm.phrasebook.sentences.sentence import Sentence
from llm.phrasebook.vocabulary.indicators import FAMILIES, OUTPUTS


def direction_of(read: Sentence, conditions: list[Condition], notes: list[str]) -> Direction:
    """The direction named, else the one all conditions point to; `notes` is told of the choice."""
    if read.direction is not None:
        return read.direction
    leanings = {lean for condition in conditions if (lean := _leaning(condition)) is not None}
    if leanings == {"short"}:
        notes.append("No direction was named: every condition points down, so short.")
        return "short"
    notes.append("No direction was named: long.")
    return "long"


def crossed_for(condition: Condition, direction: Direction, notes: list[str]) -> Condition:
    """A line's cross of its own signal that says no way, taken the way of the trade; `notes` is told of it."""
    match condition:
        case Cross(left=left, way="any", right=right) if _own_signal(left, right):
            way, said = ("up", "above") if direction == "long" else ("down", "below")
            notes.append(f"Which way {short(condition)} was not said: {said} it, for a {direction}.")
            return Cross(left, "up" if way == "up" else "down", right)
        case Recent():
            return replace(condition, inner=crossed_for(condition.inner, direction, notes))
        case Group():
            return replace(condition, items=tuple(crossed_for(item, direction, notes) for item in condition.items))
        case _:
            return condition


def _own_signal(left: Operand, right: Operand) -> bool:
    """Whether two lines are of one indicator: %K and %D, MACD and its signal."""
    first, second = OUTPUTS.get(left.kind), OUTPUTS.get(right.kind)
    return first is not None and second is not None and first.family == second.family and left.kind != right.kind


def _leaning(condition: Condition) -> Direction | None:
    """Which way a condition points, None where it points neither way."""
    match condition:
        case Cross(left=left, way=way, right=right):
            if way == "any":
                return None
            if _levels(left) is not None and right.kind == "number":
                return _oscillator(left, right, below=way == "down") or ("long" if way == "up" else "short")
            return "long" if way == "up" else "short" if way == "down" else None
        case Compare(left=left, op=op, right=right):
            below = op in ("<", "<=")
            if _levels(left) is not None:
                return _oscillator(left, right, below=below)
            if left.kind == "supertrend_dir":
                return "short" if below else "long"
            if right.factor != 1.0 or (left.kind, below) in (("low", True), ("high", False)):
                # A touch ("the low is at or below the VWAP") says where price came to, not where it goes;
                # "15% below its high" is a dip, not a downtrend.
                return None
            if right.kind in ("bb_lower", "bb_upper"):
                return "long" if below and right.kind == "bb_lower" else None
            if left.kind in ("volume", "change", "atr", "adx", "bb_width") or (
                right.kind == "number" and left.kind == "price"
            ):
                return None
            if right.kind in ("ema", "sma", "vwap", "macd_signal") or right.kind.startswith(("highest", "lowest")):
                return "short" if below else "long"
            return None
        case Pattern(name=name):
            return {"engulfing_down": "short", "engulfing_up": "long", "hammer": "long"}.get(name)  # type: ignore[return-value]
        case Formula(lean=lean):
            return lean
        case Recent(inner=inner):
            return _leaning(inner)
        case Group(items=items):
            leanings = {lean for item in items if (lean := _leaning(item)) is not None}
            return leanings.pop() if len(leanings) == 1 else None
        case _:
            return None


def _levels(operand: Operand) -> tuple[float, float] | None:
    """Where an oscillator is oversold and overbought, None for anything else."""
    output = OUTPUTS.get(operand.kind)
    return None if output is None else FAMILIES[output.family].levels


def _oscillator(left: Operand, right: Operand, *, below: bool) -> Direction | None:
    """Low values are bought and high ones sold; in the middle neither."""
    level = right.args[0] if right.kind == "number" else None
    levels = _levels(left)
    if not isinstance(level, int | float) or levels is None:
        return None
    low, high = levels
    if below and level <= low + 0.4 * (high - low):
        return "long"
    return "short" if not below and level >= high - 0.15 * (high - low) else None
