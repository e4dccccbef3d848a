"""Plain-English readings of programs and of their conditions' values.

1. `compose` joins the phrases of the results into sentences, at compile time, where the English is.
2. `explain_row` puts numbers into a condition: text, both sides, truth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from screener.ir import Condition, Program
from screener.language.describe import English

_PLACE = r"(the close|the open|the high|the low|the entry price|the (?:highest|lowest) \w+ since the entry)"
_DISTANCE = r"\d+(?:\.\d+)?|(?:\d+(?:\.\d+)? times )?[A-Z]+\(\d+\)"
_ENDINGS = (("exit", "Exit when"), ("stop", "Stop at"), ("target", "Target at"))


def compose(english: English, results: Mapping[str, int], parts: Sequence[int]) -> str:
    """The reading of a filter, one sentence per result. `parts` are the conjuncts of match, as nodes."""
    graph = english.graph
    clauses = [english.of(n) for n in dict.fromkeys(parts) if graph.value(n) is None]
    sentences = [_sentence(", and ".join(clauses))]
    for name, opening in _ENDINGS:
        if name in results:
            phrase = english.of(results[name])
            sentences.append(_sentence(f"{opening} {phrase if name == 'exit' else _away(phrase)}"))
    if "score" in results:
        sentences.append(_sentence(f"Ranked by {english.of(results['score'])}, largest first"))
    return " ".join(sentences)


def _away(price: str) -> str:
    """`0.98 times the close` as people say it: 2 % below the close; `the close plus ATR(14)`: ATR(14) above it."""
    if factor := re.fullmatch(rf"(\d+(?:\.\d+)?) times {_PLACE}", price):
        percent = round((float(factor[1]) - 1) * 100, 6)
        return f"{abs(percent):g} % {'above' if percent > 0 else 'below'} {factor[2]}"
    if apart := re.fullmatch(rf"{_PLACE} (plus|minus) \(?({_DISTANCE})\)?", price):
        return f"{apart[3]} {'above' if apart[2] == 'plus' else 'below'} {apart[1]}"
    return price


def _sentence(text: str) -> str:
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1]
    start = 1 if text.startswith("(") else 0
    return f"{text[:start]}{text[start : start + 1].upper()}{text[start + 1 :]}."


def reading(program: Program) -> str:
    """The filter in plain English."""
    return program.reading


def result_readings(program: Program) -> dict[str, str]:
    """The sentences of the reading that say how a trade ends, under "exit", "stop" and "target", of those that are."""
    found, rest = {}, program.reading
    for name, opening in reversed(_ENDINGS):
        if getattr(program, name) is not None:
            rest, begun, told = rest.rpartition(f". {opening} ")
            found[name] = f"{begun[2:]}{told}".partition(". Ranked by ")[0].rstrip(".")
    return dict(reversed(found.items()))


def condition_text(condition: Condition) -> str:
    """A condition under its name and text: `trend: close > ema(close, 200)`."""
    return condition.text if condition.name == condition.text else f"{condition.name}: {condition.text}"


@dataclass(frozen=True, slots=True)
class ExplainRow:
    """A condition on one symbol and candle. `value` is None where it is unknown."""

    name: str
    text: str
    left: float | None
    op: str | None
    right: float | None
    value: bool | None

    def __str__(self) -> str:
        truth = {True: "true", False: "false", None: "unknown"}[self.value]
        if self.op is None or self.op == "between":
            numbers = "" if self.left is None else f" [{self.left:.6g}]"
        else:
            left, right = ("unknown" if v is None else f"{v:.6g}" for v in (self.left, self.right))
            numbers = f" [{left} {self.op} {right}]"
        return f"{self.text}{numbers}: {truth}"


def explain_row(condition: Condition, left: float | None, right: float | None, value: bool | None) -> ExplainRow:
    """One condition with its values; a number that is unknown is None, also where it is not a number."""

    def known(number: float | None) -> float | None:
        return None if number is None or number != number else number

    return ExplainRow(condition.name, condition.text, known(left), condition.op, known(right), value)
