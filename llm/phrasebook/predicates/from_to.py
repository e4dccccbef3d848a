"""From one side to the other: "drops from above 70 to below 70", "goes from below 30 to above 35 within 3 candles"."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Compare, Condition, Cross, Formula, Group, Operand, Recent
from llm.phrasebook.operands.operand import read_operand
from llm.phrasebook.predicates.units import comparable
from llm.phrasebook.reading.event_words import read_window_length
from llm.phrasebook.reading.reader import Reader


def read_from_to(r: Reader, left: Operand) -> Condition | None:
    """A cross of one value, or with two numbers: beyond the second now, and beyond the first a few candles before."""
    moved = any(r.take(name) is not None for name in ("move", "turn", "rising", "falling")) or r.word(
        "moves", "moved", "goes", "went", "comes", "crosses", "switches", "jumps", "changes", "shifts"
    )
    if not moved or not r.word("from", fill=False):
        return None
    first = r.take("compare", "<", ">", fill=False)
    start = read_operand(r, left) if first is not None else None
    second = r.take("compare", "<", ">") if first is not None and r.word("to") else None
    same = second is not None and start is not None and r.word("it", "that", fill=False)
    right = start if same else read_operand(r, left) if second is not None else None
    if right is None or first == second or not comparable(left, right):
        return None
    if start is not None and start != right:
        return _between_two(r, left, start, right, up=second == ">")
    return Cross(left, "up" if second == ">" else "down", right)


def _between_two(r: Reader, left: Operand, start: Operand, right: Operand, *, up: bool) -> Condition | None:
    if start.kind != "number" or right.kind != "number":
        return None
    was: Condition = Compare(left, "<", start) if up else Compare(left, ">", start)
    now = Compare(left, ">", right) if up else Compare(left, "<", right)
    mark = r.mark()
    length = read_window_length(r) if r.word("within", "in", "inside", "over", fill=False) else None
    if length is None:
        r.reset(mark)
        r.note("“From … to …” with no number of candles became: from the candle before to this one.")
        return Group("and", (Formula("({c0})[1]", parts=(was,), brief="candle before"), now))
    return Group("and", (Recent(was, length), now))
