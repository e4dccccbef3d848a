"""From a signal to a decision that has been checked: snapshot, levels, decision, grounding."""

from analysis.decide import Analysis, AnalysisFailed, Asking, StrategyBrief, decide
from analysis.decision import Decision, KeyLevels, TradePlan
from analysis.grounding import GroundingLimits, GroundingReport, validate
from analysis.prose import Check
from analysis.snapshot import Snapshot, SnapshotError, build_snapshot

__all__ = [
    "Analysis",
    "AnalysisFailed",
    "Asking",
    "Check",
    "Decision",
    "GroundingLimits",
    "GroundingReport",
    "KeyLevels",
    "Snapshot",
    "SnapshotError",
    "StrategyBrief",
    "TradePlan",
    "build_snapshot",
    "decide",
    "validate",
]
