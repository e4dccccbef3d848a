"""Several answers to one question, and the one decision that follows from them.

1. `settle` counts votes, each answer's after its own checks; an answer that failed votes for nothing.
2. An entry stands only where more than half of all that were asked want it. Otherwise the careful answers decide:
   `wait` where more say so than `bad_setup`, else `bad_setup`.
3. The answer that stands is the one of middling confidence among those that agree; its confidence is that, times the
   share of all asked who agree.
4. `Opinion.record` is what is stored of each answer, so that the spread can be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.decision import Choice, Decision
from analysis.grounding import GroundingReport
from analysis.prose import Check
from llm.models import ModelAnswer


@dataclass(frozen=True, slots=True)
class Opinion:
    """One answer: as it was given, and as it stands after the checks."""

    answer: ModelAnswer[Decision]
    final: Decision
    report: GroundingReport

    def record(self) -> dict[str, Any]:
        """What is stored of it, as plain JSON values."""
        levels = self.final.key_levels
        return {
            "model": self.answer.model,
            "decision": self.final.decision,
            "proposed": self.report.proposed,
            "confidence": self.final.confidence,
            "passed": self.report.passed,
            "reasons": list(self.report.reasons),
            "reasoning": self.final.reasoning,
            "stop_loss": levels.stop_loss,
            "take_profit": list(levels.take_profit),
            "cost": self.answer.cost,
        }


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer that stands, its confidence, and how many of `asked` agree with it."""

    opinion: Opinion
    confidence: int
    agree: int
    asked: int

    def check(self) -> Check:
        """The vote as a line of the report."""
        decision, own = self.opinion.final.decision, self.opinion.final.confidence
        message = f"{self.agree} of {self.asked} answers say {decision}"
        if self.agree == self.asked:
            return Check(name="agreement", status="ok", message=f"{message}.")
        lowered = f"{message}; confidence {own} is lowered to {self.confidence}."
        return Check(name="agreement", status="flagged", message=lowered)


def settle(opinions: Sequence[Opinion], asked: int) -> Settled | None:
    """The decision of several answers; `asked` counts those that failed too. None where no decision follows: nobody
    answered, or all who did want an entry and they are not more than half."""
    votes = Counter(o.final.decision for o in opinions)
    decision: Choice = "wait" if votes["wait"] > votes["bad_setup"] else "bad_setup"
    if votes["enter_trade"] * 2 > asked:
        decision = "enter_trade"
    agreeing = sorted((o for o in opinions if o.final.decision == decision), key=lambda o: o.final.confidence)
    if not agreeing:
        return None
    chosen = agreeing[(len(agreeing) - 1) // 2]
    return Settled(chosen, round(chosen.final.confidence * len(agreeing) / asked), len(agreeing), asked)
