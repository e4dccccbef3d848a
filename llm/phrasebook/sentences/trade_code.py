"""Stops and targets as expressions of the filter, written for the direction of the trade."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.code import operand_code, quantity
from llm.phrasebook.meaning.types import Compare, Direction, Operand, counted, number
from llm.phrasebook.sentences.trade import Exits, Level


def stop_code(level: Level, direction: Direction, base: str) -> str:
    """The expression of a stop."""
    return _code(level, base, "-" if direction == "long" else "+", "highest" if direction == "long" else "lowest")


def target_code(exits: Exits, direction: Direction, base: str) -> str | None:
    """The expression of the target, None where it is a multiple of a stop that was not given."""
    level = exits.target
    if level is None:
        return None
    if level.kind == "risk":
        stop = exits.stop
        if stop is None:
            return None
        if stop.kind == "price":
            level_code = stop_code(replace(stop, trailing=False), direction, base)
            risk = f"close - ({level_code})" if " " in level_code else f"close - {level_code}"
            return f"close + {quantity(level.value)} * ({risk})"
        level = replace(stop, value=round(stop.value * level.value, 8), trailing=False)
    return _code(level, base, "+" if direction == "long" else "-", "highest")


def _code(level: Level, base: str, sign: str, best: str) -> str:
    if level.kind == "price" and level.price is not None:
        return operand_code(level_price(level.price, base), base)
    if level.kind == "percent":
        factor = quantity(round(1 + (1 if sign == "+" else -1) * level.value / 100, 8))
        return f"trade.{best}(close) * {factor}" if level.trailing else f"close * {factor}"
    text = f"close {sign} {quantity(level.value)} * ta.atr({level.length})"
    return f"trade.{best}({text})" if level.trailing else text


def level_price(operand: Operand, base: str) -> Operand:
    """A level's price with its times counted in candles of `base`."""
    condition = counted(Compare(operand, ">", number(0)), base)
    assert isinstance(condition, Compare)
    return condition.left
