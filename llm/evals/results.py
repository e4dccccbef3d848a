"""What an evaluation gives: one `CaseResult` a case, and the `EvalRun` they belong to.

Nothing here knows what was asked of the model: a case's figures are `measures` by name, each from 0 to 1. A measure
that says nothing about a case is left out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Split = Literal["all", "tuned", "frozen"]
SPLITS: Final[tuple[Split, ...]] = ("all", "tuned", "frozen")
AVERAGE: Final = "all"
"""The group of all cases in a summary."""


class Spent(BaseModel):
    """What the calls for one case took."""

    model_config = ConfigDict(frozen=True)

    attempts: int = 0
    """Drafts, the first one included."""
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    """US dollars; None where a call has no known price."""
    latency_ms: float = 0.0
    trace_id: str | None = None


class CaseResult(BaseModel):
    """How one case went."""

    model_config = ConfigDict(frozen=True)

    id: str
    group: str
    frozen: bool
    score: float = Field(ge=0, le=1)
    """The one figure of the case, from which runs are compared."""
    measures: dict[str, float] = Field(default_factory=dict)
    output: dict[str, Any] | None = None
    """What came out, for people; None for a frozen case, so that nobody tunes on it."""
    error: str | None = None
    """Why nothing could be scored: the model failed, or the translator did."""
    spent: Spent = Field(default_factory=lambda: Spent())


class RunInfo(BaseModel):
    """What was evaluated; `market` names what it was scored on, and changes with its candles."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    model: str
    dataset: str
    dataset_hash: str
    market: str
    asked: int
    """How many cases the run set out to do."""
    started_at: AwareDatetime


class EvalRun(BaseModel):
    """A run. `stopped` says why cases are missing; `finished_at` is None where the program itself was ended."""

    model_config = ConfigDict(frozen=True)

    info: RunInfo
    results: tuple[CaseResult, ...] = ()
    finished_at: datetime | None = None
    stopped: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every case that was asked for has its result."""
        return len(self.results) == self.info.asked


class Figures(BaseModel):
    """The averages of some results."""

    cases: int
    score: float
    measures: dict[str, float]
    counted: dict[str, int]
    """Over how many cases each measure is the average."""
    errors: int


def figures(results: Sequence[CaseResult]) -> Figures:
    """Averages; each measure over the cases that have it. Zeros where there are no results."""
    found: dict[str, list[float]] = {}
    for result in results:
        for name, value in result.measures.items():
            found.setdefault(name, []).append(value)
    return Figures(
        cases=len(results),
        score=_mean([r.score for r in results]),
        measures={name: _mean(values) for name, values in found.items()},
        counted={name: len(values) for name, values in found.items()},
        errors=sum(r.error is not None for r in results),
    )


def summary(results: Iterable[CaseResult], order: Sequence[str] = ()) -> dict[str, dict[Split, Figures]]:
    """Figures by group and split, the groups in the given order, and of all together under `AVERAGE`, last."""
    held = list(results)
    groups = dict.fromkeys([*order, *(r.group for r in held)])
    parts = {group: [r for r in held if r.group == group] for group in groups}
    table = {group: _splits(rows) for group, rows in parts.items() if rows}
    return {**table, AVERAGE: _splits(held)}


def percentile(values: Iterable[float], share: float) -> float:
    """The nearest-rank percentile, `share` from 0 to 1; 0 where there is no value."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _splits(results: Sequence[CaseResult]) -> dict[Split, Figures]:
    keep: Mapping[Split, Callable[[CaseResult], bool]] = {
        "all": lambda r: True,
        "tuned": lambda r: not r.frozen,
        "frozen": lambda r: r.frozen,
    }
    return {split: figures([r for r in results if keep[split](r)]) for split in SPLITS}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
