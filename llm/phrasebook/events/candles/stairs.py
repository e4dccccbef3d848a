"""Closes, highs and lows that rise or fall from candle to candle."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Compare, Condition, Formula, Operand, Trend
from llm.phrasebook.reading.phrases import Found


def ago(m: Found) -> Condition | None:
    """ "the close is lower than 3 candles ago"."""
    count = m.values.get("count")
    field = m.word("field", "close")
    return (
        Compare(Operand(field), ">" if "up" in m else "<", Operand(field, shift=count))
        if isinstance(count, int)
        else None
    )


def risen(m: Found) -> Condition | None:
    """ "the close has risen 5 candles in a row"."""
    count = m.values.get("count")
    return Trend(Operand("close"), "up" if "up" in m else "down", count) if isinstance(count, int) else None


def _stairs(m: Found, *, fields: tuple[str, ...], up: bool) -> Condition | None:
    count = m.values.get("count", None)
    if "than" in m.text.split() and "ago" in [token.text for token in m.reader.tokens[m.reader.position :][:1]]:
        return None
    if "times" in m:
        count = int(m.number("times"))
    if count is None:
        single = any(m.text.split()[0] in ("higher", "lower") for _ in (0,)) and not m.text.rstrip().endswith("s")
        count = 1 if single else 2
        names = " and ".join(f"{'higher' if up else 'lower'} {field}s" for field in fields)
        if count == 2:
            m.note(f"“{names.capitalize()}” has no count given: 2 in a row.")
    if not isinstance(count, int):
        return None
    items = tuple(Trend(Operand(field), "up" if up else "down", count) for field in fields)
    if len(items) == 1:
        return items[0]
    return Formula("{c0} and {c1}", parts=items, brief=f"{count} {'higher' if up else 'lower'} highs and lows")


def stair_rule(field: str, *, up: bool) -> object:
    return lambda m: _stairs(m, fields=(field,), up=up)


def both_stairs(*, up: bool) -> object:
    return lambda m: _stairs(m, fields=("high", "low"), up=up)
