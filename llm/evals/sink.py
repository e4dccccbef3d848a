"""Where an evaluation is told besides our own store: Langfuse's datasets and experiments, or nowhere.

A sink is called from the event loop, one call at a time, in the order `begin`, `case` for each result, `end`. What it
raises is told once and ends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from llm.evals.results import CaseResult, EvalRun, RunInfo


@dataclass(frozen=True, slots=True)
class SinkCase:
    """A case as a dataset shows it; `expected` is None where nothing should come out."""

    id: str
    input: str
    expected: str | None
    metadata: dict[str, Any] = field(default_factory=dict)


class EvalSink(Protocol):
    """Told of a run as it goes."""

    async def begin(self, info: RunInfo, cases: Sequence[SinkCase]) -> None:
        """A run of these cases begins. `info.dataset` and `info.dataset_hash` name the dataset; `run_name` names the
        run."""
        ...

    async def case(self, result: CaseResult) -> None:
        """One case is scored; `result.trace_id` is the trace of its calls, where calls are traced."""
        ...

    async def end(self, run: EvalRun, scores: dict[str, float]) -> None:
        """The run is over, also where it was stopped. `scores` are the run's own figures, by name."""
        ...


def run_name(info: RunInfo) -> str:
    """A run's name for people: model, time, the first letters of the id."""
    return f"{info.model} {info.started_at:%Y-%m-%d %H:%M} {info.id[:8]}"
