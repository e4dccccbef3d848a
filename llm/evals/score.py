"""Scores of a translation by what its program does on a market.

1. `Ground` runs programs on a market; this package may not touch the engine, so `app.evaluation` brings it.
2. `Scorer` compares each program with its case's reference: the symbol-candles on which it matches, the signals it
   gives, and what it does with trades opened by the reference.
3. The rest is read off program and case: interval, direction, numbers, invented indicators, what was told.

A program on another interval than the reference's screens other candles, so it agrees on nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from llm.evals.dataset import Case, DatasetError, missing_numbers
from llm.schemas import Direction
from screener import CannotSpell, FilterError, Program, canonical_source, compile_filter

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

RIGHT: Final = 0.9
"""Agreement from which a program counts as right."""
MAX_TRADES: Final = 24

_INDICATOR: Final = re.compile(r"(?<![\w.])(?:ta|cdl)\.(\w+)")
_WORD: Final = re.compile(r"\w+")
_COMMON: Final = (
    "a an and any are as at be but by for from get go has have if in into is it its me my no not of on or our so some "
    "than that the their them then there this to up us was we when which while who will with you"
)
_SMALL: Final = frozenset(_COMMON.split())


class Matches(NamedTuple):
    """What a program did: both `[candles, symbols]`; `edges` are the candles on which it began to match."""

    match: Bools
    edges: Bools


class TradeResults(NamedTuple):
    """`exit` true, and the prices `stop` and `target`, each `[candles, trades]`; None where the program has none."""

    exit: Bools | None
    stop: Floats | None
    target: Floats | None


class Ground(Protocol):
    """A market on which programs are run."""

    name: str
    """Changes with the candles."""

    def has(self, base: str) -> bool:
        """Whether the market has candles of this interval."""
        ...

    def matches(self, program: Program) -> Matches:
        """What the program does on its base, which the market has."""
        ...

    def trades(self, program: Program, entries: Sequence[tuple[int, int]]) -> TradeResults:
        """What the program does with trades opened at these (candle, symbol) indices of `matches`."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a translator made of a sentence; `code` is None where it made no program, and `reason` says why."""

    code: str | None
    interval: str
    direction: Direction
    not_understood: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    reason: str = ""
    attempts: int = 1
    first_try: bool = True
    """The first draft compiled."""


class Scored(NamedTuple):
    """A case's figures, and what is shown of it."""

    score: float
    measures: dict[str, float]
    output: dict[str, Any]


class Scorer:
    """Scores answers to the cases of one dataset.

    Raises DatasetError at once where a reference does not compile for `symbols`.
    """

    def __init__(self, cases: Iterable[Case], symbols: Sequence[str], ground: Ground, real: Ground | None = None):
        self._symbols = tuple(symbols)
        self._ground = ground
        self._real = real
        self._references = {case.id: self._reference(case) for case in cases}

    @property
    def market(self) -> str:
        """Names the candles behind the figures."""
        return self._ground.name if self._real is None else f"{self._ground.name}, {self._real.name}"

    def score(self, case: Case, answer: Answer) -> Scored:
        """The case's figures; those that say nothing about it are left out."""
        reference = self._references[case.id]
        made, problem = self._compiled(answer)
        output = {
            "code": answer.code,
            "interval": answer.interval,
            "direction": answer.direction,
            "not_understood": list(answer.not_understood),
            "assumptions": list(answer.assumptions),
            "reason": problem or answer.reason,
        }
        measures: dict[str, float] = {}
        if reference is None:
            agreement = float(answer.code is None)
            measures["refused"] = agreement
        else:
            measures["compiled"] = float(made is not None)
            agreement = self._agreement(case, reference, made, answer, measures)
        told = told_share(case.not_expressible, answer.not_understood)
        if made is not None and case.not_expressible:
            measures["told"] = told
        if made is not None:
            extra = invented(made, reference, case.sentence) if agreement < RIGHT else ()
            measures["invented"] = float(bool(extra))
            output["invented"] = list(extra)
        measures["right"] = float(agreement >= RIGHT)
        measures["silent"] = float(made is not None and agreement < RIGHT and not answer.not_understood)
        if made is not None:
            measures["first_try"] = float(answer.first_try)
        return Scored(agreement, measures, output)

    def _agreement(
        self, case: Case, reference: Program, made: Program | None, answer: Answer, measures: dict[str, float]
    ) -> float:
        """The measures of a program beside its reference; the agreement of their matches."""
        ends = _results(reference) | (_results(made) if made is not None else set())
        recorded = self._recorded(reference)
        measures |= {"f1": 0.0, "signals": 0.0, "same": 0.0}
        measures |= ({"real_f1": 0.0} if recorded is not None else {}) | ({"exits": 0.0} if ends else {})
        if made is None:
            return 0.0
        measures["interval"] = float(answer.interval == case.interval)
        if case.interval_named:
            measures["named_interval"] = measures["interval"]
        measures["direction"] = float(answer.direction == case.direction)
        measures["same"] = float(made.hash == reference.hash)
        lost = [] if measures["same"] else missing_numbers(case.numbers, _text(made))
        said = {float(n) for n in re.findall(r"\d+(?:\.\d+)?", " ".join(answer.not_understood))}
        measures["lost_number"] = float(any(n not in said for n in lost))
        if made.base != reference.base:
            return 0.0
        if measures["same"]:
            measures |= {name: 1.0 for name in ("f1", "signals", "real_f1", "exits") if name in measures}
            return 1.0
        wanted, found = self._ground.matches(reference), self._ground.matches(made)
        measures["f1"], measures["signals"] = f1(wanted.match, found.match), f1(wanted.edges, found.edges)
        if ends:
            measures["exits"] = self._ends(reference, made, wanted, ends)
        if recorded is not None and self._real is not None:
            measures["real_f1"] = f1(recorded, self._real.matches(made).match)
        return measures["f1"]

    def _recorded(self, reference: Program) -> Bools | None:
        """The reference's matches on recorded candles; None where there are none to agree on."""
        if self._real is None or not self._real.has(reference.base):
            return None
        found = self._real.matches(reference).match
        return found if found.any() else None

    def _ends(self, reference: Program, made: Program, wanted: Matches, names: set[str]) -> float:
        """How alike both programs end the trades that the reference opens, over the results that either has."""
        cells = np.argwhere(wanted.edges)
        cells = cells[:: max(1, len(cells) // MAX_TRADES)][:MAX_TRADES]
        entries = [(int(row), int(column)) for row, column in cells]
        left, right = self._ground.trades(reference, entries), self._ground.trades(made, entries)
        return float(np.mean([_alike(getattr(left, name), getattr(right, name)) for name in sorted(names)]))

    def _compiled(self, answer: Answer) -> tuple[Program | None, str]:
        if answer.code is None:
            return None, ""
        try:
            return compile_filter(answer.code, answer.interval, self._symbols), ""
        except FilterError as error:
            return None, str(error.diagnostics[0])

    def _reference(self, case: Case) -> Program | None:
        if case.filter is None:
            return None
        try:
            return compile_filter(case.filter, case.interval, self._symbols)
        except FilterError as error:
            raise DatasetError(f"case {case.id}: the reference does not compile: {error.diagnostics[0]}") from error


def f1(wanted: Bools, found: Bools) -> float:
    """Twice the common cells over both sets' cells; 1 where both are empty."""
    both, either = int((wanted & found).sum()), int(wanted.sum()) + int(found.sum())
    return 2 * both / either if either else 1.0


def invented(made: Program, reference: Program | None, sentence: str) -> tuple[str, ...]:
    """Indicators and patterns of a program that neither the reference nor the sentence names."""
    squeezed = re.sub(r"[^a-z0-9]", "", sentence.casefold())
    known = set(_INDICATOR.findall(_text(reference))) if reference is not None else set()
    names = dict.fromkeys(_INDICATOR.findall(_text(made)))
    return tuple(n for n in names if n not in known and n.replace("_", "") not in squeezed)


def told_share(phrases: Sequence[str], told: Sequence[str]) -> float:
    """Of the phrases that the language cannot say, the share of which at least half the words were told; 1 for none."""
    said = {word for line in told for word in _words(line)}
    shares = [len(words & said) / len(words) for phrase in phrases if (words := _words(phrase))]
    return sum(share >= 0.5 for share in shares) / len(shares) if shares else 1.0


def _words(text: str) -> set[str]:
    words = set(_WORD.findall(text.casefold()))
    return words - _SMALL or words


def _text(program: Program) -> str:
    """The program in its one spelling, with every default written out, where it has one; and as it was written."""
    try:
        return f"{program.source}\n{canonical_source(program)}"
    except CannotSpell:
        return program.source


def _results(program: Program) -> set[str]:
    return {name for name in ("exit", "stop", "target") if getattr(program, name) is not None}


def _alike(left: NDArray[Any] | None, right: NDArray[Any] | None) -> float:
    """F1 of two exits; of two levels the share of the candles known to either on which they are the same price."""
    if left is None or right is None:
        return 0.0
    if left.dtype == np.bool_:
        return f1(left, right)
    known = np.isfinite(left) | np.isfinite(right)
    return float(np.isclose(left, right, rtol=1e-9)[known].mean()) if known.any() else 1.0
