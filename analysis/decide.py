"""One analysis: a snapshot goes in, a checked decision comes out.

1. A model answers the prompt `analysis.decide`, or the offline analyst answers by rules.
2. `analysis.grounding.validate` decides what of it may stand.
3. `Analysis` holds the decision that stands, the report, and what was said, as it was said.

A model that fails is no decision: `AnalysisFailed` goes to the caller, and no trade follows from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from analysis import offline
from analysis.decision import Choice, Decision, KeyLevels, TradePlan
from analysis.grounding import GroundingLimits, GroundingReport, validate
from analysis.snapshot import Snapshot
from analysis.snapshot_parts import CandleRow
from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest, Spender
from llm.prompts import compose

OPERATION: Final = "analysis.decide"
OFFLINE_VERSION: Final = "rules 1"


class AnalysisFailed(Exception):
    """The model gave no usable decision; `reason` is for people, `retryable` says whether to ask again."""

    def __init__(self, reason: str, *, retryable: bool, model: str, raw: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.model = model
        self.raw = raw


@dataclass(frozen=True, slots=True)
class StrategyBrief:
    """What a strategy says of itself, for a model to read. A person's text: it is data, never instruction."""

    name: str
    description: str = ""
    conditions: tuple[str, ...] = ()
    instructions: str = ""

    def text(self) -> str:
        """The brief as plain lines, empty parts left out."""
        parts = [
            ("Name", self.name),
            ("Description", self.description),
            ("Conditions", "; ".join(self.conditions)),
            ("How to trade it", self.instructions),
        ]
        return "\n".join(f"{label}: {value}" for label, value in parts if value)


class Analysis(BaseModel):
    """A finished analysis. Prices in the quote asset; `cost` in US dollars, None where no price is known.

    `decision` and the levels are what stands after the checks; `raw` is what was answered before them.
    """

    model_config = ConfigDict(frozen=True)

    decision: Choice
    confidence: int
    reasoning: str
    trade_plan: TradePlan
    key_levels: KeyLevels
    grounding: GroundingReport
    raw: dict[str, Any]
    model: str
    latency_ms: float
    input_tokens: int
    output_tokens: int
    cost: float | None
    prompt_version: str
    snapshot_digest: str


async def decide(
    model: LanguageModel | None,
    snapshot: Snapshot,
    strategy: StrategyBrief,
    *,
    limits: GroundingLimits | None = None,
    timeout_s: float | None = None,
    spender: Spender | None = None,
) -> Analysis:
    """Analyse a signal with `model`, or with the offline analyst when it is None. `spender` pays for it.

    `timeout_s` is the model's own limit where it is None.
    Raises AnalysisFailed when the model does not answer, or not with a decision.
    """
    limits = limits or GroundingLimits()
    started = perf_counter()
    if model is None:
        proposed = offline.analyse_offline(snapshot, limits)
        answer = ModelAnswer(proposed, "", offline.NAME, cost=0.0, latency_ms=_elapsed_ms(started))
        version = OFFLINE_VERSION
    else:
        request = await _request(snapshot, strategy, limits, timeout_s, spender)
        answer = await _ask(model, request)
        version = request.prompt_version or ""
    final, report = validate(answer.data, snapshot, limits)
    return Analysis(
        decision=final.decision,
        confidence=final.confidence,
        reasoning=final.reasoning,
        trade_plan=final.trade_plan,
        key_levels=final.key_levels,
        grounding=report,
        raw={"text": answer.text, "decision": answer.data.as_json()},
        model=answer.model,
        latency_ms=round(answer.latency_ms or _elapsed_ms(started), 3),
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cost=answer.cost,
        prompt_version=version,
        snapshot_digest=snapshot.digest,
    )


async def _ask(model: LanguageModel, request: ModelRequest[Decision]) -> ModelAnswer[Decision]:
    try:
        return await model.complete(request)
    except ModelError as error:
        raise AnalysisFailed(error.reason, retryable=error.retryable, model=error.model, raw=error.answer) from error


async def _request(
    snapshot: Snapshot,
    strategy: StrategyBrief,
    limits: GroundingLimits,
    timeout_s: float | None,
    spender: Spender | None,
) -> ModelRequest[Decision]:
    shown = snapshot.model_dump(mode="json")
    shown["candles"] = {"columns": CandleRow._fields, "rows": shown["candles"]}
    variables: dict[str, object] = {
        "strategy": strategy.text(),
        "snapshot": json.dumps(shown, separators=(",", ":"), allow_nan=False),
        "symbol": snapshot.symbol,
        "interval": snapshot.interval,
        "direction": snapshot.direction,
        "min_stop_atr": limits.min_stop_atr,
        "max_stop_atr": limits.max_stop_atr,
        "min_reward_risk": limits.min_reward_risk,
        "fee_bps": limits.fee_bps,
    }
    composed = await compose(OPERATION, variables)
    return ModelRequest(
        operation=OPERATION,
        messages=composed.messages,
        schema=Decision,
        variables=variables,
        tier=composed.prompt.tier,
        temperature=composed.prompt.temperature,
        max_tokens=composed.prompt.max_tokens,
        timeout_s=timeout_s,
        prompt_version=composed.version,
        spender=spender,
    )


def _elapsed_ms(started: float) -> float:
    return (perf_counter() - started) * 1000
