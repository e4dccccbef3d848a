"""A run beside an earlier one of the same model and dataset: which cases went better and which worse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from llm.evals.results import CaseResult, EvalRun

STEP: Final = 0.005
"""The least change of a score that counts."""


class Change(NamedTuple):
    """One case's score, before and now."""

    id: str
    group: str
    frozen: bool
    before: float
    now: float


class Comparison(NamedTuple):
    """Over the cases that both runs have a score for: averages, and the changes, largest first."""

    before: EvalRun
    cases: int
    score_before: float
    score_now: float
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    notes: tuple[str, ...]

    def public(self) -> dict[str, object]:
        """As JSON. Of frozen cases only how many changed is said."""
        return {
            "run": self.before.info.id,
            "started_at": self.before.info.started_at.isoformat(),
            "cases": self.cases,
            "score_before": round(self.score_before, 6),
            "score_now": round(self.score_now, 6),
            "better": [_row(c) for c in self.better if not c.frozen],
            "worse": [_row(c) for c in self.worse if not c.frozen],
            "frozen_better": sum(c.frozen for c in self.better),
            "frozen_worse": sum(c.frozen for c in self.worse),
            "notes": list(self.notes),
        }


def earlier(run: EvalRun, others: Iterable[EvalRun]) -> EvalRun | None:
    """The newest of `others` that began before `run`, of the same kind, model and dataset, with a case in common."""
    ids = {r.id for r in run.results}
    same = [
        other
        for other in others
        if (other.info.kind, other.info.model, other.info.dataset_hash)
        == (run.info.kind, run.info.model, run.info.dataset_hash)
        and other.info.id != run.info.id
        and other.info.started_at <= run.info.started_at
        and any(r.id in ids and r.error is None for r in other.results)
    ]
    return max(same, key=lambda other: other.info.started_at, default=None)


def compare(run: EvalRun, before: EvalRun) -> Comparison:
    """Both runs over the cases that neither failed to answer."""
    old = {r.id: r for r in before.results if r.error is None}
    pairs: list[tuple[CaseResult, CaseResult]] = [
        (old[r.id], r) for r in run.results if r.error is None and r.id in old
    ]
    changes = [Change(b.id, b.group, b.frozen, a.score, b.score) for a, b in pairs if abs(a.score - b.score) >= STEP]
    changes.sort(key=lambda c: (-abs(c.now - c.before), c.id))
    notes = []
    if before.info.market != run.info.market:
        notes.append(f"the earlier run was scored on another market ({before.info.market})")
    count = max(1, len(pairs))
    return Comparison(
        before,
        len(pairs),
        sum(a.score for a, _ in pairs) / count,
        sum(b.score for _, b in pairs) / count,
        tuple(c for c in changes if c.now > c.before),
        tuple(c for c in changes if c.now < c.before),
        tuple(notes),
    )


def _row(change: Change) -> dict[str, object]:
    return {
        "id": change.id,
        "group": change.group,
        "before": round(change.before, 6),
        "now": round(change.now, 6),
    }
