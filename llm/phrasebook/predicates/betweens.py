"""What lies between two values."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Between, Condition, Formula, Operand, number
from llm.phrasebook.operands.operand import price_like, read_operand
from llm.phrasebook.reading.reader import Reader


def read_between(r: Reader, left: Operand) -> Condition | None:
    """ "between 30 and 70", "between them", "in the 40 to 60 zone"."""
    if not r.take("between"):
        return _in_zone(r, left)
    pair = [side for side in r.pair if isinstance(side, Operand)]
    if len(pair) == 2 and r.word("them", "those", "these", "both", fill=False):
        return Formula("between({0}, min({1}, {2}), max({1}, {2}))", (left, *pair), brief="between both")
    low = read_operand(r, left)
    if low is None or not (r.word("and", "to", "-", "&")):
        return None
    high = read_operand(r, left)
    if high is None:
        return None
    if "number" in (low.kind, high.kind) and r.tokens[r.position - 1].kind == "percent" and price_like(left):
        return None
    if low.kind == high.kind == "number":
        first, second = sorted(
            (low, high), key=lambda o: float(o.args[0]) if isinstance(o.args[0], int | float) else 0.0
        )
        return Between(left, first, second)
    return Between(left, low, high)


def _in_zone(r: Reader, left: Operand) -> Condition | None:
    """ "in the 40 to 60 zone", "within 20-30", "from 40 to 60"."""
    ranging = r.word("from")
    if not ranging and not r.word("in", "within", "inside"):
        return None
    r.word("the", "a", fill=False)
    first = r.token("number", fill=False)
    joined = first is not None and r.word("to", "-", "and", fill=False)
    second = r.token("number", fill=False) if first is not None else None
    if first is None or second is None:
        return None
    zoned = r.word("range", "zone", "area", "band", "region", "territory", "corridor", fill=False)
    if (not zoned and not joined) or price_like(left) or first.value >= second.value:
        return None
    return Between(left, number(first.value), number(second.value))
