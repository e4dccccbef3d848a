"""A compiled filter in English, row by row, beside the words of the sentence that each row came from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from llm.checks.edits import Source as Text
from llm.generation.mapping import ENDINGS
from llm.schemas import Source
from screener import Program, result_readings
from screener.language.plan import used

Row = dict[str, str]

_CLAUSE: Final = re.compile(r"[,;:\n]|(?<!\d)\.|\.(?!\d)|\band\b|\bwith\b|\bwhile\b|&|\+", re.IGNORECASE)


def reading_rows(program: Program, sources: Sequence[Source] = (), sentence: str = "") -> list[Row]:
    """Each condition of a filter in English, then its exit, stop and target, with their intervals and, where known, the
    sentence's own words and the condition as the description has it.

    `kind` of a row is "condition", "exit", "stop" or "target".
    """
    found: dict[str, Source] = {}
    for source in sources:
        found.setdefault(source.name, source)
    rows = []
    for condition in program.conditions:
        known = found.get(condition.name)
        rows.append(
            {
                "kind": "condition",
                "text": condition.text,
                "reading": condition.reading,
                "interval": _intervals(program, condition.root),
                "words": known.words if known else "",
                "name": condition.name,
                "condition": known.condition if known else "",
            }
        )
    return [*rows, *_results(program, found, sentence)]


def _results(program: Program, found: dict[str, Source], sentence: str) -> list[Row]:
    """How a trade ends: the rows of exit, stop and target, where the filter has them."""
    readings = result_readings(program)
    if not readings:
        return []
    written = Text(program)
    rows = []
    for name, reading in readings.items():
        node = written.expressions.get(name)
        root = getattr(program, name)
        known = found.get(name)
        rows.append(
            {
                "kind": name,
                "text": "" if node is None else " ".join(written.said(node).split()),
                "reading": reading,
                "interval": _intervals(program, root),
                "words": (known.words if known else "") or words_of(name, sentence),
                "name": name,
                "condition": known.condition if known else "",
            }
        )
    return rows


def words_of(result: str, sentence: str) -> str:
    """The words of a sentence that speak of its "exit", "stop" or "target"; empty where none do."""
    pieces: list[tuple[int, int]] = []
    start = 0
    for cut in [*_CLAUSE.finditer(sentence), None]:
        pieces.append((start, cut.start() if cut else len(sentence)))
        start = cut.end() if cut else start
    for n, (start, end) in enumerate(pieces):
        if not ENDINGS[result].search(sentence, start, end):
            continue
        if result == "exit":
            # An exit may have several conditions; it ends where a stop or target is named.
            for _, later in pieces[n + 1 :]:
                if any(ENDINGS[other].search(sentence, end, later) for other in ("stop", "target")):
                    break
                end = later
        return sentence[start:end].strip(" ,;:.\n&+")[:400]
    return ""


def _intervals(program: Program, root: int) -> str:
    """`15m vs 4h`: the base and the other intervals of what a node is made of."""
    intervals = {program.nodes[number].interval for number in used(program.nodes, [root])}
    return " vs ".join([program.base, *sorted(i for i in intervals if i is not None and i != program.base)])
